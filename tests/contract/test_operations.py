"""Log lines, metrics, alarms and the dashboard match what the functions really send."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from playlist_archive.documents.keys import SPOTIFY_STATE, snapshot_key
from playlist_archive.documents.messages import Outcome, encode_message
from playlist_archive.errors import AuthorizationError, SpotifyParkedError
from playlist_archive.ports.credentials import Credentials
from tests.support.builders import DAY, OTHER, PLAYLIST, RUN, a_header, a_library, a_reading
from tests.support.handlers import STACK, Handlers, load_event, resolve, snapshot_created, sqs_event
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

type Line = dict[str, Any]
type Metric = tuple[str, str, frozenset[tuple[str, str]]]


def printed(capsys: pytest.CaptureFixture[str]) -> list[Line]:
    """Return every printed line, decoded from JSON."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def measured(lines: list[Line], metric: str) -> list[float]:
    return [value for line in lines if "_aws" in line for value in line.get(metric, ())]


def metrics_in(lines: list[Line]) -> Iterator[Metric]:
    """Yield the metrics that CloudWatch finds in the lines (CloudWatch: Embedded metric format)."""
    for line in lines:
        for directive in line.get("_aws", {}).get("CloudWatchMetrics", ()):
            for names in directive["Dimensions"]:
                dimensions = frozenset((name, line[name]) for name in names)
                for metric in directive["Metrics"]:
                    yield directive["Namespace"], metric["Name"], dimensions


@pytest.fixture
def sent(handlers: Handlers, capsys: pytest.CaptureFixture[str]) -> set[Metric]:
    """Return every metric that the functions send."""
    handlers.spotify.stored_credentials = LOGGED_IN
    handlers.spotify.library = a_library()
    for function, event in (
        ("lister", "schedule-daily-run.json"),
        ("fetcher", "fetch-batch.json"),
        ("renderer", "render-request.json"),
        ("indexer", "outcomes.json"),
    ):
        handlers.handle(function, event)
    return set(metrics_in(printed(capsys)))


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


def test_successful_checks_and_playlists_that_fail_are_counted(
    handlers: Handlers, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers.handle("indexer", "outcomes.json")
    lines = printed(capsys)
    bodies = [json.loads(record["body"]) for record in load_event("outcomes.json")["Records"]]
    statuses = Counter(body.get("status") for body in bodies)

    assert measured(lines, "PlaylistsChecked") == [statuses["ok"]]
    assert measured(lines, "PlaylistsFailing") == [statuses["not_found"]]


def test_the_days_until_the_authorisation_ends_are_measured(
    handlers: Handlers, capsys: pytest.CaptureFixture[str]
) -> None:
    handlers.spotify.stored_credentials = LOGGED_IN
    handlers.spotify.library = a_library()
    handlers.handle("lister", {"time": THE_RUN})

    assert measured(printed(capsys), "AuthorizationDaysLeft") == [34]


@pytest.mark.parametrize("credentials", [LOGGED_IN, Credentials("id", "secret", "refresh")])
def test_a_refused_authorisation_has_no_days_left(
    handlers: Handlers, capsys: pytest.CaptureFixture[str], credentials: Credentials
) -> None:
    handlers.spotify.stored_credentials = credentials
    handlers.spotify.stop = AuthorizationError("Spotify's authorisation was revoked: log in again")
    handlers.handle("lister", {"time": THE_RUN})

    assert measured(printed(capsys), "AuthorizationDaysLeft") == [0]


def test_the_indexer_measures_requests_and_pauses(
    handlers: Handlers, capsys: pytest.CaptureFixture[str]
) -> None:
    state = {
        "schema": 1,
        "not_before": f"{RUN + DAY:%Y-%m-%dT%H:%M:%SZ}",
        "parked_at": THE_RUN,
        "parked_since": f"{RUN - 30 * DAY / 24:%Y-%m-%dT%H:%M:%SZ}",
        "requests": {THE_RUN: 40, f"{RUN - 2 * DAY:%Y-%m-%dT%H:%M:%SZ}": 7},
    }
    handlers.pipeline.bucket.objects[SPOTIFY_STATE] = json.dumps(state).encode()
    outcome = Outcome(playlist_id=PLAYLIST, run=RUN, at=RUN, status="deferred")
    handlers.handle("indexer", sqs_event([encode_message(outcome)]))
    lines = printed(capsys)

    assert measured(lines, "HoursParked") == [30]
    assert measured(lines, "RequestsWithinADay") == [40]


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


def is_sent(metric: Metric, sent: set[Metric]) -> bool:
    """Whether the functions send a metric, or AWS does for a queue or function of the template."""
    namespace, name, dimensions = metric
    if namespace not in OF_AWS:
        return metric in sent
    of_resources = {
        "AWS/SQS": {frozenset({("QueueName", f"${{{it}.QueueName}}")}) for it in QUEUES},
        "AWS/Lambda": {frozenset({("FunctionName", f"${{{it}}}")}) for it in FUNCTION_IDS},
    }
    return name in OF_AWS[namespace] and dimensions in of_resources[namespace]


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_watches_a_metric_that_is_sent(name: str, sent: set[Metric]) -> None:
    assert is_sent(metric_of(ALARMS[name]), sent)


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


def test_an_alarm_sounds_when_nothing_was_checked_for_26_hours() -> None:
    alarm = watching("PlaylistsChecked")["indexer"]

    assert alarm["Period"] * alarm["EvaluationPeriods"] == 26 * 3600
    assert alarm["TreatMissingData"] == "breaching"


def test_alarms_sound_a_month_before_the_authorisation_ends_and_when_it_has_ended() -> None:
    alarms = [ALARMS[f"Authorization{name}Alarm"]["Properties"] for name in ("Ends", "Ended")]

    assert {alarm["MetricName"] for alarm in alarms} == {"AuthorizationDaysLeft"}
    assert {alarm["Statistic"] for alarm in alarms} == {"Minimum"}
    assert {alarm["ComparisonOperator"] for alarm in alarms} == {"LessThanOrEqualToThreshold"}
    assert [alarm["Threshold"] for alarm in alarms] == [30, 0]


def test_an_alarm_sounds_for_every_dead_letter_queue() -> None:
    watched = watching("ApproximateNumberOfMessagesVisible")

    assert set(watched) == {name for name in QUEUES if "DeadLetter" in name}
    assert {alarm["Threshold"] for alarm in watched.values()} == {0}


@pytest.mark.parametrize("metric", ["Errors", "RecursiveInvocationsDropped"])
def test_an_alarm_sounds_when_a_function_fails_or_is_taken_for_a_loop(metric: str) -> None:
    watched = watching(metric)

    assert set(watched) == FUNCTION_IDS
    assert {(alarm["Statistic"], alarm["Threshold"]) for alarm in watched.values()} == {("Sum", 0)}


def test_an_alarm_sounds_before_a_waiting_message_is_lost_but_not_for_a_pause_of_a_day() -> None:
    watched = watching("ApproximateAgeOfOldestMessage")
    thresholds = {name: alarm["Threshold"] for name, alarm in watched.items()}

    assert set(thresholds) == {"FetchQueue", "RenderQueue", "OutcomeQueue"}
    for name, threshold in thresholds.items():
        assert threshold < RESOURCES[name]["Properties"]["MessageRetentionPeriod"] / 2
    assert thresholds["FetchQueue"] > timedelta(days=1).total_seconds()


def test_alarms_on_rare_metrics_keep_their_state_without_data() -> None:
    for metric in ("HoursParked", "AuthorizationDaysLeft"):
        assert {alarm["TreatMissingData"] for alarm in watching(metric).values()} == {"ignore"}
    assert watching("HoursParked")["indexer"]["Threshold"] == 24


def test_without_an_address_there_are_no_more_alarms_than_are_free() -> None:
    conditions = Counter(alarm.get("Condition") for alarm in ALARMS.values())

    assert set(conditions) == {None, "HasAlarmEmail"}
    assert conditions[None] <= 10


def test_alarms_are_mailed_where_there_is_an_address() -> None:
    topic = {"Ref": "AlarmTopic"}
    actions = [
        alarm["Properties"]["AlarmActions"]
        if "Condition" in alarm
        else alarm["Properties"]["AlarmActions"]["Fn::If"]
        for alarm in ALARMS.values()
    ]

    assert RESOURCES["AlarmTopic"]["Condition"] == "HasAlarmEmail"
    assert all(
        action in ([topic], ["HasAlarmEmail", [topic], {"Ref": "AWS::NoValue"}])
        for action in actions
    )


def test_metrics_are_the_stack_s_own_and_no_more_than_are_free(sent: set[Metric]) -> None:
    assert {namespace for namespace, _, _ in sent} == {f"PlaylistArchive/{STACK}"}
    assert {name for _, _, dimensions in sent for name, _ in dimensions} == {"service"}
    assert 0 < len(sent) <= 10


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


def test_the_dashboard_shows_metrics_that_are_sent(
    widgets: list[dict[str, Any]], sent: set[Metric]
) -> None:
    metrics = [metric for widget in widgets for metric in shown(widget)]

    assert metrics
    assert [metric for metric in metrics if not is_sent(metric, sent)] == []


def test_the_dashboard_shows_all_that_is_sent_and_all_that_alarms_watch(
    widgets: list[dict[str, Any]], sent: set[Metric]
) -> None:
    metrics = {metric for widget in widgets for metric in shown(widget)}

    assert sent <= metrics
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
    assert RESOURCES["Dashboard"]["Properties"]["DashboardName"] == {
        "Fn::Sub": "${AWS::StackName}-${AWS::Region}"
    }


def test_every_alarm_and_every_metric_is_explained(sent: set[Metric]) -> None:
    page = (TEMPLATE.parent / "docs" / "operations.md").read_text(encoding="utf-8")
    names = ALARMS.keys() | {name for _, name, _ in sent}

    assert {name for name in names if f"`{name}`" not in page} == set()
    explained = set(re.findall(r"`(\w+Alarm)`", page))
    assert explained - ALARMS.keys() == set()
