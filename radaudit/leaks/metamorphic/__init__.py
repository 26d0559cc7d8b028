"""The metamorphic guard: change what a pipeline must not look at, run it again, and compare. Start with ``guard.examine``."""
