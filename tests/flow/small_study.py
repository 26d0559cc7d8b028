"""Small studies on disk that run through every stage, and how such a run ends: made by a generator, changed by one edit."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from radaudit.edges.workspace import Workspace
from radaudit.errors import RadauditError
from radaudit.findings import Finding

RANDOM = "{by: random, fraction: 0.4}"
BY_PART = "{by: column, column: part}"
FOLDS = "{folds: 2, repeats: 1, inner: 2}"
STUDY = """\
schema: radaudit/study/1
study: small
tables: {{features: features.csv, clinical: clinical.csv}}
roles:
  subject: patient_id
{site}  outcome: {outcome}
  clinical: [age, sex]
  volume: volume
  never: [part]
{roles}
split: {{test: {test}, development: {development}}}
harmonise: {harmonise}
model: {{max_features: 3}}
rules: {{patients_per_site: 5, events_per_site: 2, patients_per_batch: 5}}
{claims}{more}seed: 3
"""
BINARY = '{kind: binary, column: relapse, event: "1"}'
COLUMNS = ("patient_id", "site", "age", "sex", "relapse", "part")
CLAIM = "{id: C1, primary: true, measure: auc, on: test, at_least: 0.6}"


@dataclass(kw_only=True)
class Cells:
    """What goes into the files: facts by column, features ``x`` (n, p) and the texts written for them."""

    facts: dict[str, list[str]]
    x: np.ndarray
    names: list[str]
    texts: list[list[str]] = field(default_factory=list)


def drawn(patients: int, features: int, sites: Sequence[str], rows_each: int, seed: int) -> Cells:
    """Return cells in which three latent variables drive features and outcome, and every site has its own shift."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(patients, 3))
    event = (rng.random(patients) < 1 / (1 + np.exp(0.3 - 1.5 * latent.sum(axis=1)))).astype(int)
    who = np.repeat(np.arange(patients), rows_each)
    load, shift = rng.normal(size=(3, features)), rng.normal(size=(len(sites), features))
    x = latent[who] @ load + rng.normal(size=(len(who), features)) + shift[who % len(sites)]
    age, sex = rng.integers(40, 80, size=patients), rng.integers(2, size=patients)
    facts = {
        "patient_id": [f"{i:04d}" for i in who],
        "lesion": [str(1 + k % rows_each) for k in range(len(who))],
        "site": [sites[i % len(sites)] for i in who],
        "age": [str(age[i]) for i in who],
        "sex": ["fm"[sex[i]] for i in who],
        "relapse": [str(event[i]) for i in who],
        "part": ["test" if i % 3 == 0 else "train" for i in who],
        "volume": [f"{np.exp(row[0]):.5f}" for row in x],
    }
    return Cells(facts=facts, x=x, names=[f"f{j:03d}" for j in range(features)], texts=[[f"{v:.6f}" for v in row] for row in x.tolist()])


def write_study(
    folder: Path,
    *,
    patients: int = 80,
    features: int = 12,
    sites: Sequence[str] = ("A", "B"),
    rows_each: int = 1,
    seed: int = 1,
    edit: Callable[[Cells], None] = lambda _: None,
    site: str = "  site: site\n",
    roles: str = "",
    test: str = RANDOM,
    development: str = FOLDS,
    harmonise: str = "{method: combat}",
    claims: str = f"[{CLAIM}]",
    more: str = "",
    outcome: str = BINARY,
) -> Path:
    """Write features.csv, clinical.csv and study.yaml into ``folder`` and return it; facts that ``edit`` adds are clinical columns."""
    made = drawn(patients, features, sites, rows_each, seed)
    edit(made)
    facts, keys = made.facts, ["patient_id", *(["lesion"] if rows_each > 1 else [])]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "features.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow([*keys, *made.names, "volume"])
        writer.writerows([*(facts[key][k] for key in keys), *texts, facts["volume"][k]] for k, texts in enumerate(made.texts))
    columns = (*COLUMNS, *(name for name in facts if name not in (*COLUMNS, "lesion", "volume")))
    first = {patient: k for k, patient in reversed(list(enumerate(facts["patient_id"])))}
    with (folder / "clinical.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(columns)
        writer.writerows([facts[column][k] for column in columns] for k in sorted(first.values()))
    text = STUDY.format(
        site=site,
        outcome=outcome,
        roles=roles,
        test=test,
        development=development,
        harmonise=harmonise,
        claims=f"claims: {claims}\n" if claims else "",
        more=f"{more}\n" if more else "",
    )
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return folder


@dataclass(frozen=True, kw_only=True)
class Ending:
    """How a run through the stages ended: the last stage, its exit code, an error, all findings that failed, the evidence if any."""

    stage: str
    exit_code: int
    error: RadauditError | None
    findings: tuple[Finding, ...]
    evidence: dict[str, Any]

    @property
    def codes(self) -> set[str]:
        """The codes of the error and of all findings that failed."""
        return {finding.code for finding in self.findings} | ({self.error.code} if self.error else set())

    def finding(self, code: str) -> Finding:
        """Return the first finding of a code that failed."""
        return next(finding for finding in self.findings if finding.code == code)


def ended(folder: Path, *, last: str = "report") -> Ending:
    """Run, lock, evaluate, report up to ``last``; stop where a user would be stopped. What is no RadauditError is raised: a bug."""
    ws, failed = Workspace.at(folder), []
    stages = {"run": ws.run, "lock": ws.lock, "evaluate": lambda: ws.evaluate("primary analysis"), "report": ws.report}
    for stage, call in stages.items():
        try:
            result = call()
        except RadauditError as error:
            str(error)
            return Ending(stage=stage, exit_code=error.exit_code, error=error, findings=tuple(failed), evidence={})
        failed += [finding for finding in result.findings if finding.failed]
        assert [line for line in result.lines() if len(line) > 80 and not line.startswith("  radaudit:")] == []
        if stage == last or (stage == "run" and result.exit_code):
            break
    evidence = ws.read("evidence.json") or {} if stage == "report" else {}
    return Ending(stage=stage, exit_code=result.exit_code, error=None, findings=tuple(failed), evidence=evidence)
