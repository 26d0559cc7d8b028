"""Number forensics: can these figures be true, and are they what the predictions give? Start with ``findings.examine``."""
