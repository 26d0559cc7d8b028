"""Tables of LeakBench: real ones from a folder or from the shared data, and simulated ones, all made raw before a leak is planted.

A table that was standardised over all rows before it reached us is no clean table: every column gets an affine map of its own, columns
that hold their own mean as a repeated value (filled in upstream) are left out, and so are repeated rows. Tables wider than MOST_COLUMNS
are cut to that many random columns; a cut is no new table.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

MOST_COLUMNS = 200
ALIKE = 0.95  # share of equal cells from which two rows are one
LEAST_ROWS, LEAST_COLUMNS, LEAST_EVENTS = 40, 12, 12
SHARED = Path(__file__).parents[3] / "shared" / "data"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Raw:
    """A table without leaks: features, outcome 0 or 1, and sites and patients where the table has them."""

    name: str
    features: pd.DataFrame
    outcome: np.ndarray
    site: np.ndarray | None = None
    patient: np.ndarray | None = None


def rng_of(*words: object) -> np.random.Generator:
    """Return the generator of these words: adding a case never shifts another one."""
    return np.random.default_rng([20261128, *" ".join(map(str, words)).encode()])


def from_folder(folder: Path, wanted: Callable[[str], bool] = bool) -> list[Raw]:
    """Return every wanted table of the folder with a binary ``Target``; others are named on standard output and left out."""
    found = []
    for file in sorted([*folder.rglob("*.csv"), *folder.rglob("*.csv.gz")]):
        name = file.name.removesuffix(".gz").removesuffix(".csv")
        if not wanted(name):
            continue
        frame = pd.read_csv(file)
        if "Target" not in frame:
            continue
        table = _raw(name, frame.drop(columns=["Target"]), frame["Target"], frame.get("site"), frame.get("ID"))
        if table is None:
            print(f"left out: {name} (needs a binary Target, {LEAST_ROWS} rows, {LEAST_COLUMNS} varying columns)")
        else:
            found.append(table)
    return found


def shipped(wanted: Callable[[str], bool] = bool) -> list[Raw]:
    """Return the wanted tables of the shared data that qualify."""
    found = from_folder(SHARED / "radmlbench", wanted)
    others = {
        "fae": _fae,
        "carvalho2018": _carvalho,
        "ramella2018": _ramella,
        "opnested": _opnested,
        "dapper": _dapper,
        "combat_enigma": _enigma,
    }
    return found + [table for name, load in others.items() if wanted(name) and (table := load()) is not None]


def _fae() -> Raw | None:
    frame = pd.read_csv(SHARED / "fae" / "numeric_feature.csv")
    return _raw("fae", frame.drop(columns=[frame.columns[0], "label"]), frame["label"])


def _carvalho() -> Raw | None:
    frame = pd.read_csv(SHARED / "carvalho2018" / "Radiomics.PET.features.csv")
    frame = frame[(frame["Survival"] >= 2) | (frame["Status"] == 1)]
    return _raw("carvalho2018", frame.drop(columns=["Survival", "Status"]), (frame["Survival"] < 2).astype(int))


def _raw(name: str, frame: pd.DataFrame, target: pd.Series, site: object = None, patient: object = None) -> Raw | None:
    frame = frame.drop(columns=[c for c in ("ID", "site", "Target") if c in frame])
    rng = rng_of("table", name)
    repeated = frame.duplicated().to_numpy()
    if frame.shape[1] > MOST_COLUMNS:
        frame = frame.iloc[:, np.sort(rng.choice(frame.shape[1], MOST_COLUMNS, replace=False))]
    x = frame.apply(pd.to_numeric, errors="coerce")
    levels = sorted(target.dropna().unique())
    if len(levels) != 2:
        return None
    x = x.loc[:, (x.nunique() > 1) & (x.notna().mean() > 0.5)]
    kept = target.notna().to_numpy() & ~repeated & (x.notna().mean(axis=1) > 0.5).to_numpy()
    x, y = x[kept].reset_index(drop=True), (target[kept] == levels[1]).to_numpy(float)
    x = x.loc[:, (x.nunique() > 1) & ~x.apply(_filled)]
    twins = _repeats(x.to_numpy())
    x, y = x[~twins].reset_index(drop=True), y[~twins]
    kept[np.flatnonzero(kept)[twins]] = False
    if len(x) < LEAST_ROWS or x.shape[1] < LEAST_COLUMNS or min(y.sum(), (1 - y).sum()) < LEAST_EVENTS:
        return None
    spread = x.std().to_numpy()
    scale, shift = rng.lognormal(0, 1.5, x.shape[1]), rng.normal(0, 2, x.shape[1])
    continuous = (x.nunique() > 10).to_numpy()
    mapped = np.where(continuous, x.to_numpy() * scale + shift * spread * scale, x.to_numpy())
    sites = None if site is None else np.asarray(pd.Series(site)[kept].astype(str))
    people = None if patient is None else np.asarray(pd.Series(patient)[kept].astype(str))
    return Raw(name=name, features=pd.DataFrame(mapped, columns=x.columns.astype(str)), outcome=y, site=sites, patient=people)


def _repeats(x: np.ndarray) -> np.ndarray:
    """Return rows that share nearly all values with an earlier row: one patient under two ids (a published table has five such pairs)."""
    return np.array([i > 0 and bool(((x[:i] == x[i]).mean(axis=1) > ALIKE).any()) for i in range(len(x))])


def _filled(column: pd.Series) -> bool:
    """Return whether a repeated value is the mean of the others."""
    counts = column.value_counts()
    for value in counts[counts > 1].index[:3]:
        rest = column[column != value]
        if len(rest) > 5 and abs(rest.mean() - value) < 1e-6 * rest.std():
            return True
    return False


def _ramella() -> Raw | None:
    lines = (SHARED / "ramella2018" / "pone.0207455.s001.arff").read_text().splitlines()
    names = [line.split()[1] for line in lines if line.lower().startswith("@attribute")]
    start = next(i for i, line in enumerate(lines) if line.lower().startswith("@data"))
    cells = [[cell.strip() for cell in line.split(",")] for line in lines[start + 1 :] if line.strip()]
    frame = pd.DataFrame(cells, columns=names)
    return _raw("ramella2018", frame.drop(columns=[names[-1]]), pd.to_numeric(frame[names[-1]]))


def _opnested() -> Raw | None:
    features = pd.read_csv(SHARED / "opnested" / "Sandy-Captk.csv", encoding="utf-8-sig").set_index("SubjectID")
    clinical = pd.read_csv(SHARED / "opnested" / "clinical-demographics.csv", index_col=0)
    both = features.join(clinical[["event"]], how="inner")
    ids = both.index.to_series().reset_index(drop=True)
    both = both.reset_index(drop=True)
    return _raw("opnested", both.drop(columns=["event"]), both["event"], ids.str[:3], ids)


def _dapper() -> Raw | None:
    features = pd.read_csv(SHARED / "dapper" / "rad-features.csv")
    survival = pd.read_csv(SHARED / "dapper" / "survival.csv").set_index("Subject")
    lived = features["USUBJID"].map(survival["OS_time"])
    target = (lived > survival["OS_time"].median()).astype(float).where(lived.notna())
    return _raw("dapper", features.drop(columns=["USUBJID", "LESIONLOC"]), target, None, features["USUBJID"])


def _enigma() -> Raw | None:
    frame = pd.read_csv(SHARED / "combat_enigma" / "combat_example.csv")
    return _raw("combat_enigma", frame.drop(columns=["site", "id", "disorder"]), frame["disorder"], frame["site"])


def simulated() -> list[Raw]:
    """Return twelve simulated tables: correlated, heavy-tailed, dirty (discrete, binary, skewed columns, gaps), some of several sites."""
    return [_simulated(k) for k in range(1, 13)]


def _simulated(k: int) -> Raw:
    name = f"simulated-{k}"
    rng = rng_of("simulated", k)
    n, p = int(rng.integers(70, 420)), int(rng.integers(30, 400))
    factors = rng.normal(size=(n, int(rng.integers(5, 30)))) * (rng.gamma(3, 0.4, (n, 1)) if k % 3 == 0 else 1.0)
    x = factors @ rng.normal(size=(factors.shape[1], p)) + rng.normal(size=(n, p)) * rng.uniform(0.2, 2, p)
    risk = x[:, :5] @ rng.normal(size=5) / 10 + factors[:, 0] * rng.uniform(0, 1)
    y = (risk + rng.logistic(size=n) > rng.uniform(-0.5, 1)).astype(float)
    skewed = rng.random(p) < 0.3
    x[:, skewed] = np.exp(x[:, skewed] / 3)
    discrete = rng.random(p) < (0.1 if k % 2 else 0.0)
    x[:, discrete] = np.round(x[:, discrete] * 2)
    binary = rng.random(p) < (0.05 if k % 2 else 0.0)
    x[:, binary] = x[:, binary] > 0
    x = x * rng.lognormal(0, 3, p) * np.where(discrete | binary, 0.0, 1.0) + np.where(discrete | binary, x, 0.0)
    if k % 4 == 1:
        x[rng.random(x.shape) < 0.03] = np.nan
    site = rng.integers(0, 2 + k % 4, n).astype(str) if k % 2 == 0 else None
    if site is not None:
        for s in np.unique(site):
            x[site == s] += rng.normal(0, rng.uniform(0.2, 0.8), p) * np.nanstd(x, axis=0) * ~(discrete | binary)
    frame = pd.DataFrame(x, columns=[f"feature_{j}" for j in range(p)])
    return Raw(name=name, features=frame.loc[:, frame.nunique() > 1], outcome=y, site=site)
