"""``radaudit show``."""

from __future__ import annotations

from typing import Annotated

import typer

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Answer, Result


@study_command
def show(
    call: Call,
    finding: Annotated[str | None, typer.Argument(metavar="FINDING", help="Such as ID-001; without it, all are listed.")] = None,
) -> Result:
    """Show a finding of this study, with its rows if they are on this machine."""
    from radaudit.edges.shown_findings import find, page, stored

    found = stored(call.folder)
    if finding is None:
        from radaudit.study.lines import table_lines

        rows = [(item["id"], item["verdict"], item["severity"], item["sentence"]) for item in found]
        return Answer(text=tuple(table_lines(["finding", "verdict", "severity", "sentence"], rows)), details={"stored": found})
    chosen = find(found, finding)
    return Answer(text=tuple(page(chosen, call.folder)), details={"stored": [chosen]})
