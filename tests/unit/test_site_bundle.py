"""Modules are joined into one script that does what they do."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from playlist_archive.errors import SiteError
from playlist_archive.site_bundle import MAIN, bundle
from playlist_archive.site_publisher import packed_shell

pytestmark = pytest.mark.unit

SITE = Path(__file__).parents[2] / "layers/archive/playlist_archive/site"
MODULES = {
    "js/main.js": b"""// Tells.
import { say } from './views/say.js';
import * as texts from './texts.js';

const LIST = [1, 2];

/** Say it all. */
globalThis.told = [
  say('it'), texts.name, texts.shout('a  b'), LIST.length, /\\/\\/ no comment/.source, `a ' :  b`,
].join('|');
""",
    "js/texts.js": b"""export const name = 'a  :  b';
export function shout(text) {
  return `${text} ! ${text ? 'yes ;  no' : ''}`; // with a remark
}
export class Unused {}
""",
    "js/views/say.js": b"""import {
  quietly,
} from '../quietly.js';
const LIST = 'its own';
export function say(what) {
  return quietly(`${what} is ${LIST}`);
}
""",
    "js/quietly.js": b"export const quietly = (text) => text.toLowerCase();\n",
}


def run(script: bytes) -> str:
    node = shutil.which("node")
    if node is None:
        pytest.skip("there is no node here")
    source = f"{script.decode()}\nconsole.log(JSON.stringify(globalThis.told));"
    done = subprocess.run(
        [node, "--input-type=module", "-e", source], capture_output=True, check=True, text=True
    )
    told: str = json.loads(done.stdout)
    return told


def test_the_script_does_what_the_modules_do() -> None:
    joined = bundle(MODULES)

    assert joined.keys() == {MAIN}
    assert run(joined[MAIN]) == (
        r"it is its own|a  :  b|a  b ! yes ;  no|2|\/\/ no comment|a ' :  b"
    )


def test_what_only_readers_need_is_left_out() -> None:
    script = bundle(MODULES)[MAIN].decode()

    assert "Tells" not in script
    assert "Say it all" not in script
    assert "remark" not in script
    assert not re.search(r"^\s", script, re.MULTILINE)


def test_other_files_stay_and_style_sheets_say_the_same() -> None:
    css = b"/* Why */\na:hover, b  {\n  margin: 0 auto; width: calc(1rem - 2px);\n}\n"

    joined = bundle({**MODULES, "index.html": b"<p> a", "style.css": css})

    assert joined["index.html"] == b"<p> a"
    assert joined["style.css"] == b"a:hover,b{margin:0 auto;width:calc(1rem - 2px);}"


def test_a_site_without_modules_stays() -> None:
    assert bundle({"index.html": b"<p>"}) == {"index.html": b"<p>"}


@pytest.mark.parametrize(
    ("name", "source", "told"),
    [
        ("js/quietly.js", None, "js/views/say.js imports js/quietly.js, which is missing"),
        ("js/idle.js", "const a = 1;\n", "no module imports js/idle.js"),
        (
            "js/quietly.js",
            "import { say } from './views/say.js';\nexport const quietly = say;\n",
            "in a circle: js/main.js → js/views/say.js → js/quietly.js → js/views/say.js",
        ),
        ("js/quietly.js", "export const other = 1;\n", "js/quietly.js does not export quietly"),
        ("js/quietly.js", "export default 1;\n", "js/quietly.js has a line that cannot be joined"),
        ("js/quietly.js", "export const quietly = `a\nb`;\n", "a text of several lines"),
        (
            "js/views/say.js",
            "import { quietly as hush } from '../quietly.js';\nexport const say = hush;\n",
            "js/views/say.js imports quietly as hush",
        ),
        (
            "js/views/say.js",
            "import { name } from '../texts.js';\nimport { quietly } from '../quietly.js';\nexport const say = name;\n",
            "js/texts.js is imported as a whole and by names",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused_by_name(name: str, source: str | None, told: str) -> None:
    files = {**MODULES, name: source.encode()} if source else dict(MODULES)
    if source is None:
        del files[name]

    with pytest.raises(SiteError) as refusal:
        bundle(files)

    assert told in str(refusal.value)


def test_two_modules_that_export_the_same_name_are_refused() -> None:
    main = MODULES["js/main.js"] + b"import { quietly } from './other.js';\n"

    with pytest.raises(SiteError, match="both export quietly"):
        bundle({**MODULES, "js/main.js": main, "js/other.js": b"export const quietly = 1;\n"})


def test_the_site_s_own_modules_are_joined() -> None:
    shell = packed_shell()

    assert shell.keys() == {"index.html", "style.css", MAIN}
    parsed = shutil.which("node")
    if parsed:
        subprocess.run([parsed, "--check", "-"], input=shell[MAIN], check=True)
