"""The stored catalog: reads it with its ETag, and replaces it only if the ETag is unchanged."""

from typing import NamedTuple

from playlist_archive.documents.catalog import Catalog, decode_catalog, encode_catalog
from playlist_archive.documents.content_types import JSON
from playlist_archive.documents.keys import CATALOG
from playlist_archive.errors import UNREADABLE
from playlist_archive.ports.bucket import Bucket, copy_damaged, is_stored
from playlist_archive.ports.clock import Clock


class StoredCatalog(NamedTuple):
    """A catalog and its ETag, which is None if no catalog is stored."""

    catalog: Catalog
    etag: str | None


class CatalogStore:
    def __init__(self, bucket: Bucket, clock: Clock) -> None:
        self._bucket = bucket
        self._clock = clock

    def read(self) -> StoredCatalog:
        """Return the stored catalog, decoded; its JSON alone could fill half the memory.

        An unreadable catalog is copied to `damaged/`, and an empty one is returned instead.
        """
        stored = self._bucket.get(CATALOG)
        if stored is None:
            return StoredCatalog(Catalog(), None)
        try:
            return StoredCatalog(decode_catalog(stored.body), stored.etag)
        except UNREADABLE:
            copy_damaged(self._bucket, CATALOG, stored.body, self._clock.now())
            return StoredCatalog(Catalog(), stored.etag)

    def put(self, catalog: Catalog, etag: str | None) -> StoredCatalog:
        """Replace the catalog that has the ETag.

        Raises:
            ConflictError: another catalog has been stored meanwhile.
        """
        return StoredCatalog(
            catalog, self._bucket.put(CATALOG, encode_catalog(catalog), JSON, replacing=etag)
        )

    def is_stored(self, etag: str | None) -> bool:
        """Whether the catalog with this ETag is still the one that is stored."""
        return is_stored(self._bucket, CATALOG, etag)
