"""The client against the stand-in, over real HTTP on the loopback address.

The test ids that begin with `situation` follow a checklist of the situations that a client meets.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest

from playlist_archive.documents.content_types import JSON
from playlist_archive.documents.keys import SPOTIFY_STATE
from playlist_archive.documents.spotify_state import SpotifyState
from playlist_archive.errors import (
    AuthorizationError,
    BudgetSpentError,
    ContentsForbiddenError,
    CrowdedOutError,
    InvalidAnswerError,
    OutOfTimeError,
    OversizedError,
    PlaylistNotFoundError,
    SpotifyParkedError,
    SpotifyUnavailableError,
    StorageError,
    UnstablePlaylistError,
)
from playlist_archive.ports.credentials import Credentials
from playlist_archive.ports.spotify import Reading
from playlist_archive.spotify import connection
from playlist_archive.spotify.client import WebApi
from playlist_archive.spotify.exchange import open_session
from playlist_archive.spotify.state import load_state
from playlist_archive.spotify.wire import (
    WireAlbum,
    WireArtist,
    WireItem,
    WirePage,
    WirePlaylist,
    WirePlaylists,
    WireRow,
    WireUser,
    parse_entry,
    parse_header,
    parse_row,
)
from tests.support.fakes import FakeBucket, FakeClock, FakeCredentialStore
from tests.support.pipeline import connect
from tools.stand_in.fields import parse_fields
from tools.stand_in.library import Album, Artist, Playlist, Row, Track, User
from tools.stand_in.server import StandIn

pytestmark = pytest.mark.contract

ME = User("lena.example", "Lena")
STRANGER = User("someone.else", None)
MINE, LONG, FOREIGN, EDITORIAL, ABSENT = (
    "1MiNe0000000000000000A",
    "1LoNg0000000000000000A",
    "1FoReIgN0000000000000A",
    "37i9dQZF1DX0000000000A",
    "1AbSeNt00000000000000A",
)
DAY = date(2026, 10, 1)
NOW = datetime(2026, 10, 1, 4, tzinfo=UTC)


def _rows(count: int) -> list[Row]:
    artist = Artist("4hArTtEsToNe0000000001", "The Harbour Lamps")
    album = Album("5aLbUmTeStOnE000000001", "Slack Water", (artist,), "2019-03", 11)
    return [
        Row(
            Track(f"6tRaCk{number:016d}", f"Song {number}", (artist,), album, 180_000),
            "2024-05-16T20:46:24Z",
            ME.id,
        )
        for number in range(count)
    ]


class SmallLibrary:
    """Two playlists of the user, one of them with several pages, and two of other users."""

    user = ME
    first_day = DAY

    def __init__(self) -> None:
        self.playlists = {
            MINE: Playlist(MINE, "Harbour mix", "", ME, _rows(3), 1, followers=12),
            LONG: Playlist(LONG, "Everything", None, ME, _rows(230), 1),
            FOREIGN: Playlist(FOREIGN, "Theirs", "", STRANGER, _rows(120), 1),
            EDITORIAL: Playlist(EDITORIAL, "Hits", "", User("spotify", "Spotify"), _rows(3), 1),
        }

    def list_ids(self, day: date) -> list[str]:
        return [MINE, EDITORIAL, LONG, FOREIGN]

    def find(self, playlist_id: str, day: date) -> Playlist | None:
        return self.playlists.get(playlist_id)


@dataclass
class Setup:
    """A stand-in, a client of it, and the client's stored state."""

    stand_in: StandIn
    bucket: FakeBucket
    clock: FakeClock
    store: FakeCredentialStore
    budget: int = 0

    def client(
        self, remaining_seconds: Callable[[], float] = lambda: 600.0, interval_ms: int = 0
    ) -> WebApi:
        client = connect(
            self.stand_in.url,
            self.bucket,
            self.store,
            self.clock,
            budget=self.budget,
            interval_ms=interval_ms,
        )
        client.open(remaining_seconds)
        return client

    def fault(self, kind: str, **details: object) -> None:
        self.stand_in.control.add_fault(kind, **details)

    def paths(self) -> list[str]:
        return [seen.path.partition("?")[0] for seen in self.stand_in.control.requests()]

    def api_requests(self) -> int:
        return sum(path.startswith("/v1/") for path in self.paths())

    def state(self) -> SpotifyState:
        return load_state(self.bucket)


@pytest.fixture
def setup() -> Iterator[Setup]:
    with StandIn(SmallLibrary()) as stand_in:
        yield Setup(
            stand_in,
            FakeBucket(),
            FakeClock(NOW),
            FakeCredentialStore(
                Credentials("standin-client", "standin-secret", "standin-refresh", NOW)
            ),
        )


def _uris(reading: Reading) -> list[str]:
    assert reading.rows is not None
    return [row.item.uri for row in reading.rows if row.item]


ALL = [f"spotify:track:6tRaCk{number:016d}" for number in range(230)]


@pytest.mark.parametrize("app", ["new", "older", "extended"])
def test_every_generation_reads_the_same(setup: Setup, app: str) -> None:
    setup.stand_in.control.set_app(app)
    reading = setup.client().read_playlist(LONG)

    assert _uris(reading) == ALL
    assert reading.header.followers == (None if app == "new" else 0)


def test_a_short_playlist_costs_one_request(setup: Setup) -> None:
    reading = setup.client().read_playlist(MINE)

    assert len(_uris(reading)) == 3
    assert setup.api_requests() == 1


def test_a_long_playlist_is_read_on_from_its_embedded_page(setup: Setup) -> None:
    setup.client().read_playlist(LONG)

    offsets = [
        seen.path.partition("offset=")[2].partition("&")[0]
        for seen in setup.stand_in.control.requests()
        if "/items" in seen.path.partition("?")[0]
    ]
    assert offsets == ["100", "150", "200"]
    # One request for the playlist, three pages, and one request to compare the version.
    assert setup.api_requests() == 5


def test_a_long_playlist_of_a_known_version_costs_one_request(setup: Setup) -> None:
    client = setup.client()
    known = client.read_playlist(LONG).header.snapshot_id
    setup.stand_in.control.clear_requests()

    assert client.read_playlist(LONG, known).rows is None
    assert setup.api_requests() == 1


def test_a_parked_app_sends_nothing(setup: Setup) -> None:
    setup.bucket.put(
        SPOTIFY_STATE,
        b'{"schema":1,"not_before":"2026-10-01T05:00:00Z","reason":"wait"}',
        JSON,
        replacing=None,
    )

    with pytest.raises(SpotifyParkedError, match="wait"):
        setup.client().read_playlist(MINE)
    # No request was sent, not even for a token.
    assert setup.paths() == []


def test_the_token_is_kept_until_a_minute_before_its_end(setup: Setup) -> None:
    client = setup.client()
    client.read_playlist(MINE)
    setup.clock.moment += timedelta(seconds=3600 - 61)
    client.read_playlist(MINE)
    assert setup.paths().count("/api/token") == 1

    setup.clock.moment += timedelta(seconds=1)
    client.read_playlist(MINE)
    assert setup.paths().count("/api/token") == 2


def test_a_new_refresh_token_is_stored_before_it_is_used(setup: Setup) -> None:
    setup.fault("rotated_refresh_token")
    stored_when_used: list[int] = []
    save = setup.store.save

    def note(credentials: Credentials) -> None:
        stored_when_used.append(setup.api_requests())
        save(credentials)

    setup.store.save = note  # type: ignore[method-assign]
    setup.client().read_playlist(MINE)

    assert setup.store.credentials.refresh_token not in {"standin-refresh", ""}
    assert setup.store.credentials.authorized_at == NOW
    assert stored_when_used == [0]


def test_a_new_refresh_token_that_could_not_be_stored_is_not_lost(
    setup: Setup,
) -> None:
    setup.fault("rotated_refresh_token")
    save = setup.store.save

    def refuse(credentials: Credentials) -> None:
        setup.store.save = save  # type: ignore[method-assign]
        raise StorageError("not now")

    setup.store.save = refuse  # type: ignore[method-assign]
    client = setup.client()
    with pytest.raises(StorageError):
        client.read_playlist(MINE)
    assert setup.api_requests() == 0
    assert setup.store.credentials.refresh_token == "standin-refresh"

    assert len(_uris(client.read_playlist(MINE))) == 3
    assert setup.store.credentials.refresh_token not in {"standin-refresh", ""}


def test_the_client_keeps_the_stored_state(setup: Setup) -> None:
    client = setup.client()
    client.start_run(NOW)
    client.close()

    assert client.credentials() == setup.store.credentials
    assert client.state == setup.state()
    assert client.state.latest_run == NOW

    setup.fault("quota_exceeded")
    client.check()
    with pytest.raises(SpotifyParkedError):
        client.read_playlist(MINE)
    with pytest.raises(SpotifyParkedError):
        client.check()


def test_without_a_new_refresh_token_nothing_is_stored(setup: Setup) -> None:
    def refuse(credentials: Credentials) -> None:
        pytest.fail("there is nothing to store")

    setup.store.save = refuse  # type: ignore[method-assign]
    setup.client().read_playlist(MINE)


def test_a_new_consent_is_used_from_the_next_token_on(setup: Setup) -> None:
    good = setup.store.credentials
    setup.store.credentials = Credentials(good.client_id, good.client_secret, "ended", NOW)
    client = setup.client()
    with pytest.raises(AuthorizationError):
        client.read_playlist(MINE)
    setup.store.credentials = good

    assert len(_uris(client.read_playlist(MINE))) == 3


@pytest.mark.parametrize(
    ("kind", "word"),
    [
        pytest.param("invalid_grant", "log in again"),
        pytest.param("invalid_client", "credentials"),
    ],
)
def test_refused_credentials_stop_at_once(setup: Setup, kind: str, word: str) -> None:
    setup.fault(kind, times=None)

    with pytest.raises(AuthorizationError, match=word):
        setup.client().read_playlist(MINE)
    assert setup.paths() == ["/api/token"]


@pytest.mark.parametrize("kind", ["server_error", "html", "reset", "forbidden_html"])
def test_a_silent_token_host_is_asked_three_times(setup: Setup, kind: str) -> None:
    setup.fault(kind, path="^/api/token", times=None)

    with pytest.raises(SpotifyUnavailableError):
        setup.client().read_playlist(MINE)
    assert setup.paths() == ["/api/token"] * 3


def test_a_token_host_that_asks_to_wait_is_obeyed(setup: Setup) -> None:
    setup.fault("rate_limit", path="^/api/token", retry_after=5)
    assert len(_uris(setup.client().read_playlist(MINE))) == 3
    assert setup.clock.slept == [6]


@pytest.mark.parametrize(
    ("fault", "pause", "asked"),
    [({"retry_after": 3600}, 3600, 1), ({}, 60, 1), ({"retry_after": 5}, 5, 2)],
)
def test_a_pause_of_the_token_host_is_stored_as_any_other(
    setup: Setup, fault: dict[str, int], pause: int, asked: int
) -> None:
    setup.fault("rate_limit", path="^/api/token", times=None, **fault)

    with pytest.raises(SpotifyParkedError, match="asked to wait"):
        setup.client().read_playlist(MINE)
    with pytest.raises(SpotifyParkedError):
        setup.client().read_playlist(MINE)
    assert setup.paths() == ["/api/token"] * asked
    until = setup.clock.now() + timedelta(seconds=pause + 1)
    assert setup.state().not_before == until


def test_requests_for_tokens_do_not_count(setup: Setup) -> None:
    client = setup.client()
    client.read_playlist(MINE)
    client.close()

    assert setup.paths() == ["/api/token", f"/v1/playlists/{MINE}"]
    assert setup.state().requests_within_a_day(NOW) == 1


def test_an_expired_token_is_renewed_once(setup: Setup) -> None:
    setup.fault("expired_token")
    assert len(_uris(setup.client().read_playlist(MINE))) == 3

    setup.fault("expired_token", times=None)
    with pytest.raises(AuthorizationError):
        setup.client().read_playlist(MINE)


def test_an_app_token_is_not_renewed_where_a_user_must_log_in(setup: Setup) -> None:
    setup.stand_in.control.set_app("extended")
    setup.store.credentials = Credentials("standin-client", "standin-secret")
    client = setup.client()

    with pytest.raises(ContentsForbiddenError, match="logged in"):
        client.read_library()
    assert setup.paths().count("/api/token") == 1
    assert _uris(client.read_playlist(LONG)) == ALL


@pytest.mark.parametrize(
    ("kind", "word"), [("premium_required", "Premium"), ("not_registered", "dashboard")]
)
def test_an_app_that_may_nothing_stops_the_run(setup: Setup, kind: str, word: str) -> None:
    setup.fault(kind, times=None)

    with pytest.raises(AuthorizationError, match=word):
        setup.client().read_playlist(MINE)
    assert setup.paths()[-1] == "/v1/me"


REFUSALS = [
    pytest.param("unauthorized", "401"),
    pytest.param("premium_required", "Premium", id="premium"),
    pytest.param("not_registered", "registered", id="registered"),
]


@pytest.mark.parametrize(("kind", "word"), REFUSALS)
def test_a_refusal_by_one_playlist_does_not_prove_refused_credentials(
    setup: Setup, kind: str, word: str
) -> None:
    setup.fault(kind, path=f"/v1/playlists/{MINE}", times=None)
    client = setup.client()

    with pytest.raises(InvalidAnswerError, match=word):
        client.read_playlist(MINE)
    assert len(_uris(client.read_playlist(LONG))) == 230
    assert setup.paths().count("/v1/me") == 1
    client.close()
    assert setup.state().requests_within_a_day(NOW) == setup.api_requests()


def test_a_token_that_was_good_for_another_playlist_needs_no_look_at_the_profile(
    setup: Setup,
) -> None:
    setup.fault("premium_required", path=f"/v1/playlists/{MINE}", times=None)
    client = setup.client()
    client.read_playlist(LONG)

    with pytest.raises(InvalidAnswerError, match="Premium"):
        client.read_playlist(MINE)
    assert "/v1/me" not in setup.paths()


@pytest.mark.parametrize(("kind", "word"), REFUSALS)
def test_without_a_user_it_takes_two_playlists_to_condemn_the_app(
    setup: Setup, kind: str, word: str
) -> None:
    setup.stand_in.control.set_app("extended")
    setup.store.credentials = Credentials("standin-client", "standin-secret")
    setup.fault(kind, times=None)
    client = setup.client()

    for _ in range(2):
        with pytest.raises(InvalidAnswerError, match=word):
            client.read_playlist(MINE)
    with pytest.raises(AuthorizationError):
        client.read_playlist(LONG)
    assert "/v1/me" not in setup.paths()


@pytest.mark.parametrize(("kind", "word"), REFUSALS)
def test_without_a_user_a_playlist_that_could_be_read_acquits_the_app(
    setup: Setup, kind: str, word: str
) -> None:
    setup.stand_in.control.set_app("extended")
    setup.store.credentials = Credentials("standin-client", "standin-secret")
    setup.fault(kind, path=f"/v1/playlists/({MINE}|{FOREIGN})", times=None)
    client = setup.client()

    for playlist_id in (MINE, FOREIGN):
        with pytest.raises(InvalidAnswerError, match=word):
            client.read_playlist(playlist_id)
        assert len(_uris(client.read_playlist(LONG))) == 230


def test_a_user_is_condemned_by_the_profile_alone(setup: Setup) -> None:
    setup.fault("unauthorized", times=None)

    with pytest.raises(AuthorizationError, match="log in again"):
        setup.client().read_playlist(MINE)
    assert setup.paths()[-1] == "/v1/me"
    assert setup.api_requests() == 3


@pytest.mark.parametrize("kind", ["server_error", "garbage", "not_found"])
def test_a_profile_without_an_answer_does_not_prove_refused_credentials(
    setup: Setup, kind: str
) -> None:
    setup.fault("unauthorized", path=MINE, times=None)
    setup.fault(kind, path="/v1/me$", times=None)
    client = setup.client()

    with pytest.raises(InvalidAnswerError):
        client.read_playlist(MINE)
    assert len(_uris(client.read_playlist(LONG))) == 230


def test_a_pause_asked_for_by_the_profile_counts(setup: Setup) -> None:
    setup.fault("unauthorized", path=MINE, times=None)
    setup.fault("quota_exceeded", path="/v1/me$", times=None)

    with pytest.raises(SpotifyParkedError):
        setup.client().read_playlist(MINE)


def test_playlists_that_never_answer_stop_no_others(setup: Setup) -> None:
    setup.fault("server_error", path=f"/v1/playlists/{MINE}", times=None)
    client = setup.client()

    for _ in range(4):
        with pytest.raises(InvalidAnswerError, match="no usable answer"):
            client.read_playlist(MINE)
    assert len(_uris(client.read_playlist(LONG))) == 230
    assert setup.paths().count("/v1/me") == 1


def test_who_does_not_answer_the_user_either_is_left_alone(setup: Setup) -> None:
    setup.fault("server_error", times=None)
    client = setup.client()

    for _ in range(3):
        with pytest.raises(InvalidAnswerError, match="no usable answer"):
            client.read_playlist(MINE)
    asked = setup.api_requests()
    assert asked == 13
    with pytest.raises(SpotifyUnavailableError, match="does not answer"):
        client.read_playlist(LONG)
    assert setup.api_requests() == asked

    setup.stand_in.control.clear_faults()
    client.open(lambda: 600.0)
    assert len(_uris(client.read_playlist(LONG))) == 230


def test_a_playlist_beyond_the_budget_costs_one_request(setup: Setup) -> None:
    setup.budget = 4
    client = setup.client()

    with pytest.raises(OversizedError, match="needs 5 requests, 4 a day are allowed"):
        client.read_playlist(LONG)
    assert setup.api_requests() == 1
    assert len(_uris(client.read_playlist(MINE))) == 3


def test_a_playlist_beyond_the_rest_of_the_budget_waits_for_smaller_ones(setup: Setup) -> None:
    setup.budget = 6
    client = setup.client()
    client.read_playlist(MINE)
    client.read_playlist(MINE)

    with pytest.raises(CrowdedOutError, match="needs 4 more requests, 3 of 6"):
        client.read_playlist(LONG)
    assert len(_uris(client.read_playlist(MINE))) == 3


def test_a_playlist_is_not_begun_in_an_invocation_that_ends_before_it(setup: Setup) -> None:
    client = setup.client(lambda: 600.0 if setup.api_requests() < 1 else 76.0, interval_ms=1000)
    with pytest.raises(OutOfTimeError):
        client.read_playlist(LONG)
    assert setup.api_requests() == 1

    with pytest.raises(OversizedError, match="lower RequestIntervalMs"):
        setup.client(interval_ms=120_000).read_playlist(LONG)


def test_a_new_login_is_not_overwritten_by_a_token_that_could_not_be_stored(
    setup: Setup,
) -> None:
    setup.fault("rotated_refresh_token")
    save = setup.store.save

    def refuse(credentials: Credentials) -> None:
        setup.store.save = save  # type: ignore[method-assign]
        raise StorageError("not now")

    setup.store.save = refuse  # type: ignore[method-assign]
    client = setup.client()
    with pytest.raises(StorageError):
        client.read_playlist(MINE)
    login = Credentials("standin-client", "standin-secret", "newer", NOW + timedelta(hours=1))
    setup.store.credentials = login

    assert client.credentials() == login
    assert setup.store.credentials == login


def test_a_login_between_the_token_and_its_storing_stays(setup: Setup) -> None:
    setup.fault("rotated_refresh_token")
    login = Credentials("standin-client", "standin-secret", "newer", NOW + timedelta(hours=1))
    load, loads = setup.store.load, [setup.store.credentials, login]

    def log_in_meanwhile() -> Credentials:
        if loads:
            setup.store.credentials = loads.pop(0)
        return load()

    setup.store.load = log_in_meanwhile  # type: ignore[method-assign]
    setup.client().read_playlist(MINE)

    assert setup.store.credentials == login


@pytest.mark.parametrize("kind", ["slow_headers", "slow_body"])
@pytest.mark.parametrize("path", ["^/v1/", "^/api/token"])
def test_an_answer_that_comes_byte_by_byte_times_out(
    setup: Setup, kind: str, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "open_session", partial(open_session, 0.3))
    setup.fault(kind, path=path, times=None, seconds=0.1)

    with pytest.raises((InvalidAnswerError, SpotifyUnavailableError)):
        setup.client().read_playlist(MINE)


def test_a_front_end_that_refuses_the_machine_is_asked_again(setup: Setup) -> None:
    setup.fault("forbidden_html", times=3)

    assert len(_uris(setup.client().read_playlist(MINE))) == 3
    assert setup.api_requests() == 4


def test_a_playlist_with_closed_contents_still_has_its_name(setup: Setup) -> None:
    setup.fault("forbidden", path="/(items|tracks)", times=None)

    with pytest.raises(ContentsForbiddenError) as caught:
        setup.client().read_playlist(LONG)
    assert caught.value.header is not None
    assert caught.value.header.name == "Everything"


def test_an_own_short_playlist_needs_no_rows_endpoint(setup: Setup) -> None:
    setup.fault("forbidden", path="/(items|tracks)[?]", times=None)

    assert len(_uris(setup.client().read_playlist(MINE))) == 3


def test_one_request_is_enough_to_see_that_contents_are_closed(setup: Setup) -> None:
    with pytest.raises(ContentsForbiddenError):
        setup.client().read_playlist(FOREIGN)
    assert setup.api_requests() == 1


def test_an_app_without_tracks_is_switched_to_items(setup: Setup) -> None:
    setup.stand_in.control.set_app("extended")
    setup.fault("forbidden", path="/tracks", times=None)
    client = setup.client()
    assert _uris(client.read_playlist(LONG)) == ALL
    assert setup.state().pages == "items"
    asked = setup.paths().count(f"/v1/playlists/{LONG}/tracks")
    client.read_playlist(LONG)

    assert setup.paths().count(f"/v1/playlists/{LONG}/tracks") == asked == 1


def test_an_app_without_items_is_switched_to_tracks(setup: Setup) -> None:
    setup.stand_in.control.set_app("older")
    setup.fault("forbidden", path=f"{LONG}/items", times=None)

    assert _uris(setup.client().read_playlist(LONG)) == ALL
    assert setup.state().pages == "tracks"


def test_tracks_that_refuse_a_page_of_100_are_left_for_items(setup: Setup) -> None:
    setup.stand_in.control.set_app("older")
    setup.bucket.put(SPOTIFY_STATE, b'{"schema":1,"pages":"tracks"}', JSON, replacing=None)
    setup.fault("not_found", path=f"{LONG}/tracks", times=None)

    assert _uris(setup.client().read_playlist(LONG)) == ALL
    assert setup.state().pages == "items"


@pytest.mark.parametrize(
    "playlist_id",
    [pytest.param(ABSENT), pytest.param(EDITORIAL)],
)
def test_a_playlist_that_is_not_found_is_not_empty(setup: Setup, playlist_id: str) -> None:
    with pytest.raises(PlaylistNotFoundError):
        setup.client().read_playlist(playlist_id)
    assert setup.api_requests() == 1


@pytest.mark.parametrize("kind", ["rate_limit", "rate_limit_text", "rate_limit_empty"])
def test_a_short_wait_is_waited_for_once(setup: Setup, kind: str) -> None:
    setup.fault(kind, retry_after=30)
    client = setup.client()

    assert len(_uris(client.read_playlist(MINE))) == 3
    assert setup.clock.slept == [31]

    setup.fault(kind, retry_after=30, times=2)
    with pytest.raises(SpotifyParkedError):
        client.read_playlist(MINE)
    assert setup.clock.slept == [31, 31]


@pytest.mark.parametrize(
    ("fault", "pause"),
    [
        pytest.param({"kind": "rate_limit", "retry_after": 31}, 31, id="long"),
        pytest.param({"kind": "quota_exceeded", "retry_after": 20_000}, 20_000, id="quota"),
        pytest.param({"kind": "quota_exceeded"}, 86_400, id="quota_no_header"),
        pytest.param({"kind": "quota_exceeded", "retry_after": 5}, 5, id="quota_short"),
        pytest.param({"kind": "rate_limit"}, 60, id="missing"),
        pytest.param({"kind": "rate_limit", "retry_after": 0}, 60, id="zero"),
        pytest.param({"kind": "rate_limit", "retry_after": "soon"}, 60, id="garbled"),
        pytest.param({"kind": "rate_limit", "retry_after": -3}, 60, id="negative"),
    ],
)
def test_a_long_wait_parks_everything(setup: Setup, fault: dict[str, object], pause: int) -> None:
    setup.fault(**fault)  # type: ignore[arg-type]
    client = setup.client()

    with pytest.raises(SpotifyParkedError) as caught:
        client.read_playlist(MINE)
    assert caught.value.not_before == NOW + timedelta(seconds=pause + 1)
    assert setup.state().not_before == caught.value.not_before
    assert setup.clock.slept == []
    with pytest.raises(SpotifyParkedError):
        setup.client().read_playlist(MINE)
    assert setup.api_requests() == 1

    setup.clock.moment = caught.value.not_before
    assert len(_uris(setup.client().read_playlist(MINE))) == 3


def test_pauses_grow_while_spotify_does_not_say_how_long(setup: Setup) -> None:
    setup.fault("rate_limit", times=3)
    pauses = []
    for _ in range(3):
        with pytest.raises(SpotifyParkedError) as caught:
            setup.client().read_playlist(MINE)
        pauses.append((caught.value.not_before - setup.clock.now()).total_seconds() - 1)
        setup.clock.moment = caught.value.not_before

    assert pauses == [60, 900, 3600]

    setup.client().read_playlist(MINE)
    setup.fault("rate_limit")
    with pytest.raises(SpotifyParkedError) as caught:
        setup.client().read_playlist(MINE)
    assert (caught.value.not_before - setup.clock.now()).total_seconds() == 61


@pytest.mark.parametrize(
    "kind",
    ["server_error", "server_error_html", "html", "empty", "empty_string", "empty_object", "reset"],
)
def test_a_blip_is_tried_four_times(setup: Setup, kind: str) -> None:
    setup.fault(kind, times=3)
    assert len(_uris(setup.client().read_playlist(MINE))) == 3
    assert setup.api_requests() == 4

    setup.fault(kind, times=4)
    with pytest.raises(InvalidAnswerError):
        setup.client().read_playlist(MINE)
    assert setup.api_requests() == 8


def test_a_playlist_without_contents_is_no_empty_one(setup: Setup) -> None:
    with pytest.raises(ContentsForbiddenError) as caught:
        setup.client().read_playlist(FOREIGN)
    assert caught.value.header is not None
    assert caught.value.header.owner.name == "someone.else"
    assert setup.api_requests() == 1


def test_null_entries_of_the_library_are_skipped(setup: Setup) -> None:
    library = setup.client().read_library()

    assert library.user_id == ME.id
    assert [entry.playlist_id for entry in library.entries] == [MINE, LONG, FOREIGN]


@pytest.mark.parametrize("kind", ["truncated", "early_end"])
def test_rows_are_asked_for_until_as_many_came_as_promised(setup: Setup, kind: str) -> None:
    setup.fault(kind, path=LONG, times=None, keep_rows=40)

    assert _uris(setup.client().read_playlist(LONG)) == ALL


def test_pages_that_stay_empty_are_no_shorter_playlist(setup: Setup) -> None:
    setup.fault("truncated", path=f"{LONG}/items", times=None, keep_rows=0)

    with pytest.raises(UnstablePlaylistError, match="230 rows were promised, 100 came"):
        setup.client().read_playlist(LONG)


def test_a_change_between_pages_is_read_again(setup: Setup) -> None:
    setup.fault("torn", path=f"{LONG}/items")
    assert sorted(_uris(setup.client().read_playlist(LONG))) == ALL

    setup.fault("torn", path=f"{LONG}/items", times=None)
    with pytest.raises(UnstablePlaylistError, match="changed while"):
        setup.client().read_playlist(LONG)


def test_no_market_is_asked_for(setup: Setup) -> None:
    setup.client().read_playlist(LONG)

    urls = [urlsplit(seen.path) for seen in setup.stand_in.control.requests()]
    queries = [dict(parse_qsl(url.query)) for url in urls if LONG in url.path]
    assert not any("market" in query for query in queries)
    assert all(query["additional_types"] == "track,episode" for query in queries[:-1])
    assert [query.get("limit") for query in queries] == [None, "50", "50", "50", None]
    assert all("item(" in query["fields"] for query in queries[:-1])
    assert queries[-1] == {"fields": "snapshot_id"}


def test_the_filter_asks_for_all_that_is_kept(setup: Setup) -> None:
    setup.client().read_playlist(LONG)
    (target, *_) = [seen.path for seen in setup.stand_in.control.requests() if LONG in seen.path]
    asked = parse_fields(dict(parse_qsl(urlsplit(target).query))["fields"]).included

    assert set(asked) == set(WirePlaylist.__struct_fields__)
    for page in (asked["items"].included, asked["tracks"].included):
        assert set(page) == set(WirePage.__struct_fields__)
        row = page["items"].included
        assert set(row) == set(WireRow.__struct_fields__)
        for item in (row["item"].included, row["track"].included):
            assert set(item) == set(WireItem.__struct_fields__)
            assert set(item["artists"].included) == set(WireArtist.__struct_fields__)
            assert set(item["album"].included) == set(WireAlbum.__struct_fields__)
            assert set(item["show"].included) < set(WireAlbum.__struct_fields__)


def test_pages_of_the_old_endpoint_hold_100_rows(setup: Setup) -> None:
    setup.stand_in.control.set_app("extended")
    setup.client().read_playlist(LONG)

    # One request for the playlist, two pages, and one request to compare the version.
    assert setup.api_requests() == 4


def test_no_request_is_begun_without_time_to_finish_it(setup: Setup) -> None:
    with pytest.raises(OutOfTimeError):
        setup.client(remaining_seconds=lambda: 74).read_playlist(MINE)
    assert setup.api_requests() == 0


def test_requests_start_at_least_the_interval_apart(setup: Setup) -> None:
    setup.client(interval_ms=1500).read_playlist(LONG)

    assert setup.clock.slept == [1.5] * 4


def test_the_budget_of_24_hours_ends_the_reading(setup: Setup) -> None:
    setup.budget = 6
    first = setup.client()
    first.read_playlist(LONG)
    first.close()
    second = setup.client()
    second.read_playlist(MINE)
    with pytest.raises(BudgetSpentError, match="6 requests"):
        second.read_playlist(MINE)
    second.close()
    assert setup.state().requests_within_a_day(NOW) == 6

    setup.clock.moment += timedelta(hours=25)
    assert len(_uris(setup.client().read_playlist(MINE))) == 3


@pytest.fixture
def captures(data: Path) -> Path:
    return data / "captures"


@pytest.mark.parametrize("name", ["playlist_1.json", "playlist_2.json"])
def test_recorded_playlists_of_the_real_api_can_be_read(captures: Path, name: str) -> None:
    wire = msgspec.json.decode((captures / name).read_bytes(), type=WirePlaylist)
    page = wire.items or wire.tracks
    assert page is not None
    assert page.items

    read = [parse_row(row) for row in page.items]
    assert all(row.item and row.item.uri and row.item.name for row in read)
    assert all(row.added_at and row.added_by for row in read)
    assert parse_header(wire.id or "", wire).snapshot_id


def test_recorded_local_files_of_the_real_api_are_kept(captures: Path) -> None:
    wire = msgspec.json.decode((captures / "playlist_2.json").read_bytes(), type=WirePlaylist)
    assert wire.tracks is not None

    items = [parse_row(row).item for row in wire.tracks.items or ()]
    local = [item for item in items if item and item.local]
    assert local
    assert all(item.uri.startswith("spotify:local:") and not item.url for item in local)


def test_a_recorded_library_page_and_profile_can_be_read(captures: Path) -> None:
    library = msgspec.json.decode(
        (captures / "current_user_playlist_1.json").read_bytes(), type=WirePlaylists
    )
    user = msgspec.json.decode((captures / "current_user.json").read_bytes(), type=WireUser)

    assert user.id
    entries = list(map(parse_entry, library.items))
    assert all(entry and entry.snapshot_id for entry in entries)


def test_a_playlist_of_ten_thousand_rows_is_read_whole() -> None:
    library = SmallLibrary()
    library.playlists[LONG] = Playlist(LONG, "Everything", None, ME, _rows(10_000), 1)
    with StandIn(library) as stand_in:
        store = FakeCredentialStore(
            Credentials("standin-client", "standin-secret", "standin-refresh", NOW)
        )
        setup = Setup(stand_in, FakeBucket(), FakeClock(NOW), store)
        uris = _uris(setup.client().read_playlist(LONG))

        assert len(set(uris)) == len(uris) == 10_000
        # The playlist with its first hundred rows, 198 pages of fifty, and the version again.
        assert setup.api_requests() == 200
