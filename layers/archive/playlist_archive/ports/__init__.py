"""The outside systems that the services use: a protocol for each, and its adapter to AWS."""
