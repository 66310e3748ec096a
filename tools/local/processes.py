"""Background processes, which outlive the command that started them."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.local.workspace import PROJECT, Workspace

_PATIENCE_SECONDS = 15.0
# The children of this process, which only it can reap.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class Process:
    """A process with its own process group, so that its children can be stopped with it."""

    name: str
    pid: int
    workspace: Workspace

    @classmethod
    def start(
        cls,
        name: str,
        workspace: Workspace,
        command: Sequence[str],
        environment: Mapping[str, str],
    ) -> "Process":
        """Start `command`; its output goes to `<name>.log`."""
        with log_path(workspace, name).open("wb") as log:
            started = subprocess.Popen(  # noqa: S603
                command,
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        workspace.remember(name, pid=started.pid, command=list(command))
        _children[started.pid] = started
        return cls(name, started.pid, workspace)

    @classmethod
    def find(cls, name: str, workspace: Workspace) -> "Process | None":
        """Return the process that was started under `name`, None if it has ended."""
        known = workspace.recall(name)
        if not known:
            return None
        leads = " ".join(known["command"]) in _command_line(known["pid"])
        # Its children may have outlived it, but the group's number may also be reused.
        led = any(sys.executable in command for command in _list_group(known["pid"]))
        return cls(name, known["pid"], workspace) if leads or led else None

    @property
    def log(self) -> Path:
        return log_path(self.workspace, self.name)

    @property
    def runs(self) -> bool:
        if child := _children.get(self.pid):
            return child.poll() is None
        return bool(_command_line(self.pid))

    def stop(self) -> None:
        """Stop the process and its children, by force after a while."""
        for kind in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.pid, kind)
            except ProcessLookupError:
                break
            deadline = time.monotonic() + _PATIENCE_SECONDS
            while (self.runs or _list_group(self.pid)) and time.monotonic() < deadline:
                time.sleep(0.05)
        self.workspace.forget(self.name)


def stop_all(workspace: Workspace) -> None:
    """Stop the workspace's processes: the engine first, because it uses the stand-in."""
    for name in ("engine", "spotify"):
        if process := Process.find(name, workspace):
            process.stop()


def log_path(workspace: Workspace, name: str) -> Path:
    return workspace.root / f"{name}.log"


def pick_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _list_group(group: int) -> list[str]:
    """Return the command lines of the processes in a group that have not ended."""
    if Path("/proc/self").exists():
        pids = (int(path.name) for path in Path("/proc").glob("[0-9]*") if _group(path) == group)
        return [command for pid in pids if (command := _command_line(pid))]
    listing = ["ps", "-A", "-o", "pgid=,command="]
    found = subprocess.run(listing, capture_output=True, text=True, check=False).stdout  # noqa: S603
    members = (line.strip().partition(" ") for line in found.splitlines())
    return [command for pgid, _, command in members if pgid == str(group)]


def _group(process: Path) -> int:
    """Return the group of a process under `/proc`, 0 if it has ended."""
    try:
        # "pid (name) state ppid pgrp ..."; the name may hold spaces and parentheses.
        return int((process / "stat").read_text().rpartition(")")[2].split()[2])
    except (FileNotFoundError, ProcessLookupError):
        return 0


def _command_line(pid: int) -> str:
    """Return the command line of a process, empty if it has ended."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        except (FileNotFoundError, ProcessLookupError):
            return ""
    listing = ["ps", "-o", "command=", "-p", str(pid)]
    return subprocess.run(listing, capture_output=True, text=True, check=False).stdout  # noqa: S603
