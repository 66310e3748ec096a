"""Bundles the site's JavaScript modules into one script.

A browser requests each imported module only after the importing one, so a page of many modules
waits many times. The bundle has one module after the other, each after those that it imports. All
top-level names share its scope, so only one module may declare a name.
"""

import re
from collections.abc import Iterator, Mapping
from posixpath import dirname, join, normpath

from playlist_archive.errors import SiteError

MAIN = "js/main.js"

_IMPORT = re.compile(
    r"""^import\s+\{(?P<names>[^}]*)\}\s+from\s+['"](?P<path>[^'"]+)['"];\n""", re.MULTILINE
)
_DECLARATION = re.compile(
    r"^(?P<export>export\s+)?(?:(?:async\s+)?function\*?|class|const|let)\s+(?P<name>\w+)",
    re.MULTILINE,
)
_EXPORT = re.compile(r"^export\s+(?=(?:async|function|class|const)\b)", re.MULTILINE)
_OTHER = re.compile(r"^(?:(?:import|export|var)\b|(?:const|let)\s*[\[{]).*$", re.MULTILINE)


def join_modules(modules: Mapping[str, str]) -> str:
    """Return one script that does the same as `js/main.js` with all its imports.

    Raises:
        SiteError: a module is missing, imports itself through others, is imported by none,
            declares a name of another, or has something that cannot be bundled.
    """
    order = list(_in_order(MAIN, modules, (), set()))
    if idle := sorted(modules.keys() - order):
        raise SiteError(f"no module imports {', '.join(idle)}")
    bare = [_bare(name, modules[name]) for name in order]
    _check_names(order, modules)
    return "".join(bare)


def _in_order(
    name: str, modules: Mapping[str, str], path: tuple[str, ...], done: set[str]
) -> Iterator[str]:
    """Yield a module after those that it imports, each once; `path` is the chain of imports."""
    if name in done:
        return
    if name in path:
        raise SiteError(f"modules import each other in a circle: {' → '.join((*path, name))}")
    if name not in modules:
        raise SiteError(f"{path[-1] if path else 'the site'} imports {name}, which is missing")
    for imported, _ in _imports(name, modules[name]):
        yield from _in_order(imported, modules, (*path, name), done)
    done.add(name)
    yield name


def _check_names(order: list[str], modules: Mapping[str, str]) -> None:
    """Check that each name is declared once, and is exported where it is imported from."""
    owners: dict[str, str] = {}
    exports: set[tuple[str, str]] = set()
    for module in order:
        for imported, names in _imports(module, modules[module]):
            for name in names:
                if " as " in name:
                    raise SiteError(f"{module} imports {name}: give it a name of its own there")
                if (imported, name) not in exports:
                    raise SiteError(f"{imported} does not export {name}, which {module} imports")
        for found in _DECLARATION.finditer(modules[module]):
            owner = owners.setdefault(found["name"], module)
            if owner != module:
                raise SiteError(f"{owner} and {module} both declare {found['name']}: rename one")
            if found["export"]:
                exports.add((module, found["name"]))


def _bare(name: str, source: str) -> str:
    """Return a module without its imports and its keywords `export`."""
    bare = _EXPORT.sub("", _IMPORT.sub("", source))
    if odd := _OTHER.search(bare):
        raise SiteError(f"{name} has a line that cannot be joined: {odd[0]}")
    return bare


def _imports(name: str, source: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each module that a module imports, and the imported names."""
    for found in _IMPORT.finditer(source):
        names = [one.strip() for one in found["names"].split(",")]
        yield normpath(join(dirname(name), found["path"])), [one for one in names if one]
