"""The counts over a history file, which `tools.measure.count_calls` writes."""

from pathlib import Path

import msgspec

COUNTS = Path(__file__).with_name("counts.json")


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """The mean cost of an action that was done `times` times; `requests` go to Spotify."""

    times: int
    requests: float
    gets: float
    puts: float
    lists: float
    cpu_ms: float


class Writes(msgspec.Struct, frozen=True, kw_only=True):
    """PUTs by folder, or by key without a folder; follower numbers are left out.

    Means for a `changed` playlist (`most` is the maximum) and for a `batch` of outcomes; and the
    numbers of a `quiet` run, in which nothing changed.
    """

    changed: dict[str, float]
    most: int
    batch: dict[str, float]
    quiet: dict[str, int]


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes in bytes: of one snapshot, and of everything else per playlist."""

    snapshot: int
    ledger: int
    pages: int
    catalog: int
    site: int


class Large(msgspec.Struct, frozen=True, kw_only=True):
    """The costs of one invocation over very many playlists."""

    playlists: int
    cpu_seconds: float
    peak_mb: int
    catalog_mb: int


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """The counts over the last `days` of `playlists` with `rows` rows on average.

    The lister does a `run`. The fetcher does the `opening` and `closing` of an invocation, a read
    that finds a `change`, and a `check` that finds none. The renderer does the `render` of a
    snapshot and of a new page status. The indexer does a `batch`, `followers` for each playlist
    that was read, and `published` for each whose pages were written. `lister` and `indexer` are one
    invocation over very many playlists.
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
    published: Cost
    writes: Writes
    sizes: Sizes
    lister: Large
    indexer: Large


def load_counts() -> Counts:
    return msgspec.json.decode(COUNTS.read_bytes(), type=Counts)
