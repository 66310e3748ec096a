class LocalStackError(Exception):
    """The local stack cannot continue; the message says what to do, or where to look."""


class StuckError(LocalStackError):
    """A function failed, or messages do not move; what waits in the queues would stop the next run."""
