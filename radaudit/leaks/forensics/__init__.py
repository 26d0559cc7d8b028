"""Leak detection from a finished table: what pooled preprocessing leaves behind. One file per kind; start with ``examine``."""

from radaudit.leaks.forensics.evidence import Evidence
from radaudit.leaks.forensics.examine import Examined, examine
from radaudit.leaks.forensics.state import Standing, State

__all__ = ["Evidence", "Examined", "Standing", "State", "examine"]
