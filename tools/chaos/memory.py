"""Checks of the catalog, computed from the outcomes without the package's merge code."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf
from typing import NamedTuple

import msgspec

from playlist_archive.documents.catalog import Catalog, Entry, decode_catalog
from playlist_archive.documents.keys import CATALOG
from playlist_archive.documents.messages import Outcome
from tools.chaos.evidence import Evidence, Sent, decode_outcomes

type Findings = Iterator[str]
type Newness = tuple[datetime, datetime, datetime]

_DAY_SECONDS = 86_400
_FEW_ROWS = 20
# An indexer runs for two minutes, and may write a catalog that it read before the damage.
_LONGEST_INDEXER = 121
# The longest time from a lister's read of the catalog to its requests.
_LISTING_SECONDS = 300


def newness(outcome: Outcome) -> Newness:
    """Return the sort key by which outcomes are newer: by run, if its time had come."""
    return min(outcome.run, outcome.at), outcome.run, outcome.at


def lateness(outcome: Outcome) -> Newness:
    """Return the sort key by which outcomes saw the bucket later, regardless of their runs."""
    return outcome.at, *newness(outcome)[:2]


class Remembered(NamedTuple):
    """A group of fields of the catalog's entries.

    Attributes:
        what: the name of the group.
        told: returns the values in an outcome, None if the outcome has none.
        kept: returns the values in an entry.
        rank: returns a sort key; the outcome with the greatest one wins.
    """

    what: str
    told: Callable[[Outcome], tuple[object, ...] | None]
    kept: Callable[[Entry], tuple[object, ...]]
    rank: Callable[[Outcome], Newness] = newness


def _is_good(outcome: Outcome) -> bool:
    return outcome.status == "ok"


def _held_told(outcome: Outcome) -> tuple[object] | None:
    return (outcome.held,) if outcome.status in {"ok", "held"} else None


_REMEMBERED = (
    Remembered(
        "why it is archived",
        lambda it: (it.source, it.alias, it.in_library) if it.source else None,
        lambda entry: (entry.source, entry.alias, entry.in_library),
    ),
    Remembered(
        "its description",
        lambda it: (it.header,) if it.header else None,
        lambda entry: (entry.header,),
    ),
    Remembered(
        "its newest snapshot",
        lambda it: (it.latest,) if it.latest else None,
        lambda entry: (entry.latest,),
        rank=lateness,
    ),
    Remembered(
        "when it was read whole",
        lambda it: (it.run,) if it.read else None,
        lambda entry: (entry.read,),
    ),
    Remembered(
        "the great loss that waits for the next run",
        _held_told,
        lambda entry: (entry.held,),
    ),
    Remembered(
        "its number of followers",
        lambda it: (it.header.followers,) if _is_good(it) and it.header else None,
        lambda entry: (entry.figures.followers if entry.figures else None,),
    ),
)


def the_catalog_tells_the_newest(evidence: Evidence) -> Findings:
    """At the end of every day the catalog holds the newest value of each group of fields.

    The order in which outcomes arrived does not matter. The newest snapshot is seen in the bucket,
    so for it the outcome that looked there last counts. After damage to the catalog an older value
    is right only if nothing newer arrived since.
    """
    for moment, catalog in _catalogs(evidence):
        arrived = _arrived(evidence, moment)
        for playlist_id, entry in catalog.entries.items():
            sent = [
                one.outcome for one in evidence.sent.get(playlist_id, ()) if one.moment <= moment
            ]
            for matter in _REMEMBERED:
                known = [one for one in arrived.get(playlist_id, ()) if matter.told(one)]
                if not known:
                    continue
                newest = max(map(matter.rank, known))
                believed = [matter.told(one) for one in sent if matter.rank(one) >= newest]
                if matter.kept(entry) not in believed:
                    yield (
                        f"at {_moment(moment)} the catalog does not hold the newest of "
                        f"{playlist_id}: {matter.what}"
                    )
    for playlist_id in evidence.snapshots.keys() - evidence.catalog.entries.keys():
        yield f"the catalog knows nothing of {playlist_id}, which has snapshots"


def requests_bring_what_is_known(evidence: Evidence) -> Findings:
    """A request holds the newest values that were certainly in the catalog when it was sent.

    These are the newest snapshot, and the great loss that a later run has to confirm.
    """
    for moment, request in evidence.asked:
        playlist_id = request.playlist_id
        arrived = _arrived(evidence, moment - _LISTING_SECONDS).get(playlist_id, [])
        if evidence.last_damage(CATALOG, before=moment) > moment - _LISTING_SECONDS:
            continue
        sent = [one.outcome for one in evidence.sent.get(playlist_id, ()) if one.moment <= moment]
        latest = request.latest.time if request.latest else None
        for what, brought, values_in, rank in (
            ("great loss", request.held, _held_told, newness),
            ("newest snapshot", latest, _latest_told, lateness),
        ):
            known = [rank(one) for one in arrived if values_in(one)]
            believed = [values_in(one) for one in sent if known and rank(one) >= max(known)]
            if known and (brought,) not in believed:
                yield (
                    f"the request of {_moment(moment)} for {playlist_id} does not bring the {what}"
                )


def _latest_told(outcome: Outcome) -> tuple[object] | None:
    return (outcome.latest.time,) if outcome.latest else None


def the_status_is_the_last_word(evidence: Evidence) -> Findings:
    """A playlist's status is that of the last outcome of its newest run, with the right `since`.

    A good check or a retirement outweighs the other outcomes of the run. An outcome whose arrival
    is uncertain may count: an indexer may have merged it before it failed. A playlist that waits in
    FetchQueue during a pause is deferred. Another check covers forced runs.
    """
    for moment, catalog in _catalogs(evidence):
        for playlist_id, arrived in _arrived(evidence, moment).items():
            entry = catalog.entries.get(playlist_id)
            if entry is None or playlist_id in evidence.forced:
                continue
            words = _last_words(arrived)
            run = max(words)
            if entry.run > run and entry.status == "deferred" and evidence.chaos.parked:
                continue
            sent = [
                one.outcome
                for one in evidence.sent.get(playlist_id, ())
                if one.moment <= moment and one.outcome.run == entry.run
            ]
            last = [one for one in sent if one in _last_words([*arrived, one])[one.run]]
            possible = {(one.status, one.reason) for one in last}
            if entry.run < run or (entry.status, entry.reason) not in possible:
                yield (
                    f"at {_moment(moment)} {playlist_id} is {entry.status} in {entry.run}, "
                    f"but {sorted({(one.status, one.reason) for one in words[run]})} in {run}"
                )
            elif (
                entry.run == run and not evidence.last_damage(CATALOG) and not evidence.chaos.parked
            ):
                since = _since(words, entry.status)
                if entry.since != since:
                    yield f"{playlist_id} is {entry.status} since {since}, not {entry.since}"


def _catalogs(evidence: Evidence) -> Iterator[tuple[float, Catalog]]:
    """Yield the catalog at the end of each day and of the simulation, if it can be read."""
    for day, document in evidence.chaos.catalogs.items():
        run = evidence.chaos.runs.get(day)
        if run is None:
            continue
        with suppress(msgspec.DecodeError):
            yield run.timestamp() + _DAY_SECONDS - 1, decode_catalog(document)
    yield inf, evidence.catalog


def _last_words(outcomes: list[Outcome]) -> Mapping[datetime, list[Outcome]]:
    """Return the possible last outcomes of each run; several may be from the same second."""
    words: dict[datetime, list[Outcome]] = {}
    for run in sorted({one.run for one in outcomes}):
        of_run = [one for one in outcomes if one.run == run]
        decisive = [one for one in of_run if one.status in {"ok", "retired"}] or of_run
        last = max(one.at for one in decisive)
        words[run] = [one for one in decisive if one.at == last]
    return words


def _since(words: Mapping[datetime, list[Outcome]], status: str) -> datetime:
    since = max(words)
    for run in sorted(words, reverse=True):
        if status not in {one.status for one in words[run]}:
            break
        since = run
    return since


def _arrived(evidence: Evidence, until: float) -> Mapping[str, list[Outcome]]:
    """Return each playlist's outcomes that the indexer took since the catalog's last damage."""
    damaged = evidence.last_damage(CATALOG, before=until)
    since = damaged + _LONGEST_INDEXER if damaged else 0
    found: dict[str, list[Outcome]] = {}
    for handled in evidence.chaos.merged:
        if since < handled.since and handled.until <= until:
            for message in decode_outcomes([handled.body]):
                if isinstance(message, Outcome):
                    found.setdefault(message.playlist_id, []).append(message)
    return found


def _moment(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M}" if moment < inf else "the end"


def no_great_loss_counts_at_once(evidence: Evidence) -> Findings:
    """A read that lost most rows became a snapshot only after an earlier run had found as much.

    Neither the same run nor a registration confirms it.
    """
    for playlist_id, snapshots in evidence.snapshots.items():
        sent = evidence.sent.get(playlist_id, [])
        for before, after in pairwise(snapshots):
            rows = before.known_rows(), after.known_rows()
            if not _is_great_loss(*rows) or evidence.was_spoilt(
                playlist_id, after.read_at.timestamp()
            ):
                continue
            runs = _confirming_runs(evidence, playlist_id, after.read_at)
            held = [one.outcome for one in sent if _says_held(one, after.read_at)]
            if not any(one.run < run for one in held for run in runs):
                yield (
                    f"the snapshot of {playlist_id} of {after.time} has {rows[1]} of {rows[0]} "
                    "rows, and no earlier run had found so few"
                )


def a_great_loss_counts_the_second_time(evidence: Evidence) -> Findings:
    """No run holds a loss if its request says that an earlier run had found as great a loss."""
    for playlist_id, found in evidence.sent.items():
        for sent in found:
            outcome = sent.outcome
            brought = [
                None if request.registration else request.held
                for moment, request in evidence.requests.get(playlist_id, ())
                if request.run == outcome.run and moment <= sent.moment
            ]
            if (
                outcome.held
                and brought
                and all(
                    held and held.run < outcome.run and are_alike(held.rows, outcome.held.rows)
                    for held in brought
                )
            ):
                yield (
                    f"{playlist_id} was held again at {outcome.at} with {outcome.held.rows} rows, "
                    "though an earlier run had found as many"
                )


def are_alike(one: int, other: int) -> bool:
    """Whether two reads that lost much have lost as much."""
    return not _is_great_loss(one, other) and not _is_great_loss(other, one)


def _is_great_loss(before: int, now: int) -> bool:
    return (before > 0 and now == 0) or (before >= _FEW_ROWS and now * 2 < before)


def _says_held(sent: Sent, before: datetime) -> bool:
    return sent.outcome.status == "held" and sent.outcome.at < before


def _confirming_runs(evidence: Evidence, playlist_id: str, read_at: datetime) -> list[datetime]:
    """Return the runs that had requested a playlist before a read, without registrations."""
    soon = timedelta(seconds=1)
    return [
        request.run
        for moment, request in evidence.requests.get(playlist_id, ())
        if not request.registration and moment < (read_at + soon).timestamp()
    ]
