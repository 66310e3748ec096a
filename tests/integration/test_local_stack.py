"""The deployed template archives from end to end, under its own permissions."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tools.local.simulation import Simulation
from tools.local.workspace import BUILD

pytestmark = pytest.mark.integration

FIRST_RUN = datetime(2026, 3, 1, 4, tzinfo=UTC)


def test_two_days_leave_snapshots_and_views_of_every_playlist(simulation: Simulation) -> None:
    first, first_requests = simulation.archive_day(FIRST_RUN)
    second, second_requests = simulation.archive_day(FIRST_RUN + timedelta(days=1))
    keys = set(simulation.stack.list_keys())
    ok = [
        playlist_id
        for playlist_id, known in simulation.stack.read_json("playlists/status.json")[
            "playlists"
        ].items()
        if known["status"] == "ok"
    ]

    assert first.checked == len(ok) > 0
    assert first.failing == second.failing == 0
    assert 0 < second_requests < first_requests
    assert {f"playlists/pretty/{playlist_id}.md" for playlist_id in ok} <= keys
    assert {f"snapshots/{playlist_id}/20260301T040000Z.json" for playlist_id in ok} <= keys
    assert simulation.stack.count_dead_letters() == {}


def read_machine(library: Path) -> str:
    """Return the processor an ELF file is for."""
    header = library.read_bytes()[:20]
    assert header[:4] == b"\x7fELF"
    return {0x3E: "x86_64", 0xB7: "aarch64"}[int.from_bytes(header[18:20], "little")]


@pytest.mark.usefixtures("simulation")
@pytest.mark.parametrize("machine", ["aarch64", "x86_64"])
def test_a_built_layer_has_every_extension_module_for_both_architectures(
    machine: str,
) -> None:
    built = BUILD / "DependenciesLayer/python"
    libraries = [path for path in built.rglob("*.so*") if machine in path.name]
    modules = {re.sub(r"\.cpython-.*", "", path.name) for path in built.rglob("*.so*")}

    assert {re.sub(r"\.cpython-.*", "", path.name) for path in libraries} == modules != set()
    assert {read_machine(path) for path in libraries} == {machine}
