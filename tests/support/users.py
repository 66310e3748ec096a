"""Users of a deployed stack, who may do what a document says and nothing else."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tools.local.stack import Stack


def documented_policy(document: Path, **values: str) -> str:
    """Return the policy in a document, with `<names>` replaced by values."""
    found = re.search(r"```json\n(.*?)```", document.read_text(encoding="utf-8"), re.DOTALL)
    assert found
    policy = found[1]
    for name, value in values.items():
        policy = policy.replace(f"<{name}>", value)
    return policy


@contextmanager
def a_user(stack: Stack, name: str, policies: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Yield the variables with the access key of a new user, who has these policies by name."""
    iam: Any = stack._client("iam")
    iam.create_user(UserName=name)
    for policy, document in policies.items():
        iam.put_user_policy(UserName=name, PolicyName=policy, PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    yield {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    for policy in policies:
        iam.delete_user_policy(UserName=name, PolicyName=policy)
    iam.delete_user(UserName=name)
