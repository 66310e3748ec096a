"""The fold: what becomes of a ledger when one more snapshot is read. It is pure.

An occurrence is the n-th row of a song: a song that is there twice has two, a song that went and
came back has one with two intervals. A row of which Spotify no longer says what it is (null) stands
for an occurrence that went missing in the same snapshot, rather than letting it count as removed.
"""

from bisect import bisect_left
from collections.abc import Container, Iterable, Sequence
from datetime import datetime
from itertools import groupby

import msgspec
from msgspec.structs import replace

from playlist_archive.ledger import (
    Change,
    Interval,
    Ledger,
    LedgerRow,
    Occurrence,
    OldChanges,
    fingerprint_of,
    item_line,
    names_after,
    year_of,
)
from playlist_archive.messages import Header
from playlist_archive.moments import Moment, in_utc, to_moment
from playlist_archive.snapshot import Item, Row, Snapshot

MOVED_NAMED = 10
NEWEST_CHANGES = 100
PUT_AWAY_AT_ONCE = 50

_EDGE = -1  # stands before the first and after the last row


def fold_all(snapshots: Iterable[Snapshot]) -> Ledger:
    """Fold all snapshots of one playlist, given in any order and any number of times.

    Raises:
        ValueError: there is no snapshot.
    """
    ledger: Ledger | None = None
    for snapshot in sorted(snapshots, key=lambda snapshot: snapshot.time):
        ledger = fold(ledger, snapshot)
    if ledger is None:
        raise ValueError("a ledger begins with a snapshot")
    return ledger


def fold(ledger: Ledger | None, snapshot: Snapshot, skipped: Sequence[datetime] = ()) -> Ledger:
    """Return the ledger with one more snapshot, or as it is if that snapshot was its last.

    `skipped` are the times of snapshots between the ledger's last and this one that nobody can
    read. They count as known, so that they are not taken for late ones.

    Raises:
        ValueError: the snapshot is older than the ledger's last, or another playlist's.
    """
    header = Header(
        name=snapshot.name,
        description=snapshot.description,
        owner=snapshot.owner,
        url=snapshot.url,
        snapshot_id=snapshot.snapshot_id,
        followers=snapshot.followers,
    )
    time = in_utc(snapshot.time)
    if ledger is None:
        nothing = Ledger(
            playlist_id=snapshot.playlist_id,
            first_read=time,
            last=time,
            fingerprint=fingerprint_of([*skipped, time]),
            header=header,
        )
        return replace(_fold_rows(nothing, snapshot), changes=())
    if ledger.playlist_id != snapshot.playlist_id:
        raise ValueError(f"{snapshot.playlist_id} is not the playlist of this ledger")
    if time == ledger.last:
        return ledger
    if time < ledger.last:
        raise ValueError(f"the snapshot of {time} is older than the ledger's of {ledger.last}")
    folded = _fold_rows(ledger, snapshot)
    fingerprint = fingerprint_of([*skipped, time], ledger.fingerprint)
    return _put_away(replace(folded, header=header, last=time, fingerprint=fingerprint))


def _fold_rows(ledger: Ledger, snapshot: Snapshot) -> Ledger:
    time = in_utc(snapshot.time)
    checked = in_utc(snapshot.previous_check) if snapshot.previous_check else ledger.last
    previous = max(ledger.last, checked)
    items, positions, item_news = _fold_items(ledger, snapshot.rows)
    occurrences = list(ledger.occurrences)
    before = [row.occurrence for row in ledger.rows]
    order = _recognise_hidden(_occurrences_of(positions, occurrences), before)
    rows = tuple(
        [
            LedgerRow(
                index,
                to_moment(row.added_at) if row.added_at else None,
                row.added_by,
                hidden=row.item is None and index is not None,
            )
            for row, index in zip(snapshot.rows, order, strict=True)
        ]
    )
    were_there, there = set(before), set(order)
    added, readded = _begin_stays(occurrences, rows, were_there, to_moment(time))
    removed = [index for index in before if index is not None and index not in there]
    last_seen, first_missing = to_moment(previous), to_moment(time)
    for index in removed:
        _change_stay(occurrences, index, last_seen=last_seen, first_missing=first_missing)

    kept = [index for index in order if index is not None and index in were_there]
    moved = _moved(before, kept)
    hidden_before, hidden = _hidden(ledger.rows), _hidden(rows)
    newly_hidden = (index for index in hidden if index not in hidden_before)
    shown_again = (index for index in hidden_before if index in there and index not in hidden)
    change = Change(
        time=time,
        previous=previous,
        added=tuple(added),
        removed=tuple(removed),
        readded=tuple(readded),
        moved=tuple(moved[:MOVED_NAMED]),
        moved_count=len(moved),
        unavailable=(*(occurrences[index].item for index in newly_hidden), *item_news.unplayable),
        available=(*(occurrences[index].item for index in shown_again), *item_news.playable),
        renamed=tuple(item_news.renamed),
        name=_if_changed(ledger.header.name, snapshot.name),
        description=_if_changed(ledger.header.description, snapshot.description),
        owner=_if_changed(ledger.header.owner, snapshot.owner),
    )
    is_news = change != Change(time=change.time, previous=change.previous)
    return replace(
        ledger,
        items=tuple(items),
        occurrences=tuple(occurrences),
        rows=rows,
        changes=(*ledger.changes, change) if is_news else ledger.changes,
    )


def _put_away(ledger: Ledger) -> Ledger:
    """Put the oldest changes away when there are too many.

    Many at once, because a year's page is written again whenever changes join it.
    """
    if len(ledger.changes) <= NEWEST_CHANGES:
        return ledger
    afters = names_after(ledger.changes, ledger.names)
    old = list(zip(ledger.changes, afters, strict=True))[:PUT_AWAY_AT_ONCE]
    years = dict(ledger.years)
    for year, group in groupby(old, key=lambda pair: year_of(pair[0])):
        changes, names = zip(*group, strict=True)
        encoded = msgspec.Raw(msgspec.json.encode(changes))
        put_away = OldChanges(len(changes), names[-1], encoded)
        years[year] = (*years.get(year, ()), put_away)
    return replace(ledger, changes=ledger.changes[PUT_AWAY_AT_ONCE:], years=years)


def _begin_stays(
    occurrences: list[Occurrence],
    rows: Iterable[LedgerRow],
    before: Container[int | None],
    time: Moment,
) -> tuple[list[int], list[int]]:
    """Begin the stays of rows that were not there before; return those added, those readded.

    A stay that goes on may turn out to have begun on an earlier day.
    """
    added: list[int] = []
    readded: list[int] = []
    for row in rows:
        index = row.occurrence
        if index is None or row.hidden:
            continue
        stays = occurrences[index].intervals
        if index not in before:
            (readded if stays else added).append(index)
            begun = (*stays, Interval(time, row.added_at))
            occurrences[index] = replace(occurrences[index], intervals=begun)
        elif _is_older(row.added_at, stays[-1]):
            _change_stay(occurrences, index, added_at=row.added_at)
    return added, readded


def _change_stay(occurrences: list[Occurrence], index: int, **changes: Moment | None) -> None:
    *former, last = occurrences[index].intervals
    stays = (*former, replace(last, **changes))
    occurrences[index] = replace(occurrences[index], intervals=stays)


def _hidden(rows: Iterable[LedgerRow]) -> list[int]:
    return [row.occurrence for row in rows if row.hidden and row.occurrence is not None]


class _ItemNews(msgspec.Struct):
    """How items that were known differ in a snapshot: indices of items."""

    renamed: list[tuple[int, str]]
    unplayable: list[int]
    playable: list[int]


def _fold_items(
    ledger: Ledger, rows: Sequence[Row]
) -> tuple[list[Item], list[int | None], _ItemNews]:
    """Return all items with their newest texts, the item of each row, and what is new."""
    items = list(ledger.items)
    index_of = {item.uri: index for index, item in enumerate(items)}
    positions: list[int | None] = []
    for row in rows:
        if row.item is None:
            positions.append(None)
            continue
        index = index_of.setdefault(row.item.uri, len(items))
        if index == len(items):
            items.append(row.item)
        else:
            items[index] = row.item
        positions.append(index)

    news = _ItemNews([], [], [])
    for index, (old, new) in enumerate(zip(ledger.items, items, strict=False)):
        if old is new or old == new:
            continue
        if item_line(old) != item_line(new):
            news.renamed.append((index, item_line(old)))
        if old.playable != new.playable:
            (news.playable if new.playable else news.unplayable).append(index)
    return items, positions, news


def _occurrences_of(
    positions: Iterable[int | None], occurrences: list[Occurrence]
) -> list[int | None]:
    """Return the occurrence of each row; new ones are appended to `occurrences`."""
    index_of = {
        (occurrence.item, occurrence.nth): index for index, occurrence in enumerate(occurrences)
    }
    seen: dict[int, int] = {}
    order: list[int | None] = []
    for item in positions:
        if item is None:
            order.append(None)
            continue
        nth = seen.get(item, 0)
        seen[item] = nth + 1
        index = index_of.setdefault((item, nth), len(occurrences))
        if index == len(occurrences):
            occurrences.append(Occurrence(item, nth, ()))
        order.append(index)
    return order


def _recognise_hidden(
    order: Sequence[int | None], before: Sequence[int | None]
) -> list[int | None]:
    """Return `order` with the missing occurrences in the places of the unknown rows.

    An unknown row is what followed the same row before, and if that was unknown too, it stays so;
    else what preceded the same row before; else any occurrence that would otherwise count as
    removed, so that what may be there is never said to be gone.
    """
    result = list(order)
    shown = {index for index in order if index is not None}
    missing = [index for index in before if index is not None and index not in shown]
    if not missing or len(shown) == len(order):
        return result

    after = dict(zip([_EDGE, *before], before, strict=False))
    ahead = dict(zip([*before, _EDGE][1:], before, strict=True))
    free = dict.fromkeys(missing)
    open_places: list[int] = []
    for place, index in enumerate(order):
        if index is None:
            guess = after.get(result[place - 1] if place else _EDGE, _EDGE)
            if guess in free:
                del free[guess]
                result[place] = guess
            elif guess is not None:
                open_places.append(place)
    for place in reversed(open_places):
        guess = ahead.get(result[place + 1] if place + 1 < len(result) else _EDGE)
        if guess in free:
            del free[guess]
            result[place] = guess
    unknown = (place for place in open_places if result[place] is None)
    for place, index in zip(unknown, free, strict=False):
        result[place] = index
    return result


def _moved(before: Sequence[int | None], kept: Sequence[int]) -> list[int]:
    """Return the fewest rows of `kept` that must move to bring it into the order of `before`."""
    place_before = {index: place for place, index in enumerate(before)}
    places = [place_before[index] for index in kept]
    stay = set(_longest_increasing(places))
    return [index for index, place in zip(kept, places, strict=True) if place not in stay]


def _longest_increasing(numbers: Sequence[int]) -> list[int]:
    """Return a longest increasing subsequence of distinct numbers (patience sorting)."""
    tails: list[int] = []
    previous: dict[int, int | None] = {}
    for number in numbers:
        pile = bisect_left(tails, number)
        previous[number] = tails[pile - 1] if pile else None
        tails[pile : pile + 1] = [number]
    result: list[int] = []
    number_or_none = tails[-1] if tails else None
    while number_or_none is not None:
        result.append(number_or_none)
        number_or_none = previous[number_or_none]
    return result[::-1]


def _is_older(date: Moment | None, stay: Interval) -> bool:
    """Say whether a date is of an earlier day than what is known of the start of a stay."""
    return date is not None and date[:10] < (stay.added_at or stay.seen)[:10]


def _if_changed[T](old: T, new: T) -> T | None:
    return None if old == new else old
