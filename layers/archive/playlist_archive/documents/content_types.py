"""How objects in the bucket say what they are; a browser shows all but the last as text."""

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"  # browsers download text/markdown instead of showing it
BINARY = "application/octet-stream"
BROTLI = BINARY
