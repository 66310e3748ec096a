"""What a reader of the past yields, by playlist."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from playlist_archive_cli.imports.old_archive.reader import OldArchive
from playlist_archive_cli.imports.old_archive.repository import Repository
from playlist_archive_cli.imports.versions import LeftOuts, PastVersion

type Versions = Mapping[str, list[PastVersion]]


def read_old_archive(repository: Path) -> tuple[Versions, LeftOuts]:
    """Return the versions in a repository of the old archive, oldest first, and what is left out."""
    left_out = LeftOuts()
    found: dict[str, list[PastVersion]] = defaultdict(list)
    with Repository.open(repository) as opened:
        archive = OldArchive(opened, left_out)
        for version in archive.read(archive.versions()):
            assert version.playlist_id
            found[version.playlist_id].append(version)
    ordered = {
        playlist_id: sorted(some, key=lambda one: one.time) for playlist_id, some in found.items()
    }
    return ordered, left_out
