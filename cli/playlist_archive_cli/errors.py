"""Errors that end the command, with one line that says what to do and an exit code."""

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

FAILED, WRONG_USE = 1, 2
# By Ctrl-C; the code of shells, and of Typer.
INTERRUPTED = 130

_UNKNOWN_CREDENTIALS = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_ADVICE: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    (
        (NoCredentialsError, PartialCredentialsError),
        "there are no AWS credentials here: run `aws configure`, or use --profile",
    ),
    ((SSOError, TokenRetrievalError), "the AWS session has ended: run `aws sso login`"),
    ((ProfileNotFound,), "{}: name another with --profile"),
    ((NoRegionError,), "no AWS region is set: name it with --region"),
    ((InvalidRegionError,), "{} Name another with --region"),
    ((ParamValidationError,), "AWS does not take that: {}"),
    ((BotoConnectionError, HTTPClientError), "AWS cannot be reached: {}"),
    ((BotoCoreError,), "AWS is not set up on this machine: {}"),
)
_REFUSALS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403"}


class CommandError(Exception):
    """The command failed; the message says why, and what to do."""

    exit_code = FAILED


class WrongUseError(CommandError):
    """The arguments of the command make no sense."""

    exit_code = WRONG_USE


def explain_aws(error: BaseException) -> str:
    """Return one line about an AWS error, and what to do."""
    if isinstance(error, ClientError):
        return _explain_answer(error)
    for kinds, advice in _ADVICE:
        if isinstance(error, kinds):
            return advice.format(error)
    return str(error)


def is_refusal(error: ClientError) -> bool:
    """Whether AWS knows the caller and denies the request."""
    return error.response.get("Error", {}).get("Code", "") in _REFUSALS


def _explain_answer(error: ClientError) -> str:
    code = error.response.get("Error", {}).get("Code", "")
    if code in _UNKNOWN_CREDENTIALS:
        return f"AWS does not accept these credentials ({code}): log in to AWS again"
    if code == "NoSuchBucket":
        return f"the bucket {error.response['Error'].get('BucketName', '')} does not exist"
    if is_refusal(error):
        return f"these AWS credentials do not suffice: {error}"
    return f"AWS refused: {error}"
