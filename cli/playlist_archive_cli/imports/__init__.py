"""Imports the history from other archives and exports, as snapshots."""
