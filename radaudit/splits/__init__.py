"""Training and holdout by patient, resamples of the training rows, and the keeper of the holdout."""

from radaudit.splits.guard import Guard, Opening
from radaudit.splits.holdout import HoldoutPlan, Split, hold_out
from radaudit.splits.resamples import Resample, folds_possible, leave_one_out, repeated_group_kfold

__all__ = ["Guard", "HoldoutPlan", "Opening", "Resample", "Split", "folds_possible", "hold_out", "leave_one_out", "repeated_group_kfold"]
