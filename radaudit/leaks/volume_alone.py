"""Does the signature stand in for volume?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from radaudit.codes import answer
from radaudit.findings import Finding, Verdict
from radaudit.leaks.case import Case, not_run

if TYPE_CHECKING:
    from radaudit.arrays import Floats

CODE = "LEAK-014"
QUESTION = "Does the signature stand in for volume?"
LIMIT = (
    0.8  # rank correlation from which two quantities order patients alike; Welch et al. 2019 found 0.9 and more in a published signature
)
LEAST_ROWS = 10


def check(case: Case) -> Finding:
    """Answer from the rank correlation of the signature's score with the volume: fails if its size reaches LIMIT."""
    import numpy as np

    volume = _volume(case)
    if volume is None:
        return not_run(CODE, "The study names no volume.", "roles.volume")
    if case.score is None:
        return not_run(CODE, "The signature's scores were not supplied.", "scores of the rows")
    both = np.isfinite(volume) & np.isfinite(case.score)
    if int(both.sum()) < LEAST_ROWS or len(set(volume[both].tolist())) < 2 or len(set(case.score[both].tolist())) < 2:
        return answer(CODE, Verdict.NOT_APPLICABLE, f"Fewer than {LEAST_ROWS} rows have volume and score, or one of them does not vary.")
    rho = _spearman(volume[both], case.score[both])
    compared = _compared(case)
    beside = f"; volume alone has {case.words[0]} of {compared[0]:.2f}, the signature {compared[1]:.2f}" if compared else ""
    return answer(
        CODE,
        Verdict.FAILED if abs(rho) >= LIMIT else Verdict.PASSED,
        f"The rank correlation of score and volume is {rho:.2f} in {int(both.sum())} rows; {LIMIT} and more would be a stand-in{beside}.",
        facts={
            "number": rho,
            "rho": rho,
            "limit": LIMIT,
            "rows": int(both.sum()),
            **dict(zip((f"volume_{case.measure}", case.measure), compared, strict=False)),
        },
    )


def _compared(case: Case) -> tuple[float, ...]:
    if case.volume_auc is None or case.auc is None or case.volume_auc.value is None or case.auc.value is None:
        return ()
    return case.volume_auc.value, case.auc.value


def _volume(case: Case) -> Floats | None:
    name = case.table.roles.volume
    if name is None:
        return None
    if name in case.table.features:
        return case.table.values[:, case.table.features.index(name)]
    return case.table.numbers(name) if name in case.table.facts else None


def _spearman(a: Floats, b: Floats) -> float:
    import numpy as np

    return float(np.clip(np.corrcoef(_ranks(a), _ranks(b))[0, 1], -1.0, 1.0))


def _ranks(values: Floats) -> Floats:
    import numpy as np

    _, at, size = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(size) - (size - 1) / 2)[at], dtype=np.float64)
