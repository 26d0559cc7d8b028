"""How large is a leak? The step is repaired and a reference model fitted again on the same split: start with ``change.of``."""
