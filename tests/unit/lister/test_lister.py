"""The lister's decisions: which playlists to read, and what to report to the owner."""

import logging
from datetime import datetime
from typing import Literal

import msgspec
import pytest

from playlist_archive.documents.catalog import (
    Announced,
    Catalog,
    Entry,
    decode_catalog,
    encode_catalog,
)
from playlist_archive.documents.keys import CATALOG, SPOTIFY_STATE, snapshot_key
from playlist_archive.documents.messages import (
    DamageReport,
    FetchRequest,
    Outcome,
    OutcomeMessage,
    RenderRequest,
    RunReport,
    Source,
    decode_fetch_request,
    decode_outcome,
    decode_render_request,
)
from playlist_archive.documents.snapshot import Snapshot, encode_snapshot
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.documents.status import PageStatus
from playlist_archive.errors import InvalidAnswerError, InvalidPlaylistIdError
from playlist_archive.events import RegistryEvent, parse_lister_event
from playlist_archive.lister.plan import Plan
from playlist_archive.ports.credentials import Credentials
from tests.support.builders import (
    DAY,
    ME,
    OTHER,
    PLAYLIST,
    RUN,
    a_header,
    a_library,
    a_reading,
    an_entry,
    rows,
)
from tests.support.fakes import FakeClock, FakeSpotify
from tests.support.pipeline import Pipeline, plenty

pytestmark = pytest.mark.unit
LOGGED_IN = Credentials("id", "secret", "refresh", RUN)
PAGE_STATUS = PageStatus(
    revision=3,
    name="Harbour mix",
    unique_name="Harbour mix (2)",
    status="unstable",
    since=RUN,
)


class World:
    def __init__(self) -> None:
        self.clock = FakeClock(RUN)
        self.spotify = FakeSpotify()
        self.spotify.stored_credentials = LOGGED_IN
        self.spotify.library = a_library()
        self.pipeline = Pipeline(self.spotify, self.clock)
        self.objects = self.pipeline.bucket.objects

    def run(self, time: datetime | None = RUN) -> RunReport:
        return self.pipeline.lister.run(time, plenty)

    def requests(self) -> list[FetchRequest]:
        return [decode_fetch_request(body) for body in self.pipeline.fetch_queue.take()]

    def outcomes(self) -> list[Outcome]:
        messages = map(decode_outcome, self.pipeline.outcome_queue.take())
        return [message for message in messages if isinstance(message, Outcome)]


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(("days_left", "warned"), [(31, False), (30, True), (3, True), (-1, True)])
def test_the_end_of_authorisation_is_announced_a_month_before(
    world: World, days_left: int, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    ends = LOGGED_IN.authorization_ends()
    assert ends is not None
    world.clock.moment = ends - days_left * DAY
    with caplog.at_level(logging.WARNING):
        report = world.run()

    assert report.authorization_ends == ends
    assert any("2027-04-01" in record.getMessage() for record in caplog.records) is warned
    assert any("make login" in problem.reason for problem in report.problems) is warned


def test_an_incomplete_sweep_is_reported_and_retires_nothing(world: World) -> None:
    world.spotify.library = InvalidAnswerError("the library could not be listed whole")
    report = world.run()

    assert "listed whole" in report.failure
    outcomes = [decode_outcome(body) for body in world.pipeline.outcome_queue.take()]
    assert [type(outcome) for outcome in outcomes] == [RunReport]


def test_a_run_that_a_later_one_superseded_does_nothing(world: World) -> None:
    world.objects[f"registry/{PLAYLIST}"] = b""
    world.clock.moment = RUN + DAY
    world.spotify.now = world.clock.now
    world.run(RUN + DAY)
    world.pipeline.fetch_queue.take()

    assert "supersedes" in world.run(RUN).failure
    assert world.requests() == []


def test_the_same_run_may_be_started_again(world: World) -> None:
    world.objects[f"registry/{PLAYLIST}"] = b""
    world.run()
    world.pipeline.fetch_queue.take()

    assert world.run().failure == ""
    assert len(world.requests()) == 1


@pytest.mark.parametrize(
    "name",
    [
        f"https://open.spotify.com/playlist/{PLAYLIST}",
        f"https://open.spotify.com/intl-de/playlist/{PLAYLIST}?si=0123456789abcdef",
        f"spotify:playlist:{PLAYLIST}",
        f"{PLAYLIST}?si=0123456789abcdef",
        f"{PLAYLIST}.txt",
        f"{PLAYLIST} ",
    ],
)
def test_a_pasted_link_is_reported_with_the_id_in_it(world: World, name: str) -> None:
    world.objects[f"registry/{name}"] = b""
    world.objects[f"excluded/{name}"] = b""
    problems = world.run().problems

    assert [problem.subject for problem in problems] == [f"registry/{name}", f"excluded/{name}"]
    assert all(f"write {PLAYLIST} instead" in problem.reason for problem in problems)
    assert world.requests() == []


@pytest.mark.parametrize("name", ["Harbour mix", PLAYLIST[:-1], f"{PLAYLIST}x", "a/b", "é" * 22])
def test_a_text_without_an_id_is_reported_with_a_hint_where_to_find_one(
    world: World, name: str
) -> None:
    world.objects[f"registry/{name}"] = b""

    assert "after /playlist/ in its link" in world.run().problems[0].reason


def test_the_empty_object_of_a_folder_is_no_entry(world: World) -> None:
    world.objects |= {"registry/": b"", "excluded/": b""}

    assert world.run().problems == ()


@pytest.mark.parametrize(
    ("body", "alias"),
    [
        (b"", ""),
        (b"\n", ""),
        (b"Our mix", "Our mix"),
        (b"Our mix\n", "Our mix"),
        (b"Our mix\r\n", "Our mix"),
        ("👩\u200d🚀 mix".encode(), "👩\u200d🚀 mix"),
        (b"x" * 300, "x" * 300),
    ],
)
def test_an_alias_is_one_line_without_its_newline(world: World, body: bytes, alias: str) -> None:
    world.objects[f"registry/{PLAYLIST}"] = body

    assert world.run().problems == ()
    assert [request.alias for request in world.requests()] == [alias]


@pytest.mark.parametrize(
    "body",
    [
        b"two\nlines",
        b"two\n\n",
        b" blank",
        b"tab\tin it",
        b"nul\0",
        b"\xff\xfe",
        "line\u2028separator".encode(),
        b"x" * 301,
        b"x" * 10_000,
    ],
)
def test_anything_else_is_reported_and_archived_under_its_own_name(
    world: World, body: bytes
) -> None:
    world.objects[f"registry/{PLAYLIST}"] = body

    assert [problem.subject for problem in world.run().problems] == [f"registry/{PLAYLIST}"]
    assert [request.alias for request in world.requests()] == [""]


def test_an_entry_far_too_large_for_an_alias_is_not_even_read(world: World) -> None:
    world.objects[f"registry/{PLAYLIST}"] = b"x" * 10_000
    world.run()

    assert ("get", f"registry/{PLAYLIST}") not in world.pipeline.bucket.calls


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_an_alias_that_the_catalog_knows_is_not_read_again(world: World, end: bytes) -> None:
    key = f"registry/{PLAYLIST}"
    world.objects[key] = b"Our mix" + end
    world.spotify.playlists[PLAYLIST] = a_reading(1)
    world.pipeline.run(RUN)
    world.pipeline.bucket.calls.clear()
    world.run(RUN + DAY)

    assert ("get", key) not in world.pipeline.bucket.calls
    assert [request.alias for request in world.requests()] == ["Our mix"]


def test_an_alias_that_is_another_by_now_is_read(world: World) -> None:
    world.objects[f"registry/{PLAYLIST}"] = b"Our mix"
    world.spotify.playlists[PLAYLIST] = a_reading(1)
    world.pipeline.run(RUN)
    world.objects[f"registry/{PLAYLIST}"] = b"Our mux"
    world.run(RUN + DAY)

    assert [request.alias for request in world.requests()] == ["Our mux"]


@pytest.mark.parametrize("character", ["\x01", "é", "\N{ROLLING ON THE FLOOR LAUGHING}"])
def test_a_report_of_many_long_bad_names_fits_into_a_message(world: World, character: str) -> None:
    length = (1024 - len("registry/000")) // len(character.encode())
    names = (f"registry/{number:03}{character * length}" for number in range(300))
    world.objects |= dict.fromkeys(names, b"")
    report = world.run()

    assert report.problems
    [message] = world.pipeline.outcome_queue.take()
    assert len(message.encode()) < 2**20


def test_a_pasted_link_as_a_key_is_decoded_and_refused_when_it_is_written(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    key = f"registry/https%3A//open.spotify.com/playlist/{PLAYLIST}%3Fsi%3D0123"
    event = {
        "Records": [
            {
                "eventTime": "2026-10-01T16:00:00.123Z",
                "eventName": "ObjectCreated:Put",
                "s3": {"object": {"key": key}},
            }
        ]
    }
    parsed = parse_lister_event(event)
    assert isinstance(parsed, RegistryEvent)
    name, time = parsed.entries[0]
    assert name == f"https://open.spotify.com/playlist/{PLAYLIST}?si=0123"

    assert world.pipeline.lister.registry_changed(name, time) == Plan((), ())
    assert f"write {PLAYLIST} instead" in caplog.text


def test_a_run_without_a_time_is_one_of_now(world: World) -> None:
    world.clock.moment = RUN + DAY / 2
    assert world.run(None).run == RUN + DAY / 2


def test_an_app_without_a_user_sweeps_nothing(world: World) -> None:
    world.spotify.stored_credentials = Credentials("id", "secret")
    world.spotify.library = None

    assert world.run().failure == ""


def test_the_sweep_also_proves_registered_playlists_unchanged(world: World) -> None:
    world.objects[f"registry/{PLAYLIST}"] = b""
    world.spotify.library = a_library((PLAYLIST, a_header(owner=ME)))
    world.objects["state/catalog.json"] = msgspec.json.encode(
        Catalog(entries={PLAYLIST: an_entry()})
    )
    report = world.run(RUN + DAY)

    assert (report.planned, report.unchanged) == (0, 1)
    outcome = decode_outcome(world.pipeline.outcome_queue.take()[0])
    assert isinstance(outcome, Outcome)
    assert outcome.source == "registry"


@pytest.mark.parametrize("fails", [False, True])
def test_the_requests_of_a_sweep_are_stored_before_anything_is_sent(
    world: World, fails: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting: list[int] = []
    monkeypatch.setattr(
        world.spotify, "close", lambda: waiting.append(len(world.pipeline.fetch_queue.bodies))
    )
    world.objects[f"registry/{PLAYLIST}"] = b""
    if fails:
        world.spotify.library = InvalidAnswerError("half a sweep")
    world.run()

    assert waiting == [0]
    assert len(world.requests()) == 1


def test_an_entry_that_was_deleted_again_is_not_read(world: World) -> None:
    assert world.pipeline.lister.registry_changed(PLAYLIST, RUN) == Plan((), ())


@pytest.mark.parametrize(("source", "retires"), [("registry", 1), ("library", 0)])
def test_only_a_registered_playlist_is_retired_with_its_entry(
    world: World, source: Source, retires: int
) -> None:
    entry = msgspec.structs.replace(an_entry(), source=source)
    report = RunReport(run=RUN, at=RUN, planned=1, unchanged=0)
    catalog = Catalog(report=report, entries={PLAYLIST: entry})
    world.objects["state/catalog.json"] = msgspec.json.encode(catalog)

    assert len(world.pipeline.lister.registry_changed(PLAYLIST, RUN + DAY).outcomes) == retires


@pytest.mark.parametrize(
    ("which", "rebuilt"), [("all", [OTHER, PLAYLIST]), ([PLAYLIST], [PLAYLIST]), ([], [])]
)
def test_a_rebuild_requests_each_playlist_once_with_its_page_status(
    world: World, which: Literal["all"] | list[str], rebuilt: list[str]
) -> None:
    entry = msgspec.structs.replace(an_entry(), announced=Announced(page_status=PAGE_STATUS))
    world.objects["state/catalog.json"] = msgspec.json.encode(Catalog(entries={PLAYLIST: entry}))
    for day in range(2):
        for playlist_id in (PLAYLIST, OTHER):
            world.objects[snapshot_key(playlist_id, RUN + day * DAY)] = b""
    count = world.pipeline.lister.rebuild(which)

    requests = [decode_render_request(body) for body in world.pipeline.render_queue.take()]
    assert count == len(rebuilt)
    assert requests == [
        RenderRequest(
            playlist_id=playlist_id,
            page_status=PAGE_STATUS if playlist_id == PLAYLIST else None,
            rebuild=True,
        )
        for playlist_id in rebuilt
    ]


def test_a_rebuild_with_one_wrong_id_rebuilds_nothing(world: World) -> None:
    with pytest.raises(InvalidPlaylistIdError, match="My favourites"):
        world.pipeline.lister.rebuild([PLAYLIST, "My favourites"])
    assert not world.pipeline.render_queue.bodies


class TestImportedPlaylists:
    """A rebuild of named playlists follows an import, of which only the snapshots tell."""

    def of(self, world: World, playlist_id: str, time: datetime = RUN) -> None:
        snapshot = Snapshot(
            playlist_id=playlist_id,
            source="git-archive",
            time=time,
            read_at=time,
            rows=rows(1, 2),
            **msgspec.structs.asdict(a_header()),
        )
        world.objects[snapshot_key(playlist_id, time)] = encode_snapshot(snapshot)

    def told(self, world: World, which: Literal["all"] | list[str]) -> list[OutcomeMessage]:
        world.pipeline.lister.rebuild(which)
        return [decode_outcome(body) for body in world.pipeline.outcome_queue.take()]

    def with_run(self, world: World, *, failure: str = "", entry: Entry | None = None) -> None:
        report = RunReport(run=RUN, at=RUN, planned=0, unchanged=0, failure=failure)
        entries = {PLAYLIST: entry} if entry else {}
        world.objects[CATALOG] = encode_catalog(Catalog(report=report, entries=entries))

    def test_without_a_complete_sweep_nobody_says_that_a_playlist_is_retired(
        self, world: World
    ) -> None:
        self.of(world, PLAYLIST)
        self.with_run(world, failure="Spotify could not be asked")

        assert self.told(world, [PLAYLIST]) == []

    def test_without_the_report_of_a_run_that_was_nobody_says_so_either(self, world: World) -> None:
        self.of(world, PLAYLIST)
        world.objects[SPOTIFY_STATE] = msgspec.json.encode(SpotifyState(latest_run=RUN))

        assert self.told(world, [PLAYLIST]) == []

    def test_before_the_first_run_one_that_is_not_registered_is_retired(self, world: World) -> None:
        for playlist_id in (PLAYLIST, OTHER):
            self.of(world, playlist_id)
        world.objects[f"registry/{OTHER}"] = b""

        [outcome] = self.told(world, [PLAYLIST, OTHER])

        assert isinstance(outcome, Outcome)
        assert (outcome.playlist_id, outcome.status) == (PLAYLIST, "retired")

    def test_a_catalog_that_was_rolled_back_does_not_tell_that_a_playlist_is_retired(
        self, world: World
    ) -> None:
        self.of(world, PLAYLIST)
        self.with_run(world)
        state = SpotifyState(latest_run=RUN + DAY)
        world.objects[SPOTIFY_STATE] = msgspec.json.encode(state)

        assert self.told(world, [PLAYLIST]) == []

    def test_a_registered_one_is_not_retired(self, world: World) -> None:
        self.of(world, PLAYLIST)
        self.with_run(world)
        world.objects[f"registry/{PLAYLIST}"] = b""

        assert self.told(world, [PLAYLIST]) == []

    def test_one_of_which_nothing_can_be_read_is_not_told(self, world: World) -> None:
        world.objects[snapshot_key(PLAYLIST, RUN)] = b"rubbish"
        self.with_run(world)

        assert self.told(world, [PLAYLIST, OTHER]) == []

    def test_a_rebuild_of_all_tells_nothing(self, world: World) -> None:
        self.of(world, PLAYLIST)
        self.with_run(world)

        assert self.told(world, "all") == []

    def test_one_that_nobody_archives_is_retired_with_its_newest_snapshot(
        self, world: World
    ) -> None:
        for time in (RUN - DAY, RUN - 2 * DAY):
            self.of(world, PLAYLIST, time)
        self.with_run(world)

        [outcome] = self.told(world, [PLAYLIST])

        assert isinstance(outcome, Outcome)
        assert (outcome.status, outcome.at) == ("retired", RUN)
        assert "neither registered nor chosen" in outcome.reason
        assert outcome.latest
        assert outcome.latest.time == RUN - DAY
        assert outcome.header
        assert outcome.header.name == "Harbour mix"

    @pytest.mark.parametrize("time", [RUN - DAY, RUN])
    def test_one_whose_newest_snapshot_is_known_is_not_told(
        self, world: World, time: datetime
    ) -> None:
        self.of(world, PLAYLIST, time)
        self.with_run(world, entry=an_entry())

        assert self.told(world, [PLAYLIST]) == []

    def test_a_retired_one_with_a_later_snapshot_is_told_anew_for_the_same_reason(
        self, world: World
    ) -> None:
        self.of(world, PLAYLIST, RUN + DAY)
        reason = "no longer registered; what was archived is kept"
        retired = msgspec.structs.replace(an_entry(), status="retired", reason=reason)
        self.with_run(world, entry=retired)

        _, outcome = self.told(world, [PLAYLIST])

        assert isinstance(outcome, Outcome)
        assert (outcome.status, outcome.reason) == ("retired", reason)
        assert outcome.latest
        assert outcome.latest.time == RUN + DAY

    def test_a_retired_one_that_was_registered_again_is_only_doubted(self, world: World) -> None:
        self.of(world, PLAYLIST, RUN + DAY)
        self.with_run(world, entry=msgspec.structs.replace(an_entry(), status="retired"))
        world.objects[f"registry/{PLAYLIST}"] = b""

        assert self.told(world, [PLAYLIST]) == [
            DamageReport(playlist_id=PLAYLIST, at=RUN, snapshots=True)
        ]

    def test_of_one_with_a_later_snapshot_the_known_one_is_doubted(self, world: World) -> None:
        self.of(world, PLAYLIST, RUN + DAY)
        self.with_run(world, entry=an_entry())

        assert self.told(world, [PLAYLIST]) == [
            DamageReport(playlist_id=PLAYLIST, at=RUN, snapshots=True)
        ]


def test_a_new_playlist_is_deferred_until_its_first_read(world: World) -> None:
    world.objects[f"registry/{PLAYLIST}"] = b"Our summer"
    world.run()

    assert [
        (outcome.playlist_id, outcome.status, outcome.alias) for outcome in world.outcomes()
    ] == [(PLAYLIST, "deferred", "Our summer")]


def test_a_new_registration_is_deferred_until_its_first_read(world: World) -> None:
    world.objects[f"registry/{PLAYLIST}"] = b""
    world.pipeline.lister.registry_changed(PLAYLIST, RUN)

    assert [(outcome.playlist_id, outcome.status) for outcome in world.outcomes()] == [
        (PLAYLIST, "deferred")
    ]


def test_a_first_read_outweighs_that_it_was_awaited_however_quick_it_was(world: World) -> None:
    world.objects[f"registry/{PLAYLIST}"] = b""
    world.spotify.playlists[PLAYLIST] = a_reading(1)
    world.run()
    world.pipeline.fetch()
    world.pipeline.outcome_queue.bodies.reverse()
    for body in world.pipeline.outcome_queue.take():
        world.pipeline.indexer.index([decode_outcome(body)])

    assert decode_catalog(world.objects[CATALOG]).entries[PLAYLIST].status == "ok"
