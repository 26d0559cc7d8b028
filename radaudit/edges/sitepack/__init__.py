"""Site packs: what a hospital gets before it sends a table, made from the study."""
