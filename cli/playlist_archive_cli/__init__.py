"""The command `playlist-archive`, with which the owner reads and manages an archive."""
