"""Repositories such as the old archive had, in each of its layouts, made from Spotify's answers.

The layouts are those of `shared/reference/past-and-exports.md`. Nothing here is the package's.
"""

import json
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple

type Era = Literal["E1", "E2", "E3", "E4", "E5", "E6", "E7", "E8"]
type Files = Mapping[str, str | bytes | None]

SITE = "https://open.spotify.com"
RUN = "[skip ci] Build #1 (2020-01-01 04:00:00)"
_KINDS = {"E6": "name", "E7": "name", "E8": "original_name"}


class _Made(NamedTuple):
    mark: int
    branch: str


class GitHistory:
    """A bare repository in the making; `write` makes it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._stream: list[bytes] = []
        self._commits = 0

    def commit(
        self,
        time: datetime,
        files: Files,
        subject: str = RUN,
        *,
        authored: datetime | None = None,
        parent: int | None = None,
        merged: int | None = None,
    ) -> int:
        """Add a commit after `parent`, by default the one added last, and return its number.

        A file that is None is deleted.
        """
        self._commits += 1
        stamp, author_stamp = (int(one.timestamp()) for one in (time, authored or time))
        message = subject.encode()
        before = self._commits - 1 if parent is None else parent
        self._stream += [
            b"commit refs/heads/main\nmark :%d\n" % self._commits,
            b"author A <a@example.org> %d +0000\n" % author_stamp,
            b"committer B <b@example.org> %d +0000\n" % stamp,
            b"data %d\n%s\n" % (len(message), message),
        ]
        if before:
            self._stream.append(b"from :%d\n" % before)
        if merged:
            self._stream.append(b"merge :%d\n" % merged)
        for path, content in files.items():
            quoted = json.dumps(path, ensure_ascii=False).encode()
            if content is None:
                self._stream.append(b"D %s\n" % quoted)
            else:
                body = content.encode() if isinstance(content, str) else content
                self._stream.append(b"M 100644 inline %s\ndata %d\n" % (quoted, len(body)))
                self._stream.append(body + b"\n")
        return self._commits

    def write(self, replacing: tuple[bytes, bytes] = (b"", b"")) -> Path:
        """Make the repository, with the second text instead of the first in what git gets."""
        git(self.folder, "init", "--bare", "--quiet", "--initial-branch=main")
        given = b"".join(self._stream)
        given = given.replace(*replacing) if replacing[0] else given
        git(self.folder, "fast-import", "--quiet", "--force", given=given)
        return self.folder


def git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], input=given, capture_output=True, check=True
    )
    return done.stdout


def at(day: str, hour: int = 4) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def a_song(number: int, **changes: Any) -> dict[str, Any]:
    """Return a row of an answer, in the old generation."""
    track = {
        "id": f"track{number:017d}",
        "name": f"Song {number}",
        "type": "track",
        "duration_ms": 180_123 + number,
        "artists": [_linked("artist", f"artist{number % 3:016d}", "The Harbour Lamps")],
        "album": _linked("album", f"album{number % 5:017d}", "Slack Water"),
        **changes,
    }
    track["uri"] = f"spotify:{track['type']}:{track['id']}"
    track["external_urls"] = {"spotify": f"{SITE}/{track['type']}/{track['id']}"}
    return {"added_at": "2020-05-01T10:00:00Z", "track": track}


def _linked(kind: str, id_: str, name: str) -> dict[str, Any]:
    return {"id": id_, "name": name, "external_urls": {"spotify": f"{SITE}/{kind}/{id_}"}}


def an_answer(
    playlist_id: str, rows: Sequence[dict[str, Any]], name: str = "Harbour mix", **changes: Any
) -> dict[str, Any]:
    """Return an answer of `GET /playlists/{id}` in the old generation."""
    return {
        "id": playlist_id,
        "name": name,
        "description": "Rock & roll",
        "external_urls": {"spotify": f"{SITE}/playlist/{playlist_id}"},
        "snapshot_id": "v1",
        "followers": {"total": 12},
        "owner": {
            "id": "lena.example",
            "display_name": "Lena",
            "external_urls": {"spotify": f"{SITE}/user/lena.example"},
        },
        "tracks": {"items": list(rows)},
        **changes,
    }


def write_old_archive(folder: Path) -> Path:
    """Write a small repository with two playlists, the first day's layout and a wrong name."""
    history = GitHistory(folder)
    ferry, kitchen = "2fErRyOlDaRcHiVe000001", "5kItChEnOlDaRcHiVe0001"

    def answer(playlist_id: str, name: str, *numbers: int) -> dict[str, Any]:
        return an_answer(playlist_id, [a_song(number) for number in numbers], name)

    history.commit(at("2019-05-25"), {f"playlists/raw/{ferry}": "A -- B -- C"}, "Introduce raw")
    history.commit(at("2019-05-27"), files_of("E1", answer(ferry, "Morning ferry", 1, 2)))
    both = files_of("E2", answer(ferry, "Morning ferry", 1, 2, 3))
    both |= files_of("E2", answer(kitchen, "Kitchen radio", 4))
    history.commit(at("2020-02-01"), {**both, "playlists/plain/Cardio": "\n"})
    history.commit(at("2021-11-23"), files_of("E6", answer(kitchen, "Kitchen radio", 4, 5)))
    history.commit(at("2022-04-08"), files_of("E8", answer(kitchen, "Kitchen radio", 5)))
    return history.write()


def files_of(era: Era, answer: Mapping[str, Any], alias: str = "") -> dict[str, str]:
    """Return the files with which a run of an era kept a playlist."""
    id_, name = answer["id"], alias or answer["name"]
    by_id = era in {"E5", "E6", "E7", "E8"}
    stem = id_ if by_id else name.replace("/", "")
    files = {
        f"playlists/plain/{id_}": _plain(answer, name),
        f"playlists/pretty/{stem}.md": page(era, answer, name),
    }
    if era != "E1":
        files[f"playlists/cumulative/{stem}.md"] = f"### [{name}]({SITE}/playlist/{id_})\n"
    if era in {"E3", "E4"} and alias:
        files[f"playlists/aliases/{id_}"] = f"{alias}\n"
    if by_id:
        files[f"playlists/registry/{id_}"] = f"{alias}\n" if alias else ""
    if era in _KINDS:
        files[f"playlists/pretty/{stem}.json"] = document(era, answer, name)
    return files


def page(era: Era, answer: Mapping[str, Any], name: str) -> str:
    """Return a playlist's Markdown page as an era wrote it."""
    id_ = answer["id"]
    title = f"### [{name}]({SITE}/playlist/{id_})"
    if era == "E1":
        old = "https://github.com/mackorone/spotify-playlist-archive/blob/master/playlists"
        head = f"{title} - [plain]({old}/plain/{id_}) - [githistory]({old}/plain/{id_})\n"
        rule = "|-----|-------|-----------|-------|--------|"
    else:
        root = "" if era in {"E4", "E5", "E6", "E7", "E8"} else "https://github.com/x/blob/master"
        head = f"pretty - [plain]({root}/playlists/plain/{id_})\n\n{title}\n"
        rule = "|---|---|---|---|---|"
    lines = [head, f"> {answer['description']}", ""]
    if era in {"E7", "E8"}:
        lines += ["[Lena](x) - 12 likes - some songs", ""]
    lines += ["| No. | Title | Artist(s) | Album | Length |", rule]
    lines += [
        f"| {number} | {_cells(row['track'], escaped=era in {'E7', 'E8'})} |"
        for number, row in enumerate(answer["tracks"]["items"], start=1)
    ]
    return "\n".join([*lines, ""])


def document(era: Era, answer: Mapping[str, Any], name: str) -> str:
    """Return the JSON document beside a page, which there was from E6 on."""
    told: dict[str, Any] = {
        "url": answer["external_urls"]["spotify"],
        _KINDS[era]: name,
        "description": answer["description"],
        "tracks": [_track(era, row) for row in answer["tracks"]["items"]],
    }
    if era != "E6":
        told["snapshot_id"] = answer["snapshot_id"]
        told["num_followers"] = answer["followers"]["total"]
        owner = answer["owner"]
        told["owner"] = {"name": owner["display_name"], "url": owner["external_urls"]["spotify"]}
    if era == "E8":
        told["unique_name"] = f"{name} (2)"
    return json.dumps(told, indent=2, sort_keys=True) + "\n"


def _track(era: Era, row: Mapping[str, Any]) -> dict[str, Any]:
    track = row["track"]
    told = {
        "url": track["external_urls"]["spotify"],
        "name": track["name"],
        "duration_ms": track["duration_ms"],
        "artists": [_named(one) for one in track["artists"]],
        "album": _named(track["album"]),
    }
    if era != "E6":
        known = row["added_at"] not in {None, "1970-01-01T00:00:00Z"}
        told["added_at"] = row["added_at"][:19].replace("T", " ") if known else None
    return told


def _named(one: Mapping[str, Any]) -> dict[str, str]:
    return {"name": one["name"], "url": one["external_urls"].get("spotify", "")}


def _cells(track: Mapping[str, Any], *, escaped: bool) -> str:
    def text(name: str) -> str:
        return name.replace("-", r"\-").replace("|", r"\|") if escaped else name

    def linked(one: Mapping[str, Any]) -> str:
        return f"[{text(one['name'])}]({one['external_urls'].get('spotify', '')})"

    artists = ", ".join(map(linked, track["artists"]))
    seconds = track["duration_ms"] // 1000
    length = f"{seconds // 60}:{seconds % 60:02}" if seconds >= 60 else f"{seconds}"
    return f"{linked(track)} | {artists} | {linked(track['album'])} | {length}"


def _plain(answer: Mapping[str, Any], name: str) -> str:
    titles = sorted(row["track"]["name"] for row in answer["tracks"]["items"])
    return "\n".join([name, answer["description"], "", *titles, ""])
