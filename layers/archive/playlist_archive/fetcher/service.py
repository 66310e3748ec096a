"""Reads playlists one at a time, completely or not at all, and writes snapshots of changed ones."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from playlist_archive.documents.content_types import JSON, KEEP_FOR_EVER
from playlist_archive.documents.keys import snapshot_key
from playlist_archive.documents.liked_songs import LIKED_SONGS
from playlist_archive.documents.messages import (
    FetchRequest,
    Held,
    Latest,
    Outcome,
    decode_fetch_request,
    encode_message,
)
from playlist_archive.documents.playlist import Row
from playlist_archive.documents.runs import supersedes
from playlist_archive.documents.snapshot import Snapshot, encode_snapshot
from playlist_archive.documents.status import Status
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.errors import (
    ConflictError,
    ContentsForbiddenError,
    CrowdedOutError,
    InvalidMessageError,
    OutOfTimeError,
    OversizedError,
    PlaylistError,
    PlaylistNotFoundError,
    SpotifyParkedError,
    SpotifyStoppedError,
    StorageError,
    UnstablePlaylistError,
)
from playlist_archive.fetcher.decision import Changed, Unchanged, decide, run_of_read
from playlist_archive.ports.bucket import Bucket, list_snapshots, read_newest
from playlist_archive.ports.clock import Clock
from playlist_archive.ports.queues import FifoAttributes, Queue
from playlist_archive.ports.spotify import Reading, Spotify

logger = logging.getLogger(__name__)

# SQS hides a message for 12 hours at most. With 8 hours the third receive comes when a pause has
# lasted a day, which is when the owner has to be notified of it.
_LONGEST_HOLD = timedelta(hours=8)
_AFTER_A_FAULT_SECONDS = 60
_LONGEST_AFTER_A_FAULT_SECONDS = 7_200
# A batch has ten messages and each invocation finishes at least one of them. So a message may be
# received ten times without any fault.
_RECEIVES_WITHOUT_FAULT = 10


class Fetcher:
    def __init__(
        self,
        *,
        bucket: Bucket,
        spotify: Spotify,
        fetch_queue: Queue,
        dead_letter_queue: Queue,
        outcome_queue: Queue,
        clock: Clock,
    ) -> None:
        self._bucket = bucket
        self._spotify = spotify
        self._fetch_queue = fetch_queue
        self._dead_letter_queue = dead_letter_queue
        self._outcome_queue = outcome_queue
        self._clock = clock
        self._stopped: Exception | None = None
        self._not_opened: Exception | None = None
        self._refused = ""
        self._asked = False

    def open(self, remaining_seconds: Callable[[], float]) -> None:
        """Begin an invocation; if the storage fails, the invocation handles no message."""
        self._stopped = self._not_opened = None
        self._refused = ""
        self._asked = False
        try:
            self._spotify.open(remaining_seconds)
        except (StorageError, ConflictError) as error:
            logger.warning("nothing is read: %s", error)
            self._not_opened = error

    def close(self, unread: Sequence[str], receives: int = 1) -> None:
        """End an invocation and hide its unread messages for a while.

        If Spotify asked for a pause, they stay hidden until its end. This blocks FetchQueue's only
        message group. If time ran out, they become visible at once.

        Args:
            unread: the receipt handles of the messages that were not handled.
            receives: the highest receive count among them.
        """
        if unread:
            self._fetch_queue.hold(unread, self._hold_seconds(receives))
        try:
            self._spotify.close()
        except (StorageError, ConflictError) as error:
            # Raising would repeat finished messages. The number stays in this process and is stored
            # later.
            logger.warning("the number of requests could not be stored: %s", error)

    def _hold_seconds(self, receives: int) -> int:
        match self._stopped:
            case SpotifyParkedError(not_before=not_before):
                pause = min(not_before - self._clock.now(), _LONGEST_HOLD)
                return max(0, int(pause.total_seconds()), hold_longer(receives))
            case OutOfTimeError():
                return 0
            case _:
                return max(_AFTER_A_FAULT_SECONDS, hold_longer(receives))

    def fetch(self, body: str) -> Outcome | None:
        """Handle one message and return its outcome, None if the message is malformed.

        Only errors that affect every playlist are raised, because raising blocks FetchQueue.

        Raises:
            SpotifyParkedError: Spotify asked for a pause.
            OutOfTimeError: the invocation has too little time left.
            StorageError: S3, SQS or the parameter store failed.
            ConflictError: other functions wrote the same object in all tries.
        """
        try:
            request = decode_fetch_request(body)
        except InvalidMessageError:
            logger.exception("message set aside")
            self._dead_letter_queue.send_in_order([(body, FifoAttributes("poison", _digest(body)))])
            return None
        if self._not_opened:
            raise self._not_opened
        if supersedes(self._spotify.state.latest_run, request.run, self._clock.now()):
            if not request.registration:
                return self._defer(request)
            # The newer run may not request this playlist, so it is read as if it had been
            # registered now.
            request = msgspec.structs.replace(request, run=self._clock.now())
        try:
            outcome = self._read(request)
        except SpotifyParkedError as error:
            self._stopped = error
            self._report(self._outcome(request, "deferred", str(error)))
            raise
        except (OutOfTimeError, StorageError, ConflictError) as error:
            self._stopped = error
            raise
        self._report(outcome)
        return outcome

    def _defer(self, request: FetchRequest) -> Outcome:
        outcome = self._outcome(request, "deferred", "the next run began before it was read")
        self._report(outcome)
        return outcome

    def _read(self, request: FetchRequest) -> Outcome:
        if self._refused:
            return self._outcome(request, "deferred", self._refused)
        first, self._asked = not self._asked, True
        try:
            reading = self._ask(request)
            newest = self._newest(request, trusted=reading.rows is None)
            return self._keep(request, reading, newest)
        except OutOfTimeError:
            if not first:
                raise
            # The next invocation would have no more time than this one.
            reason = (
                "needs more time than an invocation has: lower RequestIntervalMs, unless Spotify "
                "is slow"
            )
            outcome = self._outcome(request, "deferred", reason)
            return msgspec.structs.replace(outcome, oversized=True)
        except (SpotifyParkedError, StorageError, ConflictError):
            raise
        except SpotifyStoppedError as error:
            # Defer all other playlists of this invocation to the next run.
            self._refused = str(error)
            return self._outcome(request, "deferred", str(error))
        except PlaylistError as error:
            header = error.header if isinstance(error, ContentsForbiddenError) else None
            outcome = self._outcome(request, _status_of(error), str(error))
            oversized = isinstance(error, OversizedError)
            return msgspec.structs.replace(outcome, header=header, oversized=oversized)
        except Exception as error:
            logger.exception("a fault in reading %s", request.playlist_id)
            return self._outcome(
                request, "invalid", f"a fault in the archive itself: {type(error).__name__}"
            )

    def _ask(self, request: FetchRequest) -> Reading:
        if request.playlist_id == LIKED_SONGS:
            return self._spotify.read_liked_songs(
                request.header, lambda: self._known_rows(request.playlist_id)
            )
        reading = self._spotify.read_playlist(request.playlist_id, request.snapshot_id)
        if reading.rows is None and not _says_the_same(reading, request):
            # The playlist was renamed, although its version is unchanged.
            return self._spotify.read_playlist(request.playlist_id)
        return reading

    def _known_rows(self, playlist_id: str) -> tuple[Row, ...]:
        """Return the rows of the newest readable snapshot, an empty tuple if there is none."""
        newest = read_newest(self._bucket, list(list_snapshots(self._bucket, playlist_id)))
        return newest.rows if newest else ()

    def _keep(self, request: FetchRequest, reading: Reading, newest: Latest | None) -> Outcome:
        read_at = self._clock.now()
        outcome = msgspec.structs.replace(
            self._outcome(request, "ok"),
            run=run_of_read(request.run, read_at, newest),
            header=reading.header,
            latest=newest,
        )
        match decide(request, reading, newest, read_at):
            case Unchanged(read=read, written=written):
                return msgspec.structs.replace(outcome, read=read, written=written)
            case Held(rows=rows) as held:
                assert newest
                reason = (
                    f"only {rows} of {newest.rows} rows came: "
                    "it counts when the next run loses as much"
                )
                return msgspec.structs.replace(outcome, status="held", reason=reason, held=held)
            case Changed(snapshot=snapshot, latest=latest):
                self._write(snapshot, run=request.run)
                return msgspec.structs.replace(
                    outcome, read=reading.whole, latest=latest, written=True, first=newest is None
                )

    def _newest(self, request: FetchRequest, *, trusted: bool) -> Latest | None:
        """Return the newest snapshot, which the catalog may not know yet.

        The catalog may also know one that was deleted. With `trusted` the digest in the request is
        used, if it is that of the newest snapshot. Otherwise the stored object is read, because it
        may have been damaged since the run was planned. If no snapshot can be read, the number of
        rows in the catalog counts.
        """
        known = request.latest
        since = ""
        if known is not None:
            since = snapshot_key(request.playlist_id, known.time - timedelta(seconds=1))
        listed = list(list_snapshots(self._bucket, request.playlist_id, after=since))
        newest = listed[-1][1] if listed else None
        if trusted and known is not None and known.content and newest == known.time:
            return known
        found = self._newest_readable(listed)
        if found is None and since:
            listed = list(list_snapshots(self._bucket, request.playlist_id))
            found = self._newest_readable(listed)
        if not listed:
            return None
        if found is None:
            found = Latest(listed[-1][1], "", known.rows if known else 0)
        return msgspec.structs.replace(found, time=listed[-1][1])

    def _newest_readable(self, listed: Sequence[tuple[str, datetime]]) -> Latest | None:
        snapshot = read_newest(self._bucket, listed)
        return Latest.of(snapshot) if snapshot else None

    def _write(self, snapshot: Snapshot, *, run: datetime) -> None:
        """Write the snapshot.

        Raises:
            ConflictError: another snapshot is stored under this key.
        """
        key = snapshot_key(snapshot.playlist_id, snapshot.time)
        metadata = {"run": to_timestamp(run)}
        body = encode_snapshot(snapshot)
        try:
            self._bucket.put(
                key, body, JSON, replacing=None, metadata=metadata, cache_control=KEEP_FOR_EVER
            )
        except ConflictError:
            # If S3's answer was lost and the request repeated, the stored object is the one written
            # here.
            stored = self._bucket.get(key)
            if stored is None or stored.body != body:
                raise

    def _outcome(self, request: FetchRequest, status: Status, reason: str = "") -> Outcome:
        return Outcome(
            playlist_id=request.playlist_id,
            run=request.run,
            at=self._clock.now(),
            status=status,
            reason=reason,
            source=request.source,
            alias=request.alias,
            in_library=request.in_library,
        )

    def _report(self, outcome: Outcome) -> None:
        self._outcome_queue.send([encode_message(outcome)])


def hold_longer(receives: int) -> int:
    """Return the least number of seconds to hide a message after so many receives.

    The time doubles with each receive. So `maxReceiveCount` covers an outage of two days, even if
    Spotify asks only for short pauses.
    """
    doublings = receives - _RECEIVES_WITHOUT_FAULT
    if doublings <= 0:
        return 0
    return min(_AFTER_A_FAULT_SECONDS << min(doublings, 10), _LONGEST_AFTER_A_FAULT_SECONDS)


def _says_the_same(reading: Reading, request: FetchRequest) -> bool:
    return request.header is not None and reading.header.describes_as(request.header)


def _status_of(error: PlaylistError) -> Status:
    match error:
        case PlaylistNotFoundError():
            return "not_found"
        case ContentsForbiddenError():
            return "forbidden"
        case UnstablePlaylistError():
            return "unstable"
        case CrowdedOutError() | OversizedError():
            return "deferred"
        case _:
            return "invalid"


def _digest(body: str) -> str:
    return sha256(body.encode()).hexdigest()
