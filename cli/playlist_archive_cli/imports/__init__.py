"""Brings in what other archives and exports know of the past, as snapshots."""
