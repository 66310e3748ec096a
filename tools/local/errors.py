class LocalStackError(Exception):
    """The local stack cannot continue; the message says what to do, or where to look."""


class StuckError(LocalStackError):
    """A function failed, or queues are stuck; the waiting messages would stop the next run."""
