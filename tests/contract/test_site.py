"""The site in the template: who may read what, and what browsers and CloudFront are told."""

import re
from typing import Any

import pytest

from playlist_archive.documents.content_types import ASK_EACH_TIME
from playlist_archive_cli.site_headers import SECURITY_HEADERS
from tests.contract.test_template import SOURCE, TRANSFORMED, properties, spell, walk
from tests.support.site_gate import SECRET, gate_code
from tools.template import TEMPLATE

pytestmark = pytest.mark.contract

SITE = {
    name: resource
    for name, resource in TRANSFORMED["Resources"].items()
    if resource["Type"].startswith("AWS::CloudFront::")
}
YEAR = 31_536_000


def distribution() -> dict[str, Any]:
    config: dict[str, Any] = properties("SiteDistribution")["DistributionConfig"]
    return config


def behaviours() -> list[dict[str, Any]]:
    return [distribution()["DefaultCacheBehavior"], *distribution().get("CacheBehaviors", ())]


def headers(policy: str) -> dict[str, tuple[str, bool]]:
    """Return the headers that a policy adds, each with whether the bucket's own gives way."""
    config = properties(policy)["ResponseHeadersPolicyConfig"]
    security = config["SecurityHeadersConfig"]
    transport = security["StrictTransportSecurity"]
    return {
        "Content-Security-Policy": (
            security["ContentSecurityPolicy"]["ContentSecurityPolicy"],
            security["ContentSecurityPolicy"]["Override"],
        ),
        "Referrer-Policy": (
            security["ReferrerPolicy"]["ReferrerPolicy"],
            security["ReferrerPolicy"]["Override"],
        ),
        "Strict-Transport-Security": (
            f"max-age={transport['AccessControlMaxAgeSec']}",
            transport["Override"],
        ),
        "X-Content-Type-Options": ("nosniff", security["ContentTypeOptions"]["Override"]),
        **{
            it["Header"]: (it["Value"], it["Override"])
            for it in config["CustomHeadersConfig"]["Items"]
        },
    }


def test_nothing_of_it_is_there_unless_it_is_wanted() -> None:
    assert SOURCE["Conditions"]["HasSite"] == {"Fn::Equals": [{"Ref": "SiteAccess"}, "private"]}
    assert len(SITE) == 5
    assert {resource.get("Condition") for resource in SITE.values()} == {"HasSite"}
    assert SOURCE["Outputs"]["SiteUrl"]["Condition"] == "HasSite"


def test_it_cannot_be_switched_on_without_a_secret() -> None:
    rule = TRANSFORMED["Rules"]["PrivateSiteHasASecret"]
    [assertion] = rule["Assertions"]

    assert rule["RuleCondition"] == SOURCE["Conditions"]["HasSite"]
    assert assertion["Assert"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "SiteSecretSha256"}, ""]}]}
    assert "deploy --site private" in assertion["AssertDescription"]
    pattern = SOURCE["Parameters"]["SiteSecretSha256"]["AllowedPattern"]
    assert re.search(pattern, "0123456789abcdef" * 4)
    for wrong in ("0123456789ABCDEF" * 4, "a" * 63, "a" * 65, SECRET, "'; return true; '"):
        assert not re.search(pattern, wrong)


def test_only_the_digest_of_the_secret_is_in_the_template() -> None:
    assert SECRET not in gate_code()
    assert not [it for it in SOURCE["Parameters"] if re.search("Secret$", it)]


def test_the_distribution_alone_may_read_and_only_what_is_published() -> None:
    statements = properties("ArchiveBucketPolicy")["PolicyDocument"]["Statement"]
    allowing = [it["Fn::If"] for it in statements if it["Fn::If"][1]["Effect"] == "Allow"]
    [(condition, statement, otherwise)] = allowing

    assert (condition, otherwise) == ("HasSite", {"Ref": "AWS::NoValue"})
    assert statement["Action"] == "s3:GetObject"
    assert statement["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert {spell(it) for it in statement["Resource"]} == {
        "bucket/site/*",
        "bucket/playlists/*",
        "bucket/snapshots/*",
    }
    [source] = statement["Condition"]["StringEquals"].values()
    assert source["Fn::Sub"].endswith(":distribution/${SiteDistribution}")


def test_the_bucket_stays_private_and_answers_only_to_signed_requests() -> None:
    [origin] = distribution()["Origins"]
    access = properties("SiteOriginAccess")["OriginAccessControlConfig"]

    assert origin["OriginAccessControlId"] == {"Fn::GetAtt": ["SiteOriginAccess", "Id"]}
    assert (access["SigningBehavior"], access["SigningProtocol"]) == ("always", "sigv4")
    assert all(properties("ArchiveBucket")["PublicAccessBlockConfiguration"].values())


def test_no_path_goes_round_the_gate() -> None:
    for one in behaviours():
        [gate] = one["FunctionAssociations"]
        assert gate == {
            "EventType": "viewer-request",
            "FunctionARN": {"Fn::GetAtt": ["SiteGate", "FunctionARN"]},
        }
        assert one["ViewerProtocolPolicy"] == "https-only"
        assert one["AllowedMethods"] == ["GET", "HEAD"]
    assert properties("SiteGate")["AutoPublish"] is True
    assert properties("SiteGate")["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0"
    # The gate itself leads to the shell; CloudFront would serve it where its links lead nowhere.
    assert "DefaultRootObject" not in distribution()


def test_no_cookie_and_no_query_reaches_the_bucket_or_the_cache() -> None:
    config = properties("SiteCachePolicy")["CachePolicyConfig"]
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]

    assert key["CookiesConfig"] == {"CookieBehavior": "none"}
    assert key["HeadersConfig"] == {"HeaderBehavior": "none"}
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
    assert {one["CachePolicyId"]["Ref"] for one in behaviours()} == {"SiteCachePolicy"}


def test_what_is_to_be_asked_for_each_time_is_a_second_old_at_most_and_all_is_compressed() -> None:
    """CloudFront compresses only what it may keep."""
    config = properties("SiteCachePolicy")["CachePolicyConfig"]
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]

    assert (config["MinTTL"], config["DefaultTTL"], config["MaxTTL"]) == (1, 1, YEAR)
    assert key["EnableAcceptEncodingGzip"]
    assert key["EnableAcceptEncodingBrotli"]
    assert all(one["Compress"] for one in behaviours())


def test_pages_run_only_their_own_scripts_and_tell_nobody_where_they_lead() -> None:
    told = headers("SiteHeaders")
    policy = dict(
        part.strip().split(" ", 1) for part in told["Content-Security-Policy"][0].split(";")
    )

    assert {name: (value, True) for name, value in SECURITY_HEADERS.items()}.items() <= told.items()
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "one-character-reference",
    }
    assert told["Strict-Transport-Security"] == (f"max-age={YEAR}", True)


def test_what_says_nothing_of_itself_is_asked_for_each_time() -> None:
    """An error does not, and is often over when it is asked for again."""
    assert {one["ResponseHeadersPolicyId"]["Ref"] for one in behaviours()} == {"SiteHeaders"}
    assert headers("SiteHeaders")["Cache-Control"] == (ASK_EACH_TIME, False)


def test_names_are_short_enough_and_this_stack_s_own() -> None:
    """A function's name may have 64 characters, and a stack's 128."""
    uuid = "0b7a2f64-95d1-4c1e-8f3a-7d0d3b5f2a10"
    names = {
        part["Name"]["Fn::Sub"][0].replace("${Id}", uuid)
        for resource in SITE.values()
        for part in walk(resource["Properties"])
        if isinstance(part, dict) and "Name" in part
    }

    assert names == {f"playlist-archive-{uuid}"}
    assert all(len(name) <= 64 for name in names)


def test_the_gate_s_code_stands_in_the_template_alone() -> None:
    assert TEMPLATE.read_text().count("__Host-archive") == 1
