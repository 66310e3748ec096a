"""Measures the speed of folding and rendering: `python -m tools.measure.render`.

Every version of a history file is folded and rendered as in a run: from the serialised ledger and
snapshot to the serialised pages and ledger, in one process and without a bucket. Times are CPU
times.
"""

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import batched
from pathlib import Path
from typing import Annotated

import typer

from playlist_archive.documents.fold import Fold, fold
from playlist_archive.documents.ledger import decode_ledger, encode_ledger
from playlist_archive.documents.playlist import Album, Artist, Item, Owner, Row
from playlist_archive.documents.snapshot import Snapshot, decode_snapshot, encode_snapshot
from playlist_archive.views import VIEWS, render_lines, render_pages
from playlist_archive.views.item_texts import ItemTexts
from tools.stand_in.history import HistoryLibrary
from tools.stand_in.library import Album as LibraryAlbum
from tools.stand_in.library import Artist as LibraryArtist
from tools.stand_in.library import Playlist, Track

_SPOTIFY = "https://open.spotify.com"
_DAY = timedelta(days=1)
_BESIDE = Path(__file__).parents[3] / "shared" / "data"
_FOLDER = Path(os.environ.get("PLAYLIST_ARCHIVE_DATA") or _BESIDE)

type Times = Counter[str]


def read_versions(file: Path) -> Iterator[list[Snapshot]]:
    """Yield the snapshots of each playlist of a history file, oldest first."""
    library = HistoryLibrary(file)
    days = (library.last_day - library.first_day).days + 1
    every_day = [library.first_day + number * _DAY for number in range(days)]
    for playlist_id in library.list_ids(library.last_day):
        versions: dict[int, Snapshot] = {}
        for day in every_day:
            playlist = library.find(playlist_id, day)
            if playlist and playlist.version not in versions:
                time_of_run = datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
                versions[playlist.version] = to_snapshot(playlist, time_of_run)
        yield list(versions.values())


def to_snapshot(playlist: Playlist, run: datetime) -> Snapshot:
    """Return the snapshot that the fetcher would have written of a history file's playlist."""
    owner = playlist.owner
    return Snapshot(
        playlist_id=playlist.id,
        time=run,
        read_at=run,
        previous_check=run - _DAY,
        name=playlist.name,
        description=playlist.description or "",
        owner=Owner(owner.id, owner.display_name or "", f"{_SPOTIFY}/user/{owner.id}"),
        url=f"{_SPOTIFY}/playlist/{playlist.id}",
        snapshot_id=f"version {playlist.version}",
        followers=playlist.followers,
        rows=tuple(
            Row(
                added_at=datetime.fromisoformat(row.added_at) if row.added_at else None,
                added_by=row.added_by,
                item=to_item(row.item),
            )
            for row in playlist.rows
            if isinstance(row.item, Track)
        ),
    )


@cache
def to_item(track: Track) -> Item:
    return make_item(track)


def make_item(track: Track) -> Item:
    artists = (Artist(one.name, f"{_SPOTIFY}/artist/{one.id}") for one in track.artists)
    return Item(
        type="track",
        uri=track.uri,
        name=track.name,
        duration_ms=track.duration_ms,
        artists=tuple(artists),
        album=Album(track.album.name, f"{_SPOTIFY}/album/{track.album.id}", "2019"),
        url=f"{_SPOTIFY}/track/{track.id}",
    )


def render(stored: bytes | None, document: bytes, times: Times) -> bytes:
    """Return the next serialised ledger; add the seconds of each step to `times`."""
    began = time.process_time()

    def lap(step: str) -> None:
        nonlocal began
        now = time.process_time()
        times[step] += now - began  # type: ignore[assignment]
        began = now

    before = decode_ledger(stored) if stored else None
    lap("parse the ledger")
    snapshot = decode_snapshot(document)
    lap("parse the snapshot")
    ledger = fold(before, snapshot)
    lap("fold")
    body = encode_ledger(ledger)
    lap("encode the ledger")
    texts = ItemTexts(ledger.items)
    for name, view in VIEWS.items():
        list(view(ledger, texts))
        lap(f"view {name}")
    render_lines(ledger)
    lap("lines of the songs")
    return body


def measure_history(file: Path, versions: int | None) -> None:
    """Print the cost of one render after each version."""
    times: Times = Counter()
    done = 0
    for snapshots in read_versions(file):
        stored = None
        for snapshot in snapshots[: versions and versions - done]:
            stored = render(stored, encode_snapshot(snapshot), times)
            done += 1
        if done == versions:
            break
    total = times.total()
    print(f"{done} versions in {total:.1f} s of CPU: {done / total:.0f} a second")
    for step, seconds in times.items():
        print(f"  {step:24} {seconds / done * 1000:7.3f} ms {seconds / total:6.1%}")


def measure_rebuilds(file: Path, at_once: int | None) -> None:
    """Print the speed of folding several versions, or all, before each render."""
    done, seconds = 0, 0.0
    for snapshots in read_versions(file):
        documents = [encode_snapshot(snapshot) for snapshot in snapshots]
        stored = None
        began = time.process_time()
        for some in batched(documents, at_once or len(documents), strict=False):
            folding = Fold(decode_ledger(stored) if stored else None)
            for document in some:
                folding.add(decode_snapshot(document))
            ledger = folding.ledger()
            assert ledger
            render_pages(ledger)
            render_lines(ledger)
            stored = encode_ledger(ledger)
        seconds += time.process_time() - began
        done += len(documents)
    size = f"{at_once} at a time" if at_once else "all of a playlist at once"
    print(f"{done} versions, {size}, in {seconds:.1f} s of CPU: {done / seconds:.0f} a second")


def measure_growth() -> None:
    """Print the cost of one render by the number of earlier snapshots and the number of rows."""
    print("one render of 100 rows, of which one moves a day, by the snapshots before it")
    for before in (10, 100, 1_000, 3_000):
        print(f"  {before:8,} {_measure_render(_moving(100), [before])[0]:7.3f} ms")
    print("one render after ten snapshots, by the number of rows")
    for rows in (10, 100, 1_000, 10_000):
        print(f"  {rows:8,} {_measure_render(_moving(rows), [10])[0]:7.3f} ms")
    print("one render of 10,000 rows, of which five are new each day, by the snapshots before it")
    befores = [10, 1_000, 3_000]
    for before, taken in zip(befores, _measure_render(renewed(10_000, 5), befores), strict=True):
        print(f"  {before:8,} {taken:7.3f} ms, {10_000 + 5 * before:,} songs ever")


type Versions = Callable[[int], tuple[Row, ...]]
"""Returns the rows on a day, counted from 0."""

_BEGIN = datetime(2015, 1, 1, 4, tzinfo=UTC)


def _moving(count: int) -> Versions:
    """Return versions in which the first row moves to the end each day."""
    rows = tuple(Row(added_at=_BEGIN, item=to_item(_track(number))) for number in range(count))
    return lambda day: rows[day % count :] + rows[: day % count]


def renewed(count: int, new: int) -> Versions:
    """Return versions in which `new` rows replace the oldest ones each day."""
    rows: dict[int, Row] = {}

    def rows_on(day: int) -> tuple[Row, ...]:
        numbers = range(new * day, new * day + count)
        for number in [number for number in rows if number not in numbers]:
            del rows[number]  # years of them would take memory that is measured
        for number in numbers:
            if number not in rows:
                rows[number] = Row(added_at=_BEGIN, item=make_item(_track(number)))
        return tuple([rows[number] for number in numbers])

    return rows_on


def _measure_render(rows_on: Versions, befores: Sequence[int]) -> list[float]:
    """Return the milliseconds of one render after each of these numbers of snapshots."""
    folding, taken = Fold(None), list[float]()
    for day in range(max(befores) + 1):
        snapshot = Snapshot(
            playlist_id="0" * 22,
            time=_BEGIN + day * _DAY,
            read_at=_BEGIN + day * _DAY,
            name="Growing old",
            description="",
            owner=Owner("me", "Me"),
            url=f"{_SPOTIFY}/playlist/{'0' * 22}",
            snapshot_id=str(day),
            rows=rows_on(day),
        )
        if day in befores and (ledger := folding.ledger()):
            stored, document = encode_ledger(ledger), encode_snapshot(snapshot)
            samples = []
            for _ in range(5):
                times: Times = Counter()
                render(stored, document, times)
                samples.append(times.total())
            taken.append(min(samples) * 1000)
        folding.add(snapshot)
    return taken


def _track(number: int) -> Track:
    artist = (LibraryArtist(f"{number:022}", f"Artist {number}"),)
    album = LibraryAlbum(f"{number:022}", f"Album {number}", artist, "2019", 1)
    return Track(f"{number:022}", f"Song {number}", artist, album, 180_000)


def main(
    file: Annotated[Path, typer.Argument(exists=True)] = _FOLDER / "playlist-history.jsonl.xz",
    versions: Annotated[int | None, typer.Option(help="Stop after so many versions.")] = None,
) -> None:
    """Fold and render the versions of a history file, then playlists that grow."""
    measure_history(file, versions)
    measure_rebuilds(file, at_once=10)
    measure_rebuilds(file, at_once=None)
    measure_growth()


if __name__ == "__main__":
    typer.run(main)
