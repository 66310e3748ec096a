"""Each function's role allows what its code does, and nothing else, on the local engine."""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tools.local.simulation import Simulation
from tools.local.stack import Stack

pytestmark = pytest.mark.integration

ID = "4uLU6hMCjMI75M1A2tKUQC"
FUNCTIONS = ("Lister", "Fetcher", "Renderer", "Indexer")
WRITERS = {
    f"snapshots/{ID}/20260101T000000Z.json": {"Fetcher"},
    f"state/ledgers/{ID}.json": {"Renderer"},
    "state/catalog.json": {"Indexer"},
    "state/spotify.json": {"Lister", "Fetcher"},
    f"playlists/pretty/{ID}.md": {"Renderer"},
    f"playlists/cumulative/{ID}.md": {"Renderer"},
    f"playlists/history/{ID}.md": {"Renderer"},
    f"playlists/plain/{ID}": {"Renderer"},
    f"playlists/feeds/{ID}.atom": {"Renderer"},
    "playlists/songs/9.json": {"Renderer"},
    "playlists/songs/9.ids.json": {"Renderer"},
    f"playlists/table/{ID}/2026.json.gz": {"Renderer"},
    f"playlists/followers/{ID}.json": {"Indexer"},
    "playlists/index.md": {"Indexer"},
    "playlists/index.json": {"Indexer"},
    "playlists/changes.md": {"Indexer"},
    "playlists/changes.json": {"Indexer"},
    "playlists/feeds/all.atom": {"Renderer", "Indexer"},
    "playlists/status.md": {"Indexer"},
    "playlists/status.json": {"Indexer"},
    "playlists/metadata/metadata-full.json": {"Indexer"},
    f"damaged/state/ledgers/{ID}.json/20260101T000000Z": {
        "Lister",
        "Fetcher",
        "Renderer",
        "Indexer",
    },
    f"registry/{ID}": set(),
    f"excluded/{ID}": set(),
    "site/index.html": {"Indexer"},
    "elsewhere": set(),
}
READERS = {
    f"registry/{ID}": {"Lister"},
    f"excluded/{ID}": {"Lister"},
    "state/catalog.json": {"Lister", "Indexer"},
    "state/spotify.json": {"Lister", "Fetcher", "Indexer"},
    f"snapshots/{ID}/20260101T000000Z.json": {"Lister", "Fetcher", "Renderer"},
    f"damaged/state/ledgers/{ID}.json/20260101T000000Z": set(),
    f"state/ledgers/{ID}.json": {"Renderer"},
    f"playlists/pretty/{ID}.md": {"Renderer"},
    f"playlists/history/{ID}.json": {"Renderer", "Indexer"},
    f"playlists/feeds/{ID}.atom": {"Renderer"},
    "playlists/songs/9.json": {"Renderer"},
    f"playlists/table/{ID}/2026.json.gz": {"Renderer"},
    "playlists/index.md": {"Indexer"},
    "playlists/changes.json": {"Indexer"},
    "site/index.html": {"Indexer"},
}
LISTERS = {
    "registry/": {"Lister"},
    "excluded/": {"Lister"},
    f"snapshots/{ID}/": {"Lister", "Fetcher", "Renderer"},
    "state/ledgers/": {"Lister", "Fetcher", "Renderer", "Indexer"},
    "damaged/": {"Indexer"},
    "site/": {"Indexer"},
}
SENDERS = {
    "FetchQueueUrl": {"Lister"},
    "RenderQueueUrl": {"Lister", "Renderer", "Indexer"},
    "OutcomeQueueUrl": {"Lister", "Fetcher", "Renderer"},
    "FetchDeadLetterQueueUrl": {"Fetcher"},
}


class Acting:
    """Clients of AWS with the role of one function."""

    def __init__(self, stack: Stack, function: str) -> None:
        self.stack = stack
        role = stack._client("lambda").get_function_configuration(
            FunctionName=stack.outputs[f"{function}FunctionName"]
        )["Role"]
        credentials = stack._client("sts").assume_role(RoleArn=role, RoleSessionName="trying")
        keys = credentials["Credentials"]
        self._session: Any = boto3.Session(
            keys["AccessKeyId"],
            keys["SecretAccessKey"],
            keys["SessionToken"],
            region_name="us-east-1",
        )

    def may(self, service: str, operation: str, **arguments: Any) -> bool:
        """Whether an operation is allowed, even if it fails for another reason."""
        client = self._session.client(service, endpoint_url=self.stack.engine.url)
        try:
            getattr(client, operation)(**arguments)
        except ClientError as error:
            return not error.response["Error"]["Code"].startswith("AccessDenied")
        return True


@pytest.fixture(scope="module", params=FUNCTIONS)
def function(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def acting(simulation: Simulation, function: str) -> Acting:
    return Acting(simulation.stack, function)


@pytest.mark.parametrize("key", WRITERS)
def test_a_function_writes_only_its_own_objects(acting: Acting, function: str, key: str) -> None:
    # The condition never holds, so nothing is written even if writing is allowed.
    may = acting.may(
        "s3",
        "put_object",
        Bucket=acting.stack.bucket,
        Key=key,
        Body=b"",
        IfMatch='"00000000000000000000000000000000"',
    )
    assert may == (function in WRITERS[key])


@pytest.mark.parametrize("key", READERS)
def test_a_function_reads_only_what_it_needs(acting: Acting, function: str, key: str) -> None:
    may = acting.may("s3", "get_object", Bucket=acting.stack.bucket, Key=key)
    assert may == (function in READERS[key])


@pytest.mark.parametrize("prefix", LISTERS)
def test_a_function_lists_only_what_it_needs(acting: Acting, function: str, prefix: str) -> None:
    may = acting.may("s3", "list_objects_v2", Bucket=acting.stack.bucket, Prefix=prefix)
    assert may == (function in LISTERS[prefix])


@pytest.mark.parametrize("key", [*WRITERS, *READERS])
def test_nobody_deletes(acting: Acting, key: str) -> None:
    assert not acting.may("s3", "delete_object", Bucket=acting.stack.bucket, Key=key)


@pytest.mark.parametrize("output", SENDERS)
def test_a_function_sends_only_where_it_has_something_to_say(
    acting: Acting, function: str, output: str
) -> None:
    # An empty batch is refused only after the permission was checked.
    url = acting.stack.outputs[output]
    may = acting.may("sqs", "send_message_batch", QueueUrl=url, Entries=[])
    assert may == (function in SENDERS[output])


def test_only_those_who_ask_spotify_know_the_credentials(acting: Acting, function: str) -> None:
    may = acting.may("ssm", "get_parameter", Name="/playlist-archive/spotify", WithDecryption=True)
    assert may == (function in {"Lister", "Fetcher"})


@pytest.mark.parametrize(
    "name", ["/playlist-archive/other", "/playlist-archive/mine/site", "/other"]
)
def test_nobody_reads_another_parameter(acting: Acting, name: str) -> None:
    assert not acting.may("ssm", "get_parameter", Name=name, WithDecryption=True)


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("s3", "put_bucket_policy", {"Policy": "{}"}),
        ("s3", "put_bucket_versioning", {"VersioningConfiguration": {"Status": "Suspended"}}),
    ],
)
def test_nobody_changes_the_bucket(
    acting: Acting, service: str, operation: str, arguments: dict[str, Any]
) -> None:
    assert not acting.may(service, operation, Bucket=acting.stack.bucket, **arguments)


@pytest.mark.parametrize("bus", ["default", "another"])
def test_only_the_indexer_publishes_events_and_only_on_the_default_bus(
    acting: Acting, function: str, bus: str
) -> None:
    entry = {
        "Source": "playlist-archive",
        "DetailType": "Playlist Changed",
        "Detail": "{}",
        "EventBusName": bus,
    }
    assert acting.may("events", "put_events", Entries=[entry]) == (
        (function, bus) == ("Indexer", "default")
    )
