"""A study folder: its plan, key, record and stage results on disk; each stage is one module of ``edges/stages``.

Everything is written below the folder of study.yaml: ``out/``, ``dossier/``, ``mlruns/`` and ``.radaudit/``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.digests import canonical, digest, strict_json
from radaudit.errors import StudyError
from radaudit.findings import Finding

if TYPE_CHECKING:
    from radaudit.edges.keys import StudyKey
    from radaudit.edges.ledger_file import LedgerFile
    from radaudit.edges.mlflow import Mirror
    from radaudit.edges.study_file import LoadedStudy
    from radaudit.ledger import Entry, Ledger, Step
    from radaudit.study.plan import Plan

STUDY_FILE = "study.yaml"
DONE, BLOCKED, UNDETERMINED = 0, 1, 5

Progress = Callable[[str], None]


def silent(_: str) -> None:
    """Report no progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """What a stage did: findings, files written (relative), the exit code it asks for, and what it prints."""

    command: str
    exit_code: int = DONE
    findings: tuple[Finding, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    text: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)

    def lines(self) -> tuple[str, ...]:
        """Return the plain lines for stdout."""
        return self.text

    def document(self) -> dict[str, Any]:
        """Return the JSON form, without anything about patients."""
        return {
            "command": self.command,
            "exit_code": self.exit_code,
            "findings": [finding.public() for finding in self.findings],
            "outputs": dict(self.outputs),
            **dict(self.details),
        }


class Workspace:
    """A study folder. ``Workspace.at(folder)`` finds study.yaml; every stage reads and writes below the folder only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.troubles: list[Finding] = []  # of the mirror: said at the end of a stage, never part of the evidence

    @classmethod
    def at(cls, folder: Path | str = ".") -> Workspace:
        """Return the workspace of a folder (or of a study file). Raises StudyError (STUDY-080) if there is no study file."""
        path = Path(folder)
        if path.is_file():
            path = path.parent
        if not (path / STUDY_FILE).is_file():
            yaml = sorted(p.name for p in path.glob("*.y*ml")) if path.is_dir() else []
            raise StudyError(
                "STUDY-080",
                f"there is no {STUDY_FILE} in this folder",
                found=", ".join(yaml) or "no YAML file",
                fix="radaudit init FILES... writes one; radaudit demo DIR shows a whole study",
            )
        return cls(path)

    @cached_property
    def study(self) -> LoadedStudy:
        """The study file, read and checked once."""
        from radaudit.edges.study_file import load_study

        return load_study(self.folder / STUDY_FILE)

    @property
    def plan(self) -> Plan:
        """The plan."""
        return self.study.plan

    @property
    def out(self) -> Path:
        """The folder of stage results, made if it is not there."""
        path = self.folder / "out"
        path.mkdir(exist_ok=True)
        return path

    @cached_property
    def key(self) -> StudyKey:
        """The study key, made at first use."""
        from radaudit.edges.keys import load_key

        return load_key(self.folder, create=True)

    @cached_property
    def record(self) -> LedgerFile:
        """The ledger on disk."""
        from radaudit.edges.ledger_file import LedgerFile

        return LedgerFile(self.out, self.key)

    @cached_property
    def mirror(self) -> Mirror:
        """The mirror in MLflow; nothing is imported before something is mirrored."""
        from radaudit.edges.mlflow import Mirror

        return Mirror(self.folder, self.plan.study, os.environ.get("MLFLOW_TRACKING_URI") or self.plan.tracking.mlflow)

    def ledger(self) -> tuple[Ledger, tuple[Entry, ...]]:
        """Return the steps and the entries recorded so far."""
        return self.record.load()

    @property
    def actor(self) -> str:
        """Who acts: RADAUDIT_ACTOR, or the fingerprint of the study key. Never the name of the operating system's user."""
        return os.environ.get("RADAUDIT_ACTOR", "").strip() or f"key:{self.key.fingerprint[:16]}"

    def note(self, step: Step) -> Entry:
        """Append one step to the record."""
        return self.record.append(step, self.actor)

    def write(self, name: str, document: Mapping[str, Any]) -> str:
        """Write a stage result as canonical JSON and return its digest."""
        self._replace(self.out / name, canonical(document) + b"\n")
        return digest(document)

    def read(self, name: str) -> dict[str, Any] | None:
        """Return a stage result, or None if the stage has not run. Raises StudyError (STUDY-081) if the file was damaged."""
        path = self.out / name
        if not path.is_file():
            return None
        try:
            found = strict_json(path.read_bytes())
        except ValueError as error:
            raise StudyError(
                "STUDY-081", f"out/{name} was changed or damaged", found=str(error), fix=f"delete out/{name} and run the stage again"
            ) from error
        return dict(found)

    def state(self) -> dict[str, dict[str, Any]]:
        """Return what each stage was made from: stage -> {inputs, output}."""
        return self.read("state.json") or {}

    def done(self, stage: str, *, inputs: str, output: str) -> None:
        """Remember that a stage ran on these inputs."""
        self.write("state.json", {**self.state(), stage: {"inputs": inputs, "output": output}})

    def fresh(self, stage: str, inputs: str) -> bool:
        """Return True if the stage ran on exactly these inputs."""
        return self.state().get(stage, {}).get("inputs") == inputs

    @staticmethod
    def _replace(path: Path, data: bytes) -> None:
        beside = path.with_name(path.name + ".new")
        beside.write_bytes(data)
        beside.replace(path)

    def write_findings(self, findings: Iterable[Finding]) -> None:
        """Write the local rows of each failed finding to ``out/findings/CODE.csv``: they hold ids and never leave the machine."""
        import csv

        from radaudit.edges.inert import inert

        folder = self.out / "findings"
        if folder.is_dir():
            for old in folder.glob("*.csv"):
                old.unlink()
        by_code: dict[str, list[Mapping[str, str]]] = {}
        for finding in findings:
            if finding.failed and finding.local:
                by_code.setdefault(finding.code, []).extend(finding.local)
        for code, rows in by_code.items():
            folder.mkdir(exist_ok=True)
            names = list(dict.fromkeys(name for row in rows for name in row))
            with (folder / f"{code}.csv").open("w", encoding="utf-8", newline="") as stream:
                writer = csv.writer(stream)
                writer.writerow([inert(name) for name in names])
                writer.writerows([[inert(str(row.get(name, ""))) for name in names] for row in rows])

    # the stages, in their order

    def ingest(self, progress: Progress = silent) -> StageResult:
        """Read the tables into out/pool.duckdb."""
        from radaudit.edges.stages.ingest import ingest

        return ingest(self, progress)[0]

    def check(self, progress: Progress = silent) -> StageResult:
        """Ask every question about the data."""
        from radaudit.edges.stages.check import check

        return check(self, progress)

    def run(self, progress: Progress = silent) -> StageResult:
        """Check, split, harmonise and fit on training rows; the holdout stays closed."""
        from radaudit.edges.stages.run import run

        return run(self, progress)

    def status(self) -> StageResult:
        """Say what is stale and why, what is locked and whether the test set is sealed."""
        from radaudit.edges.stages.status import status

        return status(self)

    def lock(self, name: str | None = None, version: str = "1.0.0", progress: Progress = silent) -> StageResult:
        """Freeze out/signature.json."""
        from radaudit.edges.stages.lock import lock

        return lock(self, name, version, progress)

    def evaluate(self, reason: str, *, amend: bool = False, progress: Progress = silent) -> StageResult:
        """Open the holdout, score it with the locked signature and decide the claims."""
        from radaudit.edges.stages.evaluate import evaluate

        return evaluate(self, reason, amend=amend, progress=progress)

    def multiverse(self, splits: int, progress: Progress = silent) -> StageResult:
        """Build the signature again on other splits and with other pipelines, after the test set was opened."""
        from radaudit.edges.stages.multiverse import multiverse

        return multiverse(self, progress, splits=splits)

    def report(self, progress: Progress = silent) -> StageResult:
        """Write a new dossier."""
        from radaudit.edges.stages.report import report

        return report(self, progress)


def demo(folder: Path, progress: Progress = silent, *, again: bool = False) -> StageResult:
    """Write the example study into ``folder`` and run it through to a dossier."""
    from radaudit.edges.stages.demo import demo as run_demo

    return run_demo(folder, progress, again=again)
