"""How objects in the bucket say what they are, and for how long a browser may keep them.

A browser shows the first two types as text.
"""

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"  # browsers download text/markdown instead of showing it
ATOM = "application/atom+xml; charset=utf-8"
HTML = "text/html; charset=utf-8"
CSS = "text/css; charset=utf-8"
JAVASCRIPT = "text/javascript; charset=utf-8"
SVG = "image/svg+xml"
GZIP = "application/gzip"  # a file to be kept as it is; a Content-Encoding would unpack it
BINARY = "application/octet-stream"
BROTLI = BINARY

ASK_EACH_TIME = "no-cache"
KEEP_FOR_EVER = "max-age=31536000, immutable"
