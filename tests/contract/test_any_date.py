"""What `docs/documents.md` says about the state of any date is so."""

import re
import shutil
import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from playlist_archive.documents.history import History
from playlist_archive.documents.snapshot import decode_snapshot
from playlist_archive.errors import PlaylistNotFoundError
from tests.support.builders import DAY, PLAYLIST, RUN, a_reading
from tests.support.world import World

pytestmark = pytest.mark.contract

DOCUMENT = Path(__file__).parents[2] / "docs/documents.md"
SECTION = DOCUMENT.read_text().partition("## A state of any date\n")[2].partition("\n## ")[0]
EVENING = RUN + 3 * DAY + timedelta(hours=12)


@pytest.fixture(scope="module")
def world() -> World:
    """Return an archive of six days.

    On the first there is a snapshot, on the second no change, on the third no good read, on the
    fourth two snapshots, on the fifth no change, and on the sixth no good read.
    """
    world = World()
    reads = [
        a_reading(1, 2, 3),
        None,
        PlaylistNotFoundError("gone"),
        a_reading(1, 2, snapshot_id="v2"),
    ]
    for day, reading in enumerate(reads):
        if reading:
            world.spotify.playlists[PLAYLIST] = reading
        world.run(day)
    world.spotify.playlists[PLAYLIST] = a_reading(1, snapshot_id="v3")
    world.register_now(EVENING)
    world.run(4)
    world.spotify.playlists[PLAYLIST] = PlaylistNotFoundError("gone")
    world.run(5)
    return world


def history(world: World) -> History:
    body = world.pipeline.bucket.objects[f"playlists/history/{PLAYLIST}.json"]
    return msgspec.json.decode(body, type=History)


def listing(world: World) -> str:
    """Return the snapshots as `aws s3 ls` lists them."""
    names = [key.rpartition("/")[2] for key in world.snapshots()]
    return "".join(f"2026-10-09 00:00:00 {1000:>10} {name}\n" for name in names)


def asked(world: World, moment: str) -> int | None:
    """Return the number of rows at a moment as the documented command finds them."""
    [command] = re.findall(r"^    aws s3 ls \S+ id>/ \| (awk .*)$", SECTION, re.MULTILINE)
    command = command.replace("20261004T235959Z", moment)
    done = subprocess.run(
        command, shell=True, input=listing(world), capture_output=True, text=True, check=True
    )
    if not done.stdout:
        return None
    key = f"snapshots/{PLAYLIST}/{done.stdout.split()[-1]}"
    return len(decode_snapshot(world.pipeline.bucket.objects[key]).rows)


needs_awk = pytest.mark.skipif(not shutil.which("awk"), reason="there is no awk")


@needs_awk
@pytest.mark.parametrize(
    ("day", "rows"),
    [
        ("20260930", None),
        ("20261001", 3),
        ("20261002", 3),
        ("20261003", 3),
        ("20261004", 1),
        ("20261005", 1),
        ("20361005", 1),
    ],
)
def test_a_date_is_the_newest_snapshot_that_is_not_later_than_its_end(
    world: World, day: str, rows: int | None
) -> None:
    assert asked(world, f"{day}T235959Z") == rows


@needs_awk
@pytest.mark.parametrize(
    ("moment", "rows"),
    [
        ("20261001T035959Z", None),
        ("20261004T035959Z", 3),
        ("20261004T040000Z", 2),
        (f"{EVENING:%Y%m%dT%H%M%SZ}", 1),
    ],
)
def test_a_moment_of_a_day_with_several_snapshots_is_written_as_in_their_keys(
    world: World, moment: str, rows: int | None
) -> None:
    assert "`20261004T040000Z`" in SECTION
    assert asked(world, moment) == rows


def told_of_days(world: World, days: int) -> list[str]:
    """Return what the history and the status tell of the first days, as the document says."""
    document = history(world)
    playlists = world.status()["playlists"]
    assert isinstance(playlists, dict)
    status = playlists[PLAYLIST]
    newest = document.last_snapshot

    def tell(day: str) -> str:
        begins, ends = f"{day}T00:00:00Z", f"{day}T23:59:59Z"
        later = [one.after for one in document.changes if one.time > ends]
        failing = status["status"] != "ok" and status["since"] <= ends
        lines = [
            (any(one.time.startswith(day) for one in document.snapshots), "snapshot"),
            (any(gap.since <= ends < gap.until for gap in document.gaps), "could not be read"),
            (later and later[-1] < begins, "nothing"),
            (newest > ends, "no change"),
            (status["last_changed"] > newest, "nothing"),
            (failing, "could not be read"),
            (begins > max(newest, status["last_checked"]), "nothing"),
        ]
        return next((told for fits, told in lines if fits), "no change")

    return [tell(f"{RUN.date() + timedelta(number)}") for number in range(days)]


def test_a_day_without_a_snapshot_could_not_be_read_or_had_no_change(world: World) -> None:
    assert told_of_days(world, 6) == [
        "snapshot",
        "no change",
        "could not be read",
        "snapshot",
        "no change",
        "could not be read",
    ]


def test_of_a_day_without_any_run_nothing_is_known_before_a_change() -> None:
    world = World()
    world.run(0)
    world.run(1)
    world.spotify.playlists[PLAYLIST] = a_reading(1, 2, snapshot_id="v2")
    world.run(4)

    assert told_of_days(world, 6) == [
        "snapshot",
        "no change",
        "nothing",
        "nothing",
        "snapshot",
        "nothing",
    ]


def test_the_history_lists_every_snapshot_so_that_no_listing_is_needed(world: World) -> None:
    keys = [
        f"snapshots/{PLAYLIST}/{datetime.fromisoformat(one.time):%Y%m%dT%H%M%SZ}.json"
        for one in reversed(history(world).snapshots)
    ]

    assert keys == world.snapshots()
