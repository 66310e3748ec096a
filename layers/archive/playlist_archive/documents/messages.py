"""The messages that the functions send each other over queues; `events/` holds an example of each."""

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


# A new consent takes the owner a minute, so a month is good time.
CONSENT_WARNING_DAYS = 30


class Latest(msgspec.Struct, frozen=True):
    """The newest snapshot that the catalog knows: its name, its contents' digest, its rows."""

    time: Time
    content: str
    rows: int

    @classmethod
    def of(cls, snapshot: Snapshot) -> Self:
        return cls(snapshot.time, snapshot.content_hash(), snapshot.known_rows())


class Held(msgspec.Struct, frozen=True):
    """A read that lost so much that it does not count yet: its run, and how many rows it had."""

    run: Time
    rows: int


class WholeRead(msgspec.Struct, frozen=True):
    """The run that read all rows last, and what Spotify calls the version that they still have."""

    run: Time
    snapshot_id: str


class FetchRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="fetch/1"):
    """Read one playlist.

    `run` names the run that asks for it; with `registration` it is the time at which a registry
    entry was written between runs. `checked` is the run of the last good check; `snapshot_id` what
    Spotify called the version read last, empty when all rows are due, and `header` what it said
    about that version besides its rows. `last_read` is there where later checks than the last whole
    read found the same version without reading its rows. `held` is a great loss that no later run has confirmed.
    `in_library` says that the playlist would be archived without its registry entry, too.
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
    """What a run found out about one playlist.

    `at` is the moment it was found out. `header` is there when Spotify described the playlist.
    `read` says that all rows were read, each of them again, and are those of the newest snapshot, `latest`; `written`
    that this read wrote it. `held` is the loss that a later run has to confirm. `oversized` says
    that a whole read needs more than a day's budget or one invocation, so that it comes last.
    `first` says that this read wrote the playlist's first snapshot, so that it had no pages yet.
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


# The subject of the problem that the owner's consent ends soon.
AUTHORISATION = "authorisation"


class Problem(msgspec.Struct, frozen=True):
    """Something the owner wrote that cannot be used, as `registry/abc`, and what to do."""

    subject: str
    reason: str


class RunReport(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="run/1"):
    """What the lister says about a whole run.

    `planned` counts the playlists that are to be read, `unchanged` those that the sweep proved
    unchanged. `user` says that somebody is logged in, `library` how many playlists theirs
    holds, None where it was not listed; `library_held` is how few of the known ones came where that
    is a great loss which the next run has to confirm. `library_closed` counts its entries without a
    name, None where it was not listed. `failure` is a plain word when Spotify could not be asked at all; `refused` says that
    the credentials were the cause.
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
        """Return the whole days that the owner's consent lasts, None where its end is unknown.

        Refused credentials last no longer, whatever their date says.
        """
        if self.refused:
            return 0
        return (self.authorization_ends - self.at).days if self.authorization_ends else None


def ends_soon(ends: datetime, now: datetime) -> bool:
    """Whether the owner's consent ends so soon that a warning is due."""
    return (ends - now).days <= CONSENT_WARNING_DAYS


class RenderRequest(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="render/1"):
    """Write one playlist's pages again; with `rebuild` from its snapshots alone.

    `run` is the run that asks for it, None where the operator does.
    """

    playlist_id: PlaylistId
    run: Time | None = None
    page_status: PageStatus | None = None
    rebuild: bool = False


class DamageReport(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="damage/1"):
    """An object of a playlist could not be read at the moment `at`.

    The status page has to name the copy, and the pages lack what stands in no snapshot until the
    indexer sends it again.
    `snapshots` says that a snapshot is damaged, was removed by hand, or was imported: what the
    catalog knows of the newest one may be wrong.
    """

    playlist_id: PlaylistId
    at: Time
    snapshots: bool = False
    run: Time | None = None


class PagesWritten(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, tag="pages/1"):
    """A playlist's pages show its snapshots up to the `last`: the overview pages have to follow.

    `run` is the run that wrote the snapshot, None where that is unknown. `revision` is that of the
    page status that they show, 0 without one.
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
    """Read a message of FetchQueue; raises `InvalidMessageError`."""
    return _decode(_FETCH_REQUESTS, body)


def decode_outcome(body: str) -> OutcomeMessage:
    """Read a message of OutcomeQueue; raises `InvalidMessageError`."""
    return _decode(_OUTCOMES, body)


def decode_render_request(body: str) -> RenderRequest:
    """Read one of our own messages of RenderQueue; raises `InvalidMessageError`."""
    return _decode(_RENDER_REQUESTS, body)


class _Marks(msgspec.Struct):
    playlist_id: str = ""
    run: datetime | None = None


_MARKS = msgspec.json.Decoder(_Marks)


def describe_message(body: str) -> dict[str, str]:
    """Return the fields of a message that log lines carry: its run and playlist, if it names them."""
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
