"""Scripts as node's own parser sees them."""

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

# What a scope declares, and which names of a script no scope of its own declares.
_READERS = """
const { readFileSync } = require('fs');
let acorn;
let walk;
try {
  acorn = require('internal/deps/acorn/acorn/dist/acorn');
  walk = require('internal/deps/acorn/acorn-walk/dist/walk');
} catch {
  process.exit(77);
}
const AS = { ecmaVersion: 'latest', sourceType: 'module' };

const PLACES = new Set(['start', 'end']);

function tree(source) {
  return JSON.stringify(acorn.parse(source, AS), (key, value) => (PLACES.has(key) ? undefined : value));
}

function named(pattern) {
  switch (pattern?.type) {
    case 'Identifier': return [pattern.name];
    case 'ObjectPattern': return pattern.properties.flatMap((it) => named(it.argument ?? it.value));
    case 'ArrayPattern': return pattern.elements.flatMap(named);
    case 'AssignmentPattern': return named(pattern.left);
    case 'RestElement': return named(pattern.argument);
    default: return [];
  }
}

function stated(statement) {
  const it = statement?.declaration ?? statement;
  if (it?.type === 'ImportDeclaration') return it.specifiers.map((one) => one.local.name);
  if (it?.type === 'VariableDeclaration') return it.declarations.flatMap((one) => named(one.id));
  return it?.type === 'FunctionDeclaration' || it?.type === 'ClassDeclaration' ? named(it.id) : [];
}

function declared(node) {
  if (node.type === 'CatchClause') return named(node.param);
  if (node.type.startsWith('For')) return stated(node.init ?? node.left);
  if (node.type === 'SwitchStatement') return node.cases.flatMap((one) => one.consequent.flatMap(stated));
  const parameters = (node.params ?? []).flatMap(named);
  const own = node.type.endsWith('Expression') ? named(node.id) : [];
  return [...parameters, ...own, ...(Array.isArray(node.body) ? node.body.flatMap(stated) : [])];
}

function free(source) {
  const found = new Set();
  const look = (node, _, ancestors) => {
    if (!ancestors.some((one) => declared(one).includes(node.name))) found.add(node.name);
  };
  walk.ancestor(acorn.parse(source, AS), { Identifier: look, VariablePattern: look });
  return [...found].sort();
}

function global(source) {
  return acorn.parse(source, AS).body.flatMap(stated);
}

const [reader, sources] = JSON.parse(readFileSync(0, 'utf8'));
const read = { tree, free, global }[reader];
console.log(JSON.stringify(sources.map(read)));
"""
_NO_PARSER = 77


def node() -> str:
    """Return where node is; skip the test where it is nowhere."""
    found = shutil.which("node")
    if found is None:
        pytest.skip("scripts run under node, and there is none on PATH")
    return found


def run_module(folder: Path, main: str, files: Mapping[str, bytes]) -> str:
    """Run a module with those beside it, and return what it prints."""
    for name, body in {**files, "package.json": b'{"type": "module"}'}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(body)
    return subprocess.run(
        [node(), folder / main], capture_output=True, check=True, text=True
    ).stdout


def trees(*sources: str) -> list[str]:
    """Return what each script says, as one text: its statements without places in it."""
    return _read("tree", sources)


def free_names(*sources: str) -> list[list[str]]:
    """Return the names that each script uses and does not declare, as those of the browser."""
    return _read("free", sources)


def global_names(*sources: str) -> list[list[str]]:
    """Return the names that each script declares for all of itself."""
    return _read("global", sources)


def _read(reader: str, sources: tuple[str, ...]) -> list[Any]:
    done = subprocess.run(
        [node(), "--expose-internals", "--eval", _READERS],
        input=json.dumps([reader, sources]),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == _NO_PARSER:
        pytest.skip("this node was built without a parser of its own")
    assert done.returncode == 0, done.stderr
    answers: list[Any] = json.loads(done.stdout)
    return answers
