"""`changes`: which changes, and in which order."""

import pytest

from playlist_archive.documents.history import (
    Counts,
    History,
    MovedSong,
    PublishedChange,
    PublishedPlaylist,
    Size,
    SongAtRow,
)
from playlist_archive_cli.dates import parse_date
from playlist_archive_cli.screen import plain_lines
from playlist_archive_cli.verbs.changes import merge, tell_changes

pytestmark = pytest.mark.unit


def a_history(playlist_id: str) -> History:
    return History(
        playlist=PublishedPlaylist(playlist_id, playlist_id.upper(), ""),
        first_snapshot="2026-10-01T04:00:00Z",
        last_snapshot="2026-10-04T04:00:00Z",
        size=Size(1, 1, "1 song"),
        snapshots=(),
        names=(),
        gaps=(),
        changes=(),
        older=(),
    )


def a_change(day: str, *, after: str = "", added: int = 1, moved: int = 0) -> PublishedChange:
    time = f"{day}T04:00:00Z"
    return PublishedChange(
        time=time,
        after=f"{after}T04:00:00Z" if after else time,
        until=time,
        counts=Counts(added, 0, 0, moved),
        added=tuple(
            SongAtRow(row, f"Song {row}", ("Ensemble",), "x") for row in range(1, added + 1)
        ),
        moved=tuple(MovedSong(row, 9, "Song", (), "x") for row in range(1, moved + 1)),
    )


def test_changes_of_several_playlists_are_told_newest_first_and_alike_each_time() -> None:
    one, two = a_history("a"), a_history("b")
    told = [
        (one, [a_change("2026-10-02")]),
        (two, [a_change("2026-10-03"), a_change("2026-10-02")]),
    ]

    document = merge(told, parse_date("2026-10-01"))

    assert [(change.time[:10], change.playlist) for change in document.changes] == [
        ("2026-10-03", "b"),
        ("2026-10-02", "b"),
        ("2026-10-02", "a"),
    ]
    assert merge(told[::-1], parse_date("2026-10-01")).changes == document.changes
    assert document.since == "2026-10-01T00:00:00Z"


def test_a_playlist_without_changes_is_not_named() -> None:
    document = merge([(a_history("a"), []), (a_history("b"), [a_change("2026-10-02")])], None)

    assert [playlist.id for playlist in document.playlists] == ["b"]


def test_over_all_playlists_only_the_count_of_moves_is_told() -> None:
    document = merge([(a_history("a"), [a_change("2026-10-02", moved=3)])], None, with_moves=False)

    assert document.changes[0].moved == ()
    assert document.changes[0].counts.moved == 3


def test_a_change_after_missed_days_lies_between_two_days() -> None:
    document = merge([(a_history("a"), [a_change("2026-10-07", after="2026-10-04")])], None)

    lines = list(plain_lines(tell_changes(document, whole=True)))
    assert lines == [
        "Between 2026-10-04 and 2026-10-07  A: 1 added",
        "  Added: Song 1 by Ensemble, row 1",
    ]


def test_over_all_playlists_a_long_change_is_cut_and_says_so() -> None:
    document = merge([(a_history("a"), [a_change("2026-10-07", added=25)])], None)

    short = list(plain_lines(tell_changes(document, whole=False)))
    whole = list(plain_lines(tell_changes(document, whole=True)))
    assert (len(short), short[-1]) == (12, "  and 15 more")
    assert len(whole) == 26


def test_no_change_says_so() -> None:
    assert list(plain_lines(tell_changes(merge([], None), whole=False))) == ["No change was found"]
