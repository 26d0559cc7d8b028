"""Questions about a feature table, as values; the answers are Findings. Start with ``checks.ask.ask``."""
