"""Playlists in formats that other programs take: the same bytes each time."""
