"""A CSV gives the rows that were in it, or says what is wrong with it."""

# ruff: noqa: RUF001 - the headers are written as their languages write them

import csv
import io
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.playlist import Album, Artist, Item, Owner, Row
from playlist_archive_cli.exports.collection import Collection
from playlist_archive_cli.exports.csv_file import COLUMNS, encode_csv
from playlist_archive_cli.exports.file_names import file_name, file_names
from playlist_archive_cli.imports.exportify import (
    NO_URI,
    OTHER_CELLS,
    UnreadableTableError,
    read_exportify,
    read_rows,
    spell_as_file,
)
from playlist_archive_cli.imports.found import FoundPlaylist
from playlist_archive_cli.imports.matching import Archived, match
from playlist_archive_cli.imports.versions import LeftOuts
from tests.support.strategies import nasty_texts, song
from tools.verification.history_file import State, read_versions

pytestmark = pytest.mark.unit

ADDED = datetime(2024, 5, 16, 20, 46, 24, tzinfo=UTC)
SPOTIFY = "https://open.spotify.com"
WATSONBOX = (
    '"Track URI","Track Name","Artist URI(s)","Artist Name(s)","Album URI","Album Name",'
    '"Album Artist URI(s)","Album Artist Name(s)","Album Release Date","Album Image URL",'
    '"Disc Number","Track Number","Track Duration (ms)","Track Preview URL","Explicit",'
    '"Popularity","ISRC","Added By","Added At"\n'
    '"spotify:track:1","Ebb / Flow","spotify:artist:2, spotify:artist:3",'
    '"The Harbour Lamps, Earth\\, Wind & Fire","spotify:album:4","Slack ""Water""",'
    '"spotify:artist:2","The Harbour Lamps","2019-03","https://i.scdn.co/image/5","1","2",'
    '"214360","","true","40","GBXXX1900123","spotify:user:lena","2024-05-16T20:46:24Z"\n'
)
PAVELKOMAROV = (
    "\ufeffTrack URI,Track Name,Album Name,Artist Name(s),Release Date,Duration (ms),Popularity,"
    "Explicit,Added By,Added At,Genres,Record Label\n"
    'spotify:track:1,"Ebb / Flow","Slack ""Water""","The Harbour Lamps;Earth, Wind & Fire",'
    '2019-03,214360,40,true,lena,2024-05-16T20:46:24Z,"",""\n'
    ',"undefined","undefined","undefined",,,,,lena,2024-05-16T20:46:24Z,"","undefined"\n'
)
TRACK = Item(
    type="track",
    uri="spotify:track:1",
    name="Ebb / Flow",
    duration_ms=214360,
    artists=(
        Artist("The Harbour Lamps", f"{SPOTIFY}/artist/2"),
        Artist("Earth, Wind & Fire", f"{SPOTIFY}/artist/3"),
    ),
    album=Album('Slack "Water"', f"{SPOTIFY}/album/4", "2019-03"),
    url=f"{SPOTIFY}/track/1",
    explicit=True,
    isrc="GBXXX1900123",
    unknown=("playable",),
)


def read(text: str) -> tuple[Row, ...]:
    return read_rows(text, "mix.csv", LeftOuts())


def reasons(text: str) -> dict[str, tuple[int, tuple[str, ...]]]:
    left_out = LeftOuts()
    read_rows(text, "mix.csv", left_out)
    return {one.reason: (one.count, one.samples) for one in left_out.all()}


def read_files(*paths: Path) -> tuple[list[FoundPlaylist], dict[str, str]]:
    left_out = LeftOuts()
    found = list(read_exportify(paths, left_out))
    return found, {where: one.reason for one in left_out.all() for where in one.samples}


def table(*lines: tuple[str, ...]) -> str:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(lines)
    return written.getvalue()


# What is wrong with a file


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf \r\n", "it is empty"),
        (WATSONBOX.encode("utf-16"), "a spreadsheet has saved it"),
        (WATSONBOX.replace('","', '";"').encode("utf-8-sig"), "a spreadsheet has saved it"),
        (WATSONBOX.replace('","', "\t").encode(), "a spreadsheet has saved it"),
        (f"sep=,\n{WATSONBOX}".encode(), "a spreadsheet has saved it"),
        (WATSONBOX.replace("Ebb", "Ebbé").encode("latin-1"), "it is not text in UTF-8"),
        (WATSONBOX[:-5].encode(), "it is not CSV, or cut off: line 2"),
        (PAVELKOMAROV[:-40].encode(), "it is cut off: line 3"),
        (b'"Track URI"\n"spotify:track:1"x\n', "it is not CSV, or cut off: line 2"),
        (b"Artist,Title\nAnn,Song\n", "it begins with: Artist, Title"),
        (b"Track URI;Track Name\nspotify:track:1;Song\n", "a spreadsheet has saved it"),
        (b"\n\n", "it is empty"),
        (b"\nTrack URI\n", "none of its columns"),
        (b"\x00\x01\x02", "none of its columns"),
    ],
)
def test_a_file_that_is_no_table_of_songs_says_why(
    tmp_path: Path, body: bytes, reason: str
) -> None:
    bad, good = tmp_path / "bad.csv", tmp_path / "good.csv"
    bad.write_bytes(body)
    good.write_text(WATSONBOX, encoding="utf-8")

    found, left_out = read_files(bad, good)
    assert [one.reference for one in found] == ["good.csv"]
    assert list(left_out) == ["bad.csv"]
    assert reason in left_out["bad.csv"]


@given(st.integers(0, len(WATSONBOX) - 1))
def test_a_file_that_is_cut_off_never_gives_another_song(length: int) -> None:
    try:
        rows = read(WATSONBOX[:length])
    except UnreadableTableError:
        return
    assert rows in {(), (Row(ADDED, "lena", TRACK),)}


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_whatever_a_file_holds_it_is_read_or_refused(body: bytes) -> None:
    with suppress(UnreadableTableError):
        read("Track URI,Track Name\n" + body.decode("utf-8", "replace"))


def test_a_row_that_cannot_be_read_is_counted_and_keeps_its_place() -> None:
    text = WATSONBOX + '"spotify:track:7","too few cells"\n\n"' + '","' * 18 + '"\n' + "x," * 18
    text += "x\n"

    assert [row.item and row.item.uri for row in read(text)] == [
        "spotify:track:1",
        None,
        None,
        None,
    ]
    assert reasons(text) == {
        OTHER_CELLS: (1, ("mix.csv, line 3",)),
        NO_URI: (2, ("mix.csv, line 5", "mix.csv, line 6")),
    }


def test_a_cell_that_makes_no_sense_is_unknown_and_spoils_nothing() -> None:
    headers = ("Track URI", "Track Duration (ms)", "Explicit", "Added At", "ISRC")
    [row] = read(table(headers, ("spotify:track:1", "9" * 5000, "perhaps", "yesterday", "")))

    assert row.item
    assert (row.added_at, row.item.duration_ms) == (None, 0)
    assert {"duration_ms", "explicit", "isrc"} < set(row.item.unknown)


@pytest.mark.parametrize("date", ["1970-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31"])
def test_a_date_that_spotify_does_not_know_is_unknown(date: str) -> None:
    [row] = read(table(("Track URI", "Added At"), ("spotify:track:1", date)))

    assert row.added_at is None


def test_unknown_columns_do_not_matter() -> None:
    [row] = read(table(("Mood", "Track URI", "Tempo"), ("blue", "spotify:track:1", "120")))

    assert row.item
    assert row.item.uri == "spotify:track:1"


def test_a_table_without_rows_is_an_empty_playlist() -> None:
    assert read(WATSONBOX.splitlines()[0]) == ()


# Both kinds


def test_watsonbox_tells_everything_but_whether_a_song_can_be_played() -> None:
    assert read(WATSONBOX) == (Row(ADDED, "lena", TRACK),)


def test_pavelkomarov_tells_names_without_links_and_rows_that_spotify_no_longer_names() -> None:
    named, unnamed = read(PAVELKOMAROV.removeprefix("\ufeff"))

    assert named.item
    assert named.item.artists == (Artist("The Harbour Lamps"), Artist("Earth, Wind & Fire"))
    assert named.item.album == Album('Slack "Water"', "", "2019-03")
    assert named.item.unknown == ("artists", "album", "playable", "isrc")
    assert unnamed == Row(ADDED, "lena")
    assert reasons(PAVELKOMAROV.removeprefix("\ufeff")) == {}


def test_a_song_called_undefined_keeps_its_name() -> None:
    text = PAVELKOMAROV.replace('"Ebb / Flow"', '"undefined"').removeprefix("\ufeff")

    item = read(text)[0].item
    assert item
    assert (item.name, "name" in item.unknown) == ("undefined", True)


def test_names_that_older_files_joined_with_a_comma_are_taken_apart() -> None:
    text = PAVELKOMAROV.replace("Lamps;Earth, Wind", "Lamps,Earth, Wind").removeprefix("\ufeff")

    item = read(text)[0].item
    assert item
    assert item.artists == (Artist("The Harbour Lamps"), Artist("Earth, Wind & Fire"))


def test_older_files_that_tell_ids_give_the_same_songs() -> None:
    [row] = read("Spotify ID,Track Name\n6tRaCkTeStOnE000000001,Song\n")

    assert row.item
    assert row.item.uri == "spotify:track:6tRaCkTeStOnE000000001"


def test_a_local_file_has_no_links_and_nothing_of_it_is_missing() -> None:
    uri = "spotify:local:Ann:Demo:Song:12"
    headers = ("Track URI", "Track Name", "Artist URI(s)", "Artist Name(s)", "Album Name")
    [row] = read(table(headers, (uri, "Song", "", "Ann", "Demo")))

    assert row.item
    assert row.item.local
    assert (row.item.artists, row.item.album) == ((Artist("Ann"),), Album("Demo"))
    assert not {"artists", "album", "name"} & set(row.item.unknown)


LANGUAGES = {
    "ar": "رابط الأغنية (URI),اسم الأغنية,أسماء الفنانين,مدة الأغنية (بالمللي ثانية),أضيف في",
    "de": "Track-URI,Track-Name,Künstlername(n),Track-Dauer (ms),Hinzugefügt am",
    "el": "URI κομματιού,Όνομα κομματιού,Όνομα/τα καλλιτέχνη,Διάρκεια κομματιού (ms),"
    "Προστέθηκε στις",
    "en": "Track URI,Track Name,Artist Name(s),Track Duration (ms),Added At",
    "es": "URI de la canción,Nombre de la canción,Nombre(s) del artista,"
    "Duración de la canción (ms),Añadido en",
    "fr": "URI du titre,Nom du titre,Nom(s) de l'artiste,Durée du titre (ms),Ajouté le",
    "it": "URI della traccia,Nome della traccia,Nome dell'artista,Durata della traccia (ms),"
    "Aggiunto il",
    "ja": "トラックURI,トラック名,アーティスト名,トラックの長さ（ミリ秒）,追加日時",
    "nl": "Nummer URI,Nummmernaam,Naam van artiest,Nummerduur (ms),Toegevoegd op",
    "pt": "URI da faixa,Nome da faixa,Nome(s) do artista,Duração da faixa (ms),Adicionado em",
    "sv": "Låtens URI,Låtens namn,Artistens namn,Låtlängd (ms),Tillagd vid",
    "tr": "Parça URI,Parça Adı,Sanatçı Adı,Parça Süresi (ms),Eklenme Tarihi",
}


@pytest.mark.parametrize("headers", LANGUAGES.values(), ids=LANGUAGES)
def test_headers_are_read_in_every_language(headers: str) -> None:
    [row] = read(f"{headers}\nspotify:track:1,Song,Ann,1500,2024-05-16T20:46:24Z\n")

    assert row.item
    assert row.added_at == ADDED
    assert (row.item.name, row.item.duration_ms) == ("Song", 1500)
    assert row.item.artists == (Artist("Ann"),)


# What a playlist is called


def test_a_zip_of_many_gives_each_of_them(tmp_path: Path) -> None:
    path = tmp_path / "spotify_playlists.zip"
    with zipfile.ZipFile(path, "w") as writing:
        writing.writestr("road_trip.csv", WATSONBOX)
        writing.writestr("rain.csv", PAVELKOMAROV)
        writing.writestr("notes.txt", "no playlist")

    found, left_out = read_files(path)
    assert [(one.name, one.reference) for one in found] == [
        ("rain", "spotify_playlists.zip: rain.csv"),
        ("road_trip", "spotify_playlists.zip: road_trip.csv"),
    ]
    assert found[0].unknown == ("name", "description", "owner")
    assert left_out == {}


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Road trip: 2023?", "road_trip_2023_.csv"),  # watsonbox
        ("Road trip: 2023?", "Road_trip_2023.csv"),  # pavelkomarov
        ("Road trip: 2023?", "Road trip_ 2023_.csv"),  # this project
        ("Road trip", "road_trip (1).csv"),
        ("Road trip", "Road_trip__.csv"),
        ("Road trip", "Road trip 2026-10-04.csv"),
        ("Road trip", "Road trip (4uLU6hMCjMI75M1A2tKUQC) 20261004T040000Z.csv"),
        ("Été", "E\u0301te\u0301.csv"),
        ("🔥 🔥", "🔥_🔥.csv"),
    ],
)
def test_a_playlist_is_known_by_the_name_of_its_file(tmp_path: Path, name: str, file: str) -> None:
    (tmp_path / file).write_text(WATSONBOX, encoding="utf-8")

    [found], _ = read_files(tmp_path / file)
    assert spell_as_file(name) in found.called
    assert spell_as_file("Another") not in found.called


@pytest.mark.parametrize(
    ("file", "playlist_id"),
    [
        ("Mix (4uLU6hMCjMI75M1A2tKUQC).csv", "4uLU6hMCjMI75M1A2tKUQC"),
        ("Mix (4uLU6hMCjMI75M1A2tKUQC) 2026-10-04.csv", "4uLU6hMCjMI75M1A2tKUQC"),
        ("Mix (4uLU6hMCjMI75M1A2tKUQC) ever.csv", None),
        ("4uLU6hMCjMI75M1A2tKUQC.csv", None),
        ("Mix (2021).csv", None),
    ],
)
def test_an_id_in_the_name_of_a_file_is_that_of_the_playlist(
    tmp_path: Path, file: str, playlist_id: str | None
) -> None:
    (tmp_path / file).write_text(WATSONBOX, encoding="utf-8")

    [found], _ = read_files(tmp_path / file)
    assert found.playlist_id == playlist_id


@given(nasty_texts | st.text(min_size=1))
def test_the_name_of_an_exported_file_is_spelled_as_the_playlist(name: str) -> None:
    if len(name) < 40 and any(char.isalnum() for char in name):
        assert spell_as_file(file_name(name)) == spell_as_file(name)


@pytest.mark.parametrize("ending", [" ever", " removed", " removed since 2026-10-04"])
def test_a_file_of_many_days_is_none_of_a_day(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"Road trip{ending}.csv"
    file.write_text(WATSONBOX, encoding="utf-8")

    [found], _ = read_files(file)
    assert not found.of_a_day
    assert spell_as_file("Road trip") not in found.called


# Out and in again

artists = st.builds(
    Artist,
    st.text("a,\\ ;", max_size=5) | nasty_texts,
    st.sampled_from(["", f"{SPOTIFY}/artist/2", f"{SPOTIFY}/artist/3"]),
)
items = st.builds(
    replace,
    st.sampled_from([song("a"), song("b")]),
    name=nasty_texts,
    duration_ms=st.integers(0, 10**9),
    artists=st.lists(artists, max_size=3).map(tuple),
    album=st.builds(
        Album,
        nasty_texts,
        st.sampled_from(["", f"{SPOTIFY}/album/4"]),
        st.sampled_from(["", "2019", "2019-03-01"]),
    ),
    explicit=st.booleans(),
    isrc=st.sampled_from(["", "GBXXX1900123"]),
) | st.just(
    Item(
        type="track",
        uri="spotify:local:Ann:Demo:Song:12",
        name="Song",
        duration_ms=12_000,
        artists=(Artist("Ann"),),
        album=Album("Demo"),
        local=True,
    )
)
rows = st.builds(
    Row,
    st.none()
    | st.datetimes(
        datetime(2006, 1, 1),  # noqa: DTZ001
        datetime(2030, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ).map(lambda moment: moment.replace(microsecond=0)),
    st.sampled_from(["", "lena", "31häng"]),
    items,
)


def export(rows: tuple[Row, ...]) -> str:
    collection = Collection("4uLU6hMCjMI75M1A2tKUQC", "Mix", "", Owner("", ""), "", None, rows)
    [file] = encode_csv(collection).files
    return file.decode()


def as_told(row: Row) -> Row:
    """Return the row as a source tells that knows everything."""
    return replace(row, item=row.item and replace(row.item, unknown=()))


@given(st.lists(rows, max_size=5).map(tuple))
@example((Row(item=replace(song("a"), artists=(Artist("A\\", ""), Artist("B", "")))),))
def test_what_was_exported_comes_back_or_is_unknown(written: tuple[Row, ...]) -> None:
    came = read(export(written))

    assert len(came) == len(written)
    for row, before in zip(came, written, strict=True):
        assert row.item
        assert before.item
        known = {field: getattr(before.item, field) for field in row.item.unknown}
        assert replace(row, item=replace(row.item, unknown=(), **known)) == before


@given(st.lists(rows, max_size=5).map(tuple))
def test_what_was_imported_and_exported_again_is_the_same_file(written: tuple[Row, ...]) -> None:
    once = export(written)

    # A backslash before a comma is the only thing that Exportify's CSV cannot keep.
    if "\\" not in once:
        assert export(read(once)) == once


def test_all_real_playlists_come_back_as_they_were_exported(data: Path, tmp_path: Path) -> None:
    history = read_versions(data / "playlist-history.jsonl.xz")
    states = {playlist_id: versions[-1][1] for playlist_id, versions in history.items()}
    written = {playlist_id: rows_of_state(state) for playlist_id, state in states.items()}
    names = file_names({playlist_id: state.name for playlist_id, state in states.items()})
    for playlist_id, name in names.items():
        (tmp_path / f"{name}.csv").write_text(export(written[playlist_id]), encoding="utf-8")

    found, left_out = read_files(tmp_path)
    known = [
        Archived(playlist_id, (state.name,), len(set(state.uris)), frozenset(state.uris))
        for playlist_id, state in states.items()
    ]
    matches = match(found, known, spell_as_file)
    assert left_out == {}
    assert {
        one.playlist_id or "": tuple(map(as_told, one.found.rows)) for one in matches
    } == written


def rows_of_state(state: State) -> tuple[Row, ...]:
    return tuple(
        Row(
            added_at=datetime.fromisoformat(row.added_at) if row.added_at else None,
            item=Item(
                type="track",
                uri=row.song.uri,
                name=row.song.name,
                duration_ms=row.song.duration_ms,
                artists=tuple(Artist(*artist) for artist in row.song.artists),
                album=Album(*row.song.album),
                url=row.song.url,
            ),
        )
        for row in state.rows
    )


def test_this_projects_own_columns_are_all_known() -> None:
    [row] = read(table(COLUMNS, ("spotify:track:1", *["x"] * (len(COLUMNS) - 1))))

    assert row.item
    assert row.item.isrc == "x"
