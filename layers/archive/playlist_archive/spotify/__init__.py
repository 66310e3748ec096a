"""A client of Spotify's Web API as of 2026, which reads whole playlists with few requests."""
