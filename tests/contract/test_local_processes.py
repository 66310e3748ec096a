"""Every process of a local stack is found and ended, whatever became of the others."""

import os
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tools.local.processes import Process, stop_all
from tools.local.stand_in import StandIn
from tools.local.workspace import LocalStack, Workspace, find_local_stacks

pytestmark = pytest.mark.contract

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
# A process that ends and leaves a child.
LEAVE_A_CHILD = [
    sys.executable,
    "-c",
    f"import subprocess; print(subprocess.Popen({SLEEP!r}).pid, flush=True)",
]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace(tmp_path)
    yield workspace
    stop_all(workspace)


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that has ended may wait for its parent to notice.
    return bool(Path(f"/proc/{pid}/cmdline").read_text()) if Path("/proc").exists() else True


def await_end(pid: int) -> bool:
    for _ in range(150):
        if not runs(pid):
            return True
        time.sleep(0.1)
    return False


def await_output(process: Process) -> str:
    for _ in range(150):
        if text := process.log.read_text():
            return text
        time.sleep(0.1)
    pytest.fail("no output")


def test_a_stand_in_without_an_engine_is_ended(workspace: Workspace) -> None:
    stand_in = StandIn.ensure(workspace, ["--since", "2026-10-01"])

    stop_all(workspace)

    assert await_end(stand_in.process.pid)


def test_a_stand_in_that_never_said_its_address_is_replaced_and_ended(workspace: Workspace) -> None:
    silent = Process.start("spotify", workspace, SLEEP, os.environ)

    stand_in = StandIn.ensure(workspace, ["--since", "2026-10-01"])

    assert await_end(silent.pid)
    assert stand_in.healthy


def test_a_child_that_outlived_its_engine_is_ended(workspace: Workspace) -> None:
    engine = Process.start("engine", workspace, LEAVE_A_CHILD, os.environ)
    child = int(await_output(engine))
    assert await_end(engine.pid) or not engine.runs

    stop_all(workspace)

    assert await_end(child)


def test_a_number_that_belongs_to_another_process_by_now_is_left_alone(
    workspace: Workspace, tmp_path: Path
) -> None:
    command = ["sh", "-c", "echo up; exec sleep 600"]
    other = Process.start("other", Workspace(tmp_path), command, os.environ)
    await_output(other)
    workspace.remember("engine", pid=other.pid, command=[sys.executable, "-m", "ministack"])

    stop_all(workspace)

    assert runs(other.pid)
    other.stop()


def test_a_stand_in_that_cannot_start_is_no_process(workspace: Workspace) -> None:
    with pytest.raises(Exception, match="did not start"):
        StandIn.ensure(workspace, ["--since", "yesterday"])

    assert Process.find("spotify", workspace) is None


class _Engine(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/_ministack/health" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent."""


@pytest.fixture
def engine_url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Engine) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def remember(root: Path, name: str, engine_url: str, used: int) -> None:
    folder = root / name
    folder.mkdir()
    Workspace(folder).remember_stack(
        engine_url=engine_url, region="us-east-1", stack_name="archive", bucket=f"bucket-{name}"
    )
    os.utime(folder / "stack.json", (used, used))


def test_running_stacks_are_found_and_the_one_used_last_comes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine_url: str
) -> None:
    monkeypatch.setattr("tools.local.workspace.LOCAL", tmp_path)
    remember(tmp_path, "sample", engine_url, used=1)
    remember(tmp_path, "spotify", engine_url, used=2)
    remember(tmp_path, "history", "http://127.0.0.1:9", used=3)
    (tmp_path / "chaos").mkdir()

    assert find_local_stacks() == [
        LocalStack("spotify", engine_url, "us-east-1", "archive", "bucket-spotify"),
        LocalStack("sample", engine_url, "us-east-1", "archive", "bucket-sample"),
    ]


def test_without_any_stack_none_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.local.workspace.LOCAL", tmp_path / "absent")

    assert find_local_stacks() == []
