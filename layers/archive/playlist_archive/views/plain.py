"""The playlist now, as sorted lines, so that moving a song makes no difference."""

import re

from playlist_archive.documents.ledger import Ledger, item_line

_LINE_BREAKS = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")


def plain_page(ledger: Ledger) -> str:
    """Return name, description and a line for each row, with texts as sent by Spotify.

    Only line breaks within a text are replaced by spaces.
    """
    songs = [
        _one_line(item_line(ledger.items[ledger.occurrences[row.occurrence].item]))
        for row in ledger.rows
        if row.occurrence is not None and not row.hidden
    ]
    head = [_one_line(ledger.unique_name), _one_line(ledger.header.description), ""]
    return "\n".join([*head, *sorted(songs, key=_caseless), ""])


def _caseless(line: str) -> tuple[str, str]:
    return line.lower(), line


def _one_line(text: str) -> str:
    return _LINE_BREAKS.sub(" ", text)
