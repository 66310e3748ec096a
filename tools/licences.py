"""Lists the licences of the packages in the dependencies layer: `python -m tools.licences`.

Writes docs/licences.md from the metadata in the built layer.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from pathlib import Path

from tools.local.deploy import build
from tools.local.workspace import BUILD, PROJECT

PAGE = PROJECT / "docs/licences.md"
LAYER = BUILD / "DependenciesLayer/python"

PERMISSIVE = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "PSF-2.0",
}
# The MPL's copyleft covers only its own files, and these are distributed unchanged.
EXCEPTIONS = {"certifi": "MPL-2.0"}


@dataclass(frozen=True)
class Component:
    """A package in the layer; `texts` are the licence files that must be distributed with it."""

    name: str
    version: str
    licence: str
    texts: tuple[str, ...]

    def find_objections(self) -> Iterator[str]:
        if not self.texts:
            yield f"{self.name} comes without the text of its licence"
        terms = set(self.licence.replace("(", " ").replace(")", " ").split()) - {"AND", "OR"}
        if not terms:
            yield f"{self.name} does not tell its licence"
        for term in terms - PERMISSIVE - {EXCEPTIONS.get(self.name)}:
            yield f"{self.name} is under {term}"


def read_components() -> list[Component]:
    """Return the packages in the built layer, sorted by name."""
    found = [_read(distribution) for distribution in distributions(path=[str(LAYER)])]
    return sorted(found, key=lambda component: component.name)


def _read(distribution: Distribution) -> Component:
    metadata, files = distribution.metadata, distribution.files or []
    return Component(
        name=metadata["Name"],
        version=metadata["Version"],
        licence=metadata.get("License-Expression") or metadata.get("License") or "",
        texts=tuple(
            text
            for text in metadata.get_all("License-File", ())
            if any(file.match(text) and Path(file.locate()).is_file() for file in files)
        ),
    )


def render(components: list[Component]) -> str:
    rows = [
        f"| {it.name} | {it.version} | {it.licence} | {', '.join(it.texts)} |" for it in components
    ]
    return "\n".join(
        [
            "# Licences",
            "",
            "What the dependencies layer contains besides the project's own code. The texts lie in the layer, each in its",
            "package's `.dist-info`. Made by `make licences`.",
            "",
            "| package | version | licence | texts |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


if __name__ == "__main__":
    build()
    PAGE.write_text(render(read_components()), encoding="utf-8")
