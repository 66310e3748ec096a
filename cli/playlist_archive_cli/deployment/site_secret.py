"""The secret in the site's link, stored as an SSM parameter; the template has its digest.

The site's access check cannot count attempts, so the secret is 128 random bits.
"""

import secrets
from hashlib import sha256
from typing import Any

SITE_ACCESS = "SiteAccess"
SITE_SECRET_SHA256 = "SiteSecretSha256"  # noqa: S105 -- the name of a parameter
SITE_URL = "SiteUrl"
PRIVATE = "private"
_BYTES = 16


def parameter_of(stack: str) -> str:
    """Return the name of the SSM parameter with the secret of a stack's site."""
    return f"/playlist-archive/{stack}/site"


def make_secret() -> str:
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    """Return the digest for the template."""
    return sha256(secret.encode()).hexdigest()


def load(ssm: Any, stack: str) -> str | None:
    """Return the stored secret of a stack, None if there is none."""
    try:
        found = ssm.get_parameter(Name=parameter_of(stack), WithDecryption=True)
    except ssm.exceptions.ParameterNotFound:
        return None
    secret: str = found["Parameter"]["Value"]
    return secret


def keep(ssm: Any, stack: str, secret: str) -> None:
    if load(ssm, stack) != secret:
        ssm.put_parameter(
            Name=parameter_of(stack), Value=secret, Type="SecureString", Overwrite=True
        )


def link_to(site_url: str, secret: str) -> str:
    """Return the address that opens the site."""
    return f"{site_url}open/{secret}"
