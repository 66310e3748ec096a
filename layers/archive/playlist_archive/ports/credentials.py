"""The owner's Spotify credentials, stored as one SecureString in the parameter store."""

from calendar import monthrange
from datetime import UTC, datetime
from typing import Protocol

import msgspec
from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.parameters.exceptions import (
    GetParameterError,
    SetParameterError,
)

from playlist_archive.errors import AuthorizationError, StorageError

CONSENT_MONTHS = 6


class Credentials(msgspec.Struct, frozen=True, omit_defaults=True):
    """Spotify credentials; without `refresh_token` the pipeline uses client credentials."""

    client_id: str
    client_secret: str
    refresh_token: str = ""
    authorized_at: datetime | None = None

    def __repr__(self) -> str:
        return "Credentials(...)"

    def authorization_ends(self) -> datetime | None:
        """Return when the owner's consent ends, six months after it was given; None if unknown.

        Using the refresh token does not extend it (Spotify: Refresh token expiration).
        """
        if not self.refresh_token or self.authorized_at is None:
            return None
        given = self.authorized_at
        months = given.month - 1 + CONSENT_MONTHS
        year, month = given.year + months // 12, months % 12 + 1
        day = min(given.day, monthrange(year, month)[1])
        return given.replace(year=year, month=month, day=day, tzinfo=given.tzinfo or UTC)


class CredentialStore(Protocol):
    def load(self) -> Credentials:
        """Read the credentials.

        Raises:
            AuthorizationError: they are missing or malformed; the message says what to store.
            StorageError: the parameter store failed.
        """
        ...

    def save(self, credentials: Credentials) -> None: ...


class ParameterStore:
    """`CredentialStore` on the AWS Systems Manager parameter store."""

    def __init__(self, provider: SSMProvider, name: str) -> None:
        self._provider = provider
        self._name = name

    def load(self) -> Credentials:
        try:
            text = self._provider.get(self._name, decrypt=True, force_fetch=True)
        except GetParameterError as error:
            # Powertools' error has only the text of its cause.
            if "ParameterNotFound" not in str(error):
                raise StorageError(f"the parameter {self._name} cannot be read: {error}") from error
            raise AuthorizationError(
                f"there is no parameter {self._name}: store the Spotify credentials there"
            ) from error
        try:
            return msgspec.json.decode(str(text), type=Credentials)
        except msgspec.DecodeError:
            # The parser's message may quote the secret value, so it is left out.
            raise AuthorizationError(
                f"the parameter {self._name} is not JSON with client_id and client_secret"
            ) from None

    def save(self, credentials: Credentials) -> None:
        try:
            self._provider.set(
                self._name,
                msgspec.json.encode(credentials).decode(),
                parameter_type="SecureString",
                kms_key_id="alias/aws/ssm",
                overwrite=True,
            )
        except SetParameterError as error:
            # The message may quote the secret value, so only the type of the cause is included.
            raise StorageError(
                f"the parameter {self._name} cannot be written ({_kind(error.__cause__)})"
            ) from None


def _kind(cause: BaseException | None) -> str:
    answer = getattr(cause, "response", {})
    return str(answer.get("Error", {}).get("Code") or type(cause).__name__)
