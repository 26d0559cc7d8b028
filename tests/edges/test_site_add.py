"""A new site is appended to a locked signature as a child that differs in nothing but that site; or declined, or refused with a code."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from radaudit.digests import canonical
from radaudit.edges.stages.site_add import site_add
from radaudit.errors import RadauditError
from radaudit.signature import Scorer, read_signature, signature_bytes
from radaudit.signature.vectors import reproduced
from radaudit.verify.scoring import score
from tests.unit.signature.signature_build import FEATURES, fitted, locked


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a locked signature and the effects it was locked with."""
    pipeline = fitted()
    assert pipeline.effects is not None
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "signature.json").write_bytes(signature_bytes(locked(pipeline, settings={"binWidth": "25"})))
    (tmp_path / "out" / "effects.json").write_bytes(canonical({"effects": pipeline.effects.document()}) + b"\n")
    return tmp_path


def patients(n: int = 30, *, shift: float = 2.0, site: str = "BERGEN", **changed: Any) -> list[dict[str, Any]]:
    rng = np.random.default_rng(5)
    x = (rng.normal(size=(n, len(FEATURES))) + shift) * [1, 100, 0.01, 5] + [3, -900, 0.5, 0]
    rows = [
        dict(zip(FEATURES, map(repr, row), strict=True))
        | {"PatientID": f"B-{i:03d}", "Manufacturer": site, "sex": ("female", "male")[i % 2], "age": str(45 + i % 20)}
        | {"binWidth": "25", "relapse_2y": str(i % 2)}
        for i, row in enumerate(x.tolist())
    ]
    return [row | changed for row in rows]


def table(folder: Path, rows: list[dict[str, Any]], name: str = "bergen.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def child(folder: Path) -> dict[str, Any]:
    return read_signature((folder / "out" / "signature+BERGEN.json").read_bytes())


def refusal(folder: Path, rows: list[dict[str, Any]], site: str = "BERGEN", **more: Any) -> str:
    with pytest.raises(RadauditError) as refused:
        site_add(folder, site, table(folder, rows), **more)
    assert not list((folder / "out").glob("signature+*"))
    return refused.value.code


def test_the_child_differs_from_its_parent_in_the_site_and_nothing_else(folder: Path) -> None:
    parent = read_signature((folder / "out" / "signature.json").read_bytes())
    done = site_add(folder, "BERGEN", table(folder, patients()))
    made = child(folder)
    assert done.exit_code == 0
    assert made["parent_sha256"] == parent["sha256"]
    assert done.outputs == {"signature": "signature+BERGEN.json"}
    for op in ("impute", "standardise", "linear", "logistic"):
        assert [canonical(s) for s in made["steps"] if s["op"] == op] == [canonical(s) for s in parent["steps"] if s["op"] == op]
    combat, old = made["steps"][0], parent["steps"][0]
    assert combat["sites"].pop("BERGEN")["n"] == 30
    assert canonical(combat) == canonical(old)
    same = set(made) - {"parent_sha256", "sha256", "batch", "steps", "limits", "test_vectors"}
    assert all(canonical(made[key]) == canonical(parent[key]) for key in same)
    assert made["batch"]["known"] == sorted([*parent["batch"]["known"], "BERGEN"])
    assert made["limits"][:-1] == parent["limits"]


def test_the_child_proves_itself_to_both_scorers_and_scores_the_site(folder: Path) -> None:
    site_add(folder, "BERGEN", table(folder, patients()))
    made = child(folder)
    assert reproduced(made) == len(made["test_vectors"]) == 15
    assert any(vector["row"].get("Manufacturer") == "BERGEN" for vector in made["test_vectors"])
    row = patients()[0]
    first, (status, _, _, risk) = Scorer(made).score_row(row), score(made, row)
    assert status == first.status
    assert first.risk == pytest.approx(risk, abs=1e-12)
    other = row | {"Manufacturer": "GE"}
    assert Scorer(made).score_row(other) == Scorer(read_signature((folder / "out" / "signature.json").read_bytes())).score_row(other)


def test_the_correction_brings_the_site_to_the_scale_of_training(folder: Path) -> None:
    site_add(folder, "BERGEN", table(folder, patients(60)))
    scorer, effects = Scorer(child(folder)), fitted().effects
    assert effects is not None
    own, rows = effects.only(FEATURES[:3]), patients(200)
    values = np.array([scorer.trace(row)[0]["values"] for row in rows], dtype=np.float64)
    design = own.coding.code({"sex": [row["sex"] for row in rows], "age": [float(row["age"]) for row in rows]}, 200)
    left = (values - own.grand_mean - design @ own.coefficients) / own.pooled_sd
    assert np.abs(left.mean(axis=0)).max() < 0.4  # from 2
    assert np.abs(left.std(axis=0) - 1).max() < 0.3


def test_outcomes_are_never_read(folder: Path) -> None:
    site_add(folder, "BERGEN", table(folder, patients()))
    first = (folder / "out" / "signature+BERGEN.json").read_bytes()
    site_add(folder, "BERGEN", table(folder, [row | {"relapse_2y": "9999", "event": "1"} for row in patients()]))
    assert (folder / "out" / "signature+BERGEN.json").read_bytes() == first
    bare = [{key: value for key, value in row.items() if key != "relapse_2y"} for row in patients()]
    site_add(folder, "BERGEN", table(folder, bare))
    assert (folder / "out" / "signature+BERGEN.json").read_bytes() == first


def test_a_site_without_an_effect_is_declined_with_the_reason_and_nothing_is_written(folder: Path) -> None:
    done = site_add(folder, "BERGEN", table(folder, patients(20, shift=0.0)))
    assert done.exit_code == 1
    assert done.outputs == {}
    assert any("declined" in line for line in done.lines())
    assert not list((folder / "out").glob("signature+*"))


def test_rows_of_other_batches_are_left_out_and_counted(folder: Path) -> None:
    done = site_add(folder, "BERGEN", table(folder, patients() + patients(5, site="GE", shift=90.0)))
    assert done.details["rows_of_other_batches"] == 5
    assert done.details["onboarding"]["patients"] == 30


def test_nothing_of_a_patient_is_told(folder: Path) -> None:
    done = site_add(folder, "BERGEN", table(folder, patients()))
    told = "\n".join(done.lines()) + json.dumps(done.document()) + (folder / "out" / "signature+BERGEN.json").read_text(encoding="utf-8")
    assert "B-0" not in told


def test_tables_that_do_not_fit_are_refused(folder: Path) -> None:
    good = patients()
    assert refusal(folder, patients(8)) == "SITE-081"
    assert refusal(folder, good[:1], minimum=1) == "SITE-080"
    assert refusal(folder, good, site="BERGN") == "SITE-082"
    assert refusal(folder, [{k: v for k, v in row.items() if k != "Manufacturer"} for row in good]) == "SITE-083"
    assert refusal(folder, patients(site="GE"), site="GE") == "SITE-084"
    assert refusal(folder, patients(binWidth="32")) == "SITE-085"
    assert refusal(folder, patients(sex="unknown")) == "SITE-085"
    assert refusal(folder, [{k: v for k, v in row.items() if k != FEATURES[0]} for row in good]) == "SITE-085"
    assert refusal(folder, patients(**{FEATURES[0]: "n/a?"})) == "SITE-085"
    assert refusal(folder, patients(PatientID="")) == "SITE-085"
    assert refusal(folder, [{k: v for k, v in row.items() if k != "PatientID"} for row in good]) == "SCORE-013"


def test_effects_of_another_run_are_refused(folder: Path) -> None:
    other = fitted(mean_only=True)
    assert other.effects is not None
    for content in (canonical({"effects": other.effects.document()}), b"{}", b"no json"):
        (folder / "out" / "effects.json").write_bytes(content)
        assert refusal(folder, patients()) == "SITE-086"


def test_a_second_site_is_appended_to_the_child(folder: Path) -> None:
    site_add(folder, "BERGEN", table(folder, patients()))
    done = site_add(folder, "OSLO", table(folder, patients(site="OSLO", shift=-3.0)), signature=folder / "out" / "signature+BERGEN.json")
    made = read_signature((folder / "out" / "signature+BERGEN+OSLO.json").read_bytes())
    assert done.exit_code == 0
    assert made["parent_sha256"] == child(folder)["sha256"]
    assert {"BERGEN", "OSLO"} <= set(made["batch"]["known"])
