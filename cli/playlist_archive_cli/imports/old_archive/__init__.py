"""Reads the git history of mackorone's spotify-playlist-archive, of which nothing is checked out."""
