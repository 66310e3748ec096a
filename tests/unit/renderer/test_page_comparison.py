"""A comparison of pages shows the first difference."""

import pytest

from tests.support.pages import assert_same_page, assert_same_pages

pytestmark = pytest.mark.unit


def test_equal_pages_pass() -> None:
    assert_same_page("one\ntwo\n", "one\ntwo\n")
    assert_same_pages({"a": b"one\n"}, {"a": b"one\n"})


@pytest.mark.parametrize(
    ("found", "expected", "message"),
    [
        ("one\ntwo\n", "one\n2\n", "line 2\n   found: two\nexpected: 2"),
        ("one\n", "one\ntwo\n", "line 2\n   found: \nexpected: two"),
        ("one", "one\n", r"line 2\n   found: \(the page ends here\)\nexpected: "),
        (b"\xff", b"\xfe", r"line 1\n   found: \\xff\nexpected: \\xfe"),
        (b"one", "one", "text and the other is bytes"),
    ],
)
def test_the_first_line_that_differs_is_shown(
    found: bytes | str, expected: bytes | str, message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        assert_same_page(found, expected)


def test_a_page_is_named_that_differs_or_is_missing() -> None:
    with pytest.raises(AssertionError, match="b, line 1"):
        assert_same_pages({"a": b"1", "b": b"2"}, {"a": b"1", "b": b"3"})
    with pytest.raises(AssertionError, match="missing and surplus"):
        assert_same_pages({"a": b"1"}, {"b": b"1"})
