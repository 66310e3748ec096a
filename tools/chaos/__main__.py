"""Archive a library with and without faults, and compare the results: `python -m tools.chaos`.

The simulation without faults is called "peace", the one with faults "chaos".
"""

import time
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, NamedTuple

import msgspec
import typer
from rich.console import Console

from tools.chaos.checks import check_all, differing_pages, playlists_in
from tools.chaos.evidence import Evidence
from tools.chaos.faulty_playlists import WildLibrary
from tools.chaos.record import Record
from tools.chaos.simulation import Conditions, Simulation
from tools.stand_in.history import HistoryLibrary

_LOGS = Path(".local/chaos")
_FEW_FINDINGS = 5

console = Console(highlight=False, soft_wrap=True)


type Peaces = dict[Conditions, Record]
"""The record of the simulation without faults, by its conditions."""


class PartOfHistory(HistoryLibrary):
    """A library reduced to `most` of its playlists, evenly spaced; 0 keeps all."""

    def __init__(self, file: Path, most: int) -> None:
        super().__init__(file)
        known = super().list_ids(self.last_day)
        apart = max(1, len(known) // most) if most else 1
        self._chosen = frozenset(known[::apart][: most or None])

    def list_ids(self, day: date) -> Sequence[str]:
        return [id_ for id_ in super().list_ids(day) if id_ in self._chosen]


class Run(NamedTuple):
    """The result of one seed."""

    evidence: Evidence
    findings: dict[str, list[str]]
    digest: str
    seconds: float


def chaos(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A history file.")],
    *,
    days: Annotated[int, typer.Option(min=5, help="How many of its last days to archive.")] = 30,
    seed: Annotated[int, typer.Option(help="The seed; the same seed repeats all faults.")] = 1,
    without: Annotated[
        str, typer.Option(help="Actions and troubles to leave out, separated by commas.")
    ] = "",
    seeds: Annotated[str, typer.Option(help="A range of seeds, as 1-10; prints a table.")] = "",
    playlists: Annotated[int, typer.Option(help="The number of playlists; 0 is all.")] = 0,
) -> None:
    """Archive the last days of a history file with and without faults, and compare."""
    library = PartOfHistory(file, playlists)
    dates = [library.last_day - timedelta(days=ago) for ago in reversed(range(days))]
    wild = WildLibrary(library, dates[0])
    _LOGS.mkdir(parents=True, exist_ok=True)
    if not seeds:
        console.print(f"seed {seed}: {len(wild.list_ids(dates[-1]))} playlists, {days} days")
        run = try_seed(wild, dates, seed, frozenset(without.split(",")))
        _report(run.evidence, run.findings)
        console.print(f"\ndigest {run.digest} (seed {seed}, {days} days, {run.seconds:.0f} s)")
        raise SystemExit(1 if any(run.findings.values()) else 0)
    failed = 0
    peaces: Peaces = {}
    for number in parse_seeds(seeds):
        run = try_seed(wild, dates, number, frozenset(without.split(",")), peaces)
        failed += any(run.findings.values())
        _report_shortly(number, run)
    raise SystemExit(1 if failed else 0)


def parse_seeds(text: str) -> list[int]:
    """Return the seeds in a text such as `3` or `1-10`."""
    first, _, last = text.partition("-")
    return list(range(int(first), int(last or first) + 1))


def try_seed(
    library: WildLibrary,
    days: Sequence[date],
    seed: int,
    without: frozenset[str] = frozenset(),
    peaces: Peaces | None = None,
) -> Run:
    """Archive a library with and without faults, and run all checks.

    Seeds with the same conditions share the simulation without faults in `peaces`.
    """
    began = time.monotonic()
    peaces = {} if peaces is None else peaces

    def simulate(name: str) -> Record:
        with (_LOGS / f"{name}-{seed}.log").open("w") as log:
            calm = name == "peace"
            return Simulation(library, days, seed, calm=calm, log=log, without=without).run()

    conditions = Conditions.of(days, seed)
    if conditions not in peaces:
        peaces[conditions] = simulate("peace")
    evidence = Evidence(library, chaos=simulate("chaos"), peace=peaces[conditions])
    findings = check_all(evidence)
    return Run(evidence, findings, digest(evidence.chaos), time.monotonic() - began)


def _report_shortly(seed: int, run: Run) -> None:
    failed = {check: found for check, found in run.findings.items() if found}
    chaos = run.evidence.chaos
    console.print(
        f"seed {seed:3}  {'FAILED' if failed else 'ok':6}  {run.digest}  "
        f"{chaos.injected.total():6,} injected  {chaos.invocations:5,} invocations  "
        f"{len(chaos.written):4,} snapshots  {run.seconds:4.0f} s"
    )
    for check, found in failed.items():
        for finding in found[:_FEW_FINDINGS]:
            console.print(f"          {len(found):4} x {check}: {finding}")


def digest(record: Record) -> str:
    """Return a digest of every byte and every count, which is the same for the same seed."""
    result = sha256()
    for objects in (record.objects, record.rebuilt):
        for key, body in objects.items():
            result.update(f"{key} {len(body)}\n".encode() + body)
    result.update(msgspec.json.encode(sorted(record.injected.items())))
    return result.hexdigest()[:16]


def _report(evidence: Evidence, findings: dict[str, list[str]]) -> None:
    chaos, peace = evidence.chaos, evidence.peace
    console.print("\ninjected")
    for what, number in sorted(chaos.injected.items()):
        if number:
            console.print(f"  {number:6,}  {what}")
    console.print(f"  {chaos.injected.total():6,}  in all")
    console.print("\nthe result")
    dead_letters = {
        queue: len(dead_letters) for queue, dead_letters in sorted(chaos.dead_letters.items())
    }
    expired = {queue: number for queue, number in chaos.expired.items() if number}
    differing = differing_pages(evidence)
    unmoved = playlists_in(evidence.chaos.objects) - evidence.excuses.keys() - differing.keys()
    reasons = Counter(
        reason for playlist_id in differing for reason in evidence.excuses.get(playlist_id, ())
    )
    for what, value in (
        ("snapshots in peace, in chaos", f"{len(peace.written):,}, {len(chaos.written):,}"),
        ("requests to Spotify in peace, in chaos", f"{len(peace.sent):,}, {len(chaos.sent):,}"),
        ("requests within 24 hours at most", f"{chaos.most_requests_a_day():,}"),
        ("invocations, failed or killed", f"{chaos.invocations:,}, {chaos.failed:,}"),
        ("dead letters, by queue", dead_letters or "none"),
        ("messages that outlived their queue", expired or "none"),
        ("playlists read on every day, with the pages of peace", len(unmoved)),
        ("playlists with other pages than in peace", len(differing)),
        ("  because (a playlist may have several reasons)", dict(sorted(reasons.items()))),
    ):
        console.print(f"  {what}: {value}")
    console.print("\nchecks")
    for check, found in findings.items():
        console.print(f"  {'FAILED' if found else 'ok':6}  {check}")
        for finding in found[:20]:
            console.print(f"          {finding}")
        if len(found) > 20:  # noqa: PLR2004 - enough to begin with
            console.print(f"          and {len(found) - 20} more")


if __name__ == "__main__":
    typer.run(chaos)
