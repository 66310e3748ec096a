"""Every key in the bucket, and the playlist ids in them."""

import re
from datetime import UTC, datetime
from hashlib import sha256

from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.errors import InvalidPlaylistIdError

REGISTRY = "registry/"
EXCLUDED = "excluded/"
SNAPSHOTS = "snapshots/"
DAMAGED = "damaged/"
SITE = "site/"
LEDGERS = "state/ledgers/"
TABLE = "playlists/table/"
CATALOG = "state/catalog.json"
SPOTIFY_STATE = "state/spotify.json"
INDEX = "playlists/index.md"
INDEX_JSON = "playlists/index.json"
CHANGES_PAGE = "playlists/changes.md"
CHANGES_JSON = "playlists/changes.json"
ALL_FEED = "playlists/feeds/all.atom"
STATUS_PAGE = "playlists/status.md"
STATUS_JSON = "playlists/status.json"
METADATA_FULL = "playlists/metadata/metadata-full.json"
METADATA_COMPACT = "playlists/metadata/metadata-compact.json"

PLAYLIST_ID = "[0-9A-Za-z]{22}"  # Spotify: URIs and IDs
_PLAYLIST_ID = re.compile(PLAYLIST_ID)
_SNAPSHOT_TIME = "%Y%m%dT%H%M%SZ"


def check_playlist_id(text: str) -> str:
    """Return `text` if it is a playlist id: 22 characters of base 62 (Spotify: URIs and IDs).

    Raises:
        InvalidPlaylistIdError: with what to write instead.
    """
    if is_playlist_id(text):
        return text
    candidate = re.search(rf"(?:playlist[/:]|^)({PLAYLIST_ID})(?![0-9A-Za-z])", text)
    advice = (
        f"write {candidate[1]} instead"
        if candidate
        else "a playlist id is the 22 letters and digits after /playlist/ in its link"
    )
    raise InvalidPlaylistIdError(f"{text!r} is not a playlist id: {advice}")


def is_playlist_id(text: str) -> bool:
    return _PLAYLIST_ID.fullmatch(text) is not None


def registry_key(playlist_id: str) -> str:
    return f"{REGISTRY}{playlist_id}"


def excluded_key(playlist_id: str) -> str:
    return f"{EXCLUDED}{playlist_id}"


def snapshots_prefix(playlist_id: str) -> str:
    return f"{SNAPSHOTS}{check_playlist_id(playlist_id)}/"


def snapshot_key(playlist_id: str, time: datetime) -> str:
    return f"{snapshots_prefix(playlist_id)}{_key_time(time)}.json"


def parse_snapshot_key(key: str) -> tuple[str, datetime] | None:
    """Return playlist id and time of a snapshot's key, None for any other key.

    The keys of a playlist's snapshots must sort by time, so a time in another form (such as without
    a leading zero) is invalid.
    """
    prefix, _, rest = key.partition("/")
    playlist_id, _, name = rest.partition("/")
    if f"{prefix}/" != SNAPSHOTS or not _PLAYLIST_ID.fullmatch(playlist_id):
        return None
    try:
        time = datetime.strptime(name, f"{_SNAPSHOT_TIME}.json").replace(tzinfo=UTC)
    except ValueError:
        return None
    return (playlist_id, time) if key == snapshot_key(playlist_id, time) else None


def damaged_key(key: str, moment: datetime) -> str:
    """Return the key of the copy of a damaged object, `damaged/<its key>/<moment>`."""
    return f"{DAMAGED}{key}/{_key_time(moment)}"


def ledger_key(playlist_id: str) -> str:
    return f"{LEDGERS}{check_playlist_id(playlist_id)}.json"


def ledger_part_key(playlist_id: str, year: int) -> str:
    """Return the key of a ledger's partition of one year."""
    return f"{LEDGERS}{check_playlist_id(playlist_id)}/{year:04}.json"


def parse_ledger_key(key: str) -> str | None:
    """Return the playlist id of a ledger's key, None for any other key."""
    playlist_id = key.removeprefix(LEDGERS).removesuffix(".json")
    return playlist_id if is_playlist_id(playlist_id) and key == ledger_key(playlist_id) else None


def view_key(view: str, playlist_id: str, suffix: str = "") -> str:
    """Return the key of a playlist's page, such as `playlists/pretty/<id>.md`."""
    return f"playlists/{view}/{check_playlist_id(playlist_id)}{suffix}"


def songs_part(playlist_id: str) -> int:
    """Return which of sixteen partitions lists a playlist's songs; a hash, so all grow alike."""
    return int(sha256(check_playlist_id(playlist_id).encode()).hexdigest()[0], 16)


def songs_key(playlist_id: str, *, gone: bool = False) -> str:
    """Return the key of the titles of a playlist's songs, or (`gone`) of its old removals."""
    return f"playlists/songs/{songs_part(playlist_id)}{'.gone' if gone else ''}.json"


def song_ids_key(playlist_id: str, *, gone: bool = False) -> str:
    """Return the key of the ids of a playlist's songs, or (`gone`) of its old removals."""
    return f"playlists/songs/{songs_part(playlist_id)}{'.gone' if gone else ''}.ids.json"


def table_key(playlist_id: str, year: int) -> str:
    """Return the key of the table of a playlist's stays that began in a year."""
    return f"{TABLE}{check_playlist_id(playlist_id)}/{year:04}.json.gz"


def followers_key(playlist_id: str) -> str:
    return view_key("followers", playlist_id, ".json")


def _key_time(time: datetime) -> str:
    # strftime omits the leading zeros of early years.
    return to_timestamp(time).replace("-", "").replace(":", "")
