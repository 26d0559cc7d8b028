"""The mirror in a real MLflow store: complete, movable, free of people and paths, and never in the way of the record."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from radaudit.digests import sha256
from radaudit.edges.mlflow import Dataset, Mirror, Recorded
from radaudit.edges.mlflow_store import make_relative, relative_place, relocate, store
from radaudit.errors import StudyError
from radaudit.findings import Severity, Verdict

RECORDED = Recorded(ledger_seq=7, event_sha256="e" * 64, plan_sha256="a" * 64, evidence_sha256="d" * 64)
SIGNATURE = b'{"schema": "radaudit/signature/1"}\n'
CANARY = "CANARY-0815-KOWALSKI"


@pytest.fixture(scope="module")
def mirrored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A study in a folder whose name is a canary, mirrored from another working folder."""
    folder = tmp_path_factory.mktemp(CANARY)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    before = Path.cwd()
    os.chdir(elsewhere)
    try:
        mirror = Mirror(folder, "relapse-2y")
        run = mirror.stage(
            "run",
            RECORDED,
            params={"seed": 7, "penalties": [0.1, 1.0], "folder": f"{folder}/data", "model": "elastic-net"},
            metrics={"auc": 0.71, "slope": None, "odds": float("inf")},
            folds={"fold_auc": [0.5, 0.6, None, 0.8]},
            inputs=[Dataset(name="training", sha256="1" * 64, rows=119, context="training")],
            artifacts={"signature.json": SIGNATURE, "development/optimism.csv": b"naive,guarded\n"},
        )
        assert run.findings == ()
        assert run.run_id is not None
        lock = mirror.register("relapse-2y", run.run_id, version="1.0.0", sha256=sha256(SIGNATURE), description="locked, not evaluated")
        again = mirror.register("relapse-2y", run.run_id, version="1.0.0", sha256=sha256(SIGNATURE), description="locked, not evaluated")
        assert (lock.version, again.version) == ("1", "1")
        done = mirror.conclude("relapse-2y", sha256=sha256(SIGNATURE), verdict="Not supported: AUC 0.61", evidence_sha256="d" * 64)
        assert (lock.findings, again.findings, done.findings) == ((), (), ())
        assert list(elsewhere.iterdir()) == []
    finally:
        os.chdir(before)
    return folder, run.run_id


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store: making the tables takes MLflow a second or more, copying them does not."""
    folder = tmp_path_factory.mktemp("empty")
    assert Mirror(folder, "x").conclude("x", sha256="", verdict="", evidence_sha256="").findings[0].code == "LEDGER-050"
    return folder / "mlruns"


@pytest.fixture
def study(empty: Path, tmp_path: Path) -> Path:
    """A study with an empty store and the experiment ``x``."""
    shutil.copytree(empty, tmp_path / "study" / "mlruns")
    return tmp_path / "study"


def rows(folder: Path, query: str, *values: object) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "mlruns" / "mlflow.db") as connection:
        found = connection.execute(query, values).fetchall()
    connection.close()
    return found


def test_a_run_carries_the_digests_of_our_ledger(mirrored: tuple[Path, str]) -> None:
    folder, run = mirrored
    tags = dict(rows(folder, "SELECT key, value FROM tags WHERE run_uuid = ?", run))
    assert tags["radaudit.ledger_seq"] == "7"
    assert tags["radaudit.event_sha256"] == "e" * 64
    assert tags["radaudit.plan_sha256"] == "a" * 64
    assert tags["radaudit.evidence_sha256"] == "d" * 64
    assert tags["radaudit.stage"] == tags["mlflow.runName"] == "run"
    assert tags["radaudit.not_estimable"] == "fold_auc, odds, slope"
    assert not {"mlflow.user", "mlflow.source.name"} & set(tags)
    assert rows(folder, "SELECT status FROM runs WHERE run_uuid = ?", run) == [("FINISHED",)]


def test_folds_are_steps_of_one_run_and_what_is_not_finite_is_left_out(mirrored: tuple[Path, str]) -> None:
    folder, run = mirrored
    found = rows(folder, "SELECT key, step, value FROM metrics WHERE run_uuid = ? ORDER BY key, step", run)
    assert found == [("auc", 0, 0.71), ("fold_auc", 0, 0.5), ("fold_auc", 1, 0.6), ("fold_auc", 3, 0.8)]
    params = dict(rows(folder, "SELECT key, value FROM params WHERE run_uuid = ?", run))
    assert params == {"seed": "7", "penalties": "[0.1,1.0]", "folder": "./data", "model": "elastic-net"}


def test_inputs_carry_our_digest_and_the_whole_of_it_as_a_tag(mirrored: tuple[Path, str]) -> None:
    folder, _ = mirrored
    assert rows(folder, "SELECT name, digest FROM datasets") == [("training", "1" * 36)]
    tags = dict(rows(folder, "SELECT name, value FROM input_tags"))
    assert tags == {"mlflow.data.context": "training", "radaudit.sha256": "1" * 64, "radaudit.rows": "119"}


def test_the_signature_is_a_locked_model_version_whose_description_is_the_verdict(mirrored: tuple[Path, str]) -> None:
    folder, run = mirrored
    assert rows(folder, "SELECT name, version, run_id, description FROM model_versions") == [
        ("relapse-2y", 1, run, "Not supported: AUC 0.61")
    ]
    assert rows(folder, "SELECT alias, version FROM registered_model_aliases") == [("locked", 1)]
    tags = dict(rows(folder, "SELECT key, value FROM model_version_tags"))
    assert tags["radaudit.signature_sha256"] == sha256(SIGNATURE)


def test_no_byte_of_the_store_tells_this_machine_or_its_user(mirrored: tuple[Path, str]) -> None:
    folder, _ = mirrored
    secrets = [CANARY.encode(), os.fsencode(folder), os.fsencode(Path.home()) + b"/", b"elsewhere"]
    files = [file for file in (folder / "mlruns").rglob("*") if file.is_file()]
    assert len(files) == 3
    for file in files:
        assert not [secret for secret in secrets if secret in file.read_bytes()], file.name
    assert not [file for file in files if file.suffix in (".pkl", ".skops", ".joblib")]


def test_mlflow_reads_the_store_also_after_the_folder_was_moved(mirrored: tuple[Path, str], tmp_path: Path) -> None:
    folder, run = mirrored
    moved = tmp_path / "moved"
    subprocess.run(["cp", "-r", str(folder), str(moved)], check=True)
    (moved / "mlruns/artifacts/study" / run / "artifacts/development/optimism.csv").write_bytes(b"of the copy\n")
    code = (
        "from mlflow import MlflowClient; from pathlib import Path;"
        "c = MlflowClient('sqlite:///mlruns/mlflow.db', 'sqlite:///mlruns/mlflow.db');"
        f"names = sorted(f.path for f in c.list_artifacts('{run}'));"
        f"text = Path(c.download_artifacts('{run}', 'development/optimism.csv')).read_text();"
        "print(names, text, c.get_model_version_by_alias('relapse-2y', 'locked').source)"
    )
    environment = os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}
    done = subprocess.run([sys.executable, "-c", code], cwd=moved, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "['development', 'signature.json'] of the copy"
    assert f"mlruns/artifacts/study/{run}/artifacts" in done.stdout


def test_a_second_study_in_one_process_has_its_own_store(study: Path, tmp_path: Path) -> None:
    shutil.copytree(study, tmp_path / "other")
    for folder in (study, tmp_path / "other"):
        assert Mirror(folder, "x").stage("check", RECORDED).findings == ()
        assert rows(folder, "SELECT count(*) FROM runs") == [(1,)]


def test_a_store_that_was_removed_is_made_again(study: Path) -> None:
    assert Mirror(study, "x").stage("check", RECORDED).findings == ()
    (study / "mlruns" / "mlflow.db").unlink()
    assert Mirror(study, "x").stage("check", RECORDED).findings == ()
    assert rows(study, "SELECT count(*) FROM runs") == [(1,)]


def test_a_store_that_cannot_be_written_is_a_finding_and_no_exception(tmp_path: Path) -> None:
    (tmp_path / "mlruns").mkdir()
    (tmp_path / "mlruns" / "mlflow.db").write_bytes(b"this is no database" * 100)
    mirror = Mirror(tmp_path, "x")
    for result in (mirror.stage("run", RECORDED), mirror.register("x", "0" * 32, version="1", sha256="0" * 64, description="")):
        (finding,) = result.findings
        assert (finding.code, finding.verdict, finding.severity) == ("LEDGER-050", Verdict.FAILED, Severity.MINOR)
        assert result.run_id is None
        assert str(tmp_path) not in repr(finding)


def test_an_artifact_cannot_leave_its_run(study: Path) -> None:
    mirror = Mirror(study, "x")
    for name in ("../secret.txt", "/etc/secret", "a\\..\\b"):
        result = mirror.stage("run", RECORDED, artifacts={name: b""})
        assert result.findings[0].facts["problem"] == "ValueError"
    assert rows(study, "SELECT DISTINCT status FROM runs") == [("FAILED",)]
    assert not (study / "mlruns" / "artifacts").exists()


def test_a_verdict_on_an_unknown_signature_is_a_finding(study: Path) -> None:
    result = Mirror(study, "x").conclude("x", sha256="0" * 64, verdict="Supported", evidence_sha256="0" * 64)
    assert result.findings[0].code == "LEDGER-050"


def test_more_than_a_thousand_metrics_and_a_hundred_parameters_fit(study: Path) -> None:
    result = Mirror(study, "x").stage(
        "run", RECORDED, params={f"p{i}": i for i in range(230)}, folds={"auc": [i / 2500 for i in range(2500)]}, at=1_700_000_000_000
    )
    assert result.findings == ()
    assert rows(study, "SELECT count(*), min(timestamp), max(step) FROM metrics") == [(2500, 1_700_000_000_000, 2499)]
    assert rows(study, "SELECT count(*) FROM params") == [(230,)]


def test_a_store_with_absolute_places_is_relocated_and_told_once(study: Path) -> None:
    mirror = Mirror(study, "x")
    run = mirror.stage("run", RECORDED, artifacts={"a.txt": b"a"}).run_id
    with sqlite3.connect(study / "mlruns" / "mlflow.db") as connection:
        connection.execute("UPDATE runs SET artifact_uri = '/old/home/' || artifact_uri")
    connection.close()
    finding = relocate(study)
    assert finding is not None
    assert (finding.code, finding.facts["places"]) == ("LEDGER-051", 1)
    assert relocate(study) is None
    assert rows(study, "SELECT artifact_uri FROM runs") == [(f"mlruns/artifacts/study/{run}/artifacts",)]
    assert b"/old/home" not in (study / "mlruns" / "mlflow.db").read_bytes()
    assert relocate(study / "nothing here") is None


@pytest.mark.parametrize(
    ("place", "relative"),
    [
        ("/home/a/mlruns/artifacts/1/abc/artifacts", "mlruns/artifacts/1/abc/artifacts"),
        ("file:///home/a/mlruns/1/abc/artifacts", "mlruns/artifacts/1/abc/artifacts"),
        ("/data/mlruns/study/mlruns/artifacts/1", "mlruns/artifacts/1"),
        ("C:\\work\\mlruns\\0", "mlruns/artifacts/0"),
        ("/somewhere/else/run/artifacts", "mlruns/artifacts/run/artifacts"),
    ],
)
def test_an_absolute_place_becomes_one_below_the_study(place: str, relative: str) -> None:
    assert relative_place(place) == relative


def test_a_relative_database_belongs_to_the_study_and_a_server_is_left_alone(tmp_path: Path) -> None:
    assert store(tmp_path, "sqlite:///own.db").database == tmp_path.resolve() / "own.db"
    assert store(tmp_path).database == tmp_path.resolve() / "mlruns" / "mlflow.db"
    for address in ("https://mlflow.example.org", "sqlite:////shared/mlflow.db", "postgresql://host/db"):
        assert store(tmp_path, address).database is None
        assert store(tmp_path, address).uri == address
    for folder in ("mlruns", "file:///mlruns"):
        with pytest.raises(StudyError) as caught:
            store(tmp_path, folder)
        assert caught.value.code == "STUDY-058"


def test_a_database_that_others_keep_gets_artifacts_from_mlflow_itself(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    before = Path.cwd()
    os.chdir(shared)
    try:
        result = Mirror(tmp_path / "study", "x", f"sqlite:///{shared}/mlflow.db").stage("run", RECORDED, artifacts={"a/b.txt": b"b"})
        assert result.findings == ()
    finally:
        os.chdir(before)
    assert [file.read_bytes() for file in shared.rglob("b.txt")] == [b"b"]
    assert not (tmp_path / "study").exists()
    assert make_relative(shared / "mlflow.db") > 0


def test_mirroring_writes_nothing_to_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Mirror(tmp_path, "x").stage("run", RECORDED)
    assert capfd.readouterr() == ("", "")
