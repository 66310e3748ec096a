"""A small archive for scenarios: one registered playlist, run day by day."""

import json
from datetime import datetime

from playlist_archive.documents.catalog import Entry, decode_catalog
from playlist_archive.documents.digests import DigestEvery
from playlist_archive.documents.keys import CATALOG
from playlist_archive.indexer.service import Indexer
from tests.support.builders import DAY, PLAYLIST, RUN, a_reading
from tests.support.fakes import FakeClock, FakeSpotify
from tests.support.pipeline import Pipeline
from tools.chaos.one_at_a_time import OneAtATime


class World:
    """A pipeline with one registered playlist, run day by day."""

    def __init__(self) -> None:
        self.clock = FakeClock(RUN)
        self.spotify = FakeSpotify()
        self.spotify.now = self.clock.now
        self.spotify.playlists[PLAYLIST] = a_reading(1, 2, 3)
        self.pipeline = Pipeline(self.spotify, self.clock)
        self.register(PLAYLIST)

    def register(self, name: str, alias: str = "") -> None:
        self.pipeline.bucket.objects[f"registry/{name}"] = alias.encode()

    def mail_digests(self, every: DigestEvery) -> None:
        """Give the owner an address, and a digest that often."""
        self.pipeline.indexer = Indexer(
            bucket=self.pipeline.bucket,
            render_queue=self.pipeline.render_queue,
            clock=self.clock,
            pool=OneAtATime(),
            topic=self.pipeline.topic,
            digest_every=every,
        )

    def run(self, day: int = 0) -> None:
        self.clock.moment = RUN + day * DAY
        self.pipeline.run(RUN + day * DAY)

    def entry(self, playlist_id: str = PLAYLIST) -> Entry:
        return decode_catalog(self.pipeline.bucket.objects[CATALOG]).entries[playlist_id]

    def snapshots(self, playlist_id: str = PLAYLIST) -> list[str]:
        prefix = f"snapshots/{playlist_id}/"
        return sorted(key for key in self.pipeline.bucket.objects if key.startswith(prefix))

    def checked(self) -> int:
        """Return the number of good checks in the last batch of outcomes."""
        assert self.pipeline.indexed
        return self.pipeline.indexed.checked

    def status(self) -> dict[str, object]:
        status: dict[str, object] = json.loads(self.pipeline.page("playlists/status.json"))
        return status

    def register_now(self, moment: datetime, playlist_id: str = PLAYLIST, alias: str = "") -> None:
        """Write a registry entry between runs, and read the playlist at once."""
        self.clock.moment = moment
        self.register(playlist_id, alias)
        self.pipeline.lister.registry_changed(playlist_id, moment)
        self.pipeline.settle()

    def remove_now(self, moment: datetime, playlist_id: str = PLAYLIST) -> None:
        """Delete a registry entry between runs."""
        self.clock.moment = moment
        del self.pipeline.bucket.objects[f"registry/{playlist_id}"]
        self.pipeline.lister.registry_changed(playlist_id, moment)
        self.pipeline.settle()
