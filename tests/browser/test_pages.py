"""Every page shows what the archive's documents tell, at a desk and on a phone."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta

import pytest

from playlist_archive.documents.keys import songs_part
from tests.browser.conftest import Serve
from tests.support.browser import DESKTOP, PHONE, Watch
from tests.support.fakes import FakeBucket
from tests.support.large_site import PLAYLIST, large_site
from tests.support.site_pages import (
    SHELL,
    cells,
    document,
    go,
    route_of,
    rows_on,
    said,
    settle,
    show,
    titles_of,
)
from tools.stand_in.sample import FERRY, KITCHEN, SKYLIGHT

pytestmark = pytest.mark.browser

HOSTILE = "fLvaRGojDz6A1qmVo5PEMm"
TAPES = "l06E9Iy5wue6iIkvcr3TrS"
RUNNING = "n2wrxmVUhFCi0b4DYVeA42"
UNCHANGED = "SllyUAUYi6ImI3B6gsj7Cg"
ESTUARY = "K4vKpZLcNlMyjYUiIybeWO"

PAGES = {
    "/": "Something needs attention",
    "/status": "Something needs attention",
    "/search?q=tide": "Talk & tide",
    f"/song/{ESTUARY}": "A Map of the Estuary",
    f"/playlist/{SKYLIGHT}": "Now,",
    f"/playlist/{SKYLIGHT}@2026-10-04": "As of 4 Oct 2026",
    f"/playlist/{SKYLIGHT}@2026-10-05": "Not read 5 to 6 Oct 2026",
    f"/playlist/{SKYLIGHT}/history": "added again",
    f"/playlist/{RUNNING}/songs?only=gone": "Gone 2",
    f"/playlist/{RUNNING}/charts": "Most songs by",
    f"/playlist/{HOSTILE}@2026-10-01..2026-10-10": "added",
    f"/playlist/{FERRY}": "HTTP 503",
    "/nowhere": "No such page",
}


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("route", PAGES)
def test_a_page_says_what_it_is_and_fits(watch: Watch, route: str, size: tuple[int, int]) -> None:
    page = show(watch, route, size=size)

    assert PAGES[route] in said(page)
    assert page.locator("h1").count() == 1
    assert page.title().endswith("Playlist archive")
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) == 0


@pytest.mark.parametrize(
    "route",
    [
        "/",
        "/status",
        "/search?q=bold",
        f"/playlist/{HOSTILE}",
        f"/playlist/{HOSTILE}/history",
        f"/playlist/{HOSTILE}/songs",
        f"/playlist/{HOSTILE}/charts",
        f"/playlist/{HOSTILE}@2026-10-01..2026-10-10",
    ],
)
def test_a_hostile_name_stays_text(watch: Watch, route: str) -> None:
    page = show(watch, route)

    assert "<b>bold</b>" in said(page)
    assert page.locator("main :is(b, i, script, img, iframe)").count() == 0
    for link in page.locator("main a[href]").evaluate_all("(them) => them.map((it) => it.href)"):
        assert link.startswith((watch.url, "https://open.spotify.com/"))


@pytest.mark.parametrize("route", [f"/playlist/{PLAYLIST}", f"/song/{ESTUARY}"])
def test_no_name_turns_or_breaks_the_title_of_the_tab(
    watch: Watch, serve: Serve, route: str
) -> None:
    documents = _with_stay({})
    for kind in ("history", "cumulative"):
        key = f"playlists/{kind}/{PLAYLIST}.json"
        told = document(documents, key)
        named = told["playlist"] if kind == "history" else told["tracks"][0]
        named["name"] = "Up\u202e\u2066\u200f the\x9f\u061c river\u202c"
        documents[key] = json.dumps(told).encode()
    watch.url = serve(documents)

    page = show(watch, route)

    assert page.title() == "Up the river · Playlist archive"


def test_home_says_first_what_could_not_be_read(watch: Watch) -> None:
    told = said(show(watch, "/"))

    ferry = told.index("07:40 ferry, not read since 10 Oct 2026: no usable answer in 4 tries")
    assert ferry < told.index("\n16 playlists\n")
    assert "Kitchen, LOUD, not read since 8 Oct 2026: Spotify does not find it" in told


@pytest.mark.parametrize(("today", "is_told"), [("2026-10-11", False), ("2026-10-20", True)])
def test_home_says_when_no_run_came_for_long(watch: Watch, today: str, is_told: bool) -> None:
    page = watch.open("site/blank.html")
    page.clock.set_fixed_time(f"{today}T09:00:00Z")
    page.goto(f"{watch.url}site/index.html#/")
    settle(page)

    assert ("No run since 10 Oct 2026: see whether the schedule" in said(page)) == is_told


def test_home_has_every_playlist_with_its_size_and_its_last_change(
    watch: Watch, sample_archive: FakeBucket
) -> None:
    page = show(watch, "/")

    entries = document(sample_archive.objects, "playlists/index.json")["playlists"]
    assert cells(page, "size") == [f"{entry['size']['rows']:,}" for entry in entries]
    for shown, entry in zip(cells(page, "changed"), entries, strict=True):
        counts = entry.get("last_change", {"counts": {}})["counts"]
        assert re.findall(r"\d+(?= (?:added|removed|moved))", shown) == [
            str(counts[kind])
            for kind in ("added", "readded", "removed", "moved")
            if counts.get(kind)
        ]


def test_home_tells_the_newest_changes_day_by_day(watch: Watch) -> None:
    page = show(watch, "/")

    days = page.locator(".late .day").all_text_contents()
    assert days[:2] == ["10 Oct 2026", "9 Oct 2026"]
    page.locator(".late a", has_text="New in town").first.click()
    settle(page)
    assert page.locator(".tabs [aria-current]").inner_text() == "History"


def assert_steps_show_versions(watch: Watch, objects: Mapping[str, bytes], playlist: str) -> int:
    """Step back from now to the first version; return how many there are."""
    page = show(watch, f"/playlist/{playlist}")
    snapshots = document(objects, f"playlists/history/{playlist}.json")["snapshots"]
    for number, version in enumerate(snapshots):
        if number:
            page.get_by_role("link", name="Earlier").click()
            settle(page)
        rows = titles_of(rows_on(objects, playlist, version["time"]))
        for title, row in zip(cells(page, "title"), rows, strict=True):
            assert in_a_line(title).startswith(in_a_line(row) or "without a title")
    assert page.get_by_role("link", name="Earlier").get_attribute("aria-disabled") == "true"
    return len(snapshots)


def in_a_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


@pytest.mark.parametrize("playlist", [SKYLIGHT, TAPES, HOSTILE])
def test_stepping_back_shows_every_version_as_it_was(
    watch: Watch, sample_archive: FakeBucket, playlist: str
) -> None:
    assert assert_steps_show_versions(watch, sample_archive.objects, playlist) > 1


def test_stepping_back_shows_every_version_of_real_playlists(
    watch: Watch, serve: Serve, real_archive: FakeBucket
) -> None:
    objects = real_archive.objects
    entries = document(objects, "playlists/index.json")["playlists"]
    often = sorted(entries, key=lambda entry: len(entry.get("sizes", ())), reverse=True)
    watch.url = serve(real_archive)

    steps = [assert_steps_show_versions(watch, objects, entry["id"]) for entry in often[:3]]

    assert min(steps) > 3


def test_a_day_in_a_gap_says_so_and_shows_the_last_good_read(
    watch: Watch, sample_archive: FakeBucket
) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}@2026-10-06")

    told = said(page)
    assert "Not read 5 to 6 Oct 2026: Spotify does not find it" in told
    assert "Shown: the version of 4 Oct 2026, 04:00 UTC, as at the last good read." in told
    rows = rows_on(sample_archive.objects, SKYLIGHT, "2026-10-04T04:00:00Z")
    assert cells(page, "title") == titles_of(rows)


@pytest.mark.parametrize(
    ("moment", "told"),
    [
        ("2026-09-30", "The archive begins 1 Oct 2026."),
        ("2026-10-03", "As of 3 Oct 2026, unchanged since 2 Oct 2026, 04:00 UTC"),
        (
            "2026-11-11",
            "No good read so late is known. The last one was on 10 Oct 2026, 04:00 UTC.",
        ),
    ],
)
def test_a_day_without_a_version_says_what_is_known(watch: Watch, moment: str, told: str) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}@{moment}")

    assert told in said(page)
    assert (cells(page, "title") == []) == (moment < "2026-10-01")


def test_a_playlist_that_cannot_be_read_now_says_since_when(watch: Watch) -> None:
    told = said(show(watch, f"/playlist/{KITCHEN}"))

    assert "Not read since 8 Oct 2026: not found (Spotify does not find it" in told
    assert "The last good check was on 7 Oct 2026." in told


def test_a_click_on_the_timeline_leads_to_that_day(watch: Watch) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}")
    plot = page.get_by_role("slider")
    box = plot.bounding_box()
    assert box

    plot.click(position={"x": box["width"] * 0.3, "y": 20})
    settle(page)

    assert route_of(page) == f"/playlist/{SKYLIGHT}@2026-10-03"
    assert page.get_by_label("Date", exact=True).input_value() == "2026-10-03"
    assert "on 3 Oct 2026" in page.title()


def test_a_date_that_is_typed_leads_to_that_day(watch: Watch) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}")

    page.get_by_label("Date", exact=True).fill("2026-10-02")
    settle(page)

    assert route_of(page) == f"/playlist/{SKYLIGHT}@2026-10-02"
    assert "As of 2 Oct 2026 (read 04:00 UTC)" in said(page)


def test_stepping_goes_through_all_versions_of_one_day(watch: Watch, serve: Serve) -> None:
    watch.url = serve(large_site(rows=3, versions=3, apart=timedelta(hours=6)))
    page = show(watch, f"/playlist/{PLAYLIST}")

    routes = []
    for _ in range(2):
        page.keyboard.press("[")
        settle(page)
        routes.append((route_of(page), cells(page, "title")[0]))

    assert routes == [
        (f"/playlist/{PLAYLIST}@20261001T100000Z", "A song with the number -1"),
        (f"/playlist/{PLAYLIST}@20261001T040000Z", "A song with the number 0"),
    ]


def test_the_history_tells_every_change_and_the_gap_between_them(
    watch: Watch, sample_archive: FakeBucket
) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}/history")

    history = document(sample_archive.objects, f"playlists/history/{SKYLIGHT}.json")
    heads = page.locator(".change h2").all_text_contents()
    assert len(heads) == len(history["changes"])
    told = said(page)
    assert told.index("Between 4 and 7 Oct") < told.index("Not read 5 to 6 Oct")
    assert told.index("Not read 5 to 6 Oct") < told.index("4 Oct 2026")


def test_every_song_can_be_narrowed_to_those_that_are_gone(
    watch: Watch, sample_archive: FakeBucket
) -> None:
    page = show(watch, f"/playlist/{RUNNING}/songs")
    tracks = document(sample_archive.objects, f"playlists/cumulative/{RUNNING}.json")["tracks"]
    assert cells(page, "title") == [track["name"] for track in tracks]

    page.get_by_role("link", name=re.compile("^Gone")).click()
    settle(page)

    assert route_of(page).endswith("/songs?only=gone")
    gone = [track["name"] for track in tracks if track["date_removed"]]
    assert cells(page, "title") == gone


def test_the_longest_stay_comes_first(watch: Watch) -> None:
    page = show(watch, f"/playlist/{RUNNING}/songs?only=longest")

    days = [int(text.split()[0].replace(",", "")) for text in cells(page, "often")]
    assert days == sorted(days, reverse=True)
    assert days[0] > days[-1]


def test_comparing_tells_sign_word_and_place(watch: Watch) -> None:
    page = show(watch, f"/playlist/{SKYLIGHT}@2026-10-04..2026-10-08")

    told = dict(zip(cells(page, "title"), cells(page, "word"), strict=True))
    assert told == {"Ropewalk": "+ added", "Warm Dust": "↕ moved"}
    assert "6 → 1" in cells(page, "place")

    page.get_by_role("link", name=re.compile("^Moved")).click()
    settle(page)
    assert cells(page, "title") == ["Warm Dust"]


def test_comparing_begins_with_the_last_change(watch: Watch) -> None:
    page = show(watch, f"/playlist/{TAPES}")

    page.get_by_role("link", name="Compare").first.click()
    settle(page)

    assert route_of(page) == f"/playlist/{TAPES}@2026-10-01..2026-10-06"
    assert cells(page, "word") == ["+ added"]


def test_what_is_new_since_the_last_visit_is_told(watch: Watch) -> None:
    page = show(watch, "/")
    seen = [f"seen:{SKYLIGHT}", "2026-10-04T04:00:00Z"]
    page.evaluate("(seen) => localStorage.setItem(...seen)", seen)

    go(page, f"/playlist/{SKYLIGHT}")
    page.get_by_role("link", name="See what is new").click()
    settle(page)

    assert route_of(page).startswith(f"/playlist/{SKYLIGHT}@20261004T040000Z..2026-10-10")
    assert "Since your last visit (4 Oct 2026)" in said(page)

    # Whoever comes again meanwhile has seen it.
    again = page.context.new_page()
    again.goto(f"{watch.url}{SHELL}#/playlist/{SKYLIGHT}")
    settle(again)
    assert "since your last visit" not in said(again)


def test_a_song_has_every_playlist_that_has_or_had_it(
    watch: Watch, sample_archive: FakeBucket
) -> None:
    song = "GV8qycArNTStOm8kXFYc5F"
    playlists = [
        document(sample_archive.objects, key)["name"]
        for key in sample_archive.objects
        if re.fullmatch(r"playlists/cumulative/\w+\.json", key)
        and f"spotify:track:{song}" in sample_archive.objects[key].decode()
    ]

    page = show(watch, f"/song/{song}")

    assert sorted(page.locator(".where a[href*=playlist] bdi").all_text_contents()) == sorted(
        playlists
    )
    assert page.locator(".stays").count() == len(playlists) == 3


def test_a_song_that_went_in_a_gap_has_a_hatched_end(watch: Watch, serve: Serve) -> None:
    documents = _with_stay(
        {"last_seen": "2026-10-04T04:00:00Z", "first_missing": "2026-10-08T04:00:00Z"}
    )
    watch.url = serve(documents)
    page = show(watch, f"/song/{ESTUARY}")

    assert page.locator(".stays .perhaps").count() == 1
    assert "gone between 4 and 8 Oct 2026" in said(page)


def test_other_ids_of_the_same_recording_are_named(watch: Watch, serve: Serve) -> None:
    documents = _with_stay({}, other="6tRaCkTeStOnE000000009")
    watch.url = serve(documents)
    page = show(watch, f"/song/{ESTUARY}")

    section = page.locator("section", has_text="The same recording under other ids")
    assert section.locator("a[href='#/song/6tRaCkTeStOnE000000009']").count() == 1


def _with_stay(stay: dict[str, str], other: str = "") -> dict[str, bytes]:
    """Return the documents of one playlist that has or had a song."""
    documents = large_site(rows=3)
    part = songs_part(PLAYLIST)
    ids = [[ESTUARY, "QZ7EA6332429"], *([[other, "QZ7EA6332429"]] if other else [])]
    interval = {
        "added_at": None,
        "first_seen": "2026-10-02T04:00:00Z",
        "last_seen": None,
        "first_missing": None,
    }
    track = {
        "name": "A Map of the Estuary",
        "artists": [{"name": "Velvet Ferry"}],
        "uri": f"spotify:track:{ESTUARY}",
        "duration_ms": 1000,
        "date_added": "2026-10-02",
        "date_removed": stay.get("first_missing"),
        "intervals": [{**interval, **stay}],
        "type": "track",
        "isrc": "QZ7EA6332429",
    }
    cumulative = {"name": "Songs", "date_first_scraped": "2026-10-01", "tracks": [track]}
    documents[f"playlists/cumulative/{PLAYLIST}.json"] = json.dumps(cumulative).encode()
    documents[f"playlists/songs/{part}.ids.json"] = json.dumps(
        {"schema": 1, "playlists": {PLAYLIST: ids}}
    ).encode()
    return documents


def test_a_search_forgives_case_and_accents_and_leads_to_the_song(watch: Watch) -> None:
    page = show(watch, "/")

    page.get_by_role("searchbox").press_sequentially("AJI, limon")
    page.wait_for_selector(".found .title a[href^='#/song/']")
    assert cells(page, "title") == ["Ají, Limón y Paciencia"]
    assert route_of(page) == "/search?q=AJI%2C+limon"

    page.locator(".found .title a").click()
    settle(page)
    assert page.locator("h1").inner_text() == "Ají, Limón y Paciencia"


def test_a_search_without_a_result_says_what_was_searched(watch: Watch) -> None:
    page = show(watch, "/search?q=zzyzx")

    page.wait_for_selector("text=Nothing fits “zzyzx” among the songs and names of 16 playlists.")


def test_a_pasted_link_finds_its_song(watch: Watch) -> None:
    page = show(watch, "/search")

    page.get_by_role("searchbox").fill(f"https://open.spotify.com/track/{ESTUARY}?si=x")

    page.wait_for_selector(f"main a[href='#/song/{ESTUARY}']")


def test_status_has_ninety_days_of_every_playlist(watch: Watch) -> None:
    page = show(watch, "/status")

    assert page.locator(".strips .strip").count() == 16
    page.locator(".strips", has_text="2 days not read: 5 to 6 Oct 2026, not found").wait_for()
    assert page.locator(".unread .chunk [role=row]").count() == 2


LONG = "W" * 10_000


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("route", ["/", f"/playlist/{SKYLIGHT}@2026-10-05"])
def test_the_longest_texts_neither_widen_nor_fill_a_page(
    watch: Watch,
    serve: Serve,
    sample_archive: FakeBucket,
    route: str,
    size: tuple[int, int],
) -> None:
    objects = dict(sample_archive.objects)
    history = document(objects, key := f"playlists/history/{SKYLIGHT}.json")
    history["gaps"][0]["reason"] = history["playlist"]["name"] = LONG
    objects[key] = json.dumps(history).encode()
    index = document(objects, "playlists/index.json")
    for entry in index["playlists"]:
        entry["name"] = LONG if entry["id"] == SKYLIGHT else entry["name"]
    objects["playlists/index.json"] = json.dumps(index).encode()
    watch.url = serve(objects)

    page = show(watch, route, size=size)

    assert page.evaluate("document.documentElement.scrollWidth") == size[0]
    name = page.locator(f"h1, .rows [role=cell]:has-text('{LONG[:50]}')").last
    box = name.bounding_box()
    assert box
    assert box["height"] < size[1] / 2


def test_a_history_tells_the_gaps_before_its_first_change(
    watch: Watch, serve: Serve, sample_archive: FakeBucket
) -> None:
    objects = dict(sample_archive.objects)
    history = document(objects, key := f"playlists/history/{UNCHANGED}.json")
    assert not history["changes"]
    gap = {"first": "2026-10-03", "last": "2026-10-04", "status": "held", "reason": "it shrank"}
    objects[key] = json.dumps({**history, "gaps": [gap]}).encode()
    watch.url = serve(objects)

    page = show(watch, f"/playlist/{UNCHANGED}/history")

    assert "Not read 3 to 4 Oct 2026: it shrank" in said(page)
