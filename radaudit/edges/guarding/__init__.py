"""The metamorphic guard for pipelines in Python (``frames``) and for commands (``commands``)."""
