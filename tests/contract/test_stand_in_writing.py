"""The stand-in's writing half: what it refuses, what it does, and what a lost answer leaves behind."""

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from tools.stand_in import App, SampleLibrary, StandIn
from tools.stand_in.sample import EVERYTHING, LIGHTHOUSE, OWNER

pytestmark = [pytest.mark.contract, pytest.mark.enable_socket]

REDIRECT = "http://127.0.0.1:8888/callback"
VERIFIER = "v" * 64
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
WRITE = "playlist-modify-private playlist-read-private"
SONGS = [f"spotify:track:{number:022}" for number in range(300)]
EPISODE = f"spotify:episode:{7:022}"
LOCAL = "spotify:local:Someone:Record:Song:180"


class Web:
    """A client whose token has the scopes that it asks for."""

    def __init__(self, stand_in: StandIn, scopes: str = WRITE) -> None:
        self.url = stand_in.url
        self.control = stand_in.control
        self.session = requests.Session()
        self.session.headers["Authorization"] = (
            f"Bearer {self.ask_token(self.consent(scopes)).json()['access_token']}"
        )

    def consent(self, scopes: str) -> str:
        query = {
            "client_id": "standin-client",
            "redirect_uri": REDIRECT,
            "scope": scopes,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        answer = self.session.get(
            f"{self.url}/authorize", params=query, allow_redirects=False, timeout=5
        )
        return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))["code"]

    def ask_token(self, code: str, /, **changes: str) -> requests.Response:
        form = {
            "grant_type": "authorization_code",
            "client_id": "standin-client",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
        } | changes
        return self.session.post(f"{self.url}/api/token", data=form, timeout=5)

    def send(self, method: str, path: str, body: object = None) -> requests.Response:
        return self.session.request(method, f"{self.url}/v1{path}", json=body, timeout=5)

    def create(self, **changes: object) -> Any:
        body = {"name": "Again", "public": False} | changes
        answer = self.send("POST", "/me/playlists", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def add(self, playlist_id: str, uris: list[str], **more: object) -> requests.Response:
        return self.send("POST", f"/playlists/{playlist_id}/items", {"uris": uris, **more})

    def rows(self, playlist_id: str) -> list[str]:
        uris: list[str] = []
        while True:
            query = f"limit=100&offset={len(uris)}&additional_types=track,episode"
            page = self.send("GET", f"/playlists/{playlist_id}/items?{query}").json()
            uris += [row["item"]["uri"] for row in page["items"]]
            if not page["next"]:
                assert page["total"] == len(uris)
                return uris


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn(SampleLibrary(date(2026, 10, 1))) as running:
        yield running


@pytest.fixture
def web(stand_in: StandIn) -> Iterator[Web]:
    user = Web(stand_in)
    yield user
    user.session.close()


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        ({"code_verifier": "w" * 64}, "invalid_grant", "code_verifier was incorrect"),
        ({"redirect_uri": f"{REDIRECT}/"}, "invalid_grant", "Invalid redirect URI"),
        ({"code": "another"}, "invalid_grant", "Invalid authorization code"),
        ({"client_id": "another"}, "invalid_client", "Invalid client"),
    ],
)
def test_a_code_is_for_whoever_asked_for_it(
    web: Web, changes: dict[str, str], error: str, description: str
) -> None:
    answer = web.ask_token(web.consent(WRITE), **changes)

    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


def test_a_code_is_taken_once(web: Web) -> None:
    code = web.consent(WRITE)

    assert web.ask_token(code).json()["scope"] == WRITE
    assert web.ask_token(code).status_code == 400


@pytest.mark.parametrize(
    ("scopes", "public"),
    [
        ("playlist-read-private", False),
        ("playlist-modify-public", False),
        ("playlist-modify-private", True),
    ],
)
def test_a_creation_needs_the_scope_of_its_kind(
    stand_in: StandIn, scopes: str, public: bool
) -> None:
    answer = Web(stand_in, scopes).send("POST", "/me/playlists", {"name": "A", "public": public})

    assert answer.status_code == 403
    assert answer.json()["error"]["message"] == "Insufficient client scope"


def test_a_new_playlist_is_public_unless_it_is_told_otherwise(stand_in: StandIn) -> None:
    web = Web(stand_in, "playlist-modify-public playlist-modify-private")

    assert web.send("POST", "/me/playlists", {"name": "A"}).json()["public"] is True
    assert web.create()["public"] is False


def test_a_private_playlist_shows_only_with_the_scope_to_read_it(stand_in: StandIn) -> None:
    writer, reader = Web(stand_in, "playlist-modify-private"), Web(stand_in, WRITE)
    playlist_id = writer.create()["id"]

    def listed(web: Web) -> list[str]:
        page = web.send("GET", "/me/playlists?limit=50").json()
        return [entry["id"] for entry in page["items"] if entry]

    assert playlist_id not in listed(writer)
    assert listed(reader)[0] == playlist_id
    assert writer.send("GET", f"/playlists/{playlist_id}/items").status_code == 403
    assert reader.rows(playlist_id) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "`name`"),
        ({"name": ""}, "name"),
        ({"name": 3}, "name"),
        ({"name": "A", "public": "no"}, "public"),
    ],
)
def test_a_creation_without_a_proper_body_is_refused(
    web: Web, body: dict[str, object], message: str
) -> None:
    answer = web.send("POST", "/me/playlists", body)

    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


@pytest.mark.parametrize(("app", "status"), [(App.NEW, 403), (App.OLDER, 403), (App.EXTENDED, 201)])
def test_the_old_address_is_closed_to_apps_in_development(web: Web, app: App, status: int) -> None:
    web.control.set_app(app)
    body = {"name": "Again", "public": False}

    assert web.send("POST", f"/users/{OWNER.id}/playlists", body).status_code == status


@pytest.mark.parametrize(
    "uris",
    [
        SONGS[:101],
        [],
        [*SONGS[:3], LOCAL],
        [*SONGS[:3], "spotify:track:short"],
        ["spotify:album:" + "0" * 22],
        ["https://open.spotify.com/track/" + "0" * 22],
        [""],
        [SONGS[7]],
    ],
    ids=["101", "none", "local", "short", "album", "link", "empty", "gone"],
)
def test_a_refused_addition_adds_nothing(web: Web, uris: list[str]) -> None:
    web.control.lose(SONGS[7])
    playlist_id = web.create()["id"]
    web.add(playlist_id, SONGS[:2])

    assert web.add(playlist_id, uris).status_code == 400
    assert web.rows(playlist_id) == SONGS[:2]


def test_items_are_added_where_they_are_wanted(web: Web) -> None:
    playlist_id = web.create()["id"]

    assert web.add(playlist_id, SONGS[:100]).status_code == 201
    assert web.add(playlist_id, [EPISODE, SONGS[0]], position=1).status_code == 201
    assert web.add(playlist_id, SONGS[:1]).status_code == 201

    assert web.rows(playlist_id) == [SONGS[0], EPISODE, SONGS[0], *SONGS[1:100], SONGS[0]]


def test_a_position_beyond_the_end_is_refused(web: Web) -> None:
    playlist_id = web.create()["id"]

    assert web.add(playlist_id, SONGS[:2], position=1).status_code == 400
    assert web.rows(playlist_id) == []


def test_each_addition_is_a_version_of_its_own(web: Web) -> None:
    playlist = web.create()
    versions = [web.add(playlist["id"], SONGS[:1]).json()["snapshot_id"] for _ in range(3)]

    assert len({playlist["snapshot_id"], *versions}) == 4
    assert web.send("GET", f"/playlists/{playlist['id']}").json()["snapshot_id"] == versions[-1]


def test_uris_in_the_query_make_it_ignore_the_body(web: Web) -> None:
    playlist_id = web.create()["id"]
    path = f"/playlists/{playlist_id}/items?uris={SONGS[1]},{SONGS[2]}"

    assert web.send("POST", path, {"uris": [SONGS[3]]}).status_code == 201
    assert web.rows(playlist_id) == SONGS[1:3]


def test_a_replacement_takes_a_hundred_and_overwrites_all(web: Web) -> None:
    playlist_id = web.create()["id"]
    web.add(playlist_id, SONGS[:100])
    web.add(playlist_id, SONGS[:100])
    path = f"/playlists/{playlist_id}/items"

    assert web.send("PUT", path, {"uris": SONGS[:101]}).status_code == 400
    assert len(web.rows(playlist_id)) == 200
    assert web.send("PUT", path, {"uris": SONGS[5:9]}).status_code == 200
    assert web.rows(playlist_id) == SONGS[5:9]


@pytest.mark.parametrize(
    ("move", "wanted"),
    [
        ({"range_start": 0, "insert_before": 5}, [1, 2, 3, 4, 0]),
        ({"range_start": 4, "insert_before": 0}, [4, 0, 1, 2, 3]),
        ({"range_start": 3, "insert_before": 0, "range_length": 2}, [3, 4, 0, 1, 2]),
        ({"range_start": 0, "insert_before": 4, "range_length": 2}, [2, 3, 0, 1, 4]),
        ({"range_start": 1, "insert_before": 2, "range_length": 3}, [0, 1, 2, 3, 4]),
        ({"range_start": 1, "insert_before": 4, "range_length": 3}, [0, 1, 2, 3, 4]),
    ],
)
def test_items_are_moved(web: Web, move: dict[str, int], wanted: list[int]) -> None:
    playlist_id = web.create()["id"]
    version = web.add(playlist_id, SONGS[:5]).json()["snapshot_id"]

    answer = web.send("PUT", f"/playlists/{playlist_id}/items", {**move, "snapshot_id": version})

    assert answer.status_code == 200
    assert answer.json()["snapshot_id"] != version
    assert web.rows(playlist_id) == [SONGS[number] for number in wanted]


@pytest.mark.parametrize(
    "move",
    [
        {"range_start": 5, "insert_before": 0},
        {"range_start": -1, "insert_before": 0},
        {"range_start": 0, "insert_before": 6},
        {"range_start": 3, "insert_before": 0, "range_length": 3},
        {"range_start": 3, "insert_before": 0, "range_length": 0},
        {"range_start": 3},
        {"range_start": 3, "insert_before": 0, "uris": SONGS[:1]},
        {"range_start": 3, "insert_before": 0, "snapshot_id": "another"},
    ],
)
def test_a_move_that_makes_no_sense_is_refused(web: Web, move: dict[str, object]) -> None:
    playlist_id = web.create()["id"]
    web.add(playlist_id, SONGS[:5])

    assert web.send("PUT", f"/playlists/{playlist_id}/items", move).status_code == 400
    assert web.rows(playlist_id) == SONGS[:5]


def test_a_removal_takes_every_occurrence(web: Web) -> None:
    playlist_id = web.create()["id"]
    web.add(playlist_id, [*SONGS[:3], EPISODE, *SONGS[:3]])
    gone = {"items": [{"uri": SONGS[1]}, {"uri": EPISODE}]}

    answer = web.send("DELETE", f"/playlists/{playlist_id}/items", gone)

    assert answer.status_code == 200
    assert list(answer.json()) == ["snapshot_id"]
    assert web.rows(playlist_id) == [SONGS[0], SONGS[2], SONGS[0], SONGS[2]]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"items": [{"uri": uri} for uri in SONGS[:101]]},
        {"items": [{"uri": "spotify:track:short"}]},
        {"items": [{}]},
        {"tracks": [{"uri": SONGS[0]}]},
        {"items": [{"uri": SONGS[0]}], "snapshot_id": "another"},
    ],
)
def test_a_removal_that_makes_no_sense_is_refused(web: Web, body: dict[str, object]) -> None:
    playlist_id = web.create()["id"]
    web.add(playlist_id, SONGS[:2])

    assert web.send("DELETE", f"/playlists/{playlist_id}/items", body).status_code == 400
    assert web.rows(playlist_id) == SONGS[:2]


def test_the_old_address_removes_what_it_calls_tracks(web: Web) -> None:
    web.control.set_app(App.OLDER)
    playlist_id = web.create()["id"]
    web.add(playlist_id, SONGS[:2])
    path = f"/playlists/{playlist_id}/tracks"

    assert web.send("DELETE", path, {"tracks": [{"uri": SONGS[0]}]}).status_code == 200
    assert web.rows(playlist_id) == SONGS[1:2]


def test_what_is_gone_from_the_catalogue_can_be_removed(web: Web) -> None:
    playlist_id = web.create()["id"]
    web.add(playlist_id, SONGS[:2])
    web.control.lose(SONGS[0])
    path = f"/playlists/{playlist_id}/items"

    assert web.send("DELETE", path, {"items": [{"uri": SONGS[0]}]}).status_code == 200
    assert web.rows(playlist_id) == SONGS[1:2]


def test_only_own_playlists_can_be_written(stand_in: StandIn) -> None:
    web = Web(stand_in, f"{WRITE} playlist-modify-public")

    assert web.add(LIGHTHOUSE, SONGS[:1]).status_code == 403
    gone = {"items": [{"uri": SONGS[0]}]}
    assert web.send("DELETE", f"/playlists/{LIGHTHOUSE}/items", gone).status_code == 403
    assert web.add("0" * 22, SONGS[:1]).status_code == 404
    assert web.add(EVERYTHING, SONGS[:1]).status_code == 201
    assert web.rows(EVERYTHING)[-1] == SONGS[0]


def test_a_lost_answer_is_of_a_request_that_was_done(web: Web) -> None:
    playlist_id = web.create()["id"]
    web.control.add_fault("lost_answer", method="POST", path="/items")

    with pytest.raises(requests.ConnectionError):
        web.add(playlist_id, SONGS[:3])
    assert web.rows(playlist_id) == SONGS[:3]


def test_a_reset_is_of_a_request_that_was_not_done(web: Web) -> None:
    playlist_id = web.create()["id"]
    web.control.add_fault("reset", method="POST", path="/items")

    with pytest.raises(requests.ConnectionError):
        web.add(playlist_id, SONGS[:3])
    assert web.rows(playlist_id) == []


def test_an_append_may_land_first_but_not_what_has_a_position(web: Web) -> None:
    playlist_id = web.create()["id"]
    web.add(playlist_id, SONGS[:2])
    web.control.add_fault("append_first", times=None)

    web.add(playlist_id, SONGS[2:4])
    web.add(playlist_id, SONGS[4:5], position=4)

    assert web.rows(playlist_id) == [*SONGS[2:4], *SONGS[:2], SONGS[4]]


def test_a_fault_of_one_method_strikes_no_other(web: Web) -> None:
    playlist_id = web.create()["id"]
    web.control.add_fault("quota_exceeded", method="POST", retry_after=60)

    assert web.rows(playlist_id) == []
    assert web.add(playlist_id, SONGS[:3]).json()["error"]["reason"] == "QUOTA_EXCEEDED"
    assert web.rows(playlist_id) == []
