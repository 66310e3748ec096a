"""A change that came after the digest of its run is in the next one, and no change is in two."""

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playlist_archive.errors import SpotifyParkedError
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header, a_reading
from tests.support.world import World

pytestmark = pytest.mark.unit

type Live = Callable[["Reader", int, int, int], None]


class Reader(World):
    """An archive of two playlists whose owner gets a digest a day."""

    def __init__(self) -> None:
        super().__init__()
        self.change(OTHER, 7)
        self.register(OTHER)
        self.mail_digests("daily")

    def change(self, playlist_id: str, *numbers: int) -> None:
        header = a_header(f"v{numbers}", playlist_id=playlist_id, name=playlist_id)
        self.spotify.playlists[playlist_id] = a_reading(*numbers)._replace(header=header)

    def park(self, until: datetime) -> None:
        now = self.clock.moment
        self.spotify.stop = SpotifyParkedError("Spotify asked to wait", until)
        self.spotify.state = msgspec.structs.replace(
            self.spotify.state,
            latest_run=now,
            not_before=until,
            parked_at=now,
            reason="Spotify asked to wait",
        )
        self.store_state()

    def store_state(self) -> None:
        self.pipeline.bucket.objects["state/spotify.json"] = msgspec.json.encode(self.spotify.state)

    def unpark(self) -> None:
        self.spotify.stop = None
        self.spotify.state = msgspec.structs.replace(self.spotify.state, not_before=None)
        self.store_state()

    def digests(self) -> list[str]:
        """Return the songs that came and went by each digest, in order."""
        return [
            line.strip()
            for subject, text in self.pipeline.topic.mails
            if " added, " in subject
            for line in text.splitlines()
            if line.startswith(("  +", "  - Song"))
        ]

    def read_late(self, day: int, hours: int, number: int) -> None:
        """Read what a pause left unread at a run, after a song came in meanwhile."""
        self.clock.moment = RUN + day * DAY
        self.park(self.clock.moment + timedelta(hours=hours))
        self.run(day)
        self.clock.moment += timedelta(hours=hours)
        self.unpark()
        self.change(PLAYLIST, *range(number + 1))
        self.pipeline.settle()

    def render_late(self, day: int, hours: int, number: int) -> None:
        """Render what a run read only after the time for which a digest waits, or before it."""
        render = self.pipeline.render
        self.pipeline.render = lambda: False  # type: ignore[method-assign]
        self.change(PLAYLIST, *range(number + 1))
        self.run(day)
        self.clock.moment += timedelta(hours=hours)
        self.pipeline.indexer.index([])
        self.pipeline.render = render  # type: ignore[method-assign]
        self.pipeline.settle()

    def read_and_render(self, day: int, hours: int, number: int) -> None:
        self.change(PLAYLIST, *range(number + 1))
        self.run(day)
        self.clock.moment += timedelta(hours=hours)

    def wait(self, day: int, _hours: int, _number: int) -> None:
        self.run(day)


def test_what_is_read_when_a_pause_is_over_is_in_the_next_digest() -> None:
    reader = Reader()
    reader.run()
    reader.read_late(1, 12, 4)
    assert reader.digests() == []

    reader.run(2)
    reader.run(3)
    assert reader.digests() == ["+ Song 0 by The Harbour Lamps", "+ Song 4 by The Harbour Lamps"]


def test_what_is_rendered_late_is_in_the_next_digest() -> None:
    reader = Reader()
    reader.run()
    reader.render_late(1, 7, 4)
    assert reader.digests() == []

    reader.run(2)
    reader.run(3)
    assert reader.digests() == ["+ Song 0 by The Harbour Lamps", "+ Song 4 by The Harbour Lamps"]


DAYS = st.tuples(
    st.sampled_from([Reader.read_late, Reader.render_late, Reader.read_and_render, Reader.wait]),
    st.integers(min_value=1, max_value=23),
)


@settings(max_examples=25)
@given(st.lists(DAYS, min_size=1, max_size=6))
def test_every_song_that_came_is_in_one_digest(days: list[tuple[Live, int]]) -> None:
    reader = Reader()
    reader.change(PLAYLIST, 0)
    reader.run()
    came: list[str] = []
    for day, (live, hours) in enumerate(days, start=1):
        number = len(came) + 1
        live(reader, day, hours, number)
        if live is not Reader.wait:
            came.append(f"+ Song {number} by The Harbour Lamps")
    reader.run(len(days) + 1)
    reader.run(len(days) + 2)

    assert sorted(reader.digests()) == sorted(came)
