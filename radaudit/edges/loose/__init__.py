"""Loose files: tables that no study names; what they hold, whose rows they are and what is odd about them."""
