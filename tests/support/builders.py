"""Short builders of playlists, readings and libraries."""

from datetime import UTC, datetime, timedelta

from playlist_archive.documents.catalog import Entry, Figures
from playlist_archive.documents.messages import Latest
from playlist_archive.documents.playlist import Album, Artist, Header, Item, Owner, Row
from playlist_archive.documents.status import Status
from playlist_archive.ports.spotify import Library, LibraryEntry, Reading

PLAYLIST = "4uLU6hMCjMI75M1A2tKUQC"
OTHER = "1ArChIvEdPlAyLiSt00001"
ME = "lena.example"
DAY = timedelta(days=1)
RUN = datetime(2026, 10, 1, 4, tzinfo=UTC)


def a_header(
    snapshot_id: str = "v1",
    *,
    name: str = "Harbour mix",
    owner: str = ME,
    followers: int | None = None,
    playlist_id: str = PLAYLIST,
) -> Header:
    return Header(
        name=name,
        description="",
        owner=Owner(owner, owner.title(), f"https://open.spotify.com/user/{owner}"),
        url=f"https://open.spotify.com/playlist/{playlist_id}",
        snapshot_id=snapshot_id,
        followers=followers,
    )


def a_row(number: int, *, added_at: datetime | None = RUN) -> Row:
    track = f"track{number:017d}"
    return Row(
        added_at=added_at,
        added_by=ME,
        item=Item(
            type="track",
            uri=f"spotify:track:{track}",
            name=f"Song {number}",
            duration_ms=180_000 + number,
            artists=(Artist("The Harbour Lamps", "https://open.spotify.com/artist/a"),),
            album=Album("Slack Water", "https://open.spotify.com/album/b"),
            url=f"https://open.spotify.com/track/{track}",
        ),
    )


def rows(*numbers: int) -> tuple[Row, ...]:
    return tuple(map(a_row, numbers))


def a_reading(*numbers: int, snapshot_id: str = "v1", followers: int | None = None) -> Reading:
    return Reading(a_header(snapshot_id, followers=followers), rows(*numbers))


def a_library(*entries: tuple[str, Header], collaborative: bool = False) -> Library:
    return Library(
        ME,
        tuple(LibraryEntry(playlist_id, header, collaborative) for playlist_id, header in entries),
    )


def an_entry(
    status: Status = "ok",
    *,
    since: datetime = RUN,
    run: datetime = RUN,
    header: Header | None = None,
    read: datetime | None = RUN,
    checked: datetime | None = RUN,
) -> Entry:
    header = header or a_header()
    return Entry(
        first_seen=RUN,
        header=header,
        described=RUN,
        read=read,
        checked=checked,
        run=run,
        at=run,
        status=status,
        since=since,
        figures=Figures(snapshot_id=header.snapshot_id),
        latest=Latest(RUN, "digest", 3),
    )
