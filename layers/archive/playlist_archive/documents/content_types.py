"""The `Content-Type` and `Cache-Control` headers of objects in the bucket.

Browsers show the first two types as text.
"""

JSON = "application/json; charset=utf-8"
TEXT = "text/plain; charset=utf-8"  # browsers download text/markdown instead of showing it
ATOM = "application/atom+xml; charset=utf-8"
HTML = "text/html; charset=utf-8"
CSS = "text/css; charset=utf-8"
JAVASCRIPT = "text/javascript; charset=utf-8"
SVG = "image/svg+xml"
GZIP = "application/gzip"  # a file to keep compressed; clients would decompress a Content-Encoding
BINARY = "application/octet-stream"
BROTLI = BINARY

ASK_EACH_TIME = "no-cache"
KEEP_FOR_EVER = "max-age=31536000, immutable"
