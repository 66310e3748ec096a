"""A long step is not silent."""

import pytest

from tools.local.progress import beat, console, progress

pytestmark = pytest.mark.unit


def test_a_step_that_goes_on_is_told_again_and_again_until_it_ends() -> None:
    told: list[str] = []
    ends = iter([False, False, True])

    beat(lambda _: next(ends), lambda: told.append("still"))

    assert told == ["still", "still"]


def test_a_pipe_is_told_at_once_what_is_being_done(capsys: pytest.CaptureFixture[str]) -> None:
    assert not console.is_terminal

    with progress("Starting AWS"):
        assert capsys.readouterr().out == "Starting AWS ...\n"


def test_a_step_that_is_not_announced_says_nothing_while_it_is_short(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with progress("2026-11-30", announced=False):
        pass

    assert capsys.readouterr().out == ""
