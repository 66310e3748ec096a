"""The layers are complete for both processors, may be distributed, and stay within their budget."""

import re
from pathlib import Path

import pytest

from tools.licences import PAGE, Component, read_components, render
from tools.local.deploy import build
from tools.local.workspace import BUILD
from tools.measure.budget import load_budget, measure_layer, start_cold
from tools.template import load_source

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("_built")]

BUDGET = load_budget()
MOST = 1 + BUDGET["tolerance"]
MACHINES = {0x3E: "x86_64", 0xB7: "aarch64"}


@pytest.fixture(scope="module")
def _built() -> None:
    build()


def read_machine(library: Path) -> str:
    """Return the processor of an ELF file."""
    header = library.read_bytes()[:20]
    assert header[:4] == b"\x7fELF"
    return MACHINES[int.from_bytes(header[18:20], "little")]


@pytest.mark.parametrize("machine", MACHINES.values())
def test_a_built_layer_has_every_extension_module_for_both_architectures(machine: str) -> None:
    layer = BUILD / "DependenciesLayer/python"
    libraries = [path.relative_to(layer) for path in layer.rglob("*.so*")]
    modules = {re.sub(r"\.cpython-.*", "", str(path)) for path in libraries}
    asked = [path for path in libraries if machine in path.name]

    assert {re.sub(r"\.cpython-.*", "", str(path)) for path in asked} == modules != set()
    assert {read_machine(layer / path) for path in asked} == {machine}


def test_the_licences_are_listed_as_they_are() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(read_components()), "say: make licences"


def test_everything_in_the_layer_may_be_distributed_and_has_its_licence() -> None:
    assert [objection for it in read_components() for objection in it.find_objections()] == []


@pytest.mark.parametrize(
    ("component", "objection"),
    [
        (Component("left-pad", "1", "MIT", ()), "left-pad comes without the text of its licence"),
        (Component("left-pad", "1", "", ("LICENSE",)), "left-pad does not tell its licence"),
        (Component("left-pad", "1", "MIT OR GPL-3.0", ("COPYING",)), "left-pad is under GPL-3.0"),
        (Component("left-pad", "1", "MPL-2.0", ("LICENSE",)), "left-pad is under MPL-2.0"),
    ],
)
def test_a_component_that_may_not_be_distributed_is_named(
    component: Component, objection: str
) -> None:
    assert list(component.find_objections()) == [objection]


def test_everything_deployed_has_a_budget() -> None:
    resources = load_source()["Resources"]
    layers = {name for name, it in resources.items() if it["Type"].endswith("::LayerVersion")}
    functions = {
        name for name, it in resources.items() if it["Type"] == "AWS::Serverless::Function"
    }

    assert set(BUDGET["layers"]) == layers
    assert {f"{name.capitalize()}Function" for name in BUDGET["functions"]} == functions


@pytest.mark.parametrize(("layer", "planned"), BUDGET["layers"].items())
def test_a_layer_is_no_larger_than_planned(layer: str, planned: int) -> None:
    assert 0 < measure_layer(layer) <= planned * MOST, "see: make budget"


@pytest.mark.parametrize("function", BUDGET["functions"])
def test_a_cold_start_imports_no_more_than_planned(function: str) -> None:
    planned = BUDGET["functions"][function]
    modules = start_cold(function).modules

    assert "playlist_archive" in modules
    assert len(modules) <= planned["modules"] * MOST, "see: make budget"
    assert modules & set(planned["without"]) == set()
