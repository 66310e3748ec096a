"""Writes the owner's entries under `registry/` and `excluded/`, and waits for their effect."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from playlist_archive.documents.content_types import TEXT
from playlist_archive.documents.keys import excluded_key, registry_key, view_key
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive.errors import UNREADABLE, ConflictError
from playlist_archive.lister.registry import parse_alias
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.errors import CommandError, WrongUseError
from playlist_archive_cli.playlist_choice import (
    Choice,
    choose_playlist,
    find_playlist_id,
    same_to_the_eye,
)
from playlist_archive_cli.published import PlaylistStatus
from playlist_archive_cli.queues import Queues
from playlist_archive_cli.runs import Sight, awaits_its_turn, is_paused, watch

_OTHER_LINK = re.compile(r"https?://|spotify:", re.IGNORECASE)
# The lister is called and the playlist is read within seconds; the index waits up to five minutes.
_PATIENCE_SECONDS = 420.0
_PATIENCE_WITH_NOTHING_SECONDS = 30.0


class Arrival(NamedTuple):
    """The result of a change in the registry.

    `status` is the playlist's newest status, None if there was none. `songs` is set if the playlist
    has a page. `not_before` is set during a pause that Spotify asked for.
    """

    status: PlaylistStatus | None
    songs: int | None = None
    not_before: Timestamp | None = None


class _Pretty(msgspec.Struct):
    tracks: list[msgspec.Raw]
    unavailable: list[msgspec.Raw] = []


def pick_playlist(archive: Archive, text: str) -> Choice:
    """Return the id of the playlist in a pasted text; it need not be in the archive.

    Raises:
        WrongUseError: the text names no playlist, or several.
    """
    status = archive.status_if_any()
    names = {id_: one.name or id_ for id_, one in (status.playlists if status else {}).items()}
    if playlist_id := find_playlist_id(text):
        return Choice(playlist_id, names.get(playlist_id, playlist_id))
    if _OTHER_LINK.search(text) or not text.strip() or not names:
        raise WrongUseError(
            f"“{text}” is not a playlist: paste its link from Spotify, as "
            "https://open.spotify.com/playlist/<22 letters and digits>"
        )
    return choose_playlist(text, names)


def require_free_name(archive: Archive, playlist_id: str, alias: str) -> None:
    """Raise `WrongUseError` if another playlist of the archive has a name that looks the same.

    The archive would add a number to one of them, but people could not distinguish them.
    """
    status = archive.status_if_any()
    for other, one in (status.playlists if status else {}).items():
        if other != playlist_id and alias and same_to_the_eye(one.name, alias):
            raise WrongUseError(
                f"“{alias}” cannot be its name: {other} is called “{one.name}” already"
            )


def write_entry(connection: Connection, playlist_id: str, alias: str | None) -> bool:
    """Register a playlist, and return whether it was not registered before.

    `alias` is its name in the archive, empty for Spotify's own; None keeps the one it has.

    Raises:
        WrongUseError: the alias cannot be one.
    """
    key = registry_key(playlist_id)
    stored = connection.bucket.get(key)
    body = stored.body if stored else b""
    if alias is not None:
        body = f"{alias}\n".encode() if alias else b""
        if parse_alias(playlist_id, body)[1]:
            raise WrongUseError(
                f"“{alias}” cannot be a name: write one line of at most 300 characters, without "
                "control characters, and without blanks around it"
            )
    try:
        connection.bucket.put(key, body, TEXT, replacing=stored.etag if stored else None)
    except ConflictError as error:
        raise CommandError(f"{key} was written by another just now: look, and try again") from error
    return stored is None


def read_alias(connection: Connection, playlist_id: str) -> str | None:
    """Return the alias of a registered playlist, None if it is not registered."""
    stored = connection.bucket.get(registry_key(playlist_id))
    return parse_alias(playlist_id, stored.body)[0] if stored else None


def is_excluded(connection: Connection, playlist_id: str) -> bool:
    return connection.bucket.get(excluded_key(playlist_id)) is not None


def delete(connection: Connection, key: str) -> None:
    connection.client("s3").delete_object(Bucket=connection.bucket_name, Key=key)


def await_read(
    connection: Connection, playlist_id: str, known: PlaylistStatus | None, told: Callable[[], None]
) -> Arrival:
    """Wait for a read of a playlist with the status `known`; call `told` if that takes time."""
    archive = connection.archive
    now = archive.clock.now()
    arrival = Arrival(known)
    waited = False
    for sight in _watch(connection):
        status = sight.status
        present = status.playlists.get(playlist_id) if status else None
        if status and is_paused(status, now):
            return Arrival(present, not_before=status.not_before)
        news = present is not None and present != known and not awaits_its_turn(present)
        if news and present:
            songs = count_songs(archive, playlist_id)
            arrival = Arrival(present, songs)
            if present.status != "ok" or (songs is not None and sight.quiet("Render")):
                return arrival
        elif not waited:
            waited = True
            told()
    if arrival.status == known and known and not awaits_its_turn(known):
        # It was read again and its status is unchanged.
        return Arrival(known, count_songs(archive, playlist_id))
    return arrival


def await_retirement(connection: Connection, playlist_id: str) -> bool:
    """Wait until a playlist is retired; return whether that happened."""
    for sight in _watch(connection):
        present = sight.status.playlists.get(playlist_id) if sight.status else None
        if present is None or present.status == "retired":
            return True
    return False


def count_songs(archive: Archive, playlist_id: str) -> int | None:
    """Return the number of rows of a playlist's page, None if it has no page."""
    stored = archive.objects.get(view_key("pretty", playlist_id, ".json"))
    if stored is None:
        return None
    try:
        page = msgspec.json.decode(stored.body, type=_Pretty)
    except UNREADABLE:
        return None
    return len(page.tracks) + len(page.unavailable)


def _watch(connection: Connection) -> Iterator[Sight]:
    return watch(
        connection.archive,
        Queues(connection),
        patience_seconds=_PATIENCE_SECONDS,
        patience_with_nothing_seconds=_PATIENCE_WITH_NOTHING_SECONDS,
    )
