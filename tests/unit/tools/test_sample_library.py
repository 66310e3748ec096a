"""The sample library is varied, plausible and the same every time."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from tools.stand_in.fields import InvalidFieldsError, parse_fields
from tools.stand_in.library import Episode, LocalFile, Playlist, Track
from tools.stand_in.sample import (
    EDITORIAL,
    EMPTY,
    EVERYTHING,
    KITCHEN,
    LAST_DAY,
    LIGHTHOUSE,
    NEW_IN_TOWN,
    OWNER,
    SHARED,
    SKYLIGHT,
    SUMMER,
    SampleLibrary,
)

pytestmark = pytest.mark.unit

FIRST_DAY = date(2026, 10, 1)


@pytest.fixture(scope="module")
def library() -> SampleLibrary:
    return SampleLibrary(FIRST_DAY)


def day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


def read(library: SampleLibrary, playlist_id: str, number: int = 0) -> Playlist:
    playlist = library.find(playlist_id, day(number))
    assert playlist

    return playlist


def read_all(library: SampleLibrary, number: int) -> dict[str, Playlist]:
    return {id_: read(library, id_, number) for id_ in library.list_ids(day(number))}


def count_versions(library: SampleLibrary, numbers: range) -> int:
    snapshots = {
        (id_, playlist.snapshot_id)
        for number in numbers
        for id_, playlist in read_all(library, number).items()
    }
    return len(snapshots)


def test_ids_are_spotify_ids(library: SampleLibrary) -> None:
    items = [row.item for playlist in read_all(library, 0).values() for row in playlist.rows]
    ids = {item.id for item in items if isinstance(item, Track | Episode)}

    assert all(re.fullmatch("[0-9A-Za-z]{22}", id_) for id_ in ids | set(library.list_ids(day(0))))


def test_it_is_the_same_every_time(library: SampleLibrary) -> None:
    assert read_all(SampleLibrary(FIRST_DAY), 20) == read_all(library, 20)


def test_only_dates_depend_on_the_first_day(library: SampleLibrary) -> None:
    later = SampleLibrary(FIRST_DAY + timedelta(days=400))
    ours, theirs = read(library, SKYLIGHT, 9), later.find(SKYLIGHT, day(409))

    assert theirs
    assert [row.item for row in theirs.rows] == [row.item for row in ours.rows]
    assert theirs.rows[-1].added_at != ours.rows[-1].added_at


def test_something_changes_on_nearly_every_day(library: SampleLibrary) -> None:
    quiet = [
        number
        for number in range(1, LAST_DAY + 1)
        if count_versions(library, range(number - 1, number + 1))
        == len(library.list_ids(day(number - 1)))
    ]

    assert quiet == [22]


def test_after_four_weeks_nothing_changes(library: SampleLibrary) -> None:
    assert read_all(library, LAST_DAY) == read_all(library, LAST_DAY + 100)


def test_rows_were_added_before_they_are_read(library: SampleLibrary) -> None:
    for number in range(LAST_DAY + 1):
        midnight = datetime.combine(day(number), datetime.min.time(), UTC)
        for playlist in read_all(library, number).values():
            dates = [row.added_at for row in playlist.rows if row.added_at]

            assert all(datetime.fromisoformat(added) < midnight for added in dates)


def test_a_version_is_new_exactly_when_the_contents_are(library: SampleLibrary) -> None:
    for playlist_id in library.list_ids(day(0)):
        contents: dict[object, str] = {}
        for number in range(LAST_DAY + 1):
            playlist = library.find(playlist_id, day(number))
            if playlist is None:
                continue
            content = (playlist.version, playlist.name, playlist.description, playlist.rows)

            assert contents.setdefault(content, playlist.snapshot_id) == playlist.snapshot_id
        assert len(set(contents.values())) == len(contents)


def test_the_library_holds_its_oddities(library: SampleLibrary) -> None:
    everything = [row.item for pl in read_all(library, 10).values() for row in pl.rows]
    kinds = {type(item) for item in everything}

    assert kinds == {Track, Episode, LocalFile, type(None)}
    assert len(read(library, EVERYTHING).rows) == 1200
    assert read(library, EMPTY, LAST_DAY).rows == ()
    kitchen = [row.item for row in read(library, KITCHEN).rows]
    assert len(kitchen) > len(set(kitchen))


def test_a_song_comes_back(library: SampleLibrary) -> None:
    def has_ropewalk(number: int) -> bool:
        rows = read(library, SKYLIGHT, number).rows
        return any(isinstance(row.item, Track) and row.item.name == "Ropewalk" for row in rows)

    assert [has_ropewalk(number) for number in (2, 3, 7, 16, 19)] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_playlists_come_and_go(library: SampleLibrary) -> None:
    assert NEW_IN_TOWN not in library.list_ids(day(6))
    assert NEW_IN_TOWN in library.list_ids(day(7))
    assert SUMMER in library.list_ids(day(11))
    assert SUMMER not in library.list_ids(day(12))
    assert library.find(SUMMER, day(12)) is None


def test_most_playlists_belong_to_the_user(library: SampleLibrary) -> None:
    foreign = [id_ for id_, pl in read_all(library, 0).items() if pl.owner != OWNER]

    assert foreign == [SHARED, EDITORIAL]
    assert read(library, SHARED).is_readable_by(OWNER)
    assert not read(library, LIGHTHOUSE).is_readable_by(OWNER)
    assert LIGHTHOUSE not in library.list_ids(day(0))


ANSWER = {
    "name": "Mix",
    "owner": {"id": "mara", "type": "user"},
    "items": {
        "total": 2,
        "items": [{"at": 1, "item": {"id": "a", "by": [{"n": 1}]}}, {"item": None}],
    },
}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("name", {"name": "Mix"}),
        ("name,owner.id", {"name": "Mix", "owner": {"id": "mara"}}),
        ("name, owner(id , type)", {"name": "Mix", "owner": {"id": "mara", "type": "user"}}),
        (
            "items(total,items(at,item(by(n))))",
            {
                "items": {
                    "total": 2,
                    "items": [{"at": 1, "item": {"by": [{"n": 1}]}}, {"item": None}],
                }
            },
        ),
        (
            "items.items(item(id),track(id))",
            {"items": {"items": [{"item": {"id": "a"}}, {"item": None}]}},
        ),
        ("items.total,items.items.at", {"items": {"total": 2, "items": [{"at": 1}, {}]}}),
        ("!items", {"name": "Mix", "owner": {"id": "mara", "type": "user"}}),
        ("!items,!owner.type", {"name": "Mix", "owner": {"id": "mara"}}),
        ("owner,!owner.type", {"owner": {"id": "mara"}}),
        ("owner(!type)", {"owner": {"id": "mara"}}),
        ("!items(items,total),name", {"name": "Mix"}),
        ("unheard,of", {}),
    ],
)
def test_fields_choose_parts_of_an_answer(fields: str, expected: object) -> None:
    assert parse_fields(fields).apply(ANSWER) == expected


@pytest.mark.parametrize("fields", ["", "a,", "a(b", "a)", "a..b", "!", "a b", "a(b))", "ä"])
def test_malformed_fields_are_refused(fields: str) -> None:
    with pytest.raises(InvalidFieldsError):
        parse_fields(fields)
