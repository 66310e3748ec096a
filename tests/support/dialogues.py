"""The documented conversations with the command, and what it says in them now."""

import re
import shlex
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from playlist_archive.ports.credentials import Credentials
from playlist_archive_cli.consent import Login, User
from playlist_archive_cli.deployment import site_secret
from playlist_archive_cli.verbs import login
from tests.support.cloud import PARAMETER, Cloud, cloud_in
from tests.support.command import DOCUMENT, Outcome, converse

_DIALOGUE = re.compile(r"```text\n\$ (playlist-archive[^\n]*)\n(.*?)```", re.DOTALL)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_PAGE = "https://accounts.spotify.com/authorize?response_type=code&client_id=…"
# What the owner answers, by verb; a secret does not show.
_ANSWERS = {
    "login": "9c41a7d2e0b84c6f9d3e5a1b7c8d2f60\nhush\n",
    "deploy": "6:30\n\nme@example.com\n\ny\n",
    "destroy": "playlist-archive\n",
    "site": "",
}


def dialogues() -> list[tuple[str, str]]:
    """Return the command lines of the documented conversations, and how they go."""
    return _DIALOGUE.findall(DOCUMENT.read_text(encoding="utf-8"))


def talk_anew(text: str) -> str:
    """Return the documentation with its conversations as they go now."""
    return _DIALOGUE.sub(
        lambda found: f"```text\n$ {found[1]}\n{print_dialogue(found[1])}```", text
    )


def print_dialogue(line: str) -> str:
    """Return how a conversation goes in a terminal of a hundred columns, without colours."""
    outcome = talk(line)
    printed = _COLOUR.sub("", outcome.err + outcome.out)
    return "".join(f"{printed_line.rstrip()}\n" for printed_line in printed.splitlines())


def talk(line: str) -> Outcome:
    """Say a command line to the command, and answer its questions."""
    _, verb, *options = shlex.split(line)
    with (
        pytest.MonkeyPatch.context() as monkeypatch,
        TemporaryDirectory() as folder,
        cloud_in(monkeypatch, Path(folder) / "deployment.json") as cloud,
    ):
        _prepare(verb, cloud, monkeypatch)
        return converse(
            *(verb, *options),
            answers=_ANSWERS[verb],
            FORCE_COLOR="1",
            COLUMNS="100",
            TERM="xterm",
            TZ="Europe/Berlin",
        )


def _prepare(verb: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(login, "log_in", _log_in)
    monkeypatch.setattr("webbrowser.get", type("Browser", (), {"open": _ignore}))
    if verb != "login":
        cloud.client("ssm").put_parameter(Name=PARAMETER, Value="{}", Type="SecureString")
    monkeypatch.setattr(site_secret, "make_secret", lambda: "mB3kXx1_Tq9-0aZ7LwPv2g")
    if verb in {"destroy", "site"}:
        options = ["--site", "private"] if verb == "site" else []
        assert converse("deploy", "--yes", *options).exit_code == 0


def _log_in(client_id: str, client_secret: str, **options: Any) -> Login:
    options["show_page"](_PAGE)
    given = datetime(2026, 10, 10, tzinfo=UTC)
    return Login(Credentials(client_id, client_secret, "token", given), User("lena", "Lena"))


def _ignore(*_: object) -> None:
    pass
