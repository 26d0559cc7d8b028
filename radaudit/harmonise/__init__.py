"""Estimate site effects on some rows, remove them from any rows, diagnose."""
