"""Bundles the site's JavaScript modules into one script.

A browser requests each imported module only after the importing one, so a page of many modules
waits many times. In the bundle each module is a function, called once, after the modules that it
imports. So its other names stay private. A name that others import from it is unique in the bundle.
"""

import re
from collections.abc import Iterator, Mapping
from posixpath import dirname, join, normpath

from playlist_archive.errors import SiteError

MAIN = "js/main.js"

_IMPORT = re.compile(
    r"""^import\s+(?:\{(?P<names>[^}]*)\}|\*\s+as\s+(?P<whole>\w+))\s+from\s+['"](?P<path>[^'"]+)['"];\n""",
    re.MULTILINE,
)
_EXPORT = re.compile(
    r"^export\s+(?=(?:(?:async\s+)?function\*?|class|const)\s+(\w+))", re.MULTILINE
)
_OTHER = re.compile(r"^(?:import|export)\b.*$", re.MULTILINE)


def join_modules(modules: Mapping[str, str]) -> str:
    """Return one script that does the same as `js/main.js` with all its imports.

    Raises:
        SiteError: a module is missing, imports itself through others, is imported by none, or has
            something that cannot be bundled.
    """
    order = list(_in_order(MAIN, modules, (), set()))
    if idle := sorted(modules.keys() - order):
        raise SiteError(f"no module imports {', '.join(idle)}")
    names = _names(modules)
    return "".join(_wrapped(name, modules[name], names.get(name, "")) for name in order)


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
    for found in _IMPORT.finditer(modules[name]):
        yield from _in_order(_resolve(name, found["path"]), modules, (*path, name), done)
    done.add(name)
    yield name


def _names(modules: Mapping[str, str]) -> dict[str, str]:
    """Return the imports from each module: names separated by commas, or one namespace name."""
    imported: dict[str, set[str]] = {}
    owner: dict[str, str] = {}
    for importer, source in modules.items():
        for found in _IMPORT.finditer(source):
            module = _resolve(importer, found["path"])
            names = {one.strip() for one in (found["names"] or "").split(",")} - {""}
            wanted = {f"*{found['whole']}"} if found["whole"] else names
            for name in wanted:
                if " as " in name:
                    raise SiteError(f"{importer} imports {name}: give it a name of its own there")
                if owner.setdefault(name.removeprefix("*"), module) != module:
                    raise SiteError(f"{module} and {owner[name]} both export {name}")
            imported.setdefault(module, set()).update(wanted)
    return {module: _together(module, names) for module, names in imported.items()}


def _together(module: str, names: set[str]) -> str:
    if len(names) > 1 and any(name.startswith("*") for name in names):
        raise SiteError(f"{module} is imported as a whole and by names, or by two: choose one")
    return ",".join(sorted(names))


def _wrapped(name: str, source: str, names: str) -> str:
    """Return a module as a called function, and the names that others import from it."""
    exported = set(_EXPORT.findall(source))
    body = _EXPORT.sub("", _IMPORT.sub("", source))
    if odd := _OTHER.search(body):
        raise SiteError(f"{name} has a line that cannot be joined: {odd[0]}")
    if not names:
        return f"(()=>{{\n{body}}})();\n"
    if names.startswith("*"):
        return f"const {names[1:]}=(()=>{{\n{body}return{{{','.join(sorted(exported))}}};}})();\n"
    if missing := set(names.split(",")) - exported:
        raise SiteError(f"{name} does not export {', '.join(sorted(missing))}")
    return f"const {{{names}}}=(()=>{{\n{body}return{{{names}}};}})();\n"


def _resolve(name: str, path: str) -> str:
    return normpath(join(dirname(name), path))
