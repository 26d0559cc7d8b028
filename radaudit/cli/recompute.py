"""``radaudit recompute``."""

from __future__ import annotations

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import BLOCKED, DONE, Answer, Result


@study_command
def recompute(call: Call) -> Result:
    """Fit the harmonisation again from SQL sums and compare; for reviewers."""
    from radaudit.edges.recompute import AGREED, recompute_study

    found = recompute_study(call.folder)
    lines = [f"{found.features} features, {found.rows} training rows, {len(found.batches)} batches, summed by DuckDB"]
    lines += [f"  {name:<14}{value:10.1e}" for name, value in found.differences]
    word = "agrees with" if found.agrees else "differs from"
    return Answer(
        text=(*lines, f"the fit from SQL {word} out/effects.json (largest difference {found.largest:.1e}, allowed {AGREED:.0e})"),
        exit_code=DONE if found.agrees else BLOCKED,
        details={"recomputed": found.document()},
    )
