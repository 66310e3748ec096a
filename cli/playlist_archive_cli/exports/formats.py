"""The formats by name."""

from enum import StrEnum
from typing import NamedTuple

from playlist_archive_cli.exports.collection import Encode
from playlist_archive_cli.exports.csv_file import encode_csv
from playlist_archive_cli.exports.json_document import encode_json
from playlist_archive_cli.exports.m3u8 import encode_m3u8
from playlist_archive_cli.exports.uri_lists import encode_uris
from playlist_archive_cli.exports.xspf import encode_jspf, encode_xspf


class Format(StrEnum):
    CSV = "csv"
    URIS = "uris"
    M3U8 = "m3u8"
    XSPF = "xspf"
    JSPF = "jspf"
    JSON = "json"


class Encoding(NamedTuple):
    suffix: str
    encode: Encode


ENCODINGS = {
    Format.CSV: Encoding(".csv", encode_csv),
    Format.URIS: Encoding(".txt", encode_uris),
    Format.M3U8: Encoding(".m3u8", encode_m3u8),
    Format.XSPF: Encoding(".xspf", encode_xspf),
    Format.JSPF: Encoding(".jspf", encode_jspf),
    Format.JSON: Encoding(".json", encode_json),
}
