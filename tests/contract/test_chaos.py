"""The chaos command on a small library: it repeats itself, finds nothing, and could find something."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from datetime import date, timedelta
from io import StringIO

import pytest
import stamina

from playlist_archive.keys import (
    CATALOG,
    INDEX,
    followers_key,
    ledger_key,
    snapshots_prefix,
    view_key,
)
from tools.chaos.__main__ import digest
from tools.chaos.checks import Evidence, check_all
from tools.chaos.record import Record
from tools.chaos.simulation import Simulation
from tools.spotify import SampleLibrary
from tools.spotify.sample import FERRY, KITCHEN, SKYLIGHT

pytestmark = pytest.mark.contract

SINCE = date(2026, 10, 1)
DAYS = [SINCE + timedelta(number) for number in range(5)]
SEED = 3


class FewPlaylists(SampleLibrary):
    """Three playlists of the sample library."""

    def list_ids(self, day: date) -> Sequence[str]:
        return [id_ for id_ in super().list_ids(day) if id_ in {FERRY, KITCHEN, SKYLIGHT}]


def simulate(*, calm: bool) -> Record:
    stamina.set_testing(False)  # its waiting is part of what is simulated
    return Simulation(FewPlaylists(SINCE), DAYS, SEED, calm=calm, log=StringIO()).run()


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence(FewPlaylists(SINCE), chaos=simulate(calm=False), peace=simulate(calm=True))


def found_by(evidence: Evidence) -> set[str]:
    return {check for check, findings in check_all(evidence).items() if findings}


def test_what_chaos_leaves_behind_is_in_order(evidence: Evidence) -> None:
    assert evidence.chaos.injected.total() > 30
    assert {check: found for check, found in check_all(evidence).items() if found} == {}


def test_a_seed_repeats_every_byte(evidence: Evidence) -> None:
    assert digest(simulate(calm=False)) == digest(evidence.chaos)


def newest_snapshot(record: Record) -> str:
    return max(key for key in record.objects if key.startswith(snapshots_prefix(SKYLIGHT)))


def lose_a_snapshot(record: Record) -> None:
    del record.objects[newest_snapshot(record)]


def shorten_a_snapshot(record: Record) -> None:
    key = newest_snapshot(record)
    whole = record.objects[key]
    record.objects[key] = whole[: whole.rindex(b'  {\n   "added_at"')].rstrip(b", \n") + b"]}"


def repeat_a_snapshot(record: Record) -> None:
    key = newest_snapshot(record)
    record.objects[key.replace("T04", "T05")] = record.objects[key]


def alter_a_page(record: Record) -> None:
    record.objects[view_key("pretty", FERRY, ".md")] += b"\n"


def lose_a_ledger(record: Record) -> None:
    del record.objects[ledger_key(FERRY)]


def misdate_a_removal(record: Record) -> None:
    key = view_key("history", SKYLIGHT, ".md")
    record.objects[key] = record.objects[key].replace(b"#### ", b"#### On or about ")


def invent_a_gap(record: Record) -> None:
    record.objects[view_key("history", FERRY, ".md")] += b"> Not readable on 2026-10-01: so\n"


def lose_an_outcome(record: Record) -> None:
    for day, document in record.catalogs.items():
        record.catalogs[day] = document.replace(b'"entries":{', b'"entries":{}, "lost":{')


def forget_the_end_of_a_run(record: Record) -> None:
    record.objects[CATALOG] = record.catalogs[DAYS[0]]


def alter_the_index(record: Record) -> None:
    record.objects[INDEX] += b"\n"


def invent_a_number(record: Record) -> None:
    record.objects[followers_key(FERRY)] = b'{"2026-10-01": 7}'


def alter_what_is_rebuilt(record: Record) -> None:
    record.rebuilt[view_key("plain", SKYLIGHT)] += b"\n"


def send_too_early(record: Record) -> None:
    record.too_early.append("2026-10-01 04:00:00 /v1/me")


def leave_a_letter(record: Record) -> None:
    record.left.append("RenderDeadLetterQueue: {}")


DAMAGES: list[tuple[Callable[[Record], None], str]] = [
    (lose_a_snapshot, "no snapshot is lost"),
    (shorten_a_snapshot, "no snapshot is partial"),
    (repeat_a_snapshot, "every snapshot is a change"),
    (lose_a_ledger, "ledgers are clean folds"),
    (alter_a_page, "pages are those of the ledgers"),
    (forget_the_end_of_a_run, "the catalog holds every outcome"),
    (alter_the_index, "site pages are those of the catalog"),
    (invent_a_number, "follower numbers are those read"),
    (alter_what_is_rebuilt, "a rebuild gives the same bytes"),
    (alter_a_page, "pages differ from peace only with a word"),
    (lose_an_outcome, "nothing is silently missing"),
    (misdate_a_removal, "removals are dated truly"),
    (invent_a_gap, "every run without a read is told as a gap"),
    (send_too_early, "spotify is left alone when it asks"),
    (leave_a_letter, "dead letters are known and mended"),
]


@pytest.mark.parametrize(("damage", "check"), DAMAGES)
def test_damage_is_found(evidence: Evidence, damage: Callable[[Record], None], check: str) -> None:
    damaged = deepcopy(evidence.chaos)
    damage(damaged)

    assert check in found_by(Evidence(evidence.library, damaged, evidence.peace))


def test_every_check_is_tried(evidence: Evidence) -> None:
    assert {check for _, check in DAMAGES} == check_all(evidence).keys()
