"""The made-up music of the sample library; `catalogue.txt` lists the songs by record.

A record begins with `# artist | album | release date`. Its songs follow as `minutes:seconds title`, with a leading `*`
for explicit words and ` + name` for a guest.
"""

from functools import cache
from importlib.resources import files
from random import Random

from tools.stand_in.library import Album, Artist, Track, make_id


def make_artist(name: str) -> Artist:
    return Artist(make_id("artist", name), name)


def make_track(
    title: str, artist: str, album: str, seconds: int, released: str = "2024-04-01"
) -> Track:
    """Return a song that is the only one on its record."""
    by = (make_artist(artist),)
    record = Album(make_id("album", artist, album), album, by, released, total_tracks=1)
    return Track(make_id("track", artist, title), title, by, record, seconds * 1000)


@cache
def load_songs() -> dict[str, Track]:
    """Return the songs of `catalogue.txt` by title."""
    text = files("tools.stand_in").joinpath("catalogue.txt").read_text(encoding="utf-8")
    songs: dict[str, Track] = {}
    for record in text.strip().split("\n\n"):
        for track in _read_record(record.splitlines()):
            if track.name in songs:
                raise ValueError(f"two songs are called {track.name}")
            songs[track.name] = track
    return songs


def _read_record(lines: list[str]) -> list[Track]:
    head, *songs = lines
    name, title, released = head.removeprefix("# ").split(" | ")
    artist = make_artist(name)
    album = Album(make_id("album", name, title), title, (artist,), released, len(songs))
    return [_read_song(song, number, artist, album) for number, song in enumerate(songs, 1)]


def _read_song(line: str, number: int, artist: Artist, album: Album) -> Track:
    length, _, rest = line.partition(" ")
    title, *guests = rest.split(" + ")
    minutes, _, seconds = length.partition(":")
    name = title.removeprefix("*")
    return Track(
        id=make_id("track", artist.name, name),
        name=name,
        artists=(artist, *map(make_artist, guests)),
        album=album,
        duration_ms=(int(minutes) * 60 + int(seconds)) * 1000 + int(length[-1]) * 37,
        track_number=number,
        explicit=title.startswith("*"),
    )


_MOODS = """
Amber Brackish Copper Distant Early Foggy Gentle Hollow Idle June Kindly Late Mossy Narrow Open Patient
Quiet Restless Silver Tidal Unlit Violet Wayward Yonder
"""
_THINGS = """
Allotment Bandstand Causeway Doorbell Eiderdown Ferryman Greenhouse Harbour Inkwell Jetty Kettle Lighthouse
Meadow Needle Orchard Parasol Quarry Radiator Signal Thimble Umbrella Viaduct Windmill Yard
"""
_BANDS = """
Aerials Bellringers Cartographers Dredgers Engravers Foghorns Glaziers Hatters Islanders Jugglers Keepers
Lamplighters Millers Navigators Ostlers Pilots
"""


@cache
def invent_songs(count: int) -> tuple[Track, ...]:
    """Return `count` different songs by invented bands, the same ones every time."""
    random = Random(1200)  # noqa: S311
    moods, things, bands = _MOODS.split(), _THINGS.split(), _BANDS.split()
    titles = [f"{mood} {thing}" for mood in moods for thing in things]
    titles += [f"{title}, Pt. {part}" for part in ("II", "III") for title in titles]
    random.shuffle(titles)
    songs = []
    for title in titles[:count]:
        band = f"The {random.choice(moods)} {random.choice(bands)}"
        record = f"{random.choice(things)} Songs"
        released = f"{random.randint(1968, 2025)}"
        songs.append(make_track(title, band, record, random.randint(95, 480), released))
    return tuple(songs)
