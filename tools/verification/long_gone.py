"""Computes by brute force which songs were removed more than a year ago."""

from tools.verification.expected import ExpectedPlaylist

MOST_SONGS = 5_000


def gone_in(playlist: ExpectedPlaylist) -> dict[str, int]:
    """Return the songs removed more than a year ago, to the month, with the year of removal."""
    if not playlist.changes:
        return {}
    year, month = playlist.changes[-1].time[:4], playlist.changes[-1].time[5:7]
    gone: dict[str, int] = {}
    for uri, stays in playlist.stays.items():
        ends = [stay.first_missing for stay in stays]
        went = max(end or "now" for end in ends)
        if went < f"{int(year) - 1}-{month}":
            gone[uri] = int(went[:4])
    return gone


def years_apart(playlist: ExpectedPlaylist) -> list[int]:
    """Return the years that may have separate documents."""
    newest = (playlist.changes[-1] if playlist.changes else playlist.archived[0]).time
    month = f"{int(newest[:4]) - 1}-{newest[5:7]}"
    return sorted({int(one.time[:4]) for one in playlist.archived if one.time < month})


def is_long(playlist: ExpectedPlaylist) -> bool:
    return len(playlist.texts) > MOST_SONGS
