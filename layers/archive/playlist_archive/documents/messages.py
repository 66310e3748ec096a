"""The messages in the queues between the functions; `events/` has an example of each."""

from datetime import datetime
from typing import Annotated, Literal, Self

import msgspec
from msgspec import Meta

from playlist_archive.documents.keys import PLAYLIST_ID
from playlist_archive.documents.playlist import Header
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.status import PageStatus, Status
from playlist_archive.documents.timestamps import FIRST_YEAR, LAST_YEAR, Time, to_timestamp
from playlist_archive.errors import UNREADABLE, InvalidMessageError

Source = Literal["registry", "library"]
PlaylistId = Annotated[str, Meta(pattern=rf"\A{PLAYLIST_ID}\Z")]


# A new consent takes the owner a minute, so a month is early enough.
CONSENT_WARNING_DAYS = 30


class Latest(msgspec.Struct, frozen=True):
    """The newest snapshot that the catalog knows: its time, content digest, and number of rows."""

    time: Time
    content: str
    rows: int

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        return cls(snapshot.time, snapshot.content_hash(), snapshot.known_rows())


class Held(msgspec.Struct, frozen=True):
    """A read with a loss so great that it has to be confirmed: its run and number of rows."""

    run: Time
    rows: int


class WholeRead(msgspec.Struct, frozen=True):
    """The run of the last full read, and the version id that the playlist still has."""

    run: Time
    snapshot_id: str


class FetchRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="fetch/1"):
    """Read one playlist.

    `run` is the run that requests it; with `registration` it is the time at which a registry entry
    was written between runs. `checked` is the run of the last good check. `snapshot_id` is
    Spotify's id of the version read last, empty if a full read is due; `header` has that version's
    other fields. `last_read` is set if checks after the last full read found the same version
    without reading its rows. `held` is a great loss that no later run has confirmed. `in_library`
    says that the playlist would also be archived without its registry entry.
    """

    playlist_id: PlaylistId
    run: Time
    source: Source
    alias: str = ""
    checked: Time | None = None
    latest: Latest | None = None
    snapshot_id: str = ""
    header: Header | None = None
    last_read: WholeRead | None = None
    held: Held | None = None
    registration: bool = False
    in_library: bool = False


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="outcome/1"):
    """The result of one run for one playlist.

    `at` is the moment at which it was found. `header` is set if Spotify described the playlist.
    `read` says that all rows were read again and equal those of the newest snapshot, `latest`;
    `written` says that this read wrote that snapshot. `held` is a loss that a later run has to
    confirm. `oversized` says that a full read needs more than a day's budget or one invocation, so
    that it comes last. `first` says that this read wrote the playlist's first snapshot, so that it
    had no pages before.
    """

    playlist_id: PlaylistId
    run: Time
    at: Time
    status: Status
    reason: str = ""
    source: Source | None = None
    alias: str = ""
    header: Header | None = None
    read: bool = False
    latest: Latest | None = None
    written: bool = False
    held: Held | None = None
    in_library: bool = False
    oversized: bool = False
    first: bool = False


# The subject of the problem "the owner's consent ends soon".
AUTHORISATION = "authorisation"


class Problem(msgspec.Struct, frozen=True):
    """Something invalid that the owner wrote, such as `registry/abc`, and what to do."""

    subject: str
    reason: str


class RunReport(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="run/1"):
    """The lister's report about a whole run.

    `planned` counts the playlists to read, `unchanged` those that the listing of the library proved
    unchanged. `user` says whether a user is logged in. `library` is the number of playlists in the
    library, None if it was not listed. `library_held` is the number of known ones among them, if so
    many are missing that the next run has to confirm it. `library_closed` counts the library's
    entries without a name, None if it was not listed. `failure` is the reason if no request to
    Spotify succeeded; `refused` says that Spotify refused the credentials.
    """

    run: Time
    at: Time
    planned: int
    unchanged: int
    user: bool = False
    library: int | None = None
    library_held: int | None = None
    library_closed: int | None = None
    problems: tuple[Problem, ...] = ()
    failure: str = ""
    refused: bool = False
    authorization_ends: Time | None = None

    def must_log_in(self) -> bool:
        """Whether the credentials are refused, or the owner's consent ends soon or has ended."""
        days_left = self.authorization_days_left()
        return days_left is not None and days_left <= CONSENT_WARNING_DAYS

    def authorization_days_left(self) -> int | None:
        """Return the remaining whole days of the owner's consent, None if its end is unknown.

        Refused credentials have ended, whatever their date.
        """
        if self.refused:
            return 0
        return (self.authorization_ends - self.at).days if self.authorization_ends else None


def ends_soon(ends: datetime, now: datetime) -> bool:
    """Whether the owner's consent ends within `CONSENT_WARNING_DAYS`."""
    return (ends - now).days <= CONSENT_WARNING_DAYS


class RenderRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="render/1"):
    """Render one playlist's pages; with `rebuild` only from its snapshots.

    `run` is the run that requests it, None if it is the operator.
    """

    playlist_id: PlaylistId
    run: Time | None = None
    page_status: PageStatus | None = None
    rebuild: bool = False


class DamageReport(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="damage/1"):
    """A playlist's object was found unreadable at the moment `at`.

    The status page has to name the copy. The pages lack the page status until the indexer sends it
    again. `snapshots` says that a snapshot is damaged, was removed by hand, or was imported, so the
    catalog's data about the newest snapshot may be wrong.
    """

    playlist_id: PlaylistId
    at: Time
    snapshots: bool = False
    run: Time | None = None


class PagesWritten(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="pages/1"):
    """A playlist's pages show its snapshots up to `last`, so the overview pages need an update.

    `run` is the run that wrote that snapshot, None if unknown. `revision` is that of the page
    status on the pages, 0 without one.
    """

    playlist_id: PlaylistId
    last: Time
    run: Time | None = None
    revision: int = 0


OutcomeMessage = Outcome | RunReport | DamageReport | PagesWritten
"""A message of OutcomeQueue."""

Message = FetchRequest | Outcome | RunReport | DamageReport | PagesWritten | RenderRequest


def encode_message(message: Message) -> str:
    return msgspec.json.encode(message).decode()


_FETCH_REQUESTS = msgspec.json.Decoder(FetchRequest)
_OUTCOMES: msgspec.json.Decoder[OutcomeMessage] = msgspec.json.Decoder(OutcomeMessage)
_RENDER_REQUESTS = msgspec.json.Decoder(RenderRequest)


def decode_fetch_request(body: str) -> FetchRequest:
    """Decode a message of FetchQueue; raises `InvalidMessageError`."""
    return _decode(_FETCH_REQUESTS, body)


def decode_outcome(body: str) -> OutcomeMessage:
    """Decode a message of OutcomeQueue; raises `InvalidMessageError`."""
    return _decode(_OUTCOMES, body)


def decode_render_request(body: str) -> RenderRequest:
    """Decode one of our own messages in RenderQueue; raises `InvalidMessageError`."""
    return _decode(_RENDER_REQUESTS, body)


class _Marks(msgspec.Struct):
    playlist_id: str = ""
    run: datetime | None = None


_MARKS = msgspec.json.Decoder(_Marks)


def describe_message(body: str) -> dict[str, str]:
    """Return the fields of a message for log lines: its run and playlist, if it has them."""
    try:
        marks = _MARKS.decode(body)
    except UNREADABLE:
        return {}
    described = {
        "playlist_id": marks.playlist_id,
        "run": to_timestamp(marks.run) if marks.run else "",
    }
    return {name: value for name, value in described.items() if value}


def _decode[M: Message](decoder: msgspec.json.Decoder[M], body: str) -> M:
    try:
        message = decoder.decode(body)
    except UNREADABLE as error:
        raise InvalidMessageError(f"not a message of this version: {error}") from error
    if message.run and not FIRST_YEAR <= message.run.year <= LAST_YEAR:
        raise InvalidMessageError(f"the run {message.run} is of no plausible year")
    return message
