"""Measures the import of an old archive: `python -m tools.measure.import_past`.

It generates a repository like that of mackorone's archive from 2019-06 to 2021-10: every run
commits the pages of changed playlists, with a few new rows. Then it reads all of it, and imports it
into its own local stack, from git to pages. The figures are printed as JSON. On Linux only.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, time
from typing import Annotated, Any
from urllib.parse import quote

import typer

from playlist_archive_cli.imports.old_archive.reader import OldArchive
from playlist_archive_cli.imports.old_archive.repository import Repository
from playlist_archive_cli.imports.versions import LeftOuts
from tools.local.memory import MemoryWatch
from tools.local.processes import stop_all
from tools.local.simulation import Simulation
from tools.local.workspace import PROJECT, Workspace
from tools.measure.large_catalog import read_peak_mb
from tools.measure.rebuild import forget_peak

_SITE = "https://open.spotify.com"
_BLOBS = "https://github.com/mackorone/spotify-playlist-archive/blob/master/playlists"
_FIRST = datetime(2019, 6, 16, 4, tzinfo=UTC)
_LAST = datetime(2021, 10, 23, 4, tzinfo=UTC)
_WORKSPACE = "import-past"


def write_repository(folder: Path, playlists: int, versions: int, rows: int, replaced: int) -> None:
    """Write a bare repository with so many versions, spread evenly over the playlists."""
    git = ("git", "-C", str(folder))
    init = [*git, "init", "--quiet", "--bare", "--initial-branch=main"]
    subprocess.run(init, check=True)  # noqa: S603 - no argument is somebody else's
    with subprocess.Popen(  # noqa: S603 - the same
        [*git, "fast-import", "--quiet"], stdin=subprocess.PIPE
    ) as writing:
        assert writing.stdin
        writing.stdin.writelines(_stream(playlists, versions, rows, replaced))
    if writing.returncode:
        raise SystemExit("git could not write the repository")


def _stream(playlists: int, versions: int, rows: int, replaced: int) -> Iterator[bytes]:
    """Yield the files, those of a playlist one after the other, and then the commits.

    So git stores each version as a delta to the one before it, as in repacked repositories.
    """
    least, more = divmod(versions, playlists)
    mark = 0
    runs: list[list[tuple[int, int]]] = [[] for _ in range(least + bool(more))]
    for playlist in range(playlists):
        for run in range(least + (playlist < more)):
            mark += 1
            runs[run].append((playlist, mark))
            body = _page(playlist, run * replaced, rows).encode()
            yield b"blob\nmark :%d\ndata %d\n%s\n" % (mark, len(body), body)
    step = (_LAST - _FIRST) / len(runs)
    for number, changed in enumerate(runs):
        moment = _FIRST + number * step
        subject = f"[skip ci] Build #{number} ({moment:%Y-%m-%d %H:%M:%S})".encode()
        stamp = int(moment.timestamp())
        yield b"commit refs/heads/main\n"
        yield b"committer Bot <bot@example.org> %d +0000\ndata %d\n%s\n" % (
            stamp,
            len(subject),
            subject,
        )
        for playlist, file in changed:
            yield b"M 100644 :%d playlists/pretty/%s.md\n" % (file, _name(playlist).encode())
            if not number:
                yield b"M 100644 :%d playlists/plain/%s\n" % (file, _id(playlist).encode())


def _page(playlist: int, first: int, rows: int) -> str:
    """Return the page of a playlist with these rows, in the layout of the years before 2021-10."""
    name, id_ = _name(playlist), _id(playlist)
    path = quote(name)
    lines = [
        f"pretty - [cumulative]({_BLOBS}/cumulative/{path}.md) - [plain]({_BLOBS}/plain/{id_})",
        "",
        f"### [{name}]({_SITE}/playlist/{id_})",
        "",
        "> In the order in which they were found by the water, the newest at the end.",
        "",
        "| No. | Title | Artist(s) | Album | Length |",
        "|---|---|---|---|---|",
    ]
    songs = range(playlist * 1_000_000 + first, playlist * 1_000_000 + first + rows)
    lines += [f"| {number} | {_cells(song)} |" for number, song in enumerate(songs, start=1)]
    return "\n".join([*lines, ""])


def _cells(song: int) -> str:
    artist, album = song // 5, song // 3
    return (
        f"[The long way round, {song}]({_SITE}/track/{song:022}) | "
        f"[The Harbour Lamps {artist}]({_SITE}/artist/{artist:022}), "
        f"[Lena {artist}]({_SITE}/artist/{artist + 1:022}) | "
        f"[Slack Water {album}]({_SITE}/album/{album:022}) | {song % 9 + 1}:{song % 60:02}"
    )


def _name(playlist: int) -> str:
    return f"Songs for the long evenings {playlist}"


def _id(playlist: int) -> str:
    return f"{playlist:022}"


def measure_reading(repository: Path) -> dict[str, Any]:
    """Read all versions as an import does, and return the cost."""
    forget_peak()
    began, busy = monotonic(), _cpu_seconds()
    with Repository.open(repository) as opened:
        left_out = LeftOuts()
        archive = OldArchive(opened, left_out)
        told = archive.versions()
        found = monotonic() - began
        versions = sum(1 for _ in archive.read(told))
    seconds = monotonic() - began
    return {
        "versions": versions,
        "left_out": sum(one.count for one in left_out.all()),
        "finding_seconds": round(found, 1),
        "reading_seconds": round(seconds - found, 1),
        "found_a_second": round(versions / found),
        "read_a_second": round(versions / (seconds - found)),
        "cpu_seconds": round(_cpu_seconds() - busy, 1),
        "peak_mb": read_peak_mb(),
    }


def _cpu_seconds() -> float:
    """Return the CPU time of this process and of its finished git processes."""
    return sum(os.times()[:4])


def measure_import(repository: Path, playlists: int, versions: int) -> dict[str, Any]:
    """Import all versions into a new local stack, and return the cost and any errors."""
    workspace = Workspace.named(_WORKSPACE)
    stop_all(workspace)
    shutil.rmtree(workspace.root)
    workspace = Workspace.named(_WORKSPACE)
    # It is written between the snapshots and the pages.
    report = workspace.root / "report.json"
    try:
        simulation = Simulation.ensure(workspace, [])
        with MemoryWatch(simulation.stack.engine.process.pid) as memory:
            began = time()
            ended = _import(repository, report)
            seconds = time() - began
        stack = simulation.stack
        shown = [
            len(stack.read_json(f"playlists/history/{_id(one)}.json").get("snapshots", ()))
            for one in range(playlists)
        ]
        if not report.exists():
            raise SystemExit("the import failed before it had written the snapshots")
        return {
            "git_to_pages_seconds": round(seconds),
            "of_it_to_snapshots_seconds": round(report.stat().st_mtime - began),
            "engine_peak_mb": memory.peak_bytes // 2**20,
            "exit_code": ended.returncode,
            "playlists_with_pages": sum(map(bool, shown)),
            "versions_on_pages": sum(shown),
            "versions_missing": versions - sum(shown),
            "dead_letters": stack.count_dead_letters(),
        }
    finally:
        stop_all(workspace)
        shutil.rmtree(workspace.root)


def _import(repository: Path, report: Path) -> subprocess.CompletedProcess[bytes]:
    command = Path(sys.executable).with_name("playlist-archive")
    options = ("--workspace", _WORKSPACE, "--json", "--report", report)
    return subprocess.run(  # noqa: S603 - the same
        [command, "import", "old-archive", repository, *options],
        stdout=subprocess.DEVNULL,
        cwd=PROJECT,
        check=False,
    )


def main(
    playlists: Annotated[int, typer.Option(min=1)] = 250,
    versions: Annotated[int, typer.Option(min=1)] = 32_000,
    rows: Annotated[int, typer.Option(min=1, help="Rows of a version.")] = 100,
    replaced: Annotated[int, typer.Option(min=1, help="Rows that are new in each version.")] = 2,
    *,
    read_only: Annotated[bool, typer.Option("--read-only", help="Import nothing.")] = False,
) -> None:
    """Make up an old archive, read it, import it into a local stack of its own, and print both."""
    if versions < playlists:
        raise typer.BadParameter("each playlist has at least one version")
    with TemporaryDirectory(prefix="playlist-archive-") as folder:
        repository = Path(folder)
        write_repository(repository, playlists, versions, rows, replaced)
        taken = {"playlists": playlists, "rows": rows, **measure_reading(repository)}
        typer.echo(json.dumps(taken))
        if read_only:
            return
        imported = measure_import(repository, playlists, versions)
    typer.echo(json.dumps(imported))
    if imported["exit_code"] or imported["versions_missing"] or imported["dead_letters"]:
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
