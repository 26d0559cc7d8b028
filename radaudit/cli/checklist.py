"""``radaudit checklist``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Result


@study_command
def checklist(
    call: Call,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Such as CLEAR or METRICS; without it, all in a line each.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", metavar="FILE.csv", help="Write the items with their pointers to a file.")] = None,
) -> Result:
    """Say what is shown of CLEAR, METRICS, TRIPOD+AI and others, and the level of evidence."""
    from radaudit.edges.stages.standards import as_csv, standards
    from radaudit.edges.workspace import Workspace

    found = standards(Workspace.at(call.folder), name)
    if csv is None:
        return found
    csv.write_text(as_csv(found.details), "utf-8", newline="")
    return replace(found, outputs={"csv": str(csv)})
