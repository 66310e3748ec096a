"""What answers a question in SQL: DuckDB on this machine, or Athena in AWS."""
