"""The outside systems, as the services use them: a protocol each, and its adapter to AWS."""
