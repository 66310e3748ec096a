"""Archive a library in peace and in chaos, and look for the difference: `python -m tools.chaos`."""

import time
from collections import Counter
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from tools.chaos.checks import Evidence, check_all, differing_pages
from tools.chaos.record import Record
from tools.chaos.simulation import Simulation
from tools.spotify.history import HistoryLibrary

_LOGS = Path(".local/chaos")

console = Console(highlight=False, soft_wrap=True)


def chaos(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A history file.")],
    days: Annotated[int, typer.Option(min=5, help="How many of its last days.")] = 30,
    seed: Annotated[int, typer.Option(help="Repeats the same faults.")] = 1,
) -> None:
    """Archive the last days of a history file in peace and in chaos, and compare."""
    library = HistoryLibrary(file)
    dates = [library.last_day - timedelta(days=ago) for ago in reversed(range(days))]
    console.print(f"seed {seed}: {len(library.list_ids(dates[-1]))} playlists, {days} days")
    _LOGS.mkdir(parents=True, exist_ok=True)
    records: dict[str, Record] = {}
    for name in ("peace", "chaos"):
        began = time.monotonic()
        log = _LOGS / f"{name}-{seed}.log"
        with log.open("w") as output:
            simulation = Simulation(library, dates, seed, calm=name == "peace", log=output)
            records[name] = simulation.run()
        console.print(f"{name}: {time.monotonic() - began:.0f} s, logs in {log}")
    evidence = Evidence(library, **records)
    findings = check_all(evidence)
    _report(evidence, findings)
    console.print(f"\ndigest {digest(records['chaos'])} (seed {seed}, {days} days)")
    if any(findings.values()):
        raise SystemExit(1)


def digest(record: Record) -> str:
    """Return what two runs with one seed have in common: every byte, every count."""
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
    console.print("\nwhat came of it")
    letters = {queue: len(letters) for queue, letters in sorted(chaos.letters.items())}
    expired = {queue: number for queue, number in chaos.expired.items() if number}
    differing = differing_pages(evidence)
    unmoved = evidence.ledgers.keys() - evidence.excuses.keys() - differing.keys()
    reasons = Counter(
        reason for playlist_id in differing for reason in evidence.excuses.get(playlist_id, ())
    )
    for what, value in (
        ("snapshots in peace, in chaos", f"{len(peace.written):,}, {len(chaos.written):,}"),
        ("requests to Spotify in peace, in chaos", f"{len(peace.sent):,}, {len(chaos.sent):,}"),
        ("requests within 24 hours at most", f"{chaos.most_requests_a_day():,}"),
        ("invocations, failed or killed", f"{chaos.invocations:,}, {chaos.failed:,}"),
        ("dead letters, by queue", letters or "none"),
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
