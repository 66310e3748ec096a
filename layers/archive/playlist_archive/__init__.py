"""Spotify playlists, read whole, kept as snapshots, folded into ledgers and rendered as pages."""
