"""AWS's list prices in us-east-1, in dollars, as of 2026-11, without taxes and data transfer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Price:
    """The price of `per` units; `free` units a month are free in every account, permanently."""

    dollars: float
    per: float
    free: float = 0

    def of(self, units: float) -> float:
        return units * self.dollars / self.per

    def beyond_free(self, units: float) -> float:
        return self.of(max(0, units - self.free))


MILLION = 1e6

LAMBDA_GB_SECONDS = Price(0.0000133334, 1, free=400_000)  # arm64
LAMBDA_INVOCATIONS = Price(0.20, MILLION, free=MILLION)
S3_WRITES = Price(0.005, 1000)  # PUT and LIST
S3_GETS = Price(0.0004, 1000)
S3_GB_MONTHS = Price(0.023, 1)  # Standard
SQS_REQUESTS = Price(0.40, MILLION, free=MILLION)  # FIFO costs 0.50; it is a small part
LOG_GB = Price(0.50 + 0.03, 1, free=5)  # ingestion, and storage for a month
ALARMS = Price(0.10, 1, free=10)
DASHBOARDS = Price(3.00, 1, free=3)
