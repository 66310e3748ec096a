"""The names under which the site's files are published."""

import re
from hashlib import sha256
from posixpath import dirname, join, normpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.errors import SiteError
from playlist_archive.shell.assets import SITE_INDEX, content_type_of, publish_as
from playlist_archive.shell.site_files import read_shell
from tests.support.a_site import SITE

pytestmark = pytest.mark.unit

HASHED = re.compile(r"(.*)\.([0-9a-f]{12})(\.\w+)")


def source_of(key: str) -> str:
    """Return the name of the file that is published under a key."""
    return HASHED.sub(r"\1\3", key.removeprefix("site/"))


def script(*mentions: str) -> bytes:
    return "".join(f'import "{it}";\n' for it in mentions).encode()


def with_scripts(**scripts: bytes) -> dict[str, bytes]:
    """Return a site whose page names the script `main`."""
    files = {f"js/{name}.js": body for name, body in scripts.items()}
    return {"index.html": b'<script src="js/main.js"></script>', **files}


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no index.html"),
        ({"js/main.js": b""}, "no index.html"),
        (with_scripts(), "index.html names js/main.js, which is none of the site's assets"),
        (with_scripts(main=script("./gone.js")), "js/main.js names js/gone.js"),
        (with_scripts(main=script("../../etc/passwd")), "js/main.js names ../etc/passwd"),
        (with_scripts(main=script("../index.html")), "js/main.js names index.html"),
        (
            {"index.html": b"", "style.css": b"a { mask: url(gone.svg) }"},
            "style.css names gone.svg",
        ),
        ({"index.html": b"", "notes.txt": b""}, "notes.txt is of no type"),
        ({"index.html": b"", "js/no-suffix": b""}, "js/no-suffix is of no type"),
        (with_scripts(main=script("./main.js")), "js/main.js → js/main.js"),
        (
            with_scripts(main=script("./a.js"), a=script("./b.js"), b=script("./a.js")),
            "in a circle: js/a.js → js/b.js → js/a.js",
        ),
    ],
)
def test_files_that_do_not_fit_together_are_named(files: dict[str, bytes], words: str) -> None:
    with pytest.raises(SiteError) as refused:
        publish_as(files)

    assert words in str(refused.value)


def test_every_asset_has_the_hash_of_its_contents_in_its_name() -> None:
    objects = publish_as(SITE)

    assert {source_of(key) for key in objects} == SITE.keys()
    for key, body in objects.items():
        if key != SITE_INDEX:
            named = HASHED.fullmatch(key)
            assert named
            assert sha256(body).hexdigest().startswith(named[2])


def test_a_script_imports_the_others_by_their_published_names() -> None:
    objects = publish_as(SITE)
    keys = {source_of(key): key for key in objects}
    h, home = (keys[name].rpartition("/")[2] for name in ("js/h.js", "js/views/home.js"))

    assert objects[keys["js/main.js"]].decode() == (
        f'import {{ h }} from "./{h}";\n'
        f"import {{\n  home,\n}} from './views/{home}';\n"
        f'export * from "./{h}";\n'
        f'const later = () => import("./views/{home}");\n'
        'document.title = h(home) + " from here";\n'
    )
    assert objects[keys["js/views/home.js"]].startswith(f"import '../{h}';".encode())


def test_the_page_names_its_assets_and_leaves_other_links_as_they_are() -> None:
    page = publish_as(SITE)[SITE_INDEX].decode()

    assert re.search(r'href="style\.[0-9a-f]{12}\.css"', page)
    assert re.search(r'href="js/views/home\.[0-9a-f]{12}\.js"', page)
    assert re.search(r"src='\./js/main\.[0-9a-f]{12}\.js'", page)
    for elsewhere in ("data:,", "#content", "/playlists/index.md", "https://open.spotify.com/"):
        assert f'href="{elsewhere}"' in page


def test_a_style_sheet_names_its_images() -> None:
    objects = publish_as(SITE)
    [sheet] = [body.decode() for key, body in objects.items() if key.endswith(".css")]

    assert re.search(r"url\(dot\.[0-9a-f]{12}\.svg\)", sheet)
    assert 'url("data:image/gif;base64,R0=")' in sheet


def test_each_file_comes_after_those_that_it_names_and_the_page_comes_last() -> None:
    published = [source_of(key) for key in publish_as(SITE)]

    assert published[-1] == "index.html"
    assert published.index("js/h.js") < published.index("js/views/home.js")
    assert published.index("js/views/home.js") < published.index("js/main.js")
    assert published.index("dot.svg") < published.index("style.css")


@pytest.mark.parametrize("changed", sorted(SITE))
def test_a_change_renames_what_leads_to_it_and_nothing_else(changed: str) -> None:
    leads_to = {
        "index.html": set(),
        "style.css": {"style.css"},
        "dot.svg": {"dot.svg", "style.css"},
        "js/main.js": {"js/main.js"},
        "js/h.js": {"js/h.js", "js/views/home.js", "js/main.js"},
        "js/views/home.js": {"js/views/home.js", "js/main.js"},
    }
    before, after = publish_as(SITE), publish_as({**SITE, changed: SITE[changed] + b"\n"})

    assert {source_of(key) for key in after.keys() - before.keys()} == leads_to[changed]
    assert after[SITE_INDEX] != before[SITE_INDEX]


@given(st.permutations(sorted(SITE)))
def test_the_order_of_the_files_does_not_matter(order: list[str]) -> None:
    assert list(publish_as({name: SITE[name] for name in order}).items()) == list(
        publish_as(SITE).items()
    )


NAMES = [f"js/{folder}{name}.js" for folder in ("", "views/", "views/parts/") for name in "abc"]


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, bytes]:
    """Return a site in which each script imports some of those before it."""
    files: dict[str, bytes] = {}
    for number, name in enumerate(NAMES):
        earlier = draw(st.sets(st.sampled_from(NAMES[:number]))) if number else set()
        up = "../" * name.count("/")
        files[name] = script(*(f"./{up}{it}" for it in sorted(earlier)))
    return {"index.html": f'<script src="{NAMES[-1]}"></script>'.encode(), **files}


@given(graphs())
def test_whatever_imports_what_every_import_leads_to_an_object(files: dict[str, bytes]) -> None:
    objects = publish_as(files)

    for key, body in objects.items():
        mentioned = re.findall(r"""(?:import|src=) ?"([^"]+)""", body.decode())
        assert {normpath(join(dirname(key), it)) for it in mentioned} <= objects.keys()
        assert len(mentioned) == files[source_of(key)].count(b'"') / 2


def test_the_files_are_of_the_types_that_browsers_want() -> None:
    assert {content_type_of(key).partition(";")[0] for key in publish_as(SITE)} == {
        "text/html",
        "text/css",
        "text/javascript",
        "image/svg+xml",
    }


def test_the_shell_that_is_packed_can_be_published() -> None:
    shell = read_shell()
    if not shell:
        pytest.skip("no shell is packed yet")

    assert {source_of(key) for key in publish_as(shell)} == shell.keys()
