"""Updates the rendered pages that the repository holds: `make golden`."""

from collections.abc import Mapping
from pathlib import Path

import stamina

from tests.support.command import DOCUMENT as COMMAND
from tests.support.command import show_anew
from tests.support.dialogues import talk_anew
from tests.support.export_vectors import VECTORS, make_vectors
from tests.support.quotations import DOCUMENTS, ROOT, quote_anew
from tests.support.sample_archive import TROUBLE, archive_sample
from tests.support.seed_playlist import PAGE, render_seed_page

_PAGES = ROOT / "archive" / "pages"


def _write_pages(objects: Mapping[str, bytes], folder: Path) -> None:
    """Write every page of the archive for review; these are not committed."""
    for key, body in objects.items():
        if key.startswith("playlists/"):
            path = folder / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)


if __name__ == "__main__":
    stamina.set_testing(True, attempts=4, cap=True)
    bucket = archive_sample(TROUBLE)
    archive = bucket.objects
    PAGE.write_text(render_seed_page())
    for document in DOCUMENTS:
        document.write_text(quote_anew(document.read_text(), archive))
    VECTORS.write_text(make_vectors())
    COMMAND.write_text(talk_anew(show_anew(bucket)))
    _write_pages(archive, _PAGES)
