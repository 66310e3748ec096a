"""`find`: finds the playlists in which a song is or was, and when."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
import typer

from playlist_archive_cli.answer import Answer, Block, Line, Table
from playlist_archive_cli.archive import Archive, Chosen, noting
from playlist_archive_cli.dates import spell_between, spell_day
from playlist_archive_cli.errors import CommandError, WrongUseError
from playlist_archive_cli.frame import verb
from playlist_archive_cli.published import EverSong, Stay
from playlist_archive_cli.song_search import search_for


class Place(msgspec.Struct, frozen=True):
    """A playlist in which the song is (`now`) or was, and its stays there, oldest first."""

    id: str
    name: str
    now: bool
    stays: list[Stay]


class Found(msgspec.Struct, frozen=True):
    uri: str
    name: str
    artists: list[str]
    places: list[Place]


class Findings(msgspec.Struct, frozen=True):
    """The document of `find --json`."""

    text: str
    songs: list[Found]


@verb
def find(
    archive: Archive,
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT", help="Words of a title or artist, a song's link, or an ISRC."
        ),
    ],
) -> Answer:
    """Find songs in all playlists and in all time. Exits with 1 if there is none."""
    search = search_for(text)
    if search is None:
        raise WrongUseError("say which words to find")
    parts = archive.songs_parts(ids=search.by_id)
    playlists = archive.playlists()
    if not parts and any(one.status.last_changed for one in playlists):
        raise CommandError("this archive has no list of songs yet: a rebuild writes it")
    wanted = {id_ for part in parts for id_ in search.playlists(part)}
    chosen = [one for one in playlists if one.id in wanted]
    troubles: list[str] = []

    def look(one: Chosen) -> tuple[Chosen, list[EverSong]]:
        return one, search.songs(archive.ever(one.id).tracks)

    found = archive.at_once(noting(troubles, look), chosen)
    findings = Findings(text, gather(filter(None, found)))
    attention = bool(troubles) or not findings.songs
    return Answer(findings, tell_findings(findings), notes=troubles, attention=attention)


def gather(told: Iterable[tuple[Chosen, list[EverSong]]]) -> list[Found]:
    """Return each song once, by title, with its playlists: those that have it now come first."""
    songs: dict[str, EverSong] = {}
    places: dict[str, list[Place]] = {}
    for playlist, found in told:
        for song in found:
            songs[song.uri] = song
            stays = sorted(song.intervals, key=lambda stay: stay.first_seen)
            place = Place(playlist.id, playlist.name, any(map(_lasts, stays)), stays)
            places.setdefault(song.uri, []).append(place)
    return [
        Found(
            uri,
            song.name,
            [artist.name for artist in song.artists],
            sorted(places[uri], key=lambda one: (not one.now, one.name.casefold(), one.id)),
        )
        for uri, song in sorted(songs.items(), key=lambda pair: (pair[1].name.casefold(), pair[0]))
    ]


def tell_findings(findings: Findings) -> list[Block]:
    if not findings.songs:
        return [Line(f"Nothing found for “{findings.text}”")]
    return [
        Table(
            ("Title", "Artist(s)", "Playlist", "Since", "Removed"),
            [
                (
                    song.name or song.uri,
                    ", ".join(song.artists),
                    place.name,
                    spell_day(stay.added_at or stay.first_seen),
                    spell_removal(stay),
                )
                for song in findings.songs
                for place in song.places
                for stay in place.stays
            ],
        )
    ]


def spell_removal(stay: Stay) -> str:
    """Return when a stay ended, empty if it lasts."""
    if not stay.first_missing:
        return ""
    return spell_between(stay.last_seen or stay.first_missing, stay.first_missing)


def _lasts(stay: Stay) -> bool:
    return stay.first_missing is None
