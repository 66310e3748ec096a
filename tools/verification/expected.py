"""The expected contents of an archive after some runs, by brute force from a history file."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from tools.verification.history_file import Row, Song, State, Versions, read_versions

_FEW_ROWS = 20

type Label = tuple[str, int]
"""A row that is told from all others of its state: a URI, and how many rows above it have the same."""


def stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def labels(state: State) -> list[Label]:
    seen: Counter[str] = Counter()
    result: list[Label] = []
    for uri in state.uris:
        result.append((uri, seen[uri]))
        seen[uri] += 1
    return result


class Archived(NamedTuple):
    """A state that was archived, and the moment of the last good check before it."""

    time: str
    checked: str
    state: State


class Stay(NamedTuple):
    first_seen: str
    added_at: str | None
    last_seen: str | None
    first_missing: str | None

    @property
    def added(self) -> str:
        return (self.added_at or self.first_seen)[:10]


@dataclass(frozen=True)
class Change:
    """Two successive archived states with a visible difference.

    The rows are numbered from 1. `renamed` has each song as it was and as it is. `moves` is the
    smallest number of rows that have to move.
    """

    after: str
    time: str
    before: State
    state: State
    added: list[tuple[int, Song]]
    readded: list[tuple[int, Song]]
    removed: list[tuple[int, Song]]
    renamed: list[tuple[Song, Song]]
    moves: int


class ExpectedPlaylist:
    """One playlist after the `runs`, with a state for each run since its first version."""

    def __init__(self, playlist_id: str, versions: Versions, runs: Sequence[datetime]) -> None:
        self.id = playlist_id
        self.held: list[str] = []
        self.first_run = ""
        self.archived: list[Archived] = []
        self._archive(versions, runs)

    def _archive(self, versions: Versions, runs: Sequence[datetime]) -> None:
        """Archive the state of each run, except great losses that the next run must confirm."""
        checked = ""
        held: int | None = None
        for run in runs:
            served = [state for day, state in versions if day <= run.date()]
            if not served:
                continue
            state, time = served[-1], stamp(run)
            self.first_run = self.first_run or time
            rows = len(state.rows)
            newest = self.archived[-1].state if self.archived else None
            lost = newest is not None and _is_great_loss(len(newest.rows), rows)
            again = held is not None and not (
                _is_great_loss(held, rows) or _is_great_loss(rows, held)
            )
            if lost and not again:
                held = rows
                self.held.append(time)
                continue
            held = None
            if newest != state:
                self.archived.append(Archived(time, checked, state))
            checked = time

    @property
    def state(self) -> State:
        return self.archived[-1].state

    def good_runs(self, runs: Sequence[datetime]) -> list[str]:
        """Return the runs that read it, and what they read was taken over or was known."""
        times = [stamp(run) for run in runs]
        return [time for time in times if time >= self.first_run and time not in self.held]

    def state_on(self, day: str) -> State | None:
        """Return the state at the end of a day, None before the first one."""
        known = [one.state for one in self.archived if one.time[:10] <= day]
        return known[-1] if known else None

    @cached_property
    def texts(self) -> dict[str, Song]:
        """The newest texts of every song that was ever there, by URI."""
        return {row.song.uri: row.song for one in self.archived for row in one.state.rows}

    @cached_property
    def changes(self) -> list[Change]:
        """Every change, oldest first."""
        changes: list[Change] = []
        ever = set(labels(self.archived[0].state))
        known = {row.song.uri: row.song for row in self.archived[0].state.rows}
        for before, after in pairwise(self.archived):
            changes.append(
                compare_states(before.state, after, ever=ever, known=known, texts=self.texts)
            )
            ever.update(labels(after.state))
            known |= {row.song.uri: row.song for row in after.state.rows}
        return [change for change in changes if _is_told(change)]

    def difference(self, before: Archived, after: Archived) -> Change | None:
        """Return how two archived states differ, whatever was between them; None if in nothing told."""
        then, now = ({row.song.uri: row.song for row in one.state.rows} for one in (before, after))
        last = Archived(after.time, before.time, after.state)
        ever = set(labels(before.state))
        change = compare_states(before.state, last, ever=ever, known=then, texts=then | now)
        return change if _is_told(change) else None

    @cached_property
    def stays_of_rows(self) -> dict[Label, list[Stay]]:
        """Every stay of each row."""
        ever = dict.fromkeys(label for one in self.archived for label in labels(one.state))
        return {label: list(self._stays(label)) for label in ever}

    @cached_property
    def stays(self) -> dict[str, list[Stay]]:
        """Every stay of each song, by URI, row by row."""
        by_song: dict[str, list[Stay]] = {}
        for (uri, _), told in self.stays_of_rows.items():
            by_song.setdefault(uri, []).extend(told)
        return by_song

    @cached_property
    def _dates(self) -> list[dict[Label, Row]]:
        return [dict(zip(labels(one.state), one.state.rows, strict=True)) for one in self.archived]

    def _stays(self, label: Label) -> Iterator[Stay]:
        """Yield the runs of archived states that have this row.

        If Spotify later gives a date of an earlier day, that date counts.
        """
        stay: Stay | None = None
        for (time, checked, _), rows in zip(self.archived, self._dates, strict=True):
            row = rows.get(label)
            if row is None and stay:
                yield stay._replace(last_seen=checked, first_missing=time)
                stay = None
            elif row and stay is None:
                stay = Stay(time, row.added_at, None, None)
            elif row and stay and row.added_at and row.added_at[:10] < stay.added:
                stay = stay._replace(added_at=row.added_at)
        if stay:
            yield stay


def compare_states(
    before: State,
    after: Archived,
    *,
    ever: AbstractSet[Label],
    known: Mapping[str, Song],
    texts: Mapping[str, Song],
) -> Change:
    """Compare two states.

    `ever` and `known` are the rows and the texts until then; `texts` those in which songs are told.
    """
    time, checked, state = after
    was, is_now = labels(before), labels(state)
    stayed = set(was) & set(is_now)
    came = [one for one in enumerate(is_now, start=1) if one[1] not in stayed]
    went = [one for one in enumerate(was, start=1) if one[1] not in stayed]
    common = longest_common(
        [label for label in was if label in stayed],
        [label for label in is_now if label in stayed],
    )
    now = {row.song.uri: row.song for row in state.rows}
    return Change(
        after=checked,
        time=time,
        before=before,
        state=state,
        added=[(row, texts[label[0]]) for row, label in came if label not in ever],
        readded=[(row, texts[label[0]]) for row, label in came if label in ever],
        removed=[(row, texts[label[0]]) for row, label in went],
        renamed=[
            (known[uri], texts[uri])
            for uri, song in now.items()
            if uri in known and known[uri].line != song.line
        ],
        moves=len(stayed) - common,
    )


class Expected:
    """All playlists of a file after the runs."""

    def __init__(self, histories: Mapping[str, Versions], runs: Sequence[datetime]) -> None:
        self.runs = runs
        everything = (ExpectedPlaylist(*history, runs) for history in histories.items())
        self.playlists = {one.id: one for one in everything if one.archived}

    def describe(self) -> str:
        playlists = self.playlists.values()
        snapshots = sum(len(one.archived) for one in playlists)
        changes = sum(len(one.changes) for one in playlists)
        moves = sum(change.moves for one in playlists for change in one.changes)
        songs = sum(len(one.texts) for one in playlists)
        return (
            f"{len(playlists)} playlists on any date, {snapshots:,} snapshots, {changes:,} changes, "
            f"{moves:,} moves, the stays of {songs:,} songs"
        )


def read_expected(file: Path, runs: Sequence[datetime]) -> Expected:
    return Expected(read_versions(file), runs)


def longest_common[T](one: Sequence[T], other: Sequence[T]) -> int:
    """Return the length of the longest sequence that both contain, not necessarily without gaps.

    The bits of a number represent the elements of `one`, as in Hyyrö's algorithm.
    """
    places: dict[T, int] = {}
    for place, element in enumerate(one):
        places[element] = places.get(element, 0) | 1 << place
    everything = (1 << len(one)) - 1
    free = everything
    for element in other:
        taken = free & places.get(element, 0)
        free = ((free + taken) | (free - taken)) & everything
    return len(one) - free.bit_count()


def _is_great_loss(before: int, now: int) -> bool:
    return (before > 0 and now == 0) or (before >= _FEW_ROWS and 2 * now < before)


def _is_told(change: Change) -> bool:
    """Whether a change is visible; a date corrected by Spotify is not."""
    before, now = change.before, change.state
    return bool(
        (before.name, before.description) != (now.name, now.description)
        or change.added
        or change.readded
        or change.removed
        or change.renamed
        or change.moves
    )
