"""Every verb that acts says in one line that AWS cannot be reached, or that nobody is known there."""

from pathlib import Path

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from playlist_archive_cli import connection, frame, main
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.location import LocalStack

pytestmark = pytest.mark.contract

ID = "6nObOdYkNoWsThIs000001"
VERBS = [
    ["run"],
    ["rebuild"],
    ["add", ID],
    ["remove", ID],
    ["exclude", ID],
    ["rename", ID, "x"],
    ["dead-letters"],
    ["logs"],
    ["logs", "--run", "2026-10-01T04:00:00Z"],
    ["backup", "copy"],
    ["import", "archive", "kept"],
    ["import", "old-archive", "kept"],
    ["import", "spotify-export", "kept"],
    ["import", "exportify", "kept", "--date", "2026-10-04"],
]


@pytest.fixture(autouse=True)
def _in_a_folder_with_a_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept/objects.jsonl").write_text('{"schema":1,"bucket":"b"}\n')


@pytest.mark.parametrize("arguments", VERBS, ids=" ".join)
def test_an_archive_that_cannot_be_reached_is_one_line(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    once = Config(retries={"total_max_attempts": 1})
    monkeypatch.setattr(connection, "_patience", lambda _: once)
    opened = Connection(LocalStack("sample", "http://127.0.0.1:9", "us-east-1", "playlist-archive"))
    monkeypatch.setattr(frame, "open_connection", lambda _: opened)

    assert main.run(arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "cannot be reached" in err
    assert err.count("\n") == 1


class _Unknown:
    """A client of AWS that does not know who calls."""

    def __getattr__(self, operation: str) -> object:
        def refuse(**_: object) -> None:
            raise ClientError({"Error": {"Code": "ExpiredToken", "Message": "expired"}}, operation)

        return refuse


@pytest.mark.parametrize("arguments", VERBS, ids=" ".join)
def test_credentials_that_have_expired_are_one_line(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    opened = Connection(
        LocalStack("sample", "http://127.0.0.1:9", "us-east-1", "playlist-archive"),
        lambda _: _Unknown(),
    )
    monkeypatch.setattr(frame, "open_connection", lambda _: opened)

    assert main.run(arguments) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "log in to AWS again" in err
    assert err.count("\n") == 1
