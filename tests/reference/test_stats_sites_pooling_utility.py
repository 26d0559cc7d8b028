"""Site effects, pooling, adjusted p-values and net benefit equal R and dcurves (see stats/SOURCE.md) to 1e-8."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest

from radaudit.measures.multiplicity import benjamini_hochberg, benjamini_yekutieli, holm
from radaudit.measures.pooling import Between, Within, pool
from radaudit.measures.siteeffect import cramers_v, site_effect, standardised_difference, standardised_difference_of_levels
from radaudit.measures.utility import curve_of_all, net_benefit

HERE = Path(__file__).parent / "stats"


def table(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


GOLDEN = {row["name"]: float(row["value"]) for row in table("golden.csv")}
PATIENTS = table("aSAH.csv")
Y = np.array([row["outcome"] == "Poor" for row in PATIENTS], dtype=float)
CASES: dict[str, float | None] = {}

x = np.array([[float(row[name]) for name in ("age", "s100b", "ndka", "age")] for row in PATIENTS])
x[2::7, 3] = np.nan
group = [row["gos6"] for row in PATIENTS]
values, ranks = site_effect(x, group), site_effect(x, group, scale="ranks")
for i, name in enumerate(("age", "s100b", "ndka", "missing")):
    CASES |= {f"aov.eta2.{name}": values.eta2[i], f"aov.F.{name}": values.statistic[i], f"aov.p.{name}": values.p[i]}
    CASES |= {f"kw.H.{name}": ranks.statistic[i], f"kw.p.{name}": ranks.p[i]}
tied = cramers_v(Y, [row["wfns"] for row in PATIENTS])
CASES |= {"chisq.X2": tied.chi_squared, "chisq.p": tied.p, "chisq.V": tied.v}
gap = standardised_difference_of_levels([row["gender"] for row in PATIENTS], Y)
CASES |= {"smd.age": standardised_difference(x[:, 0], Y), "smd.female": -gap if gap is not None else None}

P = np.array([0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262, 0.5719, 0.6528, 0.759, 1, 0.0201])
HOLED = P.copy()
HOLED[[2, 8]] = np.nan
for label, adjust in (("BH", benjamini_hochberg), ("BY", benjamini_yekutieli), ("holm", holm)):
    CASES |= {f"padjust.{label}.{i}": float(v) for i, v in enumerate(adjust(P), start=1)}
    left = adjust(HOLED)
    CASES |= {f"padjustna.{label}.{i}": float(v) for i, v in enumerate(left[~np.isnan(left)], start=1)}

auc = np.array([0.78, 0.71, 0.83, 0.66, 0.75])
LOGITS, ERRORS = np.log(auc / (1 - auc)), np.array([0.21, 0.17, 0.30, 0.22, 0.15])
ALIKE = np.array([0.9, 0.95, 1.0, 0.92]), np.array([0.3, 0.25, 0.2, 0.4]) ** 2
BCG = tuple(np.genfromtxt(HERE / "bcg.csv", delimiter=",", skip_header=1).T)
POOLS: list[tuple[str, tuple[np.ndarray, ...], Between, Within]] = [
    ("reml.knha", (LOGITS, ERRORS**2), "reml", "hksj"),
    ("reml.adhoc", (LOGITS, ERRORS**2), "reml", "hksj-floor"),
    ("reml.z", (LOGITS, ERRORS**2), "reml", "z"),
    ("dl.z", (LOGITS, ERRORS**2), "dl", "z"),
    ("dl.knha", (LOGITS, ERRORS**2), "dl", "hksj"),
    ("zero.knha", ALIKE, "reml", "hksj"),
    ("zero.adhoc", ALIKE, "reml", "hksj-floor"),
    ("bcg.knha", BCG, "reml", "hksj"),
    ("bcg.dl", BCG, "dl", "z"),
]
for label, (y, v), between, within in POOLS:
    made = pool(y, v, between=between, within=within)
    parts = [made.mean.value, made.error, made.tau2, made.mean.low, made.mean.high, made.prediction.low, made.prediction.high]
    parts += [100 * made.i2, made.q, made.q_p]
    CASES |= {f"meta.{label}.{i}": part for i, part in enumerate(parts, start=1)}
made = pool(LOGITS, ERRORS**2, between="fixed", within="z")
parts = [made.mean.value, made.error, made.tau2, made.mean.low, made.mean.high, 100 * made.i2, made.q, made.q_p]
CASES |= {f"meta.fe.z.{i}": part for i, part in enumerate(parts, start=1)}

PARTS = ("aov", "kw", "chisq", "smd", "padjust", "padjustna", "meta")


@pytest.mark.parametrize("name", [n for n in GOLDEN if n.split(".")[0] in PARTS])
def test_the_golden_value_is_reproduced(name: str) -> None:
    assert CASES[name] == pytest.approx(GOLDEN[name], rel=1e-8, abs=1e-8)


def test_every_golden_value_belongs_to_one_of_the_test_files() -> None:
    others = [Path(__file__).with_name(f"test_stats_{name}.py") for name in ("discrimination_calibration", "added_value")]
    text = "".join(file.read_text(encoding="utf-8") for file in others)
    rest = {n.split(".")[0] for n in GOLDEN} - set(PARTS)
    assert {part for part in rest if f'"{part}' not in text and f"{part}." not in text} == set()


def test_the_values_printed_in_the_design_are_met() -> None:
    made = pool(LOGITS, ERRORS**2)
    found = (made.mean.value, made.error, made.tau2, made.mean.low, made.mean.high, made.prediction.low, made.prediction.high)
    assert found == pytest.approx((1.0639, 0.1403, 0.0406, 0.6745, 1.4533, 0.3825, 1.7453), abs=6e-5)


@pytest.mark.parametrize("model", ["cancerpredmarker", "famhistory", "all", "none"])
def test_net_benefit_equals_dcurves(model: str) -> None:
    rows = table("dca_input.csv")
    outcome = np.array([float(row["cancer"]) for row in rows])
    asked = [row for row in table("dca.csv") if row["model"] == model and row["declared"] == "0"]
    # at threshold 0 dcurves calls a risk of exactly 0 negative, we call everybody positive: risk >= threshold
    asked = asked[model == "famhistory" :]
    at = np.array([float(row["threshold"]) for row in asked])
    peer = [float(row["net_benefit"] or math.nan) for row in asked]
    assert len(asked) >= 19
    if model in ("all", "none"):
        own = curve_of_all(outcome == 1, at) if model == "all" else np.zeros(at.size)
    else:
        own = net_benefit(outcome, np.array([float(row[model]) for row in rows]), at)
    assert own == pytest.approx(peer, abs=1e-12)


def test_net_benefit_at_a_declared_prevalence_equals_dcurves() -> None:
    rows = table("dca_input.csv")
    asked = [row for row in table("dca.csv") if row["model"] == "cancerpredmarker" and row["declared"] == "1"]
    own = net_benefit(
        [float(row["cancer"]) for row in rows],
        [float(row["cancerpredmarker"]) for row in rows],
        [float(row["threshold"]) for row in asked],
        prevalence=0.3,
    )
    assert own == pytest.approx([float(row["net_benefit"]) for row in asked], abs=1e-12)
