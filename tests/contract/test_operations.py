"""Log lines, metrics, alarms and the dashboard match what the functions really send."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from playlist_archive.documents import alerts
from playlist_archive.documents.keys import snapshot_key
from playlist_archive.errors import SpotifyParkedError
from playlist_archive.ports.credentials import Credentials
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header, a_library, a_reading
from tests.support.handlers import Handlers, load_event, resolve, snapshot_created, sqs_event
from tools.template import TEMPLATE, load_source

pytestmark = pytest.mark.contract

FUNCTIONS = ("lister", "fetcher", "renderer", "indexer")
THE_RUN = "2026-10-01T04:00:00Z"
LOGGED_IN = Credentials("id", "secret", "refresh", RUN - 150 * DAY)

RESOURCES: dict[str, dict[str, Any]] = load_source()["Resources"]
ALARMS = {
    name: resource
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}
QUEUES = {name for name, it in RESOURCES.items() if it["Type"] == "AWS::SQS::Queue"}
FUNCTION_IDS = {f"{name.capitalize()}Function" for name in FUNCTIONS}
# AWS: Available CloudWatch metrics for Amazon SQS; Types of metrics for Lambda functions.
OF_AWS = {
    "AWS/SQS": {
        "ApproximateAgeOfOldestMessage",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesVisible",
    },
    "AWS/Lambda": {"Duration", "Errors", "Invocations", "RecursiveInvocationsDropped"},
}

ALERTS = {
    *(alerts.CONSENT, alerts.FAILURE, alerts.STANDSTILL, alerts.PAUSE),
    *(alerts.WAITING, alerts.DAMAGED, alerts.BEHIND),
    *(alerts.PLAYLIST.rstrip("/"), alerts.PROBLEM.rstrip("/")),
}

type Line = dict[str, Any]
type Metric = tuple[str, str, frozenset[tuple[str, str]]]


def printed(capsys: pytest.CaptureFixture[str]) -> list[Line]:
    """Return every printed line, decoded from JSON."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def run_once(handlers: Handlers) -> None:
    """Pass one run through all four functions, with two playlists of the same name."""
    listed = {playlist_id: a_header(playlist_id=playlist_id) for playlist_id in (PLAYLIST, OTHER)}
    handlers.spotify.stored_credentials = LOGGED_IN
    handlers.spotify.library = a_library(*listed.items())
    handlers.spotify.playlists = {
        playlist_id: a_reading(1, 2)._replace(header=header)
        for playlist_id, header in listed.items()
    }
    pipeline = handlers.pipeline
    handlers.handle("lister", {"time": THE_RUN})
    handlers.handle("fetcher", sqs_event(pipeline.fetch_queue.take()))
    snapshots = [snapshot_created(snapshot_key(playlist_id, RUN)) for playlist_id in listed]
    handlers.handle("renderer", sqs_event(snapshots))
    handlers.handle("indexer", sqs_event(pipeline.outcome_queue.take()))
    handlers.handle("renderer", sqs_event(pipeline.render_queue.take()))


def test_a_run_is_found_in_the_lines_of_all_functions_and_beside_its_snapshots(
    handlers: Handlers, capsys: pytest.CaptureFixture[str]
) -> None:
    run_once(handlers)
    lines = Counter(
        (line["service"], line["message"], line["run"])
        for line in printed(capsys)
        if "message" in line
    )

    assert lines == {
        ("lister", "run started", THE_RUN): 1,
        ("fetcher", "playlist checked", THE_RUN): 2,
        ("fetcher", "batch fetched", THE_RUN): 1,
        ("renderer", "pages rendered", THE_RUN): 3,
        ("renderer", "batch rendered", THE_RUN): 2,
        ("indexer", "report merged", THE_RUN): 1,
        ("indexer", "outcome merged", THE_RUN): 4,  # two playlists wait, and then are read
        ("indexer", "pages followed", THE_RUN): 2,
        ("indexer", "catalog merged", THE_RUN): 1,
    }
    snapshots = [key for key in handlers.pipeline.bucket.objects if key.startswith("snapshots/")]
    assert [handlers.pipeline.bucket.metadata[key] for key in snapshots] == [{"run": THE_RUN}] * 2


@pytest.mark.parametrize(
    ("function", "event", "messages"),
    [
        ("lister", {"rebuild": "all"}, {"rebuild started": 1}),
        ("lister", "registry-object-created.json", {"entry changed": 1, "registry changed": 1}),
        ("fetcher", "fetch-batch.json", {"playlist checked": 2, "batch fetched": 1}),
        (
            "fetcher",
            "fetch-batch-poison.json",
            {"message set aside": 1, "playlist checked": 1, "batch fetched": 1},
        ),
        ("renderer", "s3-test-event.json", {"pages rendered": 1, "batch rendered": 1}),
        ("renderer", sqs_event(["{"]), {"message comes again": 1, "batch rendered": 1}),
        ("indexer", sqs_event(["{"]), {"message set aside": 1, "catalog merged": 1}),
    ],
)
def test_an_invocation_and_each_record_have_one_line(
    handlers: Handlers,
    capsys: pytest.CaptureFixture[str],
    function: str,
    event: str | dict[str, Any],
    messages: dict[str, int],
) -> None:
    handlers.handle(function, event)

    assert Counter(line["message"] for line in printed(capsys) if "message" in line) == messages


def test_the_log_of_a_failed_message_names_its_run_and_the_reason(
    handlers: Handlers, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers.spotify.stop = SpotifyParkedError("Spotify asked to wait", RUN + DAY)
    handlers.handle("fetcher", "fetch-batch.json")
    [again, summary] = printed(capsys)
    run, playlist_id = described(load_event("fetch-batch.json")["Records"][0])

    assert (again["message"], again["run"], again["playlist_id"]) == (
        "message comes again",
        run,
        playlist_id,
    )
    assert "Spotify asked to wait" in again["exception"]
    assert (summary["run"], summary["unread"]) == (run, summary["messages"])


def described(record: dict[str, str]) -> tuple[str, str]:
    body = json.loads(record["body"])
    return body["run"], body["playlist_id"]


def test_a_superseded_message_has_a_line_of_its_own_run(
    handlers: Handlers, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers.spotify.start_run(datetime.fromisoformat("2027-01-01T04:00:00Z"))
    handlers.handle("fetcher", "fetch-batch.json")
    records = load_event("fetch-batch.json")["Records"]
    [*lines, _] = printed(capsys)

    assert [(line["run"], line["playlist_id"]) for line in lines] == [*map(described, records)]


def spell(value: Any) -> str:
    """Return a dimension's value; a reference becomes `${...}`, as on the dashboard."""
    match value:
        case {"Ref": name}:
            return f"${{{name}}}"
        case {"Fn::GetAtt": [name, attribute]}:
            return f"${{{name}.{attribute}}}"
    return resolve(value)


def metric_of(alarm: dict[str, Any]) -> Metric:
    properties = alarm["Properties"]
    dimensions = frozenset((it["Name"], spell(it["Value"])) for it in properties["Dimensions"])
    return resolve(properties["Namespace"]), properties["MetricName"], dimensions


def is_sent(metric: Metric) -> bool:
    """Whether AWS sends a metric by itself, for a queue or a function of the template."""
    namespace, name, dimensions = metric
    of_resources = {
        "AWS/SQS": {frozenset({("QueueName", f"${{{it}.QueueName}}")}) for it in QUEUES},
        "AWS/Lambda": {frozenset({("FunctionName", f"${{{it}}}")}) for it in FUNCTION_IDS},
    }
    return name in OF_AWS.get(namespace, ()) and dimensions in of_resources[namespace]


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_a_metric_that_costs_nothing(name: str) -> None:
    assert is_sent(metric_of(ALARMS[name]))


def test_no_two_alarms_watch_the_same() -> None:
    watched = Counter(
        (metric_of(alarm), alarm["Properties"]["Threshold"]) for alarm in ALARMS.values()
    )

    assert set(watched.values()) == {1}


def watching(metric: str) -> dict[str, dict[str, Any]]:
    """Return the properties of the alarms on a metric, by the resource or service they watch."""
    return {
        re.sub(r"[${}]|\.QueueName", "", value): alarm["Properties"]
        for alarm in ALARMS.values()
        for namespace, name, dimensions in [metric_of(alarm)]
        for _, value in dimensions
        if name == metric
    }


def test_an_alarm_sounds_when_nothing_was_invoked_for_26_hours() -> None:
    alarm = watching("Invocations")["IndexerFunction"]

    assert alarm["Period"] * alarm["EvaluationPeriods"] == 26 * 3600
    assert alarm["EvaluationPeriods"] == alarm["DatapointsToAlarm"]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert alarm["TreatMissingData"] == "breaching"


def test_an_alarm_sounds_for_every_dead_letter_queue() -> None:
    watched = watching("ApproximateNumberOfMessagesVisible")

    assert set(watched) == {name for name in QUEUES if "DeadLetter" in name}
    assert {alarm["Threshold"] for alarm in watched.values()} == {0}


def test_an_alarm_sounds_when_the_function_fails_that_tells_everything_else() -> None:
    watched = watching("Errors")

    assert set(watched) == {"IndexerFunction"}
    assert {(alarm["Statistic"], alarm["Threshold"]) for alarm in watched.values()} == {("Sum", 0)}


def test_there_are_no_more_alarms_than_the_price_allows_and_none_depends_on_an_address() -> None:
    assert len(ALARMS) == 6
    assert not [name for name, alarm in ALARMS.items() if "Condition" in alarm]


def test_alarms_are_mailed_where_there_is_an_address() -> None:
    mailed = {"Fn::If": ["HasAlarmEmail", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}

    assert RESOURCES["AlarmTopic"]["Condition"] == "HasAlarmEmail"
    assert all(alarm["Properties"]["AlarmActions"] == mailed for alarm in ALARMS.values())


@pytest.fixture(scope="module")
def widgets() -> list[dict[str, Any]]:
    """Return the dashboard's widgets; a reference to a resource stays `${...}`."""
    [dashboard] = [
        it["Properties"] for it in RESOURCES.values() if it["Type"] == "AWS::CloudWatch::Dashboard"
    ]
    parameters = {"DailyRequestBudget": "600", "AWS::Region": "eu-central-1"}
    body = resolve(dashboard["DashboardBody"])
    for name, value in parameters.items():
        body = body.replace(f"${{{name}}}", value)
    found: list[dict[str, Any]] = json.loads(body)["widgets"]
    return found


def shown(widget: dict[str, Any]) -> Iterator[Metric]:
    for namespace, name, dimension, value, *_ in widget["properties"]["metrics"]:
        yield namespace, name, frozenset({(dimension, value)})


def test_the_dashboard_shows_metrics_that_are_sent(widgets: list[dict[str, Any]]) -> None:
    metrics = [metric for widget in widgets for metric in shown(widget)]

    assert metrics
    assert [metric for metric in metrics if not is_sent(metric)] == []


def test_the_dashboard_shows_all_that_alarms_watch(widgets: list[dict[str, Any]]) -> None:
    metrics = {metric for widget in widgets for metric in shown(widget)}

    assert set(map(metric_of, ALARMS.values())) <= metrics


def test_the_dashboard_s_widgets_fit_beside_one_another(widgets: list[dict[str, Any]]) -> None:
    cells = Counter(
        (column, row)
        for widget in widgets
        for column in range(widget["x"], widget["x"] + widget["width"])
        for row in range(widget["y"], widget["y"] + widget["height"])
    )

    assert set(cells.values()) == {1}
    assert max(column for column, _ in cells) < 24


def test_dashboards_of_two_stacks_or_two_regions_do_not_collide() -> None:
    """A dashboard's name is unique in the account, across all regions."""
    assert RESOURCES["ArchiveDashboard"]["Properties"]["DashboardName"] == {
        "Fn::Sub": "${AWS::StackName}-${AWS::Region}"
    }


PAGE = (TEMPLATE.parent / "docs" / "operations.md").read_text(encoding="utf-8")
# What stood in the template when the functions still measured for the alarms.
FORMER_ALARMS = {
    "NothingCheckedAlarm",
    "AuthorizationEndsAlarm",
    "AuthorizationEndedAlarm",
    "ParkedAlarm",
    "FetchAgeAlarm",
    "RenderAgeAlarm",
    "OutcomeAgeAlarm",
    *(f"{name.capitalize()}{kind}Alarm" for name in FUNCTIONS for kind in ("Errors", "Recursion")),
} - {"IndexerErrorsAlarm"}


def test_every_alarm_is_explained() -> None:
    alarms = PAGE.partition("## Alarms")[2].partition("\n## ")[0].partition("\n### ")[0]

    assert set(re.findall(r"`(\w+Alarm)`", alarms)) == ALARMS.keys()


def former_alarms() -> dict[str, tuple[str, str]]:
    """Return for each former alarm what tells it now, and the tests that show it."""
    table = PAGE.partition("### Former alarms")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+?) \| .+? \| (.+?) \| (.+?) \|$", table, re.MULTILINE)
    return {
        name: (tells, tests)
        for names, tells, tests in rows
        for name in re.findall(r"`(\w+)`", names)
    }


def test_what_every_former_alarm_told_is_told_by_something_and_a_test_shows_it() -> None:
    former = former_alarms()

    assert former.keys() == FORMER_ALARMS
    for name, (tells, tests) in former.items():
        told_by = set(re.findall(r"`(\w+)`", tells))
        assert told_by, name
        assert told_by <= ALARMS.keys() | ALERTS, name
        found = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", tests)
        assert found, name
        for path, test in found:
            assert f"def {test}(" in (TEMPLATE.parent / path).read_text(encoding="utf-8"), test
