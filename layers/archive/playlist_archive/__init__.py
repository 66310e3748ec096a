"""Reads Spotify playlists, stores snapshots, folds them into ledgers and renders pages."""
