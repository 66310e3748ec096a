"""Names of files are safe everywhere, and no two are alike."""

import re
from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playlist_archive_cli.exports.file_names import file_name, file_names, is_a_part

pytestmark = pytest.mark.unit

ONE, TWO, THREE = "1" * 22, "2" * 22, "3" * 22
LONGEST = 255 - len(" (22222222222222222222zz) since 20261004T040000Z 10 of 10.m3u8")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Harbour mix", "Harbour mix"),
        ("AC/DC: live?", "AC_DC_ live_"),
        ("../../etc/passwd", "_.._etc_passwd"),
        (".hidden", "hidden"),
        ("dots...", "dots"),
        ("con", "_con"),
        ("COM1.mp3", "_COM1.mp3"),
        ("lpt²", "_lpt²"),
        ("console", "console"),
        ("a\nb\tc\x1b[31m", "a_b_c_[31m"),
        ("\u202egnp.exe", "gnp.exe"),
        ("  many   blanks ", "many blanks"),
        ("窓 · نافذة", "窓 · نافذة"),
        ("", ""),
        (". .", ""),
    ],
)
def test_what_some_system_forbids_is_replaced(name: str, expected: str) -> None:
    assert file_name(name) == expected


@given(st.text())
@example("é" * 300)
@example("👩‍👩‍👧" * 40)
def test_a_name_is_one_that_every_system_takes(name: str) -> None:
    safe = file_name(name)

    assert len(safe.encode()) <= LONGEST
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', safe)
    assert safe == safe.strip(". ")
    assert safe.split(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT9"}
    assert safe == normalize("NFC", safe)


@given(st.text())
def test_a_name_that_is_safe_stays_as_it_is(name: str) -> None:
    assert file_name(file_name(name)) == file_name(name)


@given(
    st.dictionaries(
        st.text("0123456789", min_size=22, max_size=22),
        st.sampled_from(["Mix", "mix", "MIX?", "Mix*", "mi\u0301x", "m\u00edx", ".", "", "ß", "ss"])
        | st.text(),
        max_size=6,
    )
)
@example({ONE: "Mix", TWO: "mix", THREE: f"Mix ({ONE})"})
def test_no_two_names_are_alike_even_where_case_and_accents_are(names: dict[str, str]) -> None:
    safe = file_names(names)

    assert safe.keys() == names.keys()
    assert all(safe.values())
    assert len({normalize("NFKC", name.casefold()) for name in safe.values()}) == len(safe)


def test_only_those_that_are_alike_get_their_id() -> None:
    names = file_names({ONE: "Mix", TWO: "mix", THREE: "Other"})

    assert names == {ONE: f"Mix ({ONE})", TWO: f"mix ({TWO})", THREE: "Other"}


def test_a_name_that_looks_like_a_part_of_another_file_gets_its_id() -> None:
    names = file_names({ONE: "Mix", TWO: "Mix 1 of 3", THREE: "1 of 3"})

    assert names == {ONE: "Mix", TWO: f"Mix 1 of 3 ({TWO})", THREE: "1 of 3"}


@pytest.mark.parametrize(
    ("stem", "is_one"),
    [
        ("Mix", True),
        ("Mix 1 of 3", True),
        ("Mix 12 of 12", True),
        ("Mix ever", False),
        ("Mix ever 1 of 3", False),
        ("Mix 1 of", False),
        ("Remix 1 of 3", False),
        ("mix", False),
        (f"Mix 1 of 3 ({TWO})", False),
    ],
)
def test_the_parts_of_a_file_are_told_from_other_files(stem: str, *, is_one: bool) -> None:
    assert is_a_part(stem, "Mix") is is_one
