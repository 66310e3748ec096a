"""What was counted over a history file; `tools.measure.count_calls` writes it."""

from pathlib import Path

import msgspec

COUNTS = Path(__file__).with_name("counts.json")


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What an action takes on average over so many `times`; `requests` are those to Spotify."""

    times: int
    requests: float
    gets: float
    puts: float
    lists: float
    cpu_ms: float


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes: of one snapshot, of all else what one playlist adds."""

    snapshot: int
    ledger: int
    pages: int
    catalog: int
    site: int


class Large(msgspec.Struct, frozen=True, kw_only=True):
    """What one invocation over very many playlists took."""

    playlists: int
    cpu_seconds: float
    peak_mb: int
    catalog_mb: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted over the last `days` of `playlists` with so many `rows` on average.

    A `run` is the lister's. The fetcher's are the `opening` and `closing` of an invocation, a read
    that finds a `change` and a `check` that finds none; the renderer's the `render` of a snapshot
    and of a new `standing`; the indexer's a `batch` and, for each playlist read, its `followers`.
    `lister` and `indexer` are one invocation of each over very many playlists.
    """

    playlists: int
    days: int
    rows: int
    run: Cost
    opening: Cost
    closing: Cost
    change: Cost
    check: Cost
    render: Cost
    page_status: Cost
    batch: Cost
    followers: Cost
    sizes: Sizes
    lister: Large
    indexer: Large


def load_counts() -> Counts:
    return msgspec.json.decode(COUNTS.read_bytes(), type=Counts)
