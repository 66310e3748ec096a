"""A local stack that uses the stand-in for Spotify and simulated days."""

from dataclasses import dataclass
from datetime import datetime

from tools.local.deploy import deploy
from tools.local.engine import Engine
from tools.local.run import Day, archive_day
from tools.local.stack import Stack
from tools.local.stand_in import CREDENTIALS, StandIn
from tools.local.workspace import Workspace

_PARAMETERS = {
    "DailyRequestBudget": "0",
    "RequestIntervalMs": "0",
    # The engine does not wait for the end of a batching window.
    "IndexWindowSeconds": "0",
    "Analytics": "true",
    "PublishEvents": "true",
    # The clock must not start a run between simulated days.
    "ScheduleExpression": "at(2199-01-01T00:00:00)",
}


@dataclass(frozen=True)
class Simulation:
    stack: Stack
    stand_in: StandIn

    @classmethod
    def ensure(
        cls, workspace: Workspace, library: list[str], *, alarm_email: str = ""
    ) -> "Simulation":
        """Return the workspace's simulation, started and deployed if necessary."""
        stand_in = StandIn.ensure(workspace, library)
        parameters = {
            **_PARAMETERS,
            **({"AlarmEmail": alarm_email} if alarm_email else {}),
            "SpotifyApiUrl": f"{stand_in.url}/v1",
            "SpotifyAccountsUrl": stand_in.url,
        }
        return cls(deploy(workspace, Engine.ensure(workspace), parameters, CREDENTIALS), stand_in)

    def archive_day(self, time: datetime) -> tuple[Day, int]:
        """Set the stand-in to the day of `time`, archive it, and count the requests."""
        self.stand_in.control.set_date(time.date())
        self.stand_in.control.clear_requests()
        return archive_day(self.stack, time), self.stand_in.count_requests()
