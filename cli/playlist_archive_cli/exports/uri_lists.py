"""Lists of URIs, one a line, which can be pasted into a playlist in Spotify's desktop app.

The app accepts five hundred at once, so a file has no more. This is the only way to restore local
files.
"""

from itertools import batched

from playlist_archive_cli.exports.collection import Collection, Encoded, Texts

URIS_IN_A_FILE = 500


def encode_uris(collection: Collection) -> Encoded:
    texts = Texts()
    lines = [f"{item.uri}\n" for _, item in texts.with_uris(collection.rows)]
    files = ["".join(part) for part in batched(lines, URIS_IN_A_FILE, strict=False)]
    return texts.encoded(*files or [""])
