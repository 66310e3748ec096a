"""Any bytes from Spotify or its token host end in a known error, or in a snapshot that the archive
can fold and render."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from playlist_archive.documents.fold import fold_all
from playlist_archive.documents.messages import Outcome, encode_message
from playlist_archive.documents.snapshot import Snapshot, decode_snapshot, encode_snapshot
from playlist_archive.errors import (
    AuthorizationError,
    ContentsForbiddenError,
    CrowdedOutError,
    InvalidAnswerError,
    OutOfTimeError,
    OversizedError,
    PlaylistNotFoundError,
    SpotifyParkedError,
    SpotifyUnavailableError,
    UnstablePlaylistError,
)
from playlist_archive.ports.credentials import Credentials
from playlist_archive.ports.spotify import Reading
from playlist_archive.spotify.client import WebApi
from playlist_archive.spotify.rate_limiter import RateLimiter
from playlist_archive.spotify.tokens import Tokens
from playlist_archive.views import render_pages
from tests.support.builders import ME, PLAYLIST, RUN
from tests.support.fakes import FakeBucket, FakeClock, FakeCredentialStore

pytestmark = pytest.mark.unit

LEAVES = (
    AuthorizationError,
    ContentsForbiddenError,
    CrowdedOutError,
    InvalidAnswerError,
    OutOfTimeError,
    OversizedError,
    PlaylistNotFoundError,
    SpotifyParkedError,
    SpotifyUnavailableError,
    UnstablePlaylistError,
)
TOKEN = b'{"access_token": "BQ_example", "expires_in": 3600}'
DEEP = b"[" * 100_000
CREDENTIALS = Credentials("id", "secret", "refresh", RUN)
PROFILE = json.dumps({"id": ME}).encode()

type Hostile = tuple[int, bytes, str | None]


class HostileSession(requests.Session):
    """Gives the drawn answers, then only 404."""

    def __init__(self, answers: Iterator[Hostile], token: Hostile = (200, TOKEN, None)) -> None:
        super().__init__()
        self._answers = answers
        self._token = token

    def get(self, url: Any, **options: Any) -> requests.Response:
        requests.Request("GET", url, headers=options["headers"]).prepare()
        return _respond(*next(self._answers, (404, b"", None)))

    def post(self, *args: Any, **options: Any) -> requests.Response:
        return _respond(*self._token)


def _respond(status: int, body: bytes, retry_after: str | None) -> requests.Response:
    answer = requests.Response()
    answer.status_code, answer._content = status, body
    answer._content_consumed = True  # type: ignore[attr-defined]
    if retry_after is not None:
        answer.headers["Retry-After"] = retry_after
    return answer


def a_client(session: requests.Session, store: FakeCredentialStore | None = None) -> WebApi:
    clock = FakeClock(RUN)
    limiter = RateLimiter(FakeBucket(), clock, daily_budget=600, interval_seconds=0)
    tokens = Tokens(session, store or FakeCredentialStore(CREDENTIALS), "https://a", clock)
    client = WebApi(session, tokens, limiter, "https://b/v1")
    client.open(lambda: 600.0)
    return client


# Values that may replace any other: of another type, or absurd ones of the right type.
WRONG: SearchStrategy[object] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([-1, 0, 10**18, 10**40, -(2**63), 2**64]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["\ud800", "\x00", "\u202e", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]
    ),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3),
)


type Near = Callable[[SearchStrategy[Any]], SearchStrategy[Any]]


def mostly(right: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.one_of(right, right, right, right, right, WRONG)


def typed(right: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.none() | right


TEXT = st.text(max_size=12) | st.sampled_from(["\x00|\n", "\u202e[x](y)", "<b>`"])
MOMENT = st.datetimes().map(lambda it: it.isoformat() + "Z") | st.sampled_from(
    [
        "1970-01-01T00:00:00Z",
        "0001-01-01T00:00:00+23:59",
        "9999-12-31T23:59:59-23:59",
        "2024-05-16T20:46:24.123456+05:30:07",
        "",
        "x",
    ]
)
DURATION = st.integers(0, 10**7) | st.floats(allow_nan=False, allow_infinity=False)
ABSURD_DURATION = st.sampled_from([1e17, -1, 2**63, 10**40, 1e300])
FOLLOWERS = st.integers() | st.sampled_from([-1, 10**40])


def shape(near: Near = mostly, /, **fields: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Draw an object that may lack any of its fields and have wrong values in others."""
    return st.fixed_dictionaries({}, optional={name: near(it) for name, it in fields.items()})


def rows(near: Near) -> SearchStrategy[Any]:
    links = shape(near, spotify=TEXT)
    item = shape(
        near,
        id=TEXT,
        uri=TEXT,
        type=st.sampled_from(["track", "episode", ""]),
        name=TEXT,
        duration_ms=DURATION | ABSURD_DURATION,
        artists=st.lists(near(shape(near, name=TEXT, type=TEXT, external_urls=links)), max_size=2),
        album=shape(near, name=TEXT, release_date=TEXT, external_urls=links),
        show=shape(near, name=TEXT, external_urls=links),
        external_urls=links,
        external_ids=shape(near, isrc=TEXT),
        is_local=st.booleans(),
        is_playable=st.booleans(),
        restrictions=st.dictionaries(TEXT, TEXT, max_size=1),
    )
    row = shape(near, added_at=MOMENT, added_by=shape(near, id=TEXT), item=item, track=item)
    return st.lists(near(row), max_size=4)


def page(near: Near, first: int = 0) -> SearchStrategy[Any]:
    def complete(found: list[object]) -> dict[str, object]:
        return {"items": found, "total": first + len(found), "offset": first, "next": None}

    right = rows(near).map(complete)
    return (
        right
        if near is typed
        else right | shape(total=FOLLOWERS, offset=st.integers(0, 9), next=TEXT, items=rows(near))
    )


def playlist(near: Near) -> SearchStrategy[Any]:
    links = shape(near, spotify=TEXT)
    header = shape(
        near,
        name=TEXT,
        description=TEXT,
        owner=shape(near, id=TEXT, display_name=TEXT, external_urls=links),
        followers=shape(near, total=FOLLOWERS),
    )
    pages = page(near)
    both = st.fixed_dictionaries({"items": pages}, optional={"tracks": pages})
    older = st.fixed_dictionaries({"tracks": pages})
    return st.builds(
        lambda said, contents: {"id": PLAYLIST, "snapshot_id": "v1", **said, **contents},
        header,
        both | older,
    )


def encode(value: object) -> bytes:
    """Encode JSON as a careless server does, with lone surrogates and NaN."""
    return json.dumps(value).encode()


@st.composite
def spoiled(draw: st.DrawFn, bodies: SearchStrategy[bytes]) -> bytes:
    """Insert or remove some bytes anywhere."""
    body = draw(bodies)
    place = draw(st.integers(0, len(body)))
    return body[:place] + draw(st.binary(max_size=3)) + body[place + draw(st.integers(0, 3)) :]


def answers_of(right: SearchStrategy[Any]) -> SearchStrategy[Hostile]:
    bodies = right.map(encode)
    any_body = bodies | spoiled(bodies) | st.binary(max_size=40) | st.just(DEEP)
    statuses = st.sampled_from([200] * 12 + [401, 403, 404, 429, 500, 302, 204, 418])
    retry_after = st.none() | st.text(max_size=30) | st.sampled_from(["5", "Thu, 01 Oct 2026 x"])
    return st.tuples(statuses, any_body, retry_after)


def archive(reading: Reading) -> None:
    """Pass a reading through the rest of the archive."""
    assert reading.rows is not None
    encode_message(
        Outcome(playlist_id=PLAYLIST, run=RUN, at=RUN, status="ok", header=reading.header)
    )
    snapshot = Snapshot(
        playlist_id=PLAYLIST,
        time=RUN,
        read_at=RUN,
        name=reading.header.name,
        description=reading.header.description,
        owner=reading.header.owner,
        url=reading.header.url,
        snapshot_id=reading.header.snapshot_id,
        followers=reading.header.followers,
        rows=reading.rows,
    )
    stored = decode_snapshot(encode_snapshot(snapshot))
    assert stored.content_hash() == snapshot.content_hash()
    assert render_pages(fold_all([stored]))


@settings(max_examples=300)
@given(
    st.lists(
        answers_of(playlist(mostly) | page(mostly, 100) | st.just({"snapshot_id": "v1"})),
        max_size=9,
    )
)
def test_every_answer_about_a_playlist_ends_in_a_known_error_or_a_good_read(
    answers: list[Hostile],
) -> None:
    try:
        reading = a_client(HostileSession(iter(answers))).read_playlist(PLAYLIST)
    except LEAVES:
        return
    archive(reading)


@settings(max_examples=300)
@given(playlist(typed))
def test_a_playlist_of_the_right_types_is_read_and_can_be_folded_and_rendered(body: object) -> None:
    answers: list[Hostile] = [(200, encode(body), None)]
    archive(a_client(HostileSession(iter(answers))).read_playlist(PLAYLIST))


ENTRY = shape(
    id=st.just(PLAYLIST) | TEXT,
    name=TEXT,
    snapshot_id=TEXT,
    owner=shape(id=TEXT, display_name=TEXT),
    followers=shape(total=st.integers()),
    collaborative=st.booleans(),
)
LIBRARY = shape(
    items=st.lists(mostly(ENTRY), max_size=4), total=st.integers(0, 60), next=TEXT, id=TEXT
)


@settings(max_examples=200)
@given(st.lists(answers_of(LIBRARY), max_size=9), answers_of(st.just({"id": ME}) | shape(id=TEXT)))
@example(
    [(200, b'{"items": [{"id": "' + b"\xff" * 22 + b'"}], "total": 1}', None)], (200, PROFILE, None)
)
@example([(200, b'{"items": [' + DEEP, None)], (200, PROFILE, None))
def test_every_answer_about_the_library_ends_in_a_known_error_or_a_good_sweep(
    answers: list[Hostile], profile: Hostile
) -> None:
    client = a_client(HostileSession(iter([profile, *answers])))
    try:
        library = client.read_library()
    except LEAVES:
        return
    for entry in library.entries:
        outcome = Outcome(
            playlist_id=entry.playlist_id, run=RUN, at=RUN, status="ok", header=entry.header
        )
        encode_message(outcome)


TOKENS = shape(
    access_token=TEXT | st.just("BQ_example"),
    expires_in=st.integers() | st.floats() | st.sampled_from([1e12, -1, 0, 3600]),
    refresh_token=TEXT | st.just("AQ" * 5000),
    error=TEXT | st.sampled_from(["invalid_grant", "invalid_client"]),
)


@settings(max_examples=300)
@given(answers_of(TOKENS))
@example((200, b'{"access_token": "", "expires_in": 3600}', None))
@example((200, b'{"access_token": "a\\nb", "expires_in": 3600}', None))
@example((200, b'{"access_token": "\xff", "expires_in": 3600}', None))
@example((400, b'{"error": "\xff"}', None))
@example((400, b'{"error":' + DEEP, None))
@example((200, b'{"access_token": "a", "expires_in": 1e12}', None))
@example((200, b'{"access_token": "a", "refresh_token": "' + b"A" * 5000 + b'"}', None))
@example((200, b'{"access_token": "a", "expires_in": -1}', None))
@example((200, b'{"access_token": "a", "expires_in": 1e999}', None))
def test_every_answer_of_the_token_host_ends_in_a_known_error(token: Hostile) -> None:
    store = FakeCredentialStore(CREDENTIALS)
    client = a_client(HostileSession(iter([(200, PROFILE, None)]), token), store)
    with pytest.raises(LEAVES):
        client.read_library()
    # The parameter store does not take longer values.
    assert len(store.credentials.refresh_token) <= 2048
