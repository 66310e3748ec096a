"""Reads commits and files of a git repository, without checking it out."""

import os
import re
import subprocess
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import IO, NamedTuple, Self

from playlist_archive_cli.errors import CommandError

_FORMAT = "%x01%H %ct %P%x02%s"
_CHUNK = 1 << 20
_BRANCHES = ("main", "master")
_NO_BRANCH = "none-is-checked-out"
_HEAD = re.compile(rb"([0-9a-f]{40,64}) (\d+) ([0-9a-f ]*)\x02(.*)", re.DOTALL)
# So that git's output does not depend on the owner's settings, and nothing is fetched.
_ENVIRONMENT = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "LC_ALL": "C",
}


class Change(NamedTuple):
    """A file in a commit; `blob` is None if the commit deleted it.

    Bytes of the path that are not UTF-8 are escaped, so that it can be printed.
    """

    path: str
    blob: str | None
    added: bool = False


class Commit(NamedTuple):
    """A commit with its changes against the first parent; `time` is the committer's."""

    id: str
    time: int
    parents: tuple[str, ...]
    subject: str
    changes: list[Change]

    @property
    def is_merge(self) -> bool:
        return len(self.parents) > 1


class Repository:
    """A repository on this machine, bare or not."""

    def __init__(self, folder: Path, named: Path | None = None) -> None:
        """Read the repository in `folder`; for a bundle, `named` is the bundle's path."""
        self._folder = folder
        self._named = named or folder

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Open a clone or a bundle; a bundle is unpacked for as long as it is open.

        Raises:
            CommandError: there is no repository, or it is a shallow clone.
        """
        if not path.exists():
            raise CommandError(f"{path} does not exist")
        if path.is_dir():
            repository = cls(path)
            if repository.ask("rev-parse", "--is-shallow-repository").strip() == b"true":
                raise CommandError(
                    f"{path} has not the whole history: run `git fetch --unshallow` in it"
                )
            yield repository
            return
        with tempfile.TemporaryDirectory(prefix="playlist-archive-") as folder:
            repository = cls(Path(folder), path)
            # Only what the bundle says was checked out may be so, whatever the owner's settings are.
            repository.ask("init", "--bare", "--quiet", f"--initial-branch={_NO_BRANCH}")
            bundle = str(path.absolute())
            repository.ask("fetch", "--quiet", bundle, "+refs/*:refs/*")
            if checked_out := repository.ask("bundle", "list-heads", bundle, "HEAD").split():
                repository.ask("update-ref", "--no-deref", "HEAD", checked_out[0].decode())
            yield repository

    def tip(self) -> str:
        """Return the newest commit: that of HEAD, or of the main branch.

        Raises:
            CommandError: there is no such branch, or it cannot be read.
        """
        names = self.ask("for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes")
        known = names.decode(errors="replace").split()
        main = [
            f"refs/{place}/{name}" for place in ("heads", "remotes/origin") for name in _BRANCHES
        ]
        likely = ["HEAD", *(name for name in main if name in known), *known[: len(known) == 1]]
        for name in likely:
            found = self._run("rev-parse", "--verify", f"{name}^{{commit}}")
            if found.returncode == 0:
                return found.stdout.decode().strip()
            if name in known:
                raise CommandError(self._explain(found.stderr))
        raise CommandError(f"{self._named} has no commit, nor a branch called main or master")

    def commits(self) -> Generator[Commit]:
        """Yield the newest commit and all its ancestors, children before their parents.

        Raises:
            CommandError: git fails.
        """
        arguments = (
            "log",
            "--raw",
            "-z",
            "--root",
            "--no-renames",
            "--no-abbrev",
            "--no-color",
            "--no-show-signature",
            "--topo-order",
            "--diff-merges=first-parent",
            "--encoding=UTF-8",
            f"--format={_FORMAT}",
            self.tip(),
        )
        with self._running(*arguments) as git:
            assert git.stdout
            yield from _parse_log(_split(git.stdout))

    def in_pack_order(self, wanted: Iterable[str]) -> list[str]:
        """Return these blobs in the order of git's pack files.

        Neighbours are stored as deltas of each other, so reading in this order is the fastest.
        """
        left = set(wanted)
        ordered: list[str] = []
        arguments = (
            "cat-file",
            "--batch-all-objects",
            "--unordered",
            "--batch-check=%(objectname)",
        )
        with self._running(*arguments) as git:
            assert git.stdout
            for line in git.stdout:
                name = line.decode().strip()
                if name in left:
                    left.remove(name)
                    ordered.append(name)
        return [*ordered, *sorted(left)]

    def blobs(self, names: Iterable[str]) -> Generator[tuple[str, bytes]]:
        """Yield the contents of these blobs, in this order.

        Raises:
            CommandError: a blob is missing, as in a partial clone.
        """
        with self._running("cat-file", "--batch", "--buffer", asking=True) as git:
            assert git.stdin
            assert git.stdout
            Thread(target=_ask, args=(git.stdin, names), daemon=True).start()
            while header := git.stdout.readline():
                name, kind, *size = header.decode().split()
                if not size:
                    raise CommandError(
                        f"{self._named}: the file {name} is {kind}: clone the repository whole"
                    )
                body = git.stdout.read(int(size[0]))
                git.stdout.read(1)
                yield name, body

    def ask(self, *arguments: str) -> bytes:
        """Return the output of git.

        Raises:
            CommandError: git is not installed, or fails.
        """
        answer = self._run(*arguments)
        if answer.returncode:
            raise CommandError(self._explain(answer.stderr))
        return answer.stdout

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(  # noqa: S603 - no shell, and no argument of somebody else's
                self._command(arguments), capture_output=True, env=_environment(), check=False
            )
        except FileNotFoundError:
            raise CommandError("git is needed to read the old archive: install it") from None

    @contextmanager
    def _running(self, *arguments: str, asking: bool = False) -> Iterator[subprocess.Popen[bytes]]:
        with (
            tempfile.TemporaryFile() as errors,
            subprocess.Popen(  # noqa: S603 - no shell, and no argument of somebody else's
                self._command(arguments),
                stdin=subprocess.PIPE if asking else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=_environment(),
            ) as git,
        ):
            try:
                yield git
            except BaseException:
                git.kill()
                raise
            if git.wait():
                errors.seek(0)
                raise CommandError(self._explain(errors.read()))

    def _command(self, arguments: Iterable[str]) -> list[str]:
        return ["git", "-C", str(self._folder), *arguments]

    def _explain(self, complaint: bytes) -> str:
        lines = complaint.decode(errors="replace").strip().splitlines() or ["it gives no reason"]
        # The lines after the first such line are advice.
        kinds = ("error: ", "fatal: ")
        line = next((one for one in lines if one.startswith(kinds)), lines[-1])
        return (
            f"git cannot read {self._named}: {line.removeprefix(kinds[0]).removeprefix(kinds[1])}"
        )


def _environment() -> dict[str, str]:
    # Variables such as GIT_DIR would select another repository.
    own = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**own, **_ENVIRONMENT}


def _ask(questions: IO[bytes], names: Iterable[str]) -> None:
    try:
        with questions:
            questions.writelines(f"{name}\n".encode() for name in names)
    except (BrokenPipeError, ValueError):
        pass  # git has ended; its exit code and output say why


def _split(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield the parts between the zero bytes of a stream."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole
    if rest:
        yield rest


def _parse_log(tokens: Iterator[bytes]) -> Iterator[Commit]:
    commit: Commit | None = None
    for token in tokens:
        if token.startswith(b"\x01"):
            if commit:
                yield commit
            commit = _parse_head(token)
        elif commit and b":" in token[:2]:
            _, _, _, blob, kind = token.split(b" ")
            path = next(tokens).decode("utf-8", "backslashreplace")
            gone, added = kind == b"D", kind == b"A"
            commit.changes.append(Change(path, None if gone else blob.decode(), added))
    if commit:
        yield commit


def _parse_head(token: bytes) -> Commit:
    match = _HEAD.fullmatch(token, 1)
    assert match
    name, time, parents, subject = (part.decode(errors="replace") for part in match.groups())
    return Commit(name, int(time), tuple(parents.split()), subject, [])
