"""A model of an archive's needs in a day and costs in a month, by its number of playlists.

Counts are measured (`counts.json`), limits and sizes come from the template, prices from AWS.
`Assumptions` holds everything else.
"""

import math
from dataclasses import dataclass, replace
from typing import Any, Self

from tools.measure import prices
from tools.measure.counts import Cost, Counts, Large
from tools.measure.prices import Price
from tools.template import load_source

DAY_SECONDS = 86_400
MONTH_DAYS = 30
GB = 1e9
# Spotify's limit of a library; further playlists have to be registered and requested one by one.
LARGEST_LIBRARY = 11_000
_LIBRARY_PAGE = 50
# Enough iterations to compute the length of a pass exactly.
_ROUNDS = 100
_SQS_BATCH = 10
_OUTCOME_BATCH = 1000
# Five pollers for each of three queues poll for 20 s at a time, even if the queue is empty.
_IDLE_POLLS_A_MONTH = 3 * 5 * 3 * 60 * 24 * MONTH_DAYS
# Lambda gives a function with this memory one processor, and other functions a proportional share.
_MB_OF_ONE_PROCESSOR = 1769


@dataclass(frozen=True)
class Assumptions:
    """Assumed values.

    Times are those of one request from Lambda. Logs are in bytes.

    Attributes:
        changed_share: the share of all playlists that change in a day.
        cpu_factor: the CPU time on Lambda relative to that on the measured machine.
        deferred_a_second: the number of playlists a second that the fetcher can defer.
        client_cpu_ms: the CPU time of one call to AWS, measured without a network.
    """

    changed_share: float = 0.2
    cpu_factor: float = 1.5
    get_seconds: float = 0.02
    write_seconds: float = 0.04
    send_seconds: float = 0.015
    sends_at_once: int = 8
    bytes_a_second: float = 50e6
    client_cpu_ms: float = 0.8
    spotify_seconds: float = 0.3
    deferred_a_second: float = 30
    log_bytes_a_record: int = 500
    log_bytes_an_invocation: int = 1000


@dataclass(frozen=True)
class Deployment:
    """The settings in the template."""

    memory_mb: dict[str, int]
    daily_budget: int
    interval_seconds: float
    window_seconds: int
    replaced_days: int
    alarms: int
    dashboards: int

    @classmethod
    def read(cls) -> Self:
        source = load_source()
        parameters: dict[str, Any] = source["Parameters"]
        resources: list[dict[str, Any]] = list(source["Resources"].values())

        def default(name: str) -> int:
            return int(parameters[name]["Default"])

        def of_type(kind: str) -> list[dict[str, Any]]:
            return [one for one in resources if one["Type"] == f"AWS::{kind}"]

        [bucket] = of_type("S3::Bucket")
        rules = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
        return cls(
            memory_mb={
                name.removesuffix("Function").lower(): one["Properties"]["MemorySize"]
                for name, one in source["Resources"].items()
                if one["Type"] == "AWS::Serverless::Function"
            },
            daily_budget=default("DailyRequestBudget"),
            interval_seconds=default("RequestIntervalMs") / 1000,
            window_seconds=default("IndexWindowSeconds"),
            replaced_days=max(
                rule["NoncurrentVersionExpiration"]["NoncurrentDays"]
                for rule in rules
                if rule.get("Prefix") in {"state/", "playlists/"}
            ),
            alarms=len(of_type("CloudWatch::Alarm")),
            # A dashboard exists only if it is switched on.
            dashboards=sum("Condition" not in one for one in of_type("CloudWatch::Dashboard")),
        )


@dataclass(frozen=True)
class Need:
    """A day's requests to Spotify.

    Attributes:
        sweep: the requests that list the library, which proves playlists unchanged; 0 without one.
        change: the requests for a playlist that changed.
        check: the requests for a playlist that did not.
        most: the most requests that a day allows.
    """

    playlists: int
    changed_share: float
    sweep: int
    change: float
    check: float
    most: float

    @property
    def requests(self) -> float:
        """The requests that it takes to check every playlist every day."""
        return self.sweep + self._pass_requests(1)

    @property
    def days(self) -> float:
        """The number of days until every playlist that has to be read has been read.

        The longer this takes, the more playlists have changed, up to all.
        """
        left = self.most - self.sweep
        if left <= 0:
            return math.inf
        days = 1.0
        for _ in range(_ROUNDS):
            days = max(1.0, self._pass_requests(days) / left)
        return days

    @property
    def planned(self) -> float:
        """The number of requests for playlists that a run sends to FetchQueue."""
        if not self.sweep or math.isinf(self.days):
            return self.playlists
        # The mean share of playlists that have changed after 1, 2, ... days.
        same = 1 - self.changed_share
        proved = same * self._changed(self.days) / (self.changed_share * self.days)
        return self.playlists * (1 - proved)

    @property
    def changes(self) -> float:
        """The number of reads a day that find a change."""
        return self.playlists * self._changed(self.days) / self.days

    @property
    def reads(self) -> float:
        return self.changes if self.sweep else self.playlists / self.days

    @property
    def asked(self) -> float:
        """The number of requests that are really sent in a day."""
        return min(self.sweep, self.most) + (
            self.changes * self.change + (self.reads - self.changes) * self.check
        )

    def _changed(self, days: float) -> float:
        return 1 - math.pow(1 - self.changed_share, days)

    def _pass_requests(self, days: float) -> float:
        changed = self._changed(days)
        unchanged = 0 if self.sweep else 1 - changed
        return self.playlists * (changed * self.change + unchanged * self.check)


@dataclass(frozen=True)
class Estimate:
    """A day's amounts, in seconds, calls, messages and bytes."""

    need: Need
    seconds: dict[str, float]
    invocations: float
    gets: float
    writes: float
    messages: float
    catalog_bytes: float
    batches: float
    growth_bytes: float
    current_bytes: float
    replaced_bytes: float
    log_bytes: float

    def gb_seconds(self, deployment: Deployment) -> dict[str, float]:
        return {
            name: seconds * deployment.memory_mb[name] / 1024
            for name, seconds in self.seconds.items()
        }

    def bill(self, deployment: Deployment) -> dict[str, tuple[Price, float]]:
        """Return the price and the monthly units of each line; for storage those of month 12."""
        stored = self.current_bytes + 12 * MONTH_DAYS * self.growth_bytes
        replaced = self.replaced_bytes * deployment.replaced_days
        return {
            "Lambda time": (
                prices.LAMBDA_GB_SECONDS,
                MONTH_DAYS * sum(self.gb_seconds(deployment).values()),
            ),
            "Lambda invocations": (prices.LAMBDA_INVOCATIONS, MONTH_DAYS * self.invocations),
            "S3 PUT, LIST": (prices.S3_WRITES, MONTH_DAYS * self.writes),
            "S3 GET": (prices.S3_GETS, MONTH_DAYS * self.gets),
            "S3 storage": (prices.S3_GB_MONTHS, stored / GB),
            "S3 storage of what was replaced": (prices.S3_GB_MONTHS, replaced / GB),
            "SQS": (prices.SQS_REQUESTS, MONTH_DAYS * self.messages + _IDLE_POLLS_A_MONTH),
            "logs": (prices.LOG_GB, MONTH_DAYS * self.log_bytes / GB),
            "alarms": (prices.ALARMS, deployment.alarms),
            "dashboards": (prices.DASHBOARDS, deployment.dashboards),
        }


def cpu_seconds(measured: float, memory_mb: int, assumed: Assumptions) -> float:
    """Return the seconds that `measured` seconds of CPU time take in a function of this size."""
    share = min(1, memory_mb / _MB_OF_ONE_PROCESSOR)
    return measured * assumed.cpu_factor / share


def estimate_need(
    counts: Counts, deployment: Deployment, assumed: Assumptions, playlists: int
) -> Need:
    """Return a day's requests. Playlists that fit into a library are swept; more are registered."""
    most = DAY_SECONDS / max(deployment.interval_seconds, assumed.spotify_seconds)
    in_library = playlists <= LARGEST_LIBRARY
    return Need(
        playlists=playlists,
        changed_share=assumed.changed_share,
        sweep=1 + math.ceil(playlists / _LIBRARY_PAGE) if in_library else 0,
        change=counts.change.requests,
        check=counts.check.requests,
        most=min(most, deployment.daily_budget or math.inf),
    )


def estimate(
    counts: Counts, deployment: Deployment, assumed: Assumptions, playlists: int
) -> Estimate:
    """Compute one day in the steady state."""
    need = estimate_need(counts, deployment, assumed, playlists)
    changed, reads = need.changes, need.reads
    # The indexer gets a `deferred` outcome for each playlist beyond the budget or the day.
    left_over = need.days > 1
    deferred = need.planned - reads if left_over else 0
    unchanged = playlists - need.planned
    page_statuses = 2 * reads if left_over else 0
    # The renderer sends a message to the indexer for each playlist whose pages it wrote.
    written = changed + page_statuses
    lane_seconds = need.asked * max(deployment.interval_seconds, assumed.spotify_seconds)
    trickling = lane_seconds + deferred / assumed.deferred_a_second
    batches = 1 + min(reads, trickling / deployment.window_seconds)
    batches = max(batches, 1 + (reads + deferred + unchanged) / _OUTCOME_BATCH)
    fetches = need.planned / _SQS_BATCH
    renders = changed + page_statuses / _SQS_BATCH
    catalog = float(counts.lister.catalog_mb * 2**20 / counts.lister.playlists * playlists)
    site = float(counts.sizes.site * playlists)
    shared = catalog + site

    def processor_seconds(name: str, milliseconds: float) -> float:
        return cpu_seconds(milliseconds / 1000, deployment.memory_mb[name], assumed)

    def action_seconds(name: str, cost: Cost) -> float:
        calls = cost.gets + cost.puts + cost.lists
        waiting = cost.gets * assumed.get_seconds
        waiting += (cost.puts + cost.lists) * assumed.write_seconds
        return waiting + processor_seconds(name, cost.cpu_ms + calls * assumed.client_cpu_ms)

    def large_seconds(name: str, large: Large) -> float:
        return processor_seconds(name, large.cpu_seconds * 1000 * playlists / large.playlists)

    in_order, unordered = fetches, unchanged / _SQS_BATCH
    sending = (in_order + unordered / assumed.sends_at_once) * assumed.send_seconds
    sending += processor_seconds("lister", (in_order + unordered) * assumed.client_cpu_ms)
    seconds = {
        "lister": action_seconds("lister", counts.run)
        + large_seconds("lister", counts.lister)
        + catalog / assumed.bytes_a_second
        + sending
        + need.sweep * max(deployment.interval_seconds, assumed.spotify_seconds),
        "fetcher": lane_seconds
        - need.sweep * deployment.interval_seconds
        + deferred / assumed.deferred_a_second,
        "renderer": changed * action_seconds("renderer", counts.render)
        + page_statuses * action_seconds("renderer", counts.page_status),
        "indexer": batches
        * (
            action_seconds("indexer", counts.batch)
            + large_seconds("indexer", counts.indexer)
            + 2 * shared / assumed.bytes_a_second
        )
        + reads * action_seconds("indexer", counts.followers)
        + written * action_seconds("indexer", counts.published),
    }

    def total(field: str) -> float:
        amounts = (
            (counts.run, 1.0),
            (counts.opening, fetches),
            (counts.closing, reads / _SQS_BATCH),
            (counts.change, changed),
            (counts.check, reads - changed),
            (counts.render, changed),
            (counts.page_status, page_statuses),
            (counts.batch, batches),
            (counts.followers, reads),
            (counts.published, written),
        )
        return sum(float(getattr(cost, field)) * times for cost, times in amounts)

    invocations = 1 + fetches + renders + batches
    outcomes = reads + deferred + unchanged + 1 + written
    listing = playlists / 1000
    return Estimate(
        need=need,
        seconds=seconds,
        invocations=invocations,
        gets=total("gets"),
        writes=total("puts") + total("lists") + listing,
        # Each message is sent, received and deleted, ten at a time if many wait.
        messages=3 * fetches
        + (reads + deferred)
        + written
        + unchanged / _SQS_BATCH
        + 2 * outcomes / _SQS_BATCH
        + 3 * changed
        + 3 * page_statuses / _SQS_BATCH,
        catalog_bytes=catalog,
        batches=batches,
        growth_bytes=changed * counts.sizes.snapshot,
        current_bytes=shared
        + float(counts.sizes.snapshot + counts.sizes.ledger + counts.sizes.pages) * playlists,
        replaced_bytes=(changed + page_statuses) * (counts.sizes.ledger + counts.sizes.pages)
        + batches * shared,
        log_bytes=(reads + deferred + outcomes + changed + page_statuses)
        * assumed.log_bytes_a_record
        + invocations * assumed.log_bytes_an_invocation,
    )


def without_budget(deployment: Deployment) -> Deployment:
    return replace(deployment, daily_budget=0)
