"""The deployed handlers around an in-memory pipeline, with the template's variables."""

import json
import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.support.builders import RUN
from tests.support.fakes import FakeClock, FakeSpotify
from tests.support.pipeline import Pipeline
from tools.template import TEMPLATE, load_source

EVENTS = TEMPLATE.parent / "events"
STACK = "my-archive"
_SOURCE = load_source()


@dataclass
class Context:
    function_name: str = "function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:function"
    aws_request_id: str = "2e1424d4-f796-459a-8184-9c92662be6d0"

    def get_remaining_time_in_millis(self) -> int:
        return 300_000


@dataclass
class Handlers:
    """The four handlers; each invocation loads its module again, as in a cold start."""

    spotify: FakeSpotify = field(default_factory=FakeSpotify)
    clock: FakeClock = field(default_factory=lambda: FakeClock(RUN))

    def __post_init__(self) -> None:
        self.pipeline = Pipeline(self.spotify, self.clock)

    def handle(self, function: str, event: str | Mapping[str, Any]) -> dict[str, Any]:
        """Call `function` with an event, or with the example of that name."""
        if isinstance(event, str):
            event = load_event(event)
        # Powertools keeps a service's logger, together with its former stream.
        logging.Logger.manager.loggerDict.pop(function, None)
        with patch.dict(os.environ, variables_of(function)):
            app: Any = load_module(TEMPLATE.parent / "functions" / function / "app.py")
            app.assemble = lambda: getattr(self.pipeline, function)
            answer: dict[str, Any] = app.lambda_handler(event, Context())
        return answer


def variables_of(function: str) -> dict[str, str]:
    """Return the function's environment variables for its libraries, in a stack named `STACK`."""
    resource = _SOURCE["Resources"][f"{function.capitalize()}Function"]
    declared = {
        **_SOURCE["Globals"]["Function"]["Environment"]["Variables"],
        **resource["Properties"]["Environment"]["Variables"],
    }
    return {
        name: resolve(value) for name, value in declared.items() if name.startswith("POWERTOOLS_")
    }


def resolve(value: Any) -> str:
    """Return a text of the template, with the stack's name."""
    text = value["Fn::Sub"] if isinstance(value, dict) else value
    return str(text).replace("${AWS::StackName}", STACK)


def load_module(path: Path) -> object:
    spec = spec_from_file_location("app", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / name).read_text(encoding="utf-8"))
    return event


def sqs_event(bodies: Iterable[str]) -> dict[str, Any]:
    """Return a batch in which SQS delivers these messages for the first time."""
    record = load_event("render-request.json")["Records"][0]
    return {
        "Records": [
            record | {"messageId": str(number), "receiptHandle": str(number), "body": body}
            for number, body in enumerate(bodies)
        ]
    }


def snapshot_created(key: str) -> str:
    """Return S3's message to RenderQueue about a new snapshot."""
    body = json.loads(load_event("snapshot-created.json")["Records"][0]["body"])
    body["Records"][0]["s3"]["object"]["key"] = key
    return json.dumps(body)
