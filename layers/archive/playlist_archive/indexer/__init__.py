"""The last step: merges outcomes into the catalog, and writes what all playlists share."""
