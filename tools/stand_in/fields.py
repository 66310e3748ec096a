"""The `fields` parameter of the playlist endpoints, which selects the parts of an answer.

Spotify reference: Get Playlist Items, `fields`. `a,b` selects parts, `a.b` parts of objects, `a(b,c(d))` parts of
objects and arrays, and `!a` leaves a part out. Unknown names are ignored.
"""

import re
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r"\s*([A-Za-z0-9_]+|[(),.!])")


class InvalidFieldsError(ValueError):
    """The filter does not follow the documented grammar."""


@dataclass
class Selection:
    """The selected parts of an object, or of each object of an array; empty selects everything."""

    included: dict[str, "Selection"] = field(default_factory=dict)
    excluded: dict[str, "Selection"] = field(default_factory=dict)

    def apply(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.apply(element) for element in value]
        if not isinstance(value, dict):
            return value
        chosen = {key: part for key, part in value.items() if self._takes(key)}
        for rules in (self.included, self.excluded):
            for key, rule in rules.items():
                if key in chosen and not rule.is_whole():
                    chosen[key] = rule.apply(chosen[key])
        return chosen

    def _takes(self, key: str) -> bool:
        left_out = key in self.excluded and self.excluded[key].is_whole()
        return not left_out and (not self.included or key in self.included)

    def is_whole(self) -> bool:
        return not self.included and not self.excluded


def parse_fields(text: str) -> Selection:
    """Parse a filter.

    Raises:
        InvalidFieldsError: the text does not follow the grammar.
    """
    return _Parser(text).parse()


class _Parser:
    def __init__(self, text: str) -> None:
        text = text.strip()
        tokens = list(_TOKEN.finditer(text))
        if sum(len(token[0]) for token in tokens) != len(text):
            raise InvalidFieldsError(text)
        self._tokens = [token[1] for token in tokens]
        self._text = text

    def parse(self) -> Selection:
        selection = Selection()
        self._parse_list(selection)
        if self._tokens:
            raise InvalidFieldsError(self._text)
        return selection

    def _parse_list(self, into: Selection) -> None:
        self._parse_part(into)
        while self._skip(","):
            self._parse_part(into)

    def _parse_part(self, into: Selection) -> None:
        excludes = self._skip("!")
        names = [self._take_name()]
        while self._skip("."):
            names.append(self._take_name())
        target = into
        for name in names:
            branches = target.excluded if excludes else target.included
            target = branches.setdefault(name, Selection())
        if self._skip("("):
            if excludes:
                names_left_out = Selection()
                self._parse_list(names_left_out)
                target.excluded.update(names_left_out.included)
            else:
                self._parse_list(target)
            if not self._skip(")"):
                raise InvalidFieldsError(self._text)

    def _skip(self, mark: str) -> bool:
        if self._tokens and self._tokens[0] == mark:
            del self._tokens[0]
            return True
        return False

    def _take_name(self) -> str:
        if not self._tokens or self._tokens[0] in "(),.!":
            raise InvalidFieldsError(self._text)
        return self._tokens.pop(0)
