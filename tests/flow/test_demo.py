"""The example study end to end, in fresh processes: same bytes, valid, nobody's name in it, and guarded."""

from __future__ import annotations

import csv
import json
import random
import shutil
from pathlib import Path

import pytest

from tests.conftest import FIXED, ROOT, run_radaudit

WORDS = ("supported", "not supported", "cannot be determined")


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same study in another folder, at another time, with another key."""
    folder = tmp_path_factory.mktemp("another") / "elsewhere"
    done = run_radaudit("demo", str(folder))
    assert done.returncode in (0, 1, 5), done.stderr
    return folder


def test_the_demo_ends_on_a_verdict_and_a_dossier(demo: Path) -> None:
    document = json.loads((demo / "dossier/0001/dossier.json").read_text("utf-8"))
    assert document["evidence"]["verdict"]["overall"] in WORDS
    assert (demo / "dossier/0001/dossier.html").stat().st_size < 2_000_000
    assert [claim["id"] for claim in document["evidence"]["claims"]] == ["C1", "C2"]


def test_signature_and_evidence_are_the_same_bytes_in_another_process_folder_and_key(demo: Path, another: Path) -> None:
    assert (demo / "out/signature.json").read_bytes() == (another / "out/signature.json").read_bytes()
    one, two = (json.loads((folder / "dossier/0001/dossier.json").read_text("utf-8")) for folder in (demo, another))
    assert one["evidence"] == two["evidence"]
    assert one["record"]["evidence_sha256"] == two["record"]["evidence_sha256"]
    assert one["record"]["key"] != two["record"]["key"]


def test_with_clock_and_key_stopped_document_and_page_are_the_same_bytes(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "again"
    assert run_radaudit("demo", str(folder), env=FIXED).returncode in (0, 1, 5)
    for name in ("dossier.json", "dossier.html", "signature.json", "ledger.jsonl", "payloads.jsonl", "manifest-sha256.txt"):
        assert (demo / "dossier/0001" / name).read_bytes() == (folder / "dossier/0001" / name).read_bytes(), name


def test_the_dossier_verifies_and_its_page_is_drawn_again(demo: Path) -> None:
    done = run_radaudit("verify", str(demo / "dossier/0001"), "--render")
    assert done.returncode == 0, done.stdout
    assert done.stdout.startswith("VALID")


def test_a_thousand_flipped_bytes_are_caught_and_the_file_named(demo: Path, tmp_path: Path) -> None:
    from radaudit.verify import verify

    folder = tmp_path / "dossier"
    shutil.copytree(demo / "dossier/0001", folder)
    draw = random.Random(20261123)
    listed = sorted(line.split("  ", 1)[1] for line in (folder / "manifest-sha256.txt").read_text("utf-8").splitlines())
    for _ in range(1000):
        path = folder / draw.choice(listed)
        data = path.read_bytes()
        at = draw.randrange(len(data))
        path.write_bytes(data[:at] + bytes([data[at] ^ (1 << draw.randrange(8))]) + data[at + 1 :])
        report = verify(folder)
        assert not report.valid
        assert any(path.name in finding.sentence or finding.scope == path.name for finding in report.findings if finding.failed), path.name
        path.write_bytes(data)
    assert verify(folder).valid


def patient_ids() -> list[str]:
    with (ROOT / "examples/egfr/data/Sandy-Captk.csv").open(encoding="utf-8-sig", newline="") as stream:
        return [row[0] for row in list(csv.reader(stream))[1:] if row[0]]


def test_no_patient_and_no_path_stands_in_dossier_signature_or_mlflow(demo: Path) -> None:
    ids = patient_ids()
    assert len(ids) == 206
    files = [path for part in ("dossier", "mlruns") for path in (demo / part).rglob("*") if path.is_file()] + [demo / "out/signature.json"]
    assert any(path.suffix == ".db" for path in files)
    for path in files:
        data = path.read_bytes()
        found = [name for name in ids if name.encode() in data]
        assert found == [], f"{path.name} holds {len(found)} patient id(s)"
        assert str(demo).encode() not in data, path.name
        assert str(Path.home()).encode() + b"/" not in data, path.name


def test_the_test_set_opens_once_then_only_by_amendment(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(demo, folder)
    again = run_radaudit("evaluate", "--yes", "--reason", "another look", folder=folder, env=FIXED)
    assert again.returncode == 4
    assert "GUARD-002" in again.stderr
    amended = run_radaudit("evaluate", "--yes", "--reason", "a bug was mended", "--amend", folder=folder, env=FIXED)
    assert amended.returncode in (0, 1, 5)
    assert "post hoc" in amended.stdout
    assert run_radaudit("report", folder=folder, env=FIXED).returncode in (0, 1, 5)
    document = json.loads((folder / "dossier/0002/dossier.json").read_text("utf-8"))
    assert all(claim["post_hoc"] for claim in document["evidence"]["claims"])
    assert len(document["record"]["openings"]) == 2
    assert run_radaudit("verify", str(folder / "dossier/0002")).returncode == 0


def test_a_plan_changed_after_the_lock_is_refused(demo: Path, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    shutil.copytree(demo, folder)
    study = folder / "study.yaml"
    study.write_text(study.read_text("utf-8").replace("at_least: 0.70", "at_least: 0.60"), encoding="utf-8")
    done = run_radaudit("evaluate", "--yes", "--reason", "softer claim", "--amend", folder=folder, env=FIXED)
    assert done.returncode == 4
    assert "GUARD-001" in done.stderr


def test_scoring_gives_every_row_back(demo: Path, tmp_path: Path) -> None:

    signature = json.loads((demo / "out/signature.json").read_text("utf-8"))
    names = [item["name"] for item in signature["inputs"]] + signature["batch"]["columns"]
    vector = signature["test_vectors"][0]["row"]
    table = tmp_path / "new.csv"
    with table.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["SubjectID", "site", *names])
        writer.writerow(["007", "NO", *[vector.get(name, "") for name in names]])
        writer.writerow(["008", "NO", *["" for _ in names]])
    out = tmp_path / "scores.csv"
    done = run_radaudit("score", str(demo / "out/signature.json"), str(table), "-o", str(out), folder=ROOT)
    assert done.returncode == 1, done.stderr + done.stdout
    with out.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["subject"] for row in rows] == ["007", "008"]
    assert rows[1]["risk"] == ""
    assert rows[1]["reason"]
