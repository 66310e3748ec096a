"""Reads the parameters of the template, and checks values."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from playlist_archive_cli.errors import CommandError, WrongUseError

ARCHIVE_LIKED_SONGS = "ArchiveLikedSongs"
CREDENTIALS_PARAMETER = "CredentialsParameter"
USUAL_CREDENTIALS = "/playlist-archive/spotify"


class Parameter(msgspec.Struct, frozen=True, rename="pascal"):
    """One parameter of the template."""

    type: str
    default: str | int = ""
    allowed_values: list[str | int] | None = None
    allowed_pattern: str = ""
    constraint_description: str = ""
    min_value: int | None = None
    max_value: int | None = None

    def accepts(self, value: str) -> bool:
        if self.allowed_values is not None:
            return value in map(str, self.allowed_values)
        if self.type == "Number":
            return _is_between(value, self.min_value, self.max_value)
        return re.search(self.allowed_pattern, value) is not None

    @property
    def wanted(self) -> str:
        """The accepted values, in words."""
        if self.allowed_values is not None:
            return "one of " + ", ".join(map(str, self.allowed_values))
        if self.type != "Number":
            return self.constraint_description
        least = f" of at least {self.min_value}" if self.min_value is not None else ""
        if self.max_value is not None:
            return f"a whole number from {self.min_value} to {self.max_value}"
        return f"a whole number{least}"


def _is_between(text: str, least: int | None, most: int | None) -> bool:
    if not re.fullmatch(r"-?\d{1,9}", text, re.ASCII):
        return False
    return (least is None or int(text) >= least) and (most is None or int(text) <= most)


type Parameters = Mapping[str, Parameter]


class _Loader(yaml.SafeLoader):
    """Loads YAML with tags of CloudFormation's functions."""

    def construct_function(self, _tag: str, _node: yaml.Node) -> None:
        """Load a function as None; no parameter has one."""


_Loader.add_multi_constructor("!", _Loader.construct_function)


def read_parameters(template: Path) -> Parameters:
    """Return the parameters of a template.

    Raises:
        CommandError: the template cannot be read.
    """
    try:
        document: Any = yaml.load(template.read_bytes(), _Loader)  # noqa: S506 -- a safe loader
        return msgspec.convert(document["Parameters"], dict[str, Parameter])
    except (OSError, yaml.YAMLError, KeyError, TypeError, msgspec.ValidationError) as error:
        raise CommandError(f"{template} cannot be read: {error}") from error


def parse_assignments(assignments: list[str], parameters: Parameters) -> dict[str, str]:
    """Return the values of `Name=value` by name.

    Raises:
        WrongUseError: there is no such parameter, or it does not accept the value.
    """
    values: dict[str, str] = {}
    for assignment in assignments:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise WrongUseError(f"“{assignment}” sets no parameter: write Name=value")
        if name not in parameters:
            raise WrongUseError(
                f"the template has no parameter {name}, only: {', '.join(sorted(parameters))}"
            )
        if name in values:
            raise WrongUseError(f"{name} is set twice")
        check(name, value, parameters)
        values[name] = value
    return values


def check(name: str, value: str, parameters: Parameters) -> None:
    """Raise `WrongUseError` if a parameter does not accept a value."""
    if not parameters[name].accepts(value):
        raise WrongUseError(f"{name} does not accept “{value}”: write {parameters[name].wanted}")
