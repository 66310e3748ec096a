"""The digest: plain, short, and with hostile text as text."""

from collections.abc import Sequence
from pathlib import Path
from textwrap import indent

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from playlist_archive.documents.catalog import Catalog
from playlist_archive.documents.digests import Span
from playlist_archive.documents.history import Counts, PublishedPlaylist, SongAtRow
from playlist_archive.documents.messages import RunReport
from playlist_archive.documents.recent_changes import RecentChange
from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.views.digest import MOST_PLAYLISTS, MOST_SONGS, digest
from playlist_archive.views.notice import Mail
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, an_entry

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[3]
SPAN = Span(RUN, RUN + 7 * DAY)
NAMED = (PublishedPlaylist(PLAYLIST, "Harbour mix", ""), PublishedPlaylist(OTHER, "Anchor", ""))


def songs(*names: str) -> tuple[SongAtRow, ...]:
    return tuple(
        SongAtRow(number, name, ("The Lamps",), f"spotify:track:{number}")
        for number, name in enumerate(names)
    )


def a_change(
    playlist: str = PLAYLIST, added: Sequence[str] = (), removed: Sequence[str] = ()
) -> RecentChange:
    time = to_timestamp(RUN + DAY)
    return RecentChange(
        playlist=playlist,
        time=time,
        after=time,
        until=time,
        counts=Counts(len(added), 0, len(removed), 0),
        added=songs(*added),
        removed=songs(*removed),
    )


def a_mail(*changes: RecentChange, catalog: Catalog | None = None) -> Mail:
    return digest(SPAN, changes, NAMED, catalog or Catalog())


def test_songs_are_listed_by_playlist_in_the_order_of_names() -> None:
    mail = a_mail(a_change(added=["Slack water"], removed=["Ebb"]), a_change(OTHER, ["Flood"]))

    assert mail.subject == "Playlist archive: 2 added, 1 removed in 2 playlists"
    assert mail.text.startswith(
        "What changed from 2026-10-01 to 2026-10-08:\n\n"
        "Anchor:\n  + Flood by The Lamps\n\n"
        "Harbour mix:\n  + Slack water by The Lamps\n  - Ebb by The Lamps\n"
    )


def test_what_cannot_be_read_and_the_end_of_the_consent_are_told() -> None:
    entry = replace(an_entry("not_found"), unique_name="Lost")
    report = RunReport(run=RUN, at=RUN, planned=0, unchanged=0, authorization_ends=RUN + 90 * DAY)
    catalog = Catalog(entries={OTHER: entry}, report=report)
    quiet, news = a_mail(catalog=catalog).text, a_mail(a_change(), catalog=catalog).text

    for text in (quiet, news):
        assert "Not read:\n  - Lost: not found since 2026-10-01\n" in text
    assert "; your consent at Spotify ends on 2026-12-30.\n" in quiet
    assert news.endswith("\nYour consent at Spotify ends on 2026-12-30.\n")


def test_a_consent_that_has_ended_is_not_called_one_that_ends() -> None:
    report = RunReport(run=RUN, at=RUN, planned=0, unchanged=0, authorization_ends=RUN - DAY)

    assert (
        "consent at Spotify has ended on 2026-09-30" in a_mail(catalog=Catalog(report=report)).text
    )


def test_nothing_new_is_one_line() -> None:
    report = RunReport(run=RUN, at=RUN, planned=0, unchanged=0, authorization_ends=RUN + 90 * DAY)
    text = "Nothing has changed since 2026-10-01; your consent at Spotify ends on 2026-12-30.\n"

    assert a_mail().text == "Nothing has changed since 2026-10-01.\n"
    assert a_mail(catalog=Catalog(report=report)) == Mail("Playlist archive: nothing new", text)


def test_the_example_of_the_page_is_a_digest() -> None:
    entry = replace(an_entry("not_found"), unique_name="Night ferry", since=RUN + 4 * DAY)
    report = RunReport(run=RUN, at=RUN, planned=0, unchanged=0, authorization_ends=RUN + 90 * DAY)
    mail = a_mail(
        a_change(added=["Slack water"], removed=["Ebb / Flow"]),
        catalog=Catalog(entries={OTHER: entry}, report=report),
    )

    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert indent(mail.text, " " * 4) in page


def test_a_change_without_songs_is_not_silent() -> None:
    assert "order, names or songs' texts changed" in a_mail(a_change()).text


def test_a_song_that_spotify_does_not_name_is_told_by_its_row() -> None:
    unnamed = replace(a_change(), added=(SongAtRow(7),))

    assert "+ row 7, which Spotify does not name" in a_mail(unnamed).text


def test_very_much_that_is_new_is_still_a_short_mail() -> None:
    long = "\N{ROLLING ON THE FLOOR LAUGHING}" * 9_999
    names = [long] * 500
    many = [a_change(f"{number:022d}", names, names) for number in range(100)]
    named = [PublishedPlaylist(f"{number:022d}", long, "") for number in range(100)]
    lost = {f"{number:022d}": replace(an_entry("held"), unique_name=long) for number in range(100)}
    text = digest(SPAN, many, named, Catalog(entries=lost)).text

    assert f"and {100 - MOST_PLAYLISTS} more playlists" in text
    assert f"  + and {500 - MOST_SONGS} more" in text
    assert len(text.encode()) < 256 * 1024, "SNS takes no more"


@given(st.text(max_size=100))
def test_text_of_others_stays_in_its_line(text: str) -> None:
    mail = a_mail(a_change(added=[f"song {text}"]))
    plain = a_mail(a_change(added=["song"]))

    assert len(mail.text.splitlines()) == len(plain.text.splitlines())
    assert mail.subject == plain.subject
