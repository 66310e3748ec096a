"""How two snapshots of a playlist differ."""

import msgspec

from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.history import History, PublishedChange
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.views.history_json import history_json


def compare_snapshots(before: Snapshot, after: Snapshot) -> PublishedChange | None:
    """Return the change from one snapshot to a later one, None where nothing changed.

    It is what the history would tell if there were no snapshots between them: the fewest moves, a
    song twice counted as two, and no change where one of them does not know.
    """
    ledger = fold_all([before, after])
    changes = msgspec.json.decode(history_json(ledger), type=History).changes
    return changes[0] if changes else None
