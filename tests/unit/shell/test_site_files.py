"""The shell as it is published."""

import pytest

from playlist_archive.shell.bundle import MAIN
from playlist_archive.shell.site_files import pack, packed_shell, read_shell

pytestmark = pytest.mark.unit


def test_all_scripts_are_one_and_other_files_stay() -> None:
    packed = pack(
        {
            "index.html": b"<p>  a",
            "style.css": b"a {\n  b: c;\n}\n",
            "dot.svg": b"<svg/>",
            "js/main.js": b"import { a } from './a.js';\na();\n",
            "js/a.js": b"export const a = () => 1;\n",
        }
    )

    assert packed.keys() == {"index.html", "style.css", "dot.svg", MAIN}
    assert packed["index.html"] == b"<p>  a"
    assert packed["style.css"] == b"a{b:c}"


def test_the_site_s_own_files_are_packed() -> None:
    packed = packed_shell()

    assert packed.keys() == {"index.html", "style.css", MAIN}
    assert packed["index.html"] == read_shell()["index.html"]
