"""A function's exception is found in the engine's log, whatever way it took there."""

import json

import pytest

from tools.local.engine_log import find_failures

pytestmark = pytest.mark.unit

LISTER = "playlist-archive-ListerFunction-4C4A5475F5ED2"
RENDERER = "playlist-archive-RendererFunction-AE45DF11048E3"
CHAIN = """Traceback (most recent call last):
  File "settings.py", line 36, in from_environ
    return msgspec.convert(values, cls)
           ~~~~~~~~~~~~~~~^^^^^^^^^^^^^
msgspec.ValidationError: Expected `str`

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "app.py", line 29, in assemble
    raise SettingsError("malformed") from error
playlist_archive.errors.SettingsError: malformed setting
"""


def record(text: str, level: str = "INFO") -> str:
    return f"2026-11-30 12:37:30 {level} [lambda] {text}\n"


def logged(message: str, name: str = "", trace: str = "") -> str:
    exception = {"exception_name": name, "exception": trace} if name else {}
    return json.dumps({"level": "WARNING", "message": message, "service": "renderer"} | exception)


def output(line: str) -> str:
    return record(f"ESM: Lambda {RENDERER} output:\n{line}")


@pytest.mark.parametrize(
    ("log", "failure"),
    [
        pytest.param(
            record(f"Lambda {LISTER} async output (attempt 1):\n{CHAIN}"),
            "lister: playlist_archive.errors.SettingsError: malformed setting",
            id="S3 has called it",
        ),
        pytest.param(
            record(
                f"ESM: Lambda {RENDERER} failed processing SQS batch from render "
                f"(errorType=SettingsError errorMessage=malformed)\n{CHAIN}",
                "WARNING",
            ),
            "renderer: playlist_archive.errors.SettingsError: malformed setting",
            id="a queue has called it",
        ),
        pytest.param(
            record(
                f"ESM: Lambda {RENDERER} failed processing SQS batch from render "
                "(errorType=Runtime.ExitError errorMessage=exit status 1)\n",
                "WARNING",
            ),
            "renderer: Runtime.ExitError: exit status 1",
            id="without a traceback",
        ),
        pytest.param(
            record(f"Lambda {RENDERER} timed out after 60s — killing worker", "WARNING"),
            "renderer: timed out after 60s",
            id="too slow",
        ),
        pytest.param(
            output(logged("message comes again", "KeyError", f"{CHAIN}KeyError: 'rows'")),
            "renderer: playlist_archive.errors.SettingsError: malformed setting",
            id="it has handled the exception",
        ),
    ],
)
def test_an_exception_is_found(log: str, failure: str) -> None:
    assert find_failures(log) == [failure]


@pytest.mark.parametrize("name", ["SpotifyParkedError", "OutOfTimeError", "ConflictError"])
def test_what_is_tried_again_in_the_ordinary_course_is_no_failure(name: str) -> None:
    trace = f"Traceback (most recent call last):\n  File x\n{name}: later"
    assert find_failures(output(logged("message comes again", name, trace))) == []


def test_a_log_without_exceptions_has_no_failure() -> None:
    assert find_failures(output(logged("pages rendered")) + record("S3 bucket created")) == []


def test_a_line_that_is_not_json_is_no_failure() -> None:
    assert find_failures(output('{"exception_name": "Cut')) == []


def test_the_tries_of_one_call_are_one_failure() -> None:
    tries = (
        record(f"Lambda {LISTER} async output (attempt {number}):\n{CHAIN}") for number in (1, 2)
    )
    assert len(find_failures("".join(tries))) == 1
