"""The plan of a restore: its requests to Spotify, their order, and the progress.

Spotify adds songs twice if they are sent twice. So the songs are sent in one batch after the other,
each with its position. If the answer to a batch is lost, the number of rows shows whether the batch
has arrived.
"""

from collections.abc import Callable, Sequence
from itertools import batched
from typing import Literal, NamedTuple

import msgspec

from playlist_archive.documents.timestamps import Timestamp
from playlist_archive_cli.restoring.songs import LeftOut, Song
from playlist_archive_cli.restoring.writer import LOOKED_AT, Seen

SONGS_IN_A_BATCH = 100
MOST_SONGS = 10_000
"""As many rows as Spotify takes in a playlist."""
# The user's profile, creating the playlist, and the final check.
_OTHER_REQUESTS = 3
_LONGEST_REASON = 200

type Verdict = Literal["arrived", "absent", "strange"]
type _Change = Callable[["Batch"], list["Batch"]]


class Batch(msgspec.Struct, frozen=True, omit_defaults=True):
    """Songs that are sent in one request.

    Attributes:
        snapshot_id: the version of the playlist in Spotify's answer; empty if the answer was lost.
        reason: why Spotify refused the batch; it then has one song.
        suspect: whether the batch will be refused if the one before it is added, because both are
            halves of a refused batch.
    """

    songs: tuple[Song, ...]
    state: Literal["waiting", "added", "refused"] = "waiting"
    snapshot_id: str = ""
    reason: str = ""
    suspect: bool = False

    @property
    def uris(self) -> list[str]:
        return [song.uri for song in self.songs]


class Plan(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A restore and its progress; it holds no secret.

    Attributes:
        source: the id of the archived playlist, and `source_name` its name.
        tag: a word in the new playlist's description, to find it again.
        user: the id of the user in whose library the new playlist is.
        remarks: remarks about the songs, such as that they are from an older day.
        playlist_id: the id of the new playlist, empty until it is known.
        public: whether Spotify shows it on the user's profile, although it should be private.
        creation_in_doubt: whether the answer to a creation is missing.
        left_behind: the ids of empty playlists that such a creation made later.
        not_before: the end of a pause that Spotify asked for, empty if there is none.
    """

    source: str
    source_name: str
    client_id: str
    user: str
    tag: str
    name: str
    description: str
    batches: tuple[Batch, ...]
    left_out: tuple[LeftOut, ...] = ()
    remarks: tuple[str, ...] = ()
    playlist_id: str = ""
    public: bool = False
    creation_in_doubt: bool = False
    left_behind: tuple[str, ...] = ()
    not_before: Timestamp = ""
    finished: bool = False

    @property
    def added(self) -> list[Song]:
        return [song for batch in self.batches if batch.state == "added" for song in batch.songs]

    @property
    def refused(self) -> list[Batch]:
        return [batch for batch in self.batches if batch.state == "refused"]

    @property
    def size(self) -> int:
        return sum(len(batch.songs) for batch in self.batches)


class Create(NamedTuple):
    """The next step: create the playlist."""


class Add(NamedTuple):
    """The next step: add these songs, the first of them at `position`."""

    position: int
    uris: list[str]


class LookAtTheEnd(NamedTuple):
    """The last step: check the number of songs and the last ones."""

    uris: list[str]


type Step = Create | Add | LookAtTheEnd


def make_batches(songs: Sequence[Song]) -> tuple[Batch, ...]:
    return tuple(map(Batch, batched(songs, SONGS_IN_A_BATCH, strict=False)))


def count_requests(songs: int) -> int:
    """Return how many requests a restore takes if nothing goes wrong."""
    return -(-songs // SONGS_IN_A_BATCH) + _OTHER_REQUESTS


def next_step(plan: Plan) -> Step | None:
    """Return what to do next, None if all is done."""
    if plan.finished:
        return None
    if not plan.playlist_id:
        return Create()
    waiting = _first_waiting(plan)
    if waiting is None:
        return LookAtTheEnd([song.uri for song in plan.added])
    return Add(len(plan.added), plan.batches[waiting].uris)


def with_playlist(plan: Plan, playlist_id: str, *, public: bool = False) -> Plan:
    return msgspec.structs.replace(plan, playlist_id=playlist_id, public=public)


def with_lost_answer(plan: Plan) -> Plan:
    """Return the plan after a lost answer; an unknown playlist may be created late."""
    return plan if plan.playlist_id else msgspec.structs.replace(plan, creation_in_doubt=True)


def with_added(plan: Plan, snapshot_id: str = "") -> Plan:
    """Return the plan after the next batch was added.

    If the batch after it is suspect, it is divided without a request.
    """
    plan = _replace_waiting(
        plan, lambda batch: [Batch(batch.songs, state="added", snapshot_id=snapshot_id)]
    )
    return _replace_waiting(plan, lambda batch: _halves(batch) if batch.suspect else [batch])


def with_refused(plan: Plan, reason: str) -> Plan:
    """Return the plan after the next batch was refused: it is divided into two halves.

    This finds the songs that Spotify refuses; a song that is refused alone is left out.
    """

    def refuse(batch: Batch) -> list[Batch]:
        if len(batch.songs) == 1:
            return [Batch(batch.songs, state="refused", reason=reason[:_LONGEST_REASON])]
        return _halves(batch)

    place = _first_waiting(plan)
    batches = [
        Batch(batch.songs) if number - 1 == place and batch.suspect else batch
        for number, batch in enumerate(plan.batches)
    ]
    return _replace_waiting(msgspec.structs.replace(plan, batches=tuple(batches)), refuse)


def judge(seen: Seen, before: int, uris: Sequence[str]) -> Verdict:
    """Return whether songs have arrived in a playlist that had `before` rows.

    The result is `strange` if neither case explains the number of rows, or if other songs are
    there. `seen` are the last rows that these songs would have.
    """
    if seen.total == before:
        return "absent" if uris else "arrived"
    if seen.total != before + len(uris):
        return "strange"
    expected = uris[-LOOKED_AT:]
    agree = len(seen.rows) == len(expected) and all(
        not names or uri in names for names, uri in zip(seen.rows, expected, strict=True)
    )
    return "arrived" if agree else "strange"


def _halves(batch: Batch) -> list[Batch]:
    middle = len(batch.songs) // 2
    if not middle:
        return [batch]
    return [Batch(batch.songs[:middle]), Batch(batch.songs[middle:], suspect=True)]


def _first_waiting(plan: Plan) -> int | None:
    return next(
        (place for place, batch in enumerate(plan.batches) if batch.state == "waiting"), None
    )


def _replace_waiting(plan: Plan, change: _Change) -> Plan:
    place = _first_waiting(plan)
    if place is None:
        return plan
    changed = (*plan.batches[:place], *change(plan.batches[place]), *plan.batches[place + 1 :])
    return msgspec.structs.replace(plan, batches=changed)
