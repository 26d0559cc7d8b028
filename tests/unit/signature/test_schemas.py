import json
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from radaudit.dossier import schema as dossier_module
from radaudit.edges.scoring import score_file
from radaudit.models.link import Identity
from radaudit.signature import schema as signature_module
from radaudit.signature import signature_bytes
from radaudit.signature.scorers import NAMES, scorer_text
from radaudit.verify.scoring import disagreements
from tests.attacks.small_dossier import build
from tests.unit.signature.signature_build import HAZARD, fitted, locked

SIGNATURES = [
    locked(),
    locked(fitted(reference="GE"), unseen="reference", keep=("OSLO",)),
    locked(fitted(harmonised=False), settings={"binWidth": "25"}),
    locked(fitted(link=HAZARD)),
    locked(fitted(harmonised=False, link=Identity())),
]


def checked(schema: dict[str, Any], document: Any) -> list[str]:
    jsonschema = pytest.importorskip("jsonschema")
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    return [error.json_path for error in validator.iter_errors(document)]


@pytest.mark.parametrize("module", [dossier_module, signature_module])
def test_the_published_schema_is_the_one_of_the_code(module: Any) -> None:
    published = resources.files(module.__package__).joinpath("schema.json").read_text("utf-8")
    assert published == module.schema_text()


@pytest.mark.parametrize("document", SIGNATURES)
def test_signatures_keep_their_schema(document: dict[str, Any]) -> None:
    assert checked(signature_module.signature_schema(), json.loads(signature_bytes(document))) == []


def test_a_damaged_signature_breaks_its_schema() -> None:
    schema = signature_module.signature_schema()
    document = locked()
    for name in document:
        assert checked(schema, {key: value for key, value in document.items() if key != name})
    assert checked(schema, document | {"created": "2026-11-23"})
    assert checked(schema, document | {"steps": list(reversed(document["steps"]))})


def full_evidence(evidence: dict[str, Any]) -> None:
    """Complete the evidence of the small dossier to what the schema asks for."""
    estimate = {"value": 0.8, "low": 0.7, "high": 0.9, "level": 0.95, "patients": 30, "events": 12, "method": "DeLong", "reason": ""}
    more = {"measure": "auc", "on": "test", "required_text": "≥ 0.7", "limit": 0.7, "observed": estimate, "post_hoc": False}
    evidence["claims"] = [
        claim | more | {"sentence": "", "reasons": [{"sentence": "x", "finding": None, "anchor": None}], "evidence": [], "needed": ""}
        for claim in evidence["claims"]
    ]
    evidence["study"] |= {"title": "t", "question": None, "seed": 1}
    evidence["signature"]["threshold"]["rule"] = "risk >= value -> high, else low"
    evidence["signature"] |= {"coefficients": [{"feature": "a", "raw": 1.0, "standardised": 0.1}], "intercept": 0.0}
    evidence["verdict"] |= {"sentence": "s", "post_hoc": False}
    evidence |= {"decision_rule": [], "tiles": [], "coverage": {"possible": 1, "total": 2, "missing": []}, "findings": []}
    evidence |= dict.fromkeys(("cohort", "features", "harmonisation", "leaks", "performance", "development", "transport", "provenance"))


def test_a_dossier_keeps_its_schema_and_a_damaged_one_does_not() -> None:
    schema = dossier_module.dossier_schema()
    document = json.loads(build(change_evidence=full_evidence, change_record=lambda r: r.update(actor="rossi"))["dossier.json"])
    assert checked(schema, document) == []
    for part in ("evidence", "record"):
        for name in ("verdict", "claims", "study", "key", "ledger", "openings"):
            if name in document[part]:
                rest = {key: value for key, value in document[part].items() if key != name}
                assert checked(schema, document | {part: rest})
    odd = json.loads(json.dumps(document))
    odd["evidence"]["claims"][0]["verdict"] = "mostly supported"
    assert checked(schema, odd) == ["$.evidence.claims[0].verdict"]


@pytest.mark.parametrize("document", SIGNATURES)
def test_the_second_scorer_agrees_on_every_vector(document: dict[str, Any]) -> None:
    assert disagreements(document) == []


PATIENTS = """PatientID,hospital,Manufacturer,sex,age,original_shape_Sphericity,wavelet-LLH_firstorder_Mean,original_glcm_Contrast
007,OSLO,GE,male,60,3.0,-900.5,0.5
=1+1,OSLO,TOSHIBA,female,41.5,2.5,-950,0.49
009,OSLO,BERGEN,male,60,3.0,-900.5,0.5
010,OSLO,0,male,,3.0,-900.5,0.5
011,OSLO,Siemens,male,60,,-900.5,99
"""


def both(tmp_path: Path, command: list[str], name: str) -> None:
    (tmp_path / name).write_text(scorer_text(name), encoding="utf-8")
    (tmp_path / "signature.json").write_bytes(signature_bytes(locked()))
    (tmp_path / "patients.csv").write_text(PATIENTS, encoding="utf-8")
    score_file(tmp_path / "signature.json", tmp_path / "patients.csv", tmp_path / "ours.csv", clock=lambda: "2026-11-23T08:00:00Z")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr  # a row is refused
    assert "15 of 15 test vectors" in done.stderr
    if done.stdout:
        (tmp_path / "theirs.csv").write_text(done.stdout, encoding="utf-8")
    import csv

    with (tmp_path / "ours.csv").open(newline="") as a, (tmp_path / "theirs.csv").open(newline="") as b:
        for ours, theirs in zip(csv.DictReader(a), csv.DictReader(b), strict=True):
            assert (ours["subject"], ours["group"], ours["status"]) == (theirs["subject"], theirs["group"], theirs["status"])
            assert all(code in ours["reason"] for code in theirs["codes"].split())
            assert bool(ours["risk"]) == bool(theirs["risk"])
            assert not ours["risk"] or abs(float(ours["risk"]) - float(theirs["risk"])) < 1e-12


def test_the_python_scorer_runs_alone_and_agrees(tmp_path: Path) -> None:
    both(tmp_path, [sys.executable, "-I", "-S", "score.py", "signature.json", "patients.csv"], "score.py")


def test_the_r_scorer_agrees(tmp_path: Path) -> None:
    program = shutil.which("Rscript")
    if program is None or subprocess.run([program, "-e", "library(jsonlite)"], capture_output=True, check=False).returncode:
        pytest.skip("R with jsonlite is not installed")
    both(tmp_path, [program, "score.R", "signature.json", "patients.csv", "theirs.csv"], "score.R")
    for place, document in enumerate(SIGNATURES):
        (tmp_path / f"{place}.json").write_bytes(signature_bytes(document))
        done = subprocess.run([program, "score.R", f"{place}.json"], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "15 of 15 test vectors" in done.stderr, done.stderr


def test_an_altered_signature_is_not_scored_by_the_python_scorer(tmp_path: Path) -> None:
    (tmp_path / "score.py").write_text(scorer_text("score.py"), encoding="utf-8")
    (tmp_path / "signature.json").write_bytes(signature_bytes(locked()).replace(b"0.42", b"0.43"))
    done = subprocess.run([sys.executable, "-I", "-S", "score.py", "signature.json"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 3
    assert set(NAMES) == {"score.R", "score.py"}
