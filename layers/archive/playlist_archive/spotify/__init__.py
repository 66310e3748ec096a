"""A client of Spotify's Web API as of 2026. It reads complete playlists with few requests."""
