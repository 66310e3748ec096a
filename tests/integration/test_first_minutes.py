"""What a new user meets first: a run that fails says why, and leaves what it has."""

import json
import lzma
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from playlist_archive.documents.keys import registry_key
from playlist_archive.ports.credentials import Credentials
from tools.local.__main__ import run_with_sample, run_with_spotify, tell_registered
from tools.local.engine import Engine
from tools.local.errors import LocalStackError
from tools.local.processes import Process, stop_all
from tools.local.run import await_registration
from tools.local.simulation import Simulation
from tools.local.stack import Stack
from tools.local.stand_in import CREDENTIALS, StandIn
from tools.local.workspace import Workspace
from tools.stand_in.sample import JETTY, LIGHTHOUSE, RUNNING, SHARED, STAIRWELL, TALK

pytestmark = pytest.mark.integration

UNKNOWN = "4uLU6hMCjMI75M1A2tKUQC"
# A history file's lines. It is small because a stack of one's own sends a request a second.
LIBRARY = (
    {"tracks": [["6rqhFgbbKwnb9MLmUQDhG6", "Song", [], "2up3OPMp9Tb4dAKM2erWXQ", "Album", 173]]},
    {"id": "37i9dQZF1DXcBWIGoYBM5M", "versions": [["2026-01-01", "Mix", None, [0]]]},
    {"id": "3cEYpjA9oz9GiPac4AsH4n", "versions": [["2026-01-01", "Other", None, [0, 0]]]},
)


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("archive")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tools.local.workspace.ARCHIVE", folder)
        yield folder


class TestSpotify:
    """Runs with the user's own credentials; a stand-in is Spotify."""

    @pytest.fixture(scope="class")
    @classmethod
    def spotify(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
        elsewhere = Workspace(tmp_path_factory.mktemp("elsewhere"))
        file = elsewhere.root / "library.jsonl.xz"
        with lzma.open(file, "wt") as lines:
            lines.write("\n".join(map(json.dumps, LIBRARY)))
        stand_in = StandIn.ensure(elsewhere, ["--history", str(file)])
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SPOTIFY_ACCOUNTS_URL", stand_in.url)
            patch.setenv("SPOTIFY_API_URL", f"{stand_in.url}/v1")
            yield stand_in
        stop_all(elsewhere)

    @pytest.fixture(scope="class")
    @classmethod
    def workspace(
        cls, tmp_path_factory: pytest.TempPathFactory, copies: Path
    ) -> Iterator[Workspace]:
        del copies
        workspace = Workspace(tmp_path_factory.mktemp("own"))
        yield workspace
        stop_all(workspace)

    def test_wrong_credentials_end_the_run_before_anything_is_started(
        self, spotify: StandIn, workspace: Workspace
    ) -> None:
        with pytest.raises(LocalStackError, match="client id and secret"):
            run_with_spotify(workspace, Credentials("standin-client", "wrong", "standin-refresh"))

        assert Process.find("engine", workspace) is None

    def test_a_library_that_cannot_be_listed_is_an_error_and_the_status_page_is_copied(
        self, spotify: StandIn, workspace: Workspace
    ) -> None:
        spotify.control.add_fault("premium_required", path="^/v1/me", times=None)

        with pytest.raises(LocalStackError, match="Premium"):
            run_with_spotify(workspace, CREDENTIALS)

        spotify.control.clear_faults()
        assert "Premium" in (workspace.copies / "playlists/status.md").read_text()

    def test_a_run_that_finds_nothing_to_archive_is_an_error(
        self, spotify: StandIn, workspace: Workspace, capsys: pytest.CaptureFixture[str]
    ) -> None:
        app = Credentials(CREDENTIALS.client_id, CREDENTIALS.client_secret)

        with pytest.raises(LocalStackError, match="there is no playlist to archive"):
            run_with_spotify(workspace, app)

        assert "SPOTIFY_REFRESH_TOKEN is not set" in capsys.readouterr().out

    def test_a_refresh_token_that_spotify_replaced_serves_the_next_run(
        self, spotify: StandIn, workspace: Workspace, capsys: pytest.CaptureFixture[str]
    ) -> None:
        spotify.control.add_fault("rotated_refresh_token")
        run_with_spotify(workspace, CREDENTIALS)
        run_with_spotify(workspace, CREDENTIALS)

        lines = [line for line in capsys.readouterr().out.splitlines() if "checked" in line]
        assert len(lines) == 2
        assert all("0 failing" in line for line in lines)
        assert any((workspace.copies / "snapshots").rglob("*.json"))


class TestSample:
    """The sample library as `make run` archives it."""

    @pytest.fixture(scope="class")
    @classmethod
    def workspace(
        cls, tmp_path_factory: pytest.TempPathFactory, copies: Path
    ) -> Iterator[Workspace]:
        del copies
        workspace = Workspace(tmp_path_factory.mktemp("sample"))
        run_with_sample(workspace)
        yield workspace
        stop_all(workspace)

    def test_the_first_run_shows_what_a_real_library_has(self, workspace: Workspace) -> None:
        status = json.loads((workspace.copies / "playlists/status.json").read_text())
        found = {key: known["status"] for key, known in status["playlists"].items()}

        assert found.pop(STAIRWELL) == "retired"
        assert found.pop(LIGHTHOUSE) == "forbidden"
        assert found.pop(TALK) == "not_found"
        assert set(found.values()) == {"ok"}
        history = workspace.copies / "playlists/history"
        assert "> Not readable from" in (history / f"{RUNNING}.md").read_text()
        assert "Renamed from" in (history / f"{SHARED}.md").read_text()

    def test_a_playlist_that_is_not_found_is_an_error(self, workspace: Workspace) -> None:
        with pytest.raises(LocalStackError, match=f"{UNKNOWN}: not_found"):
            self.register(workspace, UNKNOWN, "")

    def test_a_registration_between_the_runs_counts_at_once_and_goes_on_counting(
        self, workspace: Workspace
    ) -> None:
        self.register(workspace, JETTY, "Our summer")
        run_with_sample(workspace)

        status = json.loads((workspace.copies / "playlists/status.json").read_text())
        assert status["playlists"][JETTY]["name"] == "Our summer"
        assert status["playlists"][JETTY]["status"] == "ok"
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        assert max(known["since"] for known in status["playlists"].values()) <= now

    def register(self, workspace: Workspace, playlist_id: str, alias: str) -> None:
        stack = Stack(Engine.ensure(workspace))
        log_size = stack.engine.log_size
        stack.put(registry_key(playlist_id), alias)
        await_registration(stack, playlist_id, log_size)
        tell_registered(stack.read_json("playlists/status.json"), playlist_id)


def test_a_bucket_with_more_versions_than_a_list_holds_is_moved_whole(
    simulation: Simulation,
) -> None:
    stack = simulation.stack
    stack._s3.create_bucket(Bucket="former")
    stack._s3.put_bucket_versioning(Bucket="former", VersioningConfiguration={"Status": "Enabled"})
    # A list ends after a thousand, in the middle of the second key.
    for key in ("damaged/a", "damaged/b"):
        for number in range(501):
            stack._s3.put_object(Bucket="former", Key=key, Body=str(number).encode())
    stack._s3.delete_object(Bucket="former", Key="damaged/a")

    stack.adopt("former")

    assert list(stack.list_keys("damaged/")) == ["damaged/b"]
    assert stack.read("damaged/b") == b"500"
    assert not stack._has_bucket("former")
    stack.adopt("former")
    stack.delete("damaged/b")


def test_a_function_that_raises_is_shown_with_its_exception_at_once(
    simulation: Simulation,
) -> None:
    stack = simulation.stack
    functions = stack._client("lambda")
    name = stack.outputs["ListerFunctionName"]
    variables = functions.get_function_configuration(FunctionName=name)["Environment"]
    broken = {"Variables": variables["Variables"] | {"DAILY_REQUEST_BUDGET": "many"}}
    functions.update_function_configuration(FunctionName=name, Environment=broken)
    log_size = stack.engine.log_size
    try:
        stack.put(registry_key(LIGHTHOUSE), "")
        with pytest.raises(LocalStackError, match=r"lister: .*SettingsError: malformed setting"):
            await_registration(stack, LIGHTHOUSE, log_size)
    finally:
        functions.update_function_configuration(FunctionName=name, Environment=variables)
        stack.delete(registry_key(LIGHTHOUSE))
