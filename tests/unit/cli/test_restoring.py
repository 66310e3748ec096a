"""A restore puts each song into one new playlist exactly once and in order, or tells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.playlist import Row
from playlist_archive_cli.restoring.plan import (
    Add,
    Create,
    LookAtTheEnd,
    Plan,
    count_requests,
    judge,
    make_batches,
    next_step,
    with_added,
    with_playlist,
    with_refused,
)
from playlist_archive_cli.restoring.restorer import Restorer, StoppedError
from playlist_archive_cli.restoring.songs import sort_out
from playlist_archive_cli.restoring.writer import (
    AskedToWaitError,
    ClosedError,
    Created,
    NoAnswerError,
    Seen,
)
from tests.support.fakes import FakeClock
from tests.support.writers import (
    ABSORBED,
    CALLS,
    GONE,
    LONG,
    FakeWriter,
    Mishap,
    Troubled,
    count_calls,
    item,
    long_list,
    plan_of,
    restore_to_the_end,
    songs_of,
    uri,
)

pytestmark = pytest.mark.unit

FIRST = f"{0:022}"


# What can be put back.


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (Row(), "unnamed"),
        (Row(item=item("spotify:local:Artist:Album:Song:180")), "local"),
        (Row(item=item(uri(1), local=True)), "local"),
        (Row(item=item("https://open.spotify.com/track/1")), "no_uri"),
        (Row(item=item("spotify:track:short")), "no_uri"),
        (Row(item=item("")), "no_uri"),
        (Row(item=item(uri(1, "chapter"))), "other_kind"),
    ],
)
def test_a_row_that_cannot_be_put_back_is_told_with_its_reason(row: Row, reason: str) -> None:
    songs, left_out = sort_out([Row(item=item(uri(1))), row, Row(item=item(uri(2, "episode")))])

    assert [(song.row, song.uri) for song in songs] == [(1, uri(1)), (3, uri(2, "episode"))]
    assert [(one.row, one.reason) for one in left_out] == [(2, reason)]


def test_every_row_is_either_put_back_or_left_out() -> None:
    songs, left_out = sort_out(long_list())

    rows = [song.row for song in songs] + [one.row for one in left_out]
    assert sorted(rows) == list(range(1, 1201))
    assert len(left_out) == 20


# The plan.


def test_a_playlist_is_created_before_songs_are_added() -> None:
    plan = plan_of(songs_of(*map(uri, range(250))))

    assert next_step(plan) == Create()
    plan = with_playlist(plan, FIRST)
    assert next_step(plan) == Add(0, [uri(n) for n in range(100)])
    plan = with_added(with_added(plan, "1"), "2")
    assert next_step(plan) == Add(200, [uri(n) for n in range(200, 250)])
    assert isinstance(next_step(with_added(plan, "3")), LookAtTheEnd)


@given(
    st.integers(1, 230),
    st.lists(st.booleans(), max_size=400),
)
def test_bisecting_loses_no_song_and_keeps_their_order(count: int, taken: list[bool]) -> None:
    plan = with_playlist(plan_of(songs_of(*map(uri, range(count)))), FIRST)

    for is_taken in taken:
        if not isinstance(next_step(plan), Add):
            break
        plan = with_added(plan) if is_taken else with_refused(plan, "bad")

    assert [song.row for batch in plan.batches for song in batch.songs] == [*range(1, count + 1)]
    assert all(len(batch.songs) == 1 for batch in plan.refused)


def sizes_of(plan: Plan) -> list[int]:
    return [len(batch.songs) for batch in plan.batches if batch.state == "waiting"]


def test_the_second_half_of_a_refused_batch_is_divided_unsent_where_the_first_was_taken() -> None:
    plan = with_refused(with_playlist(plan_of(songs_of(*map(uri, range(200)))), FIRST), "bad")
    assert sizes_of(plan) == [50, 50, 100]

    assert sizes_of(with_added(plan)) == [25, 25, 100]
    assert sizes_of(with_added(with_added(plan))) == [12, 13, 100]
    # The first half is a reason for the refusal, so the second one may be good.
    assert sizes_of(with_refused(plan, "bad")) == [25, 25, 50, 100]
    assert sizes_of(with_added(with_refused(plan, "bad"))) == [12, 13, 50, 100]


@pytest.mark.parametrize("place", [0, 1, 49, 50, 98, 99])
def test_one_refused_song_costs_at_most_twenty_requests(place: int) -> None:
    writer = Troubled(FakeWriter(frozenset({GONE})), {})
    uris = [*map(uri, range(99))]
    uris.insert(place, GONE)

    restore_to_the_end(plan_of(songs_of(*uris)), writer, [])

    assert writer.calls <= count_requests(100) - 1 + 20


@pytest.mark.parametrize(("songs", "requests"), [(1, 4), (100, 4), (101, 5), (10_000, 103)])
def test_the_requests_are_counted(songs: int, requests: int) -> None:
    assert count_requests(songs) == requests
    assert len(make_batches(songs_of(*map(uri, range(songs))))) == requests - 3


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (Seen(7, []), "absent"),
        (Seen(9, [{"a"}, {"b"}]), "arrived"),
        (Seen(9, [{"other", "a"}, set()]), "arrived"),
        (Seen(9, [{"b"}, {"a"}]), "strange"),
        (Seen(9, [{"a"}]), "strange"),
        (Seen(8, [{"a"}]), "strange"),
        (Seen(11, [{"a"}, {"b"}]), "strange"),
        (Seen(0, []), "strange"),
        (Seen(None, [{"a"}, {"b"}]), "strange"),
    ],
)
def test_the_number_of_rows_and_the_last_ones_say_whether_songs_arrived(
    seen: Seen, verdict: str
) -> None:
    assert judge(seen, 7, ["a", "b"]) == verdict


# The restore.


def expect_whole(plan: Plan, writer: FakeWriter, wanted: list[str]) -> None:
    """Check that there is one playlist, with each song that is not refused once and in order."""
    assert plan.finished
    assert list(writer.playlists) == [plan.playlist_id]
    assert writer.playlists[plan.playlist_id] == [one for one in wanted if one != GONE]
    assert [song.uri for batch in plan.refused for song in batch.songs] == [
        one for one in wanted if one == GONE
    ]


def test_without_trouble_nothing_is_asked_twice() -> None:
    songs = songs_of(*map(uri, range(1200)))

    # Whose consent it is was asked before.
    assert count_calls(songs) == count_requests(1200) - 1


@pytest.mark.parametrize("mishap", ABSORBED)
@pytest.mark.parametrize("call", range(CALLS))
def test_a_mishap_at_any_call_doubles_and_loses_nothing(call: int, mishap: Mishap) -> None:
    writer, said = FakeWriter(frozenset({GONE})), list[str]()

    plan = restore_to_the_end(plan_of(LONG), Troubled(writer, {call: mishap}), said)

    expect_whole(plan, writer, [song.uri for song in LONG])


@given(
    st.lists(st.sampled_from([*map(uri, range(4)), GONE]), min_size=1, max_size=230),
    st.dictionaries(
        st.integers(0, 40),
        st.sampled_from(["lost", "undone", "killed before", "killed after", "wait", "quota"]),
        max_size=25,
    ),
)
def test_any_mishaps_double_and_lose_nothing(wanted: list[str], mishaps: dict[int, Mishap]) -> None:
    writer, said = FakeWriter(frozenset({GONE})), list[str]()
    troubled = Troubled(writer, mishaps)

    plan = restore_to_the_end(plan_of(songs_of(*wanted)), troubled, said, most_rounds=40)

    expect_whole(plan, writer, wanted)


@pytest.mark.parametrize("call", range(1, CALLS))
def test_songs_that_come_after_all_looks_are_told(call: int) -> None:
    writer, said = FakeWriter(), list[str]()
    songs = songs_of(*map(uri, range(1200)))

    try:
        plan = restore_to_the_end(plan_of(songs), Troubled(writer, {call: "very late"}), said)
    except AssertionError:
        assert "something else has changed it" in said[-1]
        assert "delete it" in said[-1]
    else:
        expect_whole(plan, writer, [song.uri for song in songs])


def test_songs_that_came_twice_stop_it_before_the_next_ones_are_sent() -> None:
    writer, said = FakeWriter(), list[str]()
    plan = plan_of(songs_of(*map(uri, range(1200))))

    with pytest.raises(AssertionError):
        restore_to_the_end(plan, Troubled(writer, {1: "very late"}), said)
    assert "has 200 rows, where this restore explains 100 or 200" in said[-1]
    assert list(map(len, writer.playlists.values())) == [200]


@pytest.mark.parametrize("mishaps", [{0: "very late"}, {0: "later still", 4: "wait"}])
def test_a_playlist_that_is_created_after_all_searches_is_told(
    mishaps: dict[int, Mishap],
) -> None:
    writer = FakeWriter()

    plan = restore_to_the_end(plan_of(songs_of(uri(1))), Troubled(writer, mishaps), [])

    assert writer.playlists == {plan.playlist_id: [uri(1)], plan.left_behind[0]: []}


@pytest.mark.parametrize("mishap", ABSORBED)
def test_no_playlist_is_said_to_be_left_behind_where_there_is_none(mishap: Mishap) -> None:
    plan = restore_to_the_end(plan_of(songs_of(uri(1))), Troubled(FakeWriter(), {0: mishap}), [])

    assert plan.left_behind == ()


class Public(FakeWriter):
    """A writer whose playlists show on the profile, whatever was asked for."""

    def create(self, name: str, description: str) -> Created:
        return super().create(name, description)._replace(public=True)

    def find(self, tag: str) -> list[Created]:
        return [found._replace(public=True) for found in super().find(tag)]


@pytest.mark.parametrize("mishaps", [{}, {0: "lost"}, {0: "killed after"}])
def test_a_playlist_that_shows_on_the_profile_is_not_called_private(
    mishaps: dict[int, Mishap],
) -> None:
    plan = restore_to_the_end(plan_of(songs_of(uri(1))), Troubled(Public(), mishaps), [])

    assert plan.public


def gone_but(count: int, *taken: int) -> FakeWriter:
    """Return a writer that refuses the first songs, but for some."""
    return FakeWriter(frozenset(uri(n) for n in range(count) if n not in taken))


@pytest.mark.parametrize("taken", [[], [99]])
def test_many_refusals_in_a_row_stop_it_before_they_cost_many_requests(taken: list[int]) -> None:
    writer = Troubled(gone_but(1000, *taken), {})
    kept: list[Plan] = []
    plan = plan_of(songs_of(*map(uri, taken), *map(uri, range(1000))))

    with pytest.raises(StoppedError, match=r"refused 20 songs in a row.*go on with --resume"):
        restorer_of(writer, FakeClock(), kept, []).restore(plan)
    assert len(kept[-1].refused) == 20
    assert writer.calls < 150


def test_a_whole_album_that_is_gone_does_not_stop_it() -> None:
    writer = gone_but(19)

    plan = restorer_of(writer, FakeClock(), [], []).restore(plan_of(songs_of(*map(uri, range(40)))))

    assert writer.playlists[plan.playlist_id] == [*map(uri, range(19, 40))]
    assert len(plan.refused) == 19


def test_a_resume_goes_on_behind_the_songs_that_were_refused() -> None:
    writer, said = gone_but(50), list[str]()

    plan = restore_to_the_end(plan_of(songs_of(*map(uri, range(60)))), writer, said)

    assert writer.playlists[plan.playlist_id] == [*map(uri, range(50, 60))]
    assert len([one for one in said if "in a row" in one]) == 2


def test_refusals_up_to_the_last_song_are_not_a_reason_to_stop() -> None:
    plan = restorer_of(gone_but(20), FakeClock(), [], []).restore(
        plan_of(songs_of(*map(uri, range(20))))
    )

    assert plan.finished
    assert len(plan.refused) == 20


def restorer_of(writer: object, clock: FakeClock, kept: list[Plan], said: list[str]) -> Restorer:
    return Restorer(
        writer,  # type: ignore[arg-type]
        clock,
        save=kept.append,
        tell=said.append,
        advice="go on with --resume",
        begin_anew="delete it",
    )


class Failing(FakeWriter):
    """A writer whose additions always end in the same way."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error
        self.tries = 0

    def add(self, playlist_id: str, uris: list[str], position: int) -> str:
        self.tries += 1
        raise self.error


@pytest.mark.parametrize(
    ("error", "message", "tries"),
    [
        (NoAnswerError("HTTP 500"), r"no usable answer \(HTTP 500\); go on with --resume", 5),
        (AskedToWaitError(7, quota=False), "until 2026-10-01 04:", 5),
        (AskedToWaitError(3600, quota=False), "until 2026-10-01 05:00 UTC", 1),
        (AskedToWaitError(None, quota=False), "until 2026-10-01 04:01 UTC", 1),
        (AskedToWaitError(None, quota=True), "until 2026-10-02 04:00 UTC .the app's quota", 1),
        (AskedToWaitError(5, quota=True), "the app's quota is used up", 1),
        (ClosedError("the consent has ended"), "has ended; go on with --resume", 1),
    ],
)
def test_a_fault_that_lasts_stops_the_restore_and_says_how_to_go_on(
    error: Exception, message: str, tries: int
) -> None:
    writer, kept = Failing(error), list[Plan]()
    plan = plan_of(songs_of(uri(1)))

    with pytest.raises(StoppedError, match=message):
        restorer_of(writer, FakeClock(), kept, []).restore(plan)
    assert writer.tries == tries
    assert kept[-1].playlist_id == FIRST
    assert bool(kept[-1].not_before) == isinstance(error, AskedToWaitError)


def test_a_pause_lasts_as_long_as_spotify_asks() -> None:
    clock = FakeClock()
    writer = Troubled(FakeWriter(), {1: "wait"})

    restorer_of(writer, clock, [], []).restore(plan_of(songs_of(uri(1))))

    assert clock.slept == [4]


def test_a_playlist_that_somebody_else_changes_gets_nothing_more() -> None:
    fake = FakeWriter()
    plan = with_added(with_playlist(plan_of(songs_of(*map(uri, range(250)))), FIRST))
    fake.create("mine", "")
    fake.playlists[FIRST] = [uri(n) for n in range(99)]

    with pytest.raises(StoppedError, match="has 99 rows, where this restore explains 100 or 200"):
        restorer_of(fake, FakeClock(), [], []).restore(plan, resumed=True)
    assert len(fake.playlists[FIRST]) == 99


def test_an_end_that_differs_is_told() -> None:
    fake = FakeWriter()
    plan = with_added(with_playlist(plan_of(songs_of(*map(uri, range(3)))), FIRST))
    fake.create("mine", "")

    with pytest.raises(
        StoppedError, match=r"has 0 rows.* explains 3, .*again, go on with --resume"
    ):
        restorer_of(fake, FakeClock(), [], []).restore(plan)


def test_a_name_that_spotify_does_not_take_is_told() -> None:
    with pytest.raises(StoppedError, match="does not create"):
        restorer_of(FakeWriter(), FakeClock(), [], []).restore(
            plan_of(songs_of(uri(1))).__replace__(name="")
        )


def test_progress_is_told() -> None:
    said: list[str] = []

    restorer_of(FakeWriter(), FakeClock(), [], said).restore(
        plan_of(songs_of(*map(uri, range(150))))
    )

    assert said == [
        f"“Kitchen radio (restored)” is created: https://open.spotify.com/playlist/{FIRST}",
        "100 of 150 songs are in it",
        "150 of 150 songs are in it",
    ]


def test_progress_is_told_only_where_there_is_some() -> None:
    said: list[str] = []

    restorer_of(FakeWriter(frozenset({GONE})), FakeClock(), [], said).restore(
        plan_of(songs_of(uri(0), GONE, uri(1)))
    )

    assert said[1:] == ["1 of 3 songs are in it", "2 of 3 songs are in it"]
