"""The verdict on harmonisation says what was planted, follows its rule, and is unmoved by what must not move it."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from radaudit.measures.estimate import Estimate
from radaudit.measures.groupdistance import Contrast
from radaudit.study.harmonisation_numbers import MARGIN, Evidence, Preservation, Probe
from radaudit.study.harmonisation_verdict import decide, judge_training
from radaudit.study.plans import HarmonisePlan
from radaudit.study.unseen import harmonised_unseen


@cache
def benchmark() -> Any:
    """Return the benchmark that simulates the designs."""
    path = Path(__file__).parents[3] / "benchmarks" / "harmonisation_verdict.py"
    spec = importlib.util.spec_from_file_location("verdict_benchmark", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("no effect", "no effect"),
        ("helped", "helped"),
        ("helped, small", "helped"),
        ("helped, tails", "helped"),
        ("over-corrected: case mix", "harmed"),
        ("over-corrected: leaked", "harmed"),
        ("over-corrected: leaked, no effect", "harmed"),
        ("over-corrected: outcome removed", "harmed"),
        ("confounded: outcome", "not identifiable"),
        ("confounded: covariate", "not identifiable"),
    ],
)
def test_the_verdict_is_what_was_planted(name: str, word: str) -> None:
    own = benchmark()
    design = next(design for design in own.DESIGNS if design.name == name)
    found = [own.study(design, 100 + i, truth=False)[0].verdict for i in range(2)]
    assert found.count(word) >= 1
    assert set(found) <= {word, "not identifiable"}


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high, patients=50)


def evidence(low: float, high: float, **more: Any) -> Evidence:
    own = Contrast(before=estimate(0.1, 0.05, 0.15), after=estimate(0.05, 0.01, 0.1), fall=estimate((low + high) / 2, low, high))
    base = Evidence(
        distance=own,
        probe=Probe(before=0.9, after=0.5, chance=0.25, p_low=0.9, p_high=0.1),
        tests={},
        outcome=None,
        covariates=(),
        covariance=None,
        judged={},
        left_out=(),
        folds=5,
        repeats=1,
    )
    return replace(base, **more)


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [
        (0.01, 0.09, "helped"),
        (-0.09, -0.01, "harmed"),
        (-MARGIN, MARGIN, "no effect"),
        (0.001, MARGIN, "no effect"),
        (-0.01, 0.09, "not identifiable"),
        (0.001, 0.035, "not identifiable"),
        (-0.035, -0.001, "not identifiable"),
        (-0.09, 0.01, "not identifiable"),
    ],
)
def test_the_interval_of_the_fall_decides(low: float, high: float, word: str) -> None:
    assert decide(evidence(low, high))[0] == word


def test_batches_more_alike_than_luck_are_an_alarm_whatever_the_fall() -> None:
    probe = Probe(before=0.9, after=0.02, chance=0.25, p_low=0.004, p_high=1.0)
    assert decide(evidence(0.01, 0.09, probe=probe))[0] == "harmed"
    alike = Contrast(before=estimate(0.1, 0.05, 0.15), after=estimate(-0.05, -0.06, -0.04), fall=estimate(0.15, 0.1, 0.2))
    assert decide(evidence(0.01, 0.09, distance=alike))[0] == "harmed"
    before = Contrast(before=estimate(-0.05, -0.06, -0.04), after=estimate(0.0, -0.1, 0.1), fall=estimate(0.15, 0.1, 0.2))
    assert decide(evidence(0.01, 0.09, distance=before))[0] == "not identifiable"


def test_a_lost_association_is_harm_whatever_the_fall() -> None:
    lost = Contrast(before=estimate(0.1, 0.05, 0.15), after=estimate(0.01, -0.01, 0.02), fall=estimate(0.09, 0.04, 0.13))
    assert decide(evidence(0.01, 0.09, outcome=lost))[0] == "harmed"
    kept = replace(lost, after=estimate(0.09, 0.05, 0.13), fall=estimate(0.01, 0.004, 0.02))
    assert decide(evidence(0.01, 0.09, outcome=kept))[0] == "helped"
    row = Preservation(
        column="age", of=9, features=4, retained=0.5, low=0.3, high=0.7, changed=4, largest=-0.2, largest_low=-0.3, largest_high=-0.1
    )
    assert decide(evidence(0.01, 0.09, covariates=(row,)))[0] == "harmed"
    assert decide(evidence(0.01, 0.09, covariates=(replace(row, retained=0.9, low=0.85, high=0.95),)))[0] == "helped"


def rows(seed: int = 0, n: int = 60, shift: float = 1.0) -> tuple[np.ndarray, list[str], list[str], np.ndarray]:
    rng = np.random.default_rng(seed)
    batch = [("A", "B", "C")[i % 3] for i in range(n)]
    x = rng.normal(size=(n, 20)) + shift * (np.arange(n) % 3)[:, None]
    return x, batch, [f"P{i:03d}" for i in range(n)], (rng.random(n) < 0.4).astype(float)


def judged(x: np.ndarray, batch: list[str], people: list[str], outcome: np.ndarray, **plan: Any) -> Any:
    return judge_training(x, batch, people, {}, outcome, HarmonisePlan(**plan), np.random.default_rng(7), permutations=50)


def test_the_same_rows_give_the_same_document_and_it_is_plain_json() -> None:
    first, second = judged(*rows()), judged(*rows())
    assert json.dumps(first.document(), allow_nan=False) == json.dumps(second.document(), allow_nan=False)
    assert first.verdict == "helped"
    assert first.reasons[0].startswith("Helped: patients of different batches differ by")


def test_units_of_features_do_not_matter() -> None:
    x, *rest = rows()
    unit = 10.0 ** np.linspace(-6, 6, 20)
    plain, scaled = judged(x, *rest), judged(x * unit + 5 * unit, *rest)
    assert plain.verdict == scaled.verdict
    falls = [own.numbers["distance"]["fall"]["value"] for own in (plain, scaled)]
    assert falls[0] == pytest.approx(falls[1], abs=1e-8)


def test_combat_never_passes_for_a_lost_association_within_batches() -> None:
    x, batch, people, outcome = rows()
    x = x + outcome[:, None]
    found = judged(x, batch, people, outcome)
    own = found.numbers["outcome"]
    assert own["before"]["value"] > 0.05
    assert abs(own["fall"]["value"]) < 1e-10


def test_kept_and_small_batches_are_not_judged() -> None:
    x, batch, people, outcome = rows()
    found = judged(x, ["KEPT" if i < 12 else "TINY" if i in (13, 14) else b for i, b in enumerate(batch)], people, outcome, keep=("KEPT",))
    assert sorted(found.numbers["judged"]) == ["A", "B", "C"]
    assert found.numbers["left_out"] == ["TINY"]


def test_one_batch_or_an_infinite_cell_is_not_identifiable_and_says_why() -> None:
    x, batch, people, outcome = rows()
    one = judged(x, ["A"] * 60, people, outcome)
    assert one.verdict == "not identifiable"
    assert "one batch" in one.reasons[0]
    x[0, 0] = np.inf
    assert judged(x, batch, people, outcome).verdict == "not identifiable"


def test_the_same_regions_through_three_extractors_are_judged_within_patients() -> None:
    rng = np.random.default_rng(3)
    region = rng.normal(size=(40, 15))
    shift = np.array([0.0, 0.6, -0.6])
    x = np.vstack([region + 0.2 * rng.normal(size=(40, 15)) + own for own in shift])
    people = [f"P{i:02d}" for i in range(40)] * 3
    found = judge_training(x, ["A"] * 40 + ["B"] * 40 + ["C"] * 40, people, {}, None, HarmonisePlan(), np.random.default_rng(1))
    assert found.verdict == "helped"
    assert found.numbers["probe"]["p_low"] > 0.005


def test_a_row_is_harmonised_by_a_fit_that_did_not_see_its_patient() -> None:
    x, batch, people, _ = rows()
    people = [f"P{i // 2:03d}" for i in range(60)]
    plan = HarmonisePlan()
    found = harmonised_unseen(x, batch, people, {}, plan, np.random.default_rng(1), folds=4, repeats=2)
    part = found[0].part
    assert all(len({part[i] for i in range(60) if people[i] == who}) == 1 for who in set(people))
    changed = x.copy()
    changed[0] += 100.0
    again = harmonised_unseen(changed, batch, people, {}, plan, np.random.default_rng(1), folds=4, repeats=2)
    same = np.flatnonzero(part == part[0])
    others = [i for i in same.tolist() if i != 0]
    assert np.abs(again[0].after[others] - found[0].after[others]).max() < 1e-10
    assert np.abs(again[0].after[part != part[0]] - found[0].after[part != part[0]]).max() > 0.01
