"""The local AWS engine, ministack, on a port that only this machine can reach."""

import os
import shutil
import sys
import time
from dataclasses import dataclass

from tools.local.engine_log import find_failures
from tools.local.errors import LocalStackError
from tools.local.processes import Process, pick_free_port
from tools.local.workspace import Workspace, answers

REGION = "us-east-1"
_START_SECONDS = 60.0


@dataclass(frozen=True)
class Engine:
    process: Process
    url: str

    @classmethod
    def ensure(cls, workspace: Workspace) -> "Engine":
        """Return the workspace's engine, started if it is not running.

        The workspace keeps a bucket's objects. Everything else has to be deployed again.
        """
        if engine := cls.find(workspace):
            return engine
        if process := Process.find("engine", workspace):
            process.stop()
        return cls._start(workspace)

    @classmethod
    def find(cls, workspace: Workspace) -> "Engine | None":
        """Return the workspace's engine, None if it does not run or does not answer."""
        port = workspace.recall("port").get("port")
        process = Process.find("engine", workspace)
        if process and port:
            engine = cls(process, _url(port))
            if engine.healthy:
                return engine
        return None

    @classmethod
    def _start(cls, workspace: Workspace) -> "Engine":
        port = pick_free_port()
        temporary = workspace.root / "tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        environment = {
            # The functions inherit this environment, so it must not contain the user's variables.
            "PATH": os.defpath,
            "HOME": str(workspace.root),
            "TMPDIR": str(temporary),
            "AUTH": "true",
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(workspace.root / "s3"),
            "STATE_DIR": str(workspace.root / "state"),
        }
        process = Process.start(
            "engine", workspace, [sys.executable, "-m", "ministack"], environment
        )
        workspace.remember("port", port=port)
        engine = cls(process, _url(port))
        deadline = time.monotonic() + _START_SECONDS
        while not engine.healthy:
            if not process.runs or time.monotonic() > deadline:
                process.stop()
                raise LocalStackError(f"the local AWS engine did not start; see {process.log}")
            time.sleep(0.1)
        return engine

    @property
    def healthy(self) -> bool:
        return answers(self.url)

    @property
    def log_size(self) -> int:
        return self.process.log.stat().st_size

    def read_log(self, since: int) -> str:
        """Return what the engine logged after the first `since` bytes."""
        with self.process.log.open("rb") as log:
            log.seek(since)
            return log.read().decode(errors="replace")

    def read_failures(self, since: int) -> list[str]:
        """Return the functions' exceptions that the engine logged after the first `since` bytes."""
        return find_failures(self.read_log(since))


def find_running() -> list[Workspace]:
    """Return the workspaces with a running stack, the most recently used first.

    Raises:
        LocalStackError: there is none.
    """
    running = [
        workspace
        for workspace in sorted(Workspace.all(), key=lambda it: it.last_used, reverse=True)
        if workspace.recall_stack() and Engine.find(workspace)
    ]
    if not running:
        raise LocalStackError("nothing is running; use `make run` first")
    return running


def isolate_environment() -> None:
    """Remove the user's AWS account and any proxy from this process's environment."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": ",".join(filter(None, ["127.0.0.1,localhost", os.environ.get("NO_PROXY")])),
    }


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"
