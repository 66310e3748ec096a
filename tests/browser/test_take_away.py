"""What is shown can be taken away, in the same bytes as the command's."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from playlist_archive.documents.snapshot import decode_snapshot
from playlist_archive_cli.exports.collection import Collection, rows_of_snapshot
from playlist_archive_cli.exports.formats import ENCODINGS, Format
from tests.support.browser import Watch
from tests.support.fakes import FakeBucket
from tests.support.site_pages import SHELL, document, settle, show
from tools.stand_in.sample import SKYLIGHT

pytestmark = pytest.mark.browser

TAPES = "l06E9Iy5wue6iIkvcr3TrS"
NOW = "20261006T040000Z"


@pytest.fixture
def tapes(sample_archive: FakeBucket) -> Collection:
    """Return a playlist with local files and with rows that Spotify does not name."""
    key = f"snapshots/{TAPES}/{NOW}.json"
    snapshot = decode_snapshot(sample_archive.objects[key])
    name = document(sample_archive.objects, f"playlists/history/{TAPES}.json")["playlist"]["name"]
    return rows_of_snapshot(snapshot, name)


def clipboard(page: Page) -> str:
    text: str = page.evaluate("navigator.clipboard.readText()")
    return text


def test_copying_says_how_many_and_what_was_left_out(watch: Watch, tapes: Collection) -> None:
    page = show(watch, f"/playlist/{TAPES}", permissions=["clipboard-read", "clipboard-write"])

    page.keyboard.press("y")

    expect(page.locator(".toast")).to_have_text(
        "Copied 11 songs. 2 rows that Spotify does not name, left out."
    )
    [uris] = ENCODINGS[Format.URIS].encode(tapes).files
    assert clipboard(page) == uris.decode()


def test_a_clipboard_that_refuses_is_replaced_by_a_dialog(watch: Watch, tapes: Collection) -> None:
    page = show(watch, f"/playlist/{TAPES}")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")

    page.get_by_role("button", name="Copy songs").click()

    dialog = page.get_by_role("dialog", name="Copy these songs")
    [uris] = ENCODINGS[Format.URIS].encode(tapes).files
    assert dialog.get_by_label("URIs").input_value() == uris.decode()
    expect(dialog).to_contain_text("11 songs")
    expect(dialog.get_by_label("URIs")).to_be_focused()


@pytest.mark.parametrize(
    ("button", "kind"),
    [
        ("CSV", Format.CSV),
        ("Text", Format.URIS),
        ("M3U8", Format.M3U8),
        ("XSPF", Format.XSPF),
        ("JSON", Format.JSON),
    ],
)
def test_a_download_is_what_the_command_exports(
    watch: Watch, tapes: Collection, button: str, kind: Format
) -> None:
    page = show(watch, f"/playlist/{TAPES}")
    page.get_by_role("button", name="Download").click()

    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()

    [expected] = ENCODINGS[kind].encode(tapes).files
    assert Path(download.value.path()).read_bytes() == expected
    assert download.value.suggested_filename == f"Shoebox of tapes{ENCODINGS[kind].suffix}"


@pytest.mark.parametrize(
    ("route", "button", "count"),
    [
        (f"/playlist/{SKYLIGHT}@2026-10-04", "Copy songs", "12 songs"),
        (f"/playlist/{SKYLIGHT}/history", "Copy its songs", "13 songs"),
        ("/playlist/n2wrxmVUhFCi0b4DYVeA42/songs?only=gone", "Copy these songs", "2 songs"),
        (f"/playlist/{SKYLIGHT}/charts", "Copy its songs", "13 songs"),
        (f"/playlist/{SKYLIGHT}@2026-10-02..2026-10-04", "Copy what was removed", "1 song"),
        ("/song/K4vKpZLcNlMyjYUiIybeWO", "Copy its URI", "1 song"),
        ("/search?q=tide", "Copy these songs", "3 songs"),
    ],
)
def test_songs_can_be_copied_from_every_view(
    watch: Watch, route: str, button: str, count: str
) -> None:
    page = show(watch, route, permissions=["clipboard-read", "clipboard-write"])

    page.get_by_role("button", name=button).click()
    settle(page)

    expect(page.locator(".toast")).to_contain_text(f"Copied {count}.")
    number = int(count.split(maxsplit=1)[0])
    assert len(clipboard(page).splitlines()) == number


def test_songs_that_cannot_be_read_are_not_taken_away_silently(watch: Watch) -> None:
    watch.tolerate("Failed to load resource")
    page = show(watch, f"/playlist/{SKYLIGHT}/history")
    page.route("**/snapshots/**", lambda route: route.abort())

    page.get_by_role("button", name="Copy its songs").click()

    expect(page.locator(".toast")).to_contain_text("These songs could not be read: /snapshots/")


def test_a_search_whose_ids_cannot_be_read_still_shows_its_songs(watch: Watch) -> None:
    watch.tolerate("Failed to load resource")
    page = watch.open("site/blank.html")
    page.route("**/playlists/songs/*.ids.json", lambda route: route.abort())
    with page.expect_request("**/playlists/songs/*.ids.json"):
        page.goto(f"{watch.url}{SHELL}#/search?q=rain")
    settle(page)

    page.get_by_role("button", name="Copy these songs").click()

    expect(page.locator(".toast")).to_contain_text("could not be read")
