from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import pytest
from msgspec.structs import replace

from playlist_archive.documents.changes import Move, Placed
from playlist_archive.documents.fold import fold, fold_all
from playlist_archive.documents.ledger import (
    FoldedSnapshot,
    Interval,
    Ledger,
    decode_ledger,
    encode_ledger,
    fingerprint_of,
    with_page_status,
)
from playlist_archive.documents.playlist import Owner, Row
from playlist_archive.documents.snapshot import header_of
from playlist_archive.documents.timestamps import to_timestamp
from tests.support.strategies import (
    PLAYLIST_ID,
    day,
    from_source,
    page_status_of,
    rows_of,
    snapshot_of,
    song,
)

pytestmark = pytest.mark.unit

FIRST, SECOND, THIRD = "2024-03-01", "2024-03-02", "2024-03-03"


def folded(*contents: str | tuple[Row, ...]) -> Ledger:
    """Fold contents that were read on 1 March, 2 March and so on."""
    return fold_all(
        snapshot_of(rows, f"2024-03-{number:02}") for number, rows in enumerate(contents, start=1)
    )


def moment(date: str) -> str:
    return to_timestamp(day(date))


def intervals(ledger: Ledger, dead_letter: str, nth: int = 0) -> tuple[Interval, ...]:
    for occurrence in ledger.occurrences.values():
        if (ledger.items[occurrence.item].uri, occurrence.nth) == (song(dead_letter).uri, nth):
            return occurrence.intervals
    raise LookupError(dead_letter)


def current(ledger: Ledger) -> str:
    """Return the letters of the rows, in upper case if Spotify no longer describes the row."""
    dead_letters = ""
    for row in ledger.rows:
        if row.occurrence is None:
            dead_letters += "?"
        else:
            dead_letter = ledger.items[ledger.occurrences[row.occurrence].item].uri[-1]
            dead_letters += dead_letter.upper() if row.hidden else dead_letter
    return dead_letters


def dead_letters(ledger: Ledger, told: Sequence[Placed | Move]) -> str:
    return "".join(ledger.items[ledger.occurrences[one.occurrence].item].uri[-1] for one in told)


def items(ledger: Ledger, indices: tuple[int, ...]) -> str:
    return "".join(ledger.items[index].uri[-1] for index in indices)


class TestStays:
    def test_a_song_is_there_from_the_first_run_that_saw_it(self) -> None:
        ledger = folded("a", "ab")

        assert intervals(ledger, "a") == (Interval(moment(FIRST)),)
        assert intervals(ledger, "b") == (Interval(moment(SECOND)),)

    def test_a_song_was_removed_between_the_last_snapshot_and_the_first_without_it(self) -> None:
        ledger = folded("ab", "a", "a")

        assert intervals(ledger, "b") == (
            Interval(moment(FIRST), None, moment(FIRST), moment(SECOND)),
        )

    def test_a_later_good_check_narrows_the_time_of_a_removal(self) -> None:
        checked = day("2024-03-08")
        ledger = fold_all(
            [snapshot_of("ab", FIRST), snapshot_of("a", "2024-03-09", previous_check=checked)]
        )

        assert intervals(ledger, "b")[0].last_seen == to_timestamp(checked)
        assert ledger.changes[-1].previous == checked

    def test_a_check_before_the_last_snapshot_narrows_nothing(self) -> None:
        ledger = fold_all(
            [
                snapshot_of("ab", SECOND),
                snapshot_of("a", THIRD, previous_check=day(FIRST)),
            ]
        )

        assert intervals(ledger, "b")[0].last_seen == moment(SECOND)

    def test_a_check_that_saw_what_nobody_can_read_narrows_nothing(self) -> None:
        """Between the two was a snapshot that was damaged, and the check saw that one."""
        later = snapshot_of("a", "2024-03-09", previous_check=day("2024-03-08"))
        ledger = fold(fold_all([snapshot_of("ab", FIRST)]), later, [day(SECOND)])

        assert intervals(ledger, "b")[0].last_seen == moment(FIRST)
        assert ledger.changes[-1].previous == day(FIRST)

    def test_a_check_that_did_not_see_what_was_brought_in_later_narrows_nothing(self) -> None:
        history = [
            snapshot_of("a", FIRST),
            from_source(snapshot_of("ab", THIRD)),
            snapshot_of("a", "2024-03-09", previous_check=day("2024-03-08")),
        ]
        ledger = fold_all(history)

        assert intervals(ledger, "b")[0].last_seen == moment(THIRD)
        assert [change.previous for change in ledger.changes] == [day(FIRST), day(THIRD)]

    def test_a_check_saw_what_was_brought_in_later_if_that_changes_nothing(self) -> None:
        checked = day("2024-03-08")
        history = [
            snapshot_of("ab", FIRST),
            from_source(snapshot_of("ab", THIRD)),
            snapshot_of("a", "2024-03-09", previous_check=checked),
        ]
        ledger = fold_all(history)

        assert intervals(ledger, "b")[0].last_seen == to_timestamp(checked)
        assert ledger.changes[-1].previous == checked

    def test_a_check_that_a_snapshot_dates_after_itself_narrows_nothing(self) -> None:
        ledger = fold_all(
            [snapshot_of("ab", FIRST), snapshot_of("a", SECOND, previous_check=day(THIRD))]
        )

        assert ledger.changes[-1].previous == day(FIRST)

    def test_a_song_that_comes_back_has_two_stays(self) -> None:
        ledger = folded("ab", "a", "ba")

        assert intervals(ledger, "b") == (
            Interval(moment(FIRST), None, moment(FIRST), moment(SECOND)),
            Interval(moment(THIRD)),
        )
        assert dead_letters(ledger, ledger.changes[-1].readded) == "b"
        assert ledger.changes[-1].added == ()

    def test_a_song_that_goes_again_keeps_its_earlier_stays(self) -> None:
        fourth = "2024-03-04"
        ledger = folded("ab", "a", "ab", "a")

        assert intervals(ledger, "b") == (
            Interval(moment(FIRST), None, moment(FIRST), moment(SECOND)),
            Interval(moment(THIRD), None, moment(THIRD), moment(fourth)),
        )

    def test_a_song_that_is_there_twice_has_two_occurrences(self) -> None:
        ledger = folded("aba", "ab")

        assert len(ledger.items) == 2
        assert intervals(ledger, "a", 0) == (Interval(moment(FIRST)),)
        assert intervals(ledger, "a", 1)[0].first_missing == moment(SECOND)

    def test_spotifys_date_is_kept_with_the_stay(self) -> None:
        added = day("2023-11-05")

        assert intervals(folded(rows_of("a", added)), "a") == (
            Interval(moment(FIRST), to_timestamp(added)),
        )

    @pytest.mark.parametrize(
        ("told_first", "told_then", "kept"),
        [
            (None, day("2023-11-05"), day("2023-11-05")),
            (None, day("2024-03-02"), None),
            (None, day(FIRST) - timedelta(hours=3), None),
            (day("2023-11-05"), day("2023-11-04"), day("2023-11-04")),
            (day("2023-11-05"), day("2023-11-06"), day("2023-11-05")),
            (day("2023-11-05"), None, day("2023-11-05")),
        ],
    )
    def test_only_a_date_of_an_earlier_day_corrects_the_start_of_a_stay(
        self, told_first: datetime | None, told_then: datetime | None, kept: datetime | None
    ) -> None:
        ledger = folded(rows_of("a", told_first), rows_of("a", told_then))

        assert intervals(ledger, "a") == (
            Interval(moment(FIRST), to_timestamp(kept) if kept else None),
        )


class TestUnknownRows:
    @pytest.mark.parametrize(
        ("before", "after", "expected"),
        [
            ("abc", "a?c", "aBc"),
            ("abc", "??c", "ABc"),
            ("abc", "a??", "aBC"),
            ("abc", "???", "ABC"),
            ("abc", "?bc", "Abc"),
            ("abc", "b?d", "bCd"),
            ("abc", "a?bc", "a?bc"),
            ("abcd", "x??d", "xBCd"),
            ("abc", "d?c", "dBc"),
            ("abcd", "c?a", "cDa"),
            ("abc", "xy?", "xyC"),
            ("abc", "x?z", "xAz"),
        ],
    )
    def test_an_unknown_row_takes_the_place_of_a_missing_song(
        self, before: str, after: str, expected: str
    ) -> None:
        assert current(folded(before, after)) == expected

    def test_a_song_that_may_be_an_unknown_row_is_not_removed(self) -> None:
        ledger = folded("abc", "a?c")

        assert intervals(ledger, "b") == (Interval(moment(FIRST)),)
        assert ledger.changes[-1].removed == ()
        assert items(ledger, ledger.changes[-1].unavailable) == "b"

    def test_more_missing_songs_than_unknown_rows_are_removed(self) -> None:
        ledger = folded("abcd", "a?")

        assert current(ledger) == "aB"
        assert dead_letters(ledger, ledger.changes[-1].removed) == "cd"

    def test_a_song_that_shows_again_never_left(self) -> None:
        ledger = folded("abc", "a?c", "abc")

        assert current(ledger) == "abc"
        assert intervals(ledger, "b") == (Interval(moment(FIRST)),)
        assert items(ledger, ledger.changes[-1].available) == "b"
        assert ledger.changes[-1].added == ledger.changes[-1].readded == ()

    def test_a_song_stays_hidden_without_being_news_again(self) -> None:
        ledger = folded("abc", "a?c", "a?cd")

        assert current(ledger) == "aBcd"
        assert ledger.changes[-1].unavailable == ()

    @pytest.mark.parametrize(
        ("contents", "unavailable", "available"),
        [
            (("a", "!", "?", "!", "a"), ["a", ""], ["", "a"]),
            (("a", "?", "!"), ["a"], [""]),
            (("a", "!", "?", "a"), ["a", ""], ["", "a"]),
            (("aa", "??", "aa"), ["a", ""], ["", "a"]),
            (("aa", "a?", "?"), ["a", ""], ["", ""]),
            (("aa", "??", "a?", "aa"), ["a", ""], ["", "a"]),
        ],
    )
    def test_a_song_becomes_unavailable_only_once(
        self, contents: Sequence[str], unavailable: list[str], available: list[str]
    ) -> None:
        """`!` is the song when Spotify says that it cannot be played."""
        silent = (Row(item=song("a", playable=False)),)
        ledger = folded(*(silent if rows == "!" else rows_of(rows) for rows in contents))

        assert [items(ledger, change.unavailable) for change in ledger.changes] == unavailable
        assert [items(ledger, change.available) for change in ledger.changes] == available

    def test_a_song_of_which_no_source_says_that_it_could_be_played_is_not_told_to_have_stopped(
        self,
    ) -> None:
        silent = (Row(item=replace(song("a"), unknown=("playable",))),)
        ledger = folded(silent, "?", silent, "?", "a")

        assert not any(change.unavailable for change in ledger.changes)
        assert [items(ledger, change.available) for change in ledger.changes] == ["a"]

    def test_a_hidden_song_is_removed_when_its_row_goes(self) -> None:
        ledger = folded("abc", "a?c", "ac")

        assert intervals(ledger, "b")[0] == Interval(
            moment(FIRST), None, moment(SECOND), moment(THIRD)
        )

    def test_a_row_that_was_never_known_hides_no_removal(self) -> None:
        ledger = folded("ab?c", "b?c")

        assert current(ledger) == "b?c"
        assert dead_letters(ledger, ledger.changes[-1].removed) == "a"

    def test_an_unknown_row_in_the_first_snapshot_stays_unknown(self) -> None:
        assert current(folded("?a?")) == "?a?"


class TestChanges:
    def test_the_first_snapshot_is_no_change(self) -> None:
        assert folded("ab").changes == ()

    def test_a_snapshot_that_equals_the_one_before_it_is_no_change(self) -> None:
        ledger = folded("ab", "ab")

        assert ledger.changes == ()
        assert ledger.last == day(SECOND)

    def test_changes_are_in_the_order_of_time(self) -> None:
        ledger = folded("a", "ab", "b")

        assert [change.time for change in ledger.changes] == [day(SECOND), day(THIRD)]
        assert dead_letters(ledger, ledger.changes[0].added) == "b"
        assert dead_letters(ledger, ledger.changes[1].removed) == "a"

    @pytest.mark.parametrize(
        ("before", "after", "moved"),
        [
            ("abcd", "bcda", "a"),
            ("abcd", "dabc", "d"),
            ("abcd", "acbd", "c"),
            ("abcd", "xabcd", ""),
            ("abcd", "bd", ""),
            ("abcd", "xdyab", "d"),
            ("abcde", "cdeab", "ab"),
            ("abcd", "dcba", "dcb"),
        ],
    )
    def test_the_fewest_rows_that_explain_the_order_moved(
        self, before: str, after: str, moved: str
    ) -> None:
        ledger = folded(before, after)

        assert dead_letters(ledger, ledger.changes[-1].moved) == moved

    def test_rows_are_counted_from_one_with_those_that_spotify_does_not_name(self) -> None:
        ledger = folded("?abc", "?a", "?xca")

        removed, added = ledger.changes
        assert [one.row for one in removed.removed] == [3, 4]
        assert [one.row for one in added.added] == [2]
        assert [one.row for one in added.readded] == [3]
        assert [(one.before, one.after) for one in folded("?abc", "?bca").changes[0].moved] == [
            (2, 4)
        ]

    @pytest.mark.parametrize(
        ("before", "after", "went", "came"),
        [
            ("ab", "a?b", (), (2,)),
            ("a?b", "ab", (2,), ()),
            ("?ab", "ab?", (1,), (3,)),
            ("a??b", "a?b?", (3,), (4,)),
            ("?", "", (1,), ()),
            ("a?", "a??", (), (3,)),
        ],
    )
    def test_unknown_rows_that_come_and_go_are_told(
        self, before: str, after: str, went: tuple[int, ...], came: tuple[int, ...]
    ) -> None:
        (change,) = folded(before, after).changes

        assert (change.null_removed, change.null_added) == (went, came)

    def test_each_snapshot_is_known_by_its_time_rows_and_source(self) -> None:
        live = snapshot_of("ab?", FIRST)
        ledger = fold_all([live, from_source(snapshot_of("a", SECOND))])

        assert ledger.snapshots == (
            FoldedSnapshot(moment(FIRST), 3),
            FoldedSnapshot(moment(SECOND), 1, "git-archive"),
        )

    def test_a_new_text_of_a_song_is_shown_with_the_old_one(self) -> None:
        ledger = folded("a", (Row(item=song("a", name="Better title")),))

        assert ledger.changes[-1].renamed == ((0, "Song a -- Ensemble -- Collected"),)
        assert ledger.items[0].name == "Better title"

    def test_a_song_that_cannot_be_played_and_then_can_be_is_shown(self) -> None:
        ledger = folded("ab", (Row(item=song("a", playable=False)), *rows_of("b")), "ab")

        assert [change.unavailable for change in ledger.changes] == [(0,), ()]
        assert [change.available for change in ledger.changes] == [(), (0,)]

    def test_a_change_holds_the_playlists_former_values(self) -> None:
        ledger = fold_all(
            [
                snapshot_of("a", FIRST, description="For cooking"),
                snapshot_of("a", SECOND, name="Study", owner=Owner("paul", "Paul")),
            ]
        )

        change = ledger.changes[-1]
        assert (change.name, change.description) == ("Kitchen radio", "For cooking")
        assert change.owner is not None
        assert change.owner.name == "Marta"
        assert ledger.header.name == "Study"

    def test_an_unchanged_value_is_not_shown(self) -> None:
        change = folded("a", "b").changes[-1]

        assert (change.name, change.description, change.owner) == (None, None, None)


class TestWhatASourceDoesNotTell:
    @pytest.mark.parametrize("first", [True, False])
    def test_neither_its_beginning_nor_its_end_is_a_change(self, first: bool) -> None:
        live = snapshot_of("a", name="Study", description="For cooking")
        partial = from_source(
            live,
            ["name", "description", "owner"],
            ["name", "artists", "album", "playable", "isrc"],
        )
        one, two = (partial, live) if first else (live, partial)

        ledger = fold_all([one, replace(two, time=day(SECOND))])

        assert ledger.changes == ()
        assert ledger.header == header_of(live)
        assert ledger.items == {0: song("a")}

    def test_a_song_that_cannot_be_played_when_playability_is_told_first_is_no_news(self) -> None:
        silent = (Row(item=song("a", playable=False)),)
        partial = from_source(snapshot_of("a"), item=["playable"])

        ledger = fold_all([partial, snapshot_of(silent, SECOND)])

        assert ledger.changes == ()
        assert not ledger.items[0].playable

    def test_what_really_changed_meanwhile_is_told(self) -> None:
        partial = from_source(snapshot_of("a", name="One"), ["owner"], ["album"])
        later = snapshot_of((Row(item=song("a", name="Better title")),), SECOND, name="Two")

        (change,) = fold_all([partial, later]).changes

        assert (change.name, change.owner) == ("One", None)
        assert change.renamed == ((0, "Song a -- Ensemble -- Collected"),)

    def test_what_changed_while_it_was_not_told_is_told_when_it_is(self) -> None:
        partial = from_source(snapshot_of("a", SECOND, name="Two"), ["name"])

        ledger = fold_all(
            [snapshot_of("a", name="One"), partial, snapshot_of("a", THIRD, name="Two")]
        )

        (change,) = ledger.changes
        assert (change.time, change.name) == (day(THIRD), "One")

    def test_a_length_to_the_second_does_not_replace_a_length(self) -> None:
        exact = snapshot_of((Row(item=song("a", duration_ms=214_360)),))
        partial = from_source(exact, item=["duration_ms"])

        assert fold_all([partial]).items[0].duration_ms == 214_000
        for one, two in ((exact, partial), (partial, exact)):
            ledger = fold_all([one, replace(two, time=day(SECOND))])
            assert ledger.items[0].duration_ms == 214_360
            assert ledger.changes == ()

    def test_an_isrc_stays_known(self) -> None:
        known = replace(song("a"), isrc="GBXXX1900123")
        partial = from_source(snapshot_of("a", SECOND), item=["isrc"])

        assert fold_all([snapshot_of((Row(item=known),)), partial]).items == {0: known}

    def test_what_no_snapshot_tells_stays_unknown(self) -> None:
        partial = from_source(snapshot_of("a"), ["owner"], ["isrc", "album"])

        ledger = fold_all([partial, replace(partial, time=day(SECOND))])

        assert ledger.header.unknown == ("owner",)
        assert ledger.items[0].unknown == ("isrc", "album")

    def test_a_row_keeps_the_date_of_its_stay(self) -> None:
        added = day("2023-11-05")
        partial = from_source(snapshot_of("a", SECOND), dates=False)

        ledger = fold_all([snapshot_of(rows_of("a", added)), partial])

        assert ledger.rows[0].added_at == to_timestamp(added)

    def test_a_date_of_the_very_day_replaces_none(self) -> None:
        early = day(FIRST) - timedelta(hours=3)
        partial = from_source(snapshot_of("a"), dates=False)

        ledger = fold_all([partial, snapshot_of(rows_of("a", early), SECOND)])

        assert intervals(ledger, "a") == (Interval(moment(FIRST), to_timestamp(early)),)

    def test_a_source_that_tells_the_day_only_leaves_the_exact_date_as_it_is(self) -> None:
        added_at = day("2024-02-01").replace(hour=12)
        live = snapshot_of(rows_of("a", added_at))
        by_day = from_source(snapshot_of(rows_of("a", added_at.replace(hour=0)), SECOND))
        other_day = from_source(
            snapshot_of(rows_of("a", day("2024-02-02").replace(hour=0)), SECOND)
        )

        assert fold_all([live, by_day]).rows[0].added_at == "2024-02-01T12:00:00Z"
        assert fold_all([live, other_day]).rows[0].added_at == "2024-02-02T00:00:00Z"

    def test_the_exact_date_replaces_the_day_that_a_source_told(self) -> None:
        added_at = day("2024-02-01").replace(hour=12)
        by_day = from_source(snapshot_of(rows_of("a", added_at.replace(hour=0))))
        live = snapshot_of(rows_of("a", added_at), SECOND)

        [stay] = fold_all([by_day, live]).occurrences[0].intervals
        assert stay.added_at == "2024-02-01T12:00:00Z"

    def test_a_live_read_that_knows_no_date_says_so(self) -> None:
        added = day("2023-11-05")
        history = [
            snapshot_of(rows_of("a", added)),
            from_source(snapshot_of("a", SECOND), dates=False),
            snapshot_of("a", THIRD),
        ]

        assert fold_all(history).rows[0].added_at is None


class TestFold:
    def test_the_last_snapshot_again_changes_nothing(self) -> None:
        ledger = folded("a", "b")

        assert fold(ledger, snapshot_of("b", SECOND)) == ledger

    def test_an_older_snapshot_is_refused(self) -> None:
        with pytest.raises(ValueError, match="is older than"):
            fold(folded("a", "b"), snapshot_of("a", FIRST))

    def test_another_playlists_snapshot_is_refused(self) -> None:
        other = msgspec.structs.replace(snapshot_of("a", SECOND), playlist_id="x" * 22)

        with pytest.raises(ValueError, match="not the playlist"):
            fold(folded("a"), other)

    def test_a_ledger_needs_a_snapshot(self) -> None:
        with pytest.raises(ValueError, match="begins with a snapshot"):
            fold_all([])

    def test_order_and_repetition_do_not_matter_to_fold_all(self) -> None:
        snapshots = [snapshot_of("a", FIRST), snapshot_of("ab", SECOND), snapshot_of("b", THIRD)]

        assert fold_all([*reversed(snapshots), *snapshots]) == fold_all(snapshots)

    def test_the_fingerprint_depends_on_the_folded_snapshots(self) -> None:
        one, two, three = (snapshot_of("a", date) for date in (FIRST, SECOND, THIRD))
        ledgers = [fold_all(some) for some in ([one], [one, two], [one, three], [two, three])]

        assert len({ledger.fingerprint for ledger in ledgers}) == 4
        assert fold_all([one, two]).fingerprint == fingerprint_of([day(FIRST), day(SECOND)])

    def test_a_skipped_snapshot_counts_for_the_fingerprint_only(self) -> None:
        whole = fold_all(
            [snapshot_of("a", FIRST), snapshot_of("a", SECOND), snapshot_of("b", THIRD)]
        )
        without = fold(folded("a"), snapshot_of("b", THIRD), [day(SECOND)])

        assert without.fingerprint == whole.fingerprint
        first = fold(None, snapshot_of("a", SECOND), [day(FIRST)])
        assert first.fingerprint == folded("a", "b").fingerprint
        assert first.first_read == day(SECOND)

    def test_the_playlist_is_as_in_the_newest_snapshot(self) -> None:
        row = Row(added_at=day("2024-02-03"), added_by="paul", item=song("a"))
        ledger = fold_all(
            [snapshot_of("ab", FIRST), snapshot_of((row,), SECOND, snapshot_id="bmV3")]
        )

        assert current(ledger) == "a"
        assert (ledger.rows[0].added_at, ledger.rows[0].added_by) == (moment("2024-02-03"), "paul")
        assert ledger.header.snapshot_id == "bmV3"
        assert (ledger.first_read, ledger.last) == (day(FIRST), day(SECOND))

    def test_a_fold_keeps_values_that_do_not_come_from_snapshots(self) -> None:
        ledger = fold(with_page_status(folded("a"), page_status_of()), snapshot_of("b", SECOND))

        assert ledger.page_status == page_status_of()


class TestDocument:
    def test_a_ledger_survives_writing_and_reading(self) -> None:
        ledger = with_page_status(folded("ab?", "b?a", "?"), page_status_of(snapshot=day(THIRD)))

        assert decode_ledger(encode_ledger(ledger)) == ledger

    def test_the_document_names_its_schema(self) -> None:
        document = encode_ledger(folded("a"))

        assert msgspec.json.decode(document)["schema"] == 1
        with pytest.raises(msgspec.ValidationError):
            decode_ledger(document.replace(b'"schema":1', b'"schema":2'))


class TestPageStatus:
    def test_the_higher_revision_stays(self) -> None:
        ledger = with_page_status(folded("a"), page_status_of(2, reason="two"))

        assert with_page_status(ledger, page_status_of(1, reason="one")) == ledger
        assert with_page_status(ledger, page_status_of(2, reason="other")) == ledger
        newer = with_page_status(ledger, page_status_of(3, reason="three")).page_status
        assert newer is not None
        assert newer.reason == "three"

    def test_without_a_page_status_spotifys_name_is_the_name(self) -> None:
        ledger = folded("a")

        assert ledger.original_name == ledger.unique_name == "Kitchen radio"

    @pytest.mark.parametrize("blank", ["", " ", "\n"])
    def test_a_blank_name_gives_way_to_the_id(self, blank: str) -> None:
        ledger = fold_all([snapshot_of("a", name=blank)])

        assert ledger.original_name == ledger.unique_name == PLAYLIST_ID

    def test_the_alias_is_the_name(self) -> None:
        page_status = page_status_of(alias="Ours", name="Ours", unique_name="Ours (2)")
        ledger = with_page_status(folded("a"), page_status)

        assert (ledger.original_name, ledger.unique_name) == ("Ours", "Ours (2)")

    def test_a_unique_name_made_of_an_old_name_is_not_used(self) -> None:
        page_status = page_status_of(name="Kitchen", unique_name="Kitchen (2)")
        ledger = with_page_status(folded("a"), page_status)

        assert ledger.unique_name == "Kitchen radio"

    def test_numbers_read_since_the_snapshot_are_shown(self) -> None:
        page_status = page_status_of(snapshot=day(FIRST), followers=99, snapshot_id="bmV3")
        ledger = with_page_status(folded("a"), page_status)

        assert (ledger.followers, ledger.snapshot_id) == (99, "bmV3")

    def test_numbers_read_before_the_snapshot_are_not_shown(self) -> None:
        page_status = page_status_of(snapshot=day(FIRST), followers=99, snapshot_id="bmV3")
        ledger = with_page_status(folded("a", "b"), page_status)

        assert (ledger.followers, ledger.snapshot_id) == (12, "c25hcA==")

    def test_a_page_status_without_a_read_changes_no_numbers(self) -> None:
        ledger = with_page_status(folded("a"), page_status_of())

        assert (ledger.followers, ledger.snapshot_id) == (12, "c25hcA==")

    def test_a_follower_number_that_spotify_no_longer_sends_is_not_shown(self) -> None:
        ledger = with_page_status(folded("a"), page_status_of(snapshot=day(FIRST)))

        assert (ledger.followers, ledger.snapshot_id) == (None, "c25hcA==")


def test_snapshots_may_be_an_iterator() -> None:
    snapshots = [snapshot_of("a")]

    assert fold_all(iter(snapshots)) == fold_all(snapshots)
