"""The archived playlists: those of the registry, and those chosen from the library."""

import msgspec
import pytest

from playlist_archive.documents.catalog import Catalog
from playlist_archive.lister.registry import Registry
from playlist_archive.lister.selection import Selection, choose
from playlist_archive.settings import LibraryMode
from tests.support.builders import OTHER, PLAYLIST, a_header, a_library, an_entry

pytestmark = pytest.mark.unit
EDITORIAL = "37i9dQZF1DX0000000000A"


@pytest.mark.parametrize(
    ("mode", "chosen"),
    [("owned", {PLAYLIST, EDITORIAL}), ("all", {PLAYLIST, OTHER, EDITORIAL}), ("none", set())],
)
def test_the_mode_selects_the_archived_part_of_the_library(
    mode: LibraryMode, chosen: set[str]
) -> None:
    library = a_library((PLAYLIST, a_header()), (OTHER, a_header(owner="someone.else")))
    shared = a_library((EDITORIAL, a_header(owner="someone.else")), collaborative=True)
    library = library._replace(entries=library.entries + shared.entries)

    assert set(choose(Registry({}, frozenset(), ()), library, Catalog(), mode)) == chosen


def test_excluded_outweighs_the_library_and_the_registry_outweighs_both() -> None:
    library = a_library((PLAYLIST, a_header()), (OTHER, a_header()))
    registry = Registry({OTHER: "Ours"}, frozenset({PLAYLIST, OTHER}), ())

    assert choose(registry, library, Catalog(), "owned") == {
        OTHER: Selection("registry", "Ours", a_header())
    }


def test_library_entries_that_a_sweep_cannot_read_stay_selected() -> None:
    header = a_header(owner="")
    entry = msgspec.structs.replace(an_entry(), source="library", in_library=True)
    catalog = Catalog(entries={PLAYLIST: entry, OTHER: entry})
    nothing = Registry({}, frozenset(), ())
    library = a_library((PLAYLIST, header))

    assert set(choose(nothing, library, catalog, "owned")) == {PLAYLIST}
    assert set(choose(nothing, library, Catalog(), "owned")) == set()
    assert set(choose(nothing, library._replace(readable=False), catalog, "owned")) == {
        PLAYLIST,
        OTHER,
    }


@pytest.mark.parametrize(("mode", "chosen"), [("owned", {PLAYLIST}), ("none", set())])
def test_without_a_complete_sweep_the_library_stays_the_same(
    mode: LibraryMode, chosen: set[str]
) -> None:
    entries = {
        PLAYLIST: msgspec.structs.replace(an_entry(), source="library"),
        OTHER: msgspec.structs.replace(an_entry("retired"), source="library"),
        EDITORIAL: an_entry(),
    }
    found = choose(Registry({}, frozenset(), ()), None, Catalog(entries=entries), mode)

    assert set(found) == chosen
