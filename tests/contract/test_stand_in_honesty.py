"""The stand-in's answers look like real ones and follow Spotify's own description.

The tests need real data, which are not part of the project: in the folder that `PLAYLIST_ARCHIVE_DATA` names, or in
one beside the project.
"""

import json
import os
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
import yaml
from openapi_schema_validator import OAS30Validator

from tools.stand_in import App, HistoryLibrary, SampleLibrary, StandIn
from tools.stand_in.sample import EVERYTHING, LIGHTHOUSE, TALK, TAPES

DATA = Path(
    os.environ.get("PLAYLIST_ARCHIVE_DATA") or Path(__file__).parents[2].parent / "shared" / "data"
)

pytestmark = [
    pytest.mark.contract,
    pytest.mark.enable_socket,
    pytest.mark.skipif(not DATA.is_dir(), reason=f"no real data to compare with in {DATA}"),
]

AUTH = ("standin-client", "standin-secret")
ROWS_QUERY = {"additional_types": "track,episode", "limit": "100"}


class Web:
    def __init__(self, stand_in: StandIn) -> None:
        self.control = stand_in.control
        self.url = stand_in.url
        self.session = requests.Session()
        form = {"grant_type": "refresh_token", "refresh_token": "standin-refresh"}
        answer = self.session.post(f"{self.url}/api/token", data=form, auth=AUTH, timeout=5)
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def get(self, path: str, **params: str) -> Any:
        url = path if path.startswith("http") else f"{self.url}/v1{path}"
        return self.session.get(url, params=params, timeout=5).json()

    def post(self, path: str, body: Any) -> requests.Response:
        return self.session.post(f"{self.url}/v1{path}", json=body, timeout=5)

    def allow(self, scope: str) -> None:
        """Act with other scopes from now on."""
        verifier = "v" * 43
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "redirect_uri": "http://127.0.0.1",
            "scope": scope,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        page = self.session.get(
            f"{self.url}/authorize", params=asked, allow_redirects=False, timeout=5
        )
        form = {
            "client_id": AUTH[0],
            "grant_type": "authorization_code",
            "code": dict(parse_qsl(urlsplit(page.headers["Location"]).query))["code"],
            "redirect_uri": asked["redirect_uri"],
            "code_verifier": verifier,
        }
        answer = self.session.post(f"{self.url}/api/token", data=form, timeout=5)
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def close(self) -> None:
        self.session.close()


def serve(library: SampleLibrary | HistoryLibrary) -> Iterator[Web]:
    with StandIn(library) as stand_in:
        web = Web(stand_in)
        yield web
        web.close()


@pytest.fixture
def web() -> Iterator[Web]:
    yield from serve(SampleLibrary(date(2026, 10, 1)))


@cache
def load_capture(name: str) -> Any:
    return json.loads((DATA / "captures" / f"{name}.json").read_text())


def compare(ours: Any, real: Any, where: str = "") -> Iterator[str]:
    """Yield where the keys or types of two answers differ."""
    if isinstance(ours, dict) and isinstance(real, dict):
        for key in sorted(ours.keys() ^ real.keys()):
            yield f"{where}.{key}: only {'ours' if key in ours else 'real'}"
        for key in ours.keys() & real.keys():
            yield from compare(ours[key], real[key], f"{where}.{key}")
    elif isinstance(ours, list) and isinstance(real, list):
        for entry in ours[:1] if real else []:
            yield from compare(entry, real[0], f"{where}[]")
    elif type(ours) is not type(real):
        yield f"{where}: {type(ours).__name__}, really {type(real).__name__}"


class TestCaptures:
    """Real answers to an older app, and one from before 2026, as an extended app still gets it."""

    def test_a_playlist_has_the_keys_and_types_of_a_real_one(self, web: Web) -> None:
        web.control.set_app(App.OLDER)
        ours = web.get(f"/playlists/{LIGHTHOUSE}")

        assert list(compare(ours, load_capture("playlist_1"))) == [
            ".owner.display_name: NoneType, really str"  # null is documented, this owner has none
        ]

    def test_rows_have_the_keys_and_types_of_real_ones(self, web: Web) -> None:
        web.control.set_app(App.EXTENDED)
        rows = web.get(f"/playlists/{TAPES}/tracks")["items"]
        ours_local = next(row for row in rows if row["is_local"])
        ours_song = next(row for row in rows if row["track"] and row["track"]["id"])
        local, song = load_capture("playlist_2")["tracks"]["items"]

        assert list(compare(ours_local, local)) == []
        assert sorted(compare(ours_song, song)) == [
            ".added_at: NoneType, really str",  # null in very old playlists, as this one
            ".track.preview_url: NoneType, really str",  # previews ended in November 2024
        ]

    def test_an_older_playlist_had_only_the_old_generation(self, web: Web) -> None:
        web.control.set_app(App.EXTENDED)
        ours = web.get(f"/playlists/{EVERYTHING}")

        assert ours.keys() == load_capture("playlist_2").keys()

    def test_listed_playlists_have_the_keys_and_types_of_real_ones(self, web: Web) -> None:
        web.control.set_app(App.OLDER)
        ours = web.get("/me/playlists", limit="1")

        assert list(compare(ours, load_capture("current_user_playlist_1"))) == []

    def test_the_profile_has_the_keys_and_types_of_a_real_one(self, web: Web) -> None:
        web.control.set_app(App.OLDER)
        ours = web.get("/me")

        assert list(compare(ours, load_capture("current_user"))) == [
            ".account_id: only ours"  # added in May 2026, after the capture
        ]

    def test_a_cover_image_is_like_a_real_one(self, web: Web) -> None:
        ours = web.get(f"/playlists/{EVERYTHING}/images")

        assert list(compare(ours, load_capture("playlist_cover_image"))) == []

    def test_errors_are_the_real_ones(self, web: Web) -> None:
        not_found = web.get(f"/playlists/{'0' * 22}")
        web.control.add_fault("rate_limit")
        limited = web.get("/me")

        assert not_found == load_capture("playlist_not_found")
        assert limited == load_capture("rate_limit")


@cache
def load_openapi() -> dict[str, Any]:
    text = (DATA / "spotify-openapi.yml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    row = document["components"]["schemas"]["PlaylistTrackObject"]["properties"]
    row[
        "item"
    ] = {}  # errors of a oneOf are unclear, so each item is checked against its own schema
    return document


def validate(answer: Any, schema: str) -> set[str]:
    """Return the errors in an answer as `where: what`, without the numbers of rows."""
    components = load_openapi()["components"]
    reference = {"allOf": [{"$ref": f"#/components/schemas/{schema}"}], "components": components}
    found = set()
    for error in OAS30Validator(reference).iter_errors(answer):
        where = re.sub(r"\.?\b\d+\b", "[]", ".".join(map(str, error.absolute_path)))
        found.add(f"{schema} {where}: {error.message}")
    return found


def explain(problems: set[str], reasons: dict[str, str]) -> tuple[set[str], set[str]]:
    """Return the problems that no reason covers, and the reasons that cover no problem."""
    covered = {reason for reason in reasons if any(re.search(reason, it) for it in problems)}
    unexplained = {it for it in problems if not any(re.search(reason, it) for reason in reasons)}
    return unexplained, set(reasons) - covered


class TestDescription:
    """Answers to a new app, checked against Spotify's OpenAPI file."""

    def test_the_profile_follows_it(self, web: Web) -> None:
        assert validate(web.get("/me"), "PrivateUserObject") == set()

    def test_a_playlist_follows_it(self, web: Web) -> None:
        assert validate(web.get(f"/playlists/{EVERYTHING}"), "PlaylistObject") == set()

    def test_a_playlist_without_rows_follows_it(self, web: Web) -> None:
        assert validate(web.get(f"/playlists/{LIGHTHOUSE}"), "PlaylistObject") == set()

    def test_the_list_follows_it(self, web: Web) -> None:
        page = web.get("/me/playlists", limit="50")
        assert page["items"].pop() is None  # undocumented, but often seen

        reasons = {r"description: None": "null as in a whole playlist, where its text says so"}
        assert explain(validate(page, "PagingPlaylistObject"), reasons) == (set(), set())

    def test_liked_songs_follow_it(self, web: Web) -> None:
        web.allow("user-library-read")

        problems = validate(web.get("/me/tracks", limit="50"), "PagingSavedTrackObject")
        reasons = {r"track\.album: 'available_markets' is a required": "removed in February 2026"}
        assert explain(problems, reasons) == (set(), set())

    def test_pages_follow_it(self, web: Web) -> None:
        page = web.get(f"/playlists/{EVERYTHING}/items", **ROWS_QUERY)

        assert validate(page, "PagingPlaylistTrackObject") == set()

    def test_undated_rows_follow_it_as_far_as_its_notes_go(self, web: Web) -> None:
        problems = validate(
            web.get(f"/playlists/{TAPES}/items", **ROWS_QUERY), "PagingPlaylistTrackObject"
        )

        reasons = {r"added_at: None": "its text says that old playlists have null here"}
        assert explain(problems, reasons) == (set(), set())

    def test_songs_follow_it(self, web: Web) -> None:
        problems = set()
        for row in web.get(f"/playlists/{EVERYTHING}/items", **ROWS_QUERY)["items"]:
            problems |= validate(row["item"], "TrackObject")

        reasons = {
            r"TrackObject album: 'available_markets' is a required": "removed in February 2026"
        }
        assert explain(problems, reasons) == (set(), set())

    def test_local_files_follow_it_as_far_as_real_ones_do(self, web: Web) -> None:
        rows = web.get(f"/playlists/{TAPES}/items")["items"]
        file = next(row["item"] for row in rows if row["is_local"])

        reasons = {
            r"album: 'available_markets' is a required": "removed in February 2026",
            r"album: 'total_tracks' is a required": "missing in captures",
            r"album\.(album_type|release_date|release_date_precision): None": "null in captures",
            r"\b(href|id|uri): None": "null in captures",
        }
        assert explain(validate(file, "TrackObject"), reasons) == (set(), set())

    def test_episodes_follow_it(self, web: Web) -> None:
        rows = web.get(f"/playlists/{TALK}/items", **ROWS_QUERY)["items"]
        episode = next(row["item"] for row in rows if row["item"]["type"] == "episode")

        reasons = {
            r"EpisodeObject : 'is_playable' is a required": "sent only where `market` is",
            r"EpisodeObject show: '(available_markets|publisher)' is a re": "removed, Feb 2026",
        }
        assert explain(validate(episode, "EpisodeObject"), reasons) == (set(), set())

    def test_what_is_written_follows_it(self, web: Web) -> None:
        web.allow("playlist-modify-private playlist-read-private")
        created = web.post("/me/playlists", {"name": "Again", "public": False})
        path = f"/playlists/{created.json()['id']}/items"
        added = web.post(path, {"uris": [f"spotify:track:{1:022}", f"spotify:episode:{2:022}"]})

        assert validate(created.json(), "PlaylistObject") == set()
        assert list(added.json()) == ["snapshot_id"]
        assert validate(web.get(path, **ROWS_QUERY), "PagingPlaylistTrackObject") == set()
        song = f"spotify:track:{1:022}"
        items, url = "/playlists/{playlist_id}/items", f"{web.url}/v1{path}"
        moved = web.session.put(url, json={"range_start": 0, "insert_before": 2}, timeout=5)
        replaced = web.session.put(url, json={"uris": [song]}, timeout=5)
        removed = web.session.delete(url, json={"items": [{"uri": song}]}, timeout=5)
        for operation, method, answer in (
            ("/me/playlists", "post", created),
            (items, "post", added),
            (items, "put", moved),
            (items, "put", replaced),
            (items, "delete", removed),
        ):
            described = load_openapi()["paths"][operation][method]
            assert str(answer.status_code) in described["responses"]
            assert "playlist-modify-private" in described["security"][0]["oauth_2_0"]

    def test_an_error_follows_it(self, web: Web) -> None:
        error = web.get(f"/playlists/{LIGHTHOUSE}/tracks")["error"]

        assert validate(error, "ErrorObject") == set()


@cache
def load_history() -> HistoryLibrary:
    return HistoryLibrary(DATA / "playlist-history.jsonl.xz")


class TestHistory:
    """A history file is served as it was recorded."""

    @pytest.fixture
    def web(self) -> Iterator[Web]:
        yield from serve(load_history())

    def read(self, web: Web, playlist_id: str) -> list[dict[str, Any]]:
        page = web.get(f"/playlists/{playlist_id}")["items"]
        rows: list[dict[str, Any]] = page["items"]
        while page["next"]:
            page = web.get(page["next"])
            rows += page["items"]
        return rows

    @pytest.mark.parametrize("day", ["2021-01-01", "2021-02-02", "2021-05-01"])
    def test_a_day_reads_as_the_old_archive_read_it(self, web: Web, day: str) -> None:
        web.control.set_date(day)
        recorded = sorted((DATA / "golden" / day).glob("*/api.json"))

        for path in recorded:
            real = json.loads(path.read_text(encoding="utf-8"))
            ours = self.read(web, real["id"])

            assert summarise(ours, "item") == summarise(real["tracks"]["items"], "track")
        assert recorded

    def test_rows_have_at_least_the_keys_of_recorded_ones(self, web: Web) -> None:
        web.control.set_app(App.EXTENDED)
        web.control.set_date("2021-01-01")
        path = min((DATA / "golden" / "2021-01-01").glob("*/api.json"))
        real = json.loads(path.read_text(encoding="utf-8"))

        differences = list(compare(web.get(f"/playlists/{real['id']}"), real))

        assert [it for it in differences if not it.endswith("only ours")] == [
            ".tracks.next: str, really NoneType"  # recorded as one long page
        ]

    def test_every_playlist_of_a_day_can_be_swept_and_read(self, web: Web) -> None:
        web.control.set_date("2021-02-01")

        pages = [web.get("/me/playlists", limit="50")]
        while pages[-1]["next"]:
            pages.append(web.get(pages[-1]["next"]))
        rows = [self.read(web, entry["id"]) for page in pages for entry in page["items"]]

        assert sum(map(len, rows)) > 5000

    def test_a_row_is_dated_by_the_day_on_which_its_stay_began(self) -> None:
        library = load_history()
        playlist_id = library.list_ids(library.first_day)[0]
        first = library.find(playlist_id, library.first_day)
        last = library.find(playlist_id, library.last_day)

        assert first
        assert last
        assert {row.added_at for row in first.rows} == {None}
        stayed = {row.item for row in first.rows} & {row.item for row in last.rows}
        began = {row.item: row.added_at for row in last.rows}
        assert any(began.values())
        assert all(
            added is None or added > f"{library.first_day}"
            for item, added in began.items()
            if item in stayed
        )

    def test_a_playlist_is_not_there_before_its_first_version(self) -> None:
        library = load_history()
        late = set(library.list_ids(library.last_day)) - set(library.list_ids(library.first_day))

        assert late
        assert all(library.find(playlist_id, library.first_day) is None for playlist_id in late)


def summarise(rows: Sequence[dict[str, Any]], key: str) -> list[tuple[Any, ...]]:
    """Return the fields of each row in both files; the old archive dated rows by the first stay."""
    return [
        (
            row[key]["id"],
            row[key]["name"],
            row[key]["duration_ms"],
            row[key]["album"]["name"],
            [artist["external_urls"] for artist in row[key]["artists"]],
        )
        for row in rows
    ]
