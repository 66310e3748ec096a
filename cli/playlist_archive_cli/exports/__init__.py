"""Exports playlists in formats of other programs; the same input gives the same bytes."""
