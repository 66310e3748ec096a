"""Finds the versions of each playlist in the old archive's commits, and when each was read.

A run of the old archive rewrote the pages of changed playlists, and committed them. Pages are
recognised by the playlist id in them, because their paths were names, which changed and were reused
by other playlists.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import NamedTuple

from playlist_archive_cli.imports.old_archive.repository import Change, Commit

_PRETTY = "playlists/pretty/"
_PLAIN = "playlists/plain/"
_ALIASES = ("playlists/aliases/", "playlists/registry/")
_REGISTRY = "playlists/registry/"
_RAW = "playlists/raw/"
_NAMES_ONLY = re.compile(r"playlists/[^/]+\.txt")
_DOCUMENT, _MARKDOWN = ".json", ".md"
# The message of a run's commit has the time of the run, since March 2022 "Run 12 via schedule".
_RUN = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d|^Run \d+ via ")


class PageFile(NamedTuple):
    """The playlist of a page and its name there, and digests of the content and of Spotify's answer."""

    playlist_id: str
    name: str
    is_document: bool
    content: bytes
    answer: bytes


class FoundVersion(NamedTuple):
    """A version: its commit, its file, and the last check before it.

    `aliased` says that its name was given by the old archive's owner.
    """

    playlist_id: str
    commit: str
    time: int
    blob: str
    aliased: bool
    previous_check: int | None


class _Shown(NamedTuple):
    """The file that shows a playlist, and whether the commit that wrote it `added` it."""

    path: str
    blob: str
    added: bool


@dataclass
class _State:
    """The playlists of the old archive after a commit.

    `plain` are those with a plain list, which a run deleted if it could not read the playlist.
    """

    shown: dict[str, _Shown] = field(default_factory=dict)
    plain: frozenset[str] = frozenset()
    aliased: frozenset[str] = frozenset()
    has_registry: bool = False

    def copy(self) -> "_State":
        return replace(self, shown=dict(self.shown))


class _Reading(NamedTuple):
    """The effects of a commit: its new versions of playlists, None for deleted ones.

    `proven` are the playlists that the run has certainly read, changed or not.
    """

    commit: Commit
    shown: Mapping[str, _Shown | None]
    proven: AbstractSet[str]
    aliased: AbstractSet[str]


def is_page(path: str) -> bool:
    return path.startswith(_PRETTY) and path.endswith((_DOCUMENT, _MARKDOWN))


def is_document(path: str) -> bool:
    return path.endswith(_DOCUMENT)


def document_beside(page: str) -> str:
    """Return the path of the JSON document beside a Markdown page."""
    return page.removesuffix(_MARKDOWN) + _DOCUMENT


def is_alias(path: str) -> bool:
    return path.startswith(_ALIASES)


def is_in_registry(path: str) -> bool:
    return path.startswith(_REGISTRY)


def has_names_only(path: str) -> bool:
    """Whether a file has the format of the first day, without ids or a reliable order."""
    return path.startswith(_RAW) or bool(_NAMES_ONLY.fullmatch(path))


def is_list(path: str) -> bool:
    """Whether a file is a registration or an alias of a playlist."""
    return path.startswith((_PLAIN, *_ALIASES))


def tell(
    commits: Sequence[Commit], pages: Mapping[str, PageFile], aliases: AbstractSet[str]
) -> Iterator[FoundVersion]:
    """Yield all versions sorted by time.

    `commits` have parents before children. `pages` are the readable files by blob, and `aliases`
    the blobs with an alias.
    """
    known: dict[str, PageFile] = {}
    once: dict[str, set[bytes]] = {}
    checked: dict[str, int] = {}
    for reading in sorted(_readings(commits, pages, aliases), key=lambda one: one.commit.time):
        commit, aliased = reading.commit, reading.aliased
        proven = set(reading.proven)
        for playlist_id, shown in reading.shown.items():
            if shown is None:
                known.pop(playlist_id, None)
                continue
            before, page = known.get(playlist_id), pages[shown.blob]
            if before is None or before.content != page.content:
                contents = once.setdefault(playlist_id, set())
                if page.content in contents and shown.added and not _is_run(commit):
                    continue  # an outdated file that was moved
                contents.add(page.content)
                last = checked.get(playlist_id)
                is_aliased = playlist_id in aliased
                yield FoundVersion(
                    playlist_id, commit.id, commit.time, shown.blob, is_aliased, last
                )
            if before is None or before.answer != page.answer:
                proven.add(playlist_id)
            known[playlist_id] = page
        checked |= dict.fromkeys(proven & known.keys(), commit.time)


def _readings(
    commits: Sequence[Commit], pages: Mapping[str, PageFile], aliases: AbstractSet[str]
) -> Iterator[_Reading]:
    branched = _branched(commits)
    children = Counter(commit.parents[0] for commit in commits if commit.parents)
    states: dict[str, _State] = {}
    for commit in commits:
        state = _inherit(commit, states, children)
        _apply_lists(commit, state, aliases)
        shown = _apply_pages(commit, state, pages)
        if children[commit.id]:
            states[commit.id] = state
        if commit.is_merge or not (shown or _is_run(commit)):
            continue
        # Once there was a registry, a run may have failed for some playlists and kept their pages.
        whole = _is_run(commit) and not state.has_registry
        proven = state.plain if whole else frozenset()
        if whole and commit.id in branched:
            shown |= {one: state.shown[one] for one in proven & state.shown.keys()}
        yield _Reading(commit, shown, proven, state.aliased)


def _is_run(commit: Commit) -> bool:
    return bool(_RUN.search(commit.subject))


def _branched(commits: Sequence[Commit]) -> set[str]:
    """Return the commits whose parent is not the one before them in time.

    Files that such a commit leaves unchanged may still differ from those of the commit before it in
    time.
    """
    pages_of: dict[str, str] = {}  # the newest commit that wrote pages
    follows: dict[str, str] = {}
    for commit in commits:
        before = pages_of.get(commit.parents[0], "") if commit.parents else ""
        writes = any(is_page(one.path) for one in commit.changes)
        pages_of[commit.id] = commit.id if writes else before
        if writes and not commit.is_merge:
            follows[commit.id] = before
    times = {commit.id: commit.time for commit in commits}
    ordered = sorted(follows, key=times.__getitem__)
    return {one for before, one in pairwise(["", *ordered]) if follows[one] != before}


def _inherit(commit: Commit, states: dict[str, _State], children: Counter[str]) -> _State:
    """Return the state before a commit, as a copy that may be changed."""
    if not commit.parents or commit.parents[0] not in states:
        return _State()
    parent = commit.parents[0]
    children[parent] -= 1
    return states[parent].copy() if children[parent] else states.pop(parent)


def _apply_lists(commit: Commit, state: _State, aliases: AbstractSet[str]) -> None:
    for path, blob, _ in commit.changes:
        playlist_id = path.rpartition("/")[2]
        if path.startswith(_PLAIN):
            state.plain = _with(state.plain, playlist_id, there=blob is not None)
        elif is_alias(path):
            state.has_registry |= is_in_registry(path)
            state.aliased = _with(state.aliased, playlist_id, there=blob in aliases)


def _with(some: frozenset[str], one: str, *, there: bool) -> frozenset[str]:
    return (some if one in some else some | {one}) if there else some - {one}


def _apply_pages(
    commit: Commit, state: _State, pages: Mapping[str, PageFile]
) -> dict[str, _Shown | None]:
    """Update which files show the playlists, and return the playlists for which that changed."""
    changed: dict[str, _Shown | None] = {}
    deleted = {path for path, blob, _ in commit.changes if blob is None and is_page(path)}
    if deleted:
        changed |= {one: None for one, shown in state.shown.items() if shown.path in deleted}
    written: dict[str, list[Change]] = {}
    for change in commit.changes:
        if change.blob and change.blob in pages and is_page(change.path):
            written.setdefault(pages[change.blob].playlist_id, []).append(change)
    for playlist_id, files in written.items():
        current = None if playlist_id in changed else state.shown.get(playlist_id)
        if chosen := _choose(files, current, state.shown.get(playlist_id), pages):
            changed[playlist_id] = chosen
    for playlist_id, shown in changed.items():
        if shown is None:
            del state.shown[playlist_id]
        else:
            state.shown[playlist_id] = shown
    return changed


def _choose(
    files: Sequence[Change],
    current: _Shown | None,
    before: _Shown | None,
    pages: Mapping[str, PageFile],
) -> _Shown | None:
    """Return which of a playlist's files in a commit shows it from now on.

    A JSON document outranks the page beside it. A commit may also write files under former names,
    only to update their links.
    """
    documents = [one for one in files if is_document(one.path)]
    if not documents and current and is_document(current.path):
        return None
    content = pages[before.blob].content if before else None

    def rank(file: Change) -> tuple[bool, bool, bool]:
        assert file.blob
        is_current = current is not None and file.path == current.path
        return pages[file.blob].content == content, is_current, file.added

    best = max(documents or files, key=rank)
    assert best.blob
    return _Shown(best.path, best.blob, best.added)
