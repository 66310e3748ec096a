"""One local stack for all integration tests: engine, deployed template and stand-in."""

from collections.abc import Iterator

import pytest

from tools.local.processes import stop_all
from tools.local.simulation import Simulation
from tools.local.workspace import Workspace

FIRST_DAY = "2026-03-01"


@pytest.fixture(scope="session")
def simulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulation]:
    """Yield a stack whose sample library begins on `FIRST_DAY`; its days may only go forward."""
    workspace = Workspace(tmp_path_factory.mktemp("stack"))
    try:
        yield Simulation.ensure(workspace, ["--since", FIRST_DAY], alarm_email="owner@example.com")
    finally:
        stop_all(workspace)
