"""Modules are joined into one script that does what they do."""

from pathlib import Path

import pytest

from playlist_archive.errors import SiteError
from playlist_archive.shell.bundle import MAIN, join_modules
from playlist_archive.shell.site_files import read_shell
from tests.support.javascript import free_names, global_names, run_module

pytestmark = pytest.mark.unit

MODULES = {
    "js/main.js": r"""// Tells.
import { say } from './views/say.js';
import { name, shout } from './texts.js';

const LIST = [1, 2];

/** Say it all. */
console.log([
  say('it'), name, shout('a  b'), LIST.length, /\/\/ no comment/.source, `a ' :  b`,
].join('|'));
""",
    "js/texts.js": """export const name = 'a  :  b';
export function shout(text) {
  return `${text} ! ${text ? 'yes ;  no' : ''}`; // with a remark
}
export class Unused {}
""",
    "js/views/say.js": """import {
  quietly,
} from '../quietly.js';
const ITS = 'its own';
export function say(what) {
  return quietly(`${what} is ${ITS}`);
}
""",
    "js/quietly.js": "export const quietly = (text) => text.toLowerCase();\n",
}


def test_the_script_does_what_the_modules_do(tmp_path: Path) -> None:
    apart = {name: source.encode() for name, source in MODULES.items()}

    told = run_module(tmp_path / "apart", MAIN, apart)

    assert told.startswith("it is its own|a  :  b|")
    assert run_module(tmp_path, MAIN, {MAIN: join_modules(MODULES).encode()}) == told


@pytest.mark.parametrize(
    ("name", "source", "told"),
    [
        ("js/quietly.js", None, "js/views/say.js imports js/quietly.js, which is missing"),
        ("js/main.js", None, "the site imports js/main.js, which is missing"),
        ("js/idle.js", "const a = 1;\n", "no module imports js/idle.js"),
        (
            "js/quietly.js",
            "import { say } from './views/say.js';\nexport const quietly = say;\n",
            "in a circle: js/main.js → js/views/say.js → js/quietly.js → js/views/say.js",
        ),
        ("js/quietly.js", "export const other = 1;\n", "js/quietly.js does not export quietly"),
        ("js/quietly.js", "export default 1;\n", "js/quietly.js has a line that cannot be joined"),
        (
            "js/quietly.js",
            "export let quietly = 1;\n",
            "js/quietly.js has a line that cannot be joined: export let quietly",
        ),
        ("js/quietly.js", "export * from './texts.js';\n", "js/quietly.js has a line that cannot"),
        (
            "js/views/say.js",
            "import { quietly as hush } from '../quietly.js';\nexport const say = hush;\n",
            "js/views/say.js imports quietly as hush",
        ),
        (
            "js/views/say.js",
            "import * as all from '../quietly.js';\nexport const say = all.quietly;\n",
            "no module imports js/quietly.js",
        ),
        (
            "js/quietly.js",
            "const { a } = {};\nexport const quietly = a;\n",
            "js/quietly.js has a line that cannot be joined: const { a } = {};",
        ),
    ],
)
def test_what_cannot_be_joined_is_refused_by_name(name: str, source: str | None, told: str) -> None:
    files = {**MODULES, name: source} if source else dict(MODULES)
    if source is None:
        del files[name]

    with pytest.raises(SiteError) as refusal:
        join_modules(files)

    assert told in str(refusal.value)


@pytest.mark.parametrize(
    "declared",
    [
        "const ITS = 1;",
        "let ITS = 1;",
        "class ITS {}",
        "function ITS() {}",
        "async function ITS() {}",
        "function* ITS() {}",
        "export const ITS = 1;",
        "export async function ITS() {}",
    ],
)
def test_a_name_that_two_modules_declare_is_refused_with_both(declared: str) -> None:
    texts = f"{MODULES['js/texts.js']}{declared}\n"

    with pytest.raises(SiteError, match=r"js/views/say\.js and js/texts\.js both declare ITS"):
        join_modules({**MODULES, "js/texts.js": texts})


def test_a_name_within_a_function_may_be_that_of_another_module(tmp_path: Path) -> None:
    texts = MODULES["js/texts.js"].replace("  return", "  const ITS = 1;\n  return")
    files = {**MODULES, "js/texts.js": texts}

    told = run_module(tmp_path, MAIN, {MAIN: join_modules(files).encode()})

    assert told.startswith("it is its own|")


BROWSER_NAMES = {
    *("Array", "Boolean", "Date", "Error", "Infinity", "JSON", "Map", "Math", "Number", "Object"),
    *("Promise", "RangeError", "Set", "String", "TypeError", "Uint8Array", "undefined"),
    *("Blob", "CustomEvent", "DOMParser", "IntersectionObserver", "TextDecoder", "TextEncoder"),
    *("URL", "URLSearchParams", "decodeURIComponent", "encodeURIComponent", "crypto", "fetch"),
    *("addEventListener", "clearTimeout", "document", "globalThis", "history", "location"),
    *("navigator", "performance", "scrollTo", "scrollY", "setTimeout"),
}
SITE = {name: body.decode() for name, body in read_shell().items() if name.endswith(".js")}


def hidden_names(modules: dict[str, str]) -> dict[str, set[str]]:
    """Return the names of the browser's by which a module would get another module's in the script."""
    [shared] = global_names(join_modules(modules))
    free = free_names(*modules.values())
    hidden = {name: {*used} & {*shared} for name, used in zip(modules, free, strict=True)}
    return {name: found for name, found in hidden.items() if found}


def test_a_shared_name_that_hides_one_of_the_browser_s_is_found() -> None:
    back = {
        "js/main.js": "import { history } from './past.js';\nimport { back } from './back.js';\nback(history);\n",
        "js/past.js": "export const history = [];\n",
        "js/back.js": "export function back(list) {\n  return list.length ? history.back() : null;\n}\n",
    }

    assert hidden_names(back) == {"js/back.js": {"history"}}
    assert hidden_names({**back, "js/back.js": "export const back = (history) => history;\n"}) == {}


def test_every_name_that_the_site_s_modules_use_is_declared_or_the_browser_s() -> None:
    free = {name for found in free_names(*SITE.values()) for name in found}

    assert free - BROWSER_NAMES == set()


def test_no_name_that_the_site_s_modules_share_hides_one_of_the_browser_s() -> None:
    assert hidden_names(SITE) == {}
