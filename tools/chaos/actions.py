"""The owner's actions and the damage on one day, drawn from a seed."""

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

_DAY_SECONDS = 86_400

ALIASES: tuple[bytes, ...] = (
    b"Evenings",
    b"Mix",
    "Sommer, Sonne \U0001f31e".encode(),
    "\u202eretsnom\u202c".encode(),
    "zero\u200bwidth\u2060".encode(),
    b"\xef\xbb\xbfwith a mark",
    b"blanks behind  ",
    b"\ttab before",
    b"x" * 400,
    b"x" * 20_000,
    b"two\nlines",
    b"\xff\xfe\x00",
    b"",
    b"\n",
    b"\r\n",
)
BAD_ENTRIES = (
    "registry/no-playlist",
    "registry/https://open.spotify.com/playlist/3cEYpjA9oz9GiPac4AsH4n",
    "registry/\u202e",
    "excluded/neither",
    "registry/",
)

# The kinds of damage; each function returns the damaged bytes of an object.
DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda body: body[: len(body) // 2],
    "garbage": lambda body: bytes(255 - byte for byte in body[:300]) or b"\xff",
    "null": lambda _: b"null",
    "empty": lambda _: b"",
    "of another schema": lambda _: b'{"schema":99,"entries":[],"2026-10-01":"many"}',
    "nested": lambda _: b"[" * 100_000,
    "deleted": lambda _: b"",
    "rolled back": lambda body: body,
}


# The kinds of damage to a snapshot that is restored soon.
SPOILT = ("truncated", "garbage", "null", "empty", "of another schema", "nested")
_LASTING = frozenset({"damage", "spoil", "misname", "register"})


class Planned(NamedTuple):
    """An action that is due `after` seconds from the start of the day's run."""

    after: float
    what: str
    whom: str = ""
    how: str = ""


def plan_actions(random: Random, victims: Sequence[str], *, quiet: bool) -> list[Planned]:
    """Return the actions of a day, unordered; `victims` are the playlists that they may concern.

    A `quiet` day has no action that would stay on the status page for long.
    """
    planned: list[Planned] = []

    def now_and_then(probability: float, what: str, whom: str = "", how: str = "") -> None:
        if random.random() < probability:
            planned.append(Planned(random.uniform(0, _DAY_SECONDS - 60), what, whom, how))

    for _ in range(2):
        now_and_then(0.5, "register", random.choice(victims), str(random.randrange(len(ALIASES))))
    for _ in range(3):
        now_and_then(0.4, "edit", random.choice(victims))
    now_and_then(0.3, "deregister", random.choice(victims))
    now_and_then(0.25, "exclude", random.choice(victims))
    now_and_then(0.3, "include", random.choice(victims))
    now_and_then(0.2, "misname", random.choice(BAD_ENTRIES))
    for _ in range(2):
        now_and_then(0.4, "redrive")
    now_and_then(0.3, "run again")
    now_and_then(0.1, "run by hand")
    now_and_then(0.15, "run late")
    now_and_then(0.1, "run to come")
    now_and_then(0.06, "run to come, forced")
    for _ in range(3):
        now_and_then(0.6, "damage", how=random.choice(tuple(DAMAGES)))
    now_and_then(0.25, "spoil", how=random.choice(SPOILT))
    now_and_then(0.15, "stray")
    now_and_then(0.1, "fetcher dead", how=str(int(random.uniform(0.5, 2.5) * _DAY_SECONDS)))
    if random.random() < 0.3:  # noqa: PLR2004 - a share
        # While the first lister still runs, during SQS's deduplication interval or soon after it.
        planned.append(Planned(random.uniform(20, 900), "run again"))
    if random.random() < 0.3:  # noqa: PLR2004 - a share
        hours = random.uniform(0.5, 20)
        victim = random.choice(victims)
        planned.append(Planned(0, "hollow", victim, str(int(3_600 * hours))))
        # Neither of these two may confirm the loss that the day's run read.
        planned.append(Planned(random.uniform(600, 1_500), "register", victim, "0"))
        planned.append(Planned(random.uniform(600, 1_500), "run again"))
    if random.random() < 0.2:  # noqa: PLR2004 - a share
        # While the fetcher reads for the day's run.
        planned.append(Planned(random.uniform(30, 120), "run again, told to wait"))
    return [action for action in planned if not (quiet and action.what in _LASTING)]
