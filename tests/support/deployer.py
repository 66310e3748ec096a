"""What whoever deploys must be allowed, computed from AWS's registry of resource types."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from tools.template import REGION

POLICIES = Path(__file__).parents[2] / "docs/policies"
_HANDLERS = ("create", "read", "update", "delete")
# What the registry names for properties that the template does not set.
UNUSED = {
    "AWS::CloudFront::Distribution": {
        *("cloudfront:CreateConnectionGroup", "cloudfront:GetConnectionGroup"),
        *("cloudfront:GetVpcOrigin", "cloudfront:UpdateDistributionWithStagingConfig"),
        "cloudfront:CreateDistributionWithTags",  # a call, but no action: the others allow it
    },
    "AWS::Glue::Database": {
        *("glue:CreateConnection", "glue:DeleteConnection", "glue:GetConnection"),
        *("glue:PassConnection", "glue:UpdateConnection"),
    },
    "AWS::IAM::Role": {
        *("iam:AttachRolePolicy", "iam:DetachRolePolicy"),
        *("iam:PutRolePermissionsBoundary", "iam:DeleteRolePermissionsBoundary"),
        *("iam:UpdateRole", "iam:UpdateRoleDescription"),
    },
    "AWS::Lambda::Function": {
        *("lambda:PutFunctionConcurrency", "lambda:DeleteFunctionConcurrency"),
        *("lambda:PutFunctionCodeSigningConfig", "lambda:DeleteFunctionCodeSigningConfig"),
        *("lambda:PutFunctionRecursionConfig", "lambda:PutFunctionScalingConfig"),
        *("lambda:PutRuntimeManagementConfig", "lambda:PassCapacityProvider"),
        *("lambda:GetCodeSigningConfig", "lambda:PublishVersion"),
    },
    "AWS::Logs::LogGroup": {
        *("logs:PutDataProtectionPolicy", "logs:DeleteDataProtectionPolicy"),
        *("logs:PutResourcePolicy", "logs:DeleteResourcePolicy"),
        *("logs:PutIndexPolicy", "logs:DeleteIndexPolicy"),
        *("logs:AssociateKmsKey", "logs:DisassociateKmsKey"),
        *("logs:CreateLogDelivery", "logs:PutBearerTokenAuthentication"),
        "logs:PutLogGroupDeletionProtection",
    },
    "AWS::S3::Bucket": {
        *("s3:PutAnalyticsConfiguration", "s3:DeleteBucketAnalyticsConfiguration"),
        *("s3:PutBucketCORS", "s3:DeleteBucketCors"),
        *("s3:PutMetricsConfiguration", "s3:DeleteBucketMetricsConfiguration"),
        *("s3:PutBucketReplication", "s3:PutReplicationConfiguration"),
        *("s3:DeleteBucketReplication", "s3:PutBucketWebsite", "s3:DeleteBucketWebsite"),
        *("s3:DeleteBucketEncryption", "s3:DeleteBucketLifecycle"),
        *("s3:PutInventoryConfiguration", "s3:PutIntelligentTieringConfiguration"),
        *("s3:PutAccelerateConfiguration", "s3:PutBucketLogging", "s3:PutBucketAbac"),
        *("s3:PutBucketObjectLockConfiguration", "s3:PutObjectLockConfiguration"),
        *("s3:PutBucketAcl", "s3:PutObjectAcl", "s3:DeleteObject"),
        *("s3:CreateBucketMetadataTableConfiguration", "s3:DeleteBucketMetadataTableConfiguration"),
        "s3:UpdateBucketMetadataJournalTableConfiguration",
        "s3:UpdateBucketMetadataInventoryTableConfiguration",
        "s3:UpdateBucketMetadataAnnotationTableConfiguration",
    },
    "AWS::SNS::Topic": {"sns:PutDataProtectionPolicy"},
}
# About something else than the resource: statements of their own allow them.
_ELSEWHERE = {
    "AWS::IAM::Role": {"iam:PassRole"},
    "AWS::Lambda::Function": {"lambda:GetLayerVersion"},
    "AWS::Lambda::LayerVersion": {"s3:GetObject", "s3:GetObjectVersion"},
}
# The registry does not name the actions of these types.
_UNREGISTERED = {
    "AWS::Glue::Table": {
        *("glue:CreateTable", "glue:DeleteTable", "glue:GetTable", "glue:UpdateTable"),
    }
}


def needed(kind: str) -> set[str]:
    """Return the actions on resources of a type that its properties in the template can need."""
    if kind in _UNREGISTERED:
        return _UNREGISTERED[kind]
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema["handlers"]
    service = kind.split("::")[1].lower()
    own = {
        f"{action[0].lower()}{action[1:]}"
        for name in _HANDLERS
        for action in handlers.get(name, {}).get("permissions", ())
        if action.lower().startswith(f"{service}:")
    }
    return own - UNUSED.get(kind, set()) - _ELSEWHERE.get(kind, set())


@cache
def known_actions() -> dict[str, Any]:
    """Return every action of AWS in lower case, with the kinds of resources that it names."""
    source = files("cfnlint.data.AdditionalSpecs").joinpath("Policies.json")
    services: dict[str, Any] = json.loads(source.read_text())
    return {
        f"{service}:{action}": details
        for service, one in services.items()
        for action, details in one["Actions"].items()
    }
