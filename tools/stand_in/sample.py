"""The sample library: one listener's playlists over four weeks, all made up.

Like real libraries it has songs that are added, removed and added again, the same song twice,
playlists that are renamed or deleted, local files, podcast episodes, songs that the catalogue lost,
many scripts, and names that would break an unescaped table.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from tools.stand_in.catalogue import invent_songs, load_songs, make_track
from tools.stand_in.library import (
    LIKED_SONGS,
    SPOTIFY,
    Episode,
    LocalFile,
    Playlist,
    Show,
    Track,
    User,
    make_id,
)
from tools.stand_in.script import EPOCH, Script

LAST_DAY = 27

OWNER = User("mara.quayle", "Mara Quayle")
FRIEND = User("bjarne.odd", "Bjarne Odd")
STRANGER = User("keeper.of.lamps", None)

_LATIN_END = "\u024f"


class SampleLibrary:
    """The playlists of Mara Quayle, from `since` for 28 days; after that nothing changes any more."""

    def __init__(self, since: date) -> None:
        self._since = since
        self._scripts = {script.id: script for script in _write_scripts(since)}

    @property
    def user(self) -> User:
        return OWNER

    @property
    def first_day(self) -> date:
        return self._since

    def list_ids(self, day: date) -> Sequence[str]:
        return [id_ for id_ in self._scripts if id_ not in _ELSEWHERE and self.find(id_, day)]

    def find(self, playlist_id: str, day: date) -> Playlist | None:
        script = self._scripts.get(playlist_id)
        number = min(max((day - self._since).days, 0), LAST_DAY)
        playlist = script.play(number) if script else None
        if playlist_id == LIKED_SONGS and playlist:
            return replace(playlist, rows=tuple(reversed(playlist.rows)))
        return playlist


def _name_id(key: str) -> str:
    return make_id("playlist", key)


SONG_A_DAY = _name_id("song a day")
SKYLIGHT = _name_id("skylight")
KITCHEN = _name_id("kitchen")
RUNNING = _name_id("running")
FERRY = _name_id("ferry")
SUNDAY = _name_id("sunday")
SUNDAY_AGAIN = _name_id("sunday again")
WINDOWS = _name_id("windows")
TAPES = _name_id("tapes")
TALK = _name_id("talk")
EVERYTHING = _name_id("everything")
HOSTILE = _name_id("hostile")
EMPTY = _name_id("empty")
SUMMER = _name_id("summer")
NEW_IN_TOWN = _name_id("new in town")
SHARED = _name_id("shared")
LIGHTHOUSE = _name_id("lighthouse")
JETTY = _name_id("jetty")
STAIRWELL = _name_id("stairwell")
EDITORIAL = f"37i9dQZF1DX{_name_id('editorial')[:11]}"
# The library does not list them.
_ELSEWHERE = {LIGHTHOUSE, JETTY, STAIRWELL, LIKED_SONGS}


def _song(title: str) -> Track:
    return load_songs()[title]


def _pick(*titles: str) -> list[Track]:
    return [_song(title) for title in titles]


def _by(artist: str) -> list[Track]:
    return [song for song in load_songs().values() if song.artists[0].name == artist]


def _write_scripts(since: date) -> list[Script]:
    return [
        _song_a_day(since),
        _skylight(since),
        _kitchen(since),
        _running(since),
        _ferry(since),
        _sunday(since),
        _sunday_again(since),
        _windows(since),
        _tapes(since),
        _talk(since),
        _everything(since),
        _hostile(since),
        _empty(since),
        _summer(since),
        _new_in_town(since),
        _shared(since),
        _editorial(since),
        _lighthouse(since),
        _jetty(since),
        _stairwell(since),
        _liked_songs(since),
    ]


def _open(
    since: date,
    playlist_id: str,
    name: str,
    description: str | None = "",
    *,
    owner: User = OWNER,
    followers: int = 0,
    public: bool = True,
    collaborators: frozenset[str] = frozenset(),
    created: int = 0,
) -> Script:
    """Begin the script of a playlist that is created on the day `created`."""
    playlist = Playlist(
        id=playlist_id,
        name=name,
        description=description,
        owner=owner,
        rows=(),
        version=0,
        followers=followers,
        public=public,
        collaborators=collaborators,
    )
    return Script(since, playlist, created=created)


def _song_a_day(since: date) -> Script:
    """A playlist that grows at the top by one song on every day except two."""
    script = _open(since, SONG_A_DAY, "One song a day", "No repeats, no excuses.", followers=212)
    songs = _pick(
        *("Gulls, Mostly", "Paper Weather", "Wren", "Barometer", "Second Coffee", "Lumen"),
        *("Antler Radio", "Vuelve la Luz", "Buttons", "Stir", "Crumb Structure", "Seconds"),
        *("Twenty Past", "Frost Report", "Hot Plate Gospel", "Kilovolt", "Prompt Corner", "Rise"),
        *("Umbrella Season", "Top Deck, Front Seat", "Keep the Gate", "Idle", "Glass", "Stitch"),
        *("Snow, Then Not", "Unsent"),
    )
    script.begin(songs.pop(0), weeks_ago=1)
    for day in range(1, LAST_DAY + 1):
        if day not in {13, 22}:
            script.on(day).add(songs.pop(0), place=0)
    return script


def _skylight(since: date) -> Script:
    """A playlist with songs removed and added again, and a name that follows the season."""
    script = _open(
        since,
        SKYLIGHT,
        "Rain on the Skylight",
        "For the hour before the lamp goes on. When it&#x27;s over, "
        f'<a href="spotify:playlist:{SUNDAY}">Sunday, slowly</a>.',
        followers=48,
    )
    hum, ropewalk = _pick("Warm Dust", "Ropewalk")
    script.begin(
        *_pick("Slow Water", "Barometer", "Low Winter Sun", "Rain Check", "Standby"),
        *(hum, ropewalk),
        *_pick("Letters I Did Post", "Lantern Hill", "Undertow Choir", "Soft Forecast"),
    )
    script.on(1).add(*_pick("The Last Boat But One", "Snow, Then Not"))
    script.on(3).remove(ropewalk)
    script.on(5).move(hum, 0)
    script.on(7).add(ropewalk)
    script.on(9).rename("Rain on the Skylight (wool socks)")
    script.on(10).remove(*_pick("Standby", "Rain Check"))
    script.on(13).add(_song("Evensong for Looms"), place=4)
    script.on(16).remove(ropewalk).add(_song("Two Rivers and a Bus"))
    script.on(19).add(ropewalk, _song("Standby"))
    script.on(21).describe("For the hour before the lamp goes on. It&#x27;s dark by five now.")
    script.on(24).rename("Rain on the Skylight (two jumpers)")
    return script.on(26).remove(hum)


def _kitchen(since: date) -> Script:
    """A playlist that holds one song three times, and is reordered for every party."""
    script = _open(since, KITCHEN, "Kitchen, LOUD", "Oven gloves &amp; elbows", followers=1093)
    disco = _song("Municipal Disco")
    script.begin(
        *(disco, *_by("Los Faroles Tercos"), *_by("Tamsin Okonjo-Hale"), disco),
        *_pick("Good Knees", "Night Bus Deluxe", "Kilovolt", "Four in the Morning, Seven Degrees"),
        *_pick("Black Granite, White Van", "Substation Girls", "The Mayor's Second Dance"),
    )
    script.on(2).add(disco)
    script.on(4).shuffle()
    script.on(8).remove(disco).add(_song("Neon Kebab"))
    script.on(11).shuffle()
    script.on(15).add(_song("Zapatos de Mi Tío"))
    script.on(18).shuffle().remove(_song("Kilovolt"))
    script.on(20).rename("Kitchen, LOUDER")
    script.on(23).remove(_song("Zapatos de Mi Tío"))
    return script.on(25).shuffle()


def _running(since: date) -> Script:
    """A playlist that changes like a chart, and is once reduced to a few songs."""
    script = _open(since, RUNNING, "170 bpm or walk home", None, followers=17)
    start = _by("Nomi Tarr") + _by("Mother Pylon") + _by("Castor Vane") + _by("Petra Lomax")
    script.begin(*start, *_pick("Crows in Good Standing", "Places, Please", "Rise"), weeks_ago=9)
    script.on(3).move(_song("170"), 0).add(_song("Seconds"))
    script.on(6).remove(*_pick("Hum", "Unsent")).add(_song("Somebody's Cousin"))
    script.on(12).move(_song("Shoelace"), 2)
    script.on(17).keep_only(6)
    script.on(18).add(*_pick("Domingo Eléctrico", "Bailar es Gratis", "Curtain"))
    return script.on(24).add(*_pick("Antler Radio", "Danger of Death"))


def _ferry(since: date) -> Script:
    """A playlist that changes a little on most weekdays."""
    script = _open(since, FERRY, "07:40 ferry", "Window seat, port side.", followers=31)
    script.begin(
        *_pick("The Last Boat But One", "A Map of the Estuary", "Salt on the Piano", "Wren"),
        *_pick("My Grandfather's Shipping Forecast", "Platform Light", "Lunes con Sol", "Buttons"),
        *_pick("Corner Table", "Swimming Baths After Dark", "Feeding Time", "The Fox Accounts"),
    )
    script.on(1).add(_song("Gulls, Mostly"))
    script.on(4).remove(_song("Feeding Time")).add(_song("Octopus at the Controls"), place=3)
    script.on(8).move(_song("Wren"), 0)
    script.on(11).add(*_pick("Your Mug", "Spare Key"))
    script.on(14).remove(_song("Your Mug"))
    script.on(17).add(_song("Towel Blues (Live)"))
    script.on(20).take_down(_song("Swimming Baths After Dark"))
    return script.on(26).add(_song("Night Timetable"), place=0)


def _sunday(since: date) -> Script:
    script = _open(since, SUNDAY, "Sunday, slowly", "Toast first.", followers=5)
    script.begin(*_by("Hollis Bright Trio"), *_by("Wool Cathedral"), _song("The Good Coat"))
    script.on(2).describe("Toast first. Then the paper, then nothing.")
    script.on(9).add(*_pick("Concerto for Rain: I. Drizzle", "Interval (for Two Flutes)"))
    script.on(16).remove(_song("Cold Plunge (Live)")).describe(
        "Toast first. Then &quot;nothing&quot;."
    )
    return script.on(23).move(_song("Rain Check"), 0)


def _sunday_again(since: date) -> Script:
    """A private playlist with the same name as another one."""
    script = _open(since, SUNDAY_AGAIN, "Sunday, slowly", "The old one. Keep?", public=False)
    return (
        script.begin(*_by("Quiet Machinery")[:5]).on(5).add(_song("Encore for Gutter and Trombone"))
    )


def _windows(since: date) -> Script:
    """A playlist with songs in ten scripts and languages."""
    script = _open(since, WINDOWS, "窓 · Windows on the world · نافذة", "Ask me to pronounce them.")
    abroad = [song for song in load_songs().values() if max(song.name) > _LATIN_END]
    script.begin(*abroad[:-4], weeks_ago=60)
    script.on(2).add(*abroad[-4:-2])
    script.on(7).add(*_by("Smørlåven"), *_pick("Štěstí İçin", "Žlutá Lampa"))
    script.on(12).rename("Fönster mot världen · 窓 · نافذة")
    script.on(15).remove(abroad[0]).add(*abroad[-2:])
    return script.on(21).add(abroad[0], place=2)


def _tapes(since: date) -> Script:
    """An old playlist with local files, rows without dates, and songs that the catalogue lost."""
    script = _open(since, TAPES, "Shoebox of tapes", "2009&#x2F;2010, do not reorder")
    demo = LocalFile("Bog Standard", "Garage, Side B", "Exit, Pursued by a Drum", 204)
    practice = LocalFile("", "", "zoom0017 (mum's dictaphone)", 611)
    gone, going = _pick("Insulator", "Committee Stage (Extended)")
    script.add_undated(*_pick("Kilovolt", "Municipal Disco", "Corner Table"))
    script.add_undated(*_pick("Second Coffee", "Mirrorball, Parish Hall"), added_at=EPOCH)
    script.add_undated(None).add_undated(None, added_at=EPOCH)
    script.begin(demo, gone, *_pick("Danger of Death", "Bill, Please"), going, weeks_ago=700)
    script.on(5).add(practice)
    script.on(10).lose(gone)
    script.on(14).add(LocalFile("Fjord & Sons", "Bootleg", "Ælv / Élan: 100% (take 2)", 187))
    script.on(18).take_down(going)
    return script.on(24).remove(practice)


def _talk(since: date) -> Script:
    """A playlist of podcast episodes and songs."""
    show = Show(
        id=make_id("show", "Tide Tables"),
        name="Tide Tables",
        description="Two harbour pilots read the tide tables & argue.",
        publisher="Quayside Audio",
        total_episodes=88,
    )

    def episode(number: int, title: str, minutes: int) -> Episode:
        name = f"#{number}: {title}"
        text = f"This week: {title.lower()}. It's not what you'd think."
        id_ = make_id("episode", name)
        return Episode(id_, name, text, show, f"2026-08-{number - 60:02}", minutes * 60_000)

    script = _open(since, TALK, "Talk & tide", "Half podcast, half sea.", followers=2)
    neaps, springs = episode(71, "Neaps", 41), episode(78, "Springs", 52)
    script.begin(neaps, *_pick("Undertow Choir", "Slow Water"), springs, weeks_ago=5)
    script.on(6).add(episode(85, "Slack water, an apology", 38))
    script.on(13).remove(neaps)
    return script.on(20).add(episode(88, "Letters & <corrections>", 63), place=0)


def _everything(since: date) -> Script:
    """A long playlist that changes a little now and then."""
    script = _open(since, EVERYTHING, "Everything, ever", "In the order I met them.", followers=64)
    songs = invent_songs(1206)
    script.begin(*songs[:1200], weeks_ago=500)
    script.on(4).add(songs[1200])
    script.on(11).remove(songs[77]).add(songs[1201], songs[1202])
    script.on(18).move(songs[1150], 10)
    return script.on(25).add(songs[77], *songs[1203:], place=600)


def _hostile(since: date) -> Script:
    """A playlist whose texts try to break out of every table, link and page."""
    script = _open(
        since,
        HOSTILE,
        "|pipes| [brackets](https://example.com) `ticks` <b>bold</b>\n# new line",
        "&lt;script&gt;alert(1)&lt;/script&gt; | <img src=x onerror=alert(1)>\r\n| a | b |\n|---|",
    )
    titles = [
        "One | Two | Three",
        "[Click me](javascript:alert(1)) ![](https://example.com/x.png)",
        "`code` ``more`` ```fence```",
        "Line one\nLine two\r\n\r\n# Line four",
        "<script>alert('song')</script><!-- comment",
        "Bell\x07 tab\t escape\x1b[31m delete\x7f unit\x1f",
        "\u202eright to left\u202c \u200fmarked\u200e",
        "*stars* _lines_ ~~struck~~ <u>under</u>",
        "  blanks at both ends  ",
        "&amp; already &lt;escaped&gt; &#x27;twice&#x27;",
        "Back\\slash \\| and \\` and trailing \\",
        "zero\u200bwidth \ufeffmark \U0001f469\u200d\U0001f680 \u2028separator",
        "https://example.com/autolink www.example.com",
        "A " + "very " * 60 + "long title",
        "../../state/catalog.json",
        "| --- | --- |",
    ]
    artist, album = "Bobby [Tables] | <i>& Sons</i>", "</table>\n## Greatest `Hits`"
    tracks = [make_track(title, artist, album, 120 + len(title)) for title in titles]
    script.begin(*tracks[:10], weeks_ago=3)
    script.on(3).add(*tracks[10:13])
    script.on(9).add(*tracks[13:]).remove(tracks[0])
    script.on(14).rename("]() --> *done* | <style>*{display:none}</style>")
    script.on(19).add(tracks[0], LocalFile("a|b", "<c>", "d\ne:f", 99))
    script.on(20).rename("")
    return script.on(21).rename("'; DROP PLAYLIST -- &amp;\x1a")


def _empty(since: date) -> Script:
    return _open(since, EMPTY, "for later", "")


def _summer(since: date) -> Script:
    """A playlist that is deleted after twelve days."""
    script = _open(since, SUMMER, "Farewell, summer", "Delete me when it rains.", followers=3)
    script.begin(*_pick("Bailar es Gratis", "Patio de Nadie", "Lamp Post, Lamp Post"), weeks_ago=16)
    script.on(6).remove(_song("Patio de Nadie"))
    return script.on(12).delete()


def _new_in_town(since: date) -> Script:
    """A playlist that is created on the eighth day."""
    script = _open(since, NEW_IN_TOWN, "New in town", "Heard through walls.", created=7)
    script.add(*_pick("Server Room, Sunday", "Overburden"))
    script.on(9).add(*_pick("Typing...", "The Lift Dreams of Stairs"))
    script.on(15).add(_song("Håkons Tredje Traktor"))
    return script.on(23).remove(_song("Typing..."))


def _shared(since: date) -> Script:
    """A playlist of a friend, to which the user may add songs."""
    script = _open(
        since,
        SHARED,
        "Brine & bread (ours)",
        "Bjarne&#x27;s oven, Mara&#x27;s speaker",
        owner=FRIEND,
        collaborators=frozenset({OWNER.id}),
    )
    script.begin(*_by("Ottoline & the Bakers"), *_pick("Seconds", "Hot Plate Gospel"))
    script.on(4).add(_song("Amen to the Onion"), by=OWNER).rename("Brine, bread & butter (ours)")
    return script.on(16).add(_song("Ají, Limón y Paciencia")).remove(_song("Rise"))


def _editorial(since: date) -> Script:
    """A playlist that Spotify owns, so that apps in development mode cannot read it."""
    script = _open(since, EDITORIAL, "Salt Water Friday", owner=SPOTIFY, followers=48_210)
    script.begin(*_by("Velvet Ferry"), *_by("Afterhours Aquarium"), weeks_ago=4)
    return script.on(8).shuffle().on(15).shuffle()


def _lighthouse(since: date) -> Script:
    """A stranger's playlist outside the library; some apps can read it by its id."""
    script = _open(since, LIGHTHOUSE, "Lighthouse keepers' ball", owner=STRANGER, followers=9)
    script.begin(*_by("Sable Quarry"), *_by("Dell & the Understudies"))
    return script.on(10).add(_song("Lumen"))


def _jetty(since: date) -> Script:
    """A friend's playlist outside the library, to which the user may add songs: it can be registered."""
    script = _open(
        since,
        JETTY,
        "Jetty, July",
        "Who had the towels?",
        owner=FRIEND,
        collaborators=frozenset({OWNER.id}),
    )
    script.begin(*_by("Afterhours Aquarium"), *_pick("Bailar es Gratis", "Salt on the Piano"))
    script.on(6).add(_song("Lamp Post, Lamp Post"), by=OWNER)
    return script.on(13).remove(_song("Salt on the Piano")).add(_song("Lunes con Sol"))


def _stairwell(since: date) -> Script:
    """Another one, whose registration ends after four days."""
    script = _open(
        since,
        STAIRWELL,
        "Stairwell swap",
        "One in, one out. Third floor has the key.",
        owner=FRIEND,
        collaborators=frozenset({OWNER.id}),
    )
    script.begin(*_pick("Second Coffee", "Buttons", "Spare Key", "Frost Report"))
    return script.on(2).remove(_song("Buttons")).add(_song("Your Mug"), by=OWNER)


def _liked_songs(since: date) -> Script:
    """The songs that the owner likes, here in the order in which she came to like them."""
    script = _open(since, LIKED_SONGS, "Liked Songs")
    early = invent_songs(130)
    script.begin(*early, weeks_ago=150)
    script.on(2).add(*_pick("Barometer", "Wren"))
    script.on(3).remove(early[40])
    script.on(5).add(_song("Second Coffee"))
    script.on(8).remove(early[3], _song("Wren"))
    script.on(12).add(_song("Wren"), early[40])
    return script.on(20).remove(*early[60:63]).add(_song("Lumen"))
