"""Leak checks: one file, one code, one question, answered from the record. Start with ``leaks.audit.audit``."""
