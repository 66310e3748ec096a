"""What a bucket holds once ledgers are rendered, made without a renderer."""

from playlist_archive.documents.keys import ledger_key, ledger_part_key
from playlist_archive.documents.ledger import Ledger, encode_ledger
from playlist_archive.renderer.partition_store import PartitionStore
from playlist_archive.views import render_pages
from tests.support.fakes import FakeBucket
from tools.chaos.checks import song_parts


def rendered(*ledgers: Ledger) -> dict[str, bytes]:
    """Return the ledgers, their pages, and the parts of the songs."""
    objects: dict[str, bytes] = {}
    for ledger in ledgers:
        settled = PartitionStore(FakeBucket()).settle(ledger, None)
        objects[ledger_key(ledger.playlist_id)] = encode_ledger(settled.ledger)
        objects |= {
            ledger_part_key(ledger.playlist_id, year): part for year, part in settled.parts.items()
        }
        objects |= {key: page.body for key, page in render_pages(ledger).items()}
    return objects | song_parts(ledgers)
