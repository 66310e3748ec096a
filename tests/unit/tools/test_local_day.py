"""A run that archived nothing is no success, its line names what fails, and its pages are copied."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from tools.local.__main__ import copied, describe, tell_registered
from tools.local.errors import LocalStackError, StuckError
from tools.local.run import Day
from tools.local.workspace import Workspace

if TYPE_CHECKING:
    from tools.local.stack import Stack

pytestmark = pytest.mark.unit

TIME = datetime(2026, 11, 30, 4, tzinfo=UTC)
ID = "4uLU6hMCjMI75M1A2tKUQC"


def playlist(status: str, name: str = "Mix", reason: str = "why") -> dict[str, Any]:
    return {"name": name, "status": status, "reason": reason}


def day(*playlists: dict[str, Any], failure: str = "") -> Day:
    counts: dict[str, int] = {}
    for one in playlists:
        counts[one["status"]] = counts.get(one["status"], 0) + 1
    status = {
        "counts": counts,
        "changed": 1,
        "playlists": {str(number): one for number, one in enumerate(playlists)},
        "failure": failure,
        "not_before": None,
        "requests_within_24_hours": 3,
    }
    return Day.of_status(TIME, status, 1.5)


@pytest.mark.parametrize(
    ("ran", "problem"),
    [
        pytest.param(day(), "there is no playlist to archive", id="an empty library"),
        pytest.param(day(playlist("retired")), "there is no playlist", id="only retired ones"),
        pytest.param(
            day(playlist("forbidden")),
            "no playlist could be read; Mix: forbidden: why",
            id="none could be read",
        ),
        pytest.param(
            day(playlist("ok"), failure="Spotify gave no answer"),
            "Spotify gave no answer",
            id="the library could not be listed",
        ),
    ],
)
def test_a_run_without_success_says_why(ran: Day, problem: str) -> None:
    assert ran.problem.startswith(problem)


def test_a_run_in_which_some_fail_is_a_success() -> None:
    assert day(playlist("ok"), playlist("not_found")).problem == ""


def test_the_line_names_who_fails() -> None:
    ran = day(playlist("ok", "Good"), playlist("not_found", "Bad"), playlist("retired", "Old"))

    line = describe(ran, 7)

    assert "1 checked" in line
    assert "1 failing" in line
    assert line.endswith("Bad: not_found")
    assert "Good" not in line
    assert "Old" not in line


def test_a_line_does_not_name_hundreds() -> None:
    line = describe(day(*(playlist("held", f"No. {number}") for number in range(100))), 7)

    assert line.endswith("No. 3: held; and 96 more")


def test_a_name_cannot_move_the_cursor() -> None:
    assert "\x1b" not in describe(day(playlist("held", "\x1b[2Jgone\r\n")), 7)


def test_a_line_without_failures_ends_with_the_time() -> None:
    assert describe(day(playlist("ok")), 7).endswith("1.5 s")


class FakeStack:
    def __init__(self) -> None:
        self.dropped = 0

    def drop_messages(self) -> None:
        self.dropped += 1

    def list_md5s(self, prefix: str) -> Iterator[tuple[str, str]]:
        if prefix == "playlists/":
            yield "playlists/status.md", "the MD5 of the page"

    def read(self, key: str) -> bytes:
        return key.encode()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setattr("tools.local.workspace.ARCHIVE", tmp_path / "archive")
    return Workspace(tmp_path)


@pytest.mark.parametrize(
    ("error", "dropped"), [(LocalStackError("nothing came"), 0), (StuckError("it raised"), 1)]
)
def test_the_pages_are_copied_whatever_happened(
    workspace: Workspace, error: LocalStackError, dropped: int
) -> None:
    stack = FakeStack()

    with pytest.raises(type(error), match=str(error)), copied(workspace, cast("Stack", stack)):
        raise error

    assert (workspace.copies / "playlists/status.md").exists()
    assert stack.dropped == dropped


def test_after_a_failed_function_no_page_is_trusted(workspace: Workspace) -> None:
    workspace.remember("rendered", package="now")

    with pytest.raises(StuckError), copied(workspace, cast("Stack", FakeStack())):
        raise StuckError("it raised")

    assert workspace.recall("rendered") != {"package": "now"}


@pytest.mark.parametrize("status", ["not_found", "forbidden", "invalid", "unstable"])
def test_a_registered_playlist_that_cannot_be_read_is_an_error(status: str) -> None:
    with pytest.raises(LocalStackError, match=f"{ID}: {status}: why"):
        tell_registered({"playlists": {ID: playlist(status)}}, ID)


@pytest.mark.parametrize("document", [{}, {"playlists": {}}])
def test_a_registered_playlist_that_nobody_reports_is_an_error(document: dict[str, Any]) -> None:
    with pytest.raises(LocalStackError, match=ID):
        tell_registered(document, ID)


@pytest.mark.parametrize(
    ("status", "said"), [("ok", "Mix is archived"), ("deferred", "is registered: why")]
)
def test_what_came_of_a_registered_playlist_is_said(
    status: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_registered({"playlists": {ID: playlist(status)}}, ID)

    assert said in capsys.readouterr().out
