"""Measures the layers' size and a cold start's imports: `python -m tools.measure.budget`.

A cold start is the import of `functions/<name>/app.py` in a new interpreter with the standard
library, the built layers and the SDK, as in Lambda. Times are CPU times.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.local.deploy import build
from tools.local.workspace import BUILD, PROJECT

BUDGET = Path(__file__).with_name("budget.toml")
_SDK = ("boto3", "botocore", "s3transfer", "dateutil", "six")
_STARTS = 9
_IMPORT = """
import json, sys, time
sys.path[:0] = sys.argv[1:]
began = time.process_time()
import app
json.dump({"seconds": time.process_time() - began, "modules": sorted(sys.modules)}, sys.stdout)
"""


@dataclass(frozen=True)
class ColdStart:
    seconds: float
    modules: frozenset[str]


def load_budget() -> dict[str, Any]:
    return tomllib.loads(BUDGET.read_text(encoding="utf-8"))


def measure_layer(name: str) -> int:
    """Return the bytes of a built layer's files."""
    return sum(file.stat().st_size for file in (BUILD / name).rglob("*") if file.is_file())


def start_cold(function: str) -> ColdStart:
    """Import a function as a cold start does.

    Raises:
        CalledProcessError: an import is in neither the layers nor the runtime; see stderr.
    """
    layers = [BUILD / name / "python" for name in ("ArchiveLayer", "DependenciesLayer")]
    with _expose_sdk() as sdk:
        path = [PROJECT / "functions" / function, *layers, sdk]
        finished = subprocess.run(  # noqa: S603
            [sys.executable, "-I", "-S", "-B", "-c", _IMPORT, *map(str, path)],
            env={},
            capture_output=True,
            check=True,
        )
    found = json.loads(finished.stdout)
    return ColdStart(found["seconds"], frozenset(found["modules"]))


@contextmanager
def _expose_sdk() -> Iterator[Path]:
    """Yield a folder with the SDK and nothing else of this environment."""
    with tempfile.TemporaryDirectory() as folder:
        for source in map(_locate, _SDK):
            (Path(folder) / source.name).symlink_to(source)
        yield Path(folder)


def _locate(package: str) -> Path:
    spec = find_spec(package)
    assert spec
    assert spec.origin
    origin = Path(spec.origin)
    return origin.parent if spec.submodule_search_locations else origin


def main() -> None:
    build()
    # The SDK in Lambda's runtime is compiled too.
    compile_sdk = [sys.executable, "-m", "compileall", "-q", *map(str, map(_locate, _SDK))]
    subprocess.run(compile_sdk, check=True)  # noqa: S603
    budget = load_budget()
    table = Table("", "measured", "budget", "ms")
    for name, planned in budget["layers"].items():
        table.add_row(name, f"{measure_layer(name):,} bytes", f"{planned:,} bytes")
    for name, planned in budget["functions"].items():
        starts = [start_cold(name) for _ in range(_STARTS)]
        milliseconds = 1000 * statistics.median(start.seconds for start in starts)
        modules = len(starts[0].modules)
        table.add_row(
            name, f"{modules} modules", f"{planned['modules']} modules", f"{milliseconds:.0f}"
        )
    Console().print(table)


if __name__ == "__main__":
    main()
