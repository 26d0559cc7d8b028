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
    lines += [f"  {name:<14}{value:8.1e}" for name, value in found.differences]
    lines.append(f"{'agrees' if found.agrees else 'differs':<16}{found.largest:8.1e}  allowed {AGREED:.0e}; against out/effects.json")
    return Answer(
        text=tuple(lines),
        exit_code=DONE if found.agrees else BLOCKED,
        details={"recomputed": found.document()},
    )
