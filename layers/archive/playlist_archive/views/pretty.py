"""The playlist now, row by row."""

from playlist_archive.ledger import Ledger
from playlist_archive.views import wording
from playlist_archive.views.cells import item_cells
from playlist_archive.views.heading import description, heading
from playlist_archive.views.markdown import code, escape_paragraph, link
from playlist_archive.views.twins import Json, encode_twin, item_entry, moment

_UNPLAYABLE = " *(not playable)*"
_HIDDEN = " *(no longer available)*"
_UNKNOWN = "*(not available)* |  |  | "


def pretty_page(ledger: Ledger) -> str:
    owner = ledger.header.owner
    shown = [
        ledger.items[ledger.occurrences[row.occurrence].item]
        for row in ledger.rows
        if row.occurrence is not None and not row.hidden
    ]
    facts = (
        link(owner.name, owner.url) if owner.url else escape_paragraph(owner.name),
        wording.likes(ledger.followers),
        wording.counted(len(shown), "song"),
        wording.total_length(sum(item.duration_ms for item in shown)),
    )
    lines = [
        *heading(ledger, "pretty"),
        description(ledger),
        "",
        " - ".join(filter(None, facts)),
        "",
        "| No. | Title | Artist(s) | Album | Length |",
        "|---|---|---|---|---|",
    ]
    for number, row in enumerate(ledger.rows, start=1):
        if row.occurrence is None:
            cells = _UNKNOWN
        else:
            item = ledger.items[ledger.occurrences[row.occurrence].item]
            note = _HIDDEN if row.hidden else "" if item.playable else _UNPLAYABLE
            cells = item_cells(item, note)
        lines.append(f"| {number} | {cells} |")
    lines += ["", f"Snapshot ID: {code(ledger.snapshot_id)}", ""]
    return "\n".join(lines)


def pretty_twin(ledger: Ledger) -> bytes:
    """Return the rows that Spotify describes under `tracks`, the others under `unavailable`."""
    tracks: list[Json] = []
    unavailable: list[Json] = []
    for position, row in enumerate(ledger.rows, start=1):
        if row.occurrence is None:
            unavailable.append({"position": position})
            continue
        item = ledger.items[ledger.occurrences[row.occurrence].item]
        entry = item_entry(item) | {
            "added_at": moment(row.added_at),
            "added_by": row.added_by,
            "explicit": item.explicit,
            "isrc": item.isrc,
            "local": item.local,
            "playable": item.playable and not row.hidden,
            "position": position,
        }
        (unavailable if row.hidden else tracks).append(entry)
    owner = ledger.header.owner
    return encode_twin(
        {
            "description": ledger.header.description,
            "num_followers": ledger.followers,
            "original_name": ledger.original_name,
            "owner": {"id": owner.id, "name": owner.name, "url": owner.url},
            "snapshot_id": ledger.snapshot_id,
            "tracks": tracks,
            "unavailable": unavailable,
            "unique_name": ledger.unique_name,
            "url": ledger.header.url,
        }
    )
