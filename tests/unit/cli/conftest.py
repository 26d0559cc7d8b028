"""A study folder with a plan, and a workspace that answers what a test tells it to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from radaudit.cli import main
from radaudit.edges import workspace
from radaudit.findings import Finding, Severity, Verdict

STUDY = """\
schema: radaudit/study/1
study: small
tables: {features: data/f.csv}
roles: {subject: patient, site: hospital, outcome: {column: relapse, event: 1}}
split: {test: {by: random, fraction: 0.3}}
claims: [{id: C1, primary: true, measure: auc, at_least: 0.7}]
"""
FINDING = Finding(
    code="SIZE-002",
    verdict=Verdict.FAILED,
    severity=Severity.BLOCKING,
    sentence="PORTO has 14 patients.",
    facts={"patients": 14},
    local=({"patient": "LYO-0004", "row": "5"},),
)


@dataclass
class Told:
    """What the workspace answers, and what it was asked."""

    answer: workspace.StageResult | BaseException = field(default_factory=lambda: workspace.StageResult(command="check"))
    asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = field(default_factory=list)


@pytest.fixture
def study(tmp_path: Path) -> Path:
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    return tmp_path


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Let every stage of every workspace answer as told."""
    said = Told()

    def stage(name: str) -> Callable[..., workspace.StageResult]:
        def answered(self: workspace.Workspace, *args: Any, **keywords: Any) -> workspace.StageResult:
            said.asked.append((name, args, keywords))
            progress = keywords.get("progress") or next((arg for arg in args if callable(arg)), None)
            if progress is not None:
                progress(f"{name} of \x1b[31mSt. Olav")
            if isinstance(said.answer, BaseException):
                raise said.answer
            return said.answer

        return answered

    for name in ("ingest", "check", "run", "status", "lock", "evaluate", "report"):
        monkeypatch.setattr(workspace.Workspace, name, stage(name))
    return said


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command line in this process; gives (exit code, stdout, stderr). The environment is as it was afterwards."""
    from radaudit.cli import environment

    monkeypatch.setattr(environment, "quieten", lambda: None)

    def run(*words: str | Path) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        streams = capsys.readouterr()
        return code, streams.out, streams.err

    return run
