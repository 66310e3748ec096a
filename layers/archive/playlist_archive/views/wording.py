"""The wording of numbers, lengths and dates, the same as in this archive's predecessor."""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from playlist_archive.documents.timestamps import in_utc

_HOUR = 60  # minutes
_TWICE = 2
_SOURCES = {
    "git-archive": "the old archive",
    "spotify-export": "Spotify's data export",
    "exportify": "a CSV of Exportify",
}
_LONGEST = timedelta.max // timedelta(milliseconds=1)


def track_length(duration_ms: int) -> str:
    """Return a track's length as `3:07`, `1:00:00` or, in Python's form, `1 day, 0:00:00`."""
    minutes, seconds = divmod(_possible(duration_ms) // 1000, 60)
    if minutes < _HOUR:
        return f"{minutes}:{seconds:02}"
    return str(timedelta(minutes=minutes, seconds=seconds))


def total_length(duration_ms: int) -> str:
    """Return a playlist's length in its two or three largest units, such as `1 hr 0 min`."""
    minutes, seconds = divmod(_possible(duration_ms) // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days:,} day {hours} hr {minutes} min"
    if hours:
        return f"{hours} hr {minutes} min"
    if minutes:
        return f"{minutes} min {seconds} sec"
    return f"{seconds} sec"


def _possible(duration_ms: int) -> int:
    """Return the nearest possible length: not negative, nor longer than Python's `timedelta`."""
    return min(max(duration_ms, 0), _LONGEST)


def counted(number: int, noun: str) -> str:
    """Return `1 song`, `0 songs`, `5,392 songs`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def song_by(title: str, artists: str) -> str:
    """Return `Ropewalk by Velvet Ferry`, or only the title if no artist has a name."""
    return f"{title} by {artists}" if artists else title


def source_in_words(source: str) -> str:
    """Return what a snapshot was imported from, as a person calls it."""
    return _SOURCES.get(source, source)


def artist_names(artists: Iterable[str]) -> str:
    """Return the names in one text, without missing ones."""
    return ", ".join(filter(None, artists))


def songs_and_rows(times: Collection[int], rows: int) -> str:
    """Return `25 songs`, or `25 songs, 27 rows (2 twice)` if the numbers differ.

    `times` has each song's number of rows; the other rows are not named by Spotify.
    """
    songs = counted(len(times), "song")
    if len(times) == rows:
        return songs
    often = Counter(times)
    why = [
        f"{often[number]:,} {'twice' if number == _TWICE else f'in {number:,} rows'}"
        for number in sorted(often)
        if number > 1
    ]
    if unnamed := rows - sum(times):
        why.append(f"{unnamed:,} not named by Spotify")
    return f"{songs}, {counted(rows, 'row')} ({', '.join(why)})"


def day(moment: datetime) -> str:
    """Return the date in UTC, as `2022-04-08`."""
    return in_utc(moment).date().isoformat()


def days_apart(earlier: datetime, later: datetime) -> int:
    return (in_utc(later).date() - in_utc(earlier).date()).days


def day_or_days(after: datetime, until: datetime) -> str:
    """Return the day of an event, or the days between which it happened if some were missed."""
    if days_apart(after, until) > 1:
        return f"Between {day(after)} and {day(until)}"
    return day(until)
