"""The files in `events/`, and the function of each."""

from pathlib import Path

EVENTS = Path(__file__).parents[2] / "events"
FUNCTIONS = {
    "schedule-daily-run.json": "ListerFunction",
    "simulated-run.json": "ListerFunction",
    "registry-object-created.json": "ListerFunction",
    "registry-object-removed.json": "ListerFunction",
    "rebuild-all.json": "ListerFunction",
    "rebuild-some.json": "ListerFunction",
    "fetch-batch.json": "FetcherFunction",
    "fetch-batch-poison.json": "FetcherFunction",
    "snapshot-created.json": "RendererFunction",
    "render-request.json": "RendererFunction",
    "s3-test-event.json": "RendererFunction",
    "outcomes.json": "IndexerFunction",
    "after-deployment.json": "IndexerFunction",
}
