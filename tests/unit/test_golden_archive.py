"""The pages equal the predecessor's byte for byte, except for known differences."""

import html
import json
import os
import re
from collections.abc import Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import msgspec
import pytest

from playlist_archive.documents.fold import fold
from playlist_archive.documents.ledger import Ledger, with_page_status
from playlist_archive.documents.snapshot import Snapshot
from playlist_archive.documents.status import PageStatus
from playlist_archive.spotify.wire import WirePlaylist, parse_header, parse_row
from playlist_archive.views import render_pages
from tests.support.pages import assert_same_page
from tests.support.seed_playlist import PAGE, render_seed_page
from tests.support.strategies import day

pytestmark = pytest.mark.unit

REPOSITORY = Path(__file__).parents[2]
SEED_PAGE = REPOSITORY.parent / "shared/seed/playlist.md"
DATA = Path(os.environ.get("PLAYLIST_ARCHIVE_DATA") or REPOSITORY.parent / "shared/data")
GOLDEN = DATA / "golden"
DATES = ("2021-01-01", "2021-02-01", "2021-02-02", "2021-05-01")
PLAYLISTS = (
    "37i9dQZF1DX5Ejj0EkURtP",
    "37i9dQZF1DX6VdMW310YC7",
    "37i9dQZF1DXaKIA8E7WcJj",
    "37i9dQZF1DXcZDD7cfEKhW",
    "5htE97xLVu4akvNcmhLien",
    "6ckHBekHAoozIV6ISOmvq1",
)
ALIASES = {"37i9dQZF1DXaKIA8E7WcJj": "Sixties, aliased"}
UNCHANGED = {("5htE97xLVu4akvNcmhLien", "2021-02-02"), ("6ckHBekHAoozIV6ISOmvq1", "2021-02-02")}

needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason=f"no golden pages in {GOLDEN}")


@pytest.fixture(scope="module", params=PLAYLISTS)
def playlist_id(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def ledgers(playlist_id: str) -> dict[str, Ledger]:
    return dict(archive(playlist_id))


class TestSeed:
    def test_the_facts_make_the_page_that_is_kept(self) -> None:
        assert_same_page(render_seed_page(), PAGE.read_text())

    @pytest.mark.skipif(not SEED_PAGE.is_file(), reason=f"there is no {SEED_PAGE}")
    def test_the_facts_make_the_published_page(self) -> None:
        expected = with_history_link(SEED_PAGE.read_text(), "37i9dQZF1DX5LEXW9eXA0n")

        assert_same_page(render_seed_page(), expected.removesuffix("\n") + "\n")


@needs_golden
class TestOldArchive:
    @pytest.mark.parametrize("date", DATES)
    def test_the_pretty_page_is_as_it_was(
        self, playlist_id: str, ledgers: dict[str, Ledger], date: str
    ) -> None:
        expected = with_history_link(golden(date, playlist_id, "pretty.md"), playlist_id)
        expected = with_clean_description(expected, date, playlist_id)

        assert_same_page(body(ledgers[date], "pretty", ".md"), expected)

    @pytest.mark.parametrize("date", DATES)
    def test_the_cumulative_page_is_as_it_was(
        self, playlist_id: str, ledgers: dict[str, Ledger], date: str
    ) -> None:
        expected = with_history_link(golden(date, playlist_id, "cumulative.md"), playlist_id)
        expected = with_clean_description(expected, date, playlist_id)
        expected = with_asterisks(expected, songs_without_date(playlist_id))

        assert_same_page(body(ledgers[date], "cumulative", ".md"), expected)

    @pytest.mark.parametrize("date", DATES)
    def test_the_plain_page_is_as_it_was(
        self, playlist_id: str, ledgers: dict[str, Ledger], date: str
    ) -> None:
        assert_same_page(body(ledgers[date], "plain"), golden(date, playlist_id, "plain"))

    @pytest.mark.parametrize("date", DATES)
    def test_the_pretty_json_document_equals_the_old_one(
        self, playlist_id: str, ledgers: dict[str, Ledger], date: str
    ) -> None:
        json_document = body(ledgers[date], "pretty", ".json")
        expected = json.loads(golden(date, playlist_id, "pretty.json"))

        assert only_old_keys(json.loads(json_document), expected) == expected
        assert_same_page(json_document, as_the_old_archive_wrote(json.loads(json_document)))

    @pytest.mark.parametrize("date", DATES)
    def test_the_cumulative_json_document_equals_the_old_one(
        self, playlist_id: str, ledgers: dict[str, Ledger], date: str
    ) -> None:
        json_document = body(ledgers[date], "cumulative", ".json")
        expected = json.loads(golden(date, playlist_id, "cumulative.json"))
        without_date = songs_without_date(playlist_id)
        for track in expected["tracks"]:
            track["date_added_asterisk"] = track["url"] in without_date

        assert only_old_keys(json.loads(json_document), expected) == expected
        assert_same_page(json_document, as_the_old_archive_wrote(json.loads(json_document)))

    def test_golden_documents_are_written_as_ours(self, playlist_id: str) -> None:
        for name in ("pretty.json", "cumulative.json"):
            document = golden(DATES[-1], playlist_id, name)

            assert_same_page(document, as_the_old_archive_wrote(json.loads(document)))


@needs_golden
def test_only_follower_numbers_differ_where_no_snapshot_is_written() -> None:
    for playlist_id, date in UNCHANGED:
        before, after = (read(day_, playlist_id) for day_ in ("2021-02-01", date))

        assert before.content_hash() == after.content_hash()
        assert before.followers != after.followers


def archive(playlist_id: str) -> Iterator[tuple[str, Ledger]]:
    """Yield each date and the ledger after its run."""
    ledger: Ledger | None = None
    for revision, date in enumerate(DATES, start=1):
        snapshot = read(date, playlist_id)
        if ledger is None or (playlist_id, date) not in UNCHANGED:
            ledger = fold(ledger, snapshot)
        name = ALIASES.get(playlist_id, snapshot.name)
        page_status = PageStatus(
            revision=revision,
            alias=ALIASES.get(playlist_id, ""),
            name=name,
            unique_name=name,
            status="ok",
            since=day(DATES[0]),
            snapshot=day(date),
            followers=snapshot.followers,
            snapshot_id=snapshot.snapshot_id,
        )
        ledger = with_page_status(ledger, page_status)
        yield date, ledger


def read(date: str, playlist_id: str) -> Snapshot:
    wire = msgspec.json.decode(golden(date, playlist_id, "api.json"), type=WirePlaylist)
    assert wire.tracks is not None
    assert wire.tracks.items is not None
    return Snapshot(
        playlist_id=playlist_id,
        time=day(date),
        read_at=day(date),
        rows=tuple(parse_row(row) for row in wire.tracks.items),
        **msgspec.structs.asdict(parse_header(playlist_id, wire)),
    )


def golden(date: str, playlist_id: str, name: str) -> str:
    return (GOLDEN / date / playlist_id / name).read_bytes().decode()


def body(ledger: Ledger, view: str, suffix: str = "") -> str:
    return render_pages(ledger)[f"playlists/{view}/{ledger.playlist_id}{suffix}"].body.decode()


def with_history_link(page: str, playlist_id: str) -> str:
    first, rest = page.split("\n", 1)
    first, count = re.subn(
        r"\[githistory\]\(\S+\)$", f"[history](/playlists/history/{playlist_id}.md)", first
    )
    assert count == 1
    return f"{first}\n{rest}"


def with_clean_description(page: str, date: str, playlist_id: str) -> str:
    """Clean the page's description as the archive now does: drop tags, decode entities."""
    raw: str = json.loads(golden(date, playlist_id, "pretty.json"))["description"]
    cleaned = html.unescape(re.sub(r"<[^>]+>", "", raw))
    lines = page.split("\n")
    assert lines[4] == f"> {old_escape(raw.strip())}"
    lines[4] = f"> {old_escape(cleaned.strip())}"
    return "\n".join(lines)


def old_escape(text: str) -> str:
    for special in ("\\", ". ", *"#()[]-*_`|~"):
        text = text.replace(special, f"\\{special}")
    return text


def songs_without_date(playlist_id: str) -> set[str]:
    """Return the URLs of the songs in the first snapshot that never have a date."""
    without: set[str] = set()
    for date in DATES:
        rows = json.loads(golden(date, playlist_id, "pretty.json"))["tracks"]
        if date == DATES[0]:
            without = {row["url"] for row in rows if row["added_at"] is None}
        without -= {row["url"] for row in rows if row["added_at"] and row["added_at"] < DATES[0]}
    return without


def with_asterisks(page: str, urls: set[str]) -> str:
    return "\n".join(map(with_asterisk, page.split("\n"), repeat(urls)))


def with_asterisk(line: str, urls: set[str]) -> str:
    song = re.match(r"\| \[.*?\]\((https://open\.spotify\.com/track/\w+)\) \|", line)
    if song is None or song[1] not in urls:
        return line
    added = f" | {DATES[0]} | "
    assert line.count(added) == 1
    return line.replace(added, rf" | {DATES[0]}\* | ")


def only_old_keys(document: Any, old: Any) -> Any:
    """Return `document` without the keys that `old` does not have."""
    if isinstance(old, dict):
        return {key: only_old_keys(document[key], value) for key, value in old.items()}
    if isinstance(old, list):
        assert len(document) == len(old)
        return [only_old_keys(*pair) for pair in zip(document, old, strict=True)]
    return document


def as_the_old_archive_wrote(document: Any) -> str:
    return json.dumps(document, indent=2, sort_keys=True) + "\n"
