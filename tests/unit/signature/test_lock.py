import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from radaudit.digests import canonical, digest, sha256
from radaudit.errors import SignatureError
from radaudit.signature import Columns, Grouping, Training, lock, read_signature, registration, renamed, sealed, signature_bytes
from radaudit.signature.vectors import reproduced
from tests.unit.signature.signature_build import PLAN, fitted, locked


def test_the_same_pipeline_gives_the_same_bytes() -> None:
    assert signature_bytes(locked()) == signature_bytes(locked(fitted()))


def test_the_digest_is_that_of_the_document_without_it() -> None:
    document = locked()
    rest = {key: value for key, value in document.items() if key != "sha256"}
    assert document["sha256"] == sha256(canonical(rest))
    assert registration(document) == f"radaudit:relapse-2y@1.0.0#{document['sha256']}"
    assert read_signature(signature_bytes(document)) == json.loads(json.dumps(document))


def test_another_name_seals_the_same_numbers_anew() -> None:
    other = renamed(locked(), "relapse", "1.1.0")
    assert read_signature(signature_bytes(other))["steps"] == json.loads(json.dumps(locked()["steps"]))
    assert other["sha256"] != locked()["sha256"]
    assert reproduced(other) == 15
    for name, version in [("../x", "1.0.0"), ("x", "1.0"), ("x#y", "1.0.0"), ("", "1.0.0")]:
        with pytest.raises(SignatureError) as caught:
            renamed(locked(), name, version)
        assert caught.value.code == "SCORE-010"


def test_only_features_with_a_coefficient_are_inputs() -> None:
    document = locked()
    assert [item["name"] for item in document["inputs"] if item["kind"] == "feature"] == [
        "original_shape_Sphericity",
        "wavelet-LLH_firstorder_Mean",
        "original_glcm_Contrast",
    ]
    combat = document["steps"][0]
    assert {len(combat[name]) for name in ("grand_mean", "pooled_sd")} == {3}
    assert {len(site["gamma"]) for site in combat["sites"].values()} == {3}
    assert combat["columns"] == ["age", "sex[male]"]


def test_the_vectors_hold_scored_flagged_and_refused_rows() -> None:
    document = locked()
    vectors = document["test_vectors"]
    assert len(vectors) == 15
    assert {vector["status"] for vector in vectors} == {"scored", "flagged", "refused"}
    codes = {code for vector in vectors for code in vector["codes"]}
    assert codes == {"SCORE-001", "SCORE-002", "SCORE-003", "SCORE-005", "SCORE-006", "SCORE-007"}
    assert {vector["row"].get("Manufacturer") for vector in vectors} >= {"GE", "Siemens", "0", "UNSEEN"}
    assert reproduced(document) == 15
    for vector in vectors:
        if vector["status"] != "refused":
            assert [step["op"] for step in vector["steps"]] == ["combat", "impute", "standardise", "linear", "logistic"]
            assert vector["steps"][-1]["values"] == [vector["risk"]]


def test_a_vector_with_another_answer_is_not_reproduced() -> None:
    document = locked()
    for change in ({"risk": 0.5}, {"group": "low?"}, {"status": "scored?"}, {"codes": ["SCORE-009"]}):
        vectors = [document["test_vectors"][0] | change, *document["test_vectors"][1:]]
        assert reproduced({**document, "test_vectors": vectors}) == 14


def test_a_signature_without_harmonisation_needs_no_batch() -> None:
    document = locked(fitted(harmonised=False))
    assert document["batch"] is None
    assert [step["op"] for step in document["steps"]] == ["impute", "standardise", "linear", "logistic"]
    assert read_signature(signature_bytes(document))["sha256"] == document["sha256"]


def test_a_model_that_found_nothing_is_a_constant() -> None:
    document = locked(replace(fitted(), coefficients=np.zeros(4)))
    assert document["inputs"] == []
    assert {round(vector["risk"], 9) for vector in document["test_vectors"]} == {round(1 / (1 + np.exp(0.36)), 9)}
    assert read_signature(signature_bytes(document))["inputs"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"threshold": 1.5},
        {"intercept": float("nan")},
        {"sd": [0.0, 1.0, 1.0, 1.0]},
        {"median": [float("inf"), 1.0, 1.0, 1.0]},
    ],
)
def test_numbers_that_cannot_be_locked_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(SignatureError) as caught:
        locked(replace(fitted(), **wrong))
    assert caught.value.code == "SCORE-010"


def test_names_and_contracts_that_cannot_be_locked_are_refused() -> None:
    good: dict[str, Any] = {
        "name": "a",
        "version": "1.0.0",
        "endpoint": {},
        "plan_sha256": PLAN,
        "training": Training(digest="", patients=1, rows=1, events=1),
        "threshold_rule": "",
        "columns": Columns(subject="PatientID"),
        "grouping": Grouping(columns=("Manufacturer",)),
        "covariate_ranges": {"age": (1.0, 2.0)},
    }
    for change in ({"name": "../a"}, {"version": "1"}, {"grouping": None}, {"covariate_ranges": {}}):
        with pytest.raises(SignatureError) as caught:
            lock(fitted(), **(good | change))
        assert caught.value.code == "SCORE-010"


@pytest.mark.parametrize("place", range(0, 2400, 97))
def test_any_changed_byte_is_refused(place: int) -> None:
    data = bytearray(signature_bytes(locked()))
    data[place] ^= 1
    with pytest.raises(SignatureError) as caught:
        read_signature(bytes(data))
    assert caught.value.code in ("SCORE-010", "SCORE-011")


def _edit(document: dict[str, Any], path: list[Any], value: Any) -> dict[str, Any]:
    copy = json.loads(json.dumps(document))
    at = copy
    for step in path[:-1]:
        at = at[step]
    if value is KeyError:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return sealed(copy)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["inputs", 0, "kind"], "label"),
        (["inputs", 0, "missing"], "ignore"),
        (["inputs", 1, "name"], "original_shape_Sphericity"),
        (["inputs", 0, "aliases"], ["age"]),
        (["inputs", 0, "min"], 1e9),
        (["inputs", 0, "ibsi"], KeyError),
        (["steps", 0, "op"], "exec"),
        (["steps", 1], KeyError),
        (["steps", 2, "sd", 0], 0.0),
        (["steps", 2, "sd", 0], "1"),
        (["steps", 3, "coef"], [1.0]),
        (["steps", 3, "coef"], [True, True, True]),
        (["steps", 3, "intercept"], None),
        (["steps", 0, "sites", "GE", "delta", 1], -1.0),
        (["steps", 0, "sites", "GE", "gamma"], []),
        (["steps", 0, "sites", "BERGEN"], {"gamma": [0, 0, 0], "delta": [1, 1, 1], "n": 1}),
        (["steps", 0, "columns", 0], "weight"),
        (["steps", 0, "coefficients"], []),
        (["batch"], None),
        (["batch", "unseen"], "guess"),
        (["threshold", "value"], 2),
        (["test_vectors", 0], 3),
        (["schema"], "radaudit/signature/2"),
        (["extra"], 1),
    ],
)
def test_a_sealed_document_that_makes_no_sense_is_refused(path: list[Any], value: Any) -> None:
    with pytest.raises(SignatureError) as caught:
        read_signature(signature_bytes(_edit(locked(), path, value)))
    assert caught.value.code == "SCORE-010"


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff\xfe", b'{"a":1,"a":2}', b'{"a":NaN}', b"[" * 100_000, b'{"a":"\\ud800"}'])
def test_what_is_no_json_document_is_refused(data: bytes) -> None:
    with pytest.raises(SignatureError) as caught:
        read_signature(data)
    assert caught.value.code == "SCORE-010"


def test_the_signature_is_read_and_scored_without_numpy() -> None:
    code = "import sys, radaudit.signature; sys.exit(any(name in sys.modules for name in ('numpy', 'pandas', 'cryptography')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_document_names_no_clock_and_no_whole_table() -> None:
    assert "created" not in locked()
    assert digest(locked()["training"]) == digest({"digest": "2" * 64, "patients": 90, "rows": 90, "events": 40})
