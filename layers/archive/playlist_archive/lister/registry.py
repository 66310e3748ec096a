"""Reads the owner's entries under `registry/` and `excluded/`, and finds problems with them."""

from collections.abc import Iterator
from hashlib import md5
from typing import NamedTuple
from unicodedata import category

from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.keys import EXCLUDED, REGISTRY, check_playlist_id, registry_key
from playlist_archive.documents.liked_songs import LIKED_SONGS
from playlist_archive.documents.messages import Problem
from playlist_archive.documents.names import looks, visible
from playlist_archive.errors import InvalidPlaylistIdError
from playlist_archive.ports.bucket import Bucket, Listed

_LONGEST_ALIAS = 300
_LARGEST_ENTRY = 4 * _LONGEST_ALIAS + 8
# Unicode categories not allowed in an alias: control, line separator, paragraph separator.
_NO_TEXT = frozenset({"Cc", "Zl", "Zp"})


class Registry(NamedTuple):
    """The owner's entries: aliases by playlist id, excluded ids, and the problems with entries."""

    aliases: dict[str, str]
    excluded: frozenset[str]
    problems: tuple[Problem, ...]


def read_registry(bucket: Bucket, catalog: Catalog, *, liked_songs: bool = False) -> Registry:
    """Read all entries, except those whose alias the catalog already has.

    Without `liked_songs`, an entry for the Liked Songs is a problem.
    """
    aliases: dict[str, str] = {}
    problems: list[Problem] = []
    for playlist_id, listed in _list_entries(bucket, REGISTRY, problems):
        entry = catalog.entries.get(playlist_id)
        known = entry.alias if entry else ""
        aliases[playlist_id], problem = _read_alias(bucket, playlist_id, listed, known)
        if problem:
            problems.append(problem)
    if not liked_songs and aliases.pop(LIKED_SONGS, None) is not None:
        problems.append(Problem(registry_key(LIKED_SONGS), "set ArchiveLikedSongs to true instead"))
    excluded = frozenset(
        playlist_id for playlist_id, _ in _list_entries(bucket, EXCLUDED, problems)
    )
    return Registry(aliases, excluded, tuple(problems))


def _list_entries(
    bucket: Bucket, prefix: str, problems: list[Problem]
) -> Iterator[tuple[str, Listed]]:
    """Yield the playlist ids of the entries under a prefix; add bad names to `problems`."""
    for listed in bucket.list_objects(prefix):
        # The S3 console creates an empty object for a folder; it is no entry.
        if listed.key == prefix:
            continue
        try:
            yield check_playlist_id(listed.key.removeprefix(prefix)), listed
        except InvalidPlaylistIdError as error:
            problems.append(Problem(listed.key, str(error)))


def _read_alias(
    bucket: Bucket, playlist_id: str, listed: Listed, known: str
) -> tuple[str, Problem | None]:
    """Return the alias in the entry; it is not read if its ETag shows the `known` alias."""
    if not listed.size:
        return "", None
    if known and listed.etag in _alias_etags(known):
        return known, None
    if listed.size > _LARGEST_ENTRY:
        return "", _bad_alias(playlist_id)
    stored = bucket.get(listed.key)
    return parse_alias(playlist_id, stored.body if stored else b"")


def _alias_etags(alias: str) -> set[str]:
    """Return the possible ETags of an entry with `alias`, one for each kind of line end.

    The ETag of an object that was uploaded in one part is its MD5 (S3: Object). Other entries are
    read.
    """
    bodies = (f"{alias}{end}".encode() for end in ("", "\n", "\r\n"))
    return {f'"{md5(body, usedforsecurity=False).hexdigest()}"' for body in bodies}


def parse_alias(playlist_id: str, body: bytes) -> tuple[str, Problem | None]:
    """Return the alias in a registry entry, or an empty one and the problem with the entry."""
    try:
        text = body.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        return "", _bad_alias(playlist_id)
    blank = text.strip() != text
    if blank or len(text) > _LONGEST_ALIAS or _NO_TEXT.intersection(map(category, text)):
        return "", _bad_alias(playlist_id)
    if text and not looks(visible(text)):
        return "", _bad_alias(playlist_id)
    return text, None


def _bad_alias(playlist_id: str) -> Problem:
    return Problem(
        registry_key(playlist_id),
        "the alias is ignored: write one line of text without blanks around it",
    )
