"""The whole pipeline in one process: the real services with in-memory queues and bucket."""

from collections.abc import Callable
from datetime import datetime

from playlist_archive.documents.keys import SNAPSHOTS
from playlist_archive.documents.messages import decode_outcome, decode_render_request
from playlist_archive.documents.render_jobs import RenderJob
from playlist_archive.errors import ArchiveError
from playlist_archive.fetcher.service import Fetcher
from playlist_archive.indexer.service import Indexed, Indexer
from playlist_archive.lister.service import Lister
from playlist_archive.ports.bucket import Bucket
from playlist_archive.ports.clock import Clock
from playlist_archive.ports.credentials import CredentialStore
from playlist_archive.ports.spotify import Spotify
from playlist_archive.renderer.service import Rendered, Renderer
from playlist_archive.settings import LibraryMode, SpotifySettings
from playlist_archive.spotify import connection
from playlist_archive.spotify.client import WebApi
from tests.support.fakes import FakeBucket, FakeQueue, FakeTopic
from tools.chaos.one_at_a_time import OneAtATime


def plenty() -> float:
    return 600.0


def connect(
    url: str,
    bucket: Bucket,
    credentials: CredentialStore,
    clock: Clock,
    *,
    budget: int = 0,
    interval_ms: int = 0,
) -> WebApi:
    """Return a client of the stand-in at `url`."""
    settings = SpotifySettings(
        archive_bucket="archive",
        credentials_parameter="/archive/spotify",
        spotify_api_url=f"{url}/v1",
        spotify_accounts_url=url,
        daily_request_budget=budget,
        request_interval_ms=interval_ms,
    )
    return connection.connect(settings, bucket, credentials, clock)


def render_snapshot(
    renderer: Renderer, key: str, remaining: Callable[[], float] = plenty
) -> Rendered:
    """Render a playlist as after S3's notification of the snapshot under `key`."""
    job = RenderJob.of_snapshot(key)
    assert job
    return renderer.render(job, remaining)


class Pipeline:
    """The four services; queues are processed in the order of the pipeline until all are empty."""

    def __init__(
        self,
        spotify: Spotify,
        clock: Clock,
        *,
        mode: LibraryMode = "owned",
        full_read_every_days: int = 30,
        liked_songs: bool = False,
        bucket: FakeBucket | None = None,
    ) -> None:
        self.spotify = spotify
        self.bucket = bucket or FakeBucket()
        self.fetch_queue, self.dead_letters = FakeQueue(), FakeQueue()
        self.outcome_queue, self.render_queue = FakeQueue(), FakeQueue()
        self.topic = FakeTopic()
        self.lister = Lister(
            bucket=self.bucket,
            spotify=spotify,
            fetch_queue=self.fetch_queue,
            outcome_queue=self.outcome_queue,
            render_queue=self.render_queue,
            clock=clock,
            archive_my_playlists=mode,
            archive_liked_songs=liked_songs,
            full_read_every_days=full_read_every_days,
        )
        self.fetcher = Fetcher(
            bucket=self.bucket,
            spotify=spotify,
            fetch_queue=self.fetch_queue,
            dead_letter_queue=self.dead_letters,
            outcome_queue=self.outcome_queue,
            clock=clock,
        )
        self.renderer = Renderer(
            bucket=self.bucket,
            render_queue=self.render_queue,
            outcome_queue=self.outcome_queue,
            clock=clock,
            pool=OneAtATime(),
        )
        self.indexer = Indexer(
            bucket=self.bucket,
            render_queue=self.render_queue,
            clock=clock,
            pool=OneAtATime(),
            topic=self.topic,
        )
        self.rendered: set[str] = set()
        self.indexed: Indexed | None = None

    def run(self, time: datetime) -> None:
        self.lister.run(time, plenty)
        self.settle()

    def settle(self) -> None:
        """Process all waiting messages; while Spotify asks to wait, FetchQueue keeps its own."""
        self.fetch()
        while self.render() or self.index():
            pass

    def fetch(self) -> None:
        waiting = self.fetch_queue.take()
        if not waiting:  # then nobody calls the function
            return
        self.fetcher.open(plenty)
        try:
            while waiting:
                self.fetcher.fetch(waiting[0])
                waiting.pop(0)
        except ArchiveError:
            self.fetch_queue.bodies = waiting + self.fetch_queue.bodies
        self.fetcher.close(waiting)

    def render(self) -> bool:
        keys = {key for key in self.bucket.objects if key.startswith(SNAPSHOTS)}
        new = sorted(keys - self.rendered)
        for key in new:
            render_snapshot(self.renderer, key)
        self.rendered |= keys
        requests = self.render_queue.take()
        for body in requests:
            self.renderer.render(RenderJob(decode_render_request(body)), plenty)
        return bool(new or requests)

    def index(self) -> bool:
        bodies = self.outcome_queue.take()
        if bodies:
            self.indexed = self.indexer.index([decode_outcome(body) for body in bodies])
        return bool(bodies)

    def page(self, key: str) -> str:
        return self.bucket.objects[key].decode()
