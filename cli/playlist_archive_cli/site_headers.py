"""The HTTP headers of the site's objects, the same here and in CloudFront."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from playlist_archive.documents.content_types import (
    ASK_EACH_TIME,
    ATOM,
    BINARY,
    CSS,
    GZIP,
    HTML,
    JAVASCRIPT,
    JSON,
    KEEP_FOR_EVER,
    SVG,
    TEXT,
)
from playlist_archive.documents.keys import SITE, SNAPSHOTS

PREFIXES = (SITE, "playlists/", SNAPSHOTS)

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    # `descriptions.js` has the only policy for HTML.
    "require-trusted-types-for 'script'; trusted-types one-character-reference"
)
SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_HASHED = re.compile(r".*[.-][0-9a-f]{8,64}\.[a-z]+")
_CONTENT_TYPES = {
    ".atom": ATOM,
    ".css": CSS,
    ".gz": GZIP,
    ".html": HTML,
    ".js": JAVASCRIPT,
    ".json": JSON,
    ".md": TEXT,
    ".svg": SVG,
}
_PACKED = {BINARY, GZIP}


def content_type(key: str) -> str:
    """Return the content type of an object."""
    suffix = PurePosixPath(key).suffix
    is_plain_page = not suffix and key.startswith("playlists/")
    return TEXT if is_plain_page else _CONTENT_TYPES.get(suffix, BINARY)


def is_compressible(kind: str) -> bool:
    return kind not in _PACKED


def cache_control(key: str) -> str:
    """Return the `Cache-Control` of an object: forever if its key never changes contents."""
    never_changes = key.startswith(SNAPSHOTS) or (key.startswith(SITE) and _HASHED.fullmatch(key))
    return KEEP_FOR_EVER if never_changes else ASK_EACH_TIME
