"""`deploy` and `destroy` in an account in memory; `tests/integration/test_deploy.py` has an engine."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from playlist_archive_cli.deployment.sam import Sam
from playlist_archive_cli.errors import CommandError
from playlist_archive_cli.location import DeployedStack
from playlist_archive_cli.runs import RunEnd
from playlist_archive_cli.stored_deployment import Deployment, recall, remember
from tests.support.cloud import (
    BUCKET,
    CODE_BUCKET,
    PARAMETER,
    REGION,
    Cloud,
    FakeSam,
    cloud_in,
    read_resources,
)
from tests.support.command import Outcome, converse

pytestmark = pytest.mark.contract

ANSWERS = "6:30\nEurope/Berlin\nme@example.com\nowned\n"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Cloud]:
    with cloud_in(monkeypatch, tmp_path / "settings/deployment.json") as cloud:
        yield cloud


def deploy(*options: str, answers: str = "") -> Outcome:
    return converse("deploy", *options, answers=answers)


def destroy(*options: str, answers: str = "") -> Outcome:
    return converse("destroy", *options, answers=answers)


def parameters(cloud: Cloud, name: str = "playlist-archive") -> dict[str, str]:
    return {
        it["ParameterKey"]: it["ParameterValue"]
        for it in cloud.cloudformation.stacks[name]["Parameters"]
    }


@pytest.fixture
def deployed(cloud: Cloud) -> Cloud:
    assert deploy(answers=f"{ANSWERS}y\n").exit_code == 0
    return cloud


def test_it_asks_creates_what_it_showed_and_remembers_the_answers(cloud: Cloud) -> None:
    outcome = deploy(answers=f"{ANSWERS}y\n")

    assert outcome.exit_code == 0, outcome.err
    assert "costs" in outcome.err
    assert "1  S3 Bucket" in outcome.err
    assert BUCKET in outcome.out
    answered = {
        "ScheduleExpression": "cron(30 6 * * ? *)",
        "ScheduleTimezone": "Europe/Berlin",
        "AlarmEmail": "me@example.com",
        "ArchiveMyPlaylists": "owned",
    }
    assert answered.items() <= parameters(cloud).items()
    assert recall(cloud.settings) == Deployment(
        "playlist-archive", REGION, parameters=answered, code_bucket=CODE_BUCKET
    )


def test_it_waits_until_the_stack_is_ready_and_until_it_is_gone(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr("time.sleep", waited.append)
    cloud.cloudformation.slowness = 3

    assert deploy("--yes").exit_code == 0
    assert len(waited) == 3
    assert destroy(answers="playlist-archive\n").exit_code == 0
    assert len(waited) == 6


def test_every_resource_is_shown_however_many_there_are(cloud: Cloud) -> None:
    outcome = deploy("--yes")

    counts = [
        int(line.split()[0])
        for line in outcome.err.splitlines()
        if line.startswith("   ") and line.split()[0].isdigit()
    ]
    assert sum(counts) == len(read_resources())


def test_a_new_stack_that_fails_leaves_nothing_behind(cloud: Cloud) -> None:
    deploy(answers=f"{ANSWERS}y\n")
    requests = dict(cloud.cloudformation.calls)

    assert requests["create_change_set"]["OnStackFailure"] == "DELETE"
    assert requests["execute_change_set"]["RetainExceptOnCreate"] is True


def test_it_tells_of_the_mail_that_a_new_address_has_to_confirm(cloud: Cloud) -> None:
    first = deploy(answers=f"{ANSWERS}y\n")
    again = deploy("--parameter", "FullReadEveryDays=7", answers="y\n")
    other = deploy("--parameter", "AlarmEmail=you@example.com", answers="y\n")

    assert [one.exit_code for one in (first, again, other)] == [0, 0, 0]
    assert "a mail to me@example.com" in first.err
    assert "a mail to" not in again.err
    assert "a mail to you@example.com" in other.err


def test_an_answer_that_makes_no_sense_is_asked_for_again(cloud: Cloud) -> None:
    outcome = deploy(answers="25:00\n6:30\nnowhere\nUTC\nme\n\nmine\nnone\ny\n")

    assert outcome.exit_code == 0, outcome.err
    assert outcome.err.count("does not do: ") == 4
    assert parameters(cloud)["ArchiveMyPlaylists"] == "none"


def test_saying_it_again_asks_nothing_and_changes_nothing(deployed: Cloud) -> None:
    outcome = deploy()

    assert outcome.exit_code == 0, outcome.err
    assert "Nothing had to be changed" in outcome.out
    assert deployed.cloudformation.change_sets == {}


def test_new_code_is_shown_and_asked_for_but_no_question_comes_again(
    deployed: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeSam, "contents", b"Resources: {New: {}}")

    outcome = deploy(answers="y\n")

    assert outcome.exit_code == 0, outcome.err
    assert "Modify   ListerFunction (Lambda Function)" in outcome.err
    assert "Time of the daily run" not in outcome.err


def test_one_parameter_is_changed_and_the_others_stay(deployed: Cloud) -> None:
    before = parameters(deployed)

    assert deploy("--parameter", "FullReadEveryDays=7", "--yes").exit_code == 0

    assert parameters(deployed) == {**before, "FullReadEveryDays": "7"}
    known = recall(deployed.settings)
    assert known is not None
    assert known.parameters["FullReadEveryDays"] == "7"


def test_what_was_set_in_the_console_stays(deployed: Cloud) -> None:
    [schedule] = [
        it
        for it in deployed.cloudformation.stacks["playlist-archive"]["Parameters"]
        if it["ParameterKey"] == "ScheduleExpression"
    ]
    schedule["ParameterValue"] = "cron(0 9 * * ? *)"

    assert deploy().exit_code == 0
    assert parameters(deployed)["ScheduleExpression"] == "cron(0 9 * * ? *)"


def test_a_refusal_changes_nothing_and_leaves_no_stack(cloud: Cloud) -> None:
    outcome = deploy(answers=f"{ANSWERS}n\n")

    assert outcome.exit_code == 1
    assert outcome.err.splitlines()[-1] == "playlist-archive: nothing was changed"
    assert cloud.cloudformation.change_sets == {}
    assert cloud.cloudformation.stacks["playlist-archive"]["StackStatus"] == "DELETE_COMPLETE"
    assert recall(cloud.settings) is None


@pytest.mark.parametrize("answers", ["", "6:30\n", ANSWERS])
def test_answers_that_end_too_early_change_nothing(cloud: Cloud, answers: str) -> None:
    outcome = deploy(answers=answers)

    assert outcome.exit_code == 1
    assert outcome.err.splitlines()[-1].startswith("playlist-archive: nobody is here to answer")
    assert cloud.cloudformation.change_sets == {}
    assert recall(cloud.settings) is None


def test_without_a_dialogue_the_usual_answers_are_taken(cloud: Cloud) -> None:
    assert deploy("--yes").exit_code == 0
    assert parameters(cloud)["ScheduleExpression"] == "cron(0 4 * * ? *)"
    assert parameters(cloud)["AlarmEmail"] == ""


def test_it_says_whether_the_archive_may_read_spotify(deployed: Cloud) -> None:
    before = deploy()
    log_in(deployed)
    after = deploy()

    assert "playlist-archive login" in before.out
    assert "playlist-archive login" not in after.out


def log_in(cloud: Cloud) -> None:
    cloud.client("ssm").put_parameter(Name=PARAMETER, Value="{}", Type="SecureString")


def test_a_new_stack_starts_its_first_run_and_says_how_it_ended(cloud: Cloud) -> None:
    log_in(cloud)

    outcome = deploy("--yes")

    assert outcome.exit_code == 0, outcome.err
    assert cloud.runs == [DeployedStack("playlist-archive", REGION)]
    assert "The run has ended" in outcome.out
    assert "16 of 16" in outcome.out


def test_a_first_run_that_fails_ends_with_1_and_the_deployment_is_remembered(cloud: Cloud) -> None:
    log_in(cloud)
    cloud.first_run = RunEnd("2026-10-10T09:00:00Z", 0, failure="Spotify does not answer")

    outcome = deploy("--yes")

    assert outcome.exit_code == 1
    assert "Spotify does not answer" in outcome.out
    assert recall(cloud.settings) is not None


def test_before_an_import_no_run_is_started(cloud: Cloud) -> None:
    log_in(cloud)

    assert deploy("--yes", "--no-run").exit_code == 0
    assert cloud.runs == []


def test_without_a_login_no_run_is_started(cloud: Cloud) -> None:
    assert deploy("--yes").exit_code == 0
    assert cloud.runs == []


def test_a_change_starts_no_run(cloud: Cloud) -> None:
    log_in(cloud)
    deploy("--yes")
    deploy("--yes", "--parameter", "FullReadEveryDays=7")

    assert len(cloud.runs) == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--parameter", "Nonsense=1"], "the template has no parameter Nonsense"),
        (["--parameter", "AlarmEmail=nobody"], "AlarmEmail does not accept “nobody”"),
        (["--local"], "this is for a stack in AWS"),
        (["rubbish"], "rubbish"),
    ],
)
def test_wrong_use_is_one_line_before_anything_happens(
    cloud: Cloud, options: list[str], words: str
) -> None:
    outcome = deploy(*options, answers=ANSWERS)

    assert outcome.exit_code == 2
    assert words in outcome.err
    assert outcome.err.count("\n") == 1
    assert cloud.cloudformation.calls == []


def test_outside_of_a_checkout_it_says_what_it_needs(
    cloud: Cloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("playlist_archive_cli.checkout.is_checkout", lambda _: False)

    outcome = deploy()

    assert outcome.exit_code == 1
    assert "clone the repository" in outcome.err


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("UPDATE_IN_PROGRESS", "is being changed"),
        ("ROLLBACK_COMPLETE", "cannot be changed"),
        ("DELETE_FAILED", "cannot be changed"),
        ("UPDATE_ROLLBACK_FAILED", "cannot be changed"),
    ],
)
def test_a_stack_that_cannot_be_changed_now_says_so(
    deployed: Cloud, status: str, words: str
) -> None:
    deployed.cloudformation.stacks["playlist-archive"]["StackStatus"] = status

    outcome = deploy()

    assert outcome.exit_code == 1
    assert words in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_stack_of_another_kind_is_left_alone(deployed: Cloud) -> None:
    deployed.cloudformation.stacks["playlist-archive"]["Outputs"] = []

    outcome = deploy()

    assert outcome.exit_code == 1
    assert "no playlist archive" in outcome.err


def test_a_template_that_cloudformation_refuses_is_one_line(cloud: Cloud) -> None:
    cloud.cloudformation.refusal = "Parameters: [X] must have values"

    outcome = deploy("--yes")

    assert outcome.exit_code == 1
    assert outcome.err.splitlines()[-1] == (
        "playlist-archive: CloudFormation refuses the template: Parameters: [X] must have values"
    )


def test_a_deployment_that_fails_names_the_resource_that_failed_first(cloud: Cloud) -> None:
    cloud.cloudformation.failure = ("ListerRole", "not authorized to perform: iam:CreateRole")

    outcome = deploy("--yes")

    assert outcome.exit_code == 1
    assert outcome.err.splitlines()[-1].endswith(
        "ListerRole: not authorized to perform: iam:CreateRole"
    )


# The program `sam`.


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / ".venv/bin").mkdir(parents=True)
    return tmp_path


def a_program(checkout: Path, script: str) -> None:
    program = checkout / ".venv/bin/sam"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_without_sam_it_says_how_to_get_it(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))

    with pytest.raises(CommandError, match="make deploy"):
        Sam(checkout, DeployedStack("mine", REGION))


def test_a_build_that_fails_gives_the_reason_and_the_log(checkout: Path) -> None:
    a_program(checkout, "echo Building; echo 'Error: no pip'; echo 'Try again.'; exit 1")

    with pytest.raises(CommandError) as failed:
        Sam(checkout, DeployedStack("mine", REGION)).build()
    log = checkout / ".aws-sam/build.log"
    assert str(failed.value) == f"sam build failed; see {log}: Error: no pip"
    assert "Try again." in log.read_text()


@pytest.mark.parametrize("bucket", ["", "my-own"])
def test_the_code_is_uploaded_to_the_stack_s_region_with_its_credentials(
    checkout: Path, bucket: str
) -> None:
    a_program(
        checkout,
        'echo "$AWS_PROFILE $AWS_REGION $AWS_DEFAULT_REGION $@"\n'
        "echo 'Uri: s3://the-bucket/mine/1234' > .aws-sam/packaged.yaml",
    )

    package = Sam(checkout, DeployedStack("mine", REGION, "me")).package(bucket)

    said = (checkout / ".aws-sam/package.log").read_text()
    assert said.startswith(f"me {REGION} {REGION} package ")
    assert ("--s3-bucket my-own" if bucket else "--resolve-s3") in said
    assert "--s3-prefix mine" in said
    assert package.bucket == "the-bucket"


def test_a_package_without_any_code_is_an_error(checkout: Path) -> None:
    a_program(checkout, "echo 'Resources: {}' > .aws-sam/packaged.yaml")

    with pytest.raises(CommandError, match="uploaded nothing"):
        Sam(checkout, DeployedStack("mine", REGION)).package("")


# destroy


def fill(cloud: Cloud) -> None:
    s3 = cloud.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for number in range(3):
        s3.put_object(Bucket=BUCKET, Key="playlists/index.md", Body=f"{number}".encode())
    s3.put_object(Bucket=BUCKET, Key="registry/x", Body=b"")
    s3.delete_object(Bucket=BUCKET, Key="registry/x")
    s3.put_object(Bucket=CODE_BUCKET, Key="another-stack/code.zip", Body=b"")
    log_in(cloud)


def has_credentials(cloud: Cloud) -> bool:
    found = cloud.client("ssm").describe_parameters()["Parameters"]
    return [it["Name"] for it in found] == [PARAMETER]


@pytest.mark.parametrize("options", [[], ["--erase"]])
def test_without_the_stack_s_name_nothing_is_deleted(deployed: Cloud, options: list[str]) -> None:
    fill(deployed)

    outcomes = [
        destroy(*options, answers=answers)
        for answers in ("", "\n", "y\n", "yes\n", "Playlist-Archive\n", "other\n")
    ]

    assert {outcome.exit_code for outcome in outcomes} == {1}
    assert deployed.cloudformation.stacks["playlist-archive"]["StackStatus"] == "CREATE_COMPLETE"
    assert len(deployed.list_versions(BUCKET)) == 5


def test_it_says_what_stays_and_leaves_it(deployed: Cloud) -> None:
    fill(deployed)

    outcome = destroy(answers="playlist-archive\n")

    assert outcome.exit_code == 0, outcome.err
    asked = outcome.err.index("write the stack's name")
    assert -1 < outcome.err.index("What stays:") < outcome.err.index(BUCKET) < asked
    assert deployed.cloudformation.stacks["playlist-archive"]["StackStatus"] == "DELETE_COMPLETE"
    assert len(deployed.list_versions(BUCKET)) == 5
    assert has_credentials(deployed)
    assert BUCKET in outcome.out


def test_the_code_of_this_stack_alone_goes_with_it(deployed: Cloud) -> None:
    fill(deployed)

    destroy(answers="playlist-archive\n")

    assert deployed.list_versions(CODE_BUCKET) == ["another-stack/code.zip"]


def test_erasing_asks_twice(deployed: Cloud) -> None:
    fill(deployed)

    outcome = destroy("--erase", answers="playlist-archive\n\n")

    assert outcome.exit_code == 1
    assert len(deployed.list_versions(BUCKET)) == 5
    assert deployed.cloudformation.stacks["playlist-archive"]["StackStatus"] == "CREATE_COMPLETE"


def test_erasing_leaves_nothing_of_this_archive_and_all_else(deployed: Cloud) -> None:
    fill(deployed)

    outcome = destroy("--erase", answers="playlist-archive\nplaylist-archive\n")

    assert outcome.exit_code == 0, outcome.err
    assert deployed.buckets == {CODE_BUCKET, "somebody-else-s"}
    assert not has_credentials(deployed)
    assert recall(deployed.settings) is None


def test_what_was_kept_can_be_erased_later(deployed: Cloud) -> None:
    fill(deployed)
    destroy(answers="playlist-archive\n")

    refused = destroy("--erase", answers="other\n")
    assert refused.exit_code == 1
    assert len(deployed.list_versions(BUCKET)) == 5

    assert destroy("--erase", answers="playlist-archive\n").exit_code == 0
    assert deployed.buckets == {CODE_BUCKET, "somebody-else-s"}
    assert not has_credentials(deployed)


def test_a_deployment_after_that_asks_nothing_and_leaves_time_to_take_the_archive_over(
    cloud: Cloud,
) -> None:
    log_in(cloud)
    remember(
        cloud.settings,
        Deployment(
            "playlist-archive",
            REGION,
            parameters={
                "ScheduleExpression": "cron(0 9 * * ? *)",
                "ScheduleTimezone": "UTC",
                "AlarmEmail": "",
                "ArchiveMyPlaylists": "all",
            },
            kept_bucket="the-old-bucket",
        ),
    )

    outcome = deploy(answers="y\n")

    assert outcome.exit_code == 0, outcome.err
    assert parameters(cloud)["ArchiveMyPlaylists"] == "all"
    assert "still in the bucket the-old-bucket" in outcome.err
    assert "playlist-archive backup DIR --bucket the-old-bucket" in outcome.err
    assert cloud.runs == []


@pytest.mark.parametrize("options", [[], ["--erase"]])
def test_destroying_another_stack_leaves_the_remembered_one_remembered(
    deployed: Cloud, options: list[str]
) -> None:
    mine = Deployment("mine", REGION)
    remember(deployed.settings, mine)

    outcome = destroy(*("--stack", "playlist-archive", *options), answers="playlist-archive\n" * 2)

    assert outcome.exit_code == 0, outcome.err
    assert recall(deployed.settings) == mine


def test_a_stack_that_is_not_deleted_as_a_whole_keeps_the_archive(deployed: Cloud) -> None:
    fill(deployed)
    deployed.cloudformation.stuck = ("ListerRole", "it is in use")

    outcome = destroy("--erase", answers="playlist-archive\nplaylist-archive\n")

    assert outcome.exit_code == 1
    assert outcome.err.splitlines()[-1].endswith("(DELETE_FAILED): ListerRole: it is in use")
    assert len(deployed.list_versions(BUCKET)) == 5


@pytest.mark.parametrize(
    ("options", "exit_code", "words"),
    [
        (["--stack", "other"], 1, "the stack other in eu-central-1 does not exist"),
        (["--stack", "other", "--erase"], 1, "the stack other in eu-central-1 does not exist"),
        (["--local"], 2, "this is for a stack in AWS"),
        (["rubbish"], 2, "rubbish"),
    ],
)
def test_a_stack_that_is_none_is_one_line(
    deployed: Cloud, options: list[str], exit_code: int, words: str
) -> None:
    outcome = destroy(*options, answers="other\nother\n")

    assert outcome.exit_code == exit_code
    assert words in outcome.err
    assert outcome.err.count("\n") == 1
    assert deployed.cloudformation.stacks["playlist-archive"]["StackStatus"] == "CREATE_COMPLETE"


def test_a_stack_of_another_kind_is_not_deleted(deployed: Cloud) -> None:
    stack = deployed.cloudformation.stacks["playlist-archive"]
    stack["_resources"] = {"Site": "AWS::S3::Bucket"}

    outcome = destroy(answers="playlist-archive\n")

    assert outcome.exit_code == 1
    assert "no playlist archive" in outcome.err
    assert stack["StackStatus"] == "CREATE_COMPLETE"
