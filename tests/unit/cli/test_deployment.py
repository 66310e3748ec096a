"""What the template's parameters accept, and what the answers to the questions become."""

import re
from datetime import time as time_of_day
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playlist_archive_cli.deployment.questions import (
    find_timezone,
    parse_time,
    parse_timezone,
    questions,
)
from playlist_archive_cli.deployment.stack import Change, count_kinds
from playlist_archive_cli.deployment.template import parse_assignments, read_parameters
from playlist_archive_cli.errors import CommandError, WrongUseError
from playlist_archive_cli.verbs.deploy import choices, tell_changes
from tools.template import TEMPLATE, load_source

pytestmark = pytest.mark.unit

PARAMETERS = read_parameters(TEMPLATE)


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("AlarmEmail", "write Name=value"),
        ("=x", "no parameter "),
        ("Nonsense=1", "no parameter Nonsense, only: AlarmEmail, "),
        ("AlarmEmail=nobody", "AlarmEmail does not accept “nobody”: write an e-mail address"),
        ("ArchiveMyPlaylists=mine", "one of owned, all, none"),
        ("IndexWindowSeconds=301", "a whole number from 0 to 300"),
        ("IndexWindowSeconds=ten", "a whole number from 0 to 300"),
        ("IndexWindowSeconds=", "a whole number from 0 to 300"),
        ("IndexWindowSeconds=١", "a whole number"),  # noqa: RUF001 -- an Arabic digit
        ("DailyRequestBudget=-1", "a whole number of at least 0"),
        ("LogRetentionDays=2", "one of 1, 3, 5"),
        ("ScheduleExpression=04:00", "an EventBridge Scheduler expression"),
        ("CredentialsParameter=spotify", "beginning with a slash"),
    ],
)
def test_a_parameter_that_the_template_does_not_accept_is_refused_with_what_it_does(
    assignment: str, words: str
) -> None:
    with pytest.raises(WrongUseError) as refused:
        parse_assignments([assignment], PARAMETERS)
    assert words in str(refused.value)


def test_a_parameter_that_is_set_twice_is_refused() -> None:
    with pytest.raises(WrongUseError, match="twice"):
        parse_assignments(["AlarmEmail=", "AlarmEmail=me@example.com"], PARAMETERS)


def test_a_value_may_hold_spaces_and_equals_signs() -> None:
    assert parse_assignments(["ScheduleExpression=cron(0 4 ? * MON=1 *)"], PARAMETERS) == {
        "ScheduleExpression": "cron(0 4 ? * MON=1 *)"
    }


def test_every_parameter_accepts_its_own_default() -> None:
    assert PARAMETERS.keys() == load_source()["Parameters"].keys()
    assert [name for name, one in PARAMETERS.items() if not one.accepts(str(one.default))] == []


@pytest.mark.parametrize("contents", [None, b"Resources: {}", b"Parameters: 5", b"a: [", b"\xff"])
def test_a_template_that_cannot_be_read_is_named(tmp_path: Path, contents: bytes | None) -> None:
    template = tmp_path / "template.yaml"
    if contents is not None:
        template.write_bytes(contents)

    with pytest.raises(CommandError, match=r"template\.yaml cannot be read"):
        read_parameters(template)


@pytest.mark.parametrize("text", ["", "4", "24:00", "12:60", "4 pm", "04:00:00", "-1:00"])
def test_a_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(WrongUseError, match="04:00"):
        parse_time(text)


@given(st.times())
def test_a_time_becomes_a_schedule_that_the_template_accepts(time: time_of_day) -> None:
    schedule = parse_time(f"{time:%H:%M}")

    assert schedule == f"cron({time.minute} {time.hour} * * ? *)"
    assert PARAMETERS["ScheduleExpression"].accepts(schedule)


@pytest.mark.parametrize("text", ["", "Berlin", "CEST", "../UTC", "Europe"])
def test_a_time_zone_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(WrongUseError, match="Europe/Berlin"):
        parse_timezone(text)


@pytest.mark.parametrize("text", ["Europe/Berlin", " europe/berlin ", "EUROPE/BERLIN"])
def test_a_time_zone_is_found_however_it_is_written(text: str) -> None:
    assert parse_timezone(text) == "Europe/Berlin"


def test_the_time_zone_of_this_machine_is_proposed(tmp_path: Path) -> None:
    linked = tmp_path / "localtime"
    linked.symlink_to("/usr/share/zoneinfo/Europe/Paris")

    assert find_timezone({"TZ": ":America/New_York"}, linked) == "America/New_York"
    assert find_timezone({}, linked) == "Europe/Paris"
    assert find_timezone({"TZ": "CET-1CEST"}, tmp_path / "absent") == "UTC"


def test_every_question_has_a_default_that_its_parameter_accepts() -> None:
    for one in questions(PARAMETERS, "Europe/Berlin"):
        assert PARAMETERS[one.parameter].accepts(one.parse(one.default))


@pytest.mark.parametrize(
    ("parameter", "answer"), [("AlarmEmail", "me"), ("ArchiveMyPlaylists", "mine")]
)
def test_an_answer_that_the_template_does_not_accept_is_refused(
    parameter: str, answer: str
) -> None:
    [asked] = [one for one in questions(PARAMETERS, "UTC") if one.parameter == parameter]

    with pytest.raises(WrongUseError, match="write "):
        asked.parse(answer)


def test_the_costs_are_those_of_the_readme() -> None:
    readme = (TEMPLATE.parent / "README.md").read_text(encoding="utf-8")
    asked = " ".join(line for one in questions(PARAMETERS, "UTC") for line in one.why)

    [hundred] = re.findall(r"\$([\d.]+) beyond AWS's permanent free tier", readme)
    assert 0.25 < float(hundred) < 0.75
    assert "A hundred playlists cost about half a dollar a month" in asked


def test_answers_and_what_is_not_as_usual_are_remembered() -> None:
    values = {name: str(one.default) for name, one in PARAMETERS.items()}

    assert choices(PARAMETERS, {**values, "FullReadEveryDays": "7"}) == {
        "ScheduleExpression": "cron(0 4 * * ? *)",
        "ScheduleTimezone": "UTC",
        "AlarmEmail": "",
        "ArchiveMyPlaylists": "owned",
        "FullReadEveryDays": "7",
    }


def test_a_change_of_some_resources_names_each_and_the_parameters_that_differ() -> None:
    changes = [Change("Modify", "ListerFunction", "Lambda Function")]

    assert tell_changes(changes, {"A": "1", "B": "2"}, {"A": "1", "B": ""}) == [
        "",
        "This would change:",
        "  Modify   ListerFunction (Lambda Function)",
        "With these parameters:",
        "  B = (empty)",
    ]


def test_what_is_new_is_counted_by_kind() -> None:
    changes = [Change("Add", name, kind) for name, kind in (("A", "x"), ("B", "y"), ("C", "y"))]

    assert count_kinds(changes) == [("y", 2), ("x", 1)]
    assert tell_changes(changes, {}, {})[1:] == ["This would be created:", "    2  y", "    1  x"]
