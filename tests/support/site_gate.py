"""The site's gate: its code from the template, run by node."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import pytest

from tools.template import load_source

SECRET = "mB3kXx1_Tq9-0aZ7LwPv2g"
_MOST_BYTES = 10_240  # CloudFront: Quotas on CloudFront Functions
# The gate sees what CloudFront's runtime has, and nothing else of node.
_HARNESS = """
const modules = { crypto: require('crypto') };
const runtime = { require: (name) => modules[name], Buffer };
require('vm').runInNewContext(code, runtime);
console.log(JSON.stringify(events.map((event) => runtime.handler(event))));
"""


def gate_code(secret: str = SECRET) -> str:
    """Return the code as CloudFront gets it for a site with this secret, empty for none."""
    code: str = load_source()["Resources"]["SiteGate"]["Properties"]["FunctionCode"]["Fn::Sub"]
    digest = sha256(secret.encode()).hexdigest() if secret else ""
    filled = code.replace("${SiteSecretSha256}", digest)
    assert "${" not in filled
    assert len(filled.encode()) <= _MOST_BYTES
    return filled


def a_request(
    uri: str,
    method: str = "GET",
    *,
    cookies: Mapping[str, str] | None = None,
    **headers: str,
) -> dict[str, Any]:
    """Return the event of a request (CloudFront: Event structure)."""
    return {
        "version": "1.0",
        "context": {"eventType": "viewer-request"},
        "viewer": {"ip": "198.51.100.11"},
        "request": {
            "method": method,
            "uri": uri,
            "querystring": {},
            "headers": {name: {"value": value} for name, value in headers.items()},
            "cookies": {name: {"value": value} for name, value in (cookies or {}).items()},
        },
    }


def ask_gate(events: Sequence[Mapping[str, Any]], secret: str = SECRET) -> list[dict[str, Any]]:
    """Return what the gate makes of each request: the request itself, or an answer."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("the gate runs under node, and there is none on PATH")
    given = f"const code = {json.dumps(gate_code(secret))}; const events = {json.dumps(events)};"
    finished = subprocess.run(
        [node, "--eval", given + _HARNESS], capture_output=True, text=True, check=True
    )
    answers: list[dict[str, Any]] = json.loads(finished.stdout)
    return answers
