"""M3U8, the playlist format of most players: length, artists, title and URI of each song."""

from playlist_archive_cli.exports.collection import Collection, Encoded, Texts, credit

_UNKNOWN_LENGTH = -1


def encode_m3u8(collection: Collection) -> Encoded:
    texts = Texts()
    lines = ["#EXTM3U", f"#PLAYLIST:{texts.on_a_line(collection.name)}"]
    for _, item in texts.with_uris(collection.rows):
        title = " - ".join(filter(None, (credit(item), item.name)))
        seconds = (item.duration_ms + 500) // 1000 or _UNKNOWN_LENGTH
        lines += [f"#EXTINF:{seconds},{texts.on_a_line(title)}", item.uri]
    return texts.encoded("".join(f"{line}\n" for line in lines))
