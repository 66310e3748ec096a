"""`sam local invoke` handles every event file in a container of the runtime's image."""

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.containers import address_on
from tests.support.event_files import EVENTS, FUNCTIONS
from tools.local.containers import HOST, write_environments
from tools.local.deploy import ARCHITECTURE
from tools.local.engine import REGION
from tools.local.simulation import Simulation
from tools.local.workspace import BUILD, PROJECT

pytestmark = pytest.mark.integration

IMAGE = f"public.ecr.aws/lambda/python:3.13-{ARCHITECTURE}"


@pytest.fixture(scope="session")
def gateway() -> str:
    """Return this machine's address as containers see it; skip the tests without containers."""
    program = shutil.which("docker")
    if not program:
        pytest.skip("no container engine: docker is not on PATH")
    bridge = inspect(program, "network", "bridge")
    if isinstance(bridge, str):
        pytest.skip(f"no container engine answers: {bridge}")
    if isinstance(inspect(program, "image", IMAGE), str):
        pytest.skip(f"the image is not on this machine; say: docker pull {IMAGE}")
    address = address_on(bridge)
    if address is None:
        pytest.skip("Docker's bridge has no address on this machine: start dockerd with --bip")
    return address


def inspect(program: str, kind: str, name: str) -> dict[str, Any] | str:
    """Return the container engine's description of an object, or why there is none."""
    finished = subprocess.run(
        [program, kind, "inspect", name], capture_output=True, text=True, check=False
    )
    if finished.returncode:
        return finished.stderr.strip()
    known: dict[str, Any] = json.loads(finished.stdout)[0]
    return known


@pytest.fixture(scope="module")
def invocation(
    gateway: str, simulation: Simulation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[str]]:
    """Yield the command for invocations against the local stack, without function and event."""
    environments = tmp_path_factory.mktemp("containers") / "env.json"
    write_environments(simulation.stack, environments)
    command = [
        str(Path(sys.executable).with_name("sam")),
        *("local", "invoke", "--skip-pull-image"),
        *("--template", str(BUILD / "template.yaml")),
        *("--parameter-overrides", f"Architecture={ARCHITECTURE}"),
        *("--env-vars", str(environments)),
    ]
    with ExitStack() as forwarding:
        # Elsewhere the engine is in a virtual machine, and resolves that name by itself.
        if is_of_this_machine(gateway):
            command += ["--add-host", f"{HOST}:{gateway}"]
            for url in (simulation.stack.engine.url, simulation.stand_in.url):
                port = urlsplit(url).port
                assert port
                forwarding.enter_context(forward(gateway, port))
        yield command


@pytest.mark.parametrize(("event", "function"), FUNCTIONS.items())
def test_an_event_file_is_handled_in_a_container(
    invocation: list[str], event: str, function: str
) -> None:
    finished = subprocess.run(
        [*invocation, function, "--event", str(EVENTS / event)],
        cwd=PROJECT,
        env={
            **os.environ,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "SAM_CLI_TELEMETRY": "0",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stderr
    answer = json.loads(finished.stdout.splitlines()[-1])
    assert "errorType" not in answer, answer
    assert not answer.get("batchItemFailures"), finished.stderr


def is_of_this_machine(address: str) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


class Forwarder(ThreadingTCPServer):
    # A container that has ended does not close its connections.
    daemon_threads = True


@contextmanager
def forward(address: str, port: int) -> Iterator[None]:
    """Forward connections to `address` to the same port of the loopback address."""

    class Connection(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as target:
                asking = Thread(target=copy, args=(self.request, target))
                asking.start()
                copy(target, self.request)
                asking.join()

    with Forwarder((address, port), Connection) as server:
        Thread(target=server.serve_forever).start()
        try:
            yield
        finally:
            server.shutdown()


def copy(source: socket.socket, target: socket.socket) -> None:
    """Copy bytes from one socket to the other, and then the end of the stream."""
    with suppress(OSError):
        while received := source.recv(65536):
            target.sendall(received)
        target.shutdown(socket.SHUT_WR)
