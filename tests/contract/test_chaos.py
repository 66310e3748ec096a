"""The chaos command on a small library: a seed repeats itself, and each check can fail."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import replace as replace_fields
from datetime import date, datetime, timedelta
from io import StringIO

import pytest
import stamina
from msgspec import DecodeError
from msgspec.structs import replace

from playlist_archive.documents.catalog import decode_catalog
from playlist_archive.documents.keys import (
    ALL_FEED,
    CATALOG,
    CHANGES_JSON,
    CHANGES_PAGE,
    INDEX,
    INDEX_JSON,
    METADATA_COMPACT,
    STATUS_JSON,
    STATUS_PAGE,
    followers_key,
    ledger_key,
    parse_snapshot_key,
    snapshot_key,
    snapshots_prefix,
    song_ids_key,
    songs_key,
    view_key,
)
from playlist_archive.documents.liked_songs import LIKED_SONGS
from playlist_archive.documents.messages import (
    FetchRequest,
    Outcome,
    RunReport,
    decode_outcome,
    encode_message,
)
from playlist_archive.documents.timestamps import to_timestamp
from tests.support.pages import assert_same_pages
from tools.chaos.__main__ import digest
from tools.chaos.actions import DAMAGES as DAMAGES_TO_OBJECTS
from tools.chaos.checks import CHECKS, check_all, playlists_in
from tools.chaos.evidence import Evidence
from tools.chaos.faulty_playlists import WildLibrary
from tools.chaos.pollers import POISON
from tools.chaos.record import Action, Handled, Mailed, Record, Written
from tools.chaos.simulation import Simulation
from tools.stand_in import SampleLibrary
from tools.stand_in.library import make_id
from tools.stand_in.sample import FERRY, KITCHEN, SKYLIGHT

pytestmark = pytest.mark.contract

SINCE = date(2026, 10, 1)
DAYS = [SINCE + timedelta(number) for number in range(5)]
SEED = 32
FUNCTIONS = {"lister", "fetcher", "renderer", "indexer"}


class FewPlaylists(SampleLibrary):
    """Three playlists of the sample library."""

    def list_ids(self, day: date) -> Sequence[str]:
        return [id_ for id_ in super().list_ids(day) if id_ in {FERRY, KITCHEN, SKYLIGHT}]


LIBRARY = WildLibrary(FewPlaylists(SINCE), SINCE)
BY_NAME = {check.__name__.replace("_", " "): check for check in CHECKS}


def simulate(*, calm: bool) -> Record:
    stamina.set_testing(False)  # its waits are simulated
    return Simulation(LIBRARY, DAYS, SEED, calm=calm, log=StringIO()).run()


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return Evidence(LIBRARY, chaos=simulate(calm=False), peace=simulate(calm=True))


@pytest.fixture(scope="module")
def undisturbed(evidence: Evidence) -> Evidence:
    """Return the evidence of a course without faults: nothing in it excuses any damage."""
    return Evidence(LIBRARY, chaos=evidence.peace, peace=evidence.peace)


def find(check: str, evidence: Evidence) -> Iterator[str]:
    yield from BY_NAME[check](evidence)


def test_every_check_passes_after_chaos(evidence: Evidence) -> None:
    assert evidence.chaos.injected.total() > 30
    assert {check: found for check, found in check_all(evidence).items() if found} == {}


def test_every_check_passes_without_faults(undisturbed: Evidence) -> None:
    assert {check: found for check, found in check_all(undisturbed).items() if found} == {}


def test_a_seed_repeats_every_byte(evidence: Evidence) -> None:
    again = simulate(calm=False)

    assert_same_pages(again.objects, evidence.chaos.objects)
    assert_same_pages(again.rebuilt, evidence.chaos.rebuilt)
    assert digest(again) == digest(evidence.chaos)


def test_no_thread_is_left_over(evidence: Evidence) -> None:
    names = [thread.name for thread in threading.enumerate()]

    assert [name for name in names if name.partition("-")[0] in FUNCTIONS] == []


def test_functions_were_at_work_at_the_same_time(evidence: Evidence) -> None:
    assert {"renderer", "indexer", "fetcher+renderer"} <= evidence.chaos.overlaps.keys()


def test_liked_songs_were_read_in_part(evidence: Evidence) -> None:
    outcomes = [sent.outcome for sent in evidence.sent[LIKED_SONGS]]

    assert any(outcome.written and not outcome.read for outcome in outcomes)


def newest_snapshot(record: Record) -> str:
    return max(key for key in record.objects if key.startswith(snapshots_prefix(SKYLIGHT)))


def last_page(record: Record, key: str) -> int:
    return max(number for number, page in enumerate(record.pages) if page.key == key)


def lose_a_snapshot(record: Record) -> None:
    del record.objects[newest_snapshot(record)]


def shorten_a_snapshot(record: Record) -> None:
    key = newest_snapshot(record)
    whole = record.objects[key]
    record.objects[key] = whole[: whole.rindex(b'  {\n   "added_at"')].rstrip(b", \n") + b"]}"


def repeat_a_snapshot(record: Record) -> None:
    key = newest_snapshot(record)
    parsed = parse_snapshot_key(key)
    assert parsed
    record.objects[snapshot_key(SKYLIGHT, parsed[1] + timedelta(hours=1))] = record.objects[key]


def alter_a_page(record: Record) -> None:
    record.objects[view_key("pretty", FERRY, ".md")] += b"\n"


def alter_a_line_of_songs(record: Record) -> None:
    record.objects[songs_key(FERRY)] = record.objects[songs_key(FERRY)].replace(b'[["', b'[["x', 1)


def lose_the_ids_of_songs(record: Record) -> None:
    del record.objects[song_ids_key(SKYLIGHT)]


def alter_every_plain_page(record: Record) -> None:
    for key in record.objects:
        if key.startswith("playlists/plain/"):
            record.objects[key] += b"\n"


def lose_a_ledger(record: Record) -> None:
    del record.objects[ledger_key(FERRY)]


def misdate_all_removals(record: Record) -> None:
    for key, body in record.objects.items():
        if key.startswith("playlists/history/"):
            record.objects[key] = body.replace(b"#### ", b"#### On or about ")


def invent_a_gap(record: Record) -> None:
    record.objects[view_key("history", FERRY, ".md")] += b"> Not readable on 2026-10-01: so\n"


def lose_an_outcome(record: Record) -> None:
    for day, document in record.catalogs.items():
        record.catalogs[day] = document.replace(b'"entries":{', b'"entries":{}, "lost":{')


def forget_the_end_of_a_run(record: Record) -> None:
    """Put back the catalog of the first day on which it was not damaged, before the last run."""
    last = record.runs[DAYS[-1]]
    for document in record.catalogs.values():
        with suppress(DecodeError):
            entries = decode_catalog(document).entries.values()
            if entries and all(entry.run < last for entry in entries):
                record.objects[CATALOG] = document
                return
    pytest.fail("no catalog of an earlier day can be read")


def alter_the_index(record: Record) -> None:
    record.objects[INDEX] += b"\n"


def alter_a_change(record: Record) -> None:
    body = record.objects[CHANGES_JSON]
    assert b'"counts":{"added":' in body
    record.objects[CHANGES_JSON] = body.replace(b'"added":', b'"added":9', 1)


def alter_the_page_of_changes(record: Record) -> None:
    record.objects[CHANGES_PAGE] += b"\n"


def alter_the_feed_of_all(record: Record) -> None:
    record.objects[ALL_FEED] += b"\n"


def forget_a_history(record: Record) -> None:
    document = json.loads(record.objects[INDEX_JSON])
    for entry in document["playlists"]:
        entry.pop("last_snapshot", None)
    record.objects[INDEX_JSON] = json.dumps(document).encode()


def invent_a_number(record: Record) -> None:
    record.objects[followers_key(FERRY)] = b'{"2026-10-01": 7}'


def alter_what_is_rebuilt(record: Record) -> None:
    record.rebuilt[view_key("plain", SKYLIGHT)] += b"\n"


def send_too_early(record: Record) -> None:
    record.too_early.append("2026-10-01 04:00:00 /v1/me")


def leave_a_dead_letter(record: Record) -> None:
    record.left.append("RenderDeadLetterQueue: {}")


def swap_two_snapshots(record: Record) -> None:
    keys = sorted(key for key in record.objects if key.startswith(snapshots_prefix(SKYLIGHT)))
    first, last = record.objects[keys[0]], record.objects[keys[-1]]
    record.objects[keys[0]], record.objects[keys[-1]] = last, first


def claim_a_check(record: Record) -> None:
    number = last_page(record, STATUS_JSON)
    status = json.loads(record.pages[number].body)
    status["playlists"][FERRY]["last_checked"] = "2026-10-05T03:59:00Z"
    record.pages[number] = record.pages[number]._replace(body=json.dumps(status).encode())


def claim_that_all_is_well(record: Record) -> None:
    """Write such a status page when the last run had sent its requests, but nothing was read."""
    run = record.runs[DAYS[-1]]
    page = f"## All is well\n| Last run | {run:%Y-%m-%d %H:%M} UTC |\n"
    asked = min(moment for moment, body in record.asked if moment >= run.timestamp())
    record.pages.append(Written(asked + 0.01, STATUS_PAGE, page.encode()))


def read_nothing_of_one(record: Record) -> None:
    record.outcomes = [(sent, body) for sent, body in record.outcomes if FERRY not in body]
    record.hurt.clear()
    record.parked.clear()
    record.dead.clear()
    record.actions.clear()


def date_a_check_in_the_future(record: Record) -> None:
    number = last_page(record, STATUS_JSON)
    status = json.loads(record.pages[number].body)
    status["playlists"][FERRY]["last_checked"] = "2036-10-02T04:00:00Z"
    record.pages[number] = record.pages[number]._replace(body=json.dumps(status).encode())


def leave_the_damage(record: Record) -> None:
    record.actions.append(Action(0.0, "damage", INDEX, "truncated"))
    record.damaged[INDEX] = record.objects[INDEX]


def overwrite_without_a_copy(record: Record) -> None:
    record.actions.append(Action(0.0, "damage", CATALOG, "garbage"))
    record.damaged[CATALOG] = b"garbage that nobody kept"


def fail_unstruck(record: Record) -> None:
    record.broken.append("renderer-1 failed though nothing struck it: KeyError(); {}")


def rename_in_the_index_alone(record: Record) -> None:
    names = json.loads(record.objects[METADATA_COMPACT])
    record.objects[METADATA_COMPACT] = json.dumps(names | {FERRY: "Another"}).encode()


def lose_all_rows_at_once(record: Record) -> None:
    key = newest_snapshot(record)
    snapshot = json.loads(record.objects[key])
    record.objects[key] = json.dumps(snapshot | {"rows": []}).encode()


def date_a_row_before_spotify(record: Record) -> None:
    key = newest_snapshot(record)
    snapshot = json.loads(record.objects[key])
    snapshot["rows"][0]["added_at"] = "1970-01-01T00:00:00Z"
    record.objects[key] = json.dumps(snapshot).encode()


def blame_the_credentials(record: Record) -> None:
    outcome = {
        "type": "outcome/1",
        "playlist_id": FERRY,
        "run": "2026-10-01T04:00:00Z",
        "at": "2026-10-01T04:00:00Z",
        "status": "deferred",
        "reason": "Spotify refuses a fresh access token: log in again",
    }
    record.outcomes.insert(0, (0.0, json.dumps(outcome)))


def date_a_snapshot_ahead(record: Record) -> None:
    """Write a snapshot of the future that the indexer learned of before everything else."""
    name, time = newest_snapshot(record), "2036-10-02T04:00:00Z"
    snapshot = json.loads(record.objects[name])
    key = f"{snapshots_prefix(SKYLIGHT)}20361002T040000Z.json"
    record.objects[key] = json.dumps(snapshot | {"time": time}).encode()
    record.written_at[key] = 0.0
    outcome = {
        "type": "outcome/1",
        "playlist_id": SKYLIGHT,
        "run": "2026-09-30T04:00:00Z",
        "at": "2026-09-30T04:00:00Z",
        "status": "ok",
        "latest": {"time": time, "content": "", "rows": 1},
    }
    record.merged.insert(0, Handled(0.5, 1.0, json.dumps(outcome)))
    record.actions.clear()


def name_no_copy(record: Record) -> None:
    record.set_aside["damaged/state/ledgers/none"] = record.runs[DAYS[0]].timestamp()


def ask_for_the_last_first(record: Record) -> None:
    """Add two runs, the later of which asks for what had failed before what was deferred."""
    found, asked = (record.runs[DAYS[-1]] + timedelta(days=days) for days in (1, 2))
    for playlist_id, status in ((make_id("failed"), "invalid"), (make_id("late"), "deferred")):
        outcome = {
            "type": "outcome/1",
            "playlist_id": playlist_id,
            "run": to_timestamp(found),
            "at": to_timestamp(found),
            "status": status,
        }
        moment, body = found.timestamp(), json.dumps(outcome)
        record.outcomes.append((moment, body))
        record.merged.append(Handled(moment, moment + 1, body))
        request = FetchRequest(playlist_id=playlist_id, run=asked, source="library")
        record.asked.append((asked.timestamp(), encode_message(request)))


def hold_a_loss_again(record: Record) -> None:
    moment, body = record.asked[-1]
    request = json.loads(body)
    held = {"run": "2026-09-30T04:00:00Z", "rows": 1}
    outcome = {
        "type": "outcome/1",
        "playlist_id": request["playlist_id"],
        "run": request["run"],
        "at": request["run"],
        "status": "held",
        "held": {"run": request["run"], "rows": 1},
    }
    record.asked = [(moment, json.dumps(request | {"held": held}))]
    record.outcomes.append((moment, json.dumps(outcome)))


def ask_without_the_newest_snapshot(record: Record) -> None:
    moment, body = next(
        asked for asked in reversed(record.asked) if f'"playlist_id":"{SKYLIGHT}"' in asked[1]
    )
    latest = {"time": "2026-09-01T04:00:00Z", "content": "", "rows": 1}
    record.asked.append((moment, json.dumps(json.loads(body) | {"latest": latest})))


def look_again_for_an_earlier_run(record: Record) -> None:
    """Add late messages of the first run that saw another newest snapshot before each later run."""
    first, *later = record.runs.values()
    for run in later:
        looked = run - timedelta(minutes=15)
        for playlist_id in playlists_in(record.objects):
            outcome = {
                "type": "outcome/1",
                "playlist_id": playlist_id,
                "run": to_timestamp(first),
                "at": to_timestamp(looked),
                "status": "deferred",
                "latest": {"time": "2026-09-01T04:00:00Z", "content": "", "rows": 1},
            }
            moment, body = looked.timestamp(), json.dumps(outcome)
            record.outcomes.append((moment, body))
            record.merged.append(Handled(moment + 1, moment + 2, body))


def give_a_request_up(record: Record) -> None:
    request = next(body for _, body in record.asked if body != POISON)
    record.dead_letters.setdefault("FetchQueue", []).append(request)


def mail(record: Record, line: str, later: float = 0) -> None:
    """Have the owner be told something about the newest status document."""
    moment = record.pages[last_page(record, STATUS_JSON)].moment + later
    subject = "Playlist archive: 1 thing needs attention"
    record.mails.append(Mailed(moment, subject, f"This needs attention:\n\n- {line}\n"))


def name_of(record: Record, playlist_id: str) -> str:
    status = json.loads(record.pages[last_page(record, STATUS_JSON)].body)
    return str(status["playlists"][playlist_id]["name"])


def mail_a_failure_that_was_not(record: Record) -> None:
    mail(record, f'Since 2026-10-01: "{name_of(record, FERRY)}" cannot be read: not found (so)')


def mail_an_end_that_was_not(record: Record) -> None:
    mail(record, "no playlist had a good check in the last run")


def keep_a_failure_to_oneself(record: Record) -> None:
    for day in DAYS[2:4]:
        status = json.loads(record.statuses[day])
        status["playlists"][FERRY] |= {
            "status": "not_found",
            "since": to_timestamp(record.runs[DAYS[2]]),
        }
        record.statuses[day] = json.dumps(status).encode()
    record.mails.clear()


def mail_it_again_within_the_hour(record: Record) -> None:
    for hour in range(2):
        mail(record, f'"{name_of(record, FERRY)}" is read again', 90_000 + hour * 3_600)


def mail_all_day(record: Record) -> None:
    for hour in range(20):
        mail(record, "playlists are read again", hour * 3_600)


def publish_nothing(record: Record) -> None:
    record.events.clear()


def send_no_digest(record: Record) -> None:
    record.mails[:] = [mail for mail in record.mails if " added, " not in mail.subject]


def publish_other_songs(record: Record) -> None:
    """In all events: what is said of a playlist whose documents were spoilt may be true."""
    record.events[:] = [
        event._replace(detail=event.detail.replace('"uri":"', '"uri":"x'))
        if '"added":[' in event.detail
        else event
        for event in record.events
    ]


def publish_a_change_that_was_not(record: Record) -> None:
    event = record.events[0]
    detail = json.loads(event.detail)
    detail["change"]["time"] = "2026-10-01T00:00:00Z"
    record.events.append(event._replace(detail=json.dumps(detail)))


def publish_over_and_over(record: Record) -> None:
    record.events += record.events[:1] * 1_000


DAMAGES: list[tuple[Callable[[Record], None], str]] = [
    (lose_a_snapshot, "no snapshot is lost"),
    (shorten_a_snapshot, "no snapshot is partial"),
    (repeat_a_snapshot, "every snapshot is a change"),
    (lose_a_ledger, "ledgers are clean folds"),
    (alter_a_page, "pages are those of the ledgers"),
    (alter_a_line_of_songs, "the songs are those of the ledgers"),
    (lose_the_ids_of_songs, "the songs are those of the ledgers"),
    (forget_the_end_of_a_run, "the catalog holds every outcome"),
    (alter_the_index, "overview pages are those of the catalog"),
    (alter_a_change, "documents of all are those of the histories"),
    (alter_the_page_of_changes, "documents of all are those of the histories"),
    (alter_the_feed_of_all, "documents of all are those of the histories"),
    (forget_a_history, "documents of all are those of the histories"),
    (invent_a_number, "follower numbers are those read"),
    (alter_what_is_rebuilt, "a rebuild gives the same bytes"),
    (alter_every_plain_page, "pages differ from peace only with a word"),
    (lose_an_outcome, "nothing is silently missing"),
    (misdate_all_removals, "removals are dated truly"),
    (invent_a_gap, "every run without a read is told as a gap"),
    (send_too_early, "spotify is left alone when it asks"),
    (leave_a_dead_letter, "dead letters are known and mended"),
    (swap_two_snapshots, "snapshots are in the order of reading"),
    (claim_a_check, "status pages are true"),
    (claim_that_all_is_well, "status pages are true"),
    (read_nothing_of_one, "nobody waits for longer than faults explain"),
    (date_a_check_in_the_future, "nothing is later than the clock"),
    (leave_the_damage, "damaged objects are set aside or mended"),
    (overwrite_without_a_copy, "damaged objects are set aside or mended"),
    (fail_unstruck, "functions fail only when struck"),
    (rename_in_the_index_alone, "names are told alike"),
    (forget_the_end_of_a_run, "the catalog tells the newest"),
    (forget_the_end_of_a_run, "the status is the last word"),
    (lose_all_rows_at_once, "no great loss counts at once"),
    (hold_a_loss_again, "a great loss counts the second time"),
    (blame_the_credentials, "reasons are true"),
    (date_a_snapshot_ahead, "snapshots to come are told"),
    (name_no_copy, "copies are named soon"),
    (ask_for_the_last_first, "what failed comes last"),
    (date_a_row_before_spotify, "no value is absurd"),
    (look_again_for_an_earlier_run, "the catalog tells the newest"),
    (ask_without_the_newest_snapshot, "requests bring what is known"),
    (look_again_for_an_earlier_run, "requests bring what is known"),
    (give_a_request_up, "no request is given up"),
    (mail_a_failure_that_was_not, "mails tell only what was so"),
    (mail_an_end_that_was_not, "mails tell only what was so"),
    (keep_a_failure_to_oneself, "what lasts is mailed"),
    (mail_it_again_within_the_hour, "mails come seldom"),
    (mail_all_day, "mails come seldom"),
    (publish_nothing, "each change is an event"),
    (send_no_digest, "each change is in a digest"),
    (publish_other_songs, "events tell only what changed"),
    (publish_a_change_that_was_not, "events tell only what changed"),
    (publish_over_and_over, "events tell only what changed"),
]


# Faults of the same course may explain what these do, or leave no place for it.
EXCUSED_BY_FAULTS = {
    lose_an_outcome,
    swap_two_snapshots,
    lose_all_rows_at_once,
    forget_the_end_of_a_run,
    alter_every_plain_page,
    misdate_all_removals,
    invent_a_gap,
    claim_a_check,
    claim_that_all_is_well,
    date_a_check_in_the_future,
    look_again_for_an_earlier_run,
    ask_without_the_newest_snapshot,
    mail_an_end_that_was_not,
    keep_a_failure_to_oneself,
    publish_nothing,
}


def findings_after(damage: Callable[[Record], None], check: str, evidence: Evidence) -> list[str]:
    """Return what a check finds after the damage, and not before."""
    damaged = deepcopy(evidence.chaos)
    damage(damaged)
    before = set(find(check, evidence))
    return [
        finding
        for finding in find(check, Evidence(LIBRARY, damaged, evidence.peace))
        if finding not in before
    ]


@pytest.mark.parametrize(("damage", "check"), DAMAGES)
def test_damage_is_found(
    undisturbed: Evidence, damage: Callable[[Record], None], check: str
) -> None:
    assert findings_after(damage, check, undisturbed) != []


@pytest.mark.parametrize(
    ("damage", "check"), [it for it in DAMAGES if it[0] not in EXCUSED_BY_FAULTS]
)
def test_damage_is_found_amid_faults(
    evidence: Evidence, damage: Callable[[Record], None], check: str
) -> None:
    assert findings_after(damage, check, evidence) != []


def unread(undisturbed: Evidence) -> Record:
    """Return a record without outcomes of a playlist that was read in peace."""
    record = deepcopy(undisturbed.chaos)
    record.outcomes = [(sent, body) for sent, body in record.outcomes if KITCHEN not in body]
    record.told.discard(KITCHEN)
    return record


def tell_of_the_library(body: str, failure: str) -> str:
    message = None if body == POISON else decode_outcome(body)
    if not isinstance(message, RunReport):
        return body
    return encode_message(replace(message, failure=failure))


@pytest.mark.parametrize("failure", ["", "the library could not be listed"])
def test_a_new_playlist_is_excused_only_where_the_library_could_not_be_listed(
    undisturbed: Evidence, failure: str
) -> None:
    record = unread(undisturbed)
    record.outcomes = [(sent, tell_of_the_library(body, failure)) for sent, body in record.outcomes]
    reasons = Evidence(LIBRARY, record, undisturbed.peace).excuses[KITCHEN]

    assert ("new in a library that could not be listed" in reasons) == bool(failure)


def test_a_loss_that_peace_held_and_chaos_did_not_read_is_excused(undisturbed: Evidence) -> None:
    record = deepcopy(undisturbed.chaos)
    record.calendar = replace_fields(record.calendar, stopped=None)
    record.told.add(LIBRARY.cut)
    excuses = Evidence(LIBRARY, record, undisturbed.peace).excuses
    assert "not read, as its status said" not in excuses.get(LIBRARY.cut, ())
    record.outcomes = [
        (sent, body.replace('"status":"held"', '"status":"deferred"'))
        for sent, body in record.outcomes
    ]

    excuses = Evidence(LIBRARY, record, undisturbed.peace).excuses

    assert "not read, as its status said" in excuses[LIBRARY.cut]


def test_a_read_between_two_reads_of_peace_is_an_excuse_before_a_change(
    undisturbed: Evidence,
) -> None:
    reason = "read between two reads of peace, before it changed"
    changed = undisturbed.snapshots[SKYLIGHT][-1].time
    before = max(
        sent.outcome.run
        for sent in undisturbed.sent[SKYLIGHT]
        if sent.outcome.status == "ok" and sent.outcome.run < changed
    )
    peace = deepcopy(undisturbed.peace)
    peace.outcomes = [
        (sent, body)
        for sent, body in peace.outcomes
        if not (SKYLIGHT in body and f'"run":"{before:%Y-%m-%d}' in body)
    ]

    assert reason not in undisturbed.excuses.get(SKYLIGHT, ())
    assert reason in Evidence(LIBRARY, undisturbed.chaos, peace).excuses[SKYLIGHT]


@pytest.mark.parametrize("how", sorted(DAMAGES_TO_OBJECTS.keys() - {"rolled back"}))
def test_a_series_of_followers_may_stay_damaged_until_its_next_number(
    undisturbed: Evidence, how: str
) -> None:
    record = deepcopy(undisturbed.chaos)
    key, check = followers_key(FERRY), "follower numbers are those read"
    record.objects[key] = DAMAGES_TO_OBJECTS[how](b'{"2026-10-01":7}')
    end = max(handled.until for handled in record.merged)
    record.actions.append(Action(end + 1, "damage", key, how))

    assert list(find(check, Evidence(LIBRARY, record, undisturbed.peace))) == []


def fail_after_the_catalog(record: Record, run: datetime) -> None:
    """Have the indexer fail in every batch of a run after it wrote the catalog."""
    record.merged = [
        handled
        for handled in record.merged
        if not (
            handled.body != POISON
            and isinstance(message := decode_outcome(handled.body), Outcome)
            and message.run == run
        )
    ]


def test_an_outcome_may_count_before_its_batch_has_ended(undisturbed: Evidence) -> None:
    """An indexer may fail after it wrote the catalog; its messages come again."""
    record, check = deepcopy(undisturbed.chaos), "the status is the last word"
    fail_after_the_catalog(record, record.runs[DAYS[-1]])
    assert list(find(check, Evidence(LIBRARY, record, undisturbed.peace))) == []

    last = to_timestamp(record.runs[DAYS[-1]])
    record.outcomes = [(sent, body) for sent, body in record.outcomes if last not in body]
    assert list(find(check, Evidence(LIBRARY, record, undisturbed.peace))) != []


def waits_for(evidence: Evidence, playlist_id: str) -> list[str]:
    check = "nobody waits for longer than faults explain"
    return [finding for finding in find(check, evidence) if playlist_id in finding]


def test_a_catalog_that_is_damaged_after_a_loss_was_held_is_no_reason_to_have_read_it(
    undisturbed: Evidence,
) -> None:
    held = [sent for sent in undisturbed.sent[LIBRARY.cut] if sent.outcome.status == "held"]
    record = deepcopy(undisturbed.chaos)
    assert waits_for(Evidence(LIBRARY, record, undisturbed.peace), LIBRARY.cut) == []

    record.actions.append(Action(held[-1].moment + 60, "damage", CATALOG, "deleted"))
    assert waits_for(Evidence(LIBRARY, record, undisturbed.peace), LIBRARY.cut) == []


def test_a_loss_that_is_held_again_in_a_later_run_is_found(undisturbed: Evidence) -> None:
    record = deepcopy(undisturbed.chaos)
    rows = [sent.outcome.held.rows for sent in undisturbed.sent[LIBRARY.cut] if sent.outcome.held]
    time = to_timestamp(record.runs[DAYS[-1]])
    again = f'"status":"held","held":{{"run":"{time}","rows":{rows[-1]}}}'
    record.outcomes = [
        (sent, body.replace('"status":"ok"', again) if f'"run":"{time}"' in body else body)
        for sent, body in record.outcomes
    ]

    assert waits_for(Evidence(LIBRARY, record, undisturbed.peace), LIBRARY.cut) != []


def test_a_read_that_only_a_damaged_catalog_knew_of_may_be_shown_as_a_gap(
    undisturbed: Evidence,
) -> None:
    """A run that had read a playlist was started again after the damage, and did not read it."""
    record = deepcopy(undisturbed.chaos)
    *_, (moment, outcome) = (
        (handled.until, message)
        for handled in record.merged
        if handled.body != POISON
        and isinstance(message := decode_outcome(handled.body), Outcome)
        and message.playlist_id == FERRY
        and message.status == "ok"
        and message.run == record.runs[DAYS[2]]
    )
    again = encode_message(replace(outcome, status="deferred", header=None, latest=None))
    record.merged.append(Handled(moment + 1, moment + 2, again))
    key = view_key("history", FERRY, ".md")
    record.objects[key] += f"> Not readable on {DAYS[2]}: so\n".encode()
    check = "every run without a read is told as a gap"
    finding = f"the history of {FERRY} tells a gap on {DAYS[2]}, when it was read"
    assert finding in find(check, Evidence(LIBRARY, record, undisturbed.peace))

    record.actions.append(Action(moment + 0.5, "damage", CATALOG, "garbage"))
    assert finding not in find(check, Evidence(LIBRARY, record, undisturbed.peace))


def test_who_asks_after_the_lane_was_stopped_may_have_deferred_what_failed(
    undisturbed: Evidence,
) -> None:
    record = deepcopy(undisturbed.chaos)
    ask_for_the_last_first(record)
    found = (record.runs[DAYS[-1]] + timedelta(days=1)).timestamp()
    record.parked.append((found + 60, found + 120))

    check = "what failed comes last"
    assert list(find(check, Evidence(LIBRARY, record, undisturbed.peace))) == []


def test_a_lister_may_send_first_what_another_had_left(undisturbed: Evidence) -> None:
    """An event came twice, and SQS took the requests of the first lister in part."""
    record = deepcopy(undisturbed.chaos)
    ask_for_the_last_first(record)
    moment, body = record.asked.pop()
    record.asked.append((moment + 3, body))
    check = "what failed comes last"
    assert list(find(check, Evidence(LIBRARY, record, undisturbed.peace))) != []

    run = record.runs[DAYS[-1]] + timedelta(days=2)
    report = RunReport(run=run, at=run + timedelta(seconds=2), planned=1, unchanged=0)
    record.outcomes.append((moment + 3, encode_message(report)))
    assert list(find(check, Evidence(LIBRARY, record, undisturbed.peace))) == []


@pytest.mark.parametrize("failure", ["", "the library could not be listed"])
def test_nobody_may_wait_for_a_library_that_some_run_has_listed(
    undisturbed: Evidence, failure: str
) -> None:
    record = unread(undisturbed)
    record.outcomes = [(sent, tell_of_the_library(body, failure)) for sent, body in record.outcomes]

    waiting = waits_for(Evidence(LIBRARY, record, undisturbed.peace), KITCHEN)

    assert bool(waiting) == (not failure)


@pytest.mark.parametrize("excluded", [True, False])
def test_what_was_excluded_in_the_last_run_counts_as_outside_of_the_library(
    undisturbed: Evidence, *, excluded: bool
) -> None:
    """The exclusion was lifted and the registration withdrawn before another run."""
    record = deepcopy(undisturbed.chaos)
    run = record.runs[DAYS[-1]]
    read, lifted, withdrawn, retired = (run + timedelta(hours=hours) for hours in (1, 2, 3, 4))
    record.actions.append(Action(run.timestamp() - 60, "register", KITCHEN))
    if excluded:
        record.actions.append(Action(run.timestamp() - 60, "exclude", KITCHEN))
        record.actions.append(Action(lifted.timestamp(), "include", KITCHEN))
    record.actions.append(Action(withdrawn.timestamp(), "deregister", KITCHEN))
    outcome = Outcome(playlist_id=KITCHEN, run=read, at=read, status="ok", source="registry")
    moment = read.timestamp()
    record.merged.append(Handled(moment, moment + 1, encode_message(outcome)))
    outcome = Outcome(
        playlist_id=KITCHEN,
        run=retired,
        at=retired,
        status="retired",
        reason="no longer registered; what was archived is kept",
    )
    record.outcomes.append((retired.timestamp(), encode_message(outcome)))

    found = list(find("reasons are true", Evidence(LIBRARY, record, undisturbed.peace)))

    assert bool(found) == (not excluded)


@pytest.mark.parametrize("begun", [True, False])
def test_a_run_makes_a_playlist_overdue_only_once_it_has_begun(
    undisturbed: Evidence, *, begun: bool
) -> None:
    """The status page names a forced run, which is later than each run to come."""
    record = deepcopy(undisturbed.chaos)
    last = record.runs[DAYS[-1]]
    forced = last.replace(year=last.year + 10)
    record.forced.append(forced)
    for run, moment in ((forced, last - timedelta(hours=2)), (last, last)):
        request = FetchRequest(playlist_id=FERRY, run=run, source="library")
        record.asked.append((moment.timestamp(), encode_message(request)))
    record.outcomes = [
        (sent, body)
        for sent, body in record.outcomes
        if not (FERRY in body and to_timestamp(last) in body)
    ]
    status = json.loads(record.pages[last_page(record, STATUS_JSON)].body)
    status["run"] = to_timestamp(forced)
    status["playlists"][FERRY]["overdue_since"] = None
    written = last + timedelta(hours=1 if begun else -1)
    record.pages = [Written(written.timestamp(), STATUS_JSON, json.dumps(status).encode())]

    found = list(find("status pages are true", Evidence(LIBRARY, record, undisturbed.peace)))

    assert any("is not shown as overdue" in finding for finding in found) == begun


@pytest.mark.parametrize("between", [True, False])
def test_a_further_good_read_on_the_day_of_one_in_peace_narrows_when_a_change_was(
    undisturbed: Evidence, *, between: bool
) -> None:
    record = deepcopy(undisturbed.chaos)
    changed = undisturbed.snapshots[SKYLIGHT][-1].time
    run = changed + timedelta(hours=-20 if between else 2)
    outcome = Outcome(playlist_id=SKYLIGHT, run=run, at=run, status="ok")
    record.outcomes.append((run.timestamp(), encode_message(outcome)))

    excuses = Evidence(LIBRARY, record, undisturbed.peace).excuses[SKYLIGHT]

    assert ("read between two reads of peace, before it changed" in excuses) == between


def test_every_check_is_tried() -> None:
    assert {check for _, check in DAMAGES} == BY_NAME.keys()
