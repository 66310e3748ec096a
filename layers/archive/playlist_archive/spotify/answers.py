"""Converts an answer of the Web API to a typed value or an error."""

import msgspec
import requests

from playlist_archive.errors import (
    UNREADABLE,
    ContentsForbiddenError,
    InvalidAnswerError,
    PlaylistNotFoundError,
)
from playlist_archive.spotify.exchange import Answer

_NEEDS_USER = "Valid user authentication required"


class BlipError(Exception):
    """The answer is missing or unusable; it makes sense to retry."""


class RefusedError(Exception):
    """Spotify refuses either the credentials or only this playlist.

    Attributes:
        remedy: what the owner has to do if the credentials are refused.
        reason: the playlist's reason if only this playlist is refused.
    """

    def __init__(self, remedy: str, reason: str) -> None:
        super().__init__(remedy)
        self.remedy = remedy
        self.reason = reason


class ClosedError(ContentsForbiddenError):
    """This kind of app or token may not use the endpoint: 403, or 401 with any token."""


def decode_answer[T](answer: Answer, shape: type[T]) -> T:
    status = answer.status
    if status == requests.codes.ok:
        return _decode_body(answer.body, shape)
    if status in {requests.codes.bad_request, requests.codes.not_found}:
        raise PlaylistNotFoundError("Spotify does not find it: deleted, private or closed")
    if status == requests.codes.unauthorized:
        raise _explain_unauthorized(answer.text)
    if status == requests.codes.forbidden:
        raise _explain_forbidden(answer.text)
    if status >= requests.codes.server_error:
        raise BlipError(f"HTTP {status}")
    raise InvalidAnswerError(f"Spotify answered HTTP {status}")


def _decode_body[T](body: bytes, shape: type[T]) -> T:
    if body.strip() in {b"", b'""', b"{}", b"null"}:
        raise BlipError("an empty answer")
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.ValidationError as error:
        raise InvalidAnswerError(f"Spotify's answer is malformed: {error}") from None
    except UNREADABLE:
        raise BlipError("an answer that is not JSON") from None


def may_be_out_of_date(answer: Answer) -> bool:
    """Whether a new token may help; it does not if Spotify demands a user's token."""
    return answer.status == requests.codes.unauthorized and _NEEDS_USER not in answer.text


def _explain_unauthorized(text: str) -> Exception:
    if _NEEDS_USER in text:
        return ClosedError("Spotify shows this only to a user who is logged in")
    return RefusedError(
        "Spotify refuses a fresh access token: log in again",
        "Spotify refuses every token for it (HTTP 401)",
    )


def _explain_forbidden(text: str) -> Exception:
    """Return the error for a 403. Five kinds are distinguished by text; some are not JSON."""
    if "remium" in text:
        return RefusedError(
            "the owner of the Spotify app needs a Premium subscription",
            "Spotify refuses to show it and speaks of a Premium subscription",
        )
    if "registered" in text:
        return RefusedError(
            "this user is not on the app's list: add them in Spotify's developer dashboard",
            "Spotify refuses to show it and calls this user not registered",
        )
    if "scope" in text:
        return ClosedError(
            "your consent does not cover it: log in again, and agree to all it names"
        )
    if "permission to get URL" in text:
        return BlipError("Spotify's front end refused the address of this machine")
    return ClosedError("Spotify does not show this app its contents")
