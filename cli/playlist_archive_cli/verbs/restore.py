"""`restore`: copies a playlist back to Spotify, as a new private one."""

import secrets
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from playlist_archive.documents.timestamps import to_timestamp
from playlist_archive.ports.clock import Clock
from playlist_archive.spotify.exchange import open_session
from playlist_archive.views.wording import counted
from playlist_archive_cli.answer import Answer, Block, Line, Table
from playlist_archive_cli.archive import Archive, Chosen
from playlist_archive_cli.changes_in_words import UNNAMED
from playlist_archive_cli.consent import ACCOUNTS_URL, API_URL
from playlist_archive_cli.dates import Date, parse_date, spell_moment
from playlist_archive_cli.dialogue import ask
from playlist_archive_cli.errors import CommandError, WrongUseError
from playlist_archive_cli.exports.collection import Collection
from playlist_archive_cli.frame import verb
from playlist_archive_cli.playlist_choice import PlaylistText
from playlist_archive_cli.restoring.plan import (
    MOST_SONGS,
    Plan,
    count_requests,
    make_batches,
)
from playlist_archive_cli.restoring.plan_file import hold, load_plan, plan_file, save_plan
from playlist_archive_cli.restoring.restorer import Restorer, address
from playlist_archive_cli.restoring.songs import REASONS, LeftOut, sort_out
from playlist_archive_cli.restoring.web_writer import WebWriter
from playlist_archive_cli.screen import tell
from playlist_archive_cli.verbs.export import Wanted, collect
from playlist_archive_cli.verbs.login import USUAL_PORT, AccountsUrl, ApiUrl, Port, show_page
from playlist_archive_cli.write_consent import SCOPES, BriefConsent, ask_briefly

_MOST_SHOWN = 20
# Halving a batch of 100 until one song is alone takes seven steps.
_PRICE = "about 20 more for each song that it refuses"


class RefusedSong(msgspec.Struct, frozen=True):
    row: int
    uri: str
    name: str
    reason: str


class Restored(msgspec.Struct, frozen=True):
    """The document of `restore --json`; `new_id` and `url` are empty if nothing was written."""

    id: str
    name: str
    new_name: str
    new_id: str
    url: str
    public: bool
    left_behind: Sequence[str]
    songs: int
    requests: int
    added: int
    left_out: Sequence[LeftOut]
    refused: Sequence[RefusedSong]
    remarks: Sequence[str]


@verb
def restore(
    archive: Archive,
    playlist: PlaylistText,
    *,
    on: Annotated[
        Date | None, typer.Option(parser=parse_date, metavar="DATE", help="As on this day.")
    ] = None,
    ever: Annotated[
        bool, typer.Option("--ever", help="Every song that ever was in it, once.")
    ] = False,
    removed: Annotated[bool, typer.Option("--removed", help="Only what was removed.")] = False,
    name: Annotated[str, typer.Option(metavar="NAME", help="The new playlist's name.")] = "",
    write: Annotated[
        bool, typer.Option("--write", help="Do it; without this it is only told.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with one that broke off.")
    ] = False,
    client_id: Annotated[
        str, typer.Option(envvar="SPOTIFY_CLIENT_ID", help="The app's id, as for `login`.")
    ] = "",
    port: Port = USUAL_PORT,
    accounts_url: AccountsUrl = ACCOUNTS_URL,
    api_url: ApiUrl = API_URL,
) -> Answer:
    """Put a playlist back into Spotify, as a new private one.

    It only says what it would do, unless --write is said. Then Spotify asks you for a consent that is
    used for this alone.
    """
    wanted = Wanted(on, ever, removed)
    wanted.check()
    if resume and (write or name or wanted != Wanted()):
        raise WrongUseError("--resume goes on with what was begun, and takes no other choice")
    chosen = archive.choose(playlist)
    file = plan_file(chosen.id)
    plan = None if resume else make_plan(archive, chosen, wanted, name)
    if plan and not write:
        return Answer(make_document(plan), tell_plan(plan), notes=plan.remarks)
    with hold(file):
        begun = load_plan(file)
        if plan is None:
            plan = find_begun(begun, chosen, now=to_timestamp(archive.clock.now()))
        else:
            require_none_begun(begun, chosen, str(file))
        if not plan.finished:
            check_pause(archive)
            client_id = client_id or plan.client_id or ask("Client ID of your app at Spotify")
            consent = _ask_consent(client_id, port, accounts_url, api_url)
            plan = plan_of(consent, plan, client_id)
            plan = _carry_out(plan, file, consent, api_url, archive.clock, resumed=resume)
    document = make_document(plan)
    attention = bool(plan.refused or plan.left_behind or plan.public)
    return Answer(document, tell_restored(document), notes=plan.remarks, attention=attention)


def make_plan(archive: Archive, chosen: Chosen, wanted: Wanted, name: str) -> Plan:
    """Return the plan of a restore that has not begun.

    Raises:
        CommandError: there is nothing to restore, or more than Spotify allows.
    """
    collection, remarks = collect(archive, chosen, wanted)
    songs, left_out = sort_out(collection.rows)
    if not songs:
        why = f"{counted(len(left_out), 'row')} left out" if left_out else "no rows"
        raise CommandError(f"“{chosen.name}” has nothing to put back: {why}")
    if len(songs) > MOST_SONGS:
        raise CommandError(
            f"Spotify takes {MOST_SONGS:,} songs in a playlist, and these are {len(songs):,}: "
            "choose fewer with --on or --removed"
        )
    tag = f"restore-{secrets.token_hex(8)}"
    return Plan(
        source=chosen.id,
        source_name=chosen.name,
        client_id="",
        user="",
        tag=tag,
        name=name or f"{collection.name or chosen.name} ({_short(wanted)})",
        description=f"{_what(wanted, collection)}. Put back by playlist-archive ({tag})",
        batches=make_batches(songs),
        left_out=tuple(left_out),
        remarks=tuple(remarks),
    )


def _short(wanted: Wanted) -> str:
    if wanted.on:
        return wanted.on.text
    return "ever" if wanted.ever else "removed" if wanted.removed else "restored"


def _what(wanted: Wanted, collection: Collection) -> str:
    if wanted.ever:
        return "All that ever was in it"
    if wanted.removed:
        return "What was removed from it"
    when = wanted.on.text if wanted.on else spell_moment(collection.time or "")
    return f"As it was on {when}"


def find_begun(plan: Plan | None, chosen: Chosen, *, now: str) -> Plan:
    """Return the stored plan of an unfinished restore.

    Raises:
        CommandError: there is none, or Spotify's pause has not ended yet.
    """
    if plan is None:
        raise CommandError(f"no restore of “{chosen.name}” has begun: say --write instead")
    if plan.not_before > now:
        raise CommandError(
            f"Spotify wants no requests until {spell_moment(plan.not_before)}: go on after that"
        )
    return plan


def require_none_begun(plan: Plan | None, chosen: Chosen, file: str) -> None:
    """Raise `CommandError` if the playlist has an unfinished restore."""
    if plan and not plan.finished:
        raise CommandError(
            f"a restore of “{chosen.name}” broke off at {len(plan.added):,} of {plan.size:,} songs: "
            f"go on with --resume, or delete {file} to begin anew"
        )


def check_pause(archive: Archive) -> None:
    """Raise `CommandError` if Spotify has asked the archive, with the same quota, to wait."""
    until = archive.status().not_before
    if until and until > to_timestamp(archive.clock.now()):
        raise CommandError(
            f"Spotify has asked the archive to wait until {spell_moment(until)}: restore after that"
        )


def plan_of(consent: BriefConsent, plan: Plan, client_id: str) -> Plan:
    """Return the plan for the user who gave the consent.

    Raises:
        CommandError: another user has begun the restore.
    """
    if plan.user and plan.user != consent.user.id:
        raise CommandError(
            f"this restore goes into the library of {plan.user}, and you are {consent.user}: "
            "log in to Spotify as the other user in the browser"
        )
    return msgspec.structs.replace(plan, user=consent.user.id, client_id=client_id)


def _ask_consent(client_id: str, port: int, accounts_url: str, api_url: str) -> BriefConsent:
    tell("Spotify will ask whether this app may, besides what it may already,")
    for scope, meaning in SCOPES.items():
        tell(f"  {meaning} ({scope})")
    tell("This consent is for this restore alone and stored nowhere. The archive still only reads.")
    return ask_briefly(
        client_id,
        port=port,
        show_page=lambda url: show_page(url, port),
        accounts_url=accounts_url,
        api_url=api_url,
    )


def _carry_out(
    plan: Plan, file: Path, consent: BriefConsent, api_url: str, clock: Clock, *, resumed: bool
) -> Plan:
    save_plan(file, plan)
    advice = f"go on with `playlist-archive restore {plan.source} --resume`"
    tell(f"It goes into the library of {consent.user}. If it breaks off, {advice}.")
    with open_session() as session:
        restorer = Restorer(
            WebWriter(session, consent.access_token, api_url, clock),
            clock,
            save=partial(save_plan, file),
            tell=tell,
            advice=advice,
            begin_anew=f"To begin anew, delete it in Spotify, and {file}",
        )
        return restorer.restore(plan, resumed=resumed)


def make_document(plan: Plan) -> Restored:
    return Restored(
        id=plan.source,
        name=plan.source_name,
        new_name=plan.name,
        new_id=plan.playlist_id,
        url=address(plan.playlist_id) if plan.playlist_id else "",
        public=plan.public,
        left_behind=[address(playlist_id) for playlist_id in plan.left_behind],
        songs=plan.size,
        requests=count_requests(plan.size),
        added=len(plan.added),
        left_out=plan.left_out,
        refused=[
            RefusedSong(song.row, song.uri, song.name, batch.reason)
            for batch in plan.refused
            for song in batch.songs
        ],
        remarks=plan.remarks,
    )


def tell_plan(plan: Plan) -> list[Block]:
    rows = plan.size + len(plan.left_out)
    return [
        Table(
            ("What", "How"),
            [
                ("New private playlist", plan.name),
                ("Songs", f"{plan.size:,} of {rows:,} rows"),
                ("Requests to Spotify", f"{count_requests(plan.size):,}, and {_PRICE}"),
                ("Lost for good", "when each song was added, and by whom"),
            ],
        ),
        *_tell_left_out(plan.left_out),
        Line("Nothing was written: run the same command with --write.", "faint"),
    ]


def tell_restored(document: Restored) -> list[Block]:
    private = "" if document.public else ", private"
    blocks: list[Block] = [
        Line(f"“{document.new_name}” is in your library{private}: {document.url}", "strong"),
        Line(f"{document.added:,} of {document.songs:,} songs are in it, in their order."),
    ]
    if document.public:
        blocks.append(Line("Spotify shows it on your profile: hide it there", "warning"))
    blocks += [
        Line(f"Spotify created another one late, and it is empty: delete {url}", "warning")
        for url in document.left_behind
    ]
    if document.refused:
        refused = [(str(one.row), one.name or one.uri, one.reason) for one in document.refused]
        blocks.append(Line(f"Spotify refused {counted(len(refused), 'song')}:", "warning"))
        blocks += _cut(("Row", "Song", "Its reason"), refused)
    return [*blocks, *_tell_left_out(document.left_out)]


def _tell_left_out(left_out: Sequence[LeftOut]) -> list[Block]:
    rows = [(str(one.row), one.name or one.uri or UNNAMED, REASONS[one.reason]) for one in left_out]
    if not rows:
        return []
    return [Line(f"{counted(len(rows), 'row')} left out:"), *_cut(("Row", "Song", "Why"), rows)]


def _cut(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Block]:
    shown: list[Block] = [Table(columns, rows[:_MOST_SHOWN])]
    more = len(rows) - _MOST_SHOWN
    return [*shown, Line(f"and {more:,} more, which --json lists")] if more > 0 else shown
