"""Finds what the command says of a playlist on any date, and must not.

What `show --on`, `diff` and `changes` have to say follows from the states that were archived and the
runs, by brute force. So does every sentence about a date on which nobody knows.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice, pairwise, takewhile
from typing import NamedTuple

from tools.verification.comparing import Differences, Json, attempted, compared
from tools.verification.documents import change_differences, said_state, shown_state
from tools.verification.expected import Archived, Change, Expected, ExpectedPlaylist, stamp


class Answer(NamedTuple):
    """The document that the command prints with `--json`, None where it fails, and its messages."""

    document: Json | None
    messages: str


type Say = Callable[..., Answer]
"""Run the command with these words, such as `show`, and return its answer."""

_DAY = timedelta(days=1)


class Date(NamedTuple):
    """A date as the command takes it, and its first and its last second."""

    text: str
    first: str
    last: str


def a_day(day: date) -> Date:
    return Date(f"{day}", f"{day}T00:00:00Z", f"{day}T23:59:59Z")


def a_moment(time: datetime) -> Date:
    return Date(f"{time:%Y%m%dT%H%M%SZ}", stamp(time), stamp(time))


def find_differences(say: Say, expected: Expected, *, step: int = 1) -> Differences:
    """Find what is wrong in the answers about each playlist, on every day and around each snapshot.

    A greater `step` asks of fewer of these dates.
    """
    for playlist in expected.playlists.values():
        spoken = _Spoken(say, playlist, expected.runs, step)
        for check in (spoken.shown, spoken.compared, spoken.changed):
            what = f"{playlist.id}: {check.__name__}"
            yield from attempted(what, check())
    yield from attempted("changes", _changed_anywhere(say, expected))


class _Known(NamedTuple):
    """The state that shows a date, and how the sentence about it begins and ends, if there is one."""

    archived: Archived | None
    begin: str = ""
    end: str = ""


class _Spoken:
    """What is said of one playlist."""

    def __init__(
        self, say: Say, playlist: ExpectedPlaylist, runs: Sequence[datetime], step: int
    ) -> None:
        self._say = say
        self._step = step
        self._playlist = playlist
        self._runs = [stamp(run) for run in runs if stamp(run) >= playlist.first_run]
        self._good = playlist.good_runs(runs)
        answer = say("diff", playlist.id, "9000-01-01")
        assert answer.document, answer.messages
        self._name = f"“{answer.document['name']}”"

    def dates(self) -> Iterator[Date]:
        """Yield days from before the first run until after the last, and moments between."""
        return islice(self._every_date(), 0, None, self._step)

    def _every_date(self) -> Iterator[Date]:
        first, last = (datetime.fromisoformat(self._runs[place]) for place in (0, -1))
        for number in range(-2, (last - first).days + 4):
            yield a_day((first + number * _DAY).date())
        for one in self._playlist.archived:
            time = datetime.fromisoformat(one.time)
            for later in (-86_399, -1, 0, 1, 43_200):
                yield a_moment(time + timedelta(seconds=later))

    def shown(self) -> Differences:
        read: set[str] = set()
        for on in self.dates():
            place = f"show {self._playlist.id} --on {on.text}"
            answer = self._say("show", self._playlist.id, "--on", on.text)
            known = self._known(on)
            if known.archived is None or answer.document is None:
                if answer.document or known.archived or known.begin not in answer.messages:
                    yield f"{place}: {answer.messages or 'an answer'} and not {known.begin}"
                continue
            shown = answer.document
            yield from compared(f"{place}, snapshot", shown["snapshot"], known.archived.time)
            yield from _remarks(place, shown["remarks"], [known])
            if known.archived.time not in read:
                read.add(known.archived.time)
                yield from compared(place, shown_state(shown), said_state(known.archived.state))

    def compared(self) -> Differences:
        """Compare dates that lie a long and a short time apart, and each with now."""
        dates = sorted(self.dates(), key=lambda one: one.last)
        known = [(on, self._known(on)) for on in dates]
        there = [pair for pair in known if pair[1].archived]
        apart = (1, 2, len(there) // 3, len(there) // 2)
        for number, (first, before) in enumerate(there):
            later = there[number + apart[number % len(apart)] :][:1]
            last, after = later[0] if later else (None, self._known(None))
            words = [first.text, *([last.text] if last else [])]
            place = f"diff {self._playlist.id} {' '.join(words)}"
            told = self._say("diff", self._playlist.id, *words).document
            if told is None:
                yield f"{place}: it fails"
                continue
            assert before.archived
            assert after.archived
            times = [before.archived.time, after.archived.time]
            yield from compared(place, [told["before"], told["after"]], times)
            yield from _remarks(place, told["remarks"], [before, after])
            yield from _difference(
                place, told["change"], self._playlist.difference(before.archived, after.archived)
            )

    def changed(self) -> Differences:
        playlist_id = self._playlist.id
        expected = {change.time: change for change in self._playlist.changes}
        for since in islice(self.dates(), 0, None, 3):
            place = f"changes {playlist_id} --since {since.text}"
            answer = self._say("changes", playlist_id, "--since", since.text)
            told = answer.document["changes"] if answer.document else []
            times = sorted((time for time in expected if time >= since.first), reverse=True)
            yield from compared(place, [change["time"] for change in told], times)
            begins = f"begins on {self._playlist.archived[0].time[:10]}" in answer.messages
            if begins is not (since.last < self._playlist.archived[0].time):
                yield f"{place}: it says {answer.messages}"
            if len(times) == len(expected):
                for change in told:
                    change.pop("playlist")
                    where = f"{place}, {change['time']}"
                    yield from change_differences(where, change, expected[change["time"]])

    def _known(self, on: Date | None) -> _Known:
        """Say what is known of a date; without one, now."""
        last = on.last if on else "9"
        known = [one for one in self._playlist.archived if one.time <= last]
        if not known:
            begins = self._playlist.archived[0].time
            return _Known(None, f"the archive of {self._name} begins on {begins[:10]}")
        shown = known[-1]
        if on and shown.time >= on.first:
            return _Known(shown)
        before = [run for run in self._runs if run <= last]
        later = self._runs[len(before) :]
        if before[-1] in self._playlist.held:
            return self._held(shown, before, later, self._good[-1])
        next_changes = [one for one in self._playlist.changes if one.time > last]
        if on and next_changes and next_changes[0].after < on.first:
            after, until = (_spelled(next_changes[0].after), _spelled(next_changes[0].time))
            return _Known(
                shown,
                f"nothing says how {self._name} was then, it changed between {after} and {until}",
                ": this is what the last good read before found",
            )
        if on and on.first > self._good[-1]:
            begin = f"{on.text} is later than the last good read of {self._name}"
            return _Known(shown, begin, f", of {self._good[-1][:10]}")
        return _Known(shown)

    def _held(
        self, shown: Archived, before: Sequence[str], later: Sequence[str], checked: str
    ) -> _Known:
        """Say that what runs found was held, until a later one or until now."""
        held = self._playlist.held
        first = [*takewhile(held.__contains__, reversed(before))][-1]
        if all(run in held for run in later):
            return _Known(
                shown,
                f"{self._name} has not been read since {first[:10]}",
                f": this is the last good read, of {checked[:10]}",
            )
        read = next(run for run in later if run not in held)
        missed = max([run for run in self._runs if run < read][-1][:10], _day_before(read))
        when = f"on {missed}" if first[:10] == missed else f"from {first[:10]} to {missed}"
        begin = f"{self._name} could not be read {when}"
        return _Known(shown, begin, ": this is what the last good read before found")


def _remarks(place: str, told: Sequence[str], known: Sequence[_Known]) -> Differences:
    said = list(dict.fromkeys((one.begin, one.end) for one in known if one.begin))
    if len(told) != len(said):
        yield f"{place}: it says {told} and not {said}"
        return
    for remark, (begin, end) in zip(told, said, strict=True):
        # Only the archive knows why it could not read.
        why = remark.removeprefix(begin).removesuffix(end)
        if begin + why + end != remark or not re.fullmatch(r"( \(.+\))?", why):
            yield f"{place}: it says {remark} and not {begin}{end}"


def _difference(place: str, told: Json | None, said: Change | None) -> Differences:
    if told is None or said is None:
        if told or said:
            yield f"{place}: {'something' if told else 'nothing'} differs"
        return
    yield from change_differences(place, told, said)


def _changed_anywhere(say: Say, expected: Expected) -> Differences:
    """The changes of all playlists since a date are those of each."""
    every = [
        (change.time, playlist.id)
        for playlist in expected.playlists.values()
        for change in playlist.changes
    ]
    for one, other in pairwise([*expected.runs[::10], expected.runs[-1]]):
        for on in (a_day(one.date()), a_moment(other + timedelta(seconds=1))):
            told = say("changes", "--since", on.text).document
            shown = [(change["time"], change["playlist"]) for change in (told or {})["changes"]]
            said = sorted((pair for pair in every if pair[0] >= on.first), reverse=True)
            yield from compared(f"changes --since {on.text}", shown, said)


def _spelled(time: str) -> str:
    return f"{time[:10]} {time[11:16]} UTC"


def _day_before(time: str) -> str:
    return f"{(datetime.fromisoformat(time) - _DAY).date()}"
