"""The excess distance between groups: equal to its definition, unbiased, unmoved by what must not move it."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from scipy import stats

from radaudit.errors import DesignError
from radaudit.measures.groupdistance import Contrast, Pairs, contrast, pair_sums, upper_bound


def table(seed: int = 0, n: int = 18, p: int = 4, shift: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    group = np.arange(n) % 3
    return rng.normal(size=(n, p)) + shift * group[:, None], group, np.arange(n) // 9, np.arange(n)


def by_definition(x: np.ndarray, group: np.ndarray, part: np.ndarray, patient: np.ndarray) -> float:
    """Return the excess from loops over pairs: mean distance of each pair of groups less the mean of the two within, weighted by n n'."""
    n, p = x.shape
    pairs = [(i, j) for i, j in permutations(range(n), 2) if part[i] == part[j] and patient[i] != patient[j]]
    unit = x.copy()
    for k in range(p):
        unit[:, k] /= np.mean([abs(x[i, k] - x[j, k]) for i, j in pairs if group[i] == group[j]])
    d = {(i, j): np.abs(unit[i] - unit[j]).mean() for i, j in pairs}
    mean = {(a, b): np.mean([d[i, j] for i, j in pairs if (group[i], group[j]) == (a, b)]) for a in range(3) for b in range(3)}
    size = np.bincount(group)
    gap = sum(size[a] * size[b] * (mean[a, b] - (mean[a, a] + mean[b, b]) / 2) for a, b in combinations(range(3), 2))
    base = sum(size[a] * size[b] * (mean[a, a] + mean[b, b]) / 2 for a, b in combinations(range(3), 2))
    return float(gap / base)


def of(*arrays: np.ndarray) -> Contrast:
    pairs = pair_sums(*arrays)
    return contrast(pairs, pairs)


def test_the_excess_is_its_definition() -> None:
    x, group, part, patient = table()
    assert of(x, group, part, patient).before.value == pytest.approx(by_definition(x, group, part, patient), abs=1e-12)


def test_pairs_of_one_patient_do_not_count() -> None:
    x, group, part, patient = table()
    patient = patient // 2
    assert of(x, group, part, patient).before.value == pytest.approx(by_definition(x, group, part, patient), abs=1e-12)


def test_the_jackknife_leaves_out_whole_patients() -> None:
    rng = np.random.default_rng(4)
    patient, group = np.arange(24) // 2, np.arange(24) % 3
    distance = rng.random((24, 24))
    distance = distance + distance.T

    def sums(rows: np.ndarray) -> Pairs:
        total, pairs = np.zeros((12, 3, 3)), np.zeros((12, 3, 3))
        for i, j in permutations(rows.tolist(), 2):
            if patient[i] != patient[j]:
                total[patient[i], group[i], group[j]] += distance[i, j]
                pairs[patient[i], group[i], group[j]] += 1
        return Pairs(sums=total, counts=pairs)

    def value(own: Pairs) -> float:
        mean = own.sums.sum(axis=0) / own.counts.sum(axis=0)
        within = (np.diag(mean)[:, None] + np.diag(mean)[None, :]) / 2
        weight = 8 * 8 * (1 - np.eye(3))  # eight patients have a row in each group; the jackknife keeps the weights of the whole
        return float((weight * (mean - within)).sum() / (weight * within).sum())

    whole = sums(np.arange(24))
    found = contrast(whole, whole).before
    left = np.array([value(sums(np.flatnonzero(patient != who))) for who in range(12)])
    spread = np.sqrt(11 / 12 * ((left - left.mean()) ** 2).sum())
    assert found.value == pytest.approx(value(whole), abs=1e-12)
    assert found.high == pytest.approx(value(whole) + stats.t.ppf(0.975, 11) * spread, abs=1e-10)


def test_groups_of_one_population_have_no_excess_on_average() -> None:
    values = [of(*table(seed, shift=0.0)).before.value for seed in range(200)]
    mean, error = float(np.mean(values)), float(np.std(values) / np.sqrt(len(values)))
    assert abs(mean) < 4 * error
    assert min(values) < 0 < max(values)


def test_a_change_of_location_and_scale_per_scale_code_changes_nothing() -> None:
    x, group, part, patient = table()
    event = (patient % 2).astype(np.int64)
    moved = x * np.array([2.0, 0.1, 30.0])[group][:, None] + np.array([5.0, -7.0, 100.0])[group][:, None]
    strata = part * 3 + group
    first, second = (pair_sums(own, event, strata, patient, scale=group) for own in (x, moved))
    assert contrast(first, second).fall.value == pytest.approx(0.0, abs=1e-12)


def test_missing_cells_and_flat_features_drop_out() -> None:
    x, group, part, patient = table()
    wide = np.column_stack([x, np.full(len(x), 3.0), np.full(len(x), np.nan)])
    assert of(wide, group, part, patient).before.value == pytest.approx(of(x, group, part, patient).before.value, abs=1e-12)
    x[0, 0] = np.nan
    assert of(x, group, part, patient).before.value is not None


def test_pairs_add_over_partitions_and_rows_of_no_part_are_left_out() -> None:
    x, group, part, patient = table()
    twice = pair_sums(x, group, part, patient) + pair_sums(x, group, part, patient)
    assert contrast(twice, twice).before.value == pytest.approx(of(x, group, part, patient).before.value, abs=1e-12)
    out = np.where(patient < 3, -1, part)
    assert of(x, group, out, patient).before.patients == 15


def test_no_pairs_give_no_value_and_other_shapes_are_refused() -> None:
    x, group, part, patient = table()
    assert of(x, group, patient, patient).before.value is None
    with pytest.raises(DesignError) as refused:
        contrast(pair_sums(x, group, part, patient), pair_sums(x[:9], group[:9], part[:9], patient[:9]))
    assert refused.value.code == "PERF-001"


def test_the_one_sided_bound_lies_between_the_value_and_the_two_sided_bound() -> None:
    found = of(*table()).before
    assert found.value is not None
    assert found.high is not None
    assert found.value < (upper_bound(found, 0.95) or 0) < found.high
    assert upper_bound(found, 0.975) == pytest.approx(found.high, abs=1e-12)
