"""The SQL engines: DuckDB on this machine, and Athena in AWS."""
