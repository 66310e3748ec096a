"""`backup` and `import`: an archive in a folder, and a new archive that is the same."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from playlist_archive.errors import PlaylistNotFoundError
from playlist_archive.ports.bucket import Listed
from playlist_archive_cli import frame, main
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.copies import phase_of
from playlist_archive_cli.location import DeployedStack
from playlist_archive_cli.runs import wake_indexer
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_reading
from tests.support.command import NOW, Command, Outcome, fails, settle
from tests.support.fakes import FakeBucket, FakeSpotify
from tests.support.living_stack import LivingClock, LivingStack
from tests.support.pages import assert_same_pages
from tests.support.sample_archive import living_sample

pytestmark = pytest.mark.contract

ODD = {
    "registry/": b"",
    "damaged/state/ledgers/x.json/20261001T040000Z": b"\x00\xff",
    "notes/../../etc/passwd": b"odd",
    f"snapshots/{PLAYLIST}/NOTES": b"mine",
    "a//b": b"odd",
    "a": b"a file",
    "a/b": b"in a folder of that name",
    "A": b"another case",
    "tab\there ü \u202e": b"odd",
}


class Archives:
    """A command whose archive is the one that was chosen last."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def on(self, stack: LivingStack, *arguments: str) -> Outcome:
        return Command.on(stack, self._monkeypatch)(*arguments)


@pytest.fixture
def archives(monkeypatch: pytest.MonkeyPatch) -> Archives:
    return Archives(monkeypatch)


@pytest.fixture
def sample(troubled_archive: FakeBucket) -> Iterator[LivingStack]:
    with living_sample(troubled_archive, NOW) as stack:
        yield stack


@pytest.fixture
def fresh() -> Iterator[LivingStack]:
    """Yield a new stack that reads the sample library too."""
    with living_sample(FakeBucket(), NOW + timedelta(hours=1)) as stack:
        yield stack


def pages(stack: LivingStack) -> dict[str, bytes]:
    return {key: body for key, body in stack.bucket.objects.items() if key.startswith("playlists/")}


# What has to hold.


def test_a_new_archive_from_a_backup_has_the_same_pages_to_the_byte(
    archives: Archives, sample: LivingStack, fresh: LivingStack, tmp_path: Path
) -> None:
    sample.bucket.objects |= ODD
    archives.on(sample, "add", "GEjoxOfZhfolSvOE96tBSm", "--alias", "The kitchen")
    before = pages(sample)
    assert archives.on(sample, "backup", str(tmp_path)).exit_code == 0

    outcome = archives.on(fresh, "import", "archive", str(tmp_path))

    assert outcome.exit_code == 0, outcome
    assert_same_pages(pages(fresh), before)
    for prefix in ("snapshots/", "registry/", "excluded/", "state/catalog.json", "damaged/"):
        assert {
            key: body for key, body in fresh.bucket.objects.items() if key.startswith(prefix)
        } == {key: body for key, body in sample.bucket.objects.items() if key.startswith(prefix)}
    settle(fresh)
    # Now the registered playlist was read again, which only the status shows.
    assert_same_pages(without_status(pages(fresh)), without_status(before))


def test_an_archive_is_still_new_when_its_deployment_has_woken_the_indexer(
    archives: Archives, sample: LivingStack, fresh: LivingStack, tmp_path: Path
) -> None:
    before = pages(sample)
    archives.on(sample, "backup", str(tmp_path))
    wake_indexer(fresh.connect())
    assert "state/catalog.json" in fresh.bucket.objects

    outcome = archives.on(fresh, "import", "archive", str(tmp_path))

    assert outcome.exit_code == 0, outcome.err
    settle(fresh)
    assert_same_pages(without_status(pages(fresh)), without_status(before))


def test_snapshots_come_with_metadata_that_spares_their_rendering_and_keep_their_own(
    archives: Archives, sample: LivingStack, fresh: LivingStack, tmp_path: Path
) -> None:
    archives.on(sample, "backup", str(tmp_path))
    archives.on(fresh, "import", "archive", str(tmp_path))

    key = next(key for key in sample.bucket.objects if key.startswith("snapshots/"))
    assert sample.bucket.metadata[key] == {"run": "2026-10-01T04:00:00Z"}
    assert fresh.bucket.metadata[key] == {"run": "2026-10-01T04:00:00Z", "source": "import"}
    assert fresh.bucket.types[key] == sample.bucket.types[key]
    assert fresh.bucket.cache_control[key] == "max-age=31536000, immutable"
    assert fresh.bucket.cache_control["state/catalog.json"] == "no-cache"


def test_the_order_lets_nothing_be_read_before_all_is_there(
    archives: Archives, sample: LivingStack, fresh: LivingStack, tmp_path: Path
) -> None:
    archives.on(sample, "add", "GEjoxOfZhfolSvOE96tBSm", "--alias", "The kitchen")
    archives.on(sample, "backup", str(tmp_path))
    asked: list[str] = []
    fresh.bucket.calls.clear()
    fresh.bucket.before = lambda operation, key: (
        asked.append(f"{operation} {key}") if key == "state/spotify.json" else None
    )
    archives.on(fresh, "import", "archive", str(tmp_path))

    kinds = ["state", "snapshots", "registry"]
    puts = [
        kind
        for key in fresh.bucket.puts()
        if (kind := key.partition("/")[0]) in kinds and "ledgers" not in key
    ]
    assert puts == sorted(puts, key=kinds.index)
    assert set(puts) == set(kinds)
    rendered = fresh.bucket.calls.index(("put", "playlists/plain/GEjoxOfZhfolSvOE96tBSm"))
    assert rendered < fresh.bucket.calls.index(("put", "registry/GEjoxOfZhfolSvOE96tBSm"))
    # The functions use it whenever they mean to ask Spotify; the import writes it once.
    assert asked.count("put state/spotify.json") == 1


# Again, and after an end in the middle.


def test_a_second_backup_copies_only_what_is_new(
    archives: Archives, sample: LivingStack, tmp_path: Path
) -> None:
    first = archives.on(sample, "backup", str(tmp_path), "--json").document
    sample.bucket.calls.clear()
    second = archives.on(sample, "backup", str(tmp_path), "--json").document

    assert first["copied"] == len(sample.bucket.objects)
    assert second == {"copied": 0, "unchanged": first["copied"], "gone": 0}
    assert not [key for operation, key in sample.bucket.calls if operation == "get"]
    sample.bucket.objects["registry/new"] = b""
    assert archives.on(sample, "backup", str(tmp_path), "--json").document["copied"] == 1


def test_what_is_gone_stays_in_the_folder_and_is_not_imported(
    archives: Archives, sample: LivingStack, fresh: LivingStack, tmp_path: Path
) -> None:
    sample.bucket.objects["registry/GEjoxOfZhfolSvOE96tBSm"] = b"Gone\n"
    archives.on(sample, "backup", str(tmp_path))
    del sample.bucket.objects["registry/GEjoxOfZhfolSvOE96tBSm"]

    outcome = archives.on(sample, "backup", str(tmp_path))

    assert "1 are no longer in the archive" in outcome.out
    assert (tmp_path / "objects/registry/GEjoxOfZhfolSvOE96tBSm").read_bytes() == b"Gone\n"
    archives.on(fresh, "import", "archive", str(tmp_path))
    assert "registry/GEjoxOfZhfolSvOE96tBSm" not in fresh.bucket.objects


class _KilledError(BaseException):
    """Stands for a signal."""


def kill_after(bucket: FakeBucket, operation: str, calls: int) -> None:
    """Let nothing more succeed after so many calls of a kind."""
    left = [calls]

    def count(called: str, key: str) -> None:
        if called == operation and not key.startswith("state/ledgers"):
            left[0] -= 1
            if left[0] < 0:
                raise _KilledError

    bucket.before = count


@pytest.mark.parametrize("calls", [0, 1, 20, 90])
def test_a_backup_goes_on_after_an_end_in_the_middle_and_no_file_is_half(
    archives: Archives, sample: LivingStack, tmp_path: Path, calls: int
) -> None:
    kill_after(sample.bucket, "get", calls)
    with pytest.raises(_KilledError):
        archives.on(sample, "backup", str(tmp_path))
    whole = set(sample.bucket.objects.values())
    assert all(
        path.read_bytes() in whole for path in (tmp_path / "objects").rglob("*") if path.is_file()
    )
    sample.bucket.before = lambda *_: None

    document = archives.on(sample, "backup", str(tmp_path), "--json").document

    assert document["copied"] + document["unchanged"] == len(sample.bucket.objects)
    assert document["copied"] <= len(sample.bucket.objects) - max(calls - 9, 0)


@pytest.mark.parametrize("calls", [0, 1, 3, 30, 60, 200, 250])
def test_an_import_goes_on_after_an_end_in_the_middle(
    archives: Archives, sample: LivingStack, fresh: LivingStack, tmp_path: Path, calls: int
) -> None:
    archives.on(sample, "add", "GEjoxOfZhfolSvOE96tBSm", "--alias", "The kitchen")
    before = pages(sample)
    archives.on(sample, "backup", str(tmp_path))
    kill_after(fresh.bucket, "put", calls)
    try:
        archives.on(fresh, "import", "archive", str(tmp_path))
    except _KilledError:
        fresh = again(fresh)
    fresh.bucket.before = lambda *_: None

    outcome = archives.on(fresh, "import", "archive", str(tmp_path))

    assert outcome.exit_code == 0, outcome
    # An entry of the registry that was written the first time has been read since.
    assert_same_pages(without_status(pages(fresh)), without_status(before))


def without_status(found: dict[str, bytes]) -> dict[str, bytes]:
    return {key: body for key, body in found.items() if not key.startswith("playlists/status.")}


def again(stack: LivingStack) -> LivingStack:
    """Return the stack without what was on its way when it was killed."""
    stack.clock.stack = None
    other = LivingStack(stack.pipeline.spotify, stack.clock, bucket=stack.bucket)
    stack.bucket.before = lambda *_: None
    return other


def test_after_the_first_registry_entry_an_import_goes_on_with_the_others(
    archives: Archives, sample: LivingStack, fresh: LivingStack, tmp_path: Path
) -> None:
    for id_ in ("GEjoxOfZhfolSvOE96tBSm", "dZzyfecszM5TJAku3q8d3F"):
        sample.bucket.objects[f"registry/{id_}"] = b""
    archives.on(sample, "backup", str(tmp_path))
    archives.on(fresh, "import", "archive", str(tmp_path))
    settle(fresh)
    fresh.call_lister({})
    settle(fresh)
    del fresh.bucket.objects["registry/dZzyfecszM5TJAku3q8d3F"]

    outcome = archives.on(fresh, "import", "archive", str(tmp_path))

    assert outcome.exit_code == 0, outcome
    assert "registry/dZzyfecszM5TJAku3q8d3F" in fresh.bucket.objects


# What is refused.


@pytest.mark.parametrize(
    "arguments",
    [
        ["backup"],
        ["import"],
        ["import", "archive"],
        ["import", "rubbish", "x"],
        ["backup", "a", "b"],
    ],
)
def test_missing_or_unknown_arguments_are_wrong_use(
    archives: Archives, sample: LivingStack, arguments: list[str]
) -> None:
    fails(archives.on(sample, *arguments), 2, "")


def test_an_archive_that_holds_something_else_is_not_filled(
    archives: Archives, sample: LivingStack, fresh: LivingStack, tmp_path: Path
) -> None:
    archives.on(sample, "backup", str(tmp_path))
    fresh.call_lister({})
    settle(fresh)
    held = dict(fresh.bucket.objects)

    fails(archives.on(fresh, "import", "archive", str(tmp_path)), 1, "import into a new stack")
    assert fresh.bucket.objects == held


def test_a_stack_whose_first_run_failed_can_be_filled(
    archives: Archives, sample: LivingStack, tmp_path: Path
) -> None:
    archives.on(sample, "backup", str(tmp_path))
    spotify = FakeSpotify()
    spotify.library = PlaylistNotFoundError("no library")
    clock = LivingClock(NOW)
    spotify.now = clock.now
    stack = LivingStack(spotify, clock)
    stack.call_lister({})
    settle(stack)
    assert "state/catalog.json" in stack.bucket.objects

    assert archives.on(stack, "import", "archive", str(tmp_path)).exit_code == 0
    assert_same_pages(pages(stack), pages(sample))


def test_a_rebuild_that_fails_leaves_the_registry_for_later(
    archives: Archives, sample: LivingStack, fresh: LivingStack, tmp_path: Path
) -> None:
    sample.bucket.objects["registry/GEjoxOfZhfolSvOE96tBSm"] = b""
    archives.on(sample, "backup", str(tmp_path))
    fresh.broken = {"renderer"}

    outcome = archives.on(fresh, "import", "archive", str(tmp_path))

    assert outcome.exit_code == 1
    assert "run the same command again" in outcome.out
    assert "registry/GEjoxOfZhfolSvOE96tBSm" not in fresh.bucket.objects


def test_a_damaged_copy_is_not_imported(
    archives: Archives, sample: LivingStack, fresh: LivingStack, tmp_path: Path
) -> None:
    archives.on(sample, "backup", str(tmp_path))
    (tmp_path / "objects/state/catalog.json").write_bytes(b"{}")

    fails(archives.on(fresh, "import", "archive", str(tmp_path)), 1, "not as it was copied")


def test_a_file_in_the_way_is_one_line(
    archives: Archives, sample: LivingStack, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()

    fails(archives.on(sample, "backup", str(tmp_path / "file")), 1, "file is not a folder")
    fails(archives.on(sample, "backup", str(tmp_path / "file/inside")), 1, "file")


def test_an_object_that_is_deleted_meanwhile_is_not_missed(
    archives: Archives, sample: LivingStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = sample.bucket.list_objects

    def list_objects(prefix: str, *, after: str = "") -> Iterator[Listed]:
        yield from real(prefix, after=after)
        if not prefix:
            yield Listed("was/here", 3, '"x"')

    monkeypatch.setattr(sample.bucket, "list_objects", list_objects)

    assert archives.on(sample, "backup", str(tmp_path)).exit_code == 0
    assert "was/here" not in (tmp_path / "objects.jsonl").read_text()


def test_the_catalog_is_copied_before_the_snapshots(
    archives: Archives, sample: LivingStack, tmp_path: Path
) -> None:
    archives.on(sample, "backup", str(tmp_path))
    gets = [key for operation, key in sample.bucket.calls if operation == "get"]

    assert max(i for i, key in enumerate(gets) if key.startswith("state/")) < min(
        i for i, key in enumerate(gets) if key.startswith("snapshots/")
    )


def test_a_bucket_that_a_deleted_stack_has_left_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with mock_aws():
        session: Any = boto3.Session(region_name="us-east-1")
        connection = Connection(DeployedStack("gone"), session.client)
        monkeypatch.setattr(frame, "open_connection", lambda _: connection)
        s3 = session.client("s3")
        s3.create_bucket(Bucket="kept")
        s3.put_object(Bucket="kept", Key="registry/x", Body=b"Ours", Metadata={"run": "1"})

        assert main.run(["backup", str(tmp_path), "--bucket", "kept"]) == 0
        assert (tmp_path / "objects/registry/x").read_bytes() == b"Ours"
        assert '"metadata":{"run":"1"}' in (tmp_path / "objects.jsonl").read_text()
        capsys.readouterr()
        assert main.run(["backup", str(tmp_path / "new"), "--bucket", "nowhere"]) == 1
        assert main.run(["backup", str(tmp_path / "new"), "--bucket", "no bucket"]) == 1
    missing, unfit = capsys.readouterr().err.splitlines()
    assert missing == "playlist-archive: the bucket nowhere does not exist"
    assert unfit.startswith("playlist-archive: AWS does not take that: ")
    assert not (tmp_path / "new").exists()


# Whatever has happened to the archive.

days = st.lists(
    st.tuples(
        st.lists(st.integers(1, 9), max_size=6), st.sampled_from(["read", "gone", "skip", "alias"])
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=10)
@given(days, days)
def test_the_copy_of_any_archive_renders_the_same_pages(
    tmp_path_factory: pytest.TempPathFactory, one: list[Any], other: list[Any]
) -> None:
    spotify, clock = FakeSpotify(), LivingClock(RUN)
    spotify.now = clock.now
    stack = LivingStack(spotify, clock)
    for number in range(max(len(one), len(other))):
        for playlist_id, course in ((PLAYLIST, one), (OTHER, other)):
            happen(stack, spotify, playlist_id, course[number : number + 1], number)
        clock.moment = RUN + number * DAY
        stack.call_lister({})
        stack.pipeline.settle()
    folder = tmp_path_factory.mktemp("backup")
    with pytest.MonkeyPatch.context() as monkeypatch:
        archives = Archives(monkeypatch)
        assert archives.on(stack, "backup", str(folder)).exit_code == 0
        empty = LivingStack(spotify, LivingClock(clock.now()))
        outcome = archives.on(empty, "import", "archive", str(folder), "--json")
    assert outcome.exit_code == 0
    assert_same_pages(pages(empty), pages(stack))
    assert json.loads(outcome.out)["left"] == sum(
        phase_of(key) is None for key in stack.bucket.objects
    )


def happen(
    stack: LivingStack, spotify: FakeSpotify, playlist_id: str, day: list[Any], number: int
) -> None:
    for songs, kind in day:
        alias = b"Named\n" if kind == "alias" else b""
        stack.bucket.objects[f"registry/{playlist_id}"] = alias
        if kind == "gone":
            spotify.playlists.pop(playlist_id, None)
        elif kind != "skip":
            spotify.playlists[playlist_id] = a_reading(
                *songs, snapshot_id=f"v{number}", followers=number
            )
