"""Follow-up: times with events or censoring, and what models and measures both build on them."""

from radaudit.followup.rows import Followed, followed

__all__ = ["Followed", "followed"]
