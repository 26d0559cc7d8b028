"""An honest table of 120 patients at three sites, and every damage the questions look for, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from radaudit.tables import FeatureTable, Outcome, Roles

SITES = ("GHENT", "LYON", "OSLO")


@dataclass
class Draft:
    """The parts of a table before it is built, so that a test can damage them."""

    values: np.ndarray
    outcome: np.ndarray
    patients: list[str]
    sites: list[str]
    features: list[str]
    facts: dict[str, list[str | None]] = field(default_factory=dict)
    units: Sequence[str] | None = None
    roles: Roles = field(default_factory=lambda: ROLES)

    def table(self) -> FeatureTable:
        return FeatureTable.of(
            roles=self.roles,
            patients=self.patients,
            features=self.features,
            values=self.values,
            outcome=self.outcome,
            sites=self.sites,
            units=self.units,
            facts=self.facts,
        )


ROLES = Roles(
    patient="patient_id",
    site="hospital",
    outcome=Outcome(kind="binary", column="relapse", event="1", non_event="0"),
    covariates=("age",),
    clinical=("stage",),
)


def honest(n: int = 120, p: int = 8, seed: int = 1) -> Draft:
    """Return ``n`` patients, sites in turn, 40% events at each site in turn, ``p`` log-normal features."""
    rng = np.random.default_rng(seed)
    return Draft(
        values=rng.lognormal(sigma=0.5, size=(n, p)) * 10.0 ** np.arange(p),
        outcome=np.array([float((i // 3) % 5 < 2) for i in range(n)]),
        patients=[f"P-{i:04d}" for i in range(n)],
        sites=[SITES[i % 3] for i in range(n)],
        features=[f"feature_{j}" for j in range(p)],
        facts={"age": [str(40 + i % 31) for i in range(n)], "stage": ["I" if i % 4 else "II" for i in range(n)]},
    )


Damage = Callable[[Draft], object]


def at(draft: Draft, site: str) -> np.ndarray:
    return np.array([name == site for name in draft.sites])


def set_cells(rows: object, columns: object, value: float) -> Damage:
    return lambda d: d.values.__setitem__((rows, columns), value)


def _again(d: Draft) -> None:
    d.patients[1] = d.patients[0]


def _case(d: Draft) -> None:
    d.patients[4] = d.patients[0].lower() + " "


def _copy_row(d: Draft) -> None:
    d.values[5] = d.values[0]


def _respell(d: Draft) -> None:
    d.sites = ["Ghent." if i in (0, 3) else name for i, name in enumerate(d.sites)]


def _one_site(d: Draft) -> None:
    d.sites = ["LYON"] * len(d.sites)


def _small_site(d: Draft) -> None:
    d.sites[0:5] = ["PORTO"] * 5


def _site_is_outcome(d: Draft) -> None:
    d.outcome[:] = np.where(at(d, "OSLO"), np.arange(len(d.outcome)) % 10 != 0, np.arange(len(d.outcome)) % 10 == 0)


def _one_sided(d: Draft) -> None:
    d.outcome[at(d, "OSLO")] = 1.0


def _rare(d: Draft) -> None:
    d.outcome[at(d, "OSLO")] = 0.0


def _copy_column(d: Draft) -> None:
    d.values[:, 6] = d.values[:, 2]


def _zeros(d: Draft) -> None:
    d.values[3:, 4] = 0.0


def _unit(d: Draft) -> None:
    d.values[at(d, "OSLO"), 3] *= 1000


def _lost_marks(draft: Draft) -> None:
    for i in range(8):
        draft.values[i, 2] = 1234567 * 10 ** (2 + i % 3) + 1


def _locale(d: Draft) -> None:
    d.values[7, 3] *= 1e6


def _still(d: Draft) -> None:
    d.values[at(d, "OSLO"), 2] = 3.5


def _absent(d: Draft) -> None:
    d.values[at(d, "OSLO"), 2] = np.nan


def _z(d: Draft) -> None:
    d.values = (d.values - d.values.mean(axis=0)) / d.values.std(axis=0)


def _min_max(d: Draft) -> None:
    low, high = d.values.min(axis=0), d.values.max(axis=0)
    d.values = (d.values - low) / (high - low)


def _no_age(d: Draft) -> None:
    d.facts["age"] = [None if i % 2 else "50" if i % 4 else "60" for i in range(len(d.patients))]


def _one_stage(d: Draft) -> None:
    d.facts["stage"] = ["I"] * len(d.patients)


def _never(d: Draft) -> None:
    d.roles = replace(d.roles, never=("Feature_2",))


def _proxy(d: Draft) -> None:
    d.values[:, 1] = d.outcome * 3 + np.linspace(0, 1, len(d.outcome))


def _few(d: Draft) -> None:
    keep = slice(0, 9)
    d.values, d.outcome, d.patients, d.sites = d.values[keep], d.outcome[keep], d.patients[keep], d.sites[keep]
    d.facts = {name: column[keep] for name, column in d.facts.items()}


def _few_events(d: Draft) -> None:
    d.outcome[:] = 0.0
    d.outcome[:6] = 1.0


def _unknown(d: Draft) -> None:
    d.outcome[3] = np.nan


def _no_events(d: Draft) -> None:
    d.outcome[:] = 0.0


def _wide(d: Draft) -> None:
    d.values = np.random.default_rng(2).lognormal(size=(len(d.patients), 60))
    d.features = [f"wide_{j}" for j in range(60)]


DAMAGES: dict[str, list[Damage]] = {
    "ID-001": [_again],
    "ID-004": [_case],
    "ID-050": [_copy_row],
    "FEAT-058": [set_cells(9, slice(None), np.nan)],
    "SITE-003": [_respell],
    "SITE-050": [_one_site],
    "SIZE-002": [_small_site, _rare],
    "CONF-001": [_site_is_outcome],
    "CONF-002": [_one_sided, _rare],
    "FEAT-003": [set_cells(slice(0, 30), 2, np.nan)],
    "FEAT-010": [_still],
    "FEAT-050": [set_cells(3, 2, np.inf), set_cells(3, 2, -np.inf)],
    "FEAT-051": [set_cells(slice(None), 2, np.nan)],
    "FEAT-052": [set_cells(slice(None), 2, 7.0)],
    "FEAT-053": [_copy_column],
    "FEAT-054": [_zeros],
    "FEAT-055": [_unit],
    "FEAT-056": [_absent],
    "FEAT-057": [_locale],
    "FEAT-059": [_no_age],
    "FEAT-060": [_one_stage],
    "FEAT-061": [_never],
    "FEAT-062": [_proxy],
    "FEAT-100": [_lost_marks],
    "OUT-050": [_no_events],
    "OUT-051": [_few_events],
    "OUT-052": [_unknown],
    "SIZE-050": [_few],
    "SIZE-051": [_wide],
    "LEAK-050": [_z, _min_max],
}
CASES = [(code, damage) for code, damages in DAMAGES.items() for damage in damages]


def damaged(damage: Damage) -> FeatureTable:
    draft = honest()
    damage(draft)
    return draft.table()
