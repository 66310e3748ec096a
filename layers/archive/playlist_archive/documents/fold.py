"""Folds snapshots into a ledger, one after the other.

An occurrence is the n-th row of a song: a song that is there twice has two; a song that was removed
and added again has one with two intervals. A row without a song (null) is matched with an
occurrence that is missing in the same snapshot, so that this does not count as removed.
"""

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from playlist_archive.documents.changes import (
    Change,
    Placed,
    archive_changes,
    changes_of_names,
    names_after,
)
from playlist_archive.documents.item_changes import (
    ItemNews,
    news_of,
    silent_about_playability,
)
from playlist_archive.documents.ledger import (
    FoldedSnapshot,
    Interval,
    Ledger,
    LedgerRow,
    Occurrence,
    fingerprint_of,
)
from playlist_archive.documents.playlist import Header, Item, Row
from playlist_archive.documents.recent_rows import Dated, Place
from playlist_archive.documents.row_order import compare_rows, recognise_hidden
from playlist_archive.documents.snapshot import Snapshot, header_of
from playlist_archive.documents.timestamps import Timestamp, in_utc, to_timestamp
from playlist_archive.documents.unknown_fields import (
    adds_nothing,
    as_far_as_known,
    corrects,
    with_known,
)

NEWEST_CHANGES = 100
ARCHIVED_AT_ONCE = 50


def fold_all(snapshots: Iterable[Snapshot]) -> Ledger:
    """Fold all snapshots of one playlist, in any order and with repetitions.

    Raises:
        ValueError: there is no snapshot.
    """
    folding = Fold(None)
    for snapshot in sorted(snapshots, key=lambda snapshot: snapshot.time):
        folding.add(snapshot)
    ledger = folding.ledger()
    if ledger is None:
        raise ValueError("a ledger begins with a snapshot")
    return ledger


def fold(ledger: Ledger | None, snapshot: Snapshot, skipped: Sequence[datetime] = ()) -> Ledger:
    """Return the ledger with one more snapshot, as `Fold.add` takes it."""
    folding = Fold(ledger)
    folding.add(snapshot, skipped)
    folded = folding.ledger()
    assert folded
    return folded


class Fold:
    """A ledger to which snapshots are added one by one.

    The time for a snapshot depends only on its rows, not on the number of former songs. A row that
    is unchanged since the last snapshot takes next to no time.
    """

    def __init__(self, ledger: Ledger | None) -> None:
        self._ledger = ledger  # its lists may be outdated
        self._items = dict(ledger.items) if ledger else {}
        self._occurrences = dict(ledger.occurrences) if ledger else {}
        self._songs_ever = ledger.songs_ever if ledger else 0
        self._occurrences_ever = ledger.occurrences_ever if ledger else 0
        self._changes = list(ledger.changes) if ledger else []
        self._snapshots = list(ledger.snapshots) if ledger else []
        self._imports = {one.time for one in self._snapshots if one.source}
        self._newest_of = {one.source: one.time for one in self._snapshots}
        self._order = [row.occurrence for row in ledger.rows] if ledger else []
        self._hidden = _hidden(ledger.rows) if ledger else []
        self._rows: Sequence[Row] | None = None  # those of the last snapshot that was added
        self._source = ""  # of that snapshot
        self._item_of = {item.uri: index for index, item in self._items.items()}
        self._occurrence_of = {
            (one.item, one.nth): index for index, one in self._occurrences.items()
        }
        self._dates: dict[int, Dated] = {}  # of the occurrences that are there
        self._places: dict[str, Place] = {}  # in the last snapshot, by URI

    def ledger(self) -> Ledger | None:
        """Return the ledger, None if no snapshot was folded."""
        if self._ledger is None or self._rows is None:
            return self._ledger
        rows = [
            self._ledger_row(row, index) for row, index in zip(self._rows, self._order, strict=True)
        ]
        return replace(
            self._ledger,
            items=dict(self._items),
            occurrences=dict(self._occurrences),
            rows=tuple(rows),
            changes=tuple(self._changes),
            snapshots=tuple(self._snapshots),
        )

    def _ledger_row(self, row: Row, index: int | None) -> LedgerRow:
        # A hidden row's date is not the date of its occurrence.
        dated = Dated.of(row) if index is None or row.item is None else self._dates[index]
        hidden = row.item is None and index is not None
        return LedgerRow(index, dated.moment, row.added_by, hidden=hidden)

    def add(self, snapshot: Snapshot, skipped: Sequence[datetime] = ()) -> None:
        """Fold one more snapshot; one that was folded last is ignored.

        `skipped` are the times of unreadable snapshots between the last one and this one. They
        count as known, so that they are not mistaken for late ones.

        Raises:
            ValueError: the snapshot is older than the last one, or another playlist's.
        """
        header, time = header_of(snapshot), in_utc(snapshot.time)
        before = self._ledger
        if before is None:
            nothing = Ledger(
                playlist_id=snapshot.playlist_id, first_read=time, last=time, header=header
            )
            self._fold_rows(nothing, snapshot, header, skipped)
            fingerprint = fingerprint_of([*skipped, time])
            often = Counter(self._occurrences[one].item for one in self._order if one is not None)
            first_songs = dict(sorted(Counter(often.values()).items()))
            self._ledger = replace(nothing, fingerprint=fingerprint, first_songs=first_songs)
            return
        if before.playlist_id != snapshot.playlist_id:
            raise ValueError(f"{snapshot.playlist_id} is not the playlist of this ledger")
        if time == before.last:
            return
        if time < before.last:
            raise ValueError(f"the snapshot of {time} is older than the ledger's of {before.last}")
        header = with_known(header, before.header)
        change = self._fold_rows(before, snapshot, header, skipped)
        if change != Change(time=change.time, previous=change.previous):
            self._changes.append(change)
        fingerprint = fingerprint_of([*skipped, time], before.fingerprint)
        self._ledger = replace(before, header=header, last=time, fingerprint=fingerprint)
        if len(self._changes) > NEWEST_CHANGES:
            self._archive_changes(self._ledger)

    def _fold_rows(
        self, ledger: Ledger, snapshot: Snapshot, header: Header, skipped: Sequence[datetime]
    ) -> Change:
        """Fold the rows and return the change in rows and header, which may be empty."""
        if snapshot.source != self._source:
            self._source = snapshot.source
            self._places.clear()  # a row without a date has another meaning now
        if snapshot.source:
            self._imports.add(to_timestamp(snapshot.time))
        time = in_utc(snapshot.time)
        moment = to_timestamp(time)
        checked = in_utc(snapshot.previous_check) if snapshot.previous_check else ledger.last
        saw_the_last = checked < time and not skipped and self._holds_since_last_of(snapshot.source)
        previous = max(ledger.last, checked) if saw_the_last else ledger.last
        self._snapshots.append(FoldedSnapshot(moment, len(snapshot.rows), snapshot.source))
        self._newest_of[snapshot.source] = moment
        before, hidden_before = self._order, self._hidden
        order, fresh, item_news = self._recognise(snapshot.rows)
        stood = ledger.rows if self._rows is None else self._rows
        self._order, self._rows = recognise_hidden(order, before), snapshot.rows
        self._hidden = _guessed(self._order, set(order)) if None in order else []
        were_there, there = set(before), set(self._order)
        added, readded = self._begin_stays(fresh, were_there, moment)
        differences = compare_rows(before, self._order, were_there, there)
        seen = to_timestamp(previous)
        for gone in differences.removed:
            who = stood[gone.row - 1].added_by
            self._change_stay(gone.occurrence, last_seen=seen, first_missing=moment, added_by=who)
            self._dates.pop(gone.occurrence, None)
        # A song counts as hidden for as long as one of its rows is.
        hidden, were_hidden = self._items_of(self._hidden), self._items_of(hidden_before)
        newly_hidden = [item for item in hidden if item not in were_hidden]
        still_there = self._items_of(index for index in hidden_before if index in there)
        shown_again = [item for item in still_there if item not in hidden]
        if shown_again and snapshot.source:
            shown_again = self._without_silent(shown_again, snapshot.rows)
        was = as_far_as_known(ledger.header, header)
        return Change(
            time=time,
            previous=previous,
            added=tuple(added),
            removed=differences.removed,
            readded=tuple(readded),
            moved=differences.moved,
            null_added=differences.null_added,
            null_removed=differences.null_removed,
            unavailable=item_news.now_unavailable(newly_hidden, shown_again),
            available=item_news.now_available(shown_again),
            renamed=tuple(item_news.renamed),
            name=_if_changed(was.name, header.name),
            description=_if_changed(was.description, header.description),
            owner=_if_changed(was.owner, header.owner),
        )

    def _items_of(self, occurrences: Iterable[int]) -> dict[int, None]:
        """Return the items of occurrences, each once, in their order."""
        return dict.fromkeys(self._occurrences[index].item for index in occurrences)

    def _holds_since_last_of(self, source: str) -> bool:
        """Whether nothing changed since the newest snapshot of a source, which its checks confirm."""
        newest, last = self._newest_of.get(source, ""), self._changes[-1:]
        return bool(newest) and all(to_timestamp(change.time) <= newest for change in last)

    def _without_silent(self, shown: Sequence[int], rows: Sequence[Row]) -> list[int]:
        """Return the items whose playability the rows state; that of the others is unknown now."""
        silent = silent_about_playability(rows)
        told: list[int] = []
        for index in shown:
            item = self._items[index]
            if item.uri not in silent:
                told.append(index)
            elif "playable" not in item.unknown:
                self._items[index] = replace(item, unknown=(*item.unknown, "playable"))
        return told

    def _recognise(
        self, rows: Sequence[Row]
    ) -> tuple[list[int | None], list[tuple[Row, int, int]], ItemNews]:
        """Match the rows with occurrences, and store the newest texts.

        Returns:
            The occurrence of each row; the rows that are not unchanged, with their occurrences (new
            ones have no interval yet) and numbers; and the news about known items.
        """
        order: list[int | None] = []
        fresh: list[tuple[Row, int, int]] = []
        replaced: dict[int, Item] = {}
        places: dict[str, Place] = {}
        repeated: dict[str, int] = {}
        known_items = self._songs_ever
        stood = self._places.pop
        for row in rows:
            item = row.item
            if item is None:
                order.append(None)
                continue
            uri = item.uri
            place = stood(uri, None)
            if place is not None and place.row == row:
                places[uri] = place
                order.append(place.occurrence)
                continue
            position = self._take_text(item, known_items, replaced)
            nth = repeated[uri] = repeated.get(uri, 0) + 1 if uri in places else 0
            occurrence = self._occurrence_at(position, nth)
            places.setdefault(uri, Place(row, occurrence))
            order.append(occurrence)
            fresh.append((row, occurrence, len(order)))
        for uri, nth in repeated.items():
            if nth:  # only all of its rows show which text is the newest
                del places[uri]
        self._places = places
        return order, fresh, news_of(replaced, self._items)

    def _take_text(self, item: Item, known_items: int, replaced: dict[int, Item]) -> int:
        """Return the index of an item and store its text; note the former text of a known item."""
        items = self._items
        index = self._item_of.setdefault(item.uri, self._songs_ever)
        if index == self._songs_ever:
            items[index] = item
            self._songs_ever += 1
            return index
        if item.unknown:
            item = with_known(item, items[index])
        if items[index] != item:
            if index < known_items:
                replaced.setdefault(index, items[index])
            items[index] = item
        return index

    def _occurrence_at(self, item: int, nth: int) -> int:
        index = self._occurrence_of.setdefault((item, nth), self._occurrences_ever)
        if index == self._occurrences_ever:
            self._occurrences[index] = Occurrence(item, nth, ())
            self._occurrences_ever += 1
        return index

    def _begin_stays(
        self, fresh: Iterable[tuple[Row, int, int]], before: Container[int | None], time: Timestamp
    ) -> tuple[list[Placed], list[Placed]]:
        """Begin the intervals of new rows; return the rows added and the rows added again.

        A continuing interval may get an earlier beginning.
        """
        added: list[Placed] = []
        readded: list[Placed] = []
        is_imported = bool(self._source)
        for row, index, number in fresh:
            stays = self._occurrences[index].intervals
            dated = self._dates.get(index)
            if is_imported and index in before and adds_nothing(row.added_at, stays[-1].added_at):
                dated = self._dates[index] = Dated.at(stays[-1].added_at)
            elif dated is None or dated.added_at != row.added_at:
                dated = self._dates[index] = Dated.of(row)
            if index not in before:
                (readded if stays else added).append(Placed(index, number))
                begun = (*stays, Interval(time, dated.moment))
                self._occurrences[index] = replace(self._occurrences[index], intervals=begun)
            elif corrects(dated.moment, stays[-1].added_at, stays[-1].seen, self._imports):
                self._change_stay(index, added_at=dated.moment)
        return added, readded

    def _change_stay(self, index: int, **changes: str | None) -> None:
        *former, last = self._occurrences[index].intervals
        stays = (*former, replace(last, **changes))
        self._occurrences[index] = replace(self._occurrences[index], intervals=stays)

    def _archive_changes(self, ledger: Ledger) -> None:
        """Archive the oldest changes.

        Many at once, because a yearly page is rewritten whenever changes move to it.
        """
        afters = names_after(self._changes, ledger.names)[:ARCHIVED_AT_ONCE]
        oldest = self._changes[:ARCHIVED_AT_ONCE]
        years = archive_changes(ledger.years, oldest, afters)
        former_names = (*ledger.former_names, *changes_of_names(oldest))
        del self._changes[:ARCHIVED_AT_ONCE]
        self._ledger = replace(ledger, years=years, former_names=former_names)


def _guessed(order: Iterable[int | None], shown: Container[int | None]) -> list[int]:
    return [index for index in order if index is not None and index not in shown]


def _hidden(rows: Iterable[LedgerRow]) -> list[int]:
    return [row.occurrence for row in rows if row.hidden and row.occurrence is not None]


def _if_changed[T](old: T, new: T) -> T | None:
    return None if old == new else old
