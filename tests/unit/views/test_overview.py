"""The pages about all playlists."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import brotli
import msgspec
import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from playlist_archive.documents.catalog import Catalog, Entry, Figures
from playlist_archive.documents.merge import merge
from playlist_archive.documents.messages import Latest, Outcome, Problem, RunReport
from playlist_archive.documents.playlist import Header, Owner
from playlist_archive.documents.spotify_state import SpotifyState, hour_of
from playlist_archive.documents.status import Status
from playlist_archive.views.overview import render_overview
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header
from tests.support.strategies import nasty_texts

pytestmark = pytest.mark.unit

NAVIGATION = "index - [status](/playlists/status.md) - [changes](/playlists/changes.md)\n\n"
GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOUR = timedelta(hours=1)


def an_outcome(
    status: Status, playlist_id: str = PLAYLIST, *, day: int = 0, name: str = "Harbour mix"
) -> Outcome:
    run = RUN + day * DAY
    good = status == "ok"
    return Outcome(
        playlist_id=playlist_id,
        run=run,
        at=run + HOUR / 60,
        status=status,
        reason="" if good else "why | so",
        source="registry",
        header=a_header(name=name, playlist_id=playlist_id) if good else None,
        read=good,
        latest=Latest(run, "digest", 3) if good else None,
        written=good,
    )


def a_report(day: int = 0, **fields: Any) -> RunReport:
    run = RUN + day * DAY
    return RunReport(run=run, at=run, planned=2, unchanged=1, **fields)


def pages(
    *messages: Outcome | RunReport, state: SpotifyState | None = None
) -> tuple[str, str, dict[str, Any]]:
    """Return index, status page and status document."""
    site = render_overview(merge(Catalog(), messages), state or SpotifyState())
    index, status, document = (
        site[f"playlists/{name}"].body.decode() for name in ("index.md", "status.md", "status.json")
    )
    return index, status, json.loads(document)


def test_an_archive_before_its_first_run_says_so() -> None:
    _, status, document = pages()

    assert "| Last run | none yet |" in status
    assert document["run"] is None


def test_an_archive_with_reads_but_no_known_run_is_not_called_well() -> None:
    _, status, _ = pages(an_outcome("ok"))

    assert "## No run is known yet" in status


def test_an_authorisation_of_which_no_end_is_known_is_told_as_such() -> None:
    _, known, _ = pages(a_report(authorization_ends=RUN + 90 * DAY))
    _, unknown, _ = pages(a_report())

    assert f"| Spotify authorisation | ends on {RUN + 90 * DAY:%Y-%m-%d} |" in known
    assert "| Spotify authorisation | has no known end |" in unknown


def test_a_healthy_archive_says_so_and_nothing_else() -> None:
    index, status, document = pages(a_report(), an_outcome("ok"))

    assert (
        index
        == f"{NAVIGATION}## Playlists \\(1\\)\n\n- [Harbour mix](/playlists/pretty/{PLAYLIST}.md)\n"
    )
    assert "## All is well" in status
    assert "| Last run | 2026-10-01 04:00 UTC |" in status
    assert "| Playlists up to date | 1 of 1 |" in status
    assert "| Changed in the last run | 1 |" in status
    assert "###" not in status
    assert document["counts"] == {"ok": 1}


def test_failing_playlists_come_first_with_since_and_reason() -> None:
    index, status, document = pages(
        a_report(2),
        an_outcome("ok"),
        an_outcome("unstable", day=1),
        an_outcome("unstable", day=2),
        an_outcome("ok", OTHER, day=2, name="A good one"),
    )

    assert index.startswith(f"{NAVIGATION}## Not read \\(1\\)\n\n- [Harbour mix]")
    assert "unstable since 2026-10-02, why \\| so" in index
    assert index.index("Harbour mix") < index.index("A good one")
    assert "## Something needs attention" in status
    assert "| unstable | 2026-10-02 | 2026-10-01 | why \\| so |" in status
    assert document["playlists"][PLAYLIST] == {
        "name": "Harbour mix",
        "status": "unstable",
        "since": "2026-10-02T04:00:00Z",
        "reason": "why | so",
        "overdue_since": None,
        "last_checked": "2026-10-01T04:00:00Z",
        "last_changed": "2026-10-01T04:00:00Z",
        "in_library": False,
    }


def test_a_playlist_that_was_never_read_is_named_by_its_id_and_has_no_link() -> None:
    index, status, _ = pages(a_report(), an_outcome("not_found"))

    assert f"- {PLAYLIST}: not found since 2026-10-01" in index
    assert f"| {PLAYLIST} | not found | 2026-10-01 | never |" in status


def test_a_retired_playlist_is_no_trouble_and_keeps_its_page() -> None:
    index, status, _ = pages(a_report(1), an_outcome("ok"), an_outcome("retired", day=1))

    assert "## Retired \\(1\\)" in index
    assert f"[Harbour mix](/playlists/pretty/{PLAYLIST}.md): retired since" in index
    assert "## Nothing is archived\n" in status
    assert "| Playlists up to date | 0 of 0 |" in status


def test_the_status_page_shows_what_the_owner_has_to_do() -> None:
    report = a_report(
        problems=(Problem("registry/My | list", "write an id"),),
        failure="log in again",
        authorization_ends=RUN + 90 * DAY,
    )
    _, status, document = pages(report, an_outcome("ok"))

    assert "Something needs attention" in status
    assert "| Failure of the last run | log in again |" in status
    assert "| registry/My \\| list | write an id |" in status
    assert "| Spotify authorisation | ends on 2026-12-30 |" in status
    assert document["problems"] == [{"subject": "registry/My | list", "reason": "write an id"}]
    assert document["authorization_ends"] == "2026-12-30T04:00:00Z"


@pytest.mark.parametrize(
    ("days_left", "told", "headline"),
    [
        (31, "ends on 2026-11-01", "All is well"),
        (30, "ends on 2026-10-31; log in again", "Something needs attention"),
        (0, "ended on 2026-10-01; log in again", "Something needs attention"),
    ],
)
def test_an_authorisation_that_ends_soon_needs_attention(
    days_left: int, told: str, headline: str
) -> None:
    _, status, _ = pages(a_report(authorization_ends=RUN + days_left * DAY), an_outcome("ok"))

    assert f"| Spotify authorisation | {told} |" in status
    assert f"## {headline}" in status


def test_the_status_page_shows_requests_and_a_pause() -> None:
    state = SpotifyState(not_before=RUN + 5 * HOUR, requests={hour_of(RUN): 41})
    _, status, document = pages(a_report(), state=state)

    assert "| Requests to Spotify in 24 hours | 41 |" in status
    assert "| No request before | 2026-10-01 09:00 UTC |" in status
    assert document["not_before"] == "2026-10-01T09:00:00Z"


def test_a_pause_that_is_over_is_not_shown() -> None:
    _, status, _ = pages(a_report(1), state=SpotifyState(not_before=RUN))

    assert "No request before" not in status


@given(nasty_texts, nasty_texts)
def test_hostile_names_and_reasons_are_text(name: str, reason: str) -> None:
    bad = msgspec.structs.replace(an_outcome("unstable", OTHER), reason=reason)
    good = an_outcome("ok", name=name)
    known = an_outcome("ok", OTHER, day=-1, name=name)
    index, status, _ = pages(
        a_report(problems=(Problem(name, reason),), failure=reason or "why"), good, known, bad
    )

    for page in (index, status):
        assert page.splitlines() == page.split("\n")[:-1]
        for token in GITHUB.parse(page):
            assert token.type != "html_block"
            for child in token.children or ():
                assert child.type not in {"image", "em_open", "strong_open", "s_open"}
                assert child.type != "html_inline" or child.content == "<br/>"
                if child.type == "link_open":
                    assert str(child.attrs["href"]).startswith("/playlists/")
    rows = [token for token in GITHUB.parse(status) if token.type in {"tr_open", "heading_open"}]
    assert [token.tag for token in rows] == [
        *["h2", *["tr"] * 7],
        *["h3", *["tr"] * 2],
        *["h3", *["tr"] * 2],
    ]


@pytest.mark.parametrize(("description", "quality"), [("", 11), ("by the water " * 100_000, 5)])
def test_only_small_metadata_are_compressed_as_well_as_can_be(
    description: str, quality: int
) -> None:
    header = msgspec.structs.replace(a_header(), description=description)
    outcome = msgspec.structs.replace(an_outcome("ok"), header=header)
    site = render_overview(merge(Catalog(), [outcome]), SpotifyState())

    full = site["playlists/metadata/metadata-full.json"].body.removesuffix(b"\n")
    compressed = site["playlists/metadata/metadata-full.json.br"].body
    assert compressed == brotli.compress(full, quality=quality)
    assert brotli.decompress(compressed) == full


@pytest.mark.parametrize("date", ["2021-01-01", "2021-02-01", "2021-02-02", "2021-05-01"])
def test_index_and_metadata_are_those_of_the_archive_before(data: Path, date: str) -> None:
    golden = data / "golden" / date
    full = json.loads((golden / "metadata-full.json").read_text())
    run = datetime.fromisoformat(f"{date}T04:00:00+00:00")
    entries = {
        playlist_id: Entry(
            first_seen=run,
            run=run,
            at=run,
            status="ok",
            since=run,
            alias=known["original_name"],
            unique_name=known["unique_name"],
            latest=Latest(run, "digest", 1),
            figures=Figures(followers=known["num_followers"], snapshot_id=known["snapshot_id"]),
            header=Header(
                name=known["original_name"],
                description=known["description"],
                owner=Owner("", **known["owner"]),
                url=known["url"],
                snapshot_id=known["snapshot_id"],
            ),
        )
        for playlist_id, known in full.items()
    }
    site = render_overview(Catalog(entries=entries), SpotifyState())

    for name in ("metadata-full.json", "metadata-compact.json"):
        published = (golden / name).read_bytes()
        body = site[f"playlists/metadata/{name}"].body
        assert body == published
        compressed = site[f"playlists/metadata/{name}.br"].body
        assert brotli.decompress(compressed) == published.removesuffix(b"\n")
    lines = (golden / "index.md").read_text().strip().split("\n")
    links = sorted(lines[2:], key=str.casefold)
    index = site["playlists/index.md"].body.decode()
    assert index == "\n".join([f"{NAVIGATION}{lines[0]}", lines[1], *links, ""])
