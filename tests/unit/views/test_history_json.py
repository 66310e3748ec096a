import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents import history as documents
from playlist_archive.documents.fold import NEWEST_CHANGES, fold_all
from playlist_archive.documents.history import (
    History,
    HistoryOfYear,
    PublishedChange,
    encode_history,
)
from playlist_archive.documents.ledger import Ledger, with_page_status
from playlist_archive.documents.playlist import Owner, Row
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.status import StatusPeriod
from playlist_archive.views import render_pages
from tests.support.strategies import (
    OWNER,
    PLAYLIST_ID,
    SPOTIFY,
    any_snapshots,
    day,
    from_source,
    page_status_of,
    playlist_histories,
    snapshot_of,
    song,
)

pytestmark = pytest.mark.unit

DOCUMENTATION = Path(__file__).parents[3] / "docs" / "documents.md"
KEY = f"playlists/history/{PLAYLIST_ID}.json"


def history_of(ledger: Ledger) -> History:
    return msgspec.json.decode(render_pages(ledger)[KEY].body, type=History)


def years_of(ledger: Ledger) -> dict[str, HistoryOfYear]:
    pages = render_pages(ledger)
    return {
        key: msgspec.json.decode(page.body, type=HistoryOfYear)
        for key, page in pages.items()
        if re.search(r"/history/\w+-[0-9]+\.json$", key)
    }


def newest_change(*snapshots: Snapshot) -> dict[str, object]:
    """Return the last change as a reader of the JSON sees it."""
    document = msgspec.json.decode(render_pages(fold_all(snapshots))[KEY].body)
    change = document["changes"][0]
    assert isinstance(change, dict)
    return change


def told(dead_letter: str, **more: object) -> dict[str, object]:
    item = song(dead_letter)
    return {**more, "name": item.name, "artists": ["Ensemble"], "uri": item.uri}


def at_row(row: int, dead_letter: str) -> dict[str, object]:
    return told(dead_letter, row=row)


class TestDocumentation:
    def example(self) -> bytes:
        match = re.search(r"```json\n(.*?)```", DOCUMENTATION.read_text(), re.DOTALL)
        assert match
        return match[1].encode()

    def test_its_example_is_what_the_code_reads_and_writes(self) -> None:
        example = self.example()

        written = encode_history(msgspec.json.decode(example, type=History))

        assert msgspec.json.format(written, indent=1) + b"\n" == example

    def test_it_names_every_field(self) -> None:
        words = set(re.findall(r"`(\w+)`", DOCUMENTATION.read_text()))

        for struct in vars(documents).values():
            if isinstance(struct, type) and issubclass(struct, msgspec.Struct):
                assert set(struct.__struct_encode_fields__) <= words

    def test_a_document_of_another_schema_is_refused(self) -> None:
        with pytest.raises(msgspec.ValidationError, match="schema"):
            msgspec.json.decode(
                self.example().replace(b'"schema": 1', b'"schema": 2'), type=History
            )


def test_it_says_whose_history_it_is_and_lists_every_snapshot_newest_first() -> None:
    ledger = fold_all([from_source(snapshot_of("a?")), snapshot_of("a?", "2024-03-02")])
    ledger = with_page_status(ledger, page_status_of(unique_name="Kitchen radio (2)"))

    document = msgspec.json.decode(render_pages(ledger)[KEY].body)

    assert document["schema"] == 1
    assert document["playlist"] == {
        "id": PLAYLIST_ID,
        "name": "Kitchen radio (2)",
        "url": f"{SPOTIFY}/playlist/{PLAYLIST_ID}",
    }
    assert document["first_snapshot"] == "2024-03-01T04:00:00Z"
    assert document["last_snapshot"] == "2024-03-02T04:00:00Z"
    assert document["snapshots"] == [
        {"time": "2024-03-02T04:00:00Z", "rows": 2},
        {"time": "2024-03-01T04:00:00Z", "rows": 2, "source": "git-archive"},
    ]
    assert (document["changes"], document["gaps"], document["older"]) == ([], [], [])


def test_a_change_tells_everything_with_its_rows() -> None:
    changed = [
        Row(item=song("d")),
        Row(item=song("f")),
        Row(item=song("c", name="Better title")),
        Row(item=song("a", playable=False)),
        Row(),
    ]

    change = newest_change(
        snapshot_of("abcde", "2024-03-01"),
        snapshot_of("abce", "2024-03-02"),
        snapshot_of(changed, "2024-03-05", previous_check=day("2024-03-03")),
    )

    better = told("c") | {"name": "Better title"}
    assert change == {
        "time": "2024-03-05T04:00:00Z",
        "after": "2024-03-03T04:00:00Z",
        "until": "2024-03-05T04:00:00Z",
        "counts": {"added": 1, "readded": 1, "removed": 1, "moved": 1},
        "added": [at_row(2, "f")],
        "readded": [at_row(1, "d")],
        "removed": [at_row(4, "e")],
        "moved": [{**better, "from": 3, "to": 3}],
        "unavailable": [told("b"), told("a")],
        "renamed": [{**better, "before": "Song c -- Ensemble -- Collected"}],
    }


def test_a_row_that_spotify_does_not_name_has_no_song() -> None:
    came = newest_change(snapshot_of("ab", "2024-03-01"), snapshot_of("a?bc", "2024-03-02"))
    went = newest_change(snapshot_of("?a", "2024-03-01"), snapshot_of("a", "2024-03-02"))

    assert came["added"] == [{"row": 2}, at_row(4, "c")]
    assert went["removed"] == [{"row": 1}]


def test_a_song_that_is_available_again_is_told() -> None:
    change = newest_change(
        snapshot_of("a?", "2024-03-01"),
        snapshot_of("a?", "2024-03-02"),
        snapshot_of((Row(item=song("a", playable=False)), Row()), "2024-03-03"),
        snapshot_of("a?", "2024-03-04"),
    )

    assert change["available"] == [told("a")]


def test_names_are_told_since_they_were_seen_first() -> None:
    paul = Owner("paul", "Paul")
    ledger = fold_all(
        [
            snapshot_of("a", "2024-03-01", name="One"),
            snapshot_of("ab", "2024-03-02", name="One"),
            snapshot_of("ab", "2024-03-03", name="Two", description="New"),
            snapshot_of("ab", "2024-03-04", name="Two", description="New", owner=paul),
        ]
    )

    document = history_of(ledger)

    assert [(one.since[:10], one.name, one.description, one.owner) for one in document.names] == [
        ("2024-03-04", "Two", "New", paul),
        ("2024-03-03", "Two", "New", OWNER),
        ("2024-03-01", "One", "", OWNER),
    ]
    owner, names = document.changes[0], document.changes[1]
    assert owner.owner is not None
    assert (owner.owner.before, owner.owner.after, owner.name) == (OWNER, paul, None)
    assert names.name is not None
    assert (names.name.before, names.name.after) == ("One", "Two")
    assert names.description is not None
    assert (names.description.before, names.description.after) == ("", "New")


def test_every_gap_is_told_newest_first() -> None:
    ledger = fold_all([snapshot_of("a", "2024-03-01")])
    gaps = (
        StatusPeriod(day("2024-03-04"), "not_found", "gone *", until=day("2024-03-07")),
        StatusPeriod(day("2024-03-09"), "deferred", "", until=day("2024-03-10")),
    )

    document = history_of(with_page_status(ledger, page_status_of(gaps=gaps)))

    assert [(one.since[:10], one.until[:10]) for one in document.gaps] == [
        ("2024-03-09", "2024-03-10"),
        ("2024-03-04", "2024-03-07"),
    ]
    assert [(one.first, one.last, one.status, one.reason) for one in document.gaps] == [
        ("2024-03-09", "2024-03-09", "deferred", ""),
        ("2024-03-04", "2024-03-06", "not_found", "gone *"),
    ]


def test_a_gap_around_the_first_snapshot_is_told_from_there_on() -> None:
    """A snapshot from elsewhere may lie between runs that did not read the playlist."""
    imported = from_source(snapshot_of("a", "2024-03-03"))
    gap = StatusPeriod(day("2024-03-01"), "not_found", "gone", until=day("2024-03-07"))

    document = history_of(with_page_status(fold_all([imported]), page_status_of(gaps=(gap,))))

    assert [(one.first, one.last) for one in document.gaps] == [("2024-03-03", "2024-03-06")]
    assert [one.since for one in document.gaps] == [document.first_snapshot]


class TestYears:
    def ledger(self, changes: int) -> Ledger:
        start = day("2023-12-01")
        return fold_all(
            replace(
                snapshot_of("ab" if number % 2 else "a", name=f"Day {number // 30}"),
                time=start + number * (day("2023-12-02") - start),
            )
            for number in range(changes + 1)
        )

    def test_what_was_put_away_stands_in_documents_of_its_years_that_the_first_one_names(
        self,
    ) -> None:
        ledger = self.ledger(NEWEST_CHANGES + 1)

        document, years = history_of(ledger), years_of(ledger)

        prefix = f"playlists/history/{PLAYLIST_ID}"
        assert [(one.year, one.path, one.changes) for one in document.older] == [
            (2024, f"/{prefix}-2024.json", 20),
            (2023, f"/{prefix}-2023.json", 30),
        ]
        assert years.keys() == {f"{prefix}-2023.json", f"{prefix}-2024.json"}
        assert [years[one.path[1:]].year for one in document.older] == [2024, 2023]
        assert [len(years[one.path[1:]].changes) for one in document.older] == [20, 30]

    @pytest.mark.parametrize("changes", [NEWEST_CHANGES, NEWEST_CHANGES + 1, 317])
    def test_every_change_stands_in_one_document_newest_first(self, changes: int) -> None:
        ledger = self.ledger(changes)
        document, years = history_of(ledger), years_of(ledger)

        parts = [document.changes, *(years[one.path[1:]].changes for one in document.older)]

        times = [change.time for part in parts for change in part]
        assert times == sorted(set(times), reverse=True)
        assert times == [one.time for one in document.snapshots[:-1]]
        names = {one.name for one in document.names}
        assert names == {f"Day {number}" for number in range(changes // 30 + 1)}

    def test_most_changes_leave_the_documents_of_years_alone(self) -> None:
        before, after = (years_of(self.ledger(NEWEST_CHANGES + more)) for more in (1, 2))

        assert before == after


def next_rows(rows: list[str], change: PublishedChange) -> list[str]:
    """Return the URIs of the rows after a change, which the document explains to its readers."""
    gone = {one.row for one in change.removed} | {move.before for move in change.moved}
    after = [uri for row, uri in enumerate(rows, start=1) if row not in gone]
    coming = [(one.row, str(one.uri)) for one in (*change.added, *change.readded)]
    coming += [(move.after, move.uri) for move in change.moved]
    for row, uri in sorted(coming):
        after.insert(row - 1, uri)
    return after


@given(st.lists(st.text("aabcdef", max_size=9), min_size=2, max_size=5))
def test_a_reader_can_make_the_rows_of_every_day(states: list[str]) -> None:
    ledger = fold_all(
        snapshot_of(rows, f"2024-03-{number:02}") for number, rows in enumerate(states, start=1)
    )
    changes = {change.time: change for change in history_of(ledger).changes}

    rows = [song(letter).uri for letter in states[0]]
    for number, state in enumerate(states[1:], start=2):
        if change := changes.get(f"2024-03-{number:02}T04:00:00Z"):
            rows = next_rows(rows, change)
        assert rows == [song(letter).uri for letter in state]


@given(st.lists(any_snapshots(), min_size=1, max_size=4, unique_by=lambda one: one.time))
def test_hostile_text_stays_text(snapshots: list[Snapshot]) -> None:
    ledger = fold_all(snapshots)
    body = render_pages(ledger)[KEY].body

    document = msgspec.json.decode(body, type=History)

    assert encode_history(document) == body
    assert document.names[0].name == ledger.header.name
    assert document.names[0].description == ledger.header.description
    texts = {(item.name, item.uri) for item in ledger.items.values()}
    for change in document.changes:
        for one in (*change.added, *change.readded, *change.removed):
            assert one.uri is msgspec.UNSET or (one.name, one.uri) in texts
        for move in change.moved:
            assert (move.name, move.uri) in texts


@given(playlist_histories())
def test_the_page_and_the_document_tell_as_many_changes(history: list[Snapshot]) -> None:
    ledger = fold_all(history)

    page = render_pages(ledger)[KEY.replace(".json", ".md")].body.decode()

    assert page.count("\n#### ") == len(history_of(ledger).changes)
