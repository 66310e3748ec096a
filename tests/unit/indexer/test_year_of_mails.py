"""A year with each trouble once, and the mails that the owner got, as `docs/operations.md` lists."""

import json
import re
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from playlist_archive.documents.keys import SPOTIFY_STATE
from playlist_archive.errors import (
    AuthorizationError,
    ContentsForbiddenError,
    PlaylistNotFoundError,
    SpotifyParkedError,
    SpotifyUnavailableError,
    UnstablePlaylistError,
)
from playlist_archive.ports.credentials import Credentials
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header, a_library, a_reading
from tests.support.world import World

pytestmark = pytest.mark.unit

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"
DAYS = 365
GOOD = a_reading(1, 2, 3)
OTHER_GOOD = GOOD._replace(header=a_header(playlist_id=OTHER, name="Night ferry"))
DAMAGED = "damaged/state/ledgers/x.json/20261220T040000Z"

type Mail = tuple[int, str]


class Year(World):
    """Two playlists of somebody who is logged in; each trouble has its days."""

    def __init__(self) -> None:
        super().__init__()
        self.spotify.stored_credentials = Credentials("id", "secret", "refresh", RUN)
        self.spotify.library = a_library()
        self.spotify.playlists[OTHER] = OTHER_GOOD
        self.register(OTHER)
        self.mail_digests("weekly")
        self.works = (self.pipeline.fetch, self.pipeline.render)

    def live(self, day: int) -> None:
        for trouble, days in TROUBLES.items():
            if day in days:
                trouble(self, day)
        self.run(day)
        self.recover()

    def recover(self) -> None:
        """Undo what a trouble did, so that it lasts only for its days."""
        self.spotify.playlists |= {PLAYLIST: GOOD, OTHER: OTHER_GOOD}
        self.spotify.stop = None
        self.register(OTHER)
        self.pipeline.fetch, self.pipeline.render = self.works  # type: ignore[method-assign]
        for key in (SPOTIFY_STATE, DAMAGED, "registry/no id"):
            self.pipeline.bucket.objects.pop(key, None)


def not_found(year: Year, _: int) -> None:
    year.spotify.playlists[OTHER] = PlaylistNotFoundError("Spotify does not find it")


def forbid(year: Year, _: int) -> None:
    year.spotify.playlists[OTHER] = ContentsForbiddenError("its contents are closed to this app")


def empty(year: Year, _: int) -> None:
    nothing = a_reading(snapshot_id="v9")
    year.spotify.playlists[OTHER] = nothing._replace(
        header=a_header(playlist_id=OTHER, name="Night ferry", snapshot_id="v9")
    )


def retire(year: Year, _: int) -> None:
    year.pipeline.bucket.objects.pop(f"registry/{OTHER}", None)


def come_and_go(year: Year, day: int) -> None:
    if day % 2:
        year.spotify.playlists[OTHER] = UnstablePlaylistError("it changed while it was read")


def no_answer(year: Year, _: int) -> None:
    year.spotify.stop = SpotifyUnavailableError("Spotify does not answer")


def pause(year: Year, day: int) -> None:
    now = RUN + day * DAY
    began = RUN + min(TROUBLES[pause]) * DAY
    state = {
        "latest_run": now,
        "not_before": now + DAY / 2,
        "parked_at": began,
        "parked_since": began,
    }
    document = {name: f"{moment:%Y-%m-%dT%H:%M:%SZ}" for name, moment in state.items()}
    reason = "it asked to wait"
    year.spotify.stop = SpotifyParkedError(reason, now + DAY / 2)
    year.pipeline.bucket.objects[SPOTIFY_STATE] = json.dumps(
        {"schema": 1, "reason": reason, **document}
    ).encode()


def damage(year: Year, _: int) -> None:
    year.pipeline.bucket.objects[DAMAGED] = b"half"


def wrong_name(year: Year, _: int) -> None:
    year.register("no id")


def dead_fetcher(year: Year, _: int) -> None:
    def lose() -> None:
        year.pipeline.fetch_queue.take()

    year.pipeline.fetch = lose  # type: ignore[method-assign]


def dead_renderer(year: Year, day: int) -> None:
    reading = a_reading(1, 2, snapshot_id="v2")
    if day == min(TROUBLES[dead_renderer]):
        year.spotify.playlists[PLAYLIST] = reading
    year.pipeline.render = lambda: False  # type: ignore[method-assign]


def refuse(year: Year, _: int) -> None:
    year.spotify.stop = AuthorizationError("the consent has ended: log in again")


def refuse_early(year: Year, _: int) -> None:
    year.spotify.stop = AuthorizationError("Spotify does not take the consent: log in again")


def log_in(year: Year, day: int) -> None:
    year.spotify.stored_credentials = Credentials("id", "secret", "refresh", RUN + day * DAY)


TROUBLES: Mapping[Callable[[Year, int], None], range] = {
    not_found: range(20, 25),
    come_and_go: range(41, 50),
    no_answer: range(60, 62),
    damage: range(80, 83),
    wrong_name: range(100, 103),
    pause: range(120, 123),
    dead_fetcher: range(135, 138),
    refuse: range(185, 188),
    log_in: range(188, 189),
    dead_renderer: range(220, 223),
    forbid: range(240, 243),
    empty: range(255, 256),
    retire: range(270, 273),
    refuse_early: range(290, 292),
}


class Sent(NamedTuple):
    """A mail, and the number of its day."""

    day: int
    subject: str
    text: str


@pytest.fixture(scope="module")
def sent() -> list[Sent]:
    year, mails = Year(), list[Sent]()
    for day in range(DAYS):
        year.live(day)
        mails += [Sent(day, *mail) for mail in year.pipeline.topic.mails]
        year.pipeline.topic.mails.clear()
    return mails


@pytest.fixture(scope="module")
def mails(sent: list[Sent]) -> list[Mail]:
    """Return each line of each notice, with the number of its day."""
    return [
        (mail.day, line)
        for mail in sent
        for line in re.findall(r"^- (?:Since \S+: )?(.+)$", mail.text, re.MULTILINE)
    ]


def test_the_page_lists_the_mails_of_a_year(mails: list[Mail]) -> None:
    table = (
        PAGE.read_text(encoding="utf-8").partition("### A year of mails")[2].partition("\n## ")[0]
    )
    listed = re.findall(r"^\| (\d+) \| (.+) \|$", table, re.MULTILINE)

    assert [(int(day), line) for day, line in listed] == mails


def test_a_quiet_day_has_no_mail(mails: list[Mail]) -> None:
    """What is not found is asked for again within a week; the consent has days of its own."""
    busy = {day for days in TROUBLES.values() for day in range(days.start, days.stop + 8)}
    quiet = [line for day, line in mails if day not in busy]

    assert quiet
    assert all("consent" in line for line in quiet)


def test_a_digest_comes_every_week_and_only_one_has_something_new(sent: list[Sent]) -> None:
    digests = [mail for mail in sent if not re.search("attention|well again", mail.subject)]
    [news] = [mail for mail in digests if "nothing new" not in mail.subject]

    assert all(7 <= later.day - earlier.day <= 8 for earlier, later in pairwise(digests))
    assert len(digests) >= DAYS // 8
    assert "Harbour mix:\n" in news.text
    assert min(TROUBLES[dead_renderer]) <= news.day <= max(TROUBLES[dead_renderer]) + 8
