"""Playlists for tests: written by hand, and drawn by Hypothesis."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import get_args

from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.playlist import (
    Album,
    Artist,
    HeaderField,
    Item,
    ItemField,
    Owner,
    Row,
)
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.status import PageStatus

PLAYLIST_ID = "2tQ4mXvNcJ8hLr5sWzKfYb"
SPOTIFY = "https://open.spotify.com"
OWNER = Owner(id="marta", name="Marta", url=f"{SPOTIFY}/user/marta")


def day(date: str) -> datetime:
    """Return the time of a day's run, as in `day("2024-03-01")`."""
    return datetime.fromisoformat(date).replace(hour=4, tzinfo=UTC)


def song(letter: str, *, name: str = "", playable: bool = True, duration_ms: int = 180_000) -> Item:
    """Return a song whose id repeats `letter` 22 times."""
    return Item(
        type="track",
        uri=f"spotify:track:{letter * 22}",
        name=name or f"Song {letter}",
        duration_ms=duration_ms,
        artists=(Artist("Ensemble", f"{SPOTIFY}/artist/{letter * 22}"),),
        album=Album("Collected", f"{SPOTIFY}/album/{letter * 22}"),
        url=f"{SPOTIFY}/track/{letter * 22}",
        playable=playable,
    )


def rows_of(letters: str, added_at: datetime | None = None) -> tuple[Row, ...]:
    """Return a row for each letter; `?` is a row without an item."""
    return tuple(
        Row() if letter == "?" else Row(added_at=added_at, item=song(letter)) for letter in letters
    )


def snapshot_of(
    rows: str | Sequence[Row],
    date: str = "2024-03-01",
    *,
    name: str = "Kitchen radio",
    description: str = "",
    owner: Owner = OWNER,
    previous_check: datetime | None = None,
    followers: int | None = 12,
    snapshot_id: str = "c25hcA==",
) -> Snapshot:
    return Snapshot(
        playlist_id=PLAYLIST_ID,
        time=day(date),
        read_at=day(date) + timedelta(seconds=2),
        previous_check=previous_check,
        name=name,
        description=description,
        owner=owner,
        url=f"{SPOTIFY}/playlist/{PLAYLIST_ID}",
        snapshot_id=snapshot_id,
        followers=followers,
        rows=rows_of(rows) if isinstance(rows, str) else tuple(rows),
    )


def page_status_of(revision: int = 1, **fields: object) -> PageStatus:
    """Return a page status in which all is well, except for `fields`."""
    defaults = {
        "name": "Kitchen radio",
        "unique_name": "Kitchen radio",
        "status": "ok",
        "since": day("2024-03-01"),
    }
    return PageStatus(revision=revision, **(defaults | fields))  # type: ignore[arg-type]


NASTY_ALPHABET = "|\\`[]()<>&;#-*_~!.+ \t\n\r\v\f\x00\x07\x1c\x1e\x85\u2028\u2029\"'/:$1ab"
nasty_texts = st.text(NASTY_ALPHABET, max_size=12) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "<http://example.org>",
        "<b onclick=x>bold</b>",
        "[text](http://example.org)",
        "![image](http://example.org/x.png)",
        "&lt;b&gt; &copy; &#60; &#x3c;",
        "<!-- comment",
        "a | b\n| c | d |",
        "\\| \\\\| `|`",
        "1. one",
        "> quote",
        "+ item",
        "\tindented",
        "``` fence",
        "| a |\n|---|\n| b |",
    ]
)

_moments = st.datetimes(datetime(2019, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0)
)
_items = st.builds(
    song,
    st.sampled_from("abcdef"),
    name=st.sampled_from(["", "", "Other title"]),
    playable=st.sampled_from([True, True, True, False]),
)
_rows = st.builds(
    Row,
    added_at=st.none() | _moments,
    item=_items | _items | _items | st.none(),
)
_snapshots = st.builds(
    snapshot_of,
    st.lists(_rows, max_size=9),
    name=st.sampled_from(["Kitchen radio", "Living room"]),
    description=st.sampled_from(["", "For cooking"]),
)


@st.composite
def playlist_histories(
    draw: st.DrawFn, *, min_size: int = 1, max_size: int = 6, most_days: int = 4
) -> list[Snapshot]:
    """Draw the snapshots of one playlist, oldest first, some days apart."""
    snapshots = draw(st.lists(_snapshots, min_size=min_size, max_size=max_size))
    time = day("2023-12-29")
    history = []
    for snapshot in snapshots:
        previous = time
        time += timedelta(days=draw(st.integers(1, most_days)))
        check = draw(st.none() | st.just(time - timedelta(days=1)))
        history.append(
            replace(snapshot, time=time, previous_check=max(check, previous) if check else None)
        )
    return history


_BLANK_ITEM = Item(type="", uri="", name="", duration_ms=0)


def blank_item(item: Item, fields: Sequence[ItemField]) -> Item:
    """Return the item as a source tells it that lacks these fields: the length to the second."""
    blank = {field: getattr(_BLANK_ITEM, field) for field in fields}
    if "duration_ms" in blank:
        blank["duration_ms"] = item.duration_ms // 1000 * 1000
    return replace(item, unknown=tuple(fields), **blank)


def from_source(
    snapshot: Snapshot,
    header: Sequence[HeaderField] = (),
    item: Sequence[ItemField] = (),
    *,
    dates: bool = True,
) -> Snapshot:
    """Return the snapshot as a source tells it that lacks these fields, and dates if not `dates`."""
    blank = {"name": "An alias", "description": "", "owner": Owner("", "")}
    rows = (
        replace(
            row,
            added_at=row.added_at if dates else None,
            item=row.item and blank_item(row.item, item),
        )
        for row in snapshot.rows
    )
    return replace(
        snapshot,
        source="git-archive",
        unknown=tuple(header),
        rows=tuple(rows),
        **{field: blank[field] for field in header},
    )


_header_fields = st.lists(st.sampled_from(get_args(HeaderField.__value__)), unique=True)
_item_fields = st.lists(st.sampled_from(get_args(ItemField.__value__)), unique=True)


@st.composite
def imported(draw: st.DrawFn, snapshot: Snapshot) -> Snapshot:
    """Draw what some source tells of a snapshot."""
    header, item = draw(_header_fields), draw(_item_fields)
    return from_source(snapshot, header, item, dates=draw(st.booleans()))


_zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_EDGES = [datetime.min, datetime.max.replace(microsecond=0)]  # noqa: DTZ901
_any_moments = st.one_of(st.sampled_from(_EDGES), st.datetimes())
_zoned_moments = st.builds(
    lambda moment, zone: moment.replace(tzinfo=zone, microsecond=0), _any_moments, _zones
)
_any_numbers = st.integers() | st.sampled_from([-(2**63), 2**63, 10**18, 10**30, -(10**30)])


@st.composite
def any_snapshots(draw: st.DrawFn) -> Snapshot:
    """Draw a valid snapshot with values that no real playlist has."""
    item = st.builds(
        Item,
        type=nasty_texts,
        uri=st.sampled_from(["", "a", "b", "c"]),
        name=nasty_texts,
        duration_ms=_any_numbers,
        artists=st.lists(st.builds(Artist, nasty_texts, nasty_texts), max_size=2).map(tuple),
        album=st.builds(Album, nasty_texts, nasty_texts, nasty_texts),
        url=nasty_texts,
        local=st.booleans(),
        playable=st.booleans(),
        unknown=_item_fields.map(tuple),
    )
    row = st.builds(
        Row,
        added_at=st.none() | _zoned_moments | _any_moments,
        added_by=nasty_texts,
        item=st.none() | item,
    )
    return Snapshot(
        playlist_id=PLAYLIST_ID,
        source=draw(st.sampled_from(["", "exportify"])),
        unknown=tuple(draw(_header_fields)),
        time=draw(_zoned_moments),
        read_at=draw(_any_moments),
        previous_check=draw(st.none() | _zoned_moments | _any_moments),
        name=draw(nasty_texts),
        description=draw(nasty_texts),
        owner=draw(st.builds(Owner, nasty_texts, nasty_texts, nasty_texts)),
        url=draw(nasty_texts),
        snapshot_id=draw(nasty_texts),
        followers=draw(st.none() | _any_numbers),
        rows=tuple(draw(st.lists(row, max_size=5))),
    )
