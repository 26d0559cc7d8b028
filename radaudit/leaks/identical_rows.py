"""Do identical feature rows stand on both sides of the split?"""

from __future__ import annotations

from radaudit.checks.row_profile import LEAST_INFORMATIVE, fingerprint
from radaudit.codes import answer
from radaudit.findings import Finding, Verdict
from radaudit.leaks.case import Case

CODE = "LEAK-012"
QUESTION = "Do identical feature rows stand on both sides of the split?"


def check(case: Case) -> Finding:
    """Answer from fingerprints of the feature values: equal where known, missing in both; rows with hardly any value are left out."""
    import numpy as np

    values = case.table.values
    known = (
        np.where(np.isnan(values), np.inf, values).min(axis=0, initial=np.inf),
        np.where(np.isnan(values), -np.inf, values).max(axis=0, initial=-np.inf),
    )
    varies = known[0] < known[1]
    if int(varies.sum()) < LEAST_INFORMATIVE:
        return answer(CODE, Verdict.NOT_APPLICABLE, f"Fewer than {LEAST_INFORMATIVE} features vary, so equal rows would prove nothing.")
    telling = (~np.isnan(values[:, varies])).sum(axis=1) >= LEAST_INFORMATIVE
    training: dict[bytes, int] = {}
    for i in case.split.training & case.table.rows:
        if telling[i]:
            training.setdefault(fingerprint(values[i]), i)
    pairs = [
        (training[mark], i) for i in case.split.holdout & case.table.rows if telling[i] and (mark := fingerprint(values[i])) in training
    ]
    return answer(
        CODE,
        Verdict.FAILED if pairs else Verdict.PASSED,
        f"{len(pairs)} of {len(case.split.holdout)} test rows repeat every feature value of a training row.",
        facts={"number": len(pairs), "rows": len(pairs), "of": len(case.split.holdout)},
        local=[{"holdout": case.table.patients[b], "training": case.table.patients[a], "site": case.table.sites[b]} for a, b in pairs],
    )
