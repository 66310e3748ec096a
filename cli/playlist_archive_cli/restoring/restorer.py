"""Executes the steps of a plan one after the other, and saves the plan after each."""

from collections.abc import Callable
from datetime import timedelta
from typing import Literal

import msgspec

from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.ports.clock import Clock
from playlist_archive_cli.dates import spell_moment
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.restoring.plan import (
    Add,
    Create,
    LookAtTheEnd,
    Plan,
    Step,
    judge,
    next_step,
    with_added,
    with_lost_answer,
    with_playlist,
    with_refused,
)
from playlist_archive_cli.restoring.writer import (
    LOOKED_AT,
    AskedToWaitError,
    ClosedError,
    NoAnswerError,
    RefusedError,
    Writer,
)

type _Doubt = Literal["none", "slight", "grave"]
"""Whether a step may have been done already, so that Spotify is asked before it is taken."""

_LONGEST_WAIT_SECONDS = 30
_SECONDS_WITHOUT_HEADER = 60
_DAY_SECONDS = 86_400
# After this many unanswered or delayed tries of a step in a row, the restore stops.
_MOST_TRIES = 5
# A whole album may be gone. If even more songs are refused in a row, the songs may not be the
# cause, and each costs about five requests.
_MOST_REFUSED_IN_A_ROW = 20
# Spotify may show the effect of a request a little later.
_SECONDS_BETWEEN_LOOKS = 3
_MOST_LOOKS = 3
_SECONDS_BEFORE_SEARCHES = (0, 8, 20)


class StoppedError(CommandError):
    """The restore stopped before its end; the message says why, and how to continue."""


class Restorer:
    """Restores one playlist; `save` stores each state of the plan.

    `advice` says how to continue after a stop, `begin_anew` what to do if that is impossible.
    `tell` gets lines about the progress.
    """

    def __init__(
        self,
        writer: Writer,
        clock: Clock,
        *,
        save: Callable[[Plan], object],
        tell: Callable[[str], object],
        advice: str,
        begin_anew: str,
    ) -> None:
        self._writer = writer
        self._clock = clock
        self._save = save
        self._tell = tell
        self._advice = advice
        self._begin_anew = begin_anew
        self._doubt: _Doubt = "none"
        self._sent_again = False
        self._tries = 0
        self._refused_in_a_row = 0

    def restore(self, plan: Plan, *, resumed: bool = False) -> Plan:
        """Execute all remaining steps, and return the finished plan.

        A resumed plan may have been interrupted between a request and its answer.

        Raises:
            StoppedError: it has to continue later, or cannot continue.
        """
        self._doubt = "grave" if resumed else "none"
        self._tries = self._refused_in_a_row = 0
        plan = with_lost_answer(plan) if resumed else plan
        while (step := next_step(plan)) is not None:
            before = plan
            try:
                plan = self._take(step, plan)
            except NoAnswerError as error:
                self._doubt = "grave"
                plan = with_lost_answer(plan)
                self._try_again(f"Spotify gives no usable answer ({error})")
                self._clock.sleep(2**self._tries)
                continue
            except AskedToWaitError as error:
                if self._doubt == "none":
                    self._doubt = "slight"
                self._wait_or_stop(plan, error)
                continue
            except ClosedError as error:
                raise StoppedError(f"{error}; {self._advice}") from None
            self._doubt = "slight" if self._sent_again else "none"
            self._sent_again, self._tries = False, 0
            self._save(plan)
            self._tell_progress(before, plan)
            self._stop_if_all_is_refused(before, plan)
        return plan

    def _take(self, step: Step, plan: Plan) -> Plan:
        match step:
            case Create():
                return self._create(plan)
            case Add():
                return self._add(plan, step)
            case LookAtTheEnd():
                return self._finish(plan, step)

    def _create(self, plan: Plan) -> Plan:
        if self._doubt == "grave":
            for seconds in _SECONDS_BEFORE_SEARCHES:
                self._clock.sleep(seconds)
                if found := self._writer.find(plan.tag):
                    return with_playlist(plan, found[0].id, public=found[0].public)
            self._doubt = "none"
        try:
            created = self._writer.create(plan.name, plan.description)
        except RefusedError as error:
            raise StoppedError(
                f"Spotify does not create a playlist called “{plan.name}”: {error}"
            ) from None
        return with_playlist(plan, created.id, public=created.public)

    def _add(self, plan: Plan, step: Add) -> Plan:
        if self._doubt != "none":
            if self._has_arrived(plan, step):
                return with_added(plan)
            # The unanswered request may take effect even now, so the next step checks once more.
            self._sent_again = self._doubt == "grave"
            self._doubt = "none"
        try:
            return with_added(plan, self._writer.add(plan.playlist_id, step.uris, step.position))
        except RefusedError as error:
            reason = str(error)
        # The rest of the batch is only sent if Spotify has added nothing of it.
        self._doubt = "slight"
        if self._has_arrived(plan, step):
            return with_added(plan)
        return with_refused(plan, reason)

    def _finish(self, plan: Plan, step: LookAtTheEnd) -> Plan:
        if not self._has_arrived(plan, Add(0, step.uris)):
            raise self._strange(plan, 0, Add(0, step.uris))
        tagged = self._writer.find(plan.tag) if plan.creation_in_doubt else []
        return msgspec.structs.replace(
            plan,
            left_behind=tuple(found.id for found in tagged if found.id != plan.playlist_id),
            finished=True,
            not_before="",
        )

    def _has_arrived(self, plan: Plan, step: Add) -> bool:
        """Check whether songs are in the playlist.

        An unanswered request may take effect late, and be visible even later. So it counts as
        without effect only if two checks in a row say so.

        Raises:
            StoppedError: this restore does not explain the playlist's rows.
        """
        offset = max(step.position, step.position + len(step.uris) - LOOKED_AT)
        absent = 0
        for number in range(_MOST_LOOKS):
            if number:
                self._clock.sleep(_SECONDS_BETWEEN_LOOKS)
            seen = self._writer.look(plan.playlist_id, offset)
            verdict = judge(seen, step.position, step.uris)
            if verdict == "arrived":
                return True
            absent = absent + 1 if verdict == "absent" else 0
            if absent == (2 if self._doubt == "grave" else 1):
                return False
        raise self._strange(plan, seen.total, step)

    def _strange(self, plan: Plan, total: int | None, expected: Add) -> StoppedError:
        rows = "an unknown number of" if total is None else f"{total:,}"
        explained = f"{expected.position + len(expected.uris):,}"
        if isinstance(next_step(plan), Add):
            explained = f"{expected.position:,} or {explained}"
        return StoppedError(
            f"“{plan.name}” has {rows} rows, where this restore explains {explained}, "
            "or other songs: something else has changed it, or Spotify shows it late or has left "
            f"songs out. Nothing more is added. To have it looked at again, {self._advice}. "
            f"{self._begin_anew}"
        )

    def _try_again(self, reason: str) -> None:
        self._tries += 1
        if self._tries >= _MOST_TRIES:
            raise StoppedError(f"{reason}; {self._advice}")

    def _wait_or_stop(self, plan: Plan, error: AskedToWaitError) -> None:
        """Wait if Spotify asks for a short pause.

        Raises:
            StoppedError: it asks for a long pause, or too often.
        """
        usual = _DAY_SECONDS if error.quota else _SECONDS_WITHOUT_HEADER
        seconds = error.seconds or usual
        self._tries += 1
        if not error.quota and seconds <= _LONGEST_WAIT_SECONDS and self._tries < _MOST_TRIES:
            self._clock.sleep(seconds + 1)
            return
        until = to_timestamp(self._clock.now() + timedelta(seconds=seconds + 1))
        self._save(msgspec.structs.replace(plan, not_before=until))
        cause = "the app's quota is used up" if error.quota else "too many requests"
        raise StoppedError(
            f"Spotify wants no requests until {spell_moment(until)} ({cause}); after that, "
            f"{self._advice}"
        )

    def _stop_if_all_is_refused(self, before: Plan, plan: Plan) -> None:
        """Raise `StoppedError` if too many songs in a row are refused, and more are left."""
        if len(plan.added) > len(before.added):
            self._refused_in_a_row = 0
        self._refused_in_a_row += len(plan.refused) - len(before.refused)
        if self._refused_in_a_row < _MOST_REFUSED_IN_A_ROW or not isinstance(next_step(plan), Add):
            return
        raise StoppedError(
            f"Spotify refused {self._refused_in_a_row} songs in a row, the last one with: "
            f"{plan.refused[-1].reason}. If that is because of the songs, {self._advice}"
        )

    def _tell_progress(self, before: Plan, plan: Plan) -> None:
        if plan.playlist_id != before.playlist_id:
            self._tell(f"“{plan.name}” is created: {address(plan.playlist_id)}")
        elif len(plan.added) > len(before.added):
            self._tell(f"{len(plan.added):,} of {plan.size:,} songs are in it")


def address(playlist_id: str) -> str:
    return f"https://open.spotify.com/playlist/{playlist_id}"
