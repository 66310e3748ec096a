"""The project's folder, for verbs that need it."""

from pathlib import Path

import pytest

from playlist_archive_cli import checkout
from playlist_archive_cli.errors import CommandError

pytestmark = pytest.mark.unit


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "layers/archive/playlist_archive").mkdir(parents=True)
    (folder / "template.yaml").touch()
    return folder


def test_without_a_checkout_it_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkout, "__file__", str(tmp_path / "site-packages/cli/checkout.py"))

    with pytest.raises(CommandError, match=r"`deploy` needs the project's folder: clone"):
        checkout.require_checkout("deploy", tmp_path)


def test_the_checkout_around_a_folder_comes_before_the_command_s_own(project: Path) -> None:
    inside = project / "docs/adr"
    inside.mkdir(parents=True)

    assert checkout.require_checkout("deploy", inside) == project


def test_elsewhere_it_is_the_one_that_the_command_was_installed_from(tmp_path: Path) -> None:
    own = Path(__file__).parents[3]

    assert checkout.require_checkout("deploy", tmp_path) == own


def test_a_folder_with_a_template_of_another_project_is_none(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").touch()

    assert not checkout.is_checkout(tmp_path)
