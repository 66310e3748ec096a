"""A client for the stand-in's control API."""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.request import Request, urlopen


@dataclass(frozen=True)
class RecordedRequest:
    """One request that the stand-in saw.

    Attributes:
        time: seconds since the epoch.
        path: the path with its query.
        status: None if the connection was cut instead of answered.
    """

    time: float
    method: str
    path: str
    status: int | None


class Control:
    """Controls the stand-in at `base_url`: its day, its kind of app, its faults, its log."""

    def __init__(self, base_url: str) -> None:
        self._url = f"{base_url.rstrip('/')}/_control"

    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = self._call("GET", "")
        return state

    def set_date(self, day: date | str) -> None:
        self._call("POST", "/date", {"date": str(day)})

    def set_app(self, app: str) -> None:
        self._call("POST", "/app", {"app": app})

    def add_fault(self, kind: str, **details: Any) -> int:
        """Switch a fault on and return its number; `faults.Fault` lists the kinds and details."""
        number: int = self._call("POST", "/faults", {"kind": kind, **details})["id"]
        return number

    def clear_faults(self) -> None:
        """Switch all faults off and undo what they did to playlists and to the refresh token."""
        self._call("DELETE", "/faults")

    def lose(self, uri: str) -> None:
        """Have the catalogue lose an item, so that it can be added to no playlist any more."""
        self._call("POST", "/gone", {"uri": uri})

    def requests(self) -> list[RecordedRequest]:
        """Return the requests since the log was last cleared, oldest first."""
        return [RecordedRequest(**seen) for seen in self._call("GET", "/requests")["requests"]]

    def clear_requests(self) -> None:
        self._call("DELETE", "/requests")

    def shut_down(self) -> None:
        self._call("POST", "/shutdown")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self._url + path, data=data, method=method)  # noqa: S310
        with urlopen(request, timeout=10) as answer:  # noqa: S310
            return json.load(answer)
