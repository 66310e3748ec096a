"""In-memory adapters of the ports; `tests/contract/test_ports.py` compares them with real ones."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import md5

import msgspec

from playlist_archive.documents.content_types import ASK_EACH_TIME
from playlist_archive.documents.liked_songs import LIKED_SONGS
from playlist_archive.documents.playlist import Header, Row
from playlist_archive.documents.runs import later_run
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.errors import ConflictError, PlaylistNotFoundError, StorageError
from playlist_archive.ports.bucket import NO_METADATA, Described, Listed, Stored
from playlist_archive.ports.credentials import Credentials
from playlist_archive.ports.queues import FifoAttributes
from playlist_archive.ports.spotify import Library, Reading


class FakeBucket:
    """Objects in a dict; `before` is called with the operation and the key before each call."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.types: dict[str, str] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self.cache_control: dict[str, str] = {}
        self.calls: list[tuple[str, str]] = []
        self.before: Callable[[str, str], None] = lambda operation, key: None

    def get(self, key: str) -> Stored | None:
        self._note("get", key)
        body = self.objects.get(key)
        return None if body is None else Stored(body, _etag(body), self.metadata.get(key, {}))

    def describe(self, key: str) -> Described | None:
        self._note("describe", key)
        body = self.objects.get(key)
        return None if body is None else Described(_etag(body), self.metadata.get(key, {}))

    def put(
        self,
        key: str,
        body: bytes,
        content_type: str,
        *,
        replacing: str | None,
        metadata: Mapping[str, str] = NO_METADATA,
        cache_control: str = ASK_EACH_TIME,
    ) -> str:
        self._note("put", key)
        found = self.objects.get(key)
        present = None if found is None else _etag(found)
        if present != replacing:
            raise ConflictError(key)
        self.objects[key] = body
        self.types[key] = content_type
        self.metadata[key] = dict(metadata)
        self.cache_control[key] = cache_control
        return _etag(body)

    def list_objects(self, prefix: str, *, after: str = "") -> Iterator[Listed]:
        self._note("list", prefix)
        for key in sorted(self.objects):
            if key.startswith(prefix) and key > after:
                yield Listed(key, len(self.objects[key]), _etag(self.objects[key]))

    def list_folders(self, prefix: str) -> Iterator[str]:
        self._note("list", prefix)
        inside = (key.removeprefix(prefix) for key in self.objects if key.startswith(prefix))
        yield from sorted({name.partition("/")[0] for name in inside if "/" in name})

    def puts(self) -> list[str]:
        return [key for operation, key in self.calls if operation == "put"]

    def _note(self, operation: str, key: str) -> None:
        self.before(operation, key)
        self.calls.append((operation, key))


def _etag(body: bytes) -> str:
    return f'"{md5(body).hexdigest()}"'


class FakeQueue:
    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.lanes: list[FifoAttributes] = []
        self.held: list[tuple[str, int]] = []

    def send(self, bodies: Iterable[str]) -> None:
        self.bodies += bodies

    def send_in_order(self, messages: Iterable[tuple[str, FifoAttributes]]) -> None:
        for body, lane in messages:
            self.bodies.append(body)
            self.lanes.append(lane)

    def hold(self, receipt_handles: Iterable[str], seconds: int) -> None:
        self.held += [(handle, seconds) for handle in receipt_handles]

    def take(self) -> list[str]:
        taken, self.bodies = self.bodies, []
        return taken


class FakeTopic:
    """Keeps the mails; with `broken` it refuses them."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, str]] = []
        self.broken = False

    def publish(self, subject: str, text: str) -> None:
        if self.broken:
            raise StorageError("publish: no such topic")
        self.mails.append((subject, text))


class FakeEventBus:
    """Keeps the details of the events; it refuses those with an id in `refused`, all if `broken`."""

    def __init__(self) -> None:
        self.details: list[str] = []
        self.refused: set[str] = set()
        self.broken = False

    def publish(self, details: Mapping[str, str]) -> frozenset[str]:
        taken = frozenset(() if self.broken else details.keys() - self.refused)
        self.details += [detail for event_id, detail in details.items() if event_id in taken]
        return taken


class FakeClock:
    def __init__(self, now: datetime = datetime(2026, 10, 1, 4, tzinfo=UTC)) -> None:
        self.moment = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.moment.replace(microsecond=0)

    def monotonic(self) -> float:
        return self.moment.timestamp()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)


class FakeCredentialStore:
    def __init__(self, credentials: Credentials) -> None:
        self.credentials = credentials

    def load(self) -> Credentials:
        return self.credentials

    def save(self, credentials: Credentials) -> None:
        self.credentials = credentials


class FakeSpotify:
    """Playlists in a dict: the reading to return, or the error to raise."""

    def __init__(self) -> None:
        self.playlists: dict[str, Reading | Exception] = {}
        self.library: Library | Exception | None = None
        self.state = SpotifyState()
        self.stored_credentials = Credentials("id", "secret")
        self.stop: Exception | None = None
        self.reads: list[str] = []
        self.now: Callable[[], datetime] = FakeClock().now

    def open(self, remaining_seconds: Callable[[], float]) -> None:
        pass

    def close(self) -> None:
        pass

    def check(self) -> None:
        if self.stop:
            raise self.stop

    def start_run(self, run: datetime) -> None:
        latest = later_run(self.state.latest_run, run, self.now())
        self.state = msgspec.structs.replace(self.state, latest_run=latest)

    def credentials(self) -> Credentials:
        return self.stored_credentials

    def log_in(self) -> None:
        self.check()

    def read_library(self) -> Library:
        if isinstance(self.library, Exception):
            raise self.library
        assert self.library is not None
        return self.library

    def read_playlist(self, playlist_id: str, known: str = "") -> Reading:
        self.check()
        self.reads.append(playlist_id)
        reading = self.playlists.get(playlist_id)
        if reading is None:
            raise PlaylistNotFoundError("Spotify does not find it: deleted, private or closed")
        if isinstance(reading, Exception):
            raise reading
        if known and reading.header.snapshot_id == known:
            return Reading(reading.header, None)
        return reading

    def read_liked_songs(
        self, known: Header | None, known_rows: Callable[[], Sequence[Row]]
    ) -> Reading:
        return self.read_playlist(LIKED_SONGS, known.snapshot_id if known else "")

    def change(self, playlist_id: str, rows: tuple[Row, ...], snapshot_id: str) -> None:
        reading = self.playlists[playlist_id]
        assert isinstance(reading, Reading)
        header = msgspec.structs.replace(reading.header, snapshot_id=snapshot_id)
        self.playlists[playlist_id] = Reading(header, rows)
