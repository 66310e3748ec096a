"""`login`: lets the archive read the owner's playlists."""

import os
import shlex
import webbrowser
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

import msgspec
import typer
from aws_lambda_powertools.utilities.parameters import SSMProvider

from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.errors import AuthorizationError
from playlist_archive.ports.credentials import Credentials, ParameterStore
from playlist_archive_cli import connection
from playlist_archive_cli.answer import Answer, Line
from playlist_archive_cli.consent import (
    ACCOUNTS_URL,
    API_URL,
    LIKED_SONGS_SCOPE,
    PATIENCE_SECONDS,
    PLAYLIST_SCOPES,
    LoginError,
    User,
    log_in,
    renew,
)
from playlist_archive_cli.deployment.template import (
    ARCHIVE_LIKED_SONGS,
    CREDENTIALS_PARAMETER,
    USUAL_CREDENTIALS,
)
from playlist_archive_cli.dialogue import ask
from playlist_archive_cli.frame import verb
from playlist_archive_cli.location import Asked, DeployedStack, locate_in_cloud
from playlist_archive_cli.screen import tell
from playlist_archive_cli.stored_deployment import (
    deployment_file,
    recall,
    recall_stack,
    update,
)

DASHBOARD = "https://developer.spotify.com/dashboard"
USUAL_PORT = 8888

Port = Annotated[int, typer.Option(min=0, max=65535, help="The port of the redirect URI.")]
AccountsUrl = Annotated[str, typer.Option(envvar="SPOTIFY_ACCOUNTS_URL", hidden=True)]
ApiUrl = Annotated[str, typer.Option(envvar="SPOTIFY_API_URL", hidden=True)]


class LoggedIn(msgspec.Struct, frozen=True, omit_defaults=True):
    """The document of `login --json`."""

    user: User
    consent_ends: str | None
    parameter: str = ""
    region: str = ""
    environment: dict[str, str] = {}


@verb
def login(
    asked: Asked,
    *,
    client_id: Annotated[
        str, typer.Option(envvar="SPOTIFY_CLIENT_ID", help="The app's id; default: the stored one.")
    ] = "",
    client_secret: Annotated[
        str,
        typer.Option(
            envvar="SPOTIFY_CLIENT_SECRET",
            show_envvar=False,
            help="The app's secret; better set SPOTIFY_CLIENT_SECRET instead.",
        ),
    ] = "",
    credentials_parameter: Annotated[
        str, typer.Option(metavar="NAME", help="The SSM parameter to store the credentials in.")
    ] = "",
    liked_songs: Annotated[
        bool,
        typer.Option(
            "--liked-songs", help="Open your Liked Songs, as if ArchiveLikedSongs were known."
        ),
    ] = False,
    port: Port = USUAL_PORT,
    accounts_url: AccountsUrl = ACCOUNTS_URL,
    api_url: ApiUrl = API_URL,
) -> Answer:
    """Give your consent in the browser, and store the credentials for the stack in AWS.

    With --local nothing is stored: three lines for a shell are printed, which `make run` needs.
    """
    place = None if asked.local else _Place(asked, credentials_parameter)
    liked_songs |= place is not None and place.archives_liked_songs
    stored = place.load() if place and (liked_songs or not (client_id and client_secret)) else None
    if stored and not (client_id and client_secret):
        client_id, client_secret = stored.client_id, stored.client_secret
    if place and stored and liked_songs and place.lacks_liked_songs(stored, accounts_url):
        tell("The consent that is stored does not cover your Liked Songs. This one will.")
    if not (client_id and client_secret):
        _explain_dashboard(port)
    client_id = client_id or ask("Client ID")
    client_secret = client_secret or ask("Client secret (it does not show)", hidden=True)
    credentials, user = log_in(
        client_id,
        client_secret,
        port=port,
        show_page=lambda url: show_page(url, port),
        scopes=(*PLAYLIST_SCOPES, *([LIKED_SONGS_SCOPE] if liked_songs else [])),
        accounts_url=accounts_url,
        api_url=api_url,
    )
    if place is None:
        return answer_for_a_shell(credentials, user, liked_songs=liked_songs)
    place.save(credentials)
    ends = credentials.authorization_ends()
    return Answer(
        LoggedIn(user, _stamp(ends), place.parameter, place.region),
        [
            Line(tell_opened(user, liked_songs=liked_songs), "strong"),
            Line(f"The credentials are stored in {place.parameter} in {place.region}."),
            Line(_tell_end(ends)),
        ],
    )


class _Place:
    """The stored credentials of a stack, which need not be deployed yet."""

    def __init__(self, asked: Asked, parameter: str) -> None:
        known = recall(deployment_file())
        stack = locate_in_cloud(asked, os.environ, known.location if known else None)
        client = connection.open_clients(stack)("ssm")
        self.region: str = client.meta.region_name
        self._deployment = recall_stack(
            deployment_file(), DeployedStack(stack.name, self.region, stack.profile)
        )
        self._asked_for = parameter
        chosen = self._deployment.parameters.get(CREDENTIALS_PARAMETER, USUAL_CREDENTIALS)
        self.parameter = parameter or chosen
        self._store = ParameterStore(SSMProvider(boto3_client=client), self.parameter)

    def load(self) -> Credentials | None:
        """Return the credentials of an earlier login."""
        try:
            return self._store.load()
        except AuthorizationError:
            return None

    @property
    def archives_liked_songs(self) -> bool:
        """Whether the stack was deployed from this machine with `ArchiveLikedSongs=true`."""
        return self._deployment.parameters.get(ARCHIVE_LIKED_SONGS) == "true"

    def lacks_liked_songs(self, stored: Credentials, accounts_url: str) -> bool:
        """Whether Spotify says that the stored consent does not cover Liked Songs."""
        if not stored.refresh_token:
            return False
        try:
            tokens = renew(stored, accounts_url)
        except LoginError:
            # The consent has ended, which is why the owner logs in.
            return False
        if tokens.refresh_token not in {"", stored.refresh_token}:
            self._store.save(msgspec.structs.replace(stored, refresh_token=tokens.refresh_token))
        return bool(tokens.scope) and LIKED_SONGS_SCOPE not in tokens.scope.split()

    def save(self, credentials: Credentials) -> None:
        """Store the credentials, and also their parameter's name, so that `deploy` finds them."""
        self._store.save(credentials)
        named = {CREDENTIALS_PARAMETER: self._asked_for} if self._asked_for else {}
        update(
            deployment_file(),
            msgspec.structs.replace(
                self._deployment, parameters={**self._deployment.parameters, **named}
            ),
        )


def tell_opened(user: User, *, liked_songs: bool) -> str:
    opened = "library and the Liked Songs" if liked_songs else "library"
    return f"The {opened} of {user} {'are' if liked_songs else 'is'} open to the archive."


def answer_for_a_shell(credentials: Credentials, user: User, *, liked_songs: bool) -> Answer:
    """Return lines that a shell can evaluate; everything else goes to standard error."""
    environment = {
        "SPOTIFY_CLIENT_ID": credentials.client_id,
        "SPOTIFY_CLIENT_SECRET": credentials.client_secret,
        "SPOTIFY_REFRESH_TOKEN": credentials.refresh_token,
    }
    ends = credentials.authorization_ends()
    return Answer(
        LoggedIn(user, _stamp(ends), environment=environment),
        [Line(line) for line in spell_exports(environment)],
        notes=[
            f"{tell_opened(user, liked_songs=liked_songs)} {_tell_end(ends)}",
            (
                "Set these three before `make run`. They are secrets: keep them out of files that "
                "others read."
            ),
        ],
    )


def spell_exports(environment: Mapping[str, str]) -> list[str]:
    return [f"export {name}={shlex.quote(value)}" for name, value in environment.items()]


def _stamp(ends: datetime | None) -> str | None:
    return to_timestamp(ends) if ends else None


def _tell_end(ends: datetime | None) -> str:
    return f"Your consent lasts until {ends:%Y-%m-%d}; log in again before that." if ends else ""


def _explain_dashboard(port: int) -> None:
    for line in (
        "Spotify shows playlists only to an app, so register one of your own. It takes two minutes:",
        f"  1. Open {DASHBOARD} and log in as the user whose playlists you want to keep.",
        "     Spotify asks for Premium.",
        "  2. Choose “Create app”. Name and description are up to you. As redirect URI, enter exactly",
        f"         http://127.0.0.1:{port}/callback",
        "     As API, tick “Web API”. Then save.",
        "  3. The app's page shows its client ID, and its client secret behind “View client secret”.",
        "",
    ):
        tell(line)


def show_page(url: str, port: int) -> None:
    """Print the address of the consent page, and open it if there is a browser."""
    for line in (
        "Agree on this page. It opens by itself if there is a browser here:",
        "",
        f"  {url}",
        "",
        (
            f"Waiting for {PATIENCE_SECONDS / 60:.0f} minutes. If your browser is on another machine, say "
            f"there first: ssh -L {port}:127.0.0.1:{port} <this machine>"
        ),
    ):
        tell(line)
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return
    # A browser of this class runs in the terminal and blocks it until it exits.
    if type(browser) is not webbrowser.GenericBrowser:
        browser.open(url)
