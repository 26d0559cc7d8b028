"""``radaudit ingest``."""

from __future__ import annotations

from typing import Annotated

import typer

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Answer, Result


@study_command
def ingest(
    call: Call,
    files: Annotated[
        list[str] | None, typer.Argument(metavar="[FILES...]", help="Tables, folders, patterns: read without a study, nothing is written.")
    ] = None,
) -> Result:
    """Read the tables of the study, or of FILES without one; every odd cell is counted."""
    if files:
        return _loose(call, files)
    from radaudit.edges.workspace import Workspace

    return Workspace.at(call.folder).ingest(call.progress)


def _loose(call: Call, files: list[str]) -> Result:
    from radaudit.edges.loose.ingested import ingest_files, lines
    from radaudit.edges.study_file import load_study

    call.progress("reading tables")
    plan = load_study(call.folder).plan if (call.folder / "study.yaml").is_file() else None
    found = ingest_files(files, plan=plan, folder=call.folder)
    blocked = any(finding.blocking for finding in found.findings)
    return Answer(text=tuple(lines(found)), exit_code=1 if blocked else 0, findings=found.findings, details=found.document())
