"""The stand-in for Spotify as a background process."""

import os
import re
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from playlist_archive.ports.credentials import Credentials
from tools.local.errors import LocalStackError
from tools.local.processes import Process
from tools.local.workspace import Workspace
from tools.stand_in.accounts import Client
from tools.stand_in.control import Control

CREDENTIALS = Credentials(Client.id, Client.secret, Client.refresh_token)
_START_SECONDS = 60.0
_LISTENING = re.compile(r"^listening on (http://\S+)", re.MULTILINE)


@dataclass(frozen=True)
class StandIn:
    process: Process
    url: str

    @classmethod
    def ensure(cls, workspace: Workspace, library: Sequence[str]) -> "StandIn":
        """Return the workspace's stand-in, started with the arguments `library` if necessary."""
        if process := Process.find("spotify", workspace):
            stand_in = cls(process, _find_url(process))
            if stand_in.healthy:
                return stand_in
            process.stop()
        command = [sys.executable, "-m", "tools.stand_in", "--app", "new", *library]
        process = Process.start("spotify", workspace, command, os.environ)
        deadline = time.monotonic() + _START_SECONDS
        while not (url := _find_url(process)):
            if not process.runs or time.monotonic() > deadline:
                process.stop()
                raise LocalStackError(f"the stand-in for Spotify did not start; see {process.log}")
            time.sleep(0.1)
        return cls(process, url)

    @property
    def control(self) -> Control:
        return Control(self.url)

    @property
    def healthy(self) -> bool:
        try:
            self.control.state()
        except (OSError, ValueError):
            return False
        return True

    def count_requests(self) -> int:
        """Return the number of requests to the Web API since the last count."""
        asked = sum(request.path.startswith("/v1/") for request in self.control.requests())
        self.control.clear_requests()
        return asked


def _find_url(process: Process) -> str:
    listening = _LISTENING.search(process.log.read_text())
    return listening[1] if listening else ""
