"""The playlist now, row by row."""

from playlist_archive.documents.ledger import Ledger
from playlist_archive.views import wording
from playlist_archive.views.item_texts import ItemTexts
from playlist_archive.views.json_documents import encode_json_document, text
from playlist_archive.views.markdown import code, escape_paragraph, link
from playlist_archive.views.page_header import description, page_header

_UNPLAYABLE = " *(not playable)*"
_HIDDEN = " *(no longer available)*"
_UNKNOWN = "*(not available)* |  |  | "


def pretty_page(ledger: Ledger, texts: ItemTexts) -> str:
    owner = ledger.header.owner
    shown = [
        ledger.items[ledger.occurrences[row.occurrence].item]
        for row in ledger.rows
        if row.occurrence is not None and not row.hidden
    ]
    facts = (
        link(owner.name, owner.url) if owner.url else escape_paragraph(owner.name),
        "" if ledger.followers is None else wording.counted(ledger.followers, "like"),
        wording.counted(len(shown), "song"),
        wording.total_length(sum([item.duration_ms for item in shown])),
    )
    lines = [
        *page_header(ledger, "pretty"),
        description(ledger),
        "",
        " - ".join(filter(None, facts)),
        "",
        "| No. | Title | Artist(s) | Album | Length |",
        "|---|---|---|---|---|",
    ]
    for number, row in enumerate(ledger.rows, start=1):
        if row.occurrence is None:
            lines.append(f"| {number} | {_UNKNOWN} |")
            continue
        index = ledger.occurrences[row.occurrence].item
        item = ledger.items[index]
        note = _HIDDEN if row.hidden else "" if item.playable else _UNPLAYABLE
        title, artists, rest = texts.song_columns(index)
        lines.append(f"| {number} | {title}{note} | {artists} | {rest} |")
    lines += ["", f"Snapshot ID: {code(ledger.snapshot_id)}", ""]
    return "\n".join(lines)


def pretty_json(ledger: Ledger, texts: ItemTexts) -> bytes:
    """Return the rows that Spotify describes under `tracks`, the others under `unavailable`."""
    tracks: list[str] = []
    unavailable: list[str] = []
    for position, row in enumerate(ledger.rows, start=1):
        if row.occurrence is None:
            unavailable.append(f'      "position": {position}\n')
            continue
        index = ledger.occurrences[row.occurrence].item
        item = ledger.items[index]
        credits_, duration, name, identity = texts.members(index)
        added_at = f'"{row.added_at[:10]} {row.added_at[11:19]}"' if row.added_at else "null"
        playable = item.playable and not row.hidden
        entry = f"""      "added_at": {added_at},
      "added_by": {text(row.added_by)},
{credits_}{duration}      "explicit": {_flag(item.explicit)},
      "isrc": {text(item.isrc)},
      "local": {_flag(item.local)},
{name}      "playable": {_flag(playable)},
      "position": {position},
{identity}"""
        (unavailable if row.hidden else tracks).append(entry)
    owner = ledger.header.owner
    document = {
        "description": ledger.header.description,
        "num_followers": ledger.followers,
        "original_name": ledger.original_name,
        "owner": {"id": owner.id, "name": owner.name, "url": owner.url},
        "snapshot_id": ledger.snapshot_id,
        "unique_name": ledger.unique_name,
        "url": ledger.header.url,
    }
    return encode_json_document(document, tracks=tracks, unavailable=unavailable)


def _flag(flag: bool) -> str:
    return "true" if flag else "false"
