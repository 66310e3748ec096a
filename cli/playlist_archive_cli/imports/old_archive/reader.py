"""Reads the versions of playlists from the old archive's repository.

All pages are read twice: first to find out which of them are versions, and then one at a time. So
only digests stay in memory.
"""

from collections.abc import Collection, Generator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import compress
from pathlib import PurePosixPath
from sys import intern
from typing import NamedTuple

from playlist_archive.documents.keys import is_playlist_id
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.imports.old_archive.page_names import Named, doubtful_names
from playlist_archive_cli.imports.old_archive.pages import (
    NAMES_ONLY,
    Page,
    Pages,
    UnreadablePageError,
)
from playlist_archive_cli.imports.old_archive.repository import Change, Commit, Repository
from playlist_archive_cli.imports.old_archive.timeline import (
    FoundVersion,
    PageFile,
    document_beside,
    has_names_only,
    is_alias,
    is_document,
    is_in_registry,
    is_list,
    is_page,
    tell,
)
from playlist_archive_cli.imports.versions import LeftOuts, PastVersion
from playlist_archive_cli.screen import tell as say

_TOLD_EVERY = 10_000
# From this day on the pages have escapes, and each has a JSON document without escapes beside it.
_ESCAPED_FROM = datetime(2021, 12, 19, tzinfo=UTC)
_NO_DOCUMENT = "the page has escapes, and the document beside it is missing"
# Since then files are named by playlist id, so files of other playlists need not be read.
_NAMED_BY_ID_FROM = datetime(2021, 10, 24, tzinfo=UTC)
# On these days the old archive wrote zero for an unknown number.
_NO_FOLLOWERS_FROM = datetime(2021, 12, 26, tzinfo=UTC)
_NO_FOLLOWERS_FOR = timedelta(days=2)


class _Files(NamedTuple):
    """The commits, parents first, with their relevant files, and the path of each blob."""

    commits: list[Commit]
    pages: dict[str, Change]
    aliases: set[str]


class OldArchive:
    """Reads the `chosen` playlists of one repository, or all if none is chosen."""

    def __init__(
        self, repository: Repository, left_out: LeftOuts, chosen: Collection[str] = ()
    ) -> None:
        self._repository = repository
        self._left_out = left_out
        self._chosen = chosen
        self._pages = Pages()
        self._known: dict[str, PageFile] = {}
        self._doubtful_names: set[FoundVersion] = set()
        self._in_pack_order: list[str] = []

    def versions(self) -> list[FoundVersion]:
        """Return all versions, without contents, sorted by time.

        Raises:
            CommandError: the repository cannot be read, or is no such archive.
        """
        files = self._list_files()
        say(f"{len(files.commits):,} commits with {len(files.pages):,} pages to read")
        wanted = self._repository.in_pack_order({*files.pages, *files.aliases})
        pages, aliases = self._known, set[str]()
        for number, (blob, body) in enumerate(self._repository.blobs(wanted), start=1):
            if not number % _TOLD_EVERY:
                say(f"{number:,} of {len(wanted):,} read")
            if blob in files.aliases and body.strip():
                aliases.add(blob)
            if change := files.pages.get(blob):
                self._recognise(change, blob, body, pages)
        self._in_pack_order = [blob for blob in wanted if blob in pages]
        told = self._last_of_each_second(tell(files.commits, pages, aliases))
        self._doubtful_names = set(self._with_doubtful_names(told))
        return told

    def _last_of_each_second(self, told: Iterable[FoundVersion]) -> list[FoundVersion]:
        """Return the versions; of several in the same second only the last one.

        It gets the last check of the first version in that second.
        """
        kept: dict[tuple[str, int], FoundVersion] = {}
        for one in told:
            first = kept.get((one.playlist_id, one.time))
            if first:
                where = f"{first.playlist_id} at {first.commit}"
                self._left_out.add("version", "another one follows in the same second", where)
            checked = (first or one).previous_check
            kept[one.playlist_id, one.time] = one._replace(previous_check=checked)
        return list(kept.values())

    def _with_doubtful_names(self, told: Iterable[FoundVersion]) -> Iterator[FoundVersion]:
        """Yield the versions whose name may not be Spotify's."""
        of_playlist: dict[str, list[FoundVersion]] = {}
        for one in told:
            if one.aliased:
                yield one
            else:
                of_playlist.setdefault(one.playlist_id, []).append(one)
        for versions in of_playlist.values():
            named = [Named(one.time, self._known[one.blob].name) for one in versions]
            yield from compress(versions, doubtful_names(named))

    def read(self, told: Iterable[FoundVersion]) -> Generator[PastVersion]:
        """Yield versions with their contents, in the order of git's pack files."""
        by_blob: dict[str, list[FoundVersion]] = {}
        for one in told:
            by_blob.setdefault(one.blob, []).append(one)
        wanted = [blob for blob in self._in_pack_order if blob in by_blob]
        for blob, body in self._repository.blobs(wanted):
            page = self._pages.read(body, is_document=self._known[blob].is_document)
            for one in by_blob[blob]:
                yield self._version(one, page)

    def _list_files(self) -> _Files:
        commits: list[Commit] = []
        pages: dict[str, Change] = {}
        aliases: set[str] = set()
        alone: list[list[str]] = []
        is_archive = False
        for commit in self._repository.commits():
            is_archive = is_archive or any(is_page(one.path) for one in commit.changes)
            alone.append(self._list_alone(commit))
            changes = [one for one in commit.changes if self._counts(one, commit)]
            for change in changes:
                if change.blob and is_page(change.path):
                    pages[change.blob] = change
                elif change.blob and is_alias(change.path):
                    aliases.add(change.blob)
            commits.append(commit._replace(changes=changes))
        if not is_archive:
            raise CommandError("the repository holds no page of an archive of playlists")
        commits.reverse()
        self._count_without_document(commits, alone[::-1])
        return _Files(commits, pages, aliases)

    def _list_alone(self, commit: Commit) -> list[str]:
        """Return the pages with escapes for which a commit wrote no JSON document."""
        if commit.is_merge or commit.time < _ESCAPED_FROM.timestamp():
            return []
        written = {one.path for one in commit.changes if one.blob and is_page(one.path)}
        return [
            path
            for path in written
            if not is_document(path)
            and document_beside(path) not in written
            and not self._is_of_another(path)
        ]

    def _count_without_document(
        self, commits: Iterable[Commit], alone: Iterable[Iterable[str]]
    ) -> None:
        """Count the pages of each commit, parents first, that have no JSON document."""
        documents: set[str] = set()
        for commit, paths in zip(commits, alone, strict=True):
            for path, blob, _ in commit.changes:
                if is_page(path) and is_document(path):
                    (documents.add if blob else documents.discard)(path)
            for path in paths:
                if document_beside(path) not in documents:
                    self._left_out.add("version", _NO_DOCUMENT, path)

    def _is_of_another(self, path: str) -> bool:
        """Whether a file's name is the id of a playlist that is not chosen."""
        stem = PurePosixPath(path).stem
        return bool(self._chosen) and is_playlist_id(stem) and stem not in self._chosen

    def _counts(self, change: Change, commit: Commit) -> bool:
        """Whether a file is needed for the history; unusable files are counted as left out.

        They are not counted again in a merge.
        """
        path, of_another, time = change.path, self._is_of_another(change.path), commit.time
        if is_page(path):
            is_readable = is_document(path) or time < _ESCAPED_FROM.timestamp()
            return is_readable and not (of_another and time >= _NAMED_BY_ID_FROM.timestamp())
        if of_another:
            # The existence of a registry changes what a run proves about every playlist.
            return is_in_registry(path)
        if not (has_names_only(path) or is_list(path)):
            return False
        if has_names_only(path):
            if change.blob and not commit.is_merge:
                self._left_out.add("version", NAMES_ONLY, path)
            return False
        if not is_playlist_id(path[path.index("/", len("playlists/")) + 1 :]):
            if change.added and not self._chosen and not commit.is_merge:
                self._left_out.add("file", "its name is no playlist id", path)
            return False
        return True

    def _recognise(
        self, change: Change, blob: str, body: bytes, pages: dict[str, PageFile]
    ) -> None:
        path = change.path
        try:
            page = self._pages.read(body, is_document=is_document(path))
        except UnreadablePageError as error:
            self._left_out.add("version", str(error), f"{path}, file {blob}")
            return
        playlist_id = page.playlist_id or PurePosixPath(path).stem
        if not is_playlist_id(playlist_id):
            self._left_out.add("version", "it names no playlist", f"{path}, file {blob}")
        elif not self._chosen or playlist_id in self._chosen:
            pages[blob] = PageFile(
                playlist_id, intern(page.name), is_document(path), page.content, page.answer
            )

    def _version(self, told: FoundVersion, page: Page) -> PastVersion:
        time = datetime.fromtimestamp(told.time, UTC)
        for number, text in page.unreadable:
            where = f"{told.playlist_id} at {told.commit}, row {number}: {text}"
            self._left_out.add("row", "it has no song that can be read; its place is kept", where)
        no_number = _NO_FOLLOWERS_FROM <= time < _NO_FOLLOWERS_FROM + _NO_FOLLOWERS_FOR
        checked = told.previous_check
        return PastVersion(
            playlist_id=told.playlist_id,
            time=time,
            source="git-archive",
            reference=told.commit,
            name=page.name,
            description=page.description,
            owner=page.owner,
            snapshot_id=page.snapshot_id,
            followers=None if no_number and page.followers == 0 else page.followers,
            unknown=(*page.unknown, "name") if told in self._doubtful_names else page.unknown,
            rows=page.rows,
            previous_check=None if checked is None else datetime.fromtimestamp(checked, UTC),
        )
