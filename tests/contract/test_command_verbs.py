"""Each verb on the sample library after ten days, on some of which playlists could not be read."""

import csv
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from playlist_archive.documents import old_removals
from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.keys import snapshot_key, view_key
from playlist_archive.documents.ledger import Ledger
from playlist_archive.documents.snapshot import Snapshot, encode_snapshot
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive_cli.published import ArchiveStatus, PlaylistStatus
from tests.support.command import Command
from tests.support.fakes import FakeBucket
from tests.support.rendered import rendered
from tests.support.strategies import PLAYLIST_ID, day, from_source, snapshot_of
from tools.stand_in.sample import FERRY, KITCHEN, SKYLIGHT

pytestmark = pytest.mark.contract


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, troubled_archive: FakeBucket) -> Command:
    return Command(troubled_archive, monkeypatch)


def without(archive: FakeBucket, prefix: str) -> FakeBucket:
    """Return an archive without the objects under a prefix."""
    bucket = FakeBucket()
    bucket.objects = {k: v for k, v in archive.objects.items() if not k.startswith(prefix)}
    return bucket


def busy_archive() -> FakeBucket:
    """Return an archive of a playlist that changed on 250 days, from 2024-09-01 on."""
    first = date(2024, 9, 1)
    days = [str(first + timedelta(number)) for number in range(251)]
    return archive_of(
        fold_all(snapshot_of("ab" if number % 2 else "a", day) for number, day in enumerate(days))
    )


def archive_of(ledger: Ledger) -> FakeBucket:
    """Return an archive of one playlist."""
    last = to_timestamp(ledger.last)
    status = PlaylistStatus("Kitchen radio", "ok", last, "", None, last, last)
    bucket = FakeBucket()
    bucket.objects = rendered(ledger)
    bucket.objects["playlists/status.json"] = msgspec.json.encode(
        ArchiveStatus(
            run=last,
            at=last,
            headline="All is well",
            counts={"ok": 1},
            up_to_date=1,
            changed=1,
            failure="",
            problems=[],
            damaged=[],
            authorization_ends=None,
            requests_within_24_hours=1,
            not_before=None,
            playlists={PLAYLIST_ID: status},
        )
    )
    return bucket


@pytest.fixture
def partition_store(monkeypatch: pytest.MonkeyPatch) -> FakeBucket:
    """An archive of a playlist that has songs which went long ago in documents of their own."""
    monkeypatch.setattr(old_removals, "MOST_SONGS", 2)
    days = {"2021-05-01": "da", "2022-06-01": "b", "2023-07-01": "bc"}
    snapshots = [snapshot_of(rows, day) for day, rows in days.items()]
    bucket = archive_of(fold_all(snapshots))
    for one in snapshots:
        bucket.objects[snapshot_key(PLAYLIST_ID, one.time)] = encode_snapshot(one)
    assert f"playlists/cumulative/{PLAYLIST_ID}/2022.json" in bucket.objects
    return bucket


@pytest.mark.parametrize("verb", [["show"], ["diff", "2026-10-01"], ["export", "--format", "csv"]])
@pytest.mark.parametrize(
    ("playlist", "advice"),
    [
        ("sunday", "Sunday, slowly (2) (cyexStuIdg2nfXRV1uDUg1)"),
        ("no such thing", "`playlist-archive list` names them"),
        ("https://open.spotify.com/playlist/0000000000000000000000", "not a playlist of this"),
        ("", "no playlist is called “”"),
    ],
)
def test_a_playlist_that_is_not_clear_is_wrong_use(
    command: Command, verb: list[str], playlist: str, advice: str
) -> None:
    outcome = command(verb[0], playlist, *verb[1:])

    assert outcome.exit_code == 2
    assert advice in outcome.err
    assert outcome.err.count("\n") == 1
    assert outcome.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["show"],
        ["show", "kitchen", "--on", "yesterday"],
        ["changes", "--since", "yesterday"],
        ["changes", "sunday"],
        ["find"],
        ["find", " "],
        ["diff", "kitchen"],
        ["diff", "kitchen", "2026-10-05", "2026-10-04"],
        ["diff", "kitchen", "rubbish"],
        ["export", "kitchen"],
        ["export", "--format", "csv"],
        ["export", "kitchen", "--all", "--format", "csv"],
        ["export", "kitchen", "--format", "docx"],
        ["export", "kitchen", "--format", "csv", "--ever", "--removed"],
        ["export", "kitchen", "--format", "csv", "--on", "2026-10-04", "--ever"],
        ["export", "kitchen", "--format", "csv", "--since", "2026-10-04"],
    ],
)
def test_what_makes_no_sense_is_wrong_use(command: Command, arguments: list[str]) -> None:
    outcome = command(*arguments)

    assert outcome.exit_code == 2
    assert outcome.err.count("\n") == 1
    assert outcome.out == ""


def test_a_verb_reads_only_what_is_published(
    command: Command, troubled_archive: FakeBucket, tmp_path: Path
) -> None:
    troubled_archive.calls.clear()
    for arguments in (
        ["status"],
        ["list"],
        ["show", "kitchen"],
        ["diff", "kitchen", "2026-10-01"],
        ["changes"],
        ["changes", "--since", "2026-01-01"],
        ["find", "rain"],
        ["export", "--all", "--ever", "--format", "csv", "--to", str(tmp_path)],
    ):
        command(*arguments)

    assert troubled_archive.calls
    assert {operation for operation, _ in troubled_archive.calls} <= {"get", "list"}
    assert {key.split("/")[0] for _, key in troubled_archive.calls} == {"playlists", "snapshots"}


# show


def test_show_prints_the_rows_of_the_newest_snapshot(command: Command) -> None:
    shown = command("show", SKYLIGHT, "--json").document

    assert shown["name"] == "Rain on the Skylight (wool socks)"
    assert shown["snapshot"] == "2026-10-10T04:00:00Z"
    assert shown["rows"][0]["item"]["name"] == "Warm Dust"
    assert len(shown["rows"]) == 13
    assert shown["remarks"] == []


def test_show_of_a_day_that_was_not_read_says_so_beside_the_last_good_read(
    command: Command,
) -> None:
    outcome = command("show", "skylight", "--on", "2026-10-05")

    assert outcome.exit_code == 0
    assert outcome.out.startswith("Rain on the Skylight\n")
    assert "6\tWarm Dust\tQuiet Machinery\tIdle\t3:58\t2026-07-23\n" in outcome.out
    assert "could not be read from 2026-10-05 to 2026-10-06" in outcome.err


def test_show_before_the_first_read_says_when_the_archive_begins(command: Command) -> None:
    outcome = command("show", "skylight", "--on", "2026-09-30")

    assert outcome.exit_code == 1
    assert outcome.out == ""
    assert "begins on 2026-10-01" in outcome.err


def test_show_of_a_moment_takes_that_snapshot(command: Command) -> None:
    early = command("show", "skylight", "--on", "20261004T040000Z", "--json").document
    earlier = command("show", "skylight", "--on", "20261004T035959Z", "--json").document

    assert early["snapshot"] == "2026-10-04T04:00:00Z"
    assert earlier["snapshot"] < early["snapshot"]


def test_show_names_rows_that_spotify_does_not_name(command: Command) -> None:
    assert "a song that Spotify does not name" in command("show", "shoebox").out


def test_a_snapshot_that_is_missing_is_named(
    troubled_archive: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"snapshots/{SKYLIGHT}/20261010T040000Z.json"
    bucket = without(troubled_archive, key)

    outcome = Command(bucket, monkeypatch)("show", SKYLIGHT)

    assert outcome.exit_code == 1
    assert key in outcome.err


def test_a_playlist_that_was_never_read_says_why(
    troubled_archive: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = without(troubled_archive, view_key("history", KITCHEN, ".json"))
    status = msgspec.json.decode(bucket.objects["playlists/status.json"])
    status["playlists"][KITCHEN] |= {"last_changed": None, "last_checked": None}
    bucket.objects["playlists/status.json"] = msgspec.json.encode(status)

    outcome = Command(bucket, monkeypatch)("show", KITCHEN)

    assert outcome.exit_code == 1
    assert "“Kitchen, LOUD” was never read: not found, Spotify does not find it" in outcome.err


def test_a_playlist_whose_history_is_missing_is_not_said_never_to_have_been_read(
    troubled_archive: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = without(troubled_archive, view_key("history", KITCHEN, ".json"))

    outcome = Command(bucket, monkeypatch)("show", KITCHEN)

    assert outcome.exit_code == 1
    assert "the history of “Kitchen, LOUD” is missing, though there is a snapshot" in outcome.err


def test_a_snapshot_of_another_playlist_is_not_shown(
    troubled_archive: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = f"snapshots/{SKYLIGHT}/20261010T040000Z.json"
    other = next(one for one in troubled_archive.objects if one.startswith(f"snapshots/{FERRY}/"))
    bucket = FakeBucket()
    bucket.objects = {**troubled_archive.objects, key: troubled_archive.objects[other]}

    outcome = Command(bucket, monkeypatch)("show", SKYLIGHT)

    assert outcome.exit_code == 1
    assert f"{key} holds another snapshot: that of {FERRY}" in outcome.err


def seen_later(*snapshots: Snapshot) -> FakeBucket:
    """Return an archive of one playlist with these snapshots."""
    bucket = archive_of(fold_all(snapshots))
    for one in snapshots:
        bucket.objects[snapshot_key(PLAYLIST_ID, one.time)] = encode_snapshot(one)
    return bucket


def test_what_was_imported_says_from_where_and_no_time_that_nobody_knows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    imported = replace(
        from_source(snapshot_of("a", "2023-05-01"), ["owner"]),
        time=datetime(2023, 5, 1, 23, 59, 59, tzinfo=UTC),
        precision="day",
        source="spotify-export",
    )
    command = Command(seen_later(imported, snapshot_of("a", "2024-03-02")), monkeypatch)

    shown = command("show", PLAYLIST_ID, "--on", "2023-05-01")
    differing = command("diff", PLAYLIST_ID, "2023-05-01")

    assert "1 song - as of 2023-05-01, imported from Spotify's data export\n" in shown.out
    assert "nothing differs between 2023-05-01 and 2024-03-02 04:00 UTC\n" in differing.out
    assert "what the snapshot of 2023-05-01 does not tell is not compared" in differing.err


def test_what_differs_over_several_snapshots_is_not_dated_by_the_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    days = {"2024-03-01": "a", "2024-03-05": "ab", "2024-03-09": "abc"}
    snapshots = [
        snapshot_of(rows, on, previous_check=day(on) - timedelta(days=1))
        for on, rows in days.items()
    ]
    command = Command(seen_later(*snapshots), monkeypatch)

    told = command("diff", PLAYLIST_ID, "2024-03-01", "2024-03-09", "--json").document["change"]

    assert (told["after"], told["until"]) == ("2024-03-01T04:00:00Z", "2024-03-09T04:00:00Z")


def test_two_snapshots_of_one_minute_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    first = snapshot_of("a", "2024-03-01")
    second = replace(snapshot_of("ab", "2024-03-01"), time=first.time + timedelta(seconds=7))
    command = Command(seen_later(first, second), monkeypatch)

    told = command("diff", PLAYLIST_ID, "20240301T040000Z", "2024-03-01").out

    assert "between 2024-03-01 04:00 UTC and 2024-03-01 04:00:07 UTC: 1 added\n" in told


def test_a_date_of_long_ago_on_which_nobody_looked_is_not_said_to_be_without_a_change(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The change stands in the document of its year, for a hundred have come since."""
    first = date(2024, 9, 1)
    early = [snapshot_of("b", "2023-12-20"), snapshot_of("ab", "2024-02-01")]
    days = [str(first + timedelta(number)) for number in range(200)]
    later = [snapshot_of("ab" if number % 2 else "a", on) for number, on in enumerate(days)]
    command = Command(seen_later(*early, *later), monkeypatch)

    shown = command("show", PLAYLIST_ID, "--on", "2023-12-31")
    differing = command("diff", PLAYLIST_ID, "2023-12-20", "2024-01-31")

    told = "it changed between 2023-12-20 04:00 UTC and 2024-02-01 04:00 UTC"
    assert told in shown.err
    assert told in differing.err
    assert command("show", PLAYLIST_ID, "--on", "2023-12-20").err == ""


@pytest.mark.parametrize("verb", [["show"], ["changes"]])
def test_a_year_of_which_some_changes_are_not_written_yet_is_not_told_without_them(
    monkeypatch: pytest.MonkeyPatch, verb: list[str]
) -> None:
    bucket = busy_archive()
    key = f"playlists/history/{PLAYLIST_ID}-2024.json"
    document = msgspec.json.decode(bucket.objects[key])
    document["changes"].pop()
    bucket.objects[key] = msgspec.json.encode(document)
    on = "--on" if verb == ["show"] else "--since"

    outcome = Command(bucket, monkeypatch)(*verb, PLAYLIST_ID, on, "2024-10-01")

    assert outcome.exit_code == 1
    assert f"{key} has " in outcome.err
    assert "it may be about to be written" in outcome.err


def test_changes_that_moved_to_their_year_meanwhile_are_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bucket = busy_archive()
    key = f"playlists/history/{PLAYLIST_ID}-2024.json"
    main = msgspec.json.decode(bucket.objects[f"playlists/history/{PLAYLIST_ID}.json"])
    year = msgspec.json.decode(bucket.objects[key])
    year["changes"] = [*main["changes"][-50:], *year["changes"]]
    bucket.objects[key] = msgspec.json.encode(year)

    told = Command(bucket, monkeypatch)("changes", PLAYLIST_ID, "--since", "2024-09-01", "--json")

    times = [one["time"] for one in told.document["changes"]]
    assert len(times) == len(set(times)) == 250


def test_changes_since_before_the_archive_or_of_what_cannot_be_read_say_so(
    command: Command,
) -> None:
    assert "begins on 2026-10-01" in command("changes", "skylight", "--since", "2020-01-01").err
    kitchen = command("changes", KITCHEN, "--since", "2026-10-09")
    assert kitchen.out == "No change was found\n"
    assert "has not been read since 2026-10-08" in kitchen.err
    assert "what changed since is not known" in kitchen.err


# diff


def test_diff_tells_what_came_went_moved_and_was_renamed(command: Command) -> None:
    outcome = command("diff", "skylight", "2026-10-04")

    assert outcome.exit_code == 0
    assert outcome.out == (
        "Rain on the Skylight (wool socks), between 2026-10-04 04:00 UTC and 2026-10-10 04:00 UTC: "
        "1 added, 1 moved\n"
        "  Renamed from “Rain on the Skylight” to “Rain on the Skylight (wool socks)”\n"
        "  Added: Ropewalk by Velvet Ferry, row 13\n"
        "  Moved: Warm Dust by Quiet Machinery, from row 6 to row 1\n"
    )


def test_diff_without_a_change_says_so(command: Command) -> None:
    outcome = command("diff", "skylight", "2026-10-04", "2026-10-05")

    assert outcome.exit_code == 0
    assert "nothing is known to differ, the read of 2026-10-04 04:00 UTC shows both" in outcome.out
    assert "could not be read" in outcome.err
    assert (
        command("diff", "skylight", "2026-10-04", "2026-10-05", "--json").document["change"] is None
    )


# list


def test_list_tells_songs_last_change_last_check_and_status(command: Command) -> None:
    listed = {one["id"]: one for one in command("list", "--json").document["playlists"]}

    assert listed[KITCHEN] == {
        "id": KITCHEN,
        "name": "Kitchen, LOUD",
        "status": "not_found",
        "since": "2026-10-08T04:00:00Z",
        "reason": "Spotify does not find it: deleted, private or closed",
        "songs": 25,
        "rows": 27,
        "last_changed": "2026-10-05T04:00:00Z",
        "last_checked": "2026-10-07T04:00:00Z",
    }
    assert listed.keys() == {one["id"] for one in command("list", "--json").document["playlists"]}


def test_list_of_an_archive_without_an_index_still_lists_them(
    troubled_archive: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = without(troubled_archive, "playlists/index.json")

    outcome = Command(bucket, monkeypatch)("list")

    assert outcome.exit_code == 0
    assert "Kitchen, LOUD\t\t2026-10-05\t2026-10-07\tnot found since 2026-10-08\n" in outcome.out


# changes


def test_changes_of_a_playlist_name_the_moves(command: Command) -> None:
    outcome = command("changes", "skylight", "--since", "2026-10-05")

    assert outcome.exit_code == 0
    assert outcome.out == (
        "2026-10-10  Rain on the Skylight (wool socks)\n"
        "  Renamed from “Rain on the Skylight” to “Rain on the Skylight (wool socks)”\n"
        "2026-10-08  Rain on the Skylight (wool socks): 1 added again\n"
        "  Added again: Ropewalk by Velvet Ferry, row 13\n"
        "Between 2026-10-04 and 2026-10-07  Rain on the Skylight (wool socks): 1 moved\n"
        "  Moved: Warm Dust by Quiet Machinery, from row 6 to row 1\n"
    )


def test_changes_of_all_are_the_same_from_their_document_and_from_every_history(
    command: Command,
) -> None:
    recent = command("changes", "--json").document
    older = command("changes", "--since", "2026-01-01", "--json").document

    assert older["since"] == "2026-01-01T00:00:00Z"
    assert older["changes"] == recent["changes"]
    assert {one["id"] for one in older["playlists"]} == {one["id"] for one in recent["playlists"]}


def test_changes_since_a_day_begin_with_that_day(command: Command) -> None:
    days = [
        one["time"][:10]
        for one in command("changes", "--since", "2026-10-09", "--json").document["changes"]
    ]

    assert set(days) == {"2026-10-09", "2026-10-10"}
    assert days == sorted(days, reverse=True)


def test_changes_of_many_years_are_read_from_the_years_documents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bucket = busy_archive()
    command = Command(bucket, monkeypatch)

    newest = command("changes", PLAYLIST_ID, "--json")
    since = command("changes", PLAYLIST_ID, "--since", "2024-12-30", "--json")
    days = [one["time"][:10] for one in since.document["changes"]]
    assert "--since tells older ones" in newest.err
    assert len(newest.document["changes"]) <= 100
    assert days == [str(date(2025, 5, 9) - timedelta(number)) for number in range(len(days))]
    assert days[-1] == "2024-12-30"


def test_one_damaged_history_does_not_hide_the_changes_of_others(
    troubled_archive: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = FakeBucket()
    bucket.objects = {**troubled_archive.objects, view_key("history", FERRY, ".json"): b"{"}

    outcome = Command(bucket, monkeypatch)("changes", "--since", "2026-01-01", "--json")

    assert outcome.exit_code == 1
    assert view_key("history", FERRY, ".json") in outcome.err
    assert len({one["playlist"] for one in outcome.document["changes"]}) > 10


# find


def test_find_tells_where_a_song_is_and_where_it_was_and_when(command: Command) -> None:
    [song] = command("find", "ROPEWALK velvet", "--json").document["songs"]

    assert (song["name"], song["artists"]) == ("Ropewalk", ["Velvet Ferry"])
    [place] = song["places"]
    assert (place["id"], place["now"]) == (SKYLIGHT, True)
    assert [
        (stay["first_seen"][:10], (stay["first_missing"] or "")[:10]) for stay in place["stays"]
    ] == [
        ("2026-10-01", "2026-10-04"),
        ("2026-10-08", ""),
    ]


def test_find_by_link_finds_the_song_in_every_playlist(command: Command) -> None:
    [by_name] = command("find", "municipal disco castor", "--json").document["songs"]
    track = by_name["uri"].removeprefix("spotify:track:")
    [by_link] = command("find", f"https://open.spotify.com/track/{track}", "--json").document[
        "songs"
    ]

    assert by_link == by_name
    assert len(by_link["places"]) > 1


@pytest.mark.parametrize("text", ["song a", f"spotify:track:{'a' * 22}"])
def test_find_finds_songs_that_went_long_ago(
    partition_store: FakeBucket, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    [song] = Command(partition_store, monkeypatch)("find", text, "--json").document["songs"]

    assert song["name"] == "Song a"
    assert song["places"][0]["stays"][0]["first_missing"] == "2022-06-01T04:00:00Z"


def test_find_names_the_document_of_songs_long_gone_that_is_missing(
    partition_store: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    year = f"playlists/cumulative/{PLAYLIST_ID}/2022.json"
    outcome = Command(without(partition_store, year), monkeypatch)("find", "song")

    assert outcome.exit_code == 1
    assert f"{year} is missing; a rebuild may help" in outcome.err


def test_export_of_every_song_has_those_that_went_long_ago_in_their_place(
    partition_store: FakeBucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    command = Command(partition_store, monkeypatch)
    command("export", PLAYLIST_ID, "--ever", "--format", "csv", "--to", str(tmp_path))

    [file] = tmp_path.iterdir()
    with file.open(newline="") as lines:
        titles = [row["Track Name"] for row in csv.DictReader(lines)]
    assert titles == [f"Song {letter}" for letter in "abcd"]


def test_find_without_a_finding_exits_with_1(command: Command) -> None:
    outcome = command("find", "no such song anywhere")

    assert outcome.exit_code == 1
    assert outcome.out == "Nothing found for “no such song anywhere”\n"
    assert outcome.err == ""


def test_find_in_an_archive_without_a_list_of_songs_says_what_to_do(
    troubled_archive: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = without(troubled_archive, "playlists/songs/")

    outcome = Command(bucket, monkeypatch)("find", "rain")

    assert outcome.exit_code == 1
    assert "a rebuild writes it" in outcome.err


# export


def test_export_writes_the_same_bytes_each_time(command: Command, tmp_path: Path) -> None:
    contents = []
    for _ in range(2):
        assert command("export", "kitchen", "--format", "csv", "--to", str(tmp_path)).exit_code == 0
        [file] = tmp_path.iterdir()
        contents.append((file.name, file.read_bytes()))

    assert contents[0] == contents[1]
    assert contents[0][0] == "Kitchen, LOUD.csv"
    assert contents[0][1].count(b"\n") == 28


def test_a_list_of_uris_with_fewer_parts_leaves_no_part_of_the_longer_one(
    command: Command, tmp_path: Path
) -> None:
    old = ["Kitchen, LOUD 1 of 2.txt", "Kitchen, LOUD 2 of 2.txt"]
    others = ["Kitchen, LOUD ever 1 of 2.txt", "Kitchen, LOUD 1 of 2.csv", "Kitchen.txt"]
    for name in (*old, *others):
        (tmp_path / name).write_text("spotify:track:gone\n")

    outcome = command("export", "kitchen", "--format", "uris", "--to", str(tmp_path))

    assert {file.name for file in tmp_path.iterdir()} == {"Kitchen, LOUD.txt", *others}
    assert all(f"{name} is deleted" in outcome.err for name in old)


def test_export_into_a_file_says_that_it_is_no_folder(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    outcome = command("export", "kitchen", "--format", "csv", "--to", str(file))

    assert (outcome.exit_code, outcome.err) == (1, f"playlist-archive: {file} is not a folder\n")


def test_logs_of_a_run_without_a_time_are_refused(command: Command) -> None:
    assert command("logs", "--run", "").exit_code == 2


def test_export_says_how_much_a_format_cannot_hold(command: Command, tmp_path: Path) -> None:
    arguments = ["export", "shoebox", "--format", "uris", "--to", str(tmp_path)]

    assert "2 rows that Spotify does not name, left out" in command(*arguments).out
    [playlist] = command(*arguments, "--json").document["playlists"]
    assert playlist["left_out"] == {"unnamed_rows": 2}


def test_export_of_all_writes_each_and_names_those_that_have_nothing(
    command: Command, tmp_path: Path
) -> None:
    arguments = ["export", "--all", "--on", "2026-10-04", "--format", "m3u8"]
    outcome = command(*arguments, "--to", str(tmp_path / "new/folder"), "--json")

    written = {file.name for file in (tmp_path / "new/folder").iterdir()}
    told = outcome.document
    assert outcome.exit_code == 0
    assert written == {file for one in told["playlists"] for file in one["files"]}
    assert [one["name"] for one in told["skipped"]] == ["New in town"]
    assert "begins on 2026-10-08" in outcome.err


def test_export_of_all_that_finds_nothing_fails(command: Command, tmp_path: Path) -> None:
    outcome = command(
        "export", "--all", "--on", "2020-01-01", "--format", "csv", "--to", str(tmp_path)
    )

    assert (outcome.exit_code, outcome.out) == (1, "Nothing was written\n")
    assert list(tmp_path.iterdir()) == []


def test_one_damaged_playlist_does_not_stop_the_others(
    troubled_archive: FakeBucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bucket = FakeBucket()
    bucket.objects = {
        **troubled_archive.objects,
        view_key("history", FERRY, ".json"): b'{"schema": 99}',
    }
    command = Command(bucket, monkeypatch)

    outcome = command("export", "--all", "--format", "csv", "--to", str(tmp_path), "--json")

    assert outcome.exit_code == 1
    assert [one["id"] for one in outcome.document["skipped"]] == [FERRY]
    assert len(outcome.document["playlists"]) == len(list(tmp_path.iterdir())) > 10
    assert view_key("history", FERRY, ".json") in outcome.err


def test_export_of_all_that_ever_was_has_each_song_once_with_all_that_is_known(
    command: Command, tmp_path: Path
) -> None:
    command("export", FERRY, "--ever", "--format", "csv", "--to", str(tmp_path))

    [file] = tmp_path.iterdir()
    with file.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    uris = [row["Track URI"] for row in rows]
    assert file.name == "07_40 ferry ever.csv"
    assert len(uris) == len(set(uris)) == 14
    assert "Feeding Time" in {row["Track Name"] for row in rows}
    assert all(row["Added By"] and row["Album Release Date"] for row in rows)


def test_export_of_what_was_removed_knows_since_when(command: Command, tmp_path: Path) -> None:
    def removed(*since: str) -> list[str]:
        arguments = ["export", FERRY, "--removed", *since, "--format", "json"]
        [playlist] = command(*arguments, "--to", str(tmp_path), "--json").document["playlists"]
        document = (tmp_path / playlist["files"][0]).read_text()
        assert playlist["rows"] == document.count('"stays"')
        return ["Feeding Time"] if "Feeding Time" in document else []

    assert removed() == ["Feeding Time"]
    assert removed("--since", "2026-10-01") == ["Feeding Time"]
    assert removed("--since", "2026-10-10") == []


def test_a_folder_that_cannot_be_written_is_named(command: Command, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()

    outcome = command("export", "kitchen", "--format", "csv", "--to", str(blocked))

    assert outcome.exit_code == 1
    assert str(blocked) in outcome.err
    assert outcome.err.count("\n") == 1
