"""Estimates the needs of 100, 10,000 and 100,000 playlists a day: `python -m tools.measure`.

The tables are printed, and written into `docs/scale.md`: needs and costs, and what is written.
"""

from collections.abc import Callable, Sequence
from math import isinf
from pathlib import Path

import typer

from tools.measure import prices
from tools.measure.counts import load_counts
from tools.measure.model import (
    MONTH_DAYS,
    Assumptions,
    Deployment,
    Estimate,
    estimate,
    without_budget,
)

PAGE = Path(__file__).parents[2] / "docs" / "scale.md"
_COSTS, _WRITES = "make scale", "make scale, writes"
# The documents for programs and for searching, besides the pages.
_FOR_PROGRAMS = (
    "playlists/feeds/",
    "playlists/songs/",
    "playlists/table/",
    "playlists/changes.md",
    "playlists/changes.json",
    "playlists/index.json",
)
_PLAYLISTS = (100, 10_000, 100_000)
_FUNCTIONS = ("lister", "fetcher", "renderer", "indexer")


def render(playlists: Sequence[int] = _PLAYLISTS) -> str:
    """Return both tables: without a budget, and as deployed."""
    counts, deployment, assumed = load_counts(), Deployment.read(), Assumptions()
    free = without_budget(deployment)

    def table(title: str, settings: Deployment) -> str:
        estimates = [estimate(counts, settings, assumed, number) for number in playlists]
        return "\n".join(_table(title, playlists, estimates, settings))

    return "\n\n".join(
        (
            table("no budget", free),
            table(f"{deployment.daily_budget} requests a day", deployment),
        )
    )


def render_writes(playlists: Sequence[int] = _PLAYLISTS) -> str:
    """Return the PUTs of a change, of a batch and of a run without changes, and their price."""
    counts, deployment = load_counts(), without_budget(Deployment.read())
    changed, batch, quiet = counts.writes.changed, counts.writes.batch, counts.writes.quiet

    def row(name: str, *cells: str) -> str:
        return f"| {name} | {' | '.join(cells)} |"

    lines = [
        "| PUT | a changed playlist | a batch of outcomes | a run without news |",
        "|---|--:|--:|--:|",
    ]
    for folder in sorted({*changed, *batch, *quiet}):
        cells = (f"{puts[folder]:,.2f}" if folder in puts else "" for puts in (changed, batch))
        lines.append(row(f"`{folder}`", *cells, str(quiet.get(folder, ""))))
    totals = (f"**{sum(puts.values()):,.2f}**" for puts in (changed, batch))
    lines.append(row("**together**", *totals, f"**{sum(quiet.values())}**"))
    lines.append(row("the most", f"{counts.writes.most}", "", ""))
    for number in playlists:
        need = estimate(counts, deployment, Assumptions(), number)
        times = (need.need.changes, need.batches)
        for of_them, folders in (("", {*changed, *batch}), (", what was added", _FOR_PROGRAMS)):
            cells = (
                f"{_monthly(sum(puts.get(folder, 0) for folder in folders) * often):,.2f}"
                for puts, often in zip((changed, batch), times, strict=True)
            )
            lines.append(row(f"$ a month for {number:,}{of_them}", *cells, ""))
    return "\n".join(lines)


def _monthly(puts_a_day: float) -> float:
    return prices.S3_WRITES.of(MONTH_DAYS * puts_a_day)


def _table(
    title: str, playlists: Sequence[int], estimates: Sequence[Estimate], deployment: Deployment
) -> list[str]:
    def row(name: str, tell: Callable[[Estimate], str]) -> str:
        return f"| {name} | {' | '.join(map(tell, estimates))} |"

    bills = [one.bill(deployment) for one in estimates]
    lines = [
        f"| {title} | {' | '.join(f'{number:,}' for number in playlists)} |",
        f"|---|{'--:|' * len(playlists)}",
        row("requests to Spotify a day, to check all", lambda one: _count(one.need.requests)),
        row("days until all are read that must be", lambda one: _days(one.need.days)),
        *(row(f"{name}: GB-s a day", _gb_seconds(name, deployment)) for name in _FUNCTIONS),
        row("S3 PUT and LIST a day", lambda one: _count(one.writes)),
        row("S3 GET a day", lambda one: _count(one.gets)),
        row("SQS requests a day, without idle polls", lambda one: _count(one.messages)),
        row("logs, MB a day", lambda one: _count(one.log_bytes / 1e6)),
        row("catalog, MB", lambda one: _count(one.catalog_bytes / 1e6)),
        row("index written a day", lambda one: _count(one.batches)),
        row("archive, GB", lambda one: _amount(one.current_bytes / 1e9)),
        row("its growth, GB a month", lambda one: _amount(MONTH_DAYS * one.growth_bytes / 1e9)),
    ]
    for name in bills[0]:
        cells = (f"{price.of(units):,.2f}" for price, units in (bill[name] for bill in bills))
        lines.append(f"| $ a month: {name} | {' | '.join(cells)} |")
    totals = [sum(price.of(units) for price, units in bill.values()) for bill in bills]
    net = [sum(price.beyond_free(units) for price, units in bill.values()) for bill in bills]
    lines.append(f"| **$ a month** | {' | '.join(f'**{total:,.2f}**' for total in totals)} |")
    lines.append(f"| less what is free for ever | {' | '.join(f'{total:,.2f}' for total in net)} |")
    return lines


def _gb_seconds(name: str, deployment: Deployment) -> Callable[[Estimate], str]:
    return lambda one: _count(one.gb_seconds(deployment)[name])


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _amount(number: float) -> str:
    return f"{number:,.2f}" if number < 1 else f"{number:,.0f}"


def _days(number: float) -> str:
    return "never" if isinf(number) else f"{number:,.1f}"


def quote(page: str) -> str:
    """Return the page with the computed tables between their marks."""
    for name, tables in ((_COSTS, render()), (_WRITES, render_writes())):
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = f"{before}{begin}\n{tables}\n{end}{after}"
    return page


def main() -> None:
    """Compute the needs and the costs of archives of several sizes from the counts."""
    PAGE.write_text(quote(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    typer.echo(f"{render()}\n\n{render_writes()}")


if __name__ == "__main__":
    typer.run(main)
