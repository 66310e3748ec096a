"""The scale model's results for amounts that can be computed by hand."""

from dataclasses import replace
from math import inf

import pytest
from msgspec import structs

from tools.measure.counts import Counts, load_counts
from tools.measure.model import (
    LARGEST_LIBRARY,
    Assumptions,
    Deployment,
    estimate,
    estimate_need,
    without_budget,
)
from tools.measure.prices import MILLION, Price

pytestmark = pytest.mark.unit

ASSUMED = Assumptions(changed_share=0.2)
DEPLOYED = Deployment(
    memory_mb={"lister": 512, "fetcher": 512, "renderer": 1024, "indexer": 1024},
    daily_budget=600,
    interval_seconds=1,
    window_seconds=60,
    replaced_days=30,
    alarms=6,
    dashboards=0,
)
FREE = without_budget(DEPLOYED)


def counts(*, change: float, check: float) -> Counts:
    stored = load_counts()
    return structs.replace(
        stored,
        change=structs.replace(stored.change, requests=change),
        check=structs.replace(stored.check, requests=check),
    )


COUNTS = counts(change=2, check=1)


def test_a_library_costs_its_sweep_and_reads_of_changed_playlists() -> None:
    # The profile, 20 pages of 50, and 200 changes of two requests each.
    assert estimate_need(COUNTS, FREE, ASSUMED, 1000).requests == pytest.approx(1 + 20 + 400)


def test_playlists_beyond_a_library_are_requested_one_by_one() -> None:
    playlists = 2 * LARGEST_LIBRARY

    requests = estimate_need(COUNTS, FREE, ASSUMED, playlists).requests
    assert requests == pytest.approx(playlists * (0.2 * 2 + 0.8 * 1))


def test_a_budget_stretches_a_pass_until_all_have_changed() -> None:
    # The sweep takes 201 of 600 requests; 399 are left for 20,000, because in the end all changed.
    need = estimate_need(COUNTS, DEPLOYED, ASSUMED, 10_000)

    assert need.days == pytest.approx(20_000 / 399, rel=1e-3)
    assert need.asked == pytest.approx(600)


def test_a_run_plans_playlists_that_changed_since_their_read() -> None:
    assert estimate_need(COUNTS, FREE, ASSUMED, 1000).planned == pytest.approx(200)
    assert 9_000 < estimate_need(COUNTS, DEPLOYED, ASSUMED, 10_000).planned < 10_000


def test_a_budget_below_the_sweep_never_reads_anything() -> None:
    need = estimate_need(COUNTS, replace(DEPLOYED, daily_budget=200), ASSUMED, 10_000)

    assert need.days == inf
    assert need.reads == 0


def test_one_lane_sends_no_more_than_a_day_has_seconds() -> None:
    need = estimate_need(COUNTS, FREE, ASSUMED, 100_000)
    changed = 1 - 0.8**need.days

    assert need.days == pytest.approx(100_000 * (2 * changed + 1 - changed) / 86_400)
    assert need.asked == pytest.approx(86_400)


def test_the_fetcher_is_paid_for_every_second_of_pacing() -> None:
    slow = replace(FREE, interval_seconds=2)

    once, twice = (
        estimate(COUNTS, deployment, ASSUMED, 1000).seconds["fetcher"]
        for deployment in (FREE, slow)
    )
    assert (once, twice) == pytest.approx((400, 800))


def test_replaced_versions_are_paid_for_as_long_as_they_are_kept() -> None:
    a_day = replace(FREE, replaced_days=1)
    name = "S3 storage of what was replaced"

    month, day = (
        estimate(COUNTS, deployment, ASSUMED, 1000).bill(deployment)[name][1]
        for deployment in (FREE, a_day)
    )
    assert month == pytest.approx(30 * day)


def test_free_units_reduce_a_price_to_zero_at_most() -> None:
    price = Price(0.40, MILLION, free=MILLION)

    assert price.of(3 * MILLION) == pytest.approx(1.20)
    assert price.beyond_free(3 * MILLION) == pytest.approx(0.80)
    assert price.beyond_free(10) == 0
