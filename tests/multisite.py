"""A simulated multi-site study: latent biology, site shifts and scales, missing cells, a volume, clinical columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from radaudit.tables import FeatureTable, Outcome, Roles


def simulated(
    seed: int = 1,
    *,
    patients: int = 110,
    features: int = 40,
    sites: Sequence[str] = ("A", "B", "C"),
    signal: float = 1.0,
    shift: float = 1.0,
    missing: float = 0.01,
    rows_each: int = 1,
) -> FeatureTable:
    """Return a table of ``patients * rows_each`` rows; the outcome follows three of ten latent variables with weight ``signal``."""
    rng = np.random.default_rng([seed, 1])
    latent = rng.normal(size=(patients, 10))
    eta = signal * latent[:, :3].sum(axis=1) - 0.8
    event = (rng.random(patients) < 1 / (1 + np.exp(-eta))).astype(float)
    site = rng.integers(len(sites), size=patients)
    sex, smoking = rng.integers(2, size=patients), rng.integers(3, size=patients)
    who = np.repeat(np.arange(patients), rows_each)
    load = rng.normal(size=(10, features)) * (rng.random((10, features)) < 0.4)
    x = latent[who] @ load + rng.normal(size=(len(who), features))
    x = (
        x * np.exp(0.2 * shift * rng.normal(size=(len(sites), features)))[site[who]]
        + shift * rng.normal(size=(len(sites), features))[site[who]]
    )
    x[rng.random(x.shape) < missing] = np.nan
    names = [sites[i] for i in site[who]]
    return FeatureTable.of(
        roles=Roles(
            patient="id",
            unit="lesion",
            site="site",
            batch=("site",),
            outcome=Outcome(kind="binary", column="event", event="1", non_event="0"),
            covariates=("sex",),
            clinical=("sex", "smoking"),
            volume="volume",
        ),
        patients=[f"P{i:04d}" for i in who],
        units=[str(i) for i in range(len(who))],
        features=[f"f{j:03d}" for j in range(features)],
        values=x,
        outcome=event[who],
        sites=names,
        batches=names,
        facts={
            "sex": [("female", "male")[i] for i in sex[who]],
            "smoking": [("never", "former", None)[i] for i in smoking[who]],
            "volume": [f"{v:.3f}" for v in np.exp(latent[who, 0] + rng.normal(size=len(who)))],
            "scan": [f"20{10 + i // 12:02d}-{1 + i % 12:02d}-15" for i in who],
            "part": [("train", "test")[int(i % 4 == 0)] for i in who],
        },
    )


def rebuilt(table: FeatureTable, **changes: object) -> FeatureTable:
    """Return the table with some columns exchanged."""
    columns: dict[str, object] = {
        "roles": table.roles,
        "patients": list(table.patients),
        "units": list(table.units),
        "features": table.features,
        "values": table.values,
        "outcome": table.outcome,
        "sites": list(table.sites),
        "batches": list(table.batches),
        "facts": dict(table.facts),
    }
    return FeatureTable.of(**{**columns, **changes})  # type: ignore[arg-type]
