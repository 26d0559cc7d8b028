"""Null studies: with permuted outcomes the whole nested pipeline must find nothing, on real tables.

    python benchmarks/null_studies.py --tables DIR [--permutations 20]

DIR is a folder of tables as in the public collection radMLBench (CSV or CSV.gz with ``Target`` and ``ID``); others are read from their own
folders beside it if they are there. Patients are permuted as wholes. Prints the AUC per table, mean over folds, with its standard error
over permutations: 0.50 is right. Beside it the AUC of the risks of all folds pooled, which falls below 0.50 under the null since a fold
with more events is predicted by a fit on fewer (Parker et al., BMC Bioinformatics 8:326, 2007), and what selection on all rows reports.
"""

from __future__ import annotations

import os

os.environ.update({f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")})

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1]))

from radaudit.measures.discrimination import auc
from radaudit.splits.resamples import repeated_group_kfold
from radaudit.study.frame import Frame, training_frame
from radaudit.study.plans import PipelinePlan
from radaudit.study.resampling import Fold, by_repeat, fit_folds, leaky_preparer
from radaudit.tables import FeatureTable
from radaudit.tables.roles import Outcome, Roles

ROLES = Roles(patient="id", unit="row", outcome=Outcome(kind="binary", column="y", event="1"))
PLAN = PipelinePlan(screen=(10,), inner_repeats=1)


def tables(folder: Path) -> Iterator[tuple[str, FeatureTable]]:
    """Yield name and table of every real table that is there."""
    for file in sorted([*folder.glob("*.csv"), *folder.glob("*.csv.gz")]):
        own = pd.read_csv(file)
        yield file.name.split(".")[0], table(own.drop(columns=["ID", "Target"], errors="ignore"), own["Target"], own.get("ID"))
    beside = folder.parent
    if (file := beside / "fae" / "numeric_feature.csv").is_file():
        own = pd.read_csv(file, index_col=0)
        yield "fae", table(own.drop(columns=["label"]), own["label"], None)
    if (file := beside / "carvalho2018" / "Radiomics.PET.features.csv").is_file():
        own = pd.read_csv(file)
        died = (own["Status"] == 1) & (own["Survival"] <= 2)
        yield "carvalho2018 (dead within 2 years)", table(own.drop(columns=["Survival", "Status"]), died, None)
    if (file := beside / "opnested" / "Sandy-Captk.csv").is_file():
        features = pd.read_csv(file, na_values=["#NAME?"]).set_index("SubjectID")
        clinical = pd.read_csv(beside / "opnested" / "clinical-demographics.csv", index_col=0)
        column = next(name for name in clinical.columns if "egfr" in name.lower() or "gender" in name.lower())
        both = features.join(clinical[column], how="inner").dropna(subset=[column])
        most = both[column].value_counts().index[0]
        yield f"opnested ({column})", table(both.drop(columns=[column]), both[column] == most, pd.Series(both.index))
    if (file := beside / "dapper" / "rad-features.csv").is_file():
        features, alive = pd.read_csv(file), pd.read_csv(beside / "dapper" / "survival.csv")
        alive = alive.rename(columns={alive.columns[0]: "USUBJID"})
        status = next(name for name in alive.columns if "OS" in name.upper() and "STATUS" in name.upper())
        both = features.merge(alive[["USUBJID", status]], on="USUBJID")
        dead = both[status].astype(str).str.startswith("1")
        yield "dapper (several lesions each)", table(both.drop(columns=["USUBJID", status]), dead, both["USUBJID"])


def table(features: pd.DataFrame, outcome: pd.Series, patients: pd.Series | None) -> FeatureTable:
    """Return numeric features that vary, a binary outcome and patients as a table."""
    x = features.apply(pd.to_numeric, errors="coerce").replace([np.inf, -np.inf], np.nan)
    x = x.loc[:, x.notna().any() & (x.nunique() > 1)]
    rows = x.notna().any(axis=1).to_numpy()
    ids = [f"P{i:05d}" for i in range(len(x))] if patients is None else patients.astype(str).tolist()
    y = pd.to_numeric(outcome).to_numpy(dtype=float)
    y = (y == np.nanmax(y)).astype(float)
    return FeatureTable.of(
        roles=ROLES,
        patients=[p for p, keep in zip(ids, rows, strict=True) if keep],
        units=[f"{i:05d}" for i in np.flatnonzero(rows)],
        features=[f"{j}:{name}" for j, name in enumerate(x.columns)],
        values=x.to_numpy(dtype=float)[rows],
        outcome=y[rows],
    )


def permuted(frame: Frame, rng: np.random.Generator) -> Frame:
    """Return the rows with the outcomes of whole patients dealt anew."""
    names, member = np.unique(frame.patients.astype(str), return_inverse=True)
    own = np.zeros(len(names))
    np.maximum.at(own, member, frame.outcome)
    return replace(frame, outcome=rng.permutation(own)[member])


def once(frame: Frame, seed: int) -> tuple[float, float, float]:
    """Return the AUC of the guarded pipeline, mean over folds and pooled, and of the one that learned everything on all rows."""

    def rng_of(name: str) -> np.random.Generator:
        return np.random.default_rng([seed, *name.encode()])

    own = permuted(frame, rng_of("permutation"))
    folds = repeated_group_kfold(own.patients.astype(str), own.outcome, 5, 1, rng_of("folds"))
    honest, leaky = (fit_folds(own, folds, PLAN, rng_of, preparer=preparer) for preparer in (None, leaky_preparer(own, PLAN)))
    return _folds(own, honest), auc(own.outcome, by_repeat(len(own), honest)[0]), _folds(own, leaky)


def _folds(frame: Frame, folds: tuple[Fold, ...]) -> float:
    return float(np.mean([auc(frame.outcome[one.resample.assessment], one.risks) for one in folds]))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--permutations", type=int, default=20)
    given = parser.parse_args()
    print(f"{'table':<40}{'rows':>6}{'features':>10}{'events':>8}{'AUC':>8}{'SE':>8}{'pooled':>8}{'selected on all rows':>22}", flush=True)
    means, naive = [], []
    for name, own in tables(given.tables):
        frame = training_frame(own, ())
        found = np.array([once(frame, 1000 + k) for k in range(given.permutations)])
        guarded, pooled, leaky = found.mean(axis=0)
        error = found[:, 0].std(ddof=1) / np.sqrt(len(found))
        events = int(own.outcome.sum())
        print(
            f"{name:<40}{len(own):>6}{len(own.features):>10}{events:>8}{guarded:>8.3f}{error:>8.3f}{pooled:>8.3f}{leaky:>22.3f}", flush=True
        )
        means.append(guarded)
        naive.append(leaky)
    print(f"{f'mean of {len(means)} tables':<64}{np.mean(means):>8.3f}{'':>16}{np.mean(naive):>22.3f}")


if __name__ == "__main__":
    main()
