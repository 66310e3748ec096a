"""How two snapshots of a playlist differ."""

import msgspec
from msgspec.structs import replace

from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.history import History, PublishedChange
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.views.history_json import history_json


def compare_snapshots(before: Snapshot, after: Snapshot) -> PublishedChange | None:
    """Return the change from one snapshot to a later one, None if nothing differs.

    It is the change that the history would have without snapshots between them. Moves are the
    fewest, a song that is there twice counts as two, and unknown fields are no change. It may have
    happened at any time between the two.
    """
    ledger = fold_all([replace(one, previous_check=None) for one in (before, after)])
    changes = msgspec.json.decode(history_json(ledger), type=History).changes
    return changes[0] if changes else None
