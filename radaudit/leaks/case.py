"""Case: what a leak check may look at. Nothing here can be changed by a check, and a check knows no other check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from radaudit.findings import Finding, Verdict

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.ledger import Ledger
    from radaudit.splits.holdout import Split
    from radaudit.tables import FeatureTable


MEASURES = {"auc": ("an AUC", 0.5), "c_index": ("a C-index", 0.5), "r2": ("an explained share", 0.0)}


class Measured(Protocol):
    """A value with its interval; None where it could not be estimated. ``measures.Estimate`` is one."""

    @property
    def value(self) -> float | None: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Case:
    """The table, its split and what was recorded; the rest may be absent, and a question that needs it is then NOT_RUN.

    ``without`` names steps the plan does not have (``harmonise.fit`` in a study without harmonisation): silence about them is not a gap.
    ``plan`` is the digest of the plan as it is now, ``allowed`` the number of openings it allows. ``score (n,)`` is the signature's score
    of each row of the table, from resampling for training rows, NaN where there is none. ``site_auc``, ``volume_auc`` and ``auc`` are
    what the site alone, the volume alone and the signature reach on the same patients: an AUC, or what ``measure`` says.
    """

    table: FeatureTable
    split: Split
    ledger: Ledger
    plan: str = ""
    allowed: int = 1
    without: tuple[str, ...] = ()
    score: Floats | None = None
    site_auc: Measured | None = None
    volume_auc: Measured | None = None
    auc: Measured | None = None
    measure: str = "auc"

    @property
    def words(self) -> tuple[str, float]:
        """The measure in words with its article, and what a model that knows nothing reaches."""
        return MEASURES[self.measure]


class Check(Protocol):
    """One question: its code, its words, and how it is answered."""

    @property
    def CODE(self) -> str: ...
    @property
    def QUESTION(self) -> str: ...
    def check(self, case: Case) -> Finding: ...


def not_run(code: str, sentence: str, needs: str) -> Finding:
    """Return a gap: the question was not answered because ``needs`` was not supplied."""
    from radaudit.codes import answer

    return answer(code, Verdict.NOT_RUN, sentence, facts={"needs": needs})
