"""Real tables with a binary outcome from the shared data folder, for benchmarks: features, outcome, patient and site."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parents[1] / "shared" / "data"
SHARED = DATA if DATA.is_dir() else Path(__file__).parents[2] / "shared" / "data"


@dataclass(frozen=True, kw_only=True)
class RealTable:
    """One table: numeric ``features`` (n, p) without empty columns, ``outcome`` 0/1, ``patient`` and ``site`` (None if it has none)."""

    name: str
    features: pd.DataFrame
    outcome: pd.Series
    patient: pd.Series
    site: pd.Series | None = None


def tables(folder: Path = SHARED) -> Iterator[RealTable]:
    """Yield every table that is there."""
    for path in sorted((folder / "radmlbench").glob("*.csv.gz")):
        frame = pd.read_csv(path)
        yield _table(path.name.split(".")[0], frame.drop(columns=["ID", "Target"]), frame["Target"], frame["ID"])
    for name, read in READERS.items():
        if (folder / name).is_dir():
            yield read(folder / name)


def _table(name: str, features: pd.DataFrame, outcome: pd.Series, patient: pd.Series, site: pd.Series | None = None) -> RealTable:
    numbers = features.select_dtypes("number").astype(float)
    numbers = numbers.loc[:, numbers.notna().mean() > 0.8]
    numbers = numbers.loc[:, numbers.nunique() > 1]
    return RealTable(name=name, features=numbers, outcome=outcome.astype(int), patient=patient.astype(str), site=site)


def _fae(folder: Path) -> RealTable:
    frame = pd.read_csv(folder / "numeric_feature.csv", index_col=0).reset_index(drop=True)
    return _table("fae", frame.drop(columns=["label"]), frame["label"], frame.index.to_series())


def _carvalho(folder: Path) -> RealTable:
    frame = pd.read_csv(folder / "Radiomics.PET.features.csv")
    return _table("carvalho2018", frame.drop(columns=["Survival", "Status"]), frame["Status"], frame.index.to_series())


def _enigma(folder: Path) -> RealTable:
    frame = pd.read_csv(folder / "combat_example.csv")
    site = frame["site"].astype(str)
    features = frame.drop(columns=[name for name in ("site", "disorder", "age", "sex", "Unnamed: 0") if name in frame])
    return _table("combat_enigma", features, (frame["disorder"].astype(str) != "0").astype(int), frame.index.to_series(), site)


def _opnested(folder: Path) -> RealTable:
    frame = pd.read_csv(folder / "Sandy-Captk.csv", encoding="utf-8-sig", na_values=["#NAME?"])
    clinical = pd.read_csv(folder / "clinical-demographics.csv", encoding="utf-8-sig")
    told = clinical.set_index(clinical.columns[0])
    ids = frame.iloc[:, 0].astype(str)
    event = pd.to_numeric(told["event"] if "event" in told else told.iloc[:, -2], errors="coerce").reindex(ids).to_numpy()
    kept = ~np.isnan(event)
    frame, ids = frame[kept].reset_index(drop=True), ids[kept].reset_index(drop=True)
    return _table("opnested", frame.iloc[:, 1:], pd.Series(event[kept]), ids, ids.str.extract("^([A-Z0-9]+)-", expand=False))


def _ramella(folder: Path) -> RealTable:
    lines = next(folder.glob("*.arff")).read_text(errors="replace").splitlines()
    start = next(i for i, line in enumerate(lines) if line.strip().lower() == "@data")
    frame = pd.read_csv(io.StringIO("\n".join(line for line in lines[start + 1 :] if line.strip())), header=None)
    frame.columns = [f"a{i}" for i in frame.columns]
    return _table("ramella2018", frame.iloc[:, :-1], frame.iloc[:, -1], frame.index.to_series())


def _dapper(folder: Path) -> RealTable:
    frame = pd.read_csv(folder / "rad-features.csv")
    told = pd.read_csv(folder / "survival.csv").set_index("Subject")
    frame = frame[frame["USUBJID"].isin(told.index)].dropna(thresh=20).reset_index(drop=True)
    event = told["OS_status"].astype(str).str.startswith("1").astype(int).reindex(frame["USUBJID"]).reset_index(drop=True)
    return _table("dapper", frame.drop(columns=["USUBJID", "LESIONLOC"]), event, frame["USUBJID"])


READERS = {
    "fae": _fae,
    "carvalho2018": _carvalho,
    "combat_enigma": _enigma,
    "opnested": _opnested,
    "ramella2018": _ramella,
    "dapper": _dapper,
}


if __name__ == "__main__":
    for one in tables():
        print(
            f"{one.name:<16} {one.features.shape[0]:>5} x {one.features.shape[1]:<5} events {int(one.outcome.sum()):>4}  "
            f"missing {int(one.features.isna().sum().sum()):>5}  sites {0 if one.site is None else one.site.nunique()}"
        )
