"""What is measured of a model, a feature or a site; every answer is built on ``Estimate``."""

from radaudit.measures.estimate import Comparison, Estimate

__all__ = ["Comparison", "Estimate"]
