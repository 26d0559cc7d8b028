"""A third party's claim on real features, from the command line to the dossier: two planted leaks and one impossible number are named,
nothing else is; the repaired twin has none."""

from __future__ import annotations

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import FIXED, ROOT, run_radaudit

EXAMPLE = ROOT / "examples" / "audit_claim"
PLANTED = {"LEAK-004", "LEAK-008", "PERF-100", "PERF-101"}  # the impossible figure is also not what the predictions give


@pytest.fixture(scope="module")
def audits(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Any, str]]:
    """Both twins audited in a fresh process each, without a terminal; the claim from a ZIP, its twin from a folder."""
    top = tmp_path_factory.mktemp("audits")
    with zipfile.ZipFile(top / "claim.zip", "w", zipfile.ZIP_DEFLATED) as made:
        for path in sorted((EXAMPLE / "claim").iterdir()):
            made.write(path, path.name)
    shutil.copytree(EXAMPLE / "repaired", top / "repaired")
    found = {}
    for name, given in (("claim", "claim.zip"), ("repaired", "repaired")):
        done = run_radaudit("audit", given, "--yes", folder=top, env=FIXED)
        assert done.returncode == 5, done.stderr + done.stdout
        found[name] = (top / f"audit-{name}", json.loads((top / f"audit-{name}/dossier/0001/dossier.json").read_text()), done.stdout)
    return found


def failed(document: Any, *severities: str) -> dict[str, Any]:
    return {f["code"]: f for f in document["evidence"]["findings"] if f["verdict"] == "failed" and f["severity"] in severities}


def test_both_leaks_and_the_impossible_number_are_named_with_their_size_and_nothing_else(audits: Any) -> None:
    _, document, said = audits["claim"]
    found = failed(document, "blocking", "major")
    assert set(found) == PLANTED
    assert {code for code in failed(document, "minor", "note") if code[:4] in ("LEAK", "PERF")} == set()
    assert all(finding["facts"]["size"] for finding in found.values())
    assert found["LEAK-004"]["facts"]["state"] == found["LEAK-008"]["facts"]["state"] == "proved leak"
    assert found["PERF-101"]["facts"]["blamed"] == ["specificity"]
    assert "0.7778" in found["PERF-101"]["facts"]["size"]
    assert all(code in said for code in PLANTED)


def test_the_size_of_the_selection_is_that_of_the_planted_one(audits: Any) -> None:
    _, document, _ = audits["claim"]
    _, twin, _ = audits["repaired"]
    planted = document["evidence"]["performance"]["auc"]["value"] - twin["evidence"]["performance"]["auc"]["value"]
    change = next(row for row in document["evidence"]["leaks"]["changes"] if row["kind"] == "selection")
    assert change["difference"] == pytest.approx(planted, abs=0.02)
    assert change["low"] < planted < change["high"]


def test_the_claim_cannot_be_determined_and_its_registration_is_not_shown(audits: Any) -> None:
    _, document, said = audits["claim"]
    evidence = document["evidence"]
    claim = evidence["claims"][0]
    assert (evidence["verdict"]["overall"], claim["verdict"], claim["step"]) == ("cannot be determined", "cannot be determined", 1)
    assert evidence["verdict"]["registration"] == "not shown"
    assert "registration of the claim: not shown" in said
    assert re.search(r"\d+ of \d+ checks could run; not possible without:", said)
    assert evidence["coverage"]["possible"] < evidence["coverage"]["total"]
    assert {"the code", "the record of the fit"} <= {gap["input"] for gap in evidence["coverage"]["missing"]}


def test_the_repaired_twin_has_no_leak_and_no_wrong_figure(audits: Any) -> None:
    _, document, _ = audits["repaired"]
    assert failed(document, "blocking", "major") == {}
    assert document["evidence"]["leaks"]["changes"] == []
    states = {check["state"] for check in document["evidence"]["leaks"]["checks"]}
    assert not states & {"proved leak", "suspected"}
    assert "proved clean" in states


def test_the_dossier_verifies_byte_by_byte_and_names_no_patient(audits: Any) -> None:
    for folder, _, _ in audits.values():
        done = run_radaudit("verify", str(folder / "dossier" / "0001"), "--render", "--json", env=FIXED)
        assert done.returncode == 0, done.stdout
        report = json.loads(done.stdout)
        assert not [finding for finding in report["findings"] if finding["verdict"] == "failed"]
        ids = {line.split(";")[0] for line in (folder / "received" / "clinical.csv").read_text().splitlines()[1:]}
        for path in (folder / "dossier" / "0001").iterdir():
            text = path.read_text(encoding="utf-8")
            assert not [patient for patient in ids if patient in text], path.name


def test_an_audit_without_its_evidence_of_no_signature_does_not_pass_for_a_study(audits: Any, tmp_path: Path) -> None:
    folder, _, _ = audits["claim"]
    copy = tmp_path / "dossier"
    shutil.copytree(folder / "dossier" / "0001", copy)
    (copy / "signature.json").write_text("{}\n")
    done = run_radaudit("verify", str(copy), "--json", env=FIXED)
    assert done.returncode != 0
    assert {"VERIFY-013"} <= {f["code"] for f in json.loads(done.stdout)["findings"] if f["verdict"] == "failed"}


def test_next_time_nothing_is_asked_and_the_evidence_is_the_same(audits: Any) -> None:
    folder, document, _ = audits["claim"]
    done = run_radaudit("audit", "claim.zip", "--yes", "--json", folder=folder.parent, env=FIXED)
    assert done.returncode == 5
    assert json.loads(done.stdout)["evidence_sha256"] == document["record"]["evidence_sha256"]
    assert (folder / "dossier" / "0002").is_dir()


def test_other_files_in_the_same_folder_are_refused(audits: Any) -> None:
    folder, _, _ = audits["claim"]
    done = run_radaudit("audit", "repaired", "--yes", "-C", folder.name, folder=folder.parent, env=FIXED)
    assert done.returncode == 3
    assert "STUDY-128" in done.stderr
