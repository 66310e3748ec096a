"""The mail to the owner: plain, short, and with hostile text as text."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive.documents.alerts import Alert, News, Over
from playlist_archive.documents.catalog import Catalog
from playlist_archive.views.notice import MOST_LISTED, notice
from tests.support.builders import PLAYLIST, RUN, an_entry

pytestmark = pytest.mark.unit


def alert(number: int, what: str = "something is wrong", since: datetime = RUN) -> Alert:
    return Alert(f"key {number}", 1, since, what, "do something")


def test_a_mail_says_what_since_when_and_what_to_do() -> None:
    mail = notice(News((alert(1),), (), {}), Catalog())

    assert mail.subject == "Playlist archive: 1 thing needs attention"
    assert "- Since 2026-10-01: something is wrong\n  What to do: do something." in mail.text


def test_what_is_over_is_named() -> None:
    over: tuple[tuple[str, Over], ...] = (
        (f"playlist/{PLAYLIST}", "well"),
        ("pause", "well"),
        ("problem/registry/x", "gone"),
    )
    catalog = Catalog(entries={PLAYLIST: an_entry()})
    mail = notice(News((), over, {}), catalog)

    assert mail.subject == "Playlist archive: well again"
    assert f'- "{PLAYLIST}" is read again' in mail.text
    assert "- Spotify answers again" in mail.text
    assert "registry/x: there is nothing to correct any more" in mail.text


def test_many_alerts_are_one_short_mail() -> None:
    many = tuple(
        alert(number, "\N{ROLLING ON THE FLOOR LAUGHING}" * 9_999) for number in range(5_000)
    )
    mail = notice(News(many, (), {}), Catalog())

    assert mail.subject == "Playlist archive: 5,000 things need attention"
    assert mail.text.count("What to do") == MOST_LISTED
    assert f"- and {5_000 - MOST_LISTED:,} more" in mail.text
    assert len(mail.text.encode()) < 256 * 1024, "SNS takes no more"


@given(st.text(max_size=200))
def test_text_of_others_stays_in_its_line_and_out_of_the_subject(text: str) -> None:
    mail = notice(News((alert(1, f"name {text}"),), (), {}), Catalog())
    plain = notice(News((alert(1, "name"),), (), {}), Catalog())

    assert len(mail.text.splitlines()) == len(plain.text.splitlines())
    assert mail.subject.isascii()
    assert mail.subject.isprintable()
    assert len(mail.subject) <= 100
