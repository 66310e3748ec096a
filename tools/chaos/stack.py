"""The template's functions, queues and notifications, which the simulation follows."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.template import load_source

_ID = "simulated"


@dataclass(frozen=True)
class QueueShape:
    """A queue; a message goes to `dead_letters` after more than `most_receives` receives."""

    name: str
    fifo: bool
    visibility_seconds: int
    retention_seconds: int
    dead_letters: str = ""
    most_receives: int = 0


@dataclass(frozen=True)
class Mapped:
    """A function's event source; `at_once` is the number of concurrent batches."""

    queue: str
    batch_size: int
    window_seconds: int
    at_once: int


@dataclass(frozen=True)
class FunctionShape:
    name: str
    timeout_seconds: int
    environment: dict[str, str]
    source: Mapped | None = None
    retries: int = 0
    longest_age_seconds: int = 0
    dead_letters: str = ""


@dataclass(frozen=True)
class Notification:
    """A notification of the bucket; `target` is a queue or a function."""

    event: str
    prefix: str
    suffix: str
    target: str


class Stack:
    """The template with its default parameters, except those given."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        source = load_source()
        defaults = {name: it["Default"] for name, it in source["Parameters"].items()}
        self.parameters: dict[str, Any] = {**defaults, **parameters}
        self._conditions: dict[str, Any] = source["Conditions"]
        self._resources: dict[str, Any] = source["Resources"]
        self._globals: dict[str, Any] = source["Globals"]["Function"]["Environment"]["Variables"]
        self.bucket = str(self._resolve({"Ref": "ArchiveBucket"}))
        self.queues = {
            name: self._queue(name, it["Properties"])
            for name, it in self._resources.items()
            if it["Type"] == "AWS::SQS::Queue"
        }
        self.functions = {
            name.removesuffix("Function").lower(): self._function(name, it["Properties"])
            for name, it in self._resources.items()
            if it["Type"] == "AWS::Serverless::Function"
        }
        self.notifications = list(self._notifications())

    def schedule(self) -> tuple[int, int]:
        """Return hour and minute of the daily run."""
        match = re.fullmatch(
            r"cron\((\d+) (\d+) \* \* \? \*\)", self.parameters["ScheduleExpression"]
        )
        if match is None:
            raise ValueError("the simulated schedule is one run a day")
        return int(match[2]), int(match[1])

    def _queue(self, name: str, properties: dict[str, Any]) -> QueueShape:
        redrive = properties.get("RedrivePolicy", {})
        return QueueShape(
            name=name,
            fifo=properties.get("FifoQueue", False),
            # SQS's defaults: a visibility timeout of 30 s and a retention of four days.
            visibility_seconds=properties.get("VisibilityTimeout", 30),
            retention_seconds=properties.get("MessageRetentionPeriod", 345_600),
            dead_letters=self._resolve(redrive["deadLetterTargetArn"]) if redrive else "",
            most_receives=redrive.get("maxReceiveCount", 0),
        )

    def _function(self, name: str, properties: dict[str, Any]) -> FunctionShape:
        variables = {**self._globals, **properties["Environment"]["Variables"]}
        sources = [
            event["Properties"] for event in properties["Events"].values() if event["Type"] == "SQS"
        ]
        invoke = properties.get("EventInvokeConfig")
        return FunctionShape(
            name=name.removesuffix("Function").lower(),
            timeout_seconds=properties["Timeout"],
            environment={key: str(self._resolve(value)) for key, value in variables.items()},
            source=self._mapped(sources[0]) if sources else None,
            retries=invoke["MaximumRetryAttempts"] if invoke else 0,
            longest_age_seconds=invoke["MaximumEventAgeInSeconds"] if invoke else 0,
            dead_letters=self._resolve(invoke["DestinationConfig"]["OnFailure"]["Destination"])
            if invoke
            else "",
        )

    def _mapped(self, properties: dict[str, Any]) -> Mapped:
        return Mapped(
            queue=self._resolve(properties["Queue"]),
            batch_size=int(self._resolve(properties["BatchSize"])),
            window_seconds=int(self._resolve(properties.get("MaximumBatchingWindowInSeconds", 0))),
            # Without a limit Lambda may run this many; a FIFO queue is limited by its groups.
            at_once=properties.get("ScalingConfig", {}).get("MaximumConcurrency", 1_000),
        )

    def _notifications(self) -> Iterator[Notification]:
        config = self._resources["ArchiveBucket"]["Properties"]["NotificationConfiguration"]
        for kind, target in (
            ("LambdaConfigurations", "Function"),
            ("QueueConfigurations", "Queue"),
        ):
            for it in config[kind]:
                rules = {rule["Name"]: rule["Value"] for rule in it["Filter"]["S3Key"]["Rules"]}
                yield Notification(
                    event=it["Event"].removeprefix("s3:").removesuffix(":*"),
                    prefix=rules.get("prefix", ""),
                    suffix=rules.get("suffix", ""),
                    target=self._resolve(it[target]),
                )

    def _resolve(self, value: Any) -> Any:  # noqa: PLR0911 - one for each function
        """Evaluate CloudFormation's functions; names of queues and functions replace their ARNs."""
        match value:
            case {"Ref": name} if name in self.parameters:
                return self.parameters[name]
            case {"Ref": "ArchiveBucket"}:
                return self._resolve(self._resources["ArchiveBucket"]["Properties"]["BucketName"])
            case {"Ref": "AlarmTopic"}:
                return "arn:aws:sns:us-east-1:123456789012:AlarmTopic"
            case {"Ref": name}:
                return f"https://sqs.us-east-1.amazonaws.com/123456789012/{name}"
            case {"Fn::GetAtt": [name, *_]}:
                return name
            case {"Fn::If": [condition, then, otherwise]}:
                return self._resolve(then if self._holds(condition) else otherwise)
            case {"Fn::Sub": [text, names]}:
                for name in names:
                    text = text.replace(f"${{{name}}}", _ID)
                return text
            case _:
                return value

    def _holds(self, condition: str | dict[str, Any]) -> bool:
        match self._conditions[condition] if isinstance(condition, str) else condition:
            case {"Fn::Equals": [left, right]}:
                return str(self._resolve(left)) == str(self._resolve(right))
            case {"Fn::Not": [inner]}:
                return not self._holds(inner)
            case unknown:
                raise ValueError(f"the simulation does not know the condition {unknown}")
