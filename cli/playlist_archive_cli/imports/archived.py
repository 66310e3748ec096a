"""Reads the data of an archive's playlists that matching needs."""

from playlist_archive_cli.archive import Archive
from playlist_archive_cli.imports.matching import Archived

_TRACK = "spotify:track:"


def read_archived(archive: Archive, songs: frozenset[str]) -> list[Archived]:
    """Return all playlists of an archive, each with those of `songs` that were ever in it."""
    status = archive.status_if_any()
    described = archive.described()
    ever = [part.items() for part in archive.songs_parts(ids=True)]
    uris = {id_: [_uri(line) for line in lines] for part in ever for id_, lines in part}
    known = []
    for id_, one in (status.playlists if status else {}).items():
        names = {one.name, *(described[id_].names() if id_ in described else ())}
        own = uris.get(id_, [])
        known.append(Archived(id_, tuple(sorted(names)), len(own), songs.intersection(own)))
    return known


def _uri(line: list[str]) -> str:
    """Return the URI of an entry in the list of ids, which has only the id for a track."""
    return line[0] if ":" in line[0] else f"{_TRACK}{line[0]}"
