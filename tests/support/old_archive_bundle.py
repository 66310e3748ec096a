"""An independent reading of the old archive's repository, with none of the package's rules.

It asks git for each file by the name of its commit and path, and looks for links alone.
"""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_TITLE = re.compile(r"### \[.*\]\(https://open\.spotify\.com/playlist/(\w{22})\)")
_TRACK = re.compile(r"\(https://open\.spotify\.com/track/(\w{22})\)")


class Reading(NamedTuple):
    """What one page said: when it was committed, whose it is, and its tracks in their order."""

    commit: str
    time: int
    playlist_id: str
    tracks: tuple[str, ...]


def read_pages(repository: Path) -> Iterator[Reading]:
    """Yield every page with a title that any commit of a linear history wrote, oldest first."""
    log = ("log", "--reverse", "--format=%x02%H %ct", "--name-only", "-z", "main")
    files: list[tuple[str, int, str]] = []
    for part in _git(repository, *log).decode().split("\x02")[1:]:
        head, *paths = (line.strip("\n") for line in part.split("\0"))
        commit, time = head.split()
        files += [
            (commit, int(time), path) for path in paths if path.startswith("playlists/pretty/")
        ]
    questions = "".join(f"{commit}:{path}\n" for commit, _, path in files)
    answers = _git(repository, "cat-file", "--batch", given=questions.encode())
    begin = 0
    for commit, moment, _ in files:
        end = answers.index(b"\n", begin)
        size = int(answers[begin:end].rpartition(b" ")[2])
        body = answers[end + 1 : end + 1 + size].decode()
        begin = end + 1 + size + 1
        if title := _TITLE.search(body):
            rows = (line for line in body.splitlines() if re.match(r"\| \d", line))
            tracks = tuple(found[1] for line in rows if (found := _TRACK.search(line)))
            yield Reading(commit, moment, title[1], tracks)


def _git(repository: Path, *arguments: str, given: bytes = b"") -> bytes:
    done = subprocess.run(
        ["git", "-C", str(repository), *arguments], input=given, capture_output=True, check=True
    )
    return done.stdout
