"""Finds errors in the published documents of one playlist."""

import gzip
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tools.verification.comparing import Differences, Json, Objects, attempted, compared
from tools.verification.expected import Change, ExpectedPlaylist, labels
from tools.verification.history_file import Song, State
from tools.verification.long_gone import gone_in, is_long, years_apart
from tools.verification.rows import RowsError, rows_after
from tools.verification.tables import read_cumulative_table

type Runs = Sequence[datetime]

_SPOTIFY = "https://open.spotify.com"


def find_differences(objects: Objects, playlist: ExpectedPlaylist, runs: Runs) -> Differences:
    """Find the errors in the documents of one playlist."""
    published = _Published(objects, playlist.id)
    for check in _CHECKS:
        what = f"{playlist.id}: {check.__name__.strip('_')}"
        yield from attempted(what, check(published, playlist, runs))


@dataclass(frozen=True)
class _Published:
    """The documents of one playlist."""

    objects: Objects
    playlist_id: str

    def key(self, view: str, suffix: str = "") -> str:
        return f"playlists/{view}/{self.playlist_id}{suffix}"

    def read(self, key: str) -> Json:
        document: Json = json.loads(self.objects[key])
        return document


type _Check = Callable[[_Published, ExpectedPlaylist, Runs], Differences]


def _snapshots(published: _Published, playlist: ExpectedPlaylist, runs: Runs) -> Differences:
    """There is a snapshot for each state, and the newest one up to each day has that day's state."""
    prefix = f"snapshots/{playlist.id}/"
    keys = sorted(key for key in published.objects if key.startswith(prefix))
    times = [f"{prefix}{one.time.translate(_WITHOUT_MARKS)}.json" for one in playlist.archived]
    if keys != times:
        yield f"{prefix}: the snapshots are {_listed(keys)} and not {_listed(times)}"
        return
    read: dict[str, Json] = {}
    first, last = runs[0] - timedelta(1), runs[-1] + timedelta(366)
    days = [first + timedelta(number) for number in range((last - first).days)]
    for day in days:
        ended = f"{prefix}{day:%Y%m%d}T235959Z.json"
        at_end = [key for key in keys if key <= ended]
        state = playlist.state_on(f"{day:%Y-%m-%d}")
        if not at_end or state is None:
            if bool(at_end) != bool(state):
                yield f"{prefix}: {day:%Y-%m-%d} has {_listed(at_end)}"
            continue
        key = at_end[-1]
        if key not in read:
            read[key] = published.read(key)
            yield from compared(key, shown_state(read[key]), said_state(state))


_WITHOUT_MARKS = str.maketrans("", "", "-:")


def shown_state(snapshot: Json) -> Json:
    return {
        "name": snapshot["name"],
        "description": snapshot["description"],
        "rows": [
            {"added_at": row.get("added_at"), **_shown_song(row["item"])}
            for row in snapshot["rows"]
        ],
    }


def said_state(state: State) -> Json:
    return {
        "name": state.name,
        "description": state.description,
        "rows": [{"added_at": row.added_at, **_said_song(row.song)} for row in state.rows],
    }


def _shown_song(entry: Json) -> Json:
    return {
        "uri": entry["uri"],
        "url": entry["url"],
        "name": entry["name"],
        "artists": [[artist["name"], artist["url"]] for artist in entry["artists"]],
        "album": [entry["album"]["name"], entry["album"]["url"]],
        "duration_ms": entry["duration_ms"],
    }


def _said_song(song: Song) -> Json:
    return {
        "uri": song.uri,
        "url": song.url,
        "name": song.name,
        "artists": [list(artist) for artist in song.artists],
        "album": list(song.album),
        "duration_ms": song.duration_ms,
    }


def _pretty(published: _Published, playlist: ExpectedPlaylist, _: Runs) -> Differences:
    key = published.key("pretty", ".json")
    page = published.read(key)
    shown = {
        "name": page["original_name"],
        "description": page["description"],
        "rows": [
            {
                "added_at": track["added_at"] and f"{track['added_at'].replace(' ', 'T')}Z",
                **_shown_song(track),
            }
            for track in page["tracks"]
        ],
    }
    newest = [
        {"added_at": row.added_at, **_said_song(playlist.texts[row.song.uri])}
        for row in playlist.state.rows
    ]
    yield from compared(key, shown, {**said_state(playlist.state), "rows": newest})
    if page["unavailable"]:
        yield f"{key}: every song is available"


def _cumulative(published: _Published, playlist: ExpectedPlaylist, _: Runs) -> Differences:
    """Each song that was ever there is in one document; old removals are in documents by year."""
    apart = is_long(playlist)
    gone = gone_in(playlist) if apart else {}
    years = years_apart(playlist) if apart else []
    for year in (None, *years):
        suffix = "" if year is None else f"/{year}"
        songs = [song for song in playlist.texts.values() if gone.get(song.uri) == year]
        yield from _cumulative_of(published, playlist, suffix, songs)
    prefix = published.key("cumulative", "/")
    documents = {f"{prefix}{year}{kind}" for year in years for kind in (".json", ".md")}
    for key in sorted({key for key in published.objects if key.startswith(prefix)} - documents):
        yield f"{key}: nothing went long ago then"
    main = published.key("cumulative", ".json")
    counts = Counter(gone.values())
    older = [
        {"year": year, "path": f"/{prefix}{year}.json", "songs": counts[year]}
        for year in sorted(counts, reverse=True)
    ]
    yield from compared(f"{main}, older", published.read(main).get("older", []), older)
    page = published.objects[published.key("cumulative", ".md")].decode()
    for year in counts:
        if f"[{year}](/{prefix}{year}.md) ({counts[year]:,})" not in page:
            yield f"{published.key('cumulative', '.md')}: nothing leads to {year}"


def _cumulative_of(
    published: _Published, playlist: ExpectedPlaylist, suffix: str, songs: Sequence[Song]
) -> Differences:
    key = published.key("cumulative", f"{suffix}.json")
    first = playlist.archived[0].time
    codes = _isrcs(published, playlist)
    ordered = sorted(
        songs,
        key=lambda song: (
            song.name.lower(),
            [name.lower() for name in song.artist_names],
            song.duration_ms,
            song.uri,
        ),
    )
    said = []
    table = []
    for song in ordered:
        stays = playlist.stays[song.uri]
        added = min(stay.added for stay in stays)
        unknown = any(stay.first_seen == first and not stay.added_at for stay in stays)
        asterisk = unknown and added == first[:10]
        gone = [stay.first_missing for stay in stays if stay.first_missing]
        removed = max(gone)[:10] if len(gone) == len(stays) else None
        said.append(
            {
                **_said_song(song),
                "isrc": codes[song.uri],
                "date_added": added,
                "date_added_asterisk": asterisk,
                "date_removed": removed,
                "intervals": sorted(map(_sortable, [stay._asdict() for stay in stays])),
            }
        )
        artist = song.artists[0] if song.artists else None
        table.append((song.url, artist and artist.url, added, removed or ""))
    document = published.read(key)
    shown = [
        {
            **_shown_song(track),
            **{name: track[name] for name in _CUMULATIVE_FIELDS},
            "intervals": sorted(map(_sortable, track["intervals"])),
        }
        for track in document["tracks"]
    ]
    yield from compared(key, document["date_first_scraped"], first[:10])
    yield from compared(key, shown, said)
    page = published.key("cumulative", f"{suffix}.md")
    rows = read_cumulative_table(published.objects[page].decode())
    yield from compared(
        page,
        [(row.title.url, row.artist and row.artist.url, row.added, row.removed) for row in rows],
        table,
    )


_CUMULATIVE_FIELDS = ("isrc", "date_added", "date_added_asterisk", "date_removed")


def _sortable(stay: Json) -> list[list[str]]:
    return sorted([name, moment or ""] for name, moment in stay.items())


def _isrcs(published: _Published, playlist: ExpectedPlaylist) -> Mapping[str, str]:
    """Return the newest ISRC of each song in the snapshots."""
    prefix = f"snapshots/{playlist.id}/"
    return {
        row["item"]["uri"]: row["item"]["isrc"]
        for key in sorted(published.objects)
        if key.startswith(prefix)
        for row in published.read(key)["rows"]
    }


def _history(published: _Published, playlist: ExpectedPlaylist, _: Runs) -> Differences:
    key = published.key("history", ".json")
    document = published.read(key)
    archived, state = playlist.archived, playlist.state
    owner = {"id": "me.example", "name": "Me", "url": f"{_SPOTIFY}/user/me.example"}
    facts = {
        "playlist": {
            "id": playlist.id,
            "name": document["playlist"]["name"],  # the index may have numbered it
            "url": f"{_SPOTIFY}/playlist/{playlist.id}",
        },
        "first_snapshot": archived[0].time,
        "last_snapshot": archived[-1].time,
        "snapshots": [
            {"time": one.time, "rows": len(one.state.rows)} for one in reversed(archived)
        ],
        "names": [
            {"since": time, "name": name, "description": description, "owner": owner}
            for time, name, description in reversed(_names(playlist))
        ],
    }
    facts["size"] = said_size(state)
    yield from compared(key, {name: document[name] for name in facts}, facts)
    if not document["playlist"]["name"].startswith(state.name.strip()):
        yield f"{key}: it is the history of {document['playlist']['name']} and not of {state.name}"
    gaps = [(gap["first"], gap["last"], gap["status"]) for gap in reversed(document["gaps"])]
    yield from compared(key, gaps, [(day[:10], day[:10], "held") for day in playlist.held])
    yield from _changes(published, key, document, playlist)


def said_size(state: State) -> Json:
    """Return the expected number of songs and rows, with the reason if they differ."""
    often = Counter(Counter(state.uris).values())
    songs, rows = often.total(), len(state.rows)
    text = f"{songs:,} song{'' if songs == 1 else 's'}"
    if songs != rows:
        why = [
            f"{often[times]:,} {'twice' if times == _TWICE else f'in {times:,} rows'}"
            for times in sorted(often)
            if times > 1
        ]
        text += f", {rows:,} rows ({', '.join(why)})"
    return {"songs": songs, "rows": rows, "text": text}


_TWICE = 2


def _names(playlist: ExpectedPlaylist) -> list[tuple[str, str, str]]:
    """Return name and description with the first snapshot that had both, oldest first."""
    names: list[tuple[str, str, str]] = []
    for time, _, state in playlist.archived:
        if not names or names[-1][1:] != (state.name, state.description):
            names.append((time, state.name, state.description))
    return names


def _changes(
    published: _Published, key: str, document: Json, playlist: ExpectedPlaylist
) -> Differences:
    """Every change is in one of the documents, and turns one state into the next."""
    told = [(key, change) for change in document["changes"]]
    for older in document["older"]:
        part = older["path"].removeprefix("/")
        of_year = published.read(part)
        if {change["time"][:4] for change in of_year["changes"]} != {str(older["year"])}:
            yield f"{part}: it has changes of other years"
        if len(of_year["changes"]) != older["changes"]:
            yield f"{key}: {part} has not {older['changes']} changes"
        told += [(part, change) for change in of_year["changes"]]
    times = [change["time"] for _, change in told]
    expected = {change.time: change for change in playlist.changes}
    yield from compared(key, times, sorted(expected, reverse=True))
    for where, change in told:
        if change["time"] in expected:
            place = f"{where}, change of {change['time']}"
            yield from change_differences(place, change, expected[change["time"]])


def change_differences(place: str, told: Json, expected: Change) -> Differences:
    before, state = expected.before, expected.state
    moved = told.get("moved", [])
    yield from compared(place, shown_change(told), said_change(expected))
    if len(moved) != expected.moves:
        yield f"{place}: {len(moved)} rows moved and not {expected.moves}"
    for move in moved:
        was, now = before.uris[move["from"] - 1], state.uris[move["to"] - 1]
        if not was == now == move["uri"]:
            yield f"{place}: {move['uri']} did not move from {move['from']} to {move['to']}"
    try:
        after = rows_after(before.uris, told)
    except RowsError as error:
        yield f"{place}: {error}"
        return
    yield from compared(f"{place}, the rows after it", after, state.uris)


def shown_change(told: Json) -> Json:
    """Return a change in a document, without its moves."""
    shown: Json = {"added": [], "readded": [], "removed": [], "renamed": [], **told}
    shown.pop("moved", None)
    return {**shown, "renamed": sorted(shown["renamed"], key=lambda song: str(song["uri"]))}


def said_change(expected: Change) -> Json:
    """Return an expected change, without its moves."""
    before, state = expected.before, expected.state
    said: Json = {
        "time": expected.time,
        "after": expected.after,
        "until": expected.time,
        "counts": said_counts(expected),
        "added": _said_rows(expected.added),
        "readded": _said_rows(expected.readded),
        "removed": _said_rows(expected.removed),
        "renamed": sorted(
            ({"before": old.line, **_said_texts(new)} for old, new in expected.renamed),
            key=lambda song: str(song["uri"]),
        ),
    }
    for name, was, now in (
        ("name", before.name, state.name),
        ("description", before.description, state.description),
    ):
        if was != now:
            said[name] = {"before": was, "after": now}
    return said


def said_counts(expected: Change) -> Json:
    return {
        "added": len(expected.added),
        "readded": len(expected.readded),
        "removed": len(expected.removed),
        "moved": expected.moves,
    }


def _said_rows(rows: Sequence[tuple[int, Song]]) -> list[Json]:
    return [{"row": row, **_said_texts(song)} for row, song in rows]


def _said_texts(song: Song) -> Json:
    return {"name": song.name, "artists": song.artist_names, "uri": song.uri}


def _plain(published: _Published, playlist: ExpectedPlaylist, _: Runs) -> Differences:
    key = published.key("plain")
    lines = [playlist.texts[uri].line for uri in playlist.state.uris]
    shown = published.objects[key].decode().split("\n")[3:-1]
    yield from compared(key, shown, sorted(lines, key=lambda line: (line.lower(), line)))


def _table(published: _Published, playlist: ExpectedPlaylist, _: Runs) -> Differences:
    """Each stay is in the file of the year in which it began, and in no other."""
    prefix = f"playlists/table/{playlist.id}/"
    years: dict[str, list[Json]] = {
        f"{prefix}{one.time[:4]}.json.gz": [] for one in playlist.archived
    }
    codes = _isrcs(published, playlist)
    now = {label: row for row, label in enumerate(labels(playlist.state), start=1)}
    for label, stays in playlist.stays_of_rows.items():
        song = playlist.texts[label[0]]
        for stay in stays:
            said = {
                **stay._asdict(),
                "playlist_id": playlist.id,
                "uri": song.uri,
                "name": song.name,
                "artists": song.artist_names,
                "isrc": codes[song.uri],
                "row": None if stay.first_missing else now[label],
                "added_by": "me.example",
            }
            told = {name: value for name, value in said.items() if value}
            years[f"{prefix}{stay.first_seen[:4]}.json.gz"].append(told)
    shown = {
        key: [json.loads(line) for line in gzip.decompress(body).splitlines()]
        for key, body in published.objects.items()
        if key.startswith(prefix)
    }
    yield from compared(prefix, sorted(shown), sorted(years))
    for key, lines in shown.items():
        yield from compared(key, _sorted(lines), _sorted(years[key]))


def _sorted(lines: list[Json]) -> list[Json]:
    return sorted(lines, key=lambda line: json.dumps(line, sort_keys=True))


def _listed(keys: Sequence[str]) -> str:
    return ", ".join(key.rpartition("/")[2] for key in keys) or "nothing"


_CHECKS: tuple[_Check, ...] = (_snapshots, _pretty, _plain, _cumulative, _history, _table)
