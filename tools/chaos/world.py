"""Executes the planned actions of an archive's owner, and planned damage."""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from playlist_archive.documents.keys import (
    CATALOG,
    EXCLUDED,
    is_playlist_id,
    parse_snapshot_key,
    registry_key,
    snapshots_prefix,
    song_ids_key,
    songs_key,
)
from playlist_archive.documents.messages import PagesWritten, decode_outcome
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.events import parse_render_body
from tools.chaos.actions import ALIASES, DAMAGES, Planned
from tools.chaos.aws import Aws
from tools.chaos.clock import SimulatedClock
from tools.chaos.envelopes import unwrap_failure
from tools.chaos.faults import Mischief
from tools.chaos.pollers import POISON, Poller
from tools.chaos.queues import SimulatedQueue
from tools.chaos.record import Action, Record
from tools.chaos.scheduler import Scheduler
from tools.chaos.spotify import Wire

_OWN = ("state/", "playlists/")
_OF_PLAYLISTS = (
    "state/ledgers/",
    "playlists/pretty/",
    "playlists/cumulative/",
    "playlists/plain/",
    "playlists/history/",
    "playlists/feeds/",
    "playlists/table/",
)
_SONGS = "playlists/songs/"
_KEPT_VERSIONS = 4
_FORGOTTEN = 0.03
_HOURS_AHEAD = timedelta(hours=26)
_YEARS_AHEAD = 10
_LONG_WAIT_SECONDS = 3_600
# A damaged snapshot is restored after this time.
_UNTIL_RESTORED_SECONDS = 3_600

type CallLister = Callable[[dict[str, Any]], None]


class World:
    """Carries out planned actions and records them.

    Attributes:
        without: the kinds of actions to leave out.
    """

    def __init__(
        self,
        *,
        aws: Aws,
        queues: Mapping[str, SimulatedQueue],
        fetcher: Poller,
        clock: SimulatedClock,
        scheduler: Scheduler,
        mischief: Mischief,
        record: Record,
        call_lister: CallLister,
        edit: Callable[[str], None],
        ask_to_wait: Callable[[int], None],
        wire: Wire,
    ) -> None:
        self.without: frozenset[str] = frozenset()
        self._aws = aws
        self._queues = queues
        self._fetcher = fetcher
        self._clock = clock
        self._scheduler = scheduler
        self._mischief = mischief
        self._record = record
        self._call_lister = call_lister
        self._edit = edit
        self._ask_to_wait = ask_to_wait
        self._wire = wire
        self._versions: dict[str, deque[bytes]] = defaultdict(lambda: deque(maxlen=_KEPT_VERSIONS))
        self._numbers = 0

    def keep_version(self, key: str, body: bytes) -> None:
        """Keep a written version, because an action may roll back to it."""
        if key.startswith(_OWN):
            self._versions[key].append(body)

    def prepare(self, planned: Sequence[Planned], run: datetime) -> None:
        for action in planned:
            self._scheduler.at(run.timestamp() + action.after, partial(self._do, action, run))

    def _do(self, action: Planned, run: datetime) -> None:
        if self._mischief.calm or action.what in self.without:
            return
        self._mischief.injected[f"world: {action.what}"] += 1
        for do in (self._do_to_registry, self._do_to_objects, self._do_to_runs):
            if do(action, run):
                return
        raise ValueError(f"unknown action: {action.what}")

    def _do_to_registry(self, action: Planned, _run: datetime) -> bool:
        match action.what:
            case "register":
                self._write(action, registry_key(action.whom), ALIASES[int(action.how)])
            case "misname":
                self._write(action, action.whom, b"")
            case "exclude":
                self._write(action, f"{EXCLUDED}{action.whom}", b"")
            case "deregister":
                self._delete(action, registry_key(action.whom))
            case "include":
                self._delete(action, f"{EXCLUDED}{action.whom}")
            case _:
                return False
        return True

    def _do_to_objects(self, action: Planned, _run: datetime) -> bool:
        match action.what:
            case "damage":
                self._damage(action.how)
            case "spoil":
                self._spoil(action.how)
            case "stray":
                self._aws.write(f"{CATALOG}.bak", self._aws.find(CATALOG) or b"")
            case "fetcher dead":
                self._stop_fetcher(float(action.how))
            case "redrive":
                self.redrive()
            case "edit":
                self._note(action.what, action.whom)
                self._edit(action.whom)
            case "hollow" if self._is_archived(action.whom) and not self._was_hollow(action.whom):
                self._note(action.what, action.whom, action.how)
                self._wire.hollow[action.whom] = self._clock.moment + float(action.how)
            case "hollow":
                # Without an earlier read the archive cannot distinguish it from an empty playlist,
                # and a loss that two runs read is recorded.
                pass
            case _:
                return False
        return True

    def _do_to_runs(self, action: Planned, run: datetime) -> bool:
        now = self._clock.now()
        if action.what not in {"run again", "run late"} and self._is_hollow():
            # A second run that finds the same loss would correctly confirm it.
            return True
        match action.what:
            case "run again":
                self._call_lister({"time": to_timestamp(run)})
            case "run again, told to wait":
                self._ask_to_wait(_LONG_WAIT_SECONDS)
                self._call_lister({"time": to_timestamp(run)})
            case "run late":
                self._call_lister({"time": to_timestamp(run - timedelta(days=1))})
            case "run by hand":
                self._call_lister({})
            case "run to come":
                self._call_lister({"time": to_timestamp(_years_later(now))})
            case "run to come, forced":
                time = _years_later(now)
                self._record.forced.append(time)
                self._record.forced_at.append(self._clock.moment)
                self._call_lister({"time": to_timestamp(time), "force": True})
            case _:
                return False
        return True

    def _is_hollow(self) -> bool:
        return any(self._clock.moment < until for until in self._wire.hollow.values())

    def _was_hollow(self, playlist_id: str) -> bool:
        return any(action.whom == playlist_id for action in self._record.of_actions("hollow"))

    def _is_archived(self, playlist_id: str) -> bool:
        return any(key.startswith(snapshots_prefix(playlist_id)) for key in self._aws.list_keys())

    def end(self) -> None:
        """End all lasting actions, so that the archive can recover."""
        self._fetcher.stands_still = False

    def list_unmended(self) -> list[str]:
        """Return the playlists with an object that is damaged, was rolled back, or is missing."""
        found = {
            playlist_id
            for key, body in self._record.damaged.items()
            if (self._aws.find(key) or b"") == body and (playlist_id := playlist_of(key))
        }
        found |= {action.whom for action in self._record.of_actions("spoil")}
        for lost in self._record.lost:
            if lost.whom == "RenderQueue":
                request, keys = parse_render_body(lost.how)
                parsed = filter(None, map(parse_snapshot_key, keys))
                found |= {request.playlist_id} if request else {id_ for id_, _ in parsed}
            if lost.whom == "OutcomeQueue" and isinstance(
                message := decode_outcome(lost.how), PagesWritten
            ):
                found.add(message.playlist_id)
        archived = {id_ for key in self._aws.list_keys() if (id_ := archived_in(key))}
        # Only a playlist's own render notices that its line in a song list was rolled back.
        shared = {key for key in self._record.damaged if key.startswith(_SONGS)}
        found |= {id_ for id_ in archived if _songs_keys(id_) & shared}
        return sorted(found & archived)

    def redrive(self) -> None:
        """Send the dead letters again, except for poison and permanently refused messages."""
        for name, queue in self._queues.items():
            source = self._queues.get(queue.shape.dead_letters)
            if source is None:
                continue
            for dead_letter in source:
                self._record.dead_letters.setdefault(name, []).append(dead_letter.body)
                source.drop(dead_letter)
                if dead_letter.body == POISON:
                    continue
                if self._mischief.strike("SQS: dead letter never sent again", _FORGOTTEN):
                    self._record.lost.append(
                        Action(self._clock.moment, "lost", name, dead_letter.body)
                    )
                    continue
                self._numbers += 1
                again = f"again-{self._numbers}"
                queue.send(dead_letter.body, group=dead_letter.group, deduplication_id=again)
        dead_letters = self._queues["ListerDeadLetterQueue"]
        for dead_letter in dead_letters:
            self._record.dead_letters.setdefault("lister", []).append(dead_letter.body)
            dead_letters.drop(dead_letter)
            event = unwrap_failure(dead_letter.body)
            if not self._lies_ahead(event):
                self._call_lister(event)

    def _lies_ahead(self, event: Mapping[str, Any]) -> bool:
        time = event.get("time")
        return time is not None and datetime.fromisoformat(time) > self._clock.now() + _HOURS_AHEAD

    def _note(self, what: str, whom: str, how: str = "") -> None:
        self._record.actions.append(Action(self._clock.moment, what, whom, how))

    def _write(self, action: Planned, key: str, body: bytes) -> None:
        self._note(action.what, action.whom)
        self._aws.write(key, body)

    def _delete(self, action: Planned, key: str) -> None:
        if self._aws.find(key) is not None:
            self._note(action.what, action.whom)
            self._aws.delete(key)

    def _stop_fetcher(self, seconds: float) -> None:
        now = self._clock.moment
        self._fetcher.stands_still = True
        self._record.dead.append((now, now + seconds))

        def go_on() -> None:
            self._fetcher.stands_still = False

        self._scheduler.at(now + seconds, go_on)

    def _spoil(self, how: str) -> None:
        """Damage a snapshot, rebuild its playlist without it, then restore the snapshot."""
        keys = [key for key in self._aws.list_keys() if parse_snapshot_key(key)]
        if not keys or len(self._record.of_actions("spoil")) % 2:
            return  # one at a time
        key = self._mischief.random.choice(keys)
        body, parsed = self._record.written[key], parse_snapshot_key(key)
        assert parsed
        playlist_id, _ = parsed

        def write(contents: bytes) -> None:
            self._note("spoil", playlist_id, how)
            self._aws.write(key, contents)
            self._call_lister({"rebuild": [playlist_id]})

        write(DAMAGES[how](body))
        restored = self._clock.moment + _UNTIL_RESTORED_SECONDS
        self._scheduler.at(restored, partial(write, body))

    def _damage(self, how: str) -> None:
        """Damage an object; each kind of object is equally likely."""
        kinds: dict[str, list[str]] = defaultdict(list)
        for key in self._aws.list_keys():
            if key in self._versions:
                kinds["/".join(key.split("/")[:2])].append(key)
        if not kinds:
            return
        random = self._mischief.random
        key = random.choice(kinds[random.choice(sorted(kinds))])
        before = self._aws.find(key) or b""
        body = DAMAGES[how](before)
        if how == "rolled back":
            older = [version for version in self._versions[key] if version != before]
            if not older:
                return
            body = random.choice(older)
        self._mischief.injected[f"damage: {'/'.join(key.split('/')[:2])}"] += 1
        self._mischief.injected[f"damage: {how}"] += 1
        self._note("damage", key, how)
        self._record.damaged[key] = body
        if how == "deleted":
            self._aws.delete(key)
        else:
            self._aws.write(key, body)


def playlist_of(key: str) -> str | None:
    """Return the playlist of a page or a ledger, None if there is none."""
    names = (key.removeprefix(folder)[:22] for folder in _OF_PLAYLISTS if key.startswith(folder))
    return next(filter(is_playlist_id, names), None)


def archived_in(key: str) -> str | None:
    """Return the playlist of a page, a ledger or a snapshot, None if there is none."""
    parsed = parse_snapshot_key(key)
    return parsed[0] if parsed else playlist_of(key)


def _years_later(now: datetime) -> datetime:
    return datetime(now.year + _YEARS_AHEAD, now.month, min(now.day, 28), 4, tzinfo=UTC)


def _songs_keys(playlist_id: str) -> set[str]:
    """Return the keys of the song lists in which a playlist has lines."""
    return {
        key(playlist_id, gone=gone) for key in (songs_key, song_ids_key) for gone in (False, True)
    }
