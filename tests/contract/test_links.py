"""Every link on every page has a target."""

import re

import pytest

from tests.support.fakes import FakeBucket

pytestmark = pytest.mark.contract

LINK = re.compile(r"(?<!\\)\]\(([^)\s]*)\)")


def links(bucket: FakeBucket) -> set[tuple[str, str]]:
    return {
        (key, target)
        for key, body in bucket.objects.items()
        if key.endswith(".md")
        for target in LINK.findall(body.decode())
    }


@pytest.mark.parametrize("archive", ["peaceful_archive", "troubled_archive"])
def test_a_link_within_the_archive_names_an_object(
    archive: str, request: pytest.FixtureRequest
) -> None:
    bucket: FakeBucket = request.getfixturevalue(archive)
    own = {(key, target) for key, target in links(bucket) if target.startswith("/")}

    assert own
    assert {(key, target) for key, target in own if target[1:] not in bucket.objects} == set()


def test_every_other_link_leads_to_spotify(troubled_archive: FakeBucket) -> None:
    others = {target for _, target in links(troubled_archive) if not target.startswith("/")}

    assert others
    assert {target for target in others if not target.startswith("https://open.spotify.com/")} == (
        set()
    )
