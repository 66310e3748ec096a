"""Builds the template with AWS SAM, and uploads the build."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.location import DeployedStack

_FOLDER = ".aws-sam"
_UPLOADED = re.compile(rb"s3://([^/\s\"']+)/")


class Package(NamedTuple):
    """A template whose code was uploaded, and the bucket of the code."""

    template: bytes
    bucket: str


class Sam:
    """The program `sam`, in a checkout."""

    def __init__(self, checkout: Path, stack: DeployedStack) -> None:
        self._checkout = checkout
        self._stack = stack
        self._programs = [str(checkout / ".venv/bin"), str(checkout / ".tools/bin")]
        path = os.pathsep.join([*self._programs, os.environ.get("PATH", os.defpath)])
        program = shutil.which("sam", path=path)
        if program is None:
            raise CommandError(
                "`deploy` needs the AWS SAM CLI: run `make deploy` in the project's folder, which "
                "installs it there"
            )
        self._program = program
        self._environment = {**os.environ, **_settings(stack), "PATH": path}

    def build(self) -> None:
        """Build functions and layers."""
        self._run("build", [])

    def package(self, bucket: str) -> Package:
        """Upload the build, without `bucket` to SAM's own bucket in this account."""
        packaged = self._checkout / _FOLDER / "packaged.yaml"
        self._run(
            "package",
            [
                *("--template-file", str(self._checkout / _FOLDER / "build/template.yaml")),
                *(("--s3-bucket", bucket) if bucket else ("--resolve-s3",)),
                *("--s3-prefix", self._stack.name),
                *("--output-template-file", str(packaged)),
            ],
        )
        template = packaged.read_bytes()
        found = _UPLOADED.search(template)
        if found is None:
            raise CommandError(f"sam package uploaded nothing; see {self._log('package')}")
        return Package(template, found[1].decode())

    def _run(self, command: str, arguments: list[str]) -> None:
        log = self._log(command)
        log.parent.mkdir(exist_ok=True)
        with log.open("wb") as output:
            finished = subprocess.run(  # noqa: S603
                [self._program, command, *arguments],
                cwd=self._checkout,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if finished.returncode:
            raise CommandError(f"sam {command} failed; see {log}: {_last_error(log)}")

    def _log(self, command: str) -> Path:
        return self._checkout / _FOLDER / f"{command}.log"


def _settings(stack: DeployedStack) -> Mapping[str, str]:
    profile = {"AWS_PROFILE": stack.profile} if stack.profile else {}
    return {
        "AWS_DEFAULT_REGION": stack.region,
        "AWS_REGION": stack.region,
        "SAM_CLI_TELEMETRY": "0",
        **profile,
    }


def _last_error(log: Path) -> str:
    """Return the last line about an error, or the last line."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if re.search(r"error|denied|failed", line, re.IGNORECASE)]
    return (telling or lines or ["it printed nothing"])[-1]
