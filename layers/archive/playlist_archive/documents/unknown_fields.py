"""What a source does not tell is unknown: it is no change, and what is known of it counts."""

from msgspec.structs import replace

from playlist_archive.documents.playlist import Album, Header, Item, Owner

_NOTHING = ("", 0, (), Album(""), Owner("", ""))


def with_known[Told: (Item, Header)](told: Told, known: Told) -> Told:
    """Return what was told, with each field that is unknown there as it is `known`.

    A field that is unknown in both stays so; it has what was told of it last.
    """
    fields = {
        name: getattr(known, name)
        for name in told.unknown
        if name not in known.unknown or getattr(told, name) in _NOTHING
    }
    unknown = tuple(name for name in told.unknown if name in known.unknown)
    return replace(told, unknown=unknown, **fields)


def as_far_as_known[Told: (Item, Header)](old: Told, new: Told) -> Told:
    """Return what was told before, with each field that was unknown then as it is now.

    What differs from the new one is what changed.
    """
    if not old.unknown:
        return old
    return replace(old, **{name: getattr(new, name) for name in old.unknown})
