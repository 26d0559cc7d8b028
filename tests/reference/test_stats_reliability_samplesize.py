"""Agreement equals R (psych, epiR, lme4; see stats/SOURCE.md) to 1e-8; sample sizes equal pmsampsize and pmvalsampsize.

Stated exceptions: lme4 stops at about 1e-6 of a variance. pmsampsize and pmvalsampsize simulate where we integrate (C to R²,
calibration slope) and round the standard error of O/E up to the next 1e-4: within 0.4 % there.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from radaudit.measures.agreement import concordance, limits_of_agreement
from radaudit.measures.reliability import FORMS, icc, icc_table, mean_squares, variance_components
from radaudit.measures.repeatability import repeatability_coefficient, within_cv, within_sd
from radaudit.measures.samplesize import (
    development_binary,
    development_continuous,
    development_survival,
    r2_from_c,
    validation_binary,
)

HERE = Path(__file__).parent / "stats"


def golden() -> dict[str, float]:
    with (HERE / "agreement.csv").open(encoding="utf-8") as file:
        return {row["name"]: float(row["value"]) for row in csv.DictReader(file)}


def numbers(name: str) -> np.ndarray:
    return np.genfromtxt(HERE / name, delimiter=",", skip_header=1)


GOLDEN = golden()
SHROUT_FLEISS = np.array([9, 2, 5, 8, 6, 1, 3, 2, 8, 4, 6, 8, 7, 1, 2, 6, 10, 5, 6, 9, 6, 2, 4, 7], dtype=float).reshape(6, 4)
SETS = {"sf": SHROUT_FLEISS, "sim": numbers("ratings.csv"), "noise": numbers("ratings_noise.csv")}
PAIRS = numbers("ccc.csv")
CASES: dict[str, float | None] = {}


def cases(name: str, *values: float | None) -> None:
    CASES.update({f"{name}.{i}": value for i, value in enumerate(values, start=1)})


for label, ratings in SETS.items():
    squares = mean_squares(ratings)
    for form in FORMS:
        for level in (95, 90):
            found = icc(ratings, form, level / 100)
            name = f"icc.{label}.{form.replace('(', '').replace(')', '').replace(',1', '').replace(',', '')}.{level}"
            f = squares.targets[0] / (squares.within if form[4] == "1" else squares.residual)[0]
            cases(name, found.value, found.low, found.high, f)
for label in ("sf", "sim"):
    parts = variance_components(SETS[label])
    cases(f"lmer.{label}", parts.targets[0], parts.readings[0], parts.residual[0])
    spread = within_sd(SETS[label])
    CASES[f"wsd.{label}"] = spread.value
    cases(f"wsd.ci.{label}", spread.low, spread.high)
    CASES[f"wcv.{label}"] = within_cv(SETS[label]).value
for level in (95, 90):
    z, plain = (concordance(*PAIRS.T, level / 100, interval=kind).ccc for kind in ("z", "plain"))
    cases(f"ccc.z.{level}", z.value, z.low, z.high)
    cases(f"ccc.asymptotic.{level}", plain.value, plain.low, plain.high)
    # epiR takes first - second, we take second - first
    limits = limits_of_agreement(PAIRS[:, 1], PAIRS[:, 0], coverage=level / 100)
    cases(f"loa.{level}", limits.bias.value, limits.sd, limits.lower.value, limits.upper.value)
whole = concordance(*PAIRS.T)
CASES |= {"ccc.scale": whole.scale, "ccc.location": whole.location, "ccc.Cb": whole.cb}
sim = concordance(SETS["sim"][:, 0], SETS["sim"][:, 1])
cases("ccc.sim", sim.ccc.value, sim.ccc.low, sim.ccc.high)
CASES["ccc.sim.Cb"] = sim.cb


@pytest.mark.parametrize("name", [n for n in GOLDEN if not (n.startswith("icc") and n.endswith(".5"))])
def test_the_golden_value_is_reproduced(name: str) -> None:
    tolerance = 1e-6 if name.startswith("lmer") else 1e-8
    assert CASES[name] == pytest.approx(GOLDEN[name], rel=tolerance, abs=tolerance)


def test_the_values_printed_in_the_design_are_met() -> None:
    printed = {
        "ICC(1,1)": (0.1657417684, -0.13293, 0.72256),
        "ICC(2,1)": (0.2897637795, 0.01878651, 0.76108437),
        "ICC(3,1)": (0.7148407148, 0.34246, 0.94586),
    }
    for form, (value, low, high) in printed.items():
        found = icc(SHROUT_FLEISS, form)  # type: ignore[arg-type]
        assert found.value == pytest.approx(value, abs=1e-10)
        assert (found.low, found.high) == pytest.approx((low, high), abs=1e-5)
    assert whole.ccc.value == pytest.approx(0.9365466272, abs=1e-10)


def test_a_table_of_features_equals_one_feature_at_a_time() -> None:
    cube = np.stack([SETS["sim"], SETS["sim"] ** 2 / 50, np.exp(SETS["sim"] / 30)], axis=2)
    for form in FORMS:
        table = icc_table(cube, form)
        for i in range(3):
            alone = icc(cube[:, :, i], form)
            assert (table.value[i], table.low[i], table.high[i]) == pytest.approx((alone.value, alone.low, alone.high), abs=1e-12)


def test_the_repeatability_coefficient_is_its_definition() -> None:
    spread, coefficient = within_sd(SETS["sim"]), repeatability_coefficient(SETS["sim"])
    assert coefficient.value == pytest.approx(1.959963984540054 * 2**0.5 * (spread.value or 0), abs=1e-12)


@pytest.mark.parametrize(
    ("parameters", "prevalence", "expected"),
    [(24, 0.174, (623, 662, 221)), (36, 0.174, (934, 992, 221)), (24, 0.25, (623, 590, 289))],
)
def test_sizes_for_a_binary_model_equal_pmsampsize(parameters: int, prevalence: float, expected: tuple[int, ...]) -> None:
    assert tuple(development_binary(parameters, prevalence, r2=0.288).criteria.values()) == expected


def test_sizes_from_a_c_statistic_equal_pmsampsize_up_to_its_simulation() -> None:
    found = tuple(development_binary(30, 0.3, c=0.8).criteria.values())
    assert found == pytest.approx((1032, 734, 323), rel=0.004)
    assert r2_from_c(0.8, 0.3) == pytest.approx(0.2271, rel=0.004)


def test_r2_from_a_c_statistic_equals_adaptive_quadrature() -> None:
    from scipy.integrate import quad
    from scipy.stats import norm

    for c, prevalence in ((0.6, 0.1), (0.8, 0.3), (0.95, 0.5)):
        gap = 2**0.5 * norm.ppf(c)
        base = np.log(prevalence / (1 - prevalence)) - gap**2 / 2
        hit = quad(lambda x, b=base, g=gap: norm.pdf(x - g) * -np.logaddexp(0, -(b + g * x)), -12, 16, epsabs=1e-12)[0]
        miss = quad(lambda x, b=base, g=gap: norm.pdf(x) * -np.logaddexp(0, b + g * x), -12, 16, epsabs=1e-12)[0]
        alone = prevalence * np.log(prevalence) + (1 - prevalence) * np.log(1 - prevalence)
        assert r2_from_c(c, prevalence) == pytest.approx(1 - np.exp(-2 * (prevalence * hit + (1 - prevalence) * miss - alone)), abs=1e-9)


def test_sizes_for_a_survival_model_equal_pmsampsize() -> None:
    found = development_survival(25, 0.051, 0.065, 2, 2.07)
    assert (found.criteria["shrinkage"], found.criteria["optimism in R²"]) == (4286, 866)
    assert found.binding == "shrinkage"


def test_sizes_for_a_linear_model_equal_pmsampsize() -> None:
    found = development_continuous(25, 0.2, 1.9, 0.6).criteria
    assert (found["shrinkage"], found["optimism in R²"], found["residual sd"]) == (918, 401, 259)


def test_sizes_for_validation_equal_pmvalsampsize() -> None:
    rare = validation_binary(0.018, 0.8, -5, 2.5, width_oe=1).criteria
    assert rare["C-statistic"] == 4252
    assert rare["observed/expected"] == pytest.approx(905, abs=1)
    assert rare["calibration slope"] == pytest.approx(4544, rel=0.004)
    common = validation_binary(0.2, 0.78, -1.75, 1.22).criteria
    assert common["C-statistic"] == 511
    assert common["observed/expected"] == pytest.approx(1538, rel=0.004)
    assert common["calibration slope"] == pytest.approx(2958, rel=0.004)
