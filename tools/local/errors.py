class LocalStackError(Exception):
    """The local stack cannot continue; the message says what to do, or where to look."""
