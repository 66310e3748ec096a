"""The entry point of the command: registers the verbs, and prints errors as one line."""

import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import typer
from botocore.exceptions import BotoCoreError, ClientError

from playlist_archive.errors import ArchiveError
from playlist_archive_cli.errors import FAILED, INTERRUPTED, WRONG_USE, CommandError, explain_aws
from playlist_archive_cli.frame import app
from playlist_archive_cli.screen import tell
from playlist_archive_cli.verbs import (
    backup,
    changes,
    dead_letters,
    deploy,
    destroy,
    diff,
    export,
    find,
    import_files,
    list_playlists,
    login,
    logs,
    old_archive,
    open_archive,
    registry,
    restore,
    show,
    site,
    sql,
    start_run,
    status,
)

PROGRAM = "playlist-archive"
VERBS = (
    status,
    list_playlists,
    show,
    changes,
    diff,
    find,
    export,
    restore,
    sql,
    start_run,
    registry,
    backup,
    old_archive,
    import_files,
    dead_letters,
    logs,
    open_archive,
    site,
    login,
    deploy,
    destroy,
)
_STOPPED = "stopped"
_EXPECTED = (
    typer.TyperException,
    typer.Abort,
    CommandError,
    ArchiveError,
    BotoCoreError,
    ClientError,
)


@app.callback()
def _describe() -> None:
    """Look into an archive of Spotify playlists.

    The archive is the one that `make run` keeps running here, else the stack that was deployed
    from here. Exit codes: 0 all is well, 1 something needs attention or failed, 2 wrong use.
    """


def main() -> NoReturn:
    # A stream that the caller has closed is None.
    sys.stdout = sys.stdout or os.fdopen(_discard(), "w")
    sys.stderr = sys.stderr or os.fdopen(_discard(), "w")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    command: Any = typer.main.get_command(app)
    wanted = list(arguments) or ["--help"]
    if not all(map(_is_text, wanted)):
        return _fail("an argument is not text in UTF-8", WRONG_USE)
    try:
        code = command.main(args=wanted, prog_name=PROGRAM, standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:
        _discard_output()
        return FAILED
    except OSError as error:
        # Mostly a full disk, for standard output or a settings file.
        _discard_output()
        where = f"{error.filename}: " if error.filename else "the output cannot be written: "
        return _fail(f"{where}{error.strerror or error}", FAILED)
    except _EXPECTED as error:
        return _fail(*explain(error))
    if code == INTERRUPTED:
        return _fail(_STOPPED, INTERRUPTED)
    return (code or 0) if arguments else WRONG_USE


def explain(error: Exception) -> tuple[str, int]:
    """Return the text for an error, and the exit code."""
    match error:
        case typer.TyperException():
            return error.format_message().replace("Value error, ", ""), error.exit_code
        case CommandError():
            return str(error), error.exit_code
        case typer.Abort():
            return _STOPPED, FAILED
        case ArchiveError(__cause__=BotoCoreError() | ClientError() as cause):
            return explain_aws(cause), FAILED
    return explain_aws(error), FAILED


def _discard() -> int:
    return os.open(os.devnull, os.O_WRONLY)


def _discard_output() -> None:
    # Otherwise Python would report the error again when it flushes at exit.
    os.dup2(_discard(), sys.stdout.fileno())


def _is_text(argument: str) -> bool:
    """Whether an argument was valid UTF-8; Python keeps other bytes as halves of surrogates."""
    return not any("\ud800" <= char <= "\udfff" for char in argument)


def _fail(message: str, exit_code: int) -> int:
    tell(f"{PROGRAM}: {' '.join(message.split())}")
    return exit_code
