"""Stored documents and messages, and the rules by which they change: pure, without I/O."""
