"""Checklists as data, rules that find the evidence for an item, and the ladder of evidence."""

from radaudit.checklists.items import Checklist, Item, named, shelf
from radaudit.checklists.ladder import ladder_lines
from radaudit.checklists.standards import against_standards

__all__ = ["Checklist", "Item", "against_standards", "ladder_lines", "named", "shelf"]
