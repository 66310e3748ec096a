"""The local AWS engine, ministack, on a port that only this machine can reach."""

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.error import URLError
from urllib.request import urlopen

from tools.local.errors import LocalStackError
from tools.local.processes import Process, pick_free_port
from tools.local.workspace import Workspace

REGION = "us-east-1"
_START_SECONDS = 60.0
_FAILURE = re.compile(
    r"ESM: Lambda (?P<function>\S+) failed processing SQS batch from \S+ "
    r"\(errorType=(?P<kind>\S+) errorMessage=(?P<message>.*)\)"
)


@dataclass(frozen=True)
class Engine:
    process: Process
    url: str

    @classmethod
    def ensure(cls, workspace: Workspace) -> "Engine":
        """Return the workspace's engine, started if it is not running.

        The workspace keeps a bucket's objects. Everything else has to be deployed again.
        """
        port = workspace.recall("port").get("port")
        process = Process.find("engine", workspace)
        if process and port:
            engine = cls(process, _url(port))
            if engine.healthy:
                return engine
            process.stop()
        return cls._start(workspace)

    @classmethod
    def _start(cls, workspace: Workspace) -> "Engine":
        port = pick_free_port()
        temporary = workspace.root / "tmp"
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        environment = {
            # The functions inherit this environment, so it must hold nothing of the user's.
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
                raise LocalStackError(f"the local AWS engine did not start; see {process.log}")
            time.sleep(0.1)
        return engine

    @property
    def healthy(self) -> bool:
        try:
            with urlopen(f"{self.url}/_ministack/health", timeout=5) as answer:  # noqa: S310
                healthy: bool = answer.status == 200  # noqa: PLR2004
        except (URLError, OSError):
            return False
        return healthy

    @property
    def log_size(self) -> int:
        return self.process.log.stat().st_size

    def read_failures(self, since: int) -> Iterator[str]:
        """Yield each function error that the engine logged after the first `since` bytes."""
        with self.process.log.open(errors="replace") as log:
            log.seek(since)
            for line in log:
                if failure := _FAILURE.search(line):
                    yield f"{failure['function']}: {failure['kind']}: {failure['message']}"


def find_running() -> list[Workspace]:
    """Return the workspaces with a running stack; raises `LocalStackError` if there is none."""
    running = [
        workspace
        for workspace in Workspace.all()
        if Process.find("engine", workspace) and workspace.recall("stack")
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
