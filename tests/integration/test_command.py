"""The owner's verbs on a deployed stack, with permissions enforced and the operator's own policy."""

import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from playlist_archive.documents.messages import Outcome, encode_message
from playlist_archive_cli import frame, main
from playlist_archive_cli.connection import Connection
from playlist_archive_cli.location import LocalStack
from tests.integration.conftest import FIRST_DAY
from tests.support.builders import RUN
from tests.support.operator import fill_in
from tests.support.pages import assert_same_pages
from tools.local.engine import REGION
from tools.local.processes import stop_all
from tools.local.simulation import Simulation
from tools.local.stack import STACK_NAME, Stack
from tools.local.workspace import Workspace
from tools.stand_in.sample import KITCHEN, LIGHTHOUSE

pytestmark = pytest.mark.integration

ACCOUNT = "000000000000"
_GROUPS = f"/aws/cloudformation/{STACK_NAME}"
UNKNOWN = "6nObOdYkNoWsThIs000001"
NOTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:GetCallerIdentity", "Resource": "*"}],
}


class Ended(NamedTuple):
    exit_code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


class Person:
    """Somebody with a policy, who uses the command on a stack."""

    def __init__(self, stack: Stack, name: str, policy: dict[str, Any]) -> None:
        self._url = stack.engine.url
        iam = stack._client("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self._session: Any = boto3.Session(
            key["AccessKeyId"], key["SecretAccessKey"], region_name=REGION
        )

    def client(self, service: str) -> Any:
        config = Config(read_timeout=900, retries={"total_max_attempts": 1})
        return self._session.client(service, endpoint_url=self._url, config=config)

    def __call__(self, *arguments: str) -> Ended:
        connection = Connection(LocalStack("test", self._url, REGION, STACK_NAME), self.client)
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as monkeypatch:
            monkeypatch.setattr(frame, "open_connection", lambda _: connection)
            with redirect_stdout(out), redirect_stderr(err):
                code = main.run(arguments)
        return Ended(code, out.getvalue(), err.getvalue())


def an_operator(stack: Stack, name: str = "operator") -> Person:
    policy = json.dumps(
        fill_in(stack=STACK_NAME, region=REGION, account=ACCOUNT, bucket=stack.bucket)
    )
    # The engine names the groups of a stack in another way than AWS.
    found = re.sub(rf"log-group:{STACK_NAME}-(\w+)-\*", rf"log-group:{_GROUPS}/\1", policy)
    return Person(stack, name, json.loads(found))


@pytest.fixture(scope="module")
def deploy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Simulation]]:
    """Yield a function that deploys one more stack; its runs are of today."""
    workspaces: list[Workspace] = []

    def deploy() -> Simulation:
        workspaces.append(Workspace(tmp_path_factory.mktemp("command")))
        return Simulation.ensure(workspaces[-1], ["--since", FIRST_DAY])

    yield deploy
    for workspace in workspaces:
        stop_all(workspace)


@pytest.fixture(scope="module")
def archived(deploy: Callable[[], Simulation]) -> Simulation:
    simulation = deploy()
    simulation.stand_in.control.set_date("2026-03-05")
    simulation.stand_in.control.set_app("older")
    return simulation


@pytest.fixture(scope="module")
def operator(archived: Simulation) -> Person:
    """Return the operator of a stack that has had a run."""
    operator = an_operator(archived.stack)
    ended = operator("run", "--json")
    assert ended.exit_code == 0, ended
    assert ended.document["planned"] > 0
    assert ended.document["up_to_date"] == ended.document["playlists"]
    return operator


def test_a_run_is_followed_to_its_end_and_its_lines_are_found(
    operator: Person, archived: Simulation
) -> None:
    ended = operator("run", "--json")

    assert ended.exit_code == 0, ended
    run = ended.document["run"]
    assert archived.stack.read_json("playlists/status.json")["run"] == run
    lines = operator("logs", "--run", run, "--json").document["lines"]
    assert {"lister", "indexer"} <= {line["function"] for line in lines}
    assert {line["function"] for line in operator("logs", "--json").document["lines"]}


def test_a_playlist_is_added_renamed_and_removed(operator: Person, archived: Simulation) -> None:
    link = f"https://open.spotify.com/intl-de/playlist/{LIGHTHOUSE}?si=0"
    added = operator("add", link, "--json")
    again = operator("add", link, "--alias", "The light")
    renamed = operator("rename", "The light", "Lamp", "--json")
    removed = operator("remove", "Lamp", "--json")

    assert added.exit_code == again.exit_code == 0, (added, again)
    assert added.document["songs"] > 0
    assert "The light is archived" in again.out
    assert renamed.document["name"] == "Lamp"
    assert removed.document["retired"], removed
    assert f"registry/{LIGHTHOUSE}" not in archived.stack.list_keys("registry/")


def test_what_spotify_does_not_find_is_told_and_fails(operator: Person) -> None:
    ended = operator("add", UNKNOWN)

    assert ended.exit_code == 1
    assert "not found" in ended.out
    assert operator("remove", UNKNOWN).exit_code == 0


def test_a_playlist_of_the_library_is_left_out_and_taken_in_again(operator: Person) -> None:
    assert f"playlist-archive exclude {KITCHEN}" in operator("remove", KITCHEN).err
    assert "from the next run" in operator("exclude", KITCHEN).out
    assert operator("exclude", "--undo", KITCHEN).exit_code == 0


def test_pages_are_rebuilt(operator: Person, archived: Simulation) -> None:
    key = f"playlists/pretty/{KITCHEN}.md"
    page = archived.stack.read(key)
    archived.stack.delete(key)

    ended = operator("rebuild", KITCHEN)

    assert ended.exit_code == 0, ended
    assert archived.stack.read(key) == page


def test_dead_letters_are_listed_sent_again_and_deleted(
    operator: Person, archived: Simulation
) -> None:
    sqs, outputs = archived.stack._client("sqs"), archived.stack.outputs
    message = Outcome(playlist_id=KITCHEN, run=RUN, at=RUN, status="not_found", reason="old")
    url = outputs["OutcomeDeadLetterQueueUrl"]
    for body in (encode_message(message), "poison"):
        sqs.send_message(QueueUrl=url, MessageBody=body)

    [*_, listed] = operator("dead-letters", "--json").document["queues"]
    [redriven] = operator("dead-letters", "--redrive", "outcome", "--json").document["queues"]

    assert listed["count"] == 2
    assert sorted(one["outcome"][:4] for one in redriven["dead_letters"]) == ["left", "sent"]
    [poison] = [one for one in redriven["dead_letters"] if one["outcome"].startswith("left")]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
        assert operator("dead-letters", "--delete", poison["id"]).exit_code == 0
    assert archived.stack.count_dead_letters() == {}


def test_what_is_shown_can_be_shown(operator: Person) -> None:
    assert operator("status").exit_code in {0, 1}
    for arguments in (["list"], ["show", KITCHEN], ["diff", KITCHEN, "2026-01-01"]):
        assert "do not suffice" not in operator(*arguments).err


def test_a_backup_fills_a_new_stack_which_asks_spotify_for_nothing_before(
    operator: Person,
    archived: Simulation,
    deploy: Callable[[], Simulation],
    tmp_path: Path,
) -> None:
    assert operator("backup", str(tmp_path)).exit_code == 0
    second = deploy()
    second.stand_in.control.clear_requests()
    other = an_operator(second.stack)

    ended = other("import", "archive", str(tmp_path), "--json")

    assert ended.exit_code == 0, ended
    assert ended.document["rebuild"]["playlists"] > 0
    assert second.stand_in.control.requests() == []
    assert_same_pages(read_pages(second.stack), read_pages(archived.stack))
    assert other("import", "archive", str(tmp_path)).exit_code == 0
    assert list(second.stack.list_keys("snapshots/")) == list(
        archived.stack.list_keys("snapshots/")
    )


def read_pages(stack: Stack) -> dict[str, bytes]:
    return {key: stack.read(key) for key in stack.list_keys("playlists/")}


VERBS = [
    ["status"],
    ["run"],
    ["rebuild"],
    ["add", UNKNOWN],
    ["remove", UNKNOWN],
    ["exclude", UNKNOWN],
    ["rename", UNKNOWN, "x"],
    ["dead-letters"],
    ["logs"],
    ["backup", "copy"],
]


@pytest.mark.parametrize("arguments", VERBS, ids=" ".join)
def test_who_may_nothing_is_told_so_in_one_line(
    archived: Simulation, arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    nobody = Person(archived.stack, f"nobody-{arguments[0]}", NOTHING)

    ended = nobody(*arguments)

    assert (ended.exit_code, ended.out) == (1, "")
    assert "do not suffice" in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("s3", "delete_object", {"Key": f"snapshots/{KITCHEN}/20260305T040000Z.json"}),
        ("s3", "delete_object", {"Key": "state/catalog.json"}),
        ("s3", "put_object", {"Key": f"playlists/pretty/{KITCHEN}.md", "Body": b""}),
        ("s3", "put_object", {"Key": "state/ledgers/x.json", "Body": b""}),
        ("s3", "delete_bucket_policy", {}),
        ("s3", "put_bucket_policy", {"Policy": "{}"}),
        ("ssm", "get_parameter", {"Name": "/playlist-archive/spotify"}),
        ("cloudformation", "delete_stack", {"StackName": STACK_NAME}),
    ],
)
def test_the_operator_may_do_nothing_else(
    operator: Person,
    archived: Simulation,
    service: str,
    operation: str,
    arguments: dict[str, Any],
) -> None:
    bucket = {"Bucket": archived.stack.bucket} if service == "s3" else {}

    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(operator.client(service), operation)(**bucket, **arguments)


@pytest.mark.parametrize("function", ["Fetcher", "Renderer", "Indexer"])
def test_the_operator_invokes_only_the_lister(
    operator: Person, archived: Simulation, function: str
) -> None:
    name = archived.stack.outputs[f"{function}FunctionName"]

    with pytest.raises(ClientError, match="AccessDenied"):
        operator.client("lambda").invoke(FunctionName=name, Payload=b"{}")
