"""`Writer` over HTTPS: sends one request after the other, slowly and without retries.

Spotify reference: Create Playlist, Add Items to Playlist, Get Playlist Items, Get Current User's
Playlists.
"""

from http import HTTPStatus
from typing import Annotated, Any

import msgspec
import requests
from msgspec import Meta

from playlist_archive.errors import UNREADABLE
from playlist_archive.ports.clock import Clock
from playlist_archive.spotify import exchange as http
from playlist_archive.spotify.retry_after import parse_retry_after
from playlist_archive_cli.restoring.writer import (
    LOOKED_AT,
    AskedToWaitError,
    ClosedError,
    Created,
    NoAnswerError,
    RefusedError,
    Seen,
)

SECONDS_BETWEEN_REQUESTS = 1.0
_LISTED = 50
_NO_REASON = "it gives no reason"
# A user has at most 11,000 playlists.
_MOST_PAGES = 220
_ITEM = "item(uri,linked_from(uri)),track(uri,linked_from(uri))"
_REMEDIES = {
    "remium": "the owner of the Spotify app needs a Premium subscription",
    "registered": ("this user is not on the app's list: add them in Spotify's developer dashboard"),
    "scope": "this consent does not allow to write private playlists",
}

type _Text = Annotated[str, Meta(min_length=1)]


class _WireError(msgspec.Struct):
    message: str = ""


class _WireRefusal(msgspec.Struct):
    error: _WireError


class _WireCreated(msgspec.Struct):
    id: _Text
    public: bool | None = None


class _WireVersion(msgspec.Struct):
    snapshot_id: str


class _WireListed(msgspec.Struct):
    # An entry may have any value; only a text can contain the tag.
    id: Any = None
    description: Any = None
    public: Any = None


class _WirePlaylists(msgspec.Struct):
    items: list[_WireListed | None]
    next: str | None = None


class _WireLink(msgspec.Struct):
    uri: str | None = None


class _WireItem(msgspec.Struct):
    uri: str | None = None
    linked_from: _WireLink | None = None


class _WireRow(msgspec.Struct):
    item: _WireItem | None = None
    track: _WireItem | None = None


class _WirePage(msgspec.Struct):
    items: list[_WireRow | None]
    total: int | None = None


class WebWriter:
    def __init__(
        self,
        session: requests.Session,
        access_token: str,
        api_url: str,
        clock: Clock,
        *,
        seconds_between_requests: float = SECONDS_BETWEEN_REQUESTS,
    ) -> None:
        self._session = session
        self._headers = {"Authorization": f"Bearer {access_token}"}
        self._url = api_url.rstrip("/")
        self._clock = clock
        self._seconds_between = seconds_between_requests
        # A monotonic time.
        self._next_start = float("-inf")

    def create(self, name: str, description: str) -> Created:
        # By default Spotify shows a new playlist on the profile.
        body = {"name": name, "description": description, "public": False}
        wire = self._post("/me/playlists", body, _WireCreated)
        return Created(wire.id, bool(wire.public))

    def find(self, tag: str) -> list[Created]:
        found: list[Created] = []
        for page_number in range(_MOST_PAGES):
            query = {"limit": str(_LISTED), "offset": str(page_number * _LISTED)}
            page = self._get("/me/playlists", query, _WirePlaylists)
            found += [
                Created(entry.id, public=entry.public is True)
                for entry in filter(None, page.items)
                if tag in str(entry.description) and isinstance(entry.id, str)
            ]
            if not page.next or not page.items:
                break
        return found

    def add(self, playlist_id: str, uris: list[str], position: int) -> str:
        body = {"uris": uris, "position": position}
        return self._post(f"/playlists/{playlist_id}/items", body, _WireVersion).snapshot_id

    def look(self, playlist_id: str, offset: int) -> Seen:
        query = {
            "limit": str(LOOKED_AT),
            "offset": str(offset),
            "additional_types": "track,episode",
            "fields": f"total,items({_ITEM})",
        }
        page = self._get(f"/playlists/{playlist_id}/items", query, _WirePage)
        return Seen(page.total, [_names(row) for row in page.items])

    def _get[T](self, path: str, query: dict[str, str], shape: type[T]) -> T:
        answer = self._send("GET", path, params=query)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise ClosedError("Spotify does not find the new playlist: it may have been deleted")
        if answer.status == HTTPStatus.BAD_REQUEST:
            raise ClosedError(f"Spotify refuses to show the new playlist: {_reason(answer)}")
        return _decode(answer, shape)

    def _post[T](self, path: str, body: object, shape: type[T]) -> T:
        answer = self._send("POST", path, json=body)
        # Spotify may also answer 404 for a song that it does not find.
        if answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND}:
            raise RefusedError(_reason(answer))
        return _decode(answer, shape)

    def _send(self, method: str, path: str, **what: Any) -> http.Answer:
        wait = self._next_start - self._clock.monotonic()
        if wait > 0:
            self._clock.sleep(wait)
        self._next_start = self._clock.monotonic() + self._seconds_between
        try:
            answer = http.exchange(
                lambda: self._session.request(
                    method,
                    self._url + path,
                    headers=self._headers,
                    timeout=http.TIMEOUT_SECONDS,
                    allow_redirects=False,
                    stream=True,
                    **what,
                )
            )
        except http.NoAnswerError as error:
            raise NoAnswerError(str(error)) from None
        if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
            seconds = parse_retry_after(answer.retry_after, self._clock.now())
            raise AskedToWaitError(seconds, quota="QUOTA_EXCEEDED" in answer.text)
        return answer


def _decode[T](answer: http.Answer, shape: type[T]) -> T:
    if answer.status in {HTTPStatus.OK, HTTPStatus.CREATED}:
        try:
            return msgspec.json.decode(answer.body, type=shape)
        except UNREADABLE:
            raise NoAnswerError("it cannot be read") from None
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise NoAnswerError(f"HTTP {answer.status}")
    if answer.status == HTTPStatus.UNAUTHORIZED:
        raise ClosedError("Spotify no longer takes this consent, which lasts an hour")
    if "permission to get URL" in answer.text:
        raise NoAnswerError("Spotify's front end refused the address of this machine")
    for word, remedy in _REMEDIES.items():
        if word in answer.text:
            raise ClosedError(remedy)
    raise ClosedError(f"Spotify answers HTTP {answer.status} ({_reason(answer)})")


def _reason(answer: http.Answer) -> str:
    try:
        return msgspec.json.decode(answer.body, type=_WireRefusal).error.message or _NO_REASON
    except UNREADABLE:
        return _NO_REASON


def _names(row: _WireRow | None) -> set[str]:
    item = row and (row.item or row.track)
    if not item:
        return set()
    return {uri for uri in (item.uri, item.linked_from and item.linked_from.uri) if uri}
