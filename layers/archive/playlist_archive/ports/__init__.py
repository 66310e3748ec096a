"""One protocol for each outside system that the services use, and its adapter to AWS."""
