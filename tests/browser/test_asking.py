"""Nothing is asked for that the archive's own documents say does not exist."""

import json

import pytest

from tests.browser.conftest import BLANK, Serve
from tests.support.browser import Watch
from tests.support.fakes import FakeBucket
from tests.support.sample_archive import archive_hardships
from tests.support.site_pages import SHELL, cells, document, go, said, settle, show
from tools.stand_in.sample import EMPTY, JETTY, KITCHEN, RUNNING, STAIRWELL, TAPES

pytestmark = pytest.mark.browser

PAGES = ("", "/history", "/songs", "/charts", "@2026-10-01", "@2026-10-01..2026-10-02")


@pytest.fixture(scope="module")
def hardships() -> FakeBucket:
    return archive_hardships()


@pytest.fixture
def hard(watch: Watch, serve: Serve, hardships: FakeBucket) -> Watch:
    watch.url = serve(hardships)
    return watch


def failed_requests(watch: Watch, *routes: str) -> list[str]:
    """Open each route in a browser that has nothing yet, and return what was answered with an error."""
    failed: list[str] = []
    for route in routes:
        page = watch.open(BLANK)
        page.on("requestfailed", lambda request: failed.append(request.url))
        page.on("response", lambda it: failed.append(it.url) if it.status >= 400 else None)
        page.goto(f"{watch.url}{SHELL}#{route}")
        settle(page)
        assert "Something is wrong with this page" not in said(page)
        page.close()
    return failed


def test_the_archive_has_playlists_in_each_state(hardships: FakeBucket) -> None:
    entries = {
        it["id"]: it for it in document(hardships.objects, "playlists/index.json")["playlists"]
    }
    states = {id_: (it["status"], "history" in it) for id_, it in entries.items()}
    checks = document(hardships.objects, "playlists/status.json")["playlists"]

    # Both documents say alike which playlists have a history.
    assert {id_: check["last_changed"] is not None for id_, check in checks.items()} == {
        id_: has_history for id_, (_, has_history) in states.items()
    }
    assert states[RUNNING] == ("ok", True)
    assert states[KITCHEN] == ("not_found", False)
    assert states[JETTY] == ("retired", False)
    assert states[STAIRWELL] == ("retired", True)
    assert len(document(hardships.objects, "playlists/status.json")["damaged"]) == 2


@pytest.mark.parametrize("playlist", [RUNNING, KITCHEN, JETTY, STAIRWELL, TAPES, EMPTY])
def test_no_page_of_a_playlist_asks_for_what_does_not_exist(hard: Watch, playlist: str) -> None:
    assert failed_requests(hard, *(f"/playlist/{playlist}{page}" for page in PAGES)) == []


def test_no_other_page_asks_for_what_does_not_exist(hard: Watch, hardships: FakeBucket) -> None:
    [row, *_] = document(hardships.objects, f"playlists/cumulative/{RUNNING}.json")["tracks"]
    song = row["uri"].removeprefix("spotify:track:")

    routes = ("/", "/status", "/search?q=a", f"/search?q={row['uri']}", f"/song/{song}", "/nowhere")
    assert failed_requests(hard, *routes) == []


def test_the_newest_songs_are_asked_for_while_the_history_is_on_its_way(hard: Watch) -> None:
    page = show(hard, "/nowhere")
    events: list[str] = []
    page.on("request", lambda it: events.append(f"asked for {it.url}"))
    page.on("response", lambda it: events.append(f"answered {it.url}"))

    go(page, f"/playlist/{RUNNING}")

    [asked] = [n for n, it in enumerate(events) if it.startswith("asked") and "/snapshots/" in it]
    [answered] = [
        n for n, it in enumerate(events) if it.startswith("answered") and "/history/" in it
    ]
    assert asked < answered
    assert cells(page, "title")


def test_a_status_with_a_damaged_time_hides_no_playlist(
    hard: Watch, serve: Serve, hardships: FakeBucket
) -> None:
    key = "playlists/status.json"
    status = document(hardships.objects, key)
    status["playlists"][RUNNING]["last_changed"] = "lately"
    hard.url = serve({**hardships.objects, key: json.dumps(status).encode()})

    assert cells(show(hard, f"/playlist/{RUNNING}"), "title")


def test_a_playlist_that_the_archive_does_not_have_is_not_asked_for(hard: Watch) -> None:
    page = show(hard, "/playlist/fLvaRGojDz6A1qmVo5PEMn")

    assert "There is no such document" in said(page)
    assert "no playlist has this id" in said(page)


@pytest.mark.parametrize(
    ("playlist", "told"),
    [
        (KITCHEN, "Never read so far: not found since 1 Oct 2026 (Spotify does not find it"),
        (JETTY, "Never read so far: retired since 2 Oct 2026 (no longer registered"),
    ],
)
@pytest.mark.parametrize("page", ["", "@2026-10-01..2026-10-02"])
def test_a_playlist_that_was_never_read_says_so(
    hard: Watch, playlist: str, told: str, page: str
) -> None:
    shown = said(show(hard, f"/playlist/{playlist}{page}"))

    assert told in shown
    assert ("Every run tries again" in shown) == (playlist == KITCHEN)
