"""The questions of `deploy` before a stack is created, and their parameters."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple
from zoneinfo import available_timezones

from playlist_archive_cli.deployment.template import Parameters
from playlist_archive_cli.errors import WrongUseError

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)", re.ASCII)
_USUAL_TIME = "04:00"


class Question(NamedTuple):
    """One question.

    Attributes:
        why: lines about the effect of the answer and its cost.
        parse: returns the value of the parameter, or raises `WrongUseError`.
    """

    parameter: str
    why: tuple[str, ...]
    prompt: str
    default: str
    parse: Callable[[str], str]


def questions(parameters: Parameters, timezone: str) -> list[Question]:
    """Return the questions; `timezone` is the one of this machine."""

    def take(name: str) -> Callable[[str], str]:
        def parse(answer: str) -> str:
            if not parameters[name].accepts(answer):
                raise WrongUseError(f"write {parameters[name].wanted}")
            return answer

        return parse

    return [
        Question(
            "ScheduleExpression",
            (
                "When shall the playlists be checked? Once a day, at any time; the hour costs nothing.",
                "A hundred playlists cost about half a dollar a month.",
            ),
            "Time of the daily run",
            _USUAL_TIME,
            parse_time,
        ),
        Question("ScheduleTimezone", (), "Time zone", timezone, parse_timezone),
        Question(
            "AlarmEmail",
            (
                "Whom shall the archive mail when something needs attention, and once a week what changed?",
                "A thousand mails a month cost nothing. Without an address nobody is mailed; the status page",
                "says the same.",
            ),
            "E-mail address",
            "",
            take("AlarmEmail"),
        ),
        Question(
            "ArchiveMyPlaylists",
            (
                "What of your library shall be archived by itself? Those playlists that are yours",
                "(owned), also those that you follow (all), or nothing but what you add (none).",
                "A new app may not read the songs of playlists of others. They cost requests to",
                "Spotify all the same, and each stands in the status page as forbidden.",
            ),
            "What of your library: owned, all or none",
            "owned",
            take("ArchiveMyPlaylists"),
        ),
    ]


def parse_time(text: str) -> str:
    """Return the schedule expression of a time of day.

    Raises:
        WrongUseError: it is no time of day.
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise WrongUseError("write a time as 04:00")
    hour, minute = found.groups()
    return f"cron({int(minute)} {int(hour)} * * ? *)"


def parse_timezone(text: str) -> str:
    """Return the name of a time zone as spelled in the time zone database.

    Raises:
        WrongUseError: there is no such time zone.
    """
    names = {name.casefold(): name for name in available_timezones()}
    name = names.get(text.strip().replace(" ", "_").casefold())
    if name is None:
        raise WrongUseError("write a time zone as Europe/Berlin, or UTC")
    return name


def find_timezone(environment: Mapping[str, str], localtime: Path = Path("/etc/localtime")) -> str:
    """Return the time zone of this machine, UTC if it is unknown."""
    linked = str(localtime.resolve()).partition("zoneinfo/")[2]
    for name in (environment.get("TZ", "").removeprefix(":"), linked):
        if name in available_timezones():
            return name
    return "UTC"
