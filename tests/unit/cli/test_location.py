"""Which archive the command is about."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive_cli.errors import WrongUseError
from playlist_archive_cli.location import (
    STACK_VARIABLE,
    Asked,
    DeployedStack,
    LocalStack,
    locate,
    locate_in_cloud,
)

pytestmark = pytest.mark.unit

SAMPLE = LocalStack("sample", "http://127.0.0.1:1", "us-east-1", "playlist-archive")
SPOTIFY = LocalStack("spotify", "http://127.0.0.1:2", "us-east-1", "playlist-archive")
REMEMBERED = DeployedStack("mine", "eu-central-1", "me")


def test_without_any_archive_it_says_how_to_get_one() -> None:
    with pytest.raises(WrongUseError, match=r"make run.*--stack"):
        locate(Asked(), {}, [], None)


def test_local_without_a_running_stack_does_not_fall_back_to_the_deployed_one() -> None:
    with pytest.raises(WrongUseError, match="no local archive is running"):
        locate(Asked(local=True), {}, [], REMEMBERED)


@pytest.mark.parametrize(
    "elsewhere", [Asked(local=True, stack="s"), Asked(workspace="sample", region="r")]
)
def test_local_and_a_stack_in_aws_exclude_each_other(elsewhere: Asked) -> None:
    with pytest.raises(WrongUseError, match="exclude each other"):
        locate(elsewhere, {}, [SAMPLE], REMEMBERED)


def test_of_several_running_ones_none_is_guessed() -> None:
    with pytest.raises(WrongUseError, match="--workspace: sample, spotify"):
        locate(Asked(), {}, [SAMPLE, SPOTIFY], None)


def test_a_workspace_that_does_not_run_is_named_beside_those_that_do() -> None:
    with pytest.raises(WrongUseError, match=r"“history” is running, only: sample"):
        locate(Asked(workspace="history"), {}, [SAMPLE], None)


def test_a_workspace_chooses_one_of_several() -> None:
    assert locate(Asked(workspace="spotify"), {}, [SAMPLE, SPOTIFY], None) == SPOTIFY


def test_a_running_stack_comes_before_the_remembered_one() -> None:
    assert locate(Asked(), {}, [SAMPLE], REMEMBERED) == SAMPLE


def test_the_variable_comes_before_a_running_stack() -> None:
    assert locate(Asked(), {STACK_VARIABLE: "other"}, [SAMPLE], None) == DeployedStack("other")


def test_an_option_comes_before_the_variable() -> None:
    located = locate(Asked(stack="asked"), {STACK_VARIABLE: "other"}, [SAMPLE], None)
    assert located == DeployedStack("asked")


def test_local_comes_before_the_variable() -> None:
    assert locate(Asked(local=True), {STACK_VARIABLE: "other"}, [SAMPLE], None) == SAMPLE


def test_a_profile_alone_means_the_remembered_stack() -> None:
    located = locate(Asked(profile="admin"), {}, [SAMPLE], REMEMBERED)
    assert located == DeployedStack("mine", "eu-central-1", "admin")


def test_a_region_alone_names_no_stack_though_a_local_one_runs() -> None:
    with pytest.raises(WrongUseError, match="say --stack, too"):
        locate(Asked(region="eu-west-1"), {}, [SAMPLE], None)


def test_another_stack_takes_nothing_from_the_remembered_one() -> None:
    assert locate(Asked(stack="other"), {}, [], REMEMBERED) == DeployedStack("other")


@given(
    asked=st.builds(
        Asked,
        local=st.booleans(),
        workspace=st.sampled_from(["", "sample", "nowhere"]),
        stack=st.sampled_from(["", "mine", "other"]),
        region=st.sampled_from(["", "eu-west-1"]),
        profile=st.sampled_from(["", "admin"]),
    ),
    variable=st.sampled_from(["", "mine", "third"]),
    running=st.sampled_from([(), (SAMPLE,), (SAMPLE, SPOTIFY)]),
    remembered=st.sampled_from([None, REMEMBERED]),
)
def test_what_was_asked_for_is_never_passed_over(
    asked: Asked,
    variable: str,
    running: tuple[LocalStack, ...],
    remembered: DeployedStack | None,
) -> None:
    try:
        located = locate(asked, {STACK_VARIABLE: variable}, running, remembered)
    except WrongUseError:
        return

    if isinstance(located, LocalStack):
        assert located in running
        assert (asked.stack, asked.region, asked.profile) == ("", "", "")
        assert asked.workspace in {"", located.workspace}
    else:
        assert not asked.local
        assert not asked.workspace
        assert asked.stack in {"", located.name}
        assert asked.region in {"", located.region}
        assert asked.profile in {"", located.profile}


# A stack that is to be created, changed or deleted.


@pytest.mark.parametrize("asked", [Asked(local=True), Asked(workspace="sample")])
def test_a_local_archive_is_neither_deployed_nor_destroyed(asked: Asked) -> None:
    with pytest.raises(WrongUseError, match="in AWS"):
        locate_in_cloud(asked, {}, REMEMBERED)


@pytest.mark.parametrize(
    ("asked", "environment", "remembered", "expected"),
    [
        (Asked(), {}, None, DeployedStack("playlist-archive")),
        (Asked(region="eu-west-1"), {}, None, DeployedStack("playlist-archive", "eu-west-1")),
        (Asked(), {}, REMEMBERED, REMEMBERED),
        (Asked(stack="mine"), {}, REMEMBERED, REMEMBERED),
        (Asked(profile="admin"), {}, REMEMBERED, DeployedStack("mine", "eu-central-1", "admin")),
        (Asked(region="eu-west-1"), {}, REMEMBERED, DeployedStack("mine", "eu-west-1", "me")),
        (Asked(stack="other"), {}, REMEMBERED, DeployedStack("other")),
        (Asked(), {STACK_VARIABLE: "other"}, REMEMBERED, DeployedStack("other")),
        (Asked(stack="mine"), {STACK_VARIABLE: "other"}, REMEMBERED, REMEMBERED),
    ],
)
def test_the_login_and_the_deployment_find_the_same_stack_and_region(
    asked: Asked,
    environment: dict[str, str],
    remembered: DeployedStack | None,
    expected: DeployedStack,
) -> None:
    assert locate_in_cloud(asked, environment, remembered) == expected
