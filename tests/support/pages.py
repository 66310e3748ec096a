"""Comparisons of pages; a failure shows the first line that differs."""

from collections.abc import Mapping
from itertools import zip_longest

_END = "(the page ends here)"


def assert_same_page(found: bytes | str, expected: bytes | str) -> None:
    """Fail with the number of the first line that differs, and with both lines."""
    if found == expected:
        return
    pairs = zip_longest(_lines(found), _lines(expected), fillvalue=_END)
    for number, (line, wanted) in enumerate(pairs, start=1):
        if line != wanted:
            raise AssertionError(f"line {number}\n   found: {line}\nexpected: {wanted}")
    raise AssertionError("the same lines, but one page is text and the other is bytes")


def assert_same_pages(found: Mapping[str, bytes], expected: Mapping[str, bytes]) -> None:
    """Fail with the keys that are in only one of both, or with the first difference of a page."""
    missing, surplus = expected.keys() - found.keys(), found.keys() - expected.keys()
    assert (sorted(missing), sorted(surplus)) == ([], []), "missing and surplus pages"
    for key, page in expected.items():
        try:
            assert_same_page(found[key], page)
        except AssertionError as error:
            raise AssertionError(f"{key}, {error}") from None


def _lines(page: bytes | str) -> list[str]:
    text = page.decode(errors="backslashreplace") if isinstance(page, bytes) else page
    return text.split("\n")
