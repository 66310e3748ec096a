"""Reading Spotify's Web API as it is in 2026: whole playlists, politely, with few requests."""
