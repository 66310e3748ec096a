"""The stand-in answers as the Web API does, for each kind of app."""

import base64
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

import pytest
import requests

from tools.stand_in import App, SampleLibrary, StandIn
from tools.stand_in.accounts import SCOPE, Client
from tools.stand_in.api import READ_LIKED
from tools.stand_in.library import LIKED_SONGS
from tools.stand_in.sample import (
    EDITORIAL,
    EVERYTHING,
    LIGHTHOUSE,
    OWNER,
    SHARED,
    SUMMER,
    TALK,
    TAPES,
)

pytestmark = [pytest.mark.contract, pytest.mark.enable_socket]

FIRST_DAY = date(2026, 10, 1)
UNKNOWN = "0000000000000000000000"
AUTH = ("standin-client", "standin-secret")

HEAD = {
    *("collaborative", "description", "external_urls", "href", "id", "images", "name", "owner"),
    *("primary_color", "public", "snapshot_id", "type", "uri"),
}
ROW = {"added_at", "added_by", "is_local", "primary_color", "video_thumbnail"}
PAGE = {"href", "items", "limit", "next", "offset", "previous", "total"}
TRACK = {
    *("album", "artists", "disc_number", "duration_ms", "episode", "explicit", "external_ids"),
    *("external_urls", "href", "id", "is_local", "name", "track", "track_number", "type", "uri"),
}
REMOVED_FROM_TRACK = {"available_markets", "popularity", "preview_url"}
ALBUM = {
    *("album_type", "artists", "external_urls", "href", "id", "images", "name", "release_date"),
    *("release_date_precision", "total_tracks", "type", "uri"),
}
EPISODE = {
    *("audio_preview_url", "description", "duration_ms", "episode", "explicit", "external_urls"),
    *("href", "html_description", "id", "images", "is_externally_hosted", "language", "languages"),
    *("name", "release_date", "release_date_precision", "show", "track", "type", "uri"),
}


class Web:
    """A client with one token."""

    def __init__(self, stand_in: StandIn, grant: Mapping[str, str]) -> None:
        self._session = requests.Session()
        self._url = stand_in.url
        token = self.ask_token(grant).json()["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def ask_token(self, form: Mapping[str, str], auth: Any = AUTH) -> requests.Response:
        return self._session.post(f"{self._url}/api/token", data=form, auth=auth, timeout=5)

    def get(self, path: str, **params: object) -> requests.Response:
        return self._session.get(f"{self._url}/v1{path}", params=params, timeout=5)  # type: ignore[arg-type]

    def read(self, path: str, **params: object) -> Any:
        answer = self.get(path, **params)

        assert answer.status_code == 200, answer.text

        return answer.json()

    def follow(self, page: dict[str, Any]) -> list[Any]:
        """Return the entries of a page and of all pages after it."""
        entries = list(page["items"])
        while page["next"]:
            page = self._session.get(page["next"], timeout=5).json()
            entries += page["items"]
        return entries

    def close(self) -> None:
        self._session.close()


@pytest.fixture
def stand_in() -> Iterator[StandIn]:
    with StandIn(SampleLibrary(FIRST_DAY)) as running:
        yield running


@pytest.fixture
def web(stand_in: StandIn) -> Iterator[Web]:
    user = Web(stand_in, {"grant_type": "refresh_token", "refresh_token": "standin-refresh"})
    yield user
    user.close()


@pytest.fixture
def app_only(stand_in: StandIn) -> Iterator[Web]:
    app = Web(stand_in, {"grant_type": "client_credentials"})
    yield app
    app.close()


def error_of(answer: requests.Response) -> tuple[int, str]:
    error = answer.json()["error"]

    assert error["status"] == answer.status_code

    return error["status"], error["message"]


class TestTokens:
    def test_an_apps_own_token_has_no_scope(self, web: Web) -> None:
        answer = web.ask_token({"grant_type": "client_credentials"})

        assert answer.json().keys() == {"access_token", "token_type", "expires_in"}

    def test_a_refreshed_token_brings_no_new_refresh_token(self, web: Web) -> None:
        answer = web.ask_token({"grant_type": "refresh_token", "refresh_token": "standin-refresh"})

        assert answer.json().keys() == {"access_token", "token_type", "expires_in", "scope"}
        assert answer.json()["expires_in"] == 3600

    def test_a_code_is_exchanged_for_a_refresh_token(self, web: Web, stand_in: StandIn) -> None:
        consent = requests.get(
            f"{stand_in.url}/authorize",
            params={"redirect_uri": "http://127.0.0.1:8899/done", "state": "s t"},
            allow_redirects=False,
            timeout=5,
        )
        answer = web.ask_token({"grant_type": "authorization_code", "code": "standin-code"})

        assert consent.headers["Location"] == (
            "http://127.0.0.1:8899/done?code=standin-code&state=s+t"
        )
        assert answer.json()["refresh_token"] == "standin-refresh"

    @pytest.mark.parametrize(
        ("form", "auth", "body"),
        [
            (
                {"grant_type": "client_credentials"},
                ("standin-client", "wrong"),
                {"error": "invalid_client", "error_description": "Invalid client"},
            ),
            ({"grant_type": "client_credentials"}, None, {"error": "invalid_client"}),
            (
                {"grant_type": "refresh_token", "refresh_token": "gone"},
                AUTH,
                {"error": "invalid_grant", "error_description": "Refresh token revoked"},
            ),
            (
                {"grant_type": "authorization_code", "code": "used"},
                AUTH,
                {"error": "invalid_grant", "error_description": "Invalid authorization code"},
            ),
        ],
    )
    def test_refusals_have_the_flat_shape(
        self, stand_in: StandIn, form: dict[str, str], auth: Any, body: dict[str, str]
    ) -> None:
        answer = requests.post(f"{stand_in.url}/api/token", data=form, auth=auth, timeout=5)

        assert (answer.status_code, answer.json()) == (400, body)

    @pytest.mark.parametrize("header", [None, "Bearer BQnonsense", "Bearer "])
    def test_calls_without_a_good_token_are_challenged(
        self, stand_in: StandIn, header: str | None
    ) -> None:
        headers = {"Authorization": header} if header else {}

        answer = requests.get(f"{stand_in.url}/v1/me", headers=headers, timeout=5)

        assert error_of(answer) == (401, "Missing/invalid/expired access token")
        assert answer.headers["WWW-Authenticate"].startswith('Bearer realm="spotify"')
        assert ("invalid_token" in answer.headers["WWW-Authenticate"]) == bool(header)

    def test_only_bearer_tokens_are_understood(self, stand_in: StandIn) -> None:
        answer = requests.get(f"{stand_in.url}/v1/me", auth=AUTH, timeout=5)

        assert error_of(answer) == (400, "Only valid bearer authentication supported")

    @pytest.mark.parametrize("path", ["/me", "/me/playlists", f"/playlists/{TALK}/items"])
    @pytest.mark.parametrize("app", App)
    def test_an_apps_own_token_has_no_user(
        self, stand_in: StandIn, app_only: Web, app: App, path: str
    ) -> None:
        stand_in.control.set_app(app)

        assert error_of(app_only.get(path)) == (401, "Valid user authentication required")


class TestNewApp:
    def test_the_profile_has_lost_its_private_fields(self, web: Web) -> None:
        profile = web.read("/me")

        assert profile["id"] == OWNER.id
        assert profile.keys() == {
            *("account_id", "display_name", "external_urls", "href", "id", "images", "type", "uri")
        }

    def test_an_own_playlist_comes_with_its_first_hundred_rows(self, web: Web) -> None:
        playlist = web.read(f"/playlists/{EVERYTHING}")

        assert playlist.keys() == HEAD | {"items"}
        assert playlist["items"].keys() == PAGE
        assert len(playlist["items"]["items"]) == playlist["items"]["limit"] == 100
        assert playlist["items"]["total"] == 1200
        row = playlist["items"]["items"][0]
        assert row.keys() == ROW | {"item"}
        assert row["item"].keys() == TRACK
        assert row["item"]["album"].keys() == ALBUM

    def test_a_shared_playlist_comes_with_its_rows(self, web: Web) -> None:
        assert web.read(f"/playlists/{SHARED}").keys() == HEAD | {"items"}

    def test_a_strangers_playlist_comes_without_rows(self, web: Web) -> None:
        playlist = web.read(f"/playlists/{LIGHTHOUSE}")

        assert playlist.keys() == HEAD
        assert playlist["owner"]["display_name"] is None
        assert error_of(web.get(f"/playlists/{LIGHTHOUSE}/items")) == (403, "Forbidden")

    def test_the_old_endpoint_is_closed(self, web: Web) -> None:
        assert error_of(web.get(f"/playlists/{EVERYTHING}/tracks")) == (403, "Forbidden")

    def test_without_a_user_only_metadata_is_sent(self, app_only: Web) -> None:
        assert app_only.read(f"/playlists/{EVERYTHING}").keys() == HEAD

    def test_an_episode_is_an_episode(self, web: Web) -> None:
        episode = web.read(f"/playlists/{TALK}/items")["items"][0]["item"]

        assert episode.keys() == EPISODE
        assert {"available_markets", "publisher"}.isdisjoint(episode["show"])


class TestOlderApp:
    @pytest.fixture(autouse=True)
    def older(self, stand_in: StandIn) -> None:
        stand_in.control.set_app(App.OLDER)

    def test_both_generations_stand_side_by_side(self, web: Web) -> None:
        playlist = web.read(f"/playlists/{EVERYTHING}")

        assert playlist.keys() == HEAD | {"followers", "tracks", "items"}
        assert playlist["tracks"]["items"] == playlist["items"]["items"]
        row = playlist["items"]["items"][0]
        assert row.keys() == ROW | {"track", "item"}
        assert row["track"] == row["item"]
        assert row["track"].keys() == TRACK | REMOVED_FROM_TRACK
        assert row["track"]["album"].keys() == ALBUM | {"available_markets"}

    @pytest.mark.parametrize("endpoint", ["tracks", "items"])
    def test_both_endpoints_read_any_public_playlist(self, web: Web, endpoint: str) -> None:
        page = web.read(f"/playlists/{LIGHTHOUSE}/{endpoint}")

        assert page["items"][0].keys() == ROW | {"track", "item"}
        assert f"/{endpoint}?" in page["href"]

    def test_playlists_in_a_list_have_both_counts(self, web: Web) -> None:
        listed = web.read("/me/playlists")["items"][0]

        assert listed.keys() == HEAD | {"tracks", "items"}
        assert listed["tracks"].keys() == {"href", "total"}


class TestExtendedApp:
    @pytest.fixture(autouse=True)
    def extended(self, stand_in: StandIn) -> None:
        stand_in.control.set_app(App.EXTENDED)

    def test_only_the_old_generation_is_sent(self, app_only: Web) -> None:
        playlist = app_only.read(f"/playlists/{LIGHTHOUSE}")

        assert playlist.keys() == HEAD | {"followers", "tracks"}
        row = playlist["tracks"]["items"][0]
        assert row.keys() == ROW | {"track"}
        assert row["track"].keys() == TRACK | REMOVED_FROM_TRACK

    def test_rows_are_read_without_a_user(self, app_only: Web) -> None:
        page = app_only.read(f"/playlists/{EVERYTHING}/tracks")

        assert len(app_only.follow(page)) == 1200

    def test_spotifys_own_playlists_are_there(self, web: Web) -> None:
        assert web.read(f"/playlists/{EDITORIAL}")["owner"]["id"] == "spotify"
        assert None not in web.read("/me/playlists")["items"]

    def test_an_episode_is_dressed_as_a_track_unless_asked_for(self, web: Web) -> None:
        path = f"/playlists/{TALK}/tracks"
        disguised = web.read(path)["items"][0]["track"]
        plain = web.read(path, additional_types="track,episode")["items"][0]["track"]

        assert (disguised["type"], disguised["album"]["album_type"]) == ("episode", "compilation")
        assert disguised.keys() == TRACK | REMOVED_FROM_TRACK
        assert disguised["artists"][0]["name"] is None
        assert plain.keys() == EPISODE


@pytest.mark.parametrize("app", [App.NEW, App.OLDER])
class TestDevelopmentMode:
    def test_spotifys_own_playlists_are_hidden(self, stand_in: StandIn, web: Web, app: App) -> None:
        stand_in.control.set_app(app)

        page = web.read("/me/playlists")

        assert page["items"].count(None) == 1
        assert page["total"] == len(page["items"])
        assert error_of(web.get(f"/playlists/{EDITORIAL}")) == (404, "Resource not found")


class TestRows:
    def test_a_local_file_is_known_by_its_uri_alone(self, web: Web) -> None:
        rows = web.read(f"/playlists/{TAPES}/items")["items"]
        (row,) = (row for row in rows if row["is_local"])
        file = row["item"]

        assert file.keys() == TRACK - {"episode", "track"}
        assert (file["id"], file["href"], file["external_urls"]) == (None, None, {})
        assert file["album"].keys() == ALBUM - {"total_tracks"}
        assert file["uri"] == (
            "spotify:local:Bog+Standard:Garage%2C+Side+B:Exit%2C+Pursued+by+a+Drum:204"
        )

    def test_a_lost_song_leaves_its_row(self, web: Web) -> None:
        rows = web.read(f"/playlists/{TAPES}/items")["items"]
        lost = [row for row in rows if row["item"] is None]

        assert [row["added_at"] for row in lost] == [None, "1970-01-01T00:00:00Z"]
        assert lost[0]["added_by"]["id"] == ""
        assert lost[0].keys() == ROW | {"item"}

    def test_a_song_that_was_taken_down_has_lost_its_texts(
        self, stand_in: StandIn, web: Web
    ) -> None:
        stand_in.control.set_date("2026-10-20")
        rows = web.read(f"/playlists/{TAPES}/items")["items"]
        (song,) = (row["item"] for row in rows if row["item"] and not row["item"]["name"])

        assert song.keys() == TRACK
        assert (song["duration_ms"], song["artists"][0]["name"]) == (0, "")
        assert song["album"] | {"name": "", "images": [], "release_date": "0000"} == song["album"]


class TestPages:
    @pytest.mark.parametrize(("limit", "pages"), [(None, 60), (50, 24), (100, 12)])
    def test_following_next_visits_every_row_once(
        self, stand_in: StandIn, web: Web, limit: int | None, pages: int
    ) -> None:
        stand_in.control.clear_requests()
        params = {"limit": limit} if limit else {}

        rows = web.follow(web.read(f"/playlists/{EVERYTHING}/items", **params))

        assert len({row["item"]["id"] for row in rows}) == 1200
        assert len(stand_in.control.requests()) == pages

    def test_links_are_absolute_and_repeat_the_question(self, stand_in: StandIn, web: Web) -> None:
        path = f"/playlists/{EVERYTHING}/items"
        fields = "items(item(id)),next,previous"

        page = web.read(path, offset=30, limit=20, fields=fields)

        base = f"{stand_in.url}/v1{path}"
        assert page["next"] == f"{base}?offset=50&limit=20&fields={fields}"
        assert page["previous"] == f"{base}?offset=10&limit=20&fields={fields}"

    def test_the_library_is_listed_in_pages(self, stand_in: StandIn, web: Web) -> None:
        page = web.read("/me/playlists", limit=5)
        listed = web.follow(page)

        assert page["limit"] == 5
        assert page["next"] == f"{stand_in.url}/v1/me/playlists?offset=5&limit=5"
        assert len(listed) == page["total"] == 16
        assert listed[0].keys() == HEAD | {"items"}
        assert listed[0]["items"].keys() == {"href", "total"}

    def test_a_page_beyond_the_end_is_empty(self, web: Web) -> None:
        page = web.read("/me/playlists", offset=500)

        assert (page["items"], page["next"]) == ([], None)

    @pytest.mark.parametrize(
        ("path", "params"),
        [
            ("/me/playlists", {"limit": 51}),
            ("/me/playlists", {"limit": 0}),
            (f"/playlists/{EVERYTHING}/items", {"limit": 101}),
            (f"/playlists/{EVERYTHING}/items", {"limit": "many"}),
        ],
    )
    def test_limits_out_of_range_are_refused(
        self, web: Web, path: str, params: dict[str, object]
    ) -> None:
        assert error_of(web.get(path, **params)) == (400, "Invalid limit")


class TestAddresses:
    def test_an_unknown_playlist_is_not_found(self, web: Web) -> None:
        assert error_of(web.get(f"/playlists/{UNKNOWN}")) == (404, "Resource not found")

    @pytest.mark.parametrize("bad", ["short", "x" * 23, "%C3%A9" * 22])
    def test_a_malformed_id_is_refused(self, web: Web, bad: str) -> None:
        assert error_of(web.get(f"/playlists/{bad}")) == (400, "Invalid base62 id")


class TestFields:
    def test_one_filter_serves_both_generations(self, stand_in: StandIn, web: Web) -> None:
        row = "added_at,item(id,artists(name)),track(id,artists(name))"
        fields = f"name,items(total,items({row})),tracks(total,items({row}))"

        new = web.read(f"/playlists/{TALK}", fields=fields)
        stand_in.control.set_app(App.EXTENDED)
        old = web.read(f"/playlists/{TALK}", fields=fields)

        assert new.keys() == {"name", "items"}
        assert new["items"].keys() == {"total", "items"}
        assert new["items"]["items"][1].keys() == {"added_at", "item"}
        assert new["items"]["items"][1]["item"].keys() == {"id", "artists"}
        assert old["tracks"]["items"][1]["track"] == new["items"]["items"][1]["item"]

    def test_nonsense_is_refused(self, web: Web) -> None:
        assert web.get(f"/playlists/{TALK}", fields="items(").status_code == 400


class TestDays:
    def test_a_snapshot_id_is_a_counter_and_a_hash(self, web: Web) -> None:
        snapshot_id = web.read(f"/playlists/{TALK}")["snapshot_id"]

        assert len(base64.b64decode(snapshot_id)) == 24
        assert base64.b64decode(snapshot_id)[:4] == b"\0\0\0\1"

    def test_snapshot_ids_move_exactly_with_the_playlist(self, stand_in: StandIn, web: Web) -> None:
        def sweep() -> dict[str, str]:
            listed = web.read("/me/playlists")["items"]
            return {entry["id"]: entry["snapshot_id"] for entry in listed if entry}

        before = sweep()
        again = sweep()
        stand_in.control.set_date("2026-10-05")
        after = sweep()

        assert before == again
        assert before[TALK] == after[TALK]
        assert before[EVERYTHING] != after[EVERYTHING]
        assert after[EVERYTHING] == web.read(f"/playlists/{EVERYTHING}")["snapshot_id"]

    def test_a_deleted_playlist_is_gone_from_everywhere(self, stand_in: StandIn, web: Web) -> None:
        stand_in.control.set_date("2026-10-13")

        assert web.get(f"/playlists/{SUMMER}").status_code == 404
        assert SUMMER not in {entry["id"] for entry in web.read("/me/playlists")["items"] if entry}

    def test_the_log_lists_the_requests(self, stand_in: StandIn, web: Web) -> None:
        stand_in.control.clear_requests()
        web.get("/me", pretty="yes")
        web.get(f"/playlists/{UNKNOWN}")

        seen = [(seen.method, seen.path, seen.status) for seen in stand_in.control.requests()]

        assert seen == [("GET", "/v1/me?pretty=yes", 200), ("GET", f"/v1/playlists/{UNKNOWN}", 404)]


class TestLikedSongs:
    @pytest.fixture
    def stand_in(self) -> Iterator[StandIn]:
        client = Client(scope=f"{SCOPE} {READ_LIKED}")
        with StandIn(SampleLibrary(FIRST_DAY), client=client) as running:
            yield running

    def test_a_consent_without_the_scope_does_not_show_them(self) -> None:
        with StandIn(SampleLibrary(FIRST_DAY)) as stand_in:
            grant = {"grant_type": "refresh_token", "refresh_token": "standin-refresh"}
            web = Web(stand_in, grant)

            assert error_of(web.get("/me/tracks")) == (403, "Insufficient client scope")
            web.close()

    def test_an_app_without_a_user_has_none(self, app_only: Web) -> None:
        answer = error_of(app_only.get("/me/tracks"))

        assert answer == (401, "Valid user authentication required")

    @pytest.mark.parametrize("limit", [0, 51])
    def test_a_page_has_at_most_fifty(self, web: Web, limit: int) -> None:
        assert error_of(web.get("/me/tracks", limit=limit)) == (400, "Invalid limit")

    def test_they_are_no_playlist(self, web: Web) -> None:
        assert web.get(f"/playlists/{LIKED_SONGS}").status_code == 404
        ids = [one["id"] for one in web.follow(web.read("/me/playlists")) if one]
        assert LIKED_SONGS not in ids

    @pytest.mark.parametrize("app", App)
    def test_the_newest_come_first_and_a_row_keeps_its_old_name(
        self, stand_in: StandIn, web: Web, app: App
    ) -> None:
        stand_in.control.set_app(app)
        page = web.read("/me/tracks")
        liked = web.follow(page)

        assert page.keys() == PAGE
        assert (len(page["items"]), len(liked)) == (20, page["total"])
        assert {*liked[0]} == {"added_at", "track"}
        dates = [one["added_at"] for one in liked]
        assert dates == sorted(dates, reverse=True)

    def test_one_that_is_liked_again_comes_to_the_front(self, stand_in: StandIn, web: Web) -> None:
        def titles(day: int) -> list[str]:
            stand_in.control.set_date(FIRST_DAY + timedelta(days=day))
            return [one["track"]["name"] for one in web.follow(web.read("/me/tracks"))]

        assert titles(7).count("Wren") == 1
        assert "Wren" not in titles(8)
        assert titles(12).index("Wren") < 2

    def test_an_edit_in_mid_read_takes_the_newest_off(self, stand_in: StandIn, web: Web) -> None:
        first = web.read("/me/tracks")
        stand_in.control.add_fault("torn", path="/me/tracks")
        torn = web.read("/me/tracks")

        assert torn["total"] == first["total"] - 1
        assert torn["items"][0] == first["items"][1]
        stand_in.control.clear_faults()
        assert web.read("/me/tracks") == first
