"""One module per stage of a study: read what it needs, call the middle, record, write, and say what happened."""
