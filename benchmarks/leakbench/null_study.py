"""Null study: how often the whole report accuses an honest study. Clean random splits of tables with real signal, everything supplied.

    python benchmarks/leakbench/null_study.py [--splits 200] [--columns 100] [--json FILE] [--share K/N] [--tables DIR]
                                              [--half judging|development|all]

Each split is a whole honest study on a raw table: columns selected by F on training rows, a logistic model fitted on training rows, its
cut-off chosen on out-of-fold risks, random sites, one row per patient. The report gets all of it. Counted are reports with any kind above
``no evidence`` (suspected or proved leak). ``--share 1/4`` runs every fourth split, so that several processes can share the work.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from halves import half
from planting import _risks, _youden, filled, split_of
from run import LEAK, rate
from tables import from_folder, rng_of, shipped

from radaudit import leakage_report


def study(raw: object, k: int, columns: int) -> dict[str, object]:
    """Return the states of one honest study."""
    from sklearn.feature_selection import SelectKBest, f_classif

    rng = rng_of("null", raw.name, k)  # type: ignore[attr-defined]
    frame = raw.features  # type: ignore[attr-defined]
    frame = frame.iloc[:, np.sort(rng.permutation(frame.shape[1])[:columns])]
    x, y = filled(frame.to_numpy()), raw.outcome  # type: ignore[attr-defined]
    training = split_of(raw, rng)  # type: ignore[arg-type]
    names = list(frame.columns)
    chosen = SelectKBest(f_classif, k=10).fit(x[training], y[training]).get_support(indices=True)
    risk = _risks(x, y, training, 10, seed=k)
    report = leakage_report(
        frame.assign(**dict(zip(names, x.T, strict=True))),
        np.where(training, "training", "holdout"),
        outcome=y,
        site=rng.integers(0, 3, len(y)).astype(str),
        patient=[f"P{i}" for i in range(len(y))],
        predictions=risk,
        selected=[names[j] for j in chosen],
        threshold=_youden(y[training], risk[training]),
    )
    return {"table": raw.name, "split": k, "states": dict(report.states)}  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--splits", type=int, default=200)
    parser.add_argument("--columns", type=int, default=100)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--share", default="1/1")
    parser.add_argument("--tables", type=Path)
    parser.add_argument("--half", choices=("judging", "development", "all"), default="all")
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    found = from_folder(asked.tables) if asked.tables else shipped(lambda name: asked.half in ("all", half(name)))
    tables = [t for t in found if t.patient is None or len(set(t.patient)) == len(t.patient)]
    part, of = map(int, asked.share.split("/"))
    started, rows = time.process_time(), []
    for k in range(part - 1, asked.splits, of):
        rows.append(study(tables[k % len(tables)], k, asked.columns))
        if asked.json:
            asked.json.write_text(json.dumps(rows))
    accused = [row for row in rows if any(state in LEAK for state in row["states"].values())]  # type: ignore[attr-defined]
    kinds = Counter((kind, row["table"]) for row in accused for kind, state in row["states"].items() if state in LEAK)  # type: ignore[attr-defined]
    print(f"{len(rows)} honest studies on {len(tables)} tables: {', '.join(t.name for t in tables)}")
    print(f"reports above no evidence: {rate(len(accused), len(rows))}")
    for (kind, table), count in kinds.most_common():
        print(f"  {count:>3}  {kind} on {table}")
    print(f"{time.process_time() - started:.0f} s of processor time")


if __name__ == "__main__":
    main()
