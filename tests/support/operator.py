"""The operator's policy of docs/operator-policy.json."""

import json
from pathlib import Path
from typing import Any

POLICY = Path(__file__).parents[2] / "docs/operator-policy.json"


def fill_in(*, stack: str, region: str, account: str, bucket: str) -> dict[str, Any]:
    """Return the policy for one stack."""
    text = POLICY.read_text(encoding="utf-8")
    named = {"STACK": stack, "REGION": region, "ACCOUNT": account, "BUCKET": bucket}
    for name, value in named.items():
        text = text.replace(name, value)
    policy: dict[str, Any] = json.loads(text)
    return policy
