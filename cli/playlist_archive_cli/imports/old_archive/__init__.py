"""Reads the git history of mackorone's spotify-playlist-archive, without checking it out."""
