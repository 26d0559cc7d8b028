"""The sections of the evidence, from small tables whose answers can be counted by hand."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from radaudit.claims import Claim
from radaudit.splits import Split
from radaudit.study.ends import end_of
from radaudit.study.evidence.cohort import site_outcome, table_one
from radaudit.study.evidence.performance import performance
from radaudit.study.evidence.provenance import provenance
from radaudit.study.evidence.transport import by_site, left_out
from radaudit.study.evidence.verdict import SEALED, verdict
from radaudit.study.frame import frame_of
from radaudit.tables import FeatureTable, Outcome, Roles


def table() -> FeatureTable:
    return FeatureTable.of(
        roles=Roles(patient="id", outcome=Outcome(kind="binary", column="y", event="1"), clinical=("sex", "age"), volume="v"),
        patients=[f"p{i:02d}" for i in range(12)],
        sites=["A"] * 6 + ["B"] * 6,
        features=["v"],
        values=np.arange(12.0)[:, None],
        outcome=[1, 0, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0],
        facts={"sex": ["m", "f"] * 6, "age": [str(50 + i) for i in range(12)]},
    )


def split_of(found: FeatureTable) -> Split:
    return Split(training=found.where([i < 8 for i in range(12)]), holdout=found.where([i >= 8 for i in range(12)]), by="column")


def test_site_and_outcome_are_counted_by_patient() -> None:
    assert site_outcome(table()) == [{"site": "A", "events": 2, "non_events": 4}, {"site": "B", "events": 3, "non_events": 3}]


def test_table_one_counts_each_part_and_gives_the_standardised_difference() -> None:
    found = table()
    rows = {(row["variable"], row["level"]): row for row in table_one(found, split_of(found))}
    assert rows["outcome", "event"]["training"] == "4 (50%)"
    assert rows["outcome", "event"]["holdout"] == "1 (25%)"
    spread = math.sqrt((0.25 + 0.1875) / 2)
    assert rows["outcome", "event"]["smd"] == pytest.approx(-0.25 / spread, abs=1e-12)
    assert rows["sex", "m"]["smd"] == 0.0
    assert rows["age", None]["training"] == "53.5 (51.75 to 55.25)"
    assert rows["v", None]["holdout"] == "9.5 (8.75 to 10.25)"


def test_each_site_of_the_test_set_is_measured_on_its_own_patients() -> None:
    found = FeatureTable.of(
        roles=Roles(patient="id", outcome=Outcome(kind="binary", column="y", event="1")),
        patients=["1", "2", "3", "4"],
        sites=["A", "A", "B", "B"],
        features=["f"],
        values=np.zeros((4, 1)),
        outcome=[1.0, 0.0, 1.0, 0.0],
    )
    rows = by_site(frame_of(found), np.array([0.9, 0.1, 0.2, 0.8]))
    assert [(row["site"], row["patients"], row["events"], row["auc"]["value"]) for row in rows] == [("A", 2, 1, 1.0), ("B", 2, 1, 0.0)]


def left(name: str, value: float, low: float, high: float) -> Any:
    from radaudit.measures.estimate import Estimate

    estimate = Estimate(value=value, low=low, high=high, patients=50, events=20, method="DeLong, logit scale")
    return SimpleNamespace(
        name=name, patients=50, events=20, discrimination=estimate, document=lambda: {"site": name, "auc": estimate.document()}
    )


def test_two_sites_are_not_pooled_and_three_are_predicted_from() -> None:
    rows = [left("A", 0.7, 0.6, 0.79), left("B", 0.75, 0.64, 0.84), left("C", 0.65, 0.53, 0.76)]
    two = left_out(SimpleNamespace(sites=tuple(rows[:2]), sites_unharmonised=(), end=end_of("binary")))  # type: ignore[arg-type]
    assert two["pooled"] is None
    assert two["prediction"] is None
    assert "at least 3" in two["reason"]
    three = left_out(SimpleNamespace(sites=tuple(rows), sites_unharmonised=(), end=end_of("binary")))  # type: ignore[arg-type]
    assert 0.65 < three["pooled"]["value"] < 0.75
    assert three["prediction"]["low"] < three["pooled"]["value"] < three["prediction"]["high"]


CLAIM = Claim(id="C1", measure="auc", on="test", primary=True, lowest=0.7)


def measured(seed: int = 3) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    outcome = (rng.random(80) < 0.4).astype(float)
    risk = 1 / (1 + np.exp(-(2.5 * outcome - 1.2 + rng.normal(size=80))))
    others = {"volume": rng.random(80)}
    return performance(
        outcome, risk, tuple(f"p{i}" for i in range(80)), 0.5, others, lambda name: np.random.default_rng([seed, *name.encode()])
    )


def test_performance_holds_every_measure_and_is_the_same_twice() -> None:
    found = measured()
    assert found == measured()
    assert found["confusion"]["tp"] + found["confusion"]["fn"] == found["events"]
    assert sum(found["permutation"]["counts"]) == found["permutation"]["repeats"]
    assert len(found["roc"]["fpr"]) == len(found["roc"]["low"])
    assert [row["against"] for row in found["comparisons"]] == ["volume"]
    histogram = found["calibration"]["histogram"]
    assert sum(histogram["events"]) + sum(histogram["non_events"]) == 80


def test_one_class_in_the_test_set_says_so_instead_of_drawing_a_curve() -> None:
    found = performance(np.ones(12), np.linspace(0.1, 0.9, 12), tuple("abcdefghijkl"), 0.5, {}, lambda name: np.random.default_rng(1))
    assert found["roc"] is None
    assert "same outcome" in found["roc_reason"]
    assert found["auc"]["value"] is None


def test_a_sealed_test_set_leaves_every_claim_undetermined() -> None:
    found = verdict([CLAIM], None, None, [], post_hoc=False, sites=2, openings=(0, 1))
    assert found["verdict"]["overall"] == "cannot be determined"
    assert SEALED in found["claims"][0]["sentence"]
    assert len(found["tiles"]) == 4


def test_words_of_a_claim_are_the_same_in_the_claim_and_overall() -> None:
    found = verdict([CLAIM], measured(), None, [], post_hoc=True, sites=2, openings=(2, 1))
    assert found["verdict"]["overall"] == found["claims"][0]["verdict"]
    assert found["claims"][0]["post_hoc"]
    assert found["verdict"]["claim"] == "C1"


def test_a_claim_about_a_new_site_needs_a_prediction_interval() -> None:
    claim = Claim(id="C3", measure="auc", on="new_site", primary=True, lowest=0.6)
    none = verdict([claim], measured(), {"prediction": None, "reason": "2 sites"}, [], post_hoc=False, sites=2, openings=(1, 1))
    assert "2 sites" in none["claims"][0]["sentence"]
    pooled = {"value": 0.75, "low": 0.7, "high": 0.8, "level": 0.95, "patients": 100, "events": 40, "method": "", "reason": None}
    transport = {"prediction": {"low": 0.65, "high": 0.85, "method": "m"}, "pooled": pooled}
    good = verdict([claim], measured(), transport, [], post_hoc=False, sites=3, openings=(1, 1))
    assert good["verdict"]["overall"] == "supported"


def test_the_graph_leads_from_files_to_the_dossier_and_sealed_rows_round_the_fit() -> None:
    digests = {"pool": "a", "check": "b", "split": "c", "fit": "d", "lock": "e", "test": "f", "harmonise": ""}
    found = provenance([{"file": "data/x.csv", "sha256": "0"}], digests, "plan", "0.1.0", "s")
    assert ["split", "test"] in found["edges"]
    assert ["split", "fit"] in found["edges"]
    assert ["test", "dossier"] in found["edges"]
    assert "harmonise" not in [node["id"] for node in found["nodes"]]
