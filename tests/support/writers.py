"""Spotify's writing half in memory, and what goes wrong between a restore and any such writer."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from itertools import cycle, islice
from typing import Literal

from playlist_archive.documents.playlist import Item, Row
from playlist_archive_cli.restoring.plan import Plan, make_batches
from playlist_archive_cli.restoring.restorer import Restorer, StoppedError
from playlist_archive_cli.restoring.songs import Song, sort_out
from playlist_archive_cli.restoring.writer import (
    LOOKED_AT,
    AskedToWaitError,
    ClosedError,
    Created,
    NoAnswerError,
    RefusedError,
    Seen,
    Writer,
)
from tests.support.fakes import FakeClock

TAG = "restore-0123456789abcdef"
GONE = f"spotify:track:{'gone':0>22}"

type Mishap = Literal[
    "lost",  # it is done, and there is no answer
    "undone",  # it is not done, and there is no answer
    "late",  # there is no answer, and it is done before the call after the next one
    "very late",  # the same, before the fourth call after it
    "later still",  # the same, before the sixth call after it
    "killed before",
    "killed after",
    "wait",  # a short 429
    "quota",
]
ABSORBED: tuple[Mishap, ...] = (
    *("lost", "undone", "late", "killed before", "killed after", "wait", "quota"),
)


_CALLS_LATER = {"late": 2, "very late": 4, "later still": 6}


class KilledError(BaseException):
    """The command ends at once."""


class FakeWriter:
    """Playlists in a dict, in the order of their creation."""

    def __init__(self, gone: frozenset[str] = frozenset()) -> None:
        self.playlists: dict[str, list[str]] = {}
        self.descriptions: dict[str, str] = {}
        self._gone = gone

    def create(self, name: str, description: str) -> Created:
        if not name:
            raise RefusedError("Missing required field: name")
        playlist_id = f"{len(self.playlists):022}"
        self.playlists[playlist_id] = []
        self.descriptions[playlist_id] = description
        return Created(playlist_id, public=False)

    def find(self, tag: str) -> list[Created]:
        tagged = [id_ for id_, text in self.descriptions.items() if tag in text]
        return [Created(id_, public=False) for id_ in tagged]

    def add(self, playlist_id: str, uris: list[str], position: int) -> str:
        rows = self.playlists.get(playlist_id)
        bad = [uri for uri in uris if uri in self._gone or uri.startswith("spotify:local:")]
        if rows is None:
            raise RefusedError("Resource not found")
        if bad or not 0 < len(uris) <= 100:
            raise RefusedError(f"Invalid track uri: {bad}")
        if position > len(rows):
            raise RefusedError("Index out of bounds")
        rows[position:position] = uris
        return f"version {len(rows)}"

    def look(self, playlist_id: str, offset: int) -> Seen:
        if playlist_id not in self.playlists:
            raise ClosedError("it may have been deleted")
        rows = self.playlists[playlist_id]
        return Seen(len(rows), [{uri} for uri in rows[offset : offset + LOOKED_AT]])


class Troubled:
    """A writer of which the n-th call, from 0, meets a mishap."""

    def __init__(self, writer: Writer, mishaps: Mapping[int, Mishap]) -> None:
        self.calls = 0
        self._writer = writer
        self._mishaps = mishaps
        self._late: list[tuple[int, Callable[[], object]]] = []

    def create(self, name: str, description: str) -> Created:
        return self._call(lambda: self._writer.create(name, description))

    def find(self, tag: str) -> list[Created]:
        return self._call(lambda: self._writer.find(tag))

    def add(self, playlist_id: str, uris: list[str], position: int) -> str:
        return self._call(lambda: self._writer.add(playlist_id, uris, position))

    def look(self, playlist_id: str, offset: int) -> Seen:
        return self._call(lambda: self._writer.look(playlist_id, offset))

    def _call[T](self, call: Callable[[], T]) -> T:
        number = self.calls
        self.calls += 1
        for due, late in [it for it in self._late if it[0] == number]:
            self._late.remove((due, late))
            with suppress(RefusedError):
                late()
        match self._mishaps.get(number):
            case "killed before":
                raise KilledError
            case "undone":
                raise NoAnswerError("ConnectionError")
            case "wait":
                raise AskedToWaitError(3, quota=False)
            case "quota":
                raise AskedToWaitError(None, quota=True)
            case "late" | "very late" | "later still" as mishap:
                self._late.append((number + _CALLS_LATER[mishap], call))
                raise NoAnswerError("ReadTimeout")
            case "lost":
                call()
                raise NoAnswerError("ConnectionError")
            case "killed after":
                call()
                raise KilledError
        return call()


def plan_of(songs: list[Song], tag: str = TAG) -> Plan:
    return Plan(
        source="4uLU6hMCjMI75M1A2tKUQC",
        source_name="Kitchen radio",
        client_id="standin-client",
        user="lena",
        tag=tag,
        name="Kitchen radio (restored)",
        description=f"Put back ({tag})",
        batches=make_batches(songs),
    )


def restore_to_the_end(
    plan: Plan, writer: Writer, said: list[str], *, most_rounds: int = 4
) -> Plan:
    """Restore; after a kill or a stop, go on with the plan that was kept last."""
    kept = [plan]
    for number in range(most_rounds):
        restorer = Restorer(
            writer,
            FakeClock(),
            save=kept.append,
            tell=said.append,
            advice="go on with --resume",
            begin_anew="delete it",
        )
        try:
            return restorer.restore(kept[-1], resumed=number > 0)
        except KilledError:
            continue
        except StoppedError as error:
            said.append(str(error))
    raise AssertionError(f"no end in {most_rounds} rounds: {said[-3:]}")


def uri(number: int, kind: str = "track") -> str:
    return f"spotify:{kind}:{number:022}"


def songs_of(*uris: str) -> list[Song]:
    return [Song(row, uri, f"song {row}") for row, uri in enumerate(uris, start=1)]


def item(uri: str, *, local: bool = False) -> Item:
    return Item(type="track", uri=uri, name="Hum", duration_ms=1, local=local)


def long_list() -> list[Row]:
    """Return 1,200 rows with duplicates, episodes, local files, unnamed rows and a refused URI."""
    uris = list(islice(cycle([uri(n) for n in range(700)]), 1200))
    uris[5:600:7] = [uri(number, "episode") for number in range(len(uris[5:600:7]))]
    rows = [Row(item=item(one)) for one in uris]
    rows[3:900:50] = [Row(item=item("spotify:local:A:B:C:1", local=True))] * len(rows[3:900:50])
    rows[44] = rows[800] = Row()
    rows[777] = Row(item=item(GONE))
    return rows


def count_calls(songs: list[Song]) -> int:
    writer = Troubled(FakeWriter(frozenset({GONE})), {})
    restore_to_the_end(plan_of(songs), writer, [])
    return writer.calls


LONG = list(sort_out(long_list()).songs)
CALLS = count_calls(LONG)
"""How many calls the restore of `LONG` takes without a mishap."""
