"""What a bucket holds once ledgers are rendered, made without a renderer."""

from playlist_archive.documents.keys import ledger_key
from playlist_archive.documents.ledger import Ledger, encode_ledger
from playlist_archive.documents.songs import encode_lines
from playlist_archive.views import render_lines, render_pages


def rendered(*ledgers: Ledger) -> dict[str, bytes]:
    """Return the ledgers, their pages, and the parts of the songs."""
    parts: dict[str, dict[str, bytes]] = {}
    objects: dict[str, bytes] = {}
    for ledger in ledgers:
        objects[ledger_key(ledger.playlist_id)] = encode_ledger(ledger)
        objects |= {key: page.body for key, page in render_pages(ledger).items()}
        for key, line in render_lines(ledger).items():
            parts.setdefault(key, {})[ledger.playlist_id] = line
    return objects | {key: encode_lines(lines) for key, lines in parts.items()}
