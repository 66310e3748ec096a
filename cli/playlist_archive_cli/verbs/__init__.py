"""A module for each verb. It registers itself with `frame.verb`; `main` imports it."""
