"""File formats: text tables, spreadsheets, Parquet and JSON as columns of text or of numbers, each cell read once."""
