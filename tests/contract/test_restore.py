"""A restore against the stand-in: the writer's promises, faults at every request, and the verb."""

import re
import shlex
import stat
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
import requests

from playlist_archive.documents.playlist import Row
from playlist_archive.spotify.exchange import open_session
from playlist_archive_cli.consent import LoginError
from playlist_archive_cli.exports.collection import Collection
from playlist_archive_cli.restoring.plan_file import hold, load_plan, plan_file, save_plan
from playlist_archive_cli.restoring.web_writer import SECONDS_BETWEEN_REQUESTS, WebWriter
from playlist_archive_cli.restoring.writer import (
    AskedToWaitError,
    ClosedError,
    NoAnswerError,
    RefusedError,
    Writer,
)
from playlist_archive_cli.verbs import restore
from playlist_archive_cli.verbs.export import collect
from playlist_archive_cli.write_consent import SCOPES, BriefConsent, ask_briefly
from tests.support.command import Command, Outcome
from tests.support.fakes import FakeBucket, FakeClock
from tests.support.writers import (
    CALLS,
    GONE,
    LONG,
    TAG,
    FakeWriter,
    Mishap,
    Troubled,
    plan_of,
    restore_to_the_end,
)
from tools.stand_in import SampleLibrary, StandIn
from tools.stand_in.sample import EVERYTHING, KITCHEN, TAPES

pytestmark = [pytest.mark.contract, pytest.mark.enable_socket]

CLIENT = "standin-client"
URIS = [f"spotify:track:{number:022}" for number in range(150)]
EPISODE = f"spotify:episode:{3:022}"


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn(SampleLibrary(date(2026, 10, 1))) as running:
        yield running


def agree(url: str) -> None:
    """Open the consent page as a browser does, while the command waits."""
    Thread(target=lambda: requests.get(url, timeout=10)).start()


def consent_at(
    stand_in: StandIn, show_page: Callable[[str], None] = agree, client: str = CLIENT
) -> BriefConsent:
    return ask_briefly(
        client,
        port=0,
        show_page=show_page,
        accounts_url=stand_in.url,
        api_url=f"{stand_in.url}/v1",
        patience_seconds=10,
    )


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def web(stand_in: StandIn, clock: FakeClock) -> Iterator[WebWriter]:
    with open_session() as session:
        token = consent_at(stand_in).access_token
        yield WebWriter(session, token, f"{stand_in.url}/v1", clock)


@pytest.fixture(params=["memory", "web"])
def writer(request: pytest.FixtureRequest, stand_in: StandIn) -> Writer:
    """Return the writer in memory and the real one; both refuse the song that is gone."""
    if request.param == "memory":
        return FakeWriter(frozenset({GONE}))
    stand_in.control.lose(GONE)
    writer: WebWriter = request.getfixturevalue("web")
    return writer


# What both writers promise.


def test_a_new_playlist_is_private_and_empty(writer: Writer) -> None:
    created = writer.create("Again", f"Put back ({TAG})")

    assert not created.public
    assert writer.look(created.id, 0) == (0, [])


def test_all_playlists_with_a_tag_are_found(writer: Writer) -> None:
    first, _, last = (writer.create("Again", text) for text in (TAG, "", f"Put back ({TAG})"))

    assert {found.id for found in writer.find(TAG)} == {first.id, last.id}


def test_a_playlist_is_found_by_its_tag(writer: Writer) -> None:
    for number in range(60):
        writer.create(f"Other {number}", f"restore-{number:016x}")
    created = writer.create("Again", f"It's <b>put</b> back & tagged ({TAG})")
    writer.create("Another", "")

    assert writer.find(TAG) == [created]
    assert writer.find("restore-ffffffffffffffff") == []


def test_songs_stand_where_they_were_put(writer: Writer) -> None:
    playlist_id = writer.create("Again", "").id
    first = writer.add(playlist_id, URIS[:100], 0)
    second = writer.add(playlist_id, [EPISODE, *URIS[:20]], 100)

    assert first != second
    seen = writer.look(playlist_id, 71)
    assert seen.total == 121
    assert seen.rows == [{uri} for uri in (*URIS[71:100], EPISODE, *URIS[:20])]
    assert len(writer.look(playlist_id, 0).rows) == 50
    assert writer.look(playlist_id, 121) == (121, [])


@pytest.mark.parametrize(
    ("uris", "position"),
    [
        ([*URIS[:3], GONE], 2),
        (["spotify:local:A:B:C:1"], 2),
        (URIS[:101], 2),
        ([], 2),
        (URIS[:3], 3),
    ],
)
def test_what_is_refused_is_not_done(writer: Writer, uris: list[str], position: int) -> None:
    playlist_id = writer.create("Again", "").id
    writer.add(playlist_id, URIS[:2], 0)

    with pytest.raises(RefusedError, match=r"\w"):
        writer.add(playlist_id, uris, position)
    assert writer.look(playlist_id, 0).total == 2


def test_a_playlist_without_a_name_is_refused(writer: Writer) -> None:
    with pytest.raises(RefusedError):
        writer.create("", "")


def test_a_playlist_that_is_not_there_takes_and_shows_nothing(writer: Writer) -> None:
    with pytest.raises(RefusedError):
        writer.add("0" * 21 + "9", URIS[:1], 0)
    with pytest.raises(ClosedError, match="deleted"):
        writer.look("0" * 21 + "9", 0)


# How the real one fails.


class Fails(NamedTuple):
    """A fault of Spotify's, and how the writer tells it."""

    fault: dict[str, Any]
    error: type[Exception]
    text: str


def ask_in_every_way(web: WebWriter, playlist_id: str) -> list[Callable[[], object]]:
    return [
        lambda: web.create("Once more", ""),
        lambda: web.find(TAG),
        lambda: web.add(playlist_id, URIS[:1], 0),
        lambda: web.look(playlist_id, 0),
    ]


@pytest.mark.parametrize(
    "fails",
    [
        Fails({"kind": "reset"}, NoAnswerError, "ConnectionError"),
        Fails({"kind": "lost_answer"}, NoAnswerError, "ConnectionError"),
        Fails({"kind": "server_error", "status": 500}, NoAnswerError, "HTTP 500"),
        Fails({"kind": "server_error_html", "status": 502}, NoAnswerError, "HTTP 502"),
        Fails({"kind": "html"}, NoAnswerError, "cannot be read"),
        Fails({"kind": "empty"}, NoAnswerError, "cannot be read"),
        Fails({"kind": "empty_object"}, NoAnswerError, "cannot be read"),
        Fails({"kind": "garbage"}, NoAnswerError, "cannot be read"),
        Fails({"kind": "forbidden_html"}, NoAnswerError, "front end"),
        Fails({"kind": "unauthorized"}, ClosedError, "lasts an hour"),
        Fails({"kind": "forbidden"}, ClosedError, "HTTP 403"),
        Fails({"kind": "premium_required"}, ClosedError, "Premium"),
        Fails({"kind": "not_registered"}, ClosedError, "developer dashboard"),
        Fails({"kind": "rate_limit"}, AskedToWaitError, "asks to wait"),
        Fails({"kind": "rate_limit_empty", "retry_after": 7}, AskedToWaitError, "asks to wait"),
        Fails({"kind": "quota_exceeded"}, AskedToWaitError, "asks to wait"),
    ],
    ids=lambda fails: fails.fault["kind"],
)
def test_a_fault_is_told_apart_whatever_is_asked(
    stand_in: StandIn, web: WebWriter, fails: Fails
) -> None:
    for ask in ask_in_every_way(web, web.create("Again", "").id):
        stand_in.control.add_fault(**fails.fault)
        with pytest.raises(fails.error, match=fails.text) as raised:
            ask()
        if isinstance(raised.value, AskedToWaitError):
            assert raised.value.seconds == fails.fault.get("retry_after")
            assert raised.value.quota == (fails.fault["kind"] == "quota_exceeded")


def test_a_token_that_has_ended_is_told(stand_in: StandIn, web: WebWriter) -> None:
    stand_in.control.add_fault("expired_token")

    with pytest.raises(ClosedError, match="lasts an hour"):
        web.create("Again", "")


def test_requests_keep_their_distance(web: WebWriter, clock: FakeClock) -> None:
    playlist_id = web.create("Again", "").id
    web.add(playlist_id, URIS[:1], 0)
    web.look(playlist_id, 0)

    assert clock.slept == [SECONDS_BETWEEN_REQUESTS] * 2


def test_a_song_that_spotify_replaces_is_known_by_both_uris(
    stand_in: StandIn, web: WebWriter
) -> None:
    playlist_id = web.create("Again", "").id
    row = {"item": {"uri": URIS[1], "linked_from": {"uri": URIS[0]}}}
    odd = {"total": 3, "items": [row, {"track": {"uri": URIS[2]}}, {"item": None}]}
    stand_in.control.add_fault("garbage", body=b64encode(msgspec.json.encode(odd)).decode())

    assert web.look(playlist_id, 0) == (3, [{URIS[0], URIS[1]}, {URIS[2]}, set()])


# A long restore through each fault at each request.

WANTED = [song.uri for song in LONG if song.uri != GONE]


def rows_of(stand_in: StandIn, playlist_id: str, token: str) -> list[str]:
    uris: list[str] = []
    while True:
        page = requests.get(
            f"{stand_in.url}/v1/playlists/{playlist_id}/items",
            params={
                "limit": "100",
                "offset": str(len(uris)),
                "additional_types": "track,episode",
                "fields": "next,items(item(uri))",
            },
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        ).json()
        uris += [row["item"]["uri"] for row in page["items"]]
        if not page["next"]:
            return uris


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "lost_answer"},
        {"kind": "reset"},
        {"kind": "rate_limit", "retry_after": 2},
        {"kind": "quota_exceeded", "retry_after": 60},
        "killed after",
    ],
    ids=lambda fault: fault if isinstance(fault, str) else fault["kind"],
)
def test_1200_rows_are_put_back_once_and_in_order_through_a_fault_at_any_request(
    stand_in: StandIn, fault: dict[str, Any] | Mishap
) -> None:
    stand_in.control.lose(GONE)
    token = consent_at(stand_in).access_token
    for number in range(CALLS):
        before = stand_in.control.state()["playlists"]
        mishaps: dict[int, Mishap] = {}
        if isinstance(fault, dict):
            stand_in.control.add_fault(**fault, after=number)
        else:
            mishaps = {number: fault}

        with open_session() as session:
            web = WebWriter(session, token, f"{stand_in.url}/v1", FakeClock())
            plan = restore_to_the_end(
                plan_of(LONG, f"restore-{number:016x}"), Troubled(web, mishaps), []
            )

        stand_in.control.clear_faults()
        assert stand_in.control.state()["playlists"] == [plan.playlist_id, *before]
        assert rows_of(stand_in, plan.playlist_id, token) == WANTED
        assert [song.uri for one in plan.refused for song in one.songs] == [GONE]


def test_songs_keep_their_order_where_spotify_puts_appended_ones_first(
    stand_in: StandIn, web: WebWriter
) -> None:
    stand_in.control.add_fault("append_first", times=None)

    plan = restore_to_the_end(plan_of(LONG), web, [])

    token = consent_at(stand_in).access_token
    assert rows_of(stand_in, plan.playlist_id, token) == [song.uri for song in LONG]


# The consent.


def test_a_consent_to_write_asks_for_no_more_than_is_needed_and_needs_no_secret(
    stand_in: StandIn,
) -> None:
    pages: list[str] = []

    def show_page(url: str) -> None:
        pages.append(url)
        agree(url)

    consent = ask_briefly(
        CLIENT,
        port=0,
        show_page=show_page,
        accounts_url=stand_in.url,
        api_url=f"{stand_in.url}/v1",
        patience_seconds=10,
    )
    query = dict(parse_qsl(urlsplit(pages[0]).query))

    assert consent.user.id == "mara.quayle"
    assert query["scope"] == "playlist-modify-private playlist-read-private"
    assert query["code_challenge_method"] == "S256"
    assert query["show_dialog"] == "true"
    assert consent.access_token not in f"{consent!r}{pages}"


def test_a_consent_that_is_refused_or_narrower_ends_with_the_reason(stand_in: StandIn) -> None:
    with pytest.raises(LoginError, match="does not know this client id: copy it"):
        consent_at(stand_in, agree, "another")
    with pytest.raises(LoginError, match="playlist-modify-private"):
        consent_at(
            stand_in, lambda url: agree(url.replace("playlist-modify-private", "user-read-email"))
        )


# The plan's file.


def test_the_plan_is_for_its_owner_alone_and_whole_at_any_time(tmp_path: Path) -> None:
    file = tmp_path / "restores" / "a.json"
    plan = plan_of(LONG)
    assert load_plan(file) is None

    save_plan(file, plan)
    file.with_suffix(".new").write_text("half a pl")
    assert load_plan(file) == plan
    save_plan(file, plan)

    assert load_plan(file) == plan
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [it.name for it in file.parent.iterdir()] == ["a.json"]


# The verb.


class Restoring:
    """The command with the stand-in as Spotify, in a settings folder of its own."""

    def __init__(self, command: Command, stand_in: StandIn) -> None:
        self.command = command
        self.control = stand_in.control
        self.stand_in = stand_in
        self._options = (
            *("--client-id", CLIENT, "--port", "0"),
            *("--accounts-url", stand_in.url, "--api-url", f"{stand_in.url}/v1"),
        )

    def __call__(self, *arguments: str) -> Outcome:
        return self.command("restore", *arguments, *self._options)

    def rows(self, playlist_id: str) -> list[str]:
        token = consent_at(self.stand_in).access_token
        return rows_of(self.stand_in, playlist_id, token)


@pytest.fixture
def restoring(
    troubled_archive: FakeBucket,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    stand_in: StandIn,
) -> Restoring:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(restore, "show_page", lambda url, port: agree(url))
    stand_in.control.clear_requests()
    return Restoring(Command(troubled_archive, monkeypatch), stand_in)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["sunday"],
        ["kitchen", "--on", "yesterday"],
        ["kitchen", "--on", "2026-10-04", "--ever"],
        ["kitchen", "--ever", "--removed"],
        ["kitchen", "--resume", "--write"],
        ["kitchen", "--resume", "--removed"],
        ["kitchen", "--resume", "--name", "Again"],
    ],
)
def test_a_restore_that_makes_no_sense_is_wrong_use(
    restoring: Restoring, arguments: list[str]
) -> None:
    outcome = restoring(*arguments)

    assert outcome.exit_code == 2
    assert outcome.err.count("\n") == 1
    assert restoring.control.requests() == []


def test_without_write_nothing_is_asked_and_nothing_is_kept(
    restoring: Restoring, tmp_path: Path
) -> None:
    outcome = restoring("tapes", "--json")

    assert outcome.exit_code == 0
    assert outcome.document["new_id"] == outcome.document["url"] == ""
    assert outcome.document["added"] == 0
    assert {one["reason"] for one in outcome.document["left_out"]} == {"local", "unnamed"}
    assert "Nothing was written" in restoring("tapes").out
    assert restoring.control.requests() == []
    assert list(tmp_path.iterdir()) == []


def test_a_playlist_is_put_back_as_it_was(restoring: Restoring) -> None:
    shown = restoring.command("show", "kitchen", "--on", "2026-10-04", "--json").document
    outcome = restoring("kitchen", "--on", "2026-10-04", "--write", "--json")

    assert outcome.exit_code == 0, outcome.err
    document = outcome.document
    assert document["new_name"] == f"{shown['name']} (2026-10-04)"
    assert document["url"].endswith(document["new_id"])
    assert restoring.rows(document["new_id"]) == [row["item"]["uri"] for row in shown["rows"]]
    assert document["added"] == document["songs"] == len(shown["rows"])
    for said in (*SCOPES, "Mara Quayle (mara.quayle)", f"restore {KITCHEN} --resume"):
        assert said in outcome.err
    seen = [one for one in restoring.control.requests() if one.path.startswith("/v1")]
    assert len(seen[: document["requests"]]) == document["requests"]


@pytest.mark.parametrize(("option", "word"), [("--ever", "ever"), ("--removed", "removed")])
def test_what_ever_was_in_it_or_was_removed_can_be_put_back(
    restoring: Restoring, tmp_path: Path, option: str, word: str
) -> None:
    restoring.command("export", "170 bpm", option, "--format", "uris", "--to", str(tmp_path))
    [file] = tmp_path.glob("*.txt")
    document = restoring("170 bpm", option, "--write", "--json").document

    assert f"({word})" in document["new_name"]
    assert restoring.rows(document["new_id"]) == file.read_text().split()


def test_a_restore_keeps_no_secret(restoring: Restoring, monkeypatch: pytest.MonkeyPatch) -> None:
    consents: list[BriefConsent] = []

    def ask(*arguments: Any, **options: Any) -> BriefConsent:
        consents.append(ask_briefly(*arguments, **options))
        return consents[-1]

    monkeypatch.setattr(restore, "ask_briefly", ask)
    outcome = restoring("kitchen", "--name", "Again", "--write")

    kept = plan_file(KITCHEN).read_text()
    assert outcome.exit_code == 0
    assert consents[0].access_token not in kept + outcome.out + outcome.err
    assert '"Again"' in kept


def test_a_quota_that_ends_stops_it_and_resume_goes_on(restoring: Restoring) -> None:
    restoring.control.add_fault("quota_exceeded", method="POST", path="/items", retry_after=7200)

    stopped = restoring("kitchen", "--write")
    begun = restoring("kitchen", "--write")
    early = restoring("kitchen", "--resume")
    plan = load_plan(plan_file(KITCHEN))
    assert plan
    save_plan(plan_file(KITCHEN), msgspec.structs.replace(plan, not_before=""))
    ended = restoring("kitchen", "--resume", "--json")

    assert stopped.exit_code == begun.exit_code == early.exit_code == 1
    assert f"after that, go on with `playlist-archive restore {KITCHEN} --resume`" in stopped.err
    assert "2026-10-10 11:00 UTC" in stopped.err
    assert "broke off at 0 of" in begun.err
    assert "wants no requests until 2026-10-10 11:00 UTC" in early.err
    assert ended.exit_code == 0
    assert ended.document["new_id"] == plan.playlist_id
    assert len(restoring.rows(plan.playlist_id)) == ended.document["songs"]


def test_an_ended_restore_is_told_again_without_a_request(restoring: Restoring) -> None:
    first = restoring("kitchen", "--write", "--json").document
    restoring.control.clear_requests()

    assert restoring("kitchen", "--resume", "--json").document == first
    assert restoring.control.requests() == []
    assert restoring("kitchen", "--write", "--json").document["new_id"] != first["new_id"]


def test_while_one_restore_is_under_way_another_of_the_playlist_is_refused(
    restoring: Restoring,
) -> None:
    with hold(plan_file(KITCHEN)):
        others = [restoring("kitchen", option) for option in ("--write", "--resume")]
        asked = restoring.control.requests()
        told = restoring("kitchen")

    assert [other.exit_code for other in others] == [1, 1]
    assert all("is under way" in other.err for other in others)
    assert asked == []
    assert told.exit_code == 0
    assert restoring("kitchen", "--write").exit_code == 0


def test_an_empty_playlist_that_a_late_creation_left_is_told(restoring: Restoring) -> None:
    plan = msgspec.structs.replace(
        plan_of(LONG), source=KITCHEN, playlist_id="0" * 22, left_behind=("1" * 22,), finished=True
    )
    save_plan(plan_file(KITCHEN), plan)

    outcome = restoring("kitchen", "--resume")

    assert outcome.exit_code == 1
    assert f"https://open.spotify.com/playlist/{'1' * 22}" in outcome.out
    document = restoring("kitchen", "--resume", "--json").document
    assert document["left_behind"] == [f"https://open.spotify.com/playlist/{'1' * 22}"]


@pytest.mark.parametrize("public", [False, True])
def test_only_a_private_playlist_is_called_private(restoring: Restoring, public: bool) -> None:
    plan = plan_of(LONG)
    plan = msgspec.structs.replace(plan, playlist_id="0" * 22, public=public, finished=True)
    save_plan(plan_file(KITCHEN), plan)

    outcome = restoring("kitchen", "--resume")

    assert ("private" in outcome.out) == (not public)
    assert ("on your profile" in outcome.out) == public
    assert outcome.exit_code == int(public)
    assert restoring("kitchen", "--resume", "--json").document["public"] == public


def test_there_is_nothing_to_resume_before_it_began(restoring: Restoring) -> None:
    outcome = restoring("kitchen", "--resume")

    assert outcome.exit_code == 1
    assert "has begun: say --write" in outcome.err


def test_a_restore_goes_on_only_for_its_own_user(restoring: Restoring) -> None:
    restoring.control.add_fault("server_error", method="POST", path="/items", times=9)
    assert "no usable answer" in restoring("kitchen", "--write").err
    plan = load_plan(plan_file(KITCHEN))
    assert plan
    save_plan(plan_file(KITCHEN), msgspec.structs.replace(plan, user="somebody.else"))

    outcome = restoring("kitchen", "--resume")

    assert outcome.exit_code == 1
    assert "somebody.else" in outcome.err


def test_a_refused_song_is_told_and_needs_attention(restoring: Restoring) -> None:
    songs = load_songs(restoring)
    restoring.control.lose(songs[1])

    outcome = restoring("kitchen", "--write", "--json")
    told = restoring("kitchen", "--resume")

    assert outcome.exit_code == told.exit_code == 1
    [refused] = outcome.document["refused"]
    assert refused["uri"] == songs[1]
    assert f"Invalid track uri: {songs[1]}" in told.out
    assert restoring.rows(outcome.document["new_id"]) == [one for one in songs if one != songs[1]]


def load_songs(restoring: Restoring) -> list[str]:
    rows = restoring.command("show", "kitchen", "--json").document["rows"]
    return [row["item"]["uri"] for row in rows]


@pytest.mark.parametrize(
    ("rows", "why"),
    [([], "no rows"), ([Row()], "1 row left out"), ([Row()] * 2, "2 rows left out")],
)
def test_a_playlist_of_nothing_but_what_is_left_out_is_not_begun(
    restoring: Restoring, monkeypatch: pytest.MonkeyPatch, rows: list[Row], why: str
) -> None:
    def collect_rows(*of: Any) -> tuple[Collection, list[str]]:
        collection, remarks = collect(*of)
        return collection._replace(rows=rows), remarks

    monkeypatch.setattr(restore, "collect", collect_rows)

    outcome = restoring("kitchen", "--write")

    assert outcome.exit_code == 1
    assert "nothing to put back" in outcome.err
    assert why in outcome.err
    assert restoring.control.requests() == []


def test_a_pause_of_the_archive_is_kept(
    restoring: Restoring, troubled_archive: FakeBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused = FakeBucket()
    paused.objects = dict(troubled_archive.objects)
    status = msgspec.json.decode(paused.objects["playlists/status.json"])
    status["not_before"] = "2026-10-10T20:00:00Z"
    paused.objects["playlists/status.json"] = msgspec.json.encode(status)
    restoring.command = Command(paused, monkeypatch)

    outcome = restoring("kitchen", "--write")

    assert outcome.exit_code == 1
    assert "until 2026-10-10 20:00 UTC" in outcome.err
    assert restoring.control.requests() == []


def test_many_left_out_rows_are_counted_on_the_screen(restoring: Restoring) -> None:
    restoring.control.set_date("2026-10-10")
    for playlist in (EVERYTHING, TAPES):
        outcome = restoring(playlist)

        assert outcome.exit_code == 0
        assert outcome.out.count("a local file") <= 20


def test_what_the_readme_says_of_restoring_works(restoring: Restoring) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r"^    playlist-archive restore (.*?)(?: +#|$)", readme, re.MULTILINE)

    outcomes = [restoring(*shlex.split(line)) for line in lines]

    assert [outcome.exit_code for outcome in outcomes] == [0, 0, 0]
    assert "9 of 9 songs are in it" in outcomes[-1].out
