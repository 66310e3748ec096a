"""The command `playlist-archive`: the owner's view of an archive, and what he may do with it."""
