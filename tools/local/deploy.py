"""Builds the template with `sam build`, and deploys it to a local engine with `sam deploy`."""

import fcntl
import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from playlist_archive.ports.credentials import Credentials
from tools.local.engine import REGION, Engine
from tools.local.errors import LocalStackError
from tools.local.stack import ARTIFACTS, STACK_NAME, Stack
from tools.local.workspace import BUILD, LOCAL, PROJECT, Workspace

_SOURCES = ("template.yaml", "functions", "layers")
# The value of `Architecture` for functions that run on this machine.
ARCHITECTURE = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")


def deploy(
    workspace: Workspace,
    engine: Engine,
    parameters: Mapping[str, str],
    credentials: Credentials,
) -> Stack:
    """Deploy the stack if it has changed; a new bucket gets the old one's objects."""
    parameters = {
        "AwsEndpointUrl": engine.url,
        "Architecture": ARCHITECTURE,
        **parameters,
    }
    wanted = {
        "engine": engine.process.pid,
        "sources": hash_sources(*_SOURCES),
        "parameters": parameters,
    }
    known = workspace.recall_stack()
    stack = Stack(engine)
    if known.get("deployed") != wanted:
        _deploy_anew(workspace, stack, parameters)
        if former := known.get("bucket"):
            stack.adopt(former)
    stack.put_credentials(credentials)
    workspace.remember_stack(
        engine_url=engine.url,
        region=REGION,
        stack_name=STACK_NAME,
        bucket=stack.bucket,
        deployed=wanted,
    )
    return stack


def _deploy_anew(workspace: Workspace, stack: Stack, parameters: Mapping[str, str]) -> None:
    stack.create_artifact_bucket()
    build()
    _run_sam(
        "deploy",
        *("--stack-name", STACK_NAME),
        *("--s3-bucket", ARTIFACTS),
        *("--capabilities", "CAPABILITY_IAM"),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
        *("--template-file", str(BUILD / "template.yaml")),
        "--parameter-overrides",
        *(f"{name}={value}" for name, value in parameters.items()),
        log=workspace.root / "sam-deploy.log",
        endpoint=stack.engine.url,
    )


def build() -> None:
    """Build layers and functions into `BUILD`, unless the sources have not changed.

    It waits for another process that is building. `sam build` empties the folder first, so the
    digest in the folder exists only after a successful build.
    """
    sources = hash_sources(*_SOURCES)
    LOCAL.mkdir(exist_ok=True)
    with (LOCAL / "build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        stamp = BUILD / "sources.sha256"
        if stamp.exists() and stamp.read_text() == sources:
            return
        _run_sam("build", "--build-dir", str(BUILD), log=LOCAL / "sam-build.log")
        stamp.write_text(sources)


def _run_sam(command: str, *arguments: str, log: Path, endpoint: str = "") -> None:
    programs = Path(sys.executable).parent
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(programs), str(PROJECT / ".tools/bin"), os.environ["PATH"]]),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_ENDPOINT_URL": endpoint,
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.2",
    }
    with log.open("wb") as output:
        finished = subprocess.run(  # noqa: S603
            [programs / "sam", command, *arguments],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if finished.returncode:
        last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise LocalStackError(f"sam {command} failed; see {log}\n{last}")


def _list_files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(
        file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts
    )


def hash_sources(*names: str) -> str:
    """Return a digest of the project's files with these names or in these folders."""
    digest = hashlib.sha256()
    for file in (file for name in names for file in _list_files(PROJECT / name)):
        digest.update(f"{file.relative_to(PROJECT)}\0{file.stat().st_size}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()
