"""Audits the dependencies layer for known vulnerabilities: `python -m tools.audit`.

pip-audit asks the OSV database. It fails in the same way whether it found a vulnerability or could
not ask, so this module first checks that the database answers.
"""

import json
import subprocess
import sys
from http.client import HTTPException
from typing import Annotated
from urllib.request import Request, urlopen

import typer

from tools.local.workspace import PROJECT

OSV = "https://api.osv.dev/v1/query"
# A release with known vulnerabilities; a server that does not list them is not the database.
_VULNERABLE = {"package": {"ecosystem": "PyPI", "name": "requests"}, "version": "2.30.0"}


def find_obstacle(url: str) -> str:
    """Return why the database at `url` cannot be asked, empty if it can."""
    question = Request(url, json.dumps(_VULNERABLE).encode())  # noqa: S310
    try:
        with urlopen(question, timeout=15) as answer:  # noqa: S310
            known = json.load(answer)
    except (OSError, HTTPException, ValueError) as error:
        return str(error)
    return "" if isinstance(known, dict) and known.get("vulns") else "it answers something else"


def main(url: Annotated[str, typer.Argument()] = OSV) -> None:
    if obstacle := find_obstacle(url):
        print(f"The layer is not audited, because {url} cannot be asked: {obstacle}")
        return
    command = [
        *(str(PROJECT / ".tools/bin/uv"), "tool", "run", "--quiet", "pip-audit==2.10.1"),
        *("--requirement", str(PROJECT / "layers/dependencies/requirements.txt")),
        *("--vulnerability-service", "osv", "--osv-url", url),
        *("--disable-pip", "--strict", "--progress-spinner", "off"),
    ]
    sys.exit(subprocess.run(command, check=False).returncode)  # noqa: S603


if __name__ == "__main__":
    typer.run(main)
