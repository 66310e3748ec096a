from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.keys import (
    check_playlist_id,
    ledger_key,
    parse_ledger_key,
    parse_snapshot_key,
    snapshot_key,
)
from playlist_archive.errors import InvalidPlaylistIdError
from tests.support.builders import PLAYLIST

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "text",
    [
        f"{PLAYLIST}?si=abcdef",
        f"https://open.spotify.com/playlist/{PLAYLIST}?si=abc",
        f"spotify:playlist:{PLAYLIST}",
        f"{PLAYLIST}\n",
        f"{PLAYLIST}/",
    ],
)
def test_a_pasted_link_is_answered_with_the_id_in_it(text: str) -> None:
    with pytest.raises(InvalidPlaylistIdError, match=f"write {PLAYLIST} instead"):
        check_playlist_id(text)


@pytest.mark.parametrize(
    "text", ["", "My favourites", PLAYLIST[:-1], f"{PLAYLIST}A", "../../state", "é" * 22]
)
def test_anything_else_is_answered_with_where_to_find_the_id(text: str) -> None:
    with pytest.raises(InvalidPlaylistIdError, match="22 letters and digits"):
        check_playlist_id(text)


@given(
    st.from_regex(r"[0-9A-Za-z]{22}", fullmatch=True),
    st.datetimes(timezones=st.just(UTC)),
)
def test_a_snapshot_key_holds_the_playlist_and_the_second(playlist_id: str, time: datetime) -> None:
    key = snapshot_key(playlist_id, time)

    assert parse_snapshot_key(key) == (playlist_id, time.replace(microsecond=0))


@pytest.mark.parametrize(
    "key",
    [
        "snapshots/short/20261001T040000Z.json",
        f"snapshots/{PLAYLIST}/20261301T040000Z.json",
        f"snapshots/{PLAYLIST}/20261001T04000Z.json",
        f"snapshots/{PLAYLIST}/2026101T040000Z.json",
        f"snapshots/{PLAYLIST}/20261001T040000Z.json/x",
        f"state/{PLAYLIST}/20261001T040000Z.json",
        f"snapshots/{PLAYLIST}",
    ],
)
def test_other_keys_are_no_snapshots(key: str) -> None:
    assert parse_snapshot_key(key) is None


def test_a_ledger_key_holds_the_playlist() -> None:
    assert parse_ledger_key(ledger_key(PLAYLIST)) == PLAYLIST


@pytest.mark.parametrize(
    "key",
    [
        "",
        PLAYLIST,
        f"state/ledgers/{PLAYLIST}",
        f"{PLAYLIST}.json",
        f"state/ledgers/{PLAYLIST}.json.json",
        "state/ledgers/notes.json",
        f"state/ledgers/old/{PLAYLIST}.json",
    ],
)
def test_other_keys_are_no_ledgers(key: str) -> None:
    assert parse_ledger_key(key) is None
