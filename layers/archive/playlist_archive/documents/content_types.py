"""How objects in the bucket say what they are; a browser shows the first two as text."""

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"  # browsers download text/markdown instead of showing it
ATOM = "application/atom+xml; charset=utf-8"
GZIP = "application/gzip"  # a file to be kept as it is; a Content-Encoding would unpack it
BINARY = "application/octet-stream"
BROTLI = BINARY
