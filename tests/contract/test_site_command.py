"""The site's secret: `deploy --site`, `site` and `destroy`, in an account in memory."""

import re
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from playlist_archive_cli.deployment.site_secret import make_secret
from playlist_archive_cli.stored_deployment import recall
from tests.support.cloud import SITE_PARAMETER, SITE_URL, Cloud, cloud_in
from tests.support.command import Outcome, converse

pytestmark = pytest.mark.contract


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Cloud]:
    with cloud_in(monkeypatch, tmp_path / "settings/deployment.json") as cloud:
        yield cloud


def deploy(*options: str, answers: str = "") -> Outcome:
    return converse("deploy", *options, answers=answers)


def site(*arguments: str) -> Outcome:
    return converse("site", *arguments)


@pytest.fixture
def private(cloud: Cloud) -> Cloud:
    assert deploy("--yes", "--site", "private").exit_code == 0
    return cloud


def parameters(cloud: Cloud) -> dict[str, str]:
    return {
        it["ParameterKey"]: it["ParameterValue"]
        for it in cloud.cloudformation.stacks["playlist-archive"]["Parameters"]
    }


def kept(cloud: Cloud) -> dict[str, Any]:
    """Return the parameter that holds the secret; empty if there is none."""
    ssm = cloud.client("ssm")
    if SITE_PARAMETER not in {it["Name"] for it in ssm.describe_parameters()["Parameters"]}:
        return {}
    found: dict[str, Any] = ssm.get_parameter(Name=SITE_PARAMETER, WithDecryption=True)["Parameter"]
    return found


def digest_of(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def assert_in_force(cloud: Cloud) -> None:
    """Assert that the gate knows the secret that is kept."""
    assert parameters(cloud)["SiteSecretSha256"] == digest_of(kept(cloud)["Value"])


def test_there_is_no_site_unless_it_is_asked_for(cloud: Cloud) -> None:
    deployed = deploy("--yes", "--json")

    assert deployed.document["site"] == ""
    assert parameters(cloud)["SiteAccess"] == "none"
    assert kept(cloud) == {}


def test_a_site_gets_a_secret_of_which_the_template_has_the_digest_alone(cloud: Cloud) -> None:
    deployed = deploy("--yes", "--site", "private")

    assert deployed.exit_code == 0, deployed.err
    assert parameters(cloud)["SiteAccess"] == "private"
    assert kept(cloud)["Type"] == "SecureString"
    assert_in_force(cloud)
    assert SITE_URL in deployed.out
    assert kept(cloud)["Value"] not in deployed.out + deployed.err
    assert kept(cloud)["Value"] not in str(cloud.cloudformation.calls)


def test_secrets_have_128_bits_and_fit_into_a_path_and_a_cookie() -> None:
    made = {make_secret() for _ in range(100)}

    assert len(made) == 100
    assert all(re.fullmatch("[A-Za-z0-9_-]{22}", secret) for secret in made)


def test_a_deployment_later_keeps_the_site_and_its_link(private: Cloud) -> None:
    before = kept(private)

    outcome = deploy("--yes", "--parameter", "FullReadEveryDays=7")

    assert outcome.exit_code == 0, outcome.err
    assert kept(private) == before
    assert parameters(private)["SiteAccess"] == "private"
    known = recall(private.settings)
    assert known is not None
    assert known.parameters["SiteAccess"] == "private"
    assert "SiteSecretSha256" not in known.parameters


def test_a_site_may_be_added_to_a_stack_and_be_switched_off_again(cloud: Cloud) -> None:
    assert deploy("--yes").exit_code == 0
    assert deploy("--yes", "--site", "private").exit_code == 0
    assert_in_force(cloud)

    off = deploy("--yes", "--site", "none")

    assert off.exit_code == 0, off.err
    assert parameters(cloud)["SiteAccess"] == "none"
    assert parameters(cloud)["SiteSecretSha256"] == ""
    assert SITE_URL not in off.out


def test_the_parameter_itself_makes_a_secret_too(cloud: Cloud) -> None:
    assert deploy("--yes", "--parameter", "SiteAccess=private").exit_code == 0
    assert_in_force(cloud)


def test_who_does_not_agree_has_no_secret_kept(cloud: Cloud) -> None:
    outcome = deploy("--site", "private", answers="\n\n\n\nn\n")

    assert outcome.err.splitlines()[-1] == "playlist-archive: nothing was changed"
    assert kept(cloud) == {}


def test_a_deployment_that_fails_is_mended_by_the_next_one(cloud: Cloud) -> None:
    deploy("--yes")
    cloud.cloudformation.failure = ("SiteDistribution", "Your account must be verified")
    failed = deploy("--yes", "--site", "private")
    assert failed.exit_code == 1
    assert "must be verified" in failed.err
    assert parameters(cloud)["SiteAccess"] == "none"

    cloud.cloudformation.failure = None
    assert deploy("--yes", "--site", "private").exit_code == 0
    assert_in_force(cloud)


def test_a_secret_that_was_deleted_is_replaced_by_the_next_deployment(private: Cloud) -> None:
    private.client("ssm").delete_parameter(Name=SITE_PARAMETER)

    assert deploy("--yes").exit_code == 0
    assert_in_force(private)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--site", "public"], "SiteAccess does not accept “public”: write one of none, private"),
        (["--site", "private", "--parameter", "SiteAccess=none"], "SiteAccess is set twice"),
        (["--parameter", f"SiteSecretSha256={digest_of('hunter2')}"], "is not to be chosen"),
    ],
)
def test_nobody_chooses_another_access_or_a_secret(
    cloud: Cloud, options: list[str], words: str
) -> None:
    outcome = deploy("--yes", *options)

    assert outcome.exit_code == 2
    assert words in outcome.err
    assert outcome.err.count("\n") == 1
    assert cloud.cloudformation.calls == []


def test_a_deployment_has_the_new_indexer_look_for_the_shell(cloud: Cloud) -> None:
    deploy("--yes")
    deploy("--yes")

    assert [place.name for place in cloud.woken] == ["playlist-archive"] * 2


def test_the_link_opens_the_site_with_the_secret(private: Cloud) -> None:
    printed = site("link")

    assert printed.exit_code == 0, printed.err
    assert printed.out == f"{SITE_URL}open/{kept(private)['Value']}\n"
    assert "history" in printed.err
    assert site("link", "--json").document == {
        "url": SITE_URL,
        "link": f"{SITE_URL}open/{kept(private)['Value']}",
    }


def test_a_rotation_makes_another_link_and_changes_nothing_else(private: Cloud) -> None:
    before, old = parameters(private), site("link").out

    rotated = site("rotate")

    assert rotated.exit_code == 0, rotated.err
    assert_in_force(private)
    assert rotated.out == site("link").out != old
    changed = {name for name, value in parameters(private).items() if before[name] != value}
    assert changed == {"SiteSecretSha256"}
    made = dict(private.cloudformation.calls)["create_change_set"]
    assert made["UsePreviousTemplate"] is True
    assert "TemplateURL" not in made


@pytest.mark.parametrize("again", [("site", "rotate"), ("deploy", "--yes")])
def test_a_rotation_that_is_interrupted_shuts_nobody_out_and_is_mended(
    private: Cloud, again: tuple[str, ...]
) -> None:
    in_force = parameters(private)["SiteSecretSha256"]
    private.cloudformation.failure = ("SiteGate", "Rate exceeded")
    assert site("rotate").exit_code == 1
    private.cloudformation.failure = None

    assert parameters(private)["SiteSecretSha256"] == in_force
    linked = site("link")
    assert linked.exit_code == 1
    assert "not in force yet" in linked.err

    assert converse(*again).exit_code == 0
    assert_in_force(private)
    assert site("link").exit_code == 0


@pytest.mark.parametrize("task", ["link", "rotate"])
def test_without_a_site_there_is_no_link(cloud: Cloud, task: str) -> None:
    absent = site(task)
    deploy("--yes")
    without = site(task)

    assert (absent.exit_code, without.exit_code) == (1, 1)
    assert "does not exist" in absent.err
    assert "has no site: run `playlist-archive deploy --site private`" in without.err
    assert kept(cloud) == {}


def test_a_secret_that_is_gone_is_named(private: Cloud) -> None:
    private.client("ssm").delete_parameter(Name=SITE_PARAMETER)

    linked = site("link")

    assert linked.exit_code == 1
    assert SITE_PARAMETER in linked.err
    assert site("rotate").exit_code == 0
    assert_in_force(private)


@pytest.mark.parametrize("arguments", [[], ["open"], ["link", "rotate"], ["link", "--local"]])
def test_wrong_use_is_one_line(private: Cloud, arguments: list[str]) -> None:
    outcome = site(*arguments)

    assert outcome.exit_code == 2
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("switched_off", [False, True])
def test_the_secret_stays_until_the_archive_is_erased(private: Cloud, switched_off: bool) -> None:
    if switched_off:
        deploy("--yes", "--site", "none")
    left = converse("destroy", answers="playlist-archive\n")
    assert left.exit_code == 0, left.err
    assert SITE_PARAMETER in left.err
    assert kept(private)

    erased = converse("destroy", "--erase", answers="playlist-archive\n")

    assert erased.exit_code == 0, erased.err
    assert kept(private) == {}
