"""The client with answers that the stand-in does not give, without a socket."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.errors import (
    BudgetSpentError,
    ContentsForbiddenError,
    InvalidAnswerError,
    OutOfTimeError,
    OversizedError,
    PlaylistError,
    SpotifyParkedError,
    SpotifyUnavailableError,
    UnstablePlaylistError,
)
from playlist_archive.ports.credentials import Credentials
from playlist_archive.spotify.client import WebApi
from playlist_archive.spotify.exchange import CONNECT_SECONDS
from playlist_archive.spotify.rate_limiter import RateLimiter
from playlist_archive.spotify.tokens import ANSWER_SECONDS, Tokens
from tests.support.builders import ME, OTHER, PLAYLIST, RUN
from tests.support.fakes import FakeBucket, FakeClock, FakeCredentialStore

pytestmark = pytest.mark.unit

API = "https://api.spotify.com/v1"
TOKEN = {"access_token": "BQ_example", "expires_in": 3600}


def an_answer(body: object, status: int = 200) -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    answer._content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    answer._content_consumed = True  # type: ignore[attr-defined]
    return answer


class CannedSession(requests.Session):
    """Gives one answer after the other, and records the requests as `path?offset`."""

    def __init__(self, *bodies: object) -> None:
        super().__init__()
        self._answers = [
            body if isinstance(body, requests.Response) else an_answer(body) for body in bodies
        ]
        self.asked: list[str] = []

    def post(self, *args: Any, **options: Any) -> requests.Response:
        assert options["timeout"] == (CONNECT_SECONDS, ANSWER_SECONDS)
        assert options["allow_redirects"] is False
        return an_answer(TOKEN)

    def get(self, url: Any, **options: Any) -> requests.Response:
        assert options["headers"] == {"Authorization": "Bearer BQ_example"}
        assert options["timeout"]
        assert options["allow_redirects"] is False
        offset = options["params"].get("offset", "")
        self.asked.append(f"{url.removeprefix(API)}?{offset}")
        return self._answers.pop(0)


class PagedSession(CannedSession):
    """Gives the page of fifty rows that is asked for, the first one with the playlist."""

    def __init__(self, pages: Sequence[object]) -> None:
        super().__init__()
        self._pages = pages

    def get(self, url: Any, **options: Any) -> requests.Response:
        if not url.endswith(("/items", "/tracks")):
            return an_answer(a_playlist(self._pages[0]))
        number, before = divmod(int(options["params"]["offset"]), 50)
        among = not before and number < len(self._pages)
        return an_answer(self._pages[number] if among else a_page(50 * number + before, 0, 150))


USER = Credentials("id", "secret", "refresh", RUN)


def a_client(session: requests.Session, credentials: Credentials = USER) -> WebApi:
    clock = FakeClock(RUN)
    store = FakeCredentialStore(credentials)
    limiter = RateLimiter(FakeBucket(), clock, daily_budget=0, interval_seconds=0)
    tokens = Tokens(session, store, "https://accounts.spotify.com", clock)
    client = WebApi(session, tokens, limiter, API)
    client.open(lambda: 600.0)
    return client


def a_page(first: int, count: int, total: int | None, **fields: object) -> dict[str, object]:
    rows = [
        {"added_at": "2024-05-16T20:46:24Z", "item": {"uri": f"spotify:track:{number}"}}
        for number in range(first, first + count)
    ]
    return {"items": rows, "total": total, "offset": first, "next": None, **fields}


def a_playlist(page: object = None, **fields: object) -> dict[str, object]:
    body = {"id": PLAYLIST, "name": "Harbour mix", "snapshot_id": "v1", **fields}
    return body if page is None else {**body, "items": page}


ADDRESS = f"/playlists/{PLAYLIST}"


def read(*bodies: object) -> tuple[list[str], list[str]]:
    """Return the URIs that were read, and the requests for them."""
    session = CannedSession(*bodies)
    reading = a_client(session).read_playlist(PLAYLIST)
    assert reading.rows is not None
    return [row.item.uri for row in reading.rows if row.item], session.asked


def test_no_address_that_an_answer_names_is_followed() -> None:
    evil = "https://evil.example/v1/playlists/x/items?offset=2"
    uris, asked = read(
        a_playlist(a_page(0, 2, 4, next=evil)), a_page(2, 2, 4), {"snapshot_id": "v1"}
    )
    assert uris == [f"spotify:track:{number}" for number in range(4)]
    assert asked == [f"{ADDRESS}?", f"{ADDRESS}/items?2", f"{ADDRESS}?"]


def test_an_empty_next_is_the_end() -> None:
    assert len(read(a_playlist(a_page(0, 2, None, next="")))[0]) == 2


def test_without_a_total_the_last_page_is_the_end() -> None:
    uris, _ = read(
        a_playlist(a_page(0, 2, None, next="https://x")), a_page(2, 1, None), {"snapshot_id": "v1"}
    )
    assert len(uris) == 3


def test_another_page_than_the_one_asked_for_is_refused() -> None:
    with pytest.raises(InvalidAnswerError, match="not the page"):
        read(a_playlist(a_page(0, 2, 4, next="https://x")), a_page(0, 2, 4))


def test_more_rows_than_promised_are_no_good_read() -> None:
    broken = a_playlist(a_page(0, 3, 2))
    with pytest.raises(UnstablePlaylistError, match="2 rows were promised, 3 came"):
        read(broken, broken)


@pytest.mark.parametrize(
    "later", [pytest.param([a_page(2, 1, 3)], id="fewer"), [a_page(2, 1, None), a_page(3, 0, None)]]
)
def test_rows_that_were_promised_once_must_come_whatever_a_later_page_promises(
    later: list[object],
) -> None:
    shrunk = a_playlist(a_page(0, 2, 4, next="https://x")), *later
    with pytest.raises(UnstablePlaylistError, match="4 rows were promised"):
        read(*shrunk, *shrunk)


@given(
    page=st.integers(0, 2),
    lie=st.one_of(
        st.fixed_dictionaries({"total": st.none() | st.integers(0, 300)}),
        st.fixed_dictionaries({"offset": st.none() | st.integers(0, 300)}),
        st.fixed_dictionaries({"next": st.sampled_from([None, "", "https://x"])}),
        st.fixed_dictionaries({"items": st.none() | st.just([])}),
        st.integers(0, 49),
    ),
    is_last=st.booleans(),
)
def test_no_page_that_lies_makes_another_playlist(
    page: int, lie: dict[str, object] | int, *, is_last: bool
) -> None:
    pages = [a_page(50 * n, 50, 150, next="https://x" if n < 2 else None) for n in range(3)]
    rows = pages[page]["items"]
    assert isinstance(rows, list)
    pages[page] |= {"items": rows[:lie]} if isinstance(lie, int) else lie
    if is_last and page:
        came = pages[page]["items"]
        pages[page] |= {
            "next": None,
            "total": 50 * page + len(came if isinstance(came, list) else []),
        }
    client = a_client(PagedSession(pages))
    with suppress(PlaylistError):
        reading = client.read_playlist(PLAYLIST)
        uris = [row.item.uri for row in reading.rows or () if row.item]
        assert uris == [f"spotify:track:{number}" for number in range(150)]


def test_a_promise_that_changes_between_pages_is_read_again() -> None:
    torn = a_playlist(a_page(0, 2, 4, next="https://x")), a_page(2, 3, 5)
    good = a_playlist(a_page(0, 2, 5, next="https://x")), a_page(2, 3, 5), {"snapshot_id": "v1"}
    assert len(read(*torn, *good)[0]) == 5


def test_the_answer_about_another_playlist_is_refused() -> None:
    with pytest.raises(InvalidAnswerError, match="another playlist"):
        read(a_playlist(a_page(0, 1, 1), id=OTHER))


def test_an_answer_that_names_no_playlist_is_one() -> None:
    assert len(read(a_playlist(a_page(0, 1, 1), id=None))[0]) == 1


def test_pages_without_end_are_given_up() -> None:
    pages = [a_page(100 * n, 100, None, next="https://x") for n in range(121)]
    with pytest.raises(InvalidAnswerError, match="more than 12000 rows"):
        read(a_playlist(pages[0]), *pages[1:])


def test_a_playlist_of_12000_rows_is_read_whole() -> None:
    pages = [a_page(100 * n, 100, 12_000, next="https://x") for n in range(119)]
    last = a_page(11_900, 100, 12_000)
    assert len(read(a_playlist(pages[0]), *pages[1:], last, {"snapshot_id": "v1"})[0]) == 12_000


@pytest.mark.parametrize("stub", [{}, {"total": 0}, {"total": 2}, {"href": "x", "total": None}])
def test_a_page_that_names_no_rows_is_asked_for(stub: dict[str, object]) -> None:
    uris, asked = read(a_playlist(stub), a_page(0, 2, 2), {"snapshot_id": "v1"})
    assert (len(uris), asked[1]) == (2, f"{ADDRESS}/items?0")

    forbidden = an_answer({"error": {"status": 403, "message": "Forbidden"}}, 403)
    with pytest.raises(ContentsForbiddenError) as caught:
        read(a_playlist(stub), forbidden, forbidden)
    assert caught.value.header is not None


def test_a_rows_page_without_rows_is_no_answer() -> None:
    with pytest.raises(InvalidAnswerError, match="not the page"):
        read(a_playlist({}), {"total": 0})


def test_an_empty_playlist_is_one() -> None:
    assert read(a_playlist(a_page(0, 0, 0))) == ([], [f"{ADDRESS}?"])


def test_a_playlist_without_a_version_is_no_answer() -> None:
    with pytest.raises(InvalidAnswerError, match="snapshot_id"):
        read(a_playlist(a_page(0, 1, 1), snapshot_id=None))


@pytest.mark.parametrize("body", [[], {"items": 3}, {"name": 3}])
def test_an_answer_of_another_shape_is_not_asked_for_again(body: object) -> None:
    with pytest.raises(InvalidAnswerError, match="malformed"):
        read(body)


@pytest.mark.parametrize("status", [301, 302, 304, 402, 405, 410, 418])
def test_an_unforeseen_answer_affects_only_its_playlist(status: int) -> None:
    with pytest.raises(InvalidAnswerError, match=str(status)):
        read(an_answer({}, status))


@pytest.mark.parametrize("body", [b" ", b'""', b"{}", b"null", b'{"id": "cut', b"<html>", b"\xff"])
def test_an_empty_answer_is_requested_again(body: bytes) -> None:
    assert read(body, a_playlist(a_page(0, 1, 1))) == (["spotify:track:0"], [f"{ADDRESS}?"] * 2)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
def test_a_server_that_fails_is_asked_again(status: int) -> None:
    assert len(read(an_answer(b"", status), a_playlist(a_page(0, 1, 1)))[1]) == 2


def test_a_closed_api_ends_the_invocation() -> None:
    broken = an_answer(b"", 503)
    session = CannedSession(*[broken] * 13, a_playlist(a_page(0, 1, 1)), *[broken] * 4)
    client = a_client(session)
    for _ in range(3):
        with pytest.raises(InvalidAnswerError, match="in 4 tries: HTTP 503"):
            client.read_playlist(PLAYLIST)
    with pytest.raises(SpotifyUnavailableError, match="HTTP 503"):
        client.read_playlist(PLAYLIST)
    assert len(session.asked) == 13

    client.open(lambda: 600.0)
    client.read_playlist(PLAYLIST)
    with pytest.raises(InvalidAnswerError):
        client.read_playlist(PLAYLIST)


def test_the_answer_of_the_profile_is_the_reason_after_three_requests_without_an_answer() -> None:
    broken = an_answer(b"", 503)
    asked_to_wait = an_answer({}, 429)
    client = a_client(CannedSession(*[broken] * 12, asked_to_wait))
    for _ in range(2):
        with pytest.raises(InvalidAnswerError):
            client.read_playlist(PLAYLIST)
    with pytest.raises(SpotifyParkedError, match="too many requests"):
        client.read_playlist(PLAYLIST)


def test_without_a_user_nobody_else_is_asked() -> None:
    session = CannedSession(*[an_answer(b"", 503)] * 12)
    client = a_client(session, Credentials("id", "secret"))
    for _ in range(3):
        with pytest.raises(InvalidAnswerError):
            client.read_playlist(PLAYLIST)
    with pytest.raises(SpotifyUnavailableError):
        client.read_playlist(PLAYLIST)
    assert len(session.asked) == 12


@pytest.mark.parametrize("status", [404, 403, 302])
def test_an_answer_between_two_silences_breaks_their_row(status: int) -> None:
    silence, answer = [an_answer(b"", 503)] * 4, an_answer({}, status)
    client = a_client(CannedSession(*silence, *silence, answer, *silence, answer))
    for _ in range(2):
        with pytest.raises(InvalidAnswerError, match="in 4 tries"):
            client.read_playlist(PLAYLIST)
    with pytest.raises(PlaylistError):
        client.read_playlist(PLAYLIST)
    with pytest.raises(InvalidAnswerError, match="in 4 tries"):
        client.read_playlist(PLAYLIST)
    with pytest.raises(PlaylistError):
        client.read_playlist(PLAYLIST)


@pytest.mark.parametrize("total", [-1, 10**18, 12_001])
def test_an_absurd_total_is_no_answer(total: int) -> None:
    with pytest.raises(InvalidAnswerError):
        read(a_playlist(a_page(0, 1, total)))


def test_pages_of_one_row_are_given_up() -> None:
    pages = [a_page(n, 1, 100, next="https://x") for n in range(100)]
    with pytest.raises(InvalidAnswerError, match="14 pages came and no end"):
        read(a_playlist(pages[0]), *pages[1:])


def test_time_is_looked_at_before_every_try() -> None:
    seconds = iter([600.0, 600.0, 600.0, 600.0, 10.0])
    session = CannedSession(an_answer(b"", 503))
    client = a_client(session)
    client.open(lambda: next(seconds))
    with pytest.raises(OutOfTimeError):
        client.read_playlist(PLAYLIST)
    assert len(session.asked) == 1


def listed(*ids: object, total: int | None, following: bool = False) -> dict[str, object]:
    items = [id_ and {"id": id_, "snapshot_id": "v1", "owner": {"id": ME}} for id_ in ids]
    return {"items": items, "total": total, "next": "https://x" if following else None}


def sweep(*pages: object) -> tuple[list[str], list[str]]:
    session = CannedSession({"id": ME}, *pages)
    library = a_client(session).read_library()
    return [entry.playlist_id for entry in library.entries], session.asked


def test_the_library_is_listed_page_by_page() -> None:
    ids, asked = sweep(listed(PLAYLIST, total=2, following=True), listed(OTHER, total=2))
    assert ids == [PLAYLIST, OTHER]
    assert asked == ["/me?", "/me/playlists?0", "/me/playlists?1"]


def test_a_null_entry_counts_but_is_no_playlist() -> None:
    pages = (listed(PLAYLIST, None, total=3, following=True), listed(OTHER, total=3))
    session = CannedSession({"id": ME}, *pages)
    library = a_client(session).read_library()
    assert [entry.playlist_id for entry in library.entries] == [PLAYLIST, OTHER]
    assert library.closed == 1
    assert session.asked[-1] == "/me/playlists?2"


def test_a_library_entry_without_a_valid_id_is_left_out() -> None:
    odd = {"items": [{"id": "../x"}, {"id": None}, {"id": PLAYLIST}], "total": None}
    assert sweep(odd)[0] == [PLAYLIST]


@pytest.mark.parametrize(
    "bad",
    [
        b'{"id": "%s", "name": "\xff", "snapshot_id": "v1", "owner": {"id": "%s"}}',
        b'{"id": "%s", "snapshot_id": 7, "owner": {"id": "%s", "display_name": []}}',
        b'{"id": "%s", "followers": {"total": 1e999}, "owner": {"id": "%s"}}',
    ],
)
def test_a_malformed_entry_concerns_itself_alone_and_is_read_whole(bad: bytes) -> None:
    other = b'{"id": "%s", "snapshot_id": "v1"}' % OTHER.encode()
    entry = bad % (PLAYLIST.encode(), ME.encode())
    session = CannedSession({"id": ME}, b'{"items": [%s, %s, 3], "total": 3}' % (entry, other))
    first, second = a_client(session).read_library().entries

    assert (first.playlist_id, first.header.owner.id) == (PLAYLIST, ME)
    assert (first.header.snapshot_id, second.header.snapshot_id) == ("", "v1")


def test_a_library_without_end_is_given_up() -> None:
    def one(number: int) -> dict[str, object]:
        return listed(f"{number:022d}", total=1, following=True)

    session = CannedSession({"id": ME}, *map(one, range(24)))
    with pytest.raises(InvalidAnswerError, match="12 playlists came and no end"):
        a_client(session).read_library()


def test_a_library_that_changes_while_it_is_listed_is_listed_again() -> None:
    moved = [listed(PLAYLIST, total=2, following=True), listed(OTHER, total=3)]
    good = [listed(PLAYLIST, total=2, following=True), listed(OTHER, total=2)]
    assert sweep(*moved, *good)[0] == [PLAYLIST, OTHER]


@pytest.mark.parametrize(
    "pages",
    [
        pytest.param(
            [listed(PLAYLIST, total=3, following=True), listed(OTHER, total=2)], id="total moved"
        ),
        pytest.param(
            [listed(PLAYLIST, total=2, following=True), listed(PLAYLIST, total=2)], id="twice"
        ),
        pytest.param([listed(PLAYLIST, total=2)], id="too few"),
        pytest.param([listed(PLAYLIST, OTHER, total=1)], id="too many"),
        pytest.param(
            [listed(PLAYLIST, total=2, following=True), listed(total=2, following=True)], id="empty"
        ),
    ],
)
def test_a_library_that_does_not_add_up_twice_is_not_listed(pages: list[object]) -> None:
    with pytest.raises(InvalidAnswerError, match="could not be listed whole"):
        sweep(*pages, *pages)


@pytest.mark.parametrize("text", ["2026-10-01T04:00:00", "2026-10-01T04:00:00+00:00"])
def test_a_consent_noted_without_a_zone_is_taken_for_utc(text: str) -> None:
    given = datetime.fromisoformat(text)
    ends = Credentials("id", "secret", "refresh", given).authorization_ends()
    assert ends == datetime(2027, 4, 1, 4, tzinfo=UTC)


def test_an_entry_of_the_library_that_names_no_playlist_leaves_the_sweep_in_doubt() -> None:
    good = {"id": OTHER, "name": "Mix", "snapshot_id": "v1", "owner": {"id": ME}}
    for entry, readable in (
        (None, True),
        ([], False),
        ({"id": 7}, False),
        ({"id": PLAYLIST, "name": 7}, True),
    ):
        page = {"items": [good, entry], "total": 2, "next": None}
        library = a_client(CannedSession({"id": ME}, page)).read_library()

        assert library.readable is readable
        assert library.entries[0].playlist_id == OTHER


def test_a_read_that_the_budget_breaks_off_comes_last_from_then_on() -> None:
    endless = [a_page(first, 1, None, next="more") for first in range(4)]
    session = CannedSession(a_playlist(endless[0]), *endless[1:])
    clock, store = FakeClock(RUN), FakeCredentialStore(USER)
    limiter = RateLimiter(FakeBucket(), clock, daily_budget=3, interval_seconds=0)
    client = WebApi(
        session, Tokens(session, store, "https://accounts.spotify.com", clock), limiter, API
    )
    client.open(lambda: 600.0)

    with pytest.raises(OversizedError, match="raise DailyRequestBudget"):
        client.read_playlist(PLAYLIST)
    with pytest.raises(BudgetSpentError):
        client.read_playlist(OTHER)
