"""The second step: reads playlists from Spotify, and writes snapshots of those that changed."""
