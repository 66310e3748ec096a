"""The SNS topic for mails to the owner."""

from typing import TYPE_CHECKING, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from playlist_archive.errors import StorageError

if TYPE_CHECKING:
    from mypy_boto3_sns import SNSClient


class Topic(Protocol):
    def publish(self, subject: str, text: str) -> None:
        """Send a message; the subject is one line of at most 100 ASCII characters.

        Raises:
            StorageError: SNS fails or refuses the message.
        """
        ...


class SnsTopic:
    def __init__(self, client: "SNSClient", arn: str) -> None:
        self._client = client
        self._arn = arn

    def publish(self, subject: str, text: str) -> None:
        try:
            self._client.publish(TopicArn=self._arn, Subject=subject, Message=text)
        except (BotoCoreError, ClientError) as error:
            raise StorageError(f"publish: {error}") from error
