"""The package's exceptions: one leaf class for each decision of the caller.

ArchiveError
├── SettingsError                 the deployment is wrong: fix the template's parameters
├── InvalidMessageError           this message can never be handled: let it become a dead letter
├── PlaylistError                 this playlist has no good read today: record the outcome, go on
│   ├── InvalidPlaylistIdError
│   ├── PlaylistNotFoundError
│   ├── ContentsForbiddenError
│   ├── UnstablePlaylistError
│   ├── InvalidAnswerError
│   ├── CrowdedOutError           it needs more requests than are left now: defer only it
│   └── OversizedError            it cannot fit with these settings: defer it, behind all others
├── SpotifyStoppedError           no request may be sent now: leave the rest for later
│   ├── SpotifyParkedError        Spotify asked to wait: block FetchQueue until then
│   ├── BudgetSpentError          the day's requests are used up: defer the rest
│   ├── AuthorizationError        the owner must act: say what to do, defer the rest
│   └── SpotifyUnavailableError   Spotify does not answer: defer the rest
├── OutOfTimeError                the invocation ends soon: return the other messages at once
├── SiteError                     the site's own files are wrong: fix them
├── PartitionMissingError                 a yearly partition is missing: fold all snapshots anew
├── StorageError                  AWS failed or refused: fail, so that the message is redelivered
└── ConflictError                 another writer changed the object: read it and decide again
"""

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playlist_archive.documents.playlist import Header


class ArchiveError(Exception):
    """Base class of the errors that this package raises."""


class SettingsError(ArchiveError):
    """A setting is missing or malformed; the message names each one."""


class InvalidMessageError(ArchiveError):
    """A queue message or an event does not have a known form."""


class PlaylistError(ArchiveError):
    """One playlist could not be read; the message is the reason that its pages will show."""


class InvalidPlaylistIdError(PlaylistError):
    """The text is not a playlist id; the message says what to write instead."""


class PlaylistNotFoundError(PlaylistError):
    """Spotify answers 404 or 400: deleted, private, or closed to this app."""


class ContentsForbiddenError(PlaylistError):
    """Spotify gives this app the playlist's header but not its contents.

    Attributes:
        header: the playlist's header, None if the answer lacks it.
    """

    def __init__(self, reason: str, header: "Header | None" = None) -> None:
        super().__init__(reason)
        self.header = header


class UnstablePlaylistError(PlaylistError):
    """The playlist changed during both reads, or the pages do not add up to the promised rows."""


class InvalidAnswerError(PlaylistError):
    """Spotify's answer about this playlist is malformed or lacks a required field."""


class CrowdedOutError(PlaylistError):
    """The rest of the playlist needs more requests than the day's budget has left."""


class OversizedError(PlaylistError):
    """The playlist needs more than a whole day's budget or a whole invocation.

    The message says which setting to change.
    """


class SpotifyStoppedError(ArchiveError):
    """No further request may be sent in this run; the message is the reason."""


class SpotifyParkedError(SpotifyStoppedError):
    """Spotify asked to wait.

    Attributes:
        not_before: the time (UTC) from which requests are allowed again.
    """

    def __init__(self, reason: str, not_before: datetime) -> None:
        super().__init__(reason)
        self.not_before = not_before


class BudgetSpentError(SpotifyStoppedError):
    """`DailyRequestBudget` requests were sent within the last 24 hours."""


class AuthorizationError(SpotifyStoppedError):
    """Spotify refuses the credentials; the message says what the owner has to do."""


class SpotifyUnavailableError(SpotifyStoppedError):
    """Spotify's token endpoint or Web API gave no usable answer in all tries."""


class OutOfTimeError(ArchiveError):
    """The invocation has too little time left for another request, or for another render."""


class SiteError(ArchiveError):
    """The site's files are inconsistent; the message names one and what it lacks."""


class PartitionMissingError(ArchiveError):
    """A ledger's yearly partition is missing, or has another digest: fold all snapshots anew.

    Attributes:
        year: the year of the partition.
    """

    def __init__(self, key: str, year: int) -> None:
        super().__init__(f"{key} is not what its ledger says")
        self.year = year


class StorageError(ArchiveError):
    """S3, SQS or the parameter store did not answer, or refused."""


class ConflictError(ArchiveError):
    """A conditional write failed: the object has changed since it was read."""


# Errors of decoding: bad JSON, fields or UTF-8 (ValueError), too deep nesting (RecursionError).
UNREADABLE = (ValueError, RecursionError)
