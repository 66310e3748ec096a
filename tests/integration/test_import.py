"""The past comes into a deployed stack, with the owner's documented permissions."""

from pathlib import Path

import pytest

from tests.integration.conftest import FIRST_DAY
from tests.integration.test_command import an_operator
from tests.support.old_archive import write_old_archive
from tools.local.processes import stop_all
from tools.local.simulation import Simulation
from tools.local.workspace import Workspace

pytestmark = pytest.mark.integration


def test_the_old_archive_comes_in_once_and_is_retired_with_its_history(tmp_path: Path) -> None:
    repository = write_old_archive(tmp_path / "old")
    (tmp_path / "stack").mkdir()
    workspace = Workspace(tmp_path / "stack")
    try:
        simulation = Simulation.ensure(workspace, ["--since", FIRST_DAY])
        simulation.stand_in.control.set_date("2026-03-05")
        operator = an_operator(simulation.stack)
        assert operator("run").exit_code == 0

        ended = operator("import", "old-archive", str(repository), "--json")

        stack = simulation.stack
        assert ended.exit_code == 0, ended
        written = {one["id"]: one["written"] for one in ended.document["playlists"]}
        assert sorted(written.values()) == [2, 3]
        statuses = stack.read_json("playlists/status.json")["playlists"]
        for playlist_id, versions in written.items():
            history = stack.read_json(f"playlists/history/{playlist_id}.json")
            assert len(history["snapshots"]) == versions
            assert statuses[playlist_id]["status"] == "retired"
        before = {key: stack.read(key) for key in stack.list_keys("playlists/")}

        again = operator("import", "old-archive", str(repository), "--json")

        assert again.exit_code == 0, again
        assert {one["written"] for one in again.document["playlists"]} == {0}
        assert again.document["rebuild"] is None
        assert {key: stack.read(key) for key in stack.list_keys("playlists/")} == before
        assert stack.count_dead_letters() == {}
    finally:
        stop_all(workspace)
