class LocalStackError(Exception):
    """The local stack cannot go on. The message says what to do, or where to look."""
