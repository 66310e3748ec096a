"""Athena, as far as the command needs it."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

type Cells = Sequence[str | None]


class FakeAthena:
    """Answers one query: it is `running` for so many looks, and then has `state`.

    The `rows` come in pages; the first one begins with the names, as Athena sends them.
    """

    def __init__(
        self,
        *,
        running: int = 1,
        state: str = "SUCCEEDED",
        reason: str = "",
        columns: Sequence[tuple[str, str]] = (("n", "bigint"),),
        rows: Sequence[Cells] = (),
        page_size: int = 1000,
        statement: str = "DML",
        refusal: str = "",
    ) -> None:
        self.asked: dict[str, Any] = {}
        self.stopped: list[str] = []
        self.pages_read = 0
        self._running, self._state, self._reason = running, state, reason
        self._columns, self._page_size = columns, page_size
        self._rows = [[name for name, _ in columns], *rows] if statement == "DML" else rows
        self._statement, self._refusal = statement, refusal

    def start_query_execution(self, **asked: Any) -> dict[str, str]:
        if self._refusal:
            refused: Any = {"Code": self._refusal, "Message": "line 1:1: no"}
            raise ClientError({"Error": refused}, "StartQueryExecution")
        self.asked = asked
        return {"QueryExecutionId": "q1"}

    def get_query_execution(self, QueryExecutionId: str) -> dict[str, Any]:  # noqa: N803 - AWS's
        assert QueryExecutionId == "q1"
        self._running -= 1
        state = "RUNNING" if self._running >= 0 else self._state
        status = {"State": state, "StateChangeReason": self._reason}
        return {
            "QueryExecution": {
                "QueryExecutionId": "q1",
                "Status": status,
                "StatementType": self._statement,
                "Statistics": {"DataScannedInBytes": 2_500_000},
            }
        }

    def stop_query_execution(self, QueryExecutionId: str) -> None:  # noqa: N803 - AWS's
        self.stopped.append(QueryExecutionId)

    def get_paginator(self, operation: str) -> "FakeAthena":
        assert operation == "get_query_results"
        return self

    def paginate(self, QueryExecutionId: str) -> Any:  # noqa: N803 - AWS's
        assert QueryExecutionId == "q1"
        info = [{"Name": name, "Type": kind} for name, kind in self._columns]
        for begin in range(0, max(len(self._rows), 1), self._page_size):
            self.pages_read += 1
            rows = [
                {"Data": [{} if cell is None else {"VarCharValue": cell} for cell in row]}
                for row in self._rows[begin : begin + self._page_size]
            ]
            yield {"ResultSet": {"ResultSetMetadata": {"ColumnInfo": info}, "Rows": rows}}
