"""`make` installs what it needs with any `python3` that has venv."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.contract

ROOT = Path(__file__).parents[2]
SHELL = "#!/bin/bash\n"
# It stands in for uv, notes its call and where it would put a Python, and makes `.venv`.
UV = r"""echo "uv $* into $UV_PYTHON_INSTALL_DIR" >> calls
mkdir -p .venv/bin
"""
# It stands in for Python, makes a venv whose pip "installs" uv, and tells its version.
PYTHON = r"""case "$*" in
    "-m venv .tools")
        [ "$HAS_VENV" = yes ] || { echo "No module named venv" >&2; exit 1; }
        mkdir -p .tools/bin; cp "$0" .tools/bin/python ;;
    *"pip install"*) cp "$FAKES/uv" .tools/bin/uv ;;
    "-c import ensurepip, venv") ;;
    -c*) if [ "$VERSION" = 3.13 ]; then echo "$0"; else echo 3.13; fi ;;
esac
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    for name in ("Makefile", "pyproject.toml", "uv.lock"):
        shutil.copy(ROOT / name, project)
    fakes = tmp_path / "fakes"
    fakes.mkdir()
    for name, text in (("python3", PYTHON), ("uv", UV)):
        (fakes / name).write_text(SHELL + text)
        (fakes / name).chmod(0o755)
    for program in ("bash", "make", "mkdir", "cp", "touch", "awk", "cat", "dirname", "grep"):
        found = shutil.which(program)
        assert found, program
        (fakes / program).symlink_to(found)
    return project


def install(
    project: Path, version: str, *, has_venv: bool = True
) -> subprocess.CompletedProcess[str]:
    fakes = project.parent / "fakes"
    return subprocess.run(
        [fakes / "make", ".venv/.local-installed"],
        cwd=project,
        env={
            "PATH": str(fakes),
            "FAKES": str(fakes),
            "VERSION": version,
            "HAS_VENV": "yes" if has_venv else "no",
            "HOME": os.environ["HOME"],
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_python_without_venv_is_named(project: Path) -> None:
    finished = install(project, "3.11", has_venv=False)

    assert finished.returncode
    assert "needs a Python 3 with venv" in finished.stderr
    assert str(project.parent / "fakes/python3") in finished.stderr


def test_with_another_python_uv_brings_the_right_one_into_the_folder(project: Path) -> None:
    finished = install(project, "3.11")

    assert finished.returncode == 0, finished.stderr
    venv, sync = (project / "calls").read_text().splitlines()
    assert venv.endswith(f"--python 3.13 into {project}/.tools/python")
    assert venv.startswith("uv venv ")
    assert sync.startswith("uv sync --locked ")


def test_with_the_right_python_that_one_is_used(project: Path) -> None:
    finished = install(project, "3.13")

    assert finished.returncode == 0, finished.stderr
    venv = (project / "calls").read_text().splitlines()[0]
    assert f"--python {project.parent / 'fakes/python3'} " in venv


def test_a_failure_of_uv_is_a_failure(project: Path) -> None:
    (project.parent / "fakes/uv").write_text(f"{SHELL}echo no network >&2; exit 2\n")

    finished = install(project, "3.13")

    assert finished.returncode
    assert "no network" in finished.stdout + finished.stderr
    assert not (project / ".venv/.local-installed").exists()
