"""Liked Songs against the stand-in: the client, and runs of the whole pipeline."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from playlist_archive.documents.catalog import Entry, decode_catalog
from playlist_archive.documents.keys import (
    CATALOG,
    INDEX_JSON,
    STATUS_PAGE,
    excluded_key,
    registry_key,
    snapshots_prefix,
    view_key,
)
from playlist_archive.documents.liked_songs import LIKED_SONGS
from playlist_archive.documents.playlist import Row
from playlist_archive.documents.snapshot import Snapshot, decode_snapshot
from playlist_archive.errors import (
    ContentsForbiddenError,
    CrowdedOutError,
    InvalidAnswerError,
    OversizedError,
    UnstablePlaylistError,
)
from playlist_archive.lister.plan import NOTHING
from playlist_archive.ports.credentials import Credentials
from playlist_archive.ports.spotify import Reading
from playlist_archive.spotify.client import WebApi
from tests.support.fakes import FakeBucket, FakeClock, FakeCredentialStore
from tests.support.liked import LikedLibrary
from tests.support.pipeline import Pipeline, connect
from tools.measure.count_liked_requests import DAILY, count_requests
from tools.stand_in.accounts import AUTHORIZATION_CODE, SCOPE, Client
from tools.stand_in.api import READ_LIKED
from tools.stand_in.library import Playlist, Track
from tools.stand_in.server import StandIn

pytestmark = pytest.mark.contract

DAY = timedelta(days=1)
ALLOWED = Client(scope=f"{SCOPE} {READ_LIKED}")


@dataclass
class Liker:
    """A user with Liked Songs, the stand-in that serves them, and what an archive keeps."""

    library: LikedLibrary
    stand_in: StandIn
    bucket: FakeBucket = field(default_factory=FakeBucket)
    clock: FakeClock = field(default_factory=FakeClock)
    store: FakeCredentialStore = field(
        default_factory=lambda: FakeCredentialStore(
            Credentials(Client.id, Client.secret, Client.refresh_token)
        )
    )

    def client(self, budget: int = 0) -> WebApi:
        client = connect(self.stand_in.url, self.bucket, self.store, self.clock, budget=budget)
        client.open(lambda: 600.0)
        return client

    def pipeline(self, *, liked_songs: bool = True) -> Pipeline:
        client = connect(self.stand_in.url, self.bucket, self.store, self.clock)
        return Pipeline(client, self.clock, bucket=self.bucket, liked_songs=liked_songs)

    def asked(self) -> list[str]:
        """Return the requests to the Web API since they were last asked for, as `/me/tracks?50`."""
        seen = [urlsplit(one.path) for one in self.stand_in.control.requests()]
        self.stand_in.control.clear_requests()
        return [
            f"{url.path.removeprefix('/v1')}?{dict(parse_qsl(url.query)).get('offset', '')}"
            for url in seen
            if url.path.startswith("/v1/")
        ]

    def entry(self) -> Entry:
        return decode_catalog(self.bucket.objects[CATALOG]).entries[LIKED_SONGS]

    def snapshots(self) -> list[Snapshot]:
        keys = sorted(
            key for key in self.bucket.objects if key.startswith(snapshots_prefix(LIKED_SONGS))
        )
        return [decode_snapshot(self.bucket.objects[key]) for key in keys]

    def titles(self) -> list[str]:
        """Return the titles of what is liked, newest first."""
        return [row.item.name for row in self.library.rows if isinstance(row.item, Track)]


type Start = Callable[..., Liker]


@pytest.fixture
def start() -> Iterator[Start]:
    stand_ins: list[StandIn] = []

    def begin(count: int, client: Client = ALLOWED) -> Liker:
        library = LikedLibrary(count)
        stand_in = StandIn(library, client=client)
        stand_ins.append(stand_in)
        stand_in.__enter__()
        return Liker(library, stand_in)

    yield begin
    for stand_in in stand_ins:
        stand_in.__exit__()


def nothing() -> tuple[Row, ...]:
    raise AssertionError("the known songs are not needed")


def titles(reading: Reading) -> list[str]:
    assert reading.rows is not None
    return [row.item.name for row in reading.rows if row.item]


def read_again(liker: Liker, known: Reading, client: WebApi | None = None) -> Reading:
    """Return a second reading; the requests of the first one are forgotten."""
    liker.asked()
    rows = known.rows or ()
    return (client or liker.client()).read_liked_songs(known.header, lambda: rows)


# What goes wrong


def test_a_consent_without_the_scope_says_to_log_in_again(start: Start) -> None:
    liker = start(60, Client())

    with pytest.raises(ContentsForbiddenError, match="log in again"):
        liker.client().read_liked_songs(None, nothing)
    assert liker.asked() == ["/me/tracks?0"]


def test_an_app_without_a_user_is_told_so(start: Start) -> None:
    liker = start(60)
    liker.store.credentials = Credentials(Client.id, Client.secret)

    with pytest.raises(ContentsForbiddenError, match="a user who is logged in"):
        liker.client().read_liked_songs(None, nothing)


@pytest.mark.parametrize("kind", ["truncated", "empty_object", "garbage"])
def test_a_spoilt_page_becomes_no_shorter_list(start: Start, kind: str) -> None:
    liker = start(160)
    liker.stand_in.control.add_fault(kind, path=r"/me/tracks.*offset=50", times=1)

    try:
        found = titles(liker.client().read_liked_songs(None, nothing))
    except InvalidAnswerError:
        return
    assert found == liker.titles()


def test_songs_that_always_change_in_mid_read_are_unstable(start: Start) -> None:
    liker = start(160)
    liker.stand_in.control.add_fault("torn", path=r"/me/tracks.*offset=50", times=None)

    with pytest.raises(UnstablePlaylistError, match="promised"):
        liker.client().read_liked_songs(None, nothing)


def test_a_song_liked_for_another_in_mid_read_is_noticed(start: Start) -> None:
    liker = start(160)
    find, finds = liker.library.find, 0

    def exchange_a_song(playlist_id: str, day: date) -> Playlist | None:
        nonlocal finds
        finds += 1
        if finds == len(("/me/tracks?0", "/me/tracks?50", "/me/tracks?100")):
            liker.library.like("New")
            del liker.library.rows[120]
        return find(playlist_id, day)

    liker.library.find = exchange_a_song  # type: ignore[method-assign]
    reading = liker.client().read_liked_songs(None, nothing)

    assert titles(reading) == liker.titles()
    assert liker.asked().count("/me/tracks?0") == 4


@pytest.mark.parametrize(("budget", "error"), [(11, OversizedError), (20, CrowdedOutError)])
def test_too_small_a_budget_is_told_before_it_is_spent(
    start: Start, budget: int, error: type[Exception]
) -> None:
    liker = start(500)
    client = liker.client(budget)
    for _ in range(budget - 11):
        client.read_library()

    liker.asked()
    with pytest.raises(error, match="DailyRequestBudget"):
        client.read_liked_songs(None, nothing)
    assert liker.asked() == ["/me/tracks?0"]


def test_songs_dated_back_by_another_program_are_read_whole(start: Start) -> None:
    liker = start(300)
    first = liker.client().read_liked_songs(None, nothing)
    moved = liker.library.rows.pop(10)
    liker.library.rows.insert(200, moved)

    reading = read_again(liker, first)

    assert titles(reading) == liker.titles()
    assert reading.whole


def test_the_songs_of_another_user_are_read_whole_under_his_name(start: Start) -> None:
    liker = start(120)
    first = liker.client().read_liked_songs(None, nothing)
    liker.library.rows.clear()
    for number in range(110):
        liker.library.like(f"Other {number}")
    liker.library.user = replace(liker.library.user, id="otto", display_name="Otto")

    reading = read_again(liker, first)

    assert reading.header.owner.name == "Otto"
    assert titles(reading) == liker.titles()


def test_known_songs_that_are_not_those_of_the_known_version_prove_nothing(start: Start) -> None:
    liker = start(300)
    first = liker.client().read_liked_songs(None, nothing)
    assert first.rows
    liker.library.like()
    liker.asked()

    reading = liker.client().read_liked_songs(first.header, lambda: first.rows[1:])  # type: ignore[index]

    assert titles(reading) == liker.titles()
    assert reading.whole


# What is read


def test_all_songs_are_read_whole_at_first(start: Start) -> None:
    liker = start(160)

    reading = liker.client().read_liked_songs(None, nothing)

    assert titles(reading) == liker.titles()
    assert reading.whole
    assert reading.header.name == "Liked Songs"
    assert reading.header.url == "https://open.spotify.com/collection/tracks"
    assert reading.header.owner.name == "Lena"
    pages = ["/me/tracks?0", "/me/tracks?50", "/me/tracks?100", "/me/tracks?150"]
    assert liker.asked() == [*pages, "/me?", "/me/tracks?0"]


def test_unchanged_songs_cost_one_request(start: Start) -> None:
    liker = start(160)
    first = liker.client().read_liked_songs(None, nothing)

    assert read_again(liker, first) == Reading(first.header, None)
    assert liker.asked() == ["/me/tracks?0"]


def test_no_songs_are_songs_too(start: Start) -> None:
    liker = start(0)
    first = liker.client().read_liked_songs(None, nothing)

    assert first.rows == ()
    assert read_again(liker, first).rows == ()
    assert liker.asked() == ["/me/tracks?0"]


def test_a_new_song_costs_one_request(start: Start) -> None:
    liker = start(160)
    first = liker.client().read_liked_songs(None, nothing)
    liker.library.like("New")

    reading = read_again(liker, first)

    assert titles(reading) == liker.titles()
    assert not reading.whole
    assert reading.header.owner == first.header.owner
    assert liker.asked() == ["/me/tracks?0"]


def test_a_song_that_went_far_below_is_searched_for_and_the_rest_proved(start: Start) -> None:
    liker = start(1_000)
    first = liker.client().read_liked_songs(None, nothing)
    del liker.library.rows[620]

    reading = read_again(liker, first)

    assert titles(reading) == liker.titles()
    asked = liker.asked()
    assert asked[-1] == "/me/tracks?0"
    assert len(asked) <= 8


# Runs


def log_in(stand_in: StandIn, scope: str) -> None:
    """Give the archive's consent anew; the stand-in's refresh token stays the same."""
    asked = {"scope": scope, "redirect_uri": "http://127.0.0.1/callback"}
    requests.get(f"{stand_in.url}/authorize", asked, timeout=10, allow_redirects=False)
    form = {"grant_type": "authorization_code", "code": AUTHORIZATION_CODE}
    app = (Client.id, Client.secret)
    requests.post(f"{stand_in.url}/api/token", form, auth=app, timeout=10).raise_for_status()


def run_day(liker: Liker, pipeline: Pipeline) -> Entry:
    pipeline.run(liker.clock.moment)
    entry = liker.entry()
    liker.clock.moment += DAY
    return entry


def test_a_missing_scope_is_asked_for_every_day_and_disturbs_nothing_else(start: Start) -> None:
    liker = start(60, Client())
    pipeline = liker.pipeline()

    for _ in range(3):
        entry = run_day(liker, pipeline)
        assert entry.status == "forbidden"
        assert "log in again" in entry.reason
        assert liker.asked().count("/me/tracks?0") == 1
    assert "Liked Songs" in pipeline.page(STATUS_PAGE)
    report = decode_catalog(liker.bucket.objects[CATALOG]).report
    assert report
    assert not report.refused


def test_a_new_consent_ends_it(start: Start) -> None:
    liker = start(60, Client())
    pipeline = liker.pipeline()
    run_day(liker, pipeline)
    log_in(liker.stand_in, ALLOWED.scope)

    assert run_day(liker, pipeline).status == "ok"


def test_a_great_loss_is_held_until_a_whole_read_finds_it_again(start: Start) -> None:
    liker = start(160)
    pipeline = liker.pipeline()
    run_day(liker, pipeline)
    del liker.library.rows[40:]

    assert run_day(liker, pipeline).status == "held"
    assert [len(one.rows) for one in liker.snapshots()] == [160]
    assert run_day(liker, pipeline).status == "ok"
    assert [len(one.rows) for one in liker.snapshots()] == [160, 40]


def test_switched_off_they_are_retired_and_come_back(start: Start) -> None:
    liker = start(60)
    run_day(liker, liker.pipeline())
    liker.asked()

    entry = run_day(liker, liker.pipeline(liked_songs=False))
    assert entry.status == "retired"
    assert "ArchiveLikedSongs" in entry.reason
    assert not [path for path in liker.asked() if path.startswith("/me/tracks")]
    assert run_day(liker, liker.pipeline()).status == "ok"
    assert len(liker.snapshots()) == 1


def test_a_month_in_which_nothing_changes_costs_a_request_a_day_and_the_full_reads() -> None:
    found = count_requests(600, 30, DAILY["nothing changes"])

    assert found.others == [1] * 28
    assert len(found.whole) == 2


def test_they_are_read_whole_in_time_though_each_day_brings_a_song(start: Start) -> None:
    liker = start(160)
    pipeline = liker.pipeline()
    whole = []
    for day in range(31):
        run_day(liker, pipeline)
        if "/me/tracks?150" in liker.asked():
            whole.append(day)
        liker.library.like()

    assert whole[0] == 0
    assert 15 <= whole[1] <= 30
    assert len(liker.snapshots()) == 31


def test_each_day_s_snapshot_has_the_songs_of_that_day(start: Start) -> None:
    liker = start(220)
    pipeline = liker.pipeline()
    expected = []
    for day in range(8):
        run_day(liker, pipeline)
        expected.append(liker.titles())
        del liker.library.rows[30 * day]
        if day % 2:
            liker.library.like(expected[-1][30 * day])

    found = [[row.item.name for row in one.rows if row.item] for one in liker.snapshots()]
    assert found == expected


def test_songs_far_below_are_not_searched_for_from_a_damaged_snapshot(start: Start) -> None:
    liker = start(160)
    pipeline = liker.pipeline()
    run_day(liker, pipeline)
    key = next(key for key in liker.bucket.objects if key.startswith(snapshots_prefix(LIKED_SONGS)))
    liker.bucket.objects[key] = b"{"
    liker.library.like("New")

    run_day(liker, pipeline)

    newest = [key for key in liker.bucket.objects if key.startswith(snapshots_prefix(LIKED_SONGS))]
    written = decode_snapshot(liker.bucket.objects[max(newest)])
    assert [row.item.name for row in written.rows if row.item] == liker.titles()


def test_the_owner_may_give_them_another_name(start: Start) -> None:
    liker = start(60)
    liker.bucket.objects[registry_key(LIKED_SONGS)] = b"Hearts\n"
    pipeline = liker.pipeline()
    run_day(liker, pipeline)

    assert "Hearts" in pipeline.page(view_key("pretty", LIKED_SONGS, ".md"))

    del liker.bucket.objects[registry_key(LIKED_SONGS)]
    plan = pipeline.lister.registry_changed(LIKED_SONGS, liker.clock.moment)
    assert plan == NOTHING
    assert run_day(liker, pipeline).alias == ""


def test_excluded_they_are_left_out(start: Start) -> None:
    liker = start(60)
    run_day(liker, liker.pipeline())
    liker.bucket.objects[excluded_key(LIKED_SONGS)] = b""

    assert run_day(liker, liker.pipeline()).status == "retired"


def test_a_registration_alone_does_not_archive_them(start: Start) -> None:
    liker = start(60)
    liker.bucket.objects[registry_key(LIKED_SONGS)] = b""
    pipeline = liker.pipeline(liked_songs=False)
    assert pipeline.lister.registry_changed(LIKED_SONGS, liker.clock.moment) == NOTHING
    pipeline.run(liker.clock.moment)

    assert "ArchiveLikedSongs" in pipeline.page(STATUS_PAGE)
    assert liker.snapshots() == []


def test_the_pages_link_to_them_in_spotify(start: Start) -> None:
    liker = start(60)
    pipeline = liker.pipeline()
    run_day(liker, pipeline)
    liker.library.like()
    run_day(liker, pipeline)

    link = "https://open.spotify.com/collection/tracks"
    for view, suffix in (("pretty", ".md"), ("history", ".json"), ("feeds", ".atom")):
        assert link in pipeline.page(view_key(view, LIKED_SONGS, suffix))
    assert link in pipeline.page(INDEX_JSON)
