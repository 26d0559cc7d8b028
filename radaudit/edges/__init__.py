"""The only code that touches disk, network, clock, keys, DuckDB, Great Expectations, MLflow and HTML."""
