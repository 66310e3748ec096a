"""What is taken away from the site has the bytes of the command's exports."""

import html
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.keys import SNAPSHOTS, snapshot_key, view_key
from playlist_archive.documents.playlist import Row
from playlist_archive.documents.snapshot import Snapshot, decode_snapshot, encode_snapshot
from playlist_archive.documents.timestamps import Timestamp
from playlist_archive.views.markdown import strip_tags
from playlist_archive_cli.exports.collection import rows_of_snapshot
from playlist_archive_cli.exports.ever import removed_songs, rows_of
from playlist_archive_cli.exports.file_names import file_names
from playlist_archive_cli.exports.formats import ENCODINGS, Format
from playlist_archive_cli.published import Ever
from tests.support.browser import Module
from tests.support.export_vectors import read_vectors
from tests.support.fakes import FakeBucket
from tests.support.strategies import nasty_texts, playlist_histories

pytestmark = pytest.mark.browser

ASKED = 200
VECTORS = read_vectors()
FORMATS = (Format.CSV, Format.URIS, Format.M3U8, Format.XSPF, Format.JSON)
EACH_FORMAT = """Object.fromEntries(Object.keys(it.FORMATS).map(
    (format) => [format, it.encode(format, it.rowsOfSnapshot(JSON.parse(given)))]
))"""


@pytest.fixture(scope="module")
def exports(module: Callable[[str], Module]) -> Module:
    return module("exports.js")


def by_command(collection: Any) -> dict[str, Any]:
    encoded = {format_: ENCODINGS[format_].encode(collection) for format_ in FORMATS}
    return {
        format_: ([file.decode() for file in one.files], dict(one.left_out))
        for format_, one in encoded.items()
    }


def by_site(exports: Module, snapshot: Snapshot) -> dict[str, Any]:
    encoded = exports(EACH_FORMAT, encode_snapshot(snapshot).decode())
    return {format_: (one["files"], one["leftOut"]) for format_, one in encoded.items()}


@pytest.mark.parametrize("case", VECTORS["exports"], ids=lambda case: case["what"])
def test_each_format_is_byte_for_byte_that_of_the_vectors(
    exports: Module, case: dict[str, Any]
) -> None:
    snapshot = {**case["snapshot"], "rows": case["snapshot"]["rows"] * case["repeat"]}
    encoded = exports(EACH_FORMAT, msgspec.json.encode(snapshot).decode())

    compared = set(encoded) & set(case["files"])
    assert compared == ({*FORMATS} if case["repeat"] == 1 else {Format.URIS})
    for format_ in compared:
        assert encoded[format_]["files"] == case["files"][format_]
        assert encoded[format_]["leftOut"] == case["left_out"][format_]


@given(data=st.data())
def test_hostile_texts_come_out_as_from_the_command(exports: Module, data: st.DataObject) -> None:
    [snapshot] = data.draw(playlist_histories(max_size=1))
    snapshot = replace(
        snapshot,
        name=data.draw(nasty_texts),
        description=data.draw(nasty_texts),
        rows=tuple(
            replace(
                row,
                added_by=data.draw(nasty_texts),
                item=row.item
                and replace(
                    row.item,
                    name=data.draw(nasty_texts),
                    url=data.draw(nasty_texts | st.just(row.item.url)),
                    uri=data.draw(nasty_texts | st.just(row.item.uri)),
                ),
            )
            for row in snapshot.rows
        ),
    )

    assert by_site(exports, snapshot) == by_command(rows_of_snapshot(snapshot, snapshot.name))


def test_real_playlists_come_out_as_from_the_command(
    exports: Module, real_archive: FakeBucket
) -> None:
    keys = [key for key in real_archive.objects if key.startswith(SNAPSHOTS)]
    for key in Random(14).choices(keys, k=ASKED):
        snapshot = decode_snapshot(real_archive.objects[key])
        expected = by_command(rows_of_snapshot(snapshot, snapshot.name))
        assert by_site(exports, snapshot) == expected, key


@pytest.mark.parametrize("only_removed", [False, True])
def test_songs_that_ever_were_there_come_out_as_from_the_command(
    exports: Module, sample_archive: FakeBucket, *, only_removed: bool
) -> None:
    objects = sample_archive.objects
    prefix = view_key("cumulative", "4uLU6hMCjMI75M1A2tKUQC").rpartition("/")[0]
    keys = [key for key in objects if key.startswith(prefix) and key.endswith(".json")]
    assert keys
    for key in keys:
        playlist_id = key.rpartition("/")[2].removesuffix(".json")
        newest = max(one for one in objects if one.startswith(f"{SNAPSHOTS}{playlist_id}/"))

        def read(times: Iterable[Timestamp], id_: str = playlist_id) -> Iterator[Snapshot]:
            for time in times:
                yield decode_snapshot(objects[snapshot_key(id_, datetime.fromisoformat(time))])

        ever = msgspec.json.decode(objects[key], type=Ever)
        songs = removed_songs(ever, None) if only_removed else list(ever.tracks)
        now = decode_snapshot(objects[newest])
        expected = rows_of_snapshot(now, "A name")._replace(
            time=None, rows=rows_of(songs, read), stays=[song.intervals for song in songs]
        )
        encoded = exports(
            """(async () => {
                const { documents } = await import('/site/js/documents.js');
                const read = (time) => documents.snapshot(given.id, time);
                const [{ tracks }, now] = await Promise.all(
                    [documents.cumulative(given.id), read(given.now)]
                );
                const songs = tracks.filter((song) => song.date_removed || !given.onlyRemoved);
                const collection = await it.rowsOfSongs(now, 'A name', songs, read);
                return Object.fromEntries(
                    Object.keys(it.FORMATS).map((format) => [format, it.encode(format, collection)])
                );
            })()""",
            {
                "id": playlist_id,
                "now": msgspec.to_builtins(now)["time"].replace("+00:00", "Z"),
                "onlyRemoved": only_removed,
            },
        )
        found = {format_: (one["files"], one["leftOut"]) for format_, one in encoded.items()}
        assert found == by_command(expected), key


def test_it_says_how_many_songs_are_in_a_file(exports: Module) -> None:
    case = VECTORS["exports"][0]
    counts = exports(
        """['uris', 'csv', 'json'].map(
            (format) => it.encode(format, it.rowsOfSnapshot(given)).count
        )""",
        case["snapshot"],
    )

    assert counts == [4, 5, 6]


def test_more_than_five_hundred_uris_are_one_text_for_the_clipboard(exports: Module) -> None:
    snapshot = decode_snapshot(msgspec.json.encode(VECTORS["exports"][0]["snapshot"]))
    long = replace(snapshot, rows=(*snapshot.rows[:1] * 600, Row()))
    copied = exports(
        "it.urisOf(it.rowsOfSnapshot(JSON.parse(given)))", encode_snapshot(long).decode()
    )

    assert copied["text"] == f"{snapshot.rows[0].item.uri}\n" * 600  # type: ignore[union-attr]
    assert (copied["count"], copied["leftOut"]) == (600, {"unnamed_rows": 1})


LETTERS = "aAäÄßé.:/\\*? \t\u00a0\u200b\u200d\u202e\u2800\U0001f3f4\U000e0067\U000e007f窓1of"


def name_file(module: Callable[[str], Module], named: dict[str, str]) -> list[str]:
    names: list[str] = module("file_names.js")(
        "given.map((one) => it.fileName(...one))", [*named.items()]
    )
    return names


def test_a_file_is_named_as_the_command_names_it(module: Callable[[str], Module]) -> None:
    named = {
        f"{playlist_id} {number}": name
        for number, case in enumerate(VECTORS["file_names"])
        for playlist_id, name in case["names"].items()
    }

    assert name_file(module, named) == [file_names({one: name})[one] for one, name in named.items()]


@given(name=st.text(LETTERS, max_size=6) | nasty_texts | st.text("é窓x", min_size=60))
def test_any_name_becomes_the_command_s_name_of_a_file(
    module: Callable[[str], Module], name: str
) -> None:
    named = {"4uLU6hMCjMI75M1A2tKUQC": name}

    assert name_file(module, named) == [*file_names(named).values()]


_references = st.lists(
    st.sampled_from(
        ["&", "#", "x", ";", "amp", "eacute", "notit", "lt", "0", "128", "13", "9", "D800", " "]
    )
    | st.sampled_from(["<a href='x'>", "</a>", "<!--", "-->", "<", "NewLine;", "1114112", "ü"])
    | st.sampled_from(["&#x2F;", "&#65534;", "&#1;", "&#129;", f"&#{'9' * 100};", "&CounterClock"]),
    max_size=8,
).map("".join)


@given(description=_references | nasty_texts)
def test_a_description_reads_as_in_the_package(
    module: Callable[[str], Module], description: str
) -> None:
    text = module("descriptions.js")("it.descriptionText(given)", description)

    assert text == strip_tags(description)


def test_every_character_reference_is_known(module: Callable[[str], Module]) -> None:
    names = sorted(html.entities.html5)
    texts = module("descriptions.js")("given.map((name) => it.descriptionText(`&${name}`))", names)

    assert texts == [strip_tags(f"&{name}") for name in names]
