"""Which changes are due as events: each live one once, and nothing old; and what an event says."""

import json
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.catalog import Catalog, EventsSent
from playlist_archive.documents.change_events import (
    MOST_SONGS,
    ChangeEvent,
    after_publishing,
    begin_events,
    changes_due,
    encode_event,
)
from playlist_archive.documents.history import (
    Counts,
    PublishedPlaylist,
    SongAtRow,
    TextChange,
    change_id,
)
from playlist_archive.documents.merge import merge
from playlist_archive.documents.recent_changes import RecentChange, RecentChanges
from playlist_archive.documents.timestamps import Timestamp, to_timestamp
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN
from tests.unit.documents.test_alerts import report

pytestmark = pytest.mark.unit

NAMED = PublishedPlaylist(PLAYLIST, "Harbour mix", f"https://open.spotify.com/playlist/{PLAYLIST}")


def time(day: int) -> Timestamp:
    return to_timestamp(RUN + day * DAY)


def a_change(
    day: int, playlist: str = PLAYLIST, *, source: str = "", songs: int = 1
) -> RecentChange:
    return RecentChange(
        playlist=playlist,
        source=source,
        time=time(day),
        after=time(day - 1),
        until=time(day),
        counts=Counts(songs, 0, 0, 0),
        added=tuple(SongAtRow(row, f"Song {row}", ("A",), "uri") for row in range(1, songs + 1)),
    )


def document(*changes: RecentChange) -> RecentChanges:
    newest = sorted(changes, key=lambda change: (change.time, change.playlist), reverse=True)
    return RecentChanges(
        since=None, until=newest[0].time, playlists=(NAMED,), changes=tuple(newest)
    )


def ids(*changes: RecentChange) -> frozenset[str]:
    return frozenset(change_id(change.playlist, change.time) for change in changes)


def test_events_wait_for_a_run_to_begin_with() -> None:
    assert begin_events(Catalog(), None, RUN) is None


def test_the_first_events_are_those_of_the_present_run() -> None:
    begun = begin_events(merge(Catalog(), [report(9)]), time(5), RUN + 9 * DAY)

    assert begun
    found = changes_due(begun, document(a_change(8), a_change(9), a_change(10)))
    assert [change.time for change in found] == [time(9), time(10)]


def test_after_a_loss_in_the_middle_of_a_run_what_was_published_before_is_not_due_again() -> None:
    begun = begin_events(merge(Catalog(), [report(9)]), time(9), RUN + 9 * DAY)

    assert begun
    assert changes_due(begun, document(a_change(9), a_change(9, OTHER))) == []


def test_a_change_ahead_of_the_clock_does_not_silence_those_of_the_present() -> None:
    begun = begin_events(merge(Catalog(), [report(9)]), time(3650), RUN + 9 * DAY)

    assert begun
    assert changes_due(begun, document(a_change(9))) == [a_change(9)]


def test_after_a_wrong_clock_events_begin_anew() -> None:
    wrong = replace(merge(Catalog(), [report(9)]), events=EventsSent(time(3650)))
    begun = begin_events(wrong, time(5), RUN + 9 * DAY)

    assert begun
    assert changes_due(begun, document(a_change(8), a_change(9))) == [a_change(9)]


def test_what_was_imported_is_not_due() -> None:
    changes = document(a_change(3, source="exportify"), a_change(4))

    assert changes_due(EventsSent(time(0)), changes) == [a_change(4)]


def test_a_snapshot_that_needed_no_event_gets_none_when_an_import_makes_it_a_change() -> None:
    first = after_publishing(EventsSent(time(0)), [], frozenset(), {PLAYLIST: time(3)})

    assert changes_due(first, document(a_change(3))) == []


def test_what_the_bus_did_not_take_is_due_again_with_what_follows_in_its_playlist() -> None:
    due = [a_change(1), a_change(1, OTHER), a_change(2), a_change(2, OTHER), a_change(3)]
    taken = ids(*due) - ids(a_change(2))

    sent = after_publishing(EventsSent(time(0)), due, taken, {PLAYLIST: time(3), OTHER: time(2)})

    assert changes_due(sent, document(*due)) == [a_change(2), a_change(3)]


def test_nothing_is_due_twice_though_the_newest_snapshot_was_removed_by_hand() -> None:
    sent = after_publishing(
        EventsSent(time(0), {PLAYLIST: time(5)}), [], frozenset(), {PLAYLIST: time(3)}
    )

    assert changes_due(sent, document(a_change(4), a_change(5))) == []


@given(
    st.lists(
        st.tuples(st.sampled_from([PLAYLIST, OTHER]), st.booleans(), st.booleans()), max_size=12
    ),
    st.data(),
)
def test_each_live_change_is_taken_whatever_the_bus_refuses_at_first(
    made: list[tuple[str, bool, bool]], data: st.DataObject
) -> None:
    """After every change all that is known is looked at, and the bus takes some of what is due."""
    sent, changes, taken = EventsSent(time(-1)), list[RecentChange](), list[str]()
    for day, (playlist, imported, _) in enumerate(made):
        changes.append(a_change(day, playlist, source="exportify" if imported else ""))
        known = document(*changes)
        due = changes_due(sent, known)
        some = {one for one in sorted(ids(*due)) if data.draw(st.booleans())}
        newest = {one: max(it.time for it in changes if it.playlist == one) for one in {playlist}}
        sent = after_publishing(sent, due, some, newest)
        taken += some
    if changes:
        due = changes_due(sent, document(*changes))
        taken += ids(*due)
        newest = {change.playlist: change.time for change in changes}
        sent = after_publishing(sent, due, ids(*due), newest)
        assert changes_due(sent, document(*changes)) == []

    assert set(taken) == ids(*(change for change in changes if not change.source))


def event(change: RecentChange) -> ChangeEvent:
    return ChangeEvent.of(change, NAMED)


@pytest.mark.parametrize(("songs", "complete"), [(MOST_SONGS, True), (MOST_SONGS + 1, False)])
def test_an_event_names_a_hundred_songs_and_of_more_only_counts(songs: int, complete: bool) -> None:
    detail = json.loads(encode_event(event(a_change(1, songs=songs)), 250_000))

    assert detail["complete"] is complete
    assert len(detail["change"].get("added", ())) == (songs if complete else 0)
    assert detail["change"]["counts"]["added"] == songs
    assert detail["history"] == f"playlists/history/{PLAYLIST}.json"


@given(st.text(min_size=1), st.integers(min_value=1, max_value=400_000))
def test_no_event_is_larger_than_the_bus_takes(text: str, times: int) -> None:
    largest = 20_000
    name = (text * times)[:400_000]
    named = PublishedPlaylist(PLAYLIST, name, "https://" + "x" * times)
    change = replace(a_change(1), name=TextChange(name, name))

    detail = encode_event(ChangeEvent.of(change, named), largest)

    assert len(detail.encode()) <= largest
    assert msgspec.json.decode(detail, type=ChangeEvent).id == change_id(PLAYLIST, time(1))


def test_the_id_depends_on_the_playlist_and_the_time_alone() -> None:
    other = ChangeEvent.of(a_change(1, songs=7), PublishedPlaylist(PLAYLIST, "Renamed", ""))

    assert other.id == event(a_change(1)).id
    assert event(a_change(2)).id != event(a_change(1)).id
    assert ChangeEvent.of(a_change(1, OTHER), replace(NAMED, id=OTHER)).id != other.id


def test_an_event_lies_within_a_second_of_the_run_that_it_belongs_to() -> None:
    run = RUN + 9 * DAY
    begun = begin_events(merge(Catalog(), [report(9)]), None, run)

    assert begun
    assert begun.after == to_timestamp(run - timedelta(seconds=1))
