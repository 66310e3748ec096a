"""The first step: lists what is to be archived, and asks the fetcher for what changed."""
