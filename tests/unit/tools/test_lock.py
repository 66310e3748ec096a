"""One command of the local archive at a time."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.local.errors import LocalStackError
from tools.local.lock import end_holder, only_one

pytestmark = pytest.mark.unit

HOLDER = """
import sys, time
from pathlib import Path
from tools.local.lock import only_one
with only_one("run", Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def hold_elsewhere(lock: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    holder.stdout.close()
    return holder


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    return tmp_path / "local/lock"


def test_a_second_command_is_told_which_one_runs(lock: Path) -> None:
    holder = hold_elsewhere(lock)
    try:
        with (
            pytest.raises(LocalStackError, match=rf"`make run` \(process {holder.pid}\)"),
            only_one("register", lock),
        ):
            pytest.fail("two commands at once")
    finally:
        holder.kill()
        holder.wait()


def test_a_killed_command_holds_nothing(lock: Path) -> None:
    holder = hold_elsewhere(lock)
    holder.kill()
    holder.wait()

    with only_one("run", lock):
        pass


def test_a_failed_command_holds_nothing(lock: Path) -> None:
    with pytest.raises(ValueError, match="failed"), only_one("run", lock):
        raise ValueError("failed")

    with only_one("run", lock):
        pass


def test_the_holder_is_ended(lock: Path) -> None:
    holder = hold_elsewhere(lock)

    end_holder(lock)

    assert holder.wait() != 0


@pytest.mark.parametrize("left", [None, "run 1"])
def test_without_a_holder_nobody_is_ended(lock: Path, left: str | None) -> None:
    if left:
        lock.parent.mkdir()
        lock.write_text(left)

    end_holder(lock)
