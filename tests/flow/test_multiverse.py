"""``radaudit multiverse`` through a whole small study: sealed before, on record after, and the dossier shows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from radaudit.edges.stages import multiverse as stage
from radaudit.edges.workspace import Workspace
from radaudit.errors import GuardError
from tests.flow.small_study import ended, write_study


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = write_study(tmp_path_factory.mktemp("multiverse") / "study")
    assert ended(made, last="lock").error is None
    return made


def test_it_is_refused_while_the_test_set_is_sealed_and_on_record_afterwards(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RADAUDIT_CORES", "1")
    ws = Workspace.at(folder)
    with pytest.raises(GuardError) as caught:
        ws.multiverse(20)
    assert caught.value.code == "GUARD-083"
    ws.evaluate("primary analysis")
    before = ws.read("signature.json")
    result = ws.multiverse(20)
    found = ws.read(stage.MULTIVERSE)
    assert found is not None
    assert (found["splits"]["asked"], found["pipelines"]["asked"]) == (20, 48)
    assert {finding.code for finding in result.findings} == {"PERF-160", "PERF-161"}
    ledger, entries = ws.ledger()
    (step,) = ledger.named("multiverse")
    assert step.saw is not None
    assert len(step.saw.rows) == 80
    assert len(ledger.named("open")) == 1
    assert ws.read("signature.json") == before
    ws.multiverse(20)
    assert len(ws.ledger()[1]) == len(entries)


def test_the_dossier_shows_the_draws_without_patients_and_leak_checks_stay_as_they_were(folder: Path) -> None:
    ws = Workspace.at(folder)
    ws.report()
    evidence = ws.read("evidence.json")
    assert evidence is not None
    assert len(evidence["choices"]["splits"]["draws"]) == 20
    assert [check["code"] for check in evidence["leaks"]["checks"] if check["verdict"] == "failed"] == []
    page = (folder / "dossier" / "0001" / "dossier.html").read_text()
    assert 'id="FIG-08-4"' in page
    assert "radaudit multiverse" in page


def test_the_number_of_processors_changes_no_number(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ws = Workspace.at(folder)
    first = ws.read(stage.MULTIVERSE)
    (ws.out / stage.MULTIVERSE).unlink()
    monkeypatch.setenv("RADAUDIT_CORES", "2")
    ws.multiverse(20)
    assert ws.read(stage.MULTIVERSE) == first
