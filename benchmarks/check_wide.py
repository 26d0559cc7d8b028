"""``radaudit check`` on 5,000 rows of 1,000 features in fresh processes: the first time, and warm (tables read before); and ``--help``.

    python benchmarks/check_wide.py [--rows 5000] [--features 1000] [--repeats 3]

The budget is 10 s for a warm check and 0.3 s for ``radaudit --help``. Figures, not a test.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

STUDY = """\
schema: radaudit/study/1
study: wide
tables: {features: features.csv, clinical: clinical.csv}
roles: {subject: patient_id, site: hospital, outcome: {kind: binary, column: relapse, event: "1"}}
split: {test: {by: random, fraction: 0.3}}
harmonise: {method: combat}
claims: [{id: C1, primary: true, measure: auc, on: test, at_least: 0.7}]
"""


def write_study(folder: Path, rows: int, features: int) -> None:
    """Write a study of ``rows`` patients of five hospitals with log-normal features."""
    rng = np.random.default_rng(1)
    site = rng.integers(5, size=rows)
    values = np.exp(rng.normal(size=(rows, features)) + 0.3 * rng.normal(size=(5, features))[site])
    header = ",".join(("patient_id", *(f"original_firstorder_{j}" for j in range(features))))
    with (folder / "features.csv").open("w", encoding="utf-8") as stream:
        stream.write(header + "\n")
        for i, row in enumerate(values):
            stream.write(f"P{i:06d}," + ",".join(map(repr, row.round(6).tolist())) + "\n")
    outcome = rng.integers(2, size=rows)
    lines = [f"P{i:06d},H{site[i]},{outcome[i]}" for i in range(rows)]
    (folder / "clinical.csv").write_text("patient_id,hospital,relapse\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")


def seconds(*arguments: str) -> float:
    """Return the wall time of one fresh process; ends the benchmark if it fails."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "radaudit", *arguments], capture_output=True, text=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr)
    return time.perf_counter() - started


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    for name, default in (("--rows", 5000), ("--features", 1000), ("--repeats", 3)):
        parser.add_argument(name, type=int, default=default)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        write_study(Path(place), asked.rows, asked.features)
        print(f"{asked.rows} rows, {asked.features} features")
        print(f"{'radaudit check, tables read now':<44}{seconds('check', '-C', place):>8.2f} s")
        warm = [seconds("check", "-C", place) for _ in range(asked.repeats)]
        print(f"{'radaudit check, warm (median)':<44}{statistics.median(warm):>8.2f} s   budget 10 s")
    helped = [seconds("--help") for _ in range(5 * asked.repeats)]
    print(f"{'radaudit --help (median)':<44}{statistics.median(helped):>8.2f} s   budget 0.3 s")


if __name__ == "__main__":
    main()
