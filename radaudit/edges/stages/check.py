"""Ask every question about the data: our own, Great Expectations' on the profiles, and the harmoniser's design doctor."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.digests import digest, file_digest
from radaudit.edges.stages.ingest import ingest
from radaudit.edges.stages.mirror import answers, mirror
from radaudit.edges.workspace import BLOCKED, DONE, Progress, StageResult, Workspace
from radaudit.findings import Finding, Verdict, ranked
from radaudit.ledger import Exposure, Step

if TYPE_CHECKING:
    from radaudit.checks.profile import Profiles, SiteRow
    from radaudit.study.plan import Plan
    from radaudit.tables import FeatureTable
    from radaudit.tables.intake import Intake

OWN_SUITES = "expectations"
SEEN = ("features", "outcome", "site", "batch", "covariates", "patient")


def check(ws: Workspace, progress: Progress) -> StageResult:
    """Return the findings and the table by site; exit 1 if something blocks."""
    result, _ = checked(ws, progress)
    return result


def checked(ws: Workspace, progress: Progress) -> tuple[StageResult, Intake]:
    """Return what ``check`` returns, and the intake it looked at."""
    from radaudit.checks.ask import site_lines
    from radaudit.edges.expectations import warm_up

    warm_up()
    read, intake = ingest(ws, progress)
    table = intake.table
    answered, profiles = examined(ws.plan, intake, ws.folder, progress)
    progress("design doctor")
    findings = tuple(ranked([*answered, *doctor(ws, table)]))
    rows = site_lines(profiles, findings)
    blocking = [finding for finding in findings if finding.blocking]
    document = {"table": table.digest, "findings": [f.public() for f in findings], "sites": [_site(row) for row in rows]}
    made = ws.write("check.json", document)
    ws.write_findings(findings)
    wanted = inputs(ws, table.digest)
    if not ws.fresh("check", wanted):
        saw = Exposure(rows=table.rows, roles=SEEN)
        counts = {"findings": len(findings), "blocking": len(blocking)}
        entry = ws.note(Step(name="check", used={"table": table.digest}, made={"check": made}, saw=saw, facts=counts))
        ws.done("check", inputs=wanted, output=made)
        progress("mirroring in MLflow")
        mirror(ws, "check", entry, params=counts, metrics=answers(findings), artifacts=("check.json",))
    from radaudit.study.lines import finding_lines

    return StageResult(
        command="check",
        exit_code=BLOCKED if blocking else DONE,
        findings=(*findings, *ws.troubles),
        outputs={**read.outputs, "check": "out/check.json"},
        text=(*site_lines_of(rows), "", *finding_lines(findings)),
        details={"sites": [_site(row) for row in rows], "table": table.digest},
    ), intake


def examined(plan: Plan, intake: Intake, folder: Path, progress: Progress) -> tuple[list[Finding], Profiles]:
    """Return what intake, our questions and Great Expectations say of a table, and its profiles; ``folder`` is that of the study."""
    from radaudit.checks.ask import ask, joined
    from radaudit.checks.profile import profile
    from radaudit.checks.ranges import located
    from radaudit.checks.rules import CheckRules
    from radaudit.edges.expectations import run_suites
    from radaudit.edges.suites import bounds_of, read_suites
    from radaudit.splits.dates import known_days

    table, dictionary = intake.table, intake.dictionary
    progress("profiling features")
    rules = CheckRules.of(plan.rules.model_dump(exclude_none=True))
    days = known_days(table.facts.get(plan.columns.date or "", ()))
    profiles = profile(table, rules, dictionary=dictionary, days=days, protocol=plan.declared_protocol())
    own = ask(table, rules, profiles=profiles, dictionary=dictionary, max_features=plan.model.max_features)
    progress("Great Expectations")
    suites = folder / OWN_SUITES if (folder / OWN_SUITES).is_dir() else None
    judged = located(run_suites(profiles, rules, suites), table, bounds_of(read_suites(rules, suites), dictionary))
    read_codes = {finding.code for finding in intake.findings}  # intake saw the rows that left too: its answer stands
    asked = [finding for finding in joined(own, judged) if finding.code not in read_codes]
    return ranked([*intake.findings, *asked]), profiles


def inputs(ws: Workspace, table: str) -> str:
    """Return the digest of all that the check depends on."""
    plan = ws.plan.document()
    suites = {path.name: file_digest(path) for path in sorted(Path(ws.folder / OWN_SUITES).glob("**/*.json"))}
    said = {name: plan.get(name) for name in ("rules", "harmonise")} | ({"protocol": plan["protocol"]} if "protocol" in plan else {})
    return digest({"table": table, **said, "suites": suites})


def doctor(ws: Workspace, table: FeatureTable) -> tuple[Finding, ...]:
    """Return what the design doctor says about the batches, or a finding that nothing is to be harmonised."""
    from radaudit.codes import answer
    from radaudit.errors import DesignError
    from radaudit.harmonise.doctor import examine_rows

    plan = ws.plan.harmoniser()
    if plan is None:
        return (answer("HARM-081", Verdict.NOT_APPLICABLE, "The study does not harmonise."),)
    rows = [i for i, batch in enumerate(table.batches) if batch not in plan.keep]
    covariates = {name: [column[i] for i in rows] for name, column in table.covariates(plan.preserve).items()}
    try:
        return tuple(
            examine_rows(
                table.values[rows],
                [table.batches[i] for i in rows],
                covariates or None,
                features=table.features,
                outcome=["event" if table.outcome[i] == 1.0 else "no event" for i in rows],
                patients=[table.patients[i] for i in rows],
                patients_per_site=plan.patients_per_batch,
                mean_only=plan.mean_only,
            )
        )
    except DesignError as problem:
        fix = problem.fix or "harmonise.merge, harmonise.drop or harmonise.keep in study.yaml"
        return (answer(problem.code, Verdict.FAILED, f"{problem.what[:1].upper()}{problem.what[1:]}.", fix=fix),)


def site_lines_of(rows: Sequence[SiteRow]) -> list[str]:
    """Return the table by site: what a consortium looks at first."""
    from radaudit.study.lines import table_lines

    header = ("site", "patients", "events", "dup", "miss%", "settings", "batch*", "verdict")
    cells = [
        (
            row.site or "(none)",
            row.people.patients,
            row.people.events,
            row.duplicates,
            f"{100 * row.missing_share:.1f}",
            row.settings or "-",
            "-" if row.site_effect is None else f"{row.site_effect:.2f}",
            row.verdict,
        )
        for row in rows
    ]
    return [*table_lines(header, cells), " * median share of feature variance explained by the site (eta2)"]


def _site(row: SiteRow) -> dict[str, Any]:
    return {
        "site": row.site,
        "patients": row.people.patients,
        "events": row.people.events,
        "duplicates": row.duplicates,
        "missing_share": row.missing_share,
        "settings": row.settings,
        "site_effect": row.site_effect,
        "verdict": row.verdict,
    }
