"""``radaudit guard``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radaudit.cli.call import Call, command
from radaudit.cli.conduct import BLOCKED, DONE, UNDETERMINED, Answer, Result


@command
def guard(
    call: Call,
    line: Annotated[str, typer.Argument(metavar="COMMAND", help='Such as "Rscript fit.R {table} {split} {predictions}".')],
    table: Annotated[Path, typer.Option("--table", metavar="FILE", help="The table, a text file; it is copied, never changed.")],
    split: Annotated[str, typer.Option("--split", metavar="FILE|COLUMN", help="The split: a file by id, or a column of the table.")],
    id_: Annotated[str, typer.Option("--id", metavar="COLUMN", help="The column that names each row.")],
    outcome: Annotated[str, typer.Option("--outcome", metavar="COLUMN", help="The outcome.")],
    site: Annotated[str | None, typer.Option("--site", metavar="COLUMN", help="The site; it is left as it is.")] = None,
    holdout: Annotated[str | None, typer.Option("--holdout", metavar="TEXT", help="The part that is the test set.")] = None,
    timeout: Annotated[float, typer.Option("--timeout", metavar="SECONDS", help="For each of the runs.")] = 600.0,
) -> Result:
    """Does a pipeline look at the test set? Runs it at most five times on changed copies."""
    from radaudit.edges.guarding.commands import Files, guard_command
    from radaudit.leaks.metamorphic.guard import CLEAN, PROVED, SUSPECTED
    from radaudit.study.lines import finding_lines, wrapped

    call.progress("running the command on changed copies of the table")
    found = guard_command(line, Files(table=table, split=split, id=id_, outcome=outcome, site=site, holdout=holdout), timeout=timeout)
    code = {CLEAN: DONE, PROVED: BLOCKED, SUSPECTED: BLOCKED}.get(found.verdict, UNDETERMINED)
    return Answer(
        text=(*wrapped(f"{found.verdict.upper()} ({found.fits} runs). {found.reading}"), "", *finding_lines(found.findings)),
        exit_code=code,
        findings=found.findings,
        details={"verdict": found.verdict, "fits": found.fits, "reading": found.reading},
    )
