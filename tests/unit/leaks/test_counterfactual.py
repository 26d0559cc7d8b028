"""What a leak adds: the repair undoes a planted leak, leaves an honest table alone, and says so where nothing can be repaired."""

from __future__ import annotations

import numpy as np
import pytest

from radaudit.leaks.counterfactual import change
from radaudit.leaks.counterfactual.reference import scores
from radaudit.leaks.counterfactual.repairs import duplicates, scaling
from radaudit.leaks.forensics.evidence import evidence
from radaudit.leaks.forensics.examine import examine
from radaudit.leaks.forensics.selectors import student, top
from radaudit.leaks.forensics.state import Standing, State
from radaudit.measures.discrimination import auc


def table(n: int = 120, p: int = 300, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return noise (n, p), outcomes that it knows nothing about, and training rows."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, p)) * rng.uniform(1, 9, p), (rng.random(n) < 0.5).astype(float), np.arange(n) % 3 > 0


def leak(kind: str, **facts: object) -> State:
    return State(kind=kind, standing=Standing.PROVED_LEAK, sentence="planted", facts=facts)  # type: ignore[arg-type]


def test_selection_on_all_rows_is_worth_what_it_adds_over_selection_on_training_rows() -> None:
    x, y, train = table()
    picked = sorted(top(student(x, y), 10))
    fair = sorted(top(student(x[train], y[train]), 10))
    found = change.of(leak("selection", family_all="Student's t"), evidence(x, train, outcome=y, selected=picked))
    assert found is not None
    truth = [auc(y[~train], scores(x[:, c], y, train)[~train]) for c in (picked, fair)]
    assert (found.sent, found.repaired) == pytest.approx(tuple(truth))
    assert found.difference > 0.15
    assert found.low is not None
    assert found.low < found.difference < found.high  # type: ignore[operator]


def test_scaling_again_gives_the_scaling_of_the_training_rows_exactly() -> None:
    x, y, train = table(p=20)
    pooled = (x - x.mean(axis=0)) / x.std(axis=0)
    own = (x - x[train].mean(axis=0)) / x[train].std(axis=0)
    repair = scaling(evidence(pooled, train, outcome=y), {})
    assert np.allclose(repair.repaired.x, own, atol=1e-10)


def test_copies_in_training_are_left_out_and_the_test_set_stays() -> None:
    x, y, train = table(p=40)
    some = np.flatnonzero(~train)[:15]
    wide, outcome, part = np.vstack([x, x[some]]), np.r_[y, y[some]], np.r_[train, np.ones(15, bool)]
    given = evidence(wide, part, outcome=outcome)
    repair = duplicates(given, {})
    assert repair is not None
    assert np.array_equal(repair.repaired.fitted, np.r_[train, np.zeros(15, bool)])
    assert np.array_equal(repair.repaired.judged, repair.sent.judged)
    found = change.of(leak("duplicates"), given)
    assert found is not None
    assert found.difference > 0.05
    assert "15 training rows" in found.how


def test_a_cut_off_of_the_test_set_is_compared_with_that_of_the_training_set() -> None:
    rng = np.random.default_rng(3)
    y = (rng.random(200) < 0.5).astype(float)
    risk = np.round(1 / (1 + np.exp(-(y - 0.5 + rng.normal(size=200)))), 6)
    train = np.arange(200) % 3 > 0
    cuts = np.unique(risk[~train])
    gain = [(risk[~train][y[~train] == 1] >= c).mean() + (risk[~train][y[~train] == 0] < c).mean() for c in cuts]
    best = float(cuts[int(np.argmax(gain))])
    found = change.of(leak("threshold"), evidence(rng.normal(size=(200, 6)), train, outcome=y, predictions=risk, threshold=best))
    assert found is not None
    assert found.sent == pytest.approx(max(gain) / 2)
    assert found.difference >= 0


def test_what_cannot_be_repaired_has_no_size_and_says_so() -> None:
    x, y, train = table(p=20)
    apart = np.where(
        train[:, None], (x - x[train].mean(axis=0)) / x[train].std(axis=0), (x - x[~train].mean(axis=0)) / x[~train].std(axis=0)
    )
    given = evidence(apart, train, outcome=y)
    examined = examine(given, ["self_normalisation"])
    assert examined.leaks
    findings, changes = change.sized(examined, given)
    assert changes == ()
    assert "cannot be told" in str(findings[0].facts["size"])


def test_an_honest_table_gets_no_size() -> None:
    x, y, train = table(p=20)
    given = evidence(x, train, outcome=y)
    findings, changes = change.sized(examine(given, ["scaling", "duplicates", "oversampling"]), given)
    assert changes == ()
    assert not [finding for finding in findings if "size" in finding.facts]
