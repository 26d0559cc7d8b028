"""The keeper of the holdout: training rows are free, holdout rows are handed out against a lock, a reason and a count.

* No opening without a locked signature (GUARD-003).
* No opening without a reason (GUARD-004).
* Once the allowed openings are used, only ``amend=True`` opens again (GUARD-002), and what follows is post hoc.
* A plan other than that of the earlier openings needs ``amend=True`` too (GUARD-001).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from radaudit.errors import GuardError
from radaudit.splits.holdout import Split
from radaudit.tables.rows import Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One look at the holdout: under which plan and lock (digests), why, and whether it was one more than allowed."""

    plan: str
    lock: str
    reason: str
    amended: bool = False


@dataclass(frozen=True, slots=True)
class Guard:
    """The split, how many openings are allowed and which happened; a value: ``open`` returns the guard that follows."""

    split: Split
    allowed: int = 1
    openings: tuple[Opening, ...] = ()

    @property
    def training(self) -> Rows:
        """The rows that everything is fitted on."""
        return self.split.training

    @property
    def left(self) -> int:
        """How many openings are left without an amendment."""
        return max(0, self.allowed - len(self.openings))

    @property
    def post_hoc(self) -> bool:
        """True if the holdout was opened more often than allowed, or under a changed plan."""
        return any(opening.amended for opening in self.openings)

    def open(self, *, plan: str, lock: str, reason: str, amend: bool = False) -> tuple[Rows, Guard]:
        """Return the holdout rows and the guard that remembers this opening. Raises GuardError GUARD-001 to GUARD-004."""
        if not lock:
            raise GuardError("GUARD-003", "the test set stays sealed: no signature is locked", fix="radaudit lock")
        if not reason.strip():
            raise GuardError(
                "GUARD-004", "the test set stays sealed: no reason is given", fix='radaudit evaluate --reason "primary analysis"'
            )
        changed = any(opening.plan != plan for opening in self.openings)
        if changed and not amend:
            raise GuardError(
                "GUARD-001",
                "the plan changed after the test set was opened",
                found=f"opened under {self.openings[-1].plan[:12]}, now {plan[:12]}",
                fix="a new version of the study, or --amend, which makes every later verdict post hoc",
            )
        used_up = len(self.openings) >= self.allowed
        if used_up and not amend:
            last = f'; last for "{self.openings[-1].reason}"' if self.openings else ""
            raise GuardError(
                "GUARD-002",
                f"the test set was opened {len(self.openings)} of {self.allowed} allowed times",
                found=f"{len(self.openings)} of {self.allowed} used{last}",
                fix="--amend opens it again and makes every later verdict post hoc",
            )
        opening = Opening(plan=plan, lock=lock, reason=reason.strip(), amended=used_up or changed)
        return self.split.holdout, replace(self, openings=(*self.openings, opening))
