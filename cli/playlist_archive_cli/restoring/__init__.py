"""Puts a playlist back into Spotify, as a new one."""
