"""What a row and a column mean: FeatureTable, Roles, Rows, and what feature names say."""

from radaudit.tables.roles import Outcome, Roles
from radaudit.tables.rows import Rows
from radaudit.tables.table import FeatureTable

__all__ = ["FeatureTable", "Outcome", "Roles", "Rows"]
