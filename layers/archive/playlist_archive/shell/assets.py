"""Names the site's files by their hashes, and updates the references to them.

Each asset has a hash of its contents in its name. So browsers can cache it forever, and a page
never loads a script of another version. References in other files are rewritten.
"""

import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from posixpath import dirname, join, normpath, splitext

from playlist_archive.documents.content_types import CSS, HTML, JAVASCRIPT, SVG
from playlist_archive.documents.keys import SITE
from playlist_archive.errors import SiteError

_SHELL = "index.html"
SITE_INDEX = f"{SITE}{_SHELL}"
_HASH_LENGTH = 12
_TYPES = {".html": HTML, ".css": CSS, ".js": JAVASCRIPT, ".svg": SVG}
# The form of references in each type of file: the text before the name, and the name. A link with a
# colon or a number sign leads elsewhere, as does one that begins with a slash.
_MENTIONS = {
    ".html": re.compile(r"""(\b(?:href|src)\s*=\s*["'])([^"'#:/][^"'#:]*)(?=["'])"""),
    ".css": re.compile(r"""(\burl\(\s*["']?)([^"')#:]+?)(?=["']?\s*\))"""),
    ".js": re.compile(r"""(\b(?:from|import)\s*\(?\s*["'])(\.{1,2}/[^"'\n]*)(?=["'])"""),
}


def publish_as(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the site's objects by key, from its files by name, each after its references.

    `site/index.html`, which keeps its name, comes last. It refers to all others.

    Raises:
        SiteError: a file refers to a missing file, or to itself through others.
    """
    if _SHELL not in files:
        raise SiteError(f"the site has no {_SHELL}")
    names: dict[str, str] = {}
    objects: dict[str, bytes] = {}
    for name in [*sorted(files.keys() - {_SHELL}), _SHELL]:
        _publish(name, files, names, objects, ())
    return objects


def content_type_of(key: str) -> str:
    """Return the content type of one of the site's files.

    Raises:
        SiteError: its type is unknown.
    """
    suffix = splitext(key)[1]
    if suffix not in _TYPES:
        raise SiteError(f"{key} is of no type that the site serves: {', '.join(sorted(_TYPES))}")
    return _TYPES[suffix]


def _publish(
    name: str,
    files: Mapping[str, bytes],
    names: dict[str, str],
    objects: dict[str, bytes],
    path: tuple[str, ...],
) -> str:
    """Add a file to the `objects`, after its references, and return its published name.

    `names` has the files added so far; `path` is the chain of references to this one.
    """
    if name in names:
        return names[name]
    if name in path:
        circle = [*path[path.index(name) :], name]
        raise SiteError(f"the site's files name each other in a circle: {' → '.join(circle)}")
    content_type_of(name)
    body = files[name]
    for mentioned in sorted(set(_mentioned(name, body))):
        if mentioned not in files or mentioned == _SHELL:
            raise SiteError(f"{name} names {mentioned}, which is none of the site's assets")
        _publish(mentioned, files, names, objects, (*path, name))
    body = _rewrite(name, body, names)
    names[name] = name if name == _SHELL else _hashed(name, body)
    objects[f"{SITE}{names[name]}"] = body
    return names[name]


def _hashed(name: str, body: bytes) -> str:
    stem, suffix = splitext(name)
    return f"{stem}.{sha256(body).hexdigest()[:_HASH_LENGTH]}{suffix}"


def _mentioned(name: str, body: bytes) -> Iterator[str]:
    """Yield the names of the files that a file refers to."""
    pattern = _MENTIONS.get(splitext(name)[1])
    if pattern:
        for found in pattern.finditer(body.decode()):
            yield _resolve(name, found[2])


def _rewrite(name: str, body: bytes, names: Mapping[str, str]) -> bytes:
    """Return a file's contents with its references replaced by published names."""
    pattern = _MENTIONS.get(splitext(name)[1])
    if pattern is None:
        return body

    def rename(found: re.Match[str]) -> str:
        published = names[_resolve(name, found[2])]
        folder, slash, _ = found[2].rpartition("/")
        return f"{found[1]}{folder}{slash}{published.rpartition('/')[2]}"

    return pattern.sub(rename, body.decode()).encode()


def _resolve(name: str, mention: str) -> str:
    return normpath(join(dirname(name), mention))
