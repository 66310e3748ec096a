"""The template after the SAM transform, as CloudFormation gets it: `python -m tools.template`."""

import json
import os
import sys
from pathlib import Path
from typing import Any
from unittest.mock import patch

from samtranslator.translator.transform import transform as sam_transform
from samtranslator.yaml_helper import yaml_parse

TEMPLATE = Path(__file__).resolve().parents[1] / "template.yaml"
REGION = "us-east-1"


class _NoManagedPolicies:
    """An empty list of AWS's managed policies, because the template writes its policies in full."""

    def load(self) -> dict[str, str]:
        return {}


def load_source() -> dict[str, Any]:
    """Return the source of the template, with functions such as `Ref` in their long form."""
    source: dict[str, Any] = yaml_parse(TEMPLATE.read_text())
    return source


def load_transformed() -> dict[str, Any]:
    """Return the template after the SAM transform, with a placeholder for the code in S3."""
    source = load_source()
    for resource in source["Resources"].values():
        properties = resource.get("Properties", {})
        for local in {"CodeUri", "ContentUri"} & properties.keys():
            properties[local] = "s3://packaged/code.zip"
    with patch.dict(os.environ, {"AWS_DEFAULT_REGION": REGION}):
        transformed: dict[str, Any] = sam_transform(source, {}, _NoManagedPolicies())
    return transformed


if __name__ == "__main__":
    json.dump(load_transformed(), sys.stdout, indent=2)
