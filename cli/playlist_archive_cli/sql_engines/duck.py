"""Queries the table of an archive with DuckDB, which the extra `sql` installs."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from playlist_archive.documents.keys import TABLE
from playlist_archive_cli.archive import Archive
from playlist_archive_cli.errors import CommandError, WrongUseError
from playlist_archive_cli.sql_engines.result import MOST_ROWS, NOTHING_ASKED, Result, Value

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

COLUMNS = {
    "playlist_id": "VARCHAR",
    "uri": "VARCHAR",
    "name": "VARCHAR",
    "artists": "VARCHAR[]",
    "isrc": "VARCHAR",
    "row": "INTEGER",
    "added_at": "VARCHAR",
    "added_by": "VARCHAR",
    "first_seen": "VARCHAR",
    "last_seen": "VARCHAR",
    "first_missing": "VARCHAR",
}
# Larger integers in JSON lose precision in some readers.
_LARGEST = 2**53


def ask_duckdb(archive: Archive, query: str) -> Result:
    """Copy the table of an archive, and query it with DuckDB.

    Raises:
        WrongUseError: DuckDB does not accept the query.
        CommandError: DuckDB is not installed, or the archive has no table.
    """
    try:
        import duckdb  # noqa: PLC0415 - most do without it
    except ImportError as error:
        raise CommandError(
            "this needs DuckDB: run `.tools/bin/uv pip install duckdb` in the project's folder, or "
            "`uv tool install '.[sql]'` for a command that you have everywhere"
        ) from error
    with TemporaryDirectory(prefix="playlist-archive-") as folder, duckdb.connect() as connection:
        files = copy_table(archive, Path(folder))
        connection.read_json(
            files, format="newline_delimited", columns=COLUMNS, compression="gzip"
        ).create_view("stays")
        _add_playlists(connection, archive)
        try:
            _check_asks(connection.extract_statements(query))
            answer = connection.execute(query)
            columns = [name for name, *_ in answer.description or ()]
            rows = answer.fetchmany(MOST_ROWS + 1)
        except duckdb.Error as error:
            raise WrongUseError(f"DuckDB says: {str(error).partition('\n\n')[0]}") from error
    more = len(rows) > MOST_ROWS
    return Result(columns, [[simplify(cell) for cell in row] for row in rows[:MOST_ROWS]], more)


def _check_asks(statements: list[Any]) -> None:
    if not statements:
        raise WrongUseError(NOTHING_ASKED)


def copy_table(archive: Archive, folder: Path) -> list[str]:
    """Copy the files of the table into a folder and return their paths.

    Raises:
        CommandError: there is none.
    """
    keys = [listed.key for listed in archive.objects.list_objects(TABLE)]
    files: list[str] = []
    for number, stored in enumerate(archive.at_once(archive.objects.get, keys)):
        if stored:
            file = folder / f"{number}.json.gz"
            file.write_bytes(stored.body)
            files.append(str(file))
    if not files:
        raise CommandError(f"{archive.address} has no table of songs yet: a rebuild writes it")
    return files


def _add_playlists(connection: "DuckDBPyConnection", archive: Archive) -> None:
    """Add a table of the playlists' names, which the files of stays lack."""
    connection.execute("CREATE TABLE playlists (id VARCHAR, name VARCHAR, status VARCHAR)")
    rows = [(one.id, one.name, one.status.status) for one in archive.playlists()]
    if rows:
        connection.executemany("INSERT INTO playlists VALUES (?, ?, ?)", rows)


def simplify(value: Any) -> Value:
    """Return a value of DuckDB in a form that JSON supports."""
    if isinstance(value, int) and abs(value) > _LARGEST:
        return str(value)
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list | tuple):
        return [simplify(one) for one in value]
    if isinstance(value, dict):
        return {str(name): simplify(one) for name, one in value.items()}
    return str(value)
