"""Reading documents: each once, and a plain word for whatever is wrong with one."""

from typing import Any

import pytest
from playwright.sync_api import Route

from playlist_archive.documents.keys import songs_part
from tests.support.browser import Module, Watch
from tests.support.fakes import FakeBucket

pytestmark = pytest.mark.browser

ID = "4uLU6hMCjMI75M1A2tKUQC"
TRY = """(async () => {
    try { await %s; return 'it worked'; } catch (error) { return [error.kind, error.path]; }
})()"""
HISTORY = f"/playlists/history/{ID}.json"
WHOLE = '{"schema": 1, "snapshots": [{}], "names": [], "gaps": [], "changes": [], "older": []}'


@pytest.fixture
def documents(watch: Watch) -> Module:
    watch.tolerate("Failed to load resource")
    documents = Module(watch.open("site/blank.html"), "documents.js")
    documents("it")
    return documents


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"status": 401}, "notAllowed"),
        ({"status": 403}, "missing"),
        ({"status": 404}, "missing"),
        ({"status": 500}, "offline"),
        ({"status": 503, "body": WHOLE}, "offline"),
        ({"body": ""}, "damaged"),
        ({"body": WHOLE[:-5]}, "damaged"),
        ({"body": "[]"}, "damaged"),
        ({"body": "null"}, "damaged"),
        ({"body": '"schema"'}, "damaged"),
        ({"body": WHOLE.replace("[{}]", "[]")}, "damaged"),
        ({"body": WHOLE.replace('"gaps": []', '"gaps": 1')}, "damaged"),
        ({"body": WHOLE.replace('"schema": 1, ', "")}, "damaged"),
        ({"body": b"\xff" + WHOLE.encode()}, "damaged"),
        ({"body": WHOLE.replace('"schema": 1', '"schema": 2')}, "newer"),
        ({"body": '{"schema": 2}'}, "newer"),
        ({"body": WHOLE}, None),
    ],
)
def test_what_is_wrong_with_a_document_is_told(
    documents: Module, answer: dict[str, Any], kind: str | None
) -> None:
    documents.page.route(f"**{HISTORY}", lambda route: route.fulfill(**answer))
    found = documents(TRY % "it.documents.history(given)", ID)

    assert found == ([kind, HISTORY] if kind else "it worked")


def test_a_network_that_fails_is_offline_and_asked_again(documents: Module) -> None:
    failing = [True, False]

    def answer(route: Route) -> None:
        if failing.pop(0):
            route.abort()
        else:
            route.fulfill(body=WHOLE)

    documents.page.route(f"**{HISTORY}", answer)

    assert documents(TRY % "it.documents.history(given)", ID) == ["offline", HISTORY]
    assert documents(TRY % "it.documents.history(given)", ID) == "it worked"
    assert failing == []


def test_a_document_is_asked_for_once_until_it_is_forgotten(documents: Module) -> None:
    asked: list[str] = []
    documents.page.on("request", lambda request: asked.append(request.url))
    same = documents(
        "(await Promise.all([it.documents.index(), it.documents.index()])).map((one) => one.schema)"
    )
    documents("(await it.documents.index()).schema")
    assert (same, len(asked)) == ([1, 1], 1)

    documents("(it.forget(), (await it.documents.index()).schema)")
    assert len(asked) == 2


def test_of_many_snapshots_those_wanted_last_are_kept(documents: Module) -> None:
    asked: list[str] = []
    body = '{"schema": 1, "rows": []}'
    documents.page.route("**/snapshots/**", lambda route: route.fulfill(body=body))
    documents.page.on("request", lambda request: asked.append(request.url))
    documents(
        """(async () => {
            const time = (day) => `2026-10-${String(day).padStart(2, '0')}T04:00:00Z`;
            for (let day = 1; day <= 25; day += 1) {
                await it.documents.snapshot(given, time(day));
                await it.documents.snapshot(given, time(1));
            }
            await it.documents.snapshot(given, time(25));
            await it.documents.snapshot(given, time(2));
        })()""",
        ID,
    )

    assert len(asked) == 26
    assert asked[1] == asked[-1]


def test_each_document_of_the_archive_can_be_read(
    documents: Module, sample_archive: FakeBucket
) -> None:
    keys = [key for key in sample_archive.objects if key.startswith("snapshots/")]
    id_, name = keys[0].removesuffix(".json").split("/")[1:]
    time = f"{name[:4]}-{name[4:6]}-{name[6:11]}:{name[11:13]}:{name[13:]}"
    read = documents(
        """(async () => {
            const part = await it.songsPart(given.id);
            const all = [it.documents.index(), it.documents.status(), it.documents.changes(), it.documents.history(given.id),
                it.documents.snapshot(given.id, given.time), it.documents.cumulative(given.id), it.documents.songs(part),
                it.documents.songIds(part)];
            return [part, (await Promise.all(all)).length];
        })()""",
        {"id": id_, "time": time},
    )

    assert read == [songs_part(id_), 8]


@pytest.mark.parametrize(
    ("call", "key"),
    [
        ("songs(3)", "3.json"),
        ("songIds(3, false)", "3.ids.json"),
        ("songs(3, true)", "3.gone.json"),
        ("songIds(3, true)", "3.gone.ids.json"),
    ],
)
def test_a_part_without_playlists_is_empty(documents: Module, call: str, key: str) -> None:
    asked: list[str] = []
    documents.page.on("request", lambda request: asked.append(request.url))
    documents.page.route("**/songs/*", lambda route: route.fulfill(status=403))

    assert documents(f"(await it.documents.{call}).playlists") == {}
    assert [url.rpartition("/songs/")[2] for url in asked] == [key]


@pytest.mark.parametrize(
    "call",
    [
        "it.documents.history('../../state/catalog')",
        "it.documents.snapshot('4uLU6hMCjMI75M1A2tKUQC', '../x')",
        "it.documents.songs(16)",
        "it.documents.olderHistory({ path: '//evil.example/x.json' })",
        "it.documents.olderHistory({ path: '/playlists/../state/catalog.json' })",
        "it.documents.olderCumulative({ path: '/state/catalog.json' })",
        "it.documents.olderCumulative({ path: undefined })",
    ],
)
def test_nothing_else_than_what_is_published_is_asked_for(documents: Module, call: str) -> None:
    asked: list[str] = []
    documents.page.on("request", lambda request: asked.append(request.url))
    found = documents(f"(() => {{ try {{ {call}; return 'asked'; }} catch {{ return ''; }} }})()")

    assert (found, asked) == ("", [])
