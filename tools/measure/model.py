"""What an archive of so many playlists needs in a day and costs in a month.

Counts are measured (`counts.json`), limits and sizes are the template's, prices are AWS's. What is
left is assumed, and stands in `Assumptions`.
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
# A library holds no more (Spotify); what is beyond it has to be registered and asked for one by one.
LARGEST_LIBRARY = 11_000
# What lister and indexer publish.
METRICS = (
    "AuthorizationDaysLeft",
    "PlaylistsChecked",
    "PlaylistsFailing",
    "HoursParked",
    "RequestsWithinADay",
)
_LIBRARY_PAGE = 50
# So many find the length of a pass to the last digit.
_ROUNDS = 100
_SQS_BATCH = 10
_OUTCOME_BATCH = 1000
# Each of three queues is polled by five pollers for 20 s at a time, whether it is empty or not.
_IDLE_POLLS_A_MONTH = 3 * 5 * 3 * 60 * 24 * MONTH_DAYS
# Lambda gives a function of so much memory one processor, and any other in proportion.
_MB_OF_ONE_PROCESSOR = 1769


@dataclass(frozen=True)
class Assumptions:
    """What was not measured.

    `changed_share` of all playlists change in a day. A processor of Lambda takes `cpu_factor` as
    long as the measured one. Times are those of one request from Lambda; `deferred_a_second` is how
    quickly the fetcher says of playlists that there are no requests left for them. A call of AWS
    costs `client_cpu_ms`, measured without a network. Logs are in bytes.
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
    """What the template says."""

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
            return [one.get("Properties", {}) for one in resources if one["Type"] == f"AWS::{kind}"]

        [bucket] = of_type("S3::Bucket")
        rules = bucket["LifecycleConfiguration"]["Rules"]
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
            dashboards=len(of_type("CloudWatch::Dashboard")),
        )


@dataclass(frozen=True)
class Need:
    """What a day asks of Spotify, and what it may.

    A `sweep` of so many requests proves unchanged what is so; without one each playlist is asked
    for. A read of what changed takes `change` requests, of anything else `check`; a day has `most`.
    """

    playlists: int
    changed_share: float
    sweep: int
    change: float
    check: float
    most: float

    @property
    def requests(self) -> float:
        """Return the requests that check every playlist every day."""
        return self.sweep + self._pass_requests(1)

    @property
    def days(self) -> float:
        """Return how many days pass until all are read that have to be.

        The longer it takes the more of them have changed, up to all.
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
        """Return how many messages a run sends to the lane."""
        if not self.sweep or math.isinf(self.days):
            return self.playlists
        # The mean of what has changed after 1, 2, ... days.
        same = 1 - self.changed_share
        proved = same * self._changed(self.days) / (self.changed_share * self.days)
        return self.playlists * (1 - proved)

    @property
    def changes(self) -> float:
        """Return how many reads a day find a change."""
        return self.playlists * self._changed(self.days) / self.days

    @property
    def reads(self) -> float:
        return self.changes if self.sweep else self.playlists / self.days

    @property
    def asked(self) -> float:
        """Return how many requests a day has in the end."""
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
        """Return each line's price and units of a month, the twelfth one for storage."""
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
            "metrics": (prices.METRICS, len(METRICS)),
            "alarms": (prices.ALARMS, deployment.alarms),
            "dashboards": (prices.DASHBOARDS, deployment.dashboards),
        }


def cpu_seconds(measured: float, memory_mb: int, assumed: Assumptions) -> float:
    """Return how long a function of so much memory works at what was measured to take so long."""
    share = min(1, memory_mb / _MB_OF_ONE_PROCESSOR)
    return measured * assumed.cpu_factor / share


def estimate_need(
    counts: Counts, deployment: Deployment, assumed: Assumptions, playlists: int
) -> Need:
    """Return a day's requests; a library is swept, and what is too many for one is registered."""
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
    # What the budget or the day leaves over is told to the indexer.
    left_over = need.days > 1
    deferred = need.planned - reads if left_over else 0
    unchanged = playlists - need.planned
    page_statuses = 2 * reads if left_over else 0
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
        + reads * action_seconds("indexer", counts.followers),
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
        )
        return sum(float(getattr(cost, field)) * times for cost, times in amounts)

    invocations = 1 + fetches + renders + batches
    outcomes = reads + deferred + unchanged + 1
    listing = playlists / 1000
    return Estimate(
        need=need,
        seconds=seconds,
        invocations=invocations,
        gets=total("gets"),
        writes=total("puts") + total("lists") + listing,
        # Sent, received and deleted; ten at a time where many wait.
        messages=3 * fetches
        + (reads + deferred)
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
