"""``radaudit init``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Answer, Result


@study_command
def init(
    call: Call,
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Tables of features, clinical data, acquisition.")],
    name: Annotated[str | None, typer.Option("--name", help="Name of the study; without it, that of the folder.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a study.yaml that is there.")] = False,
) -> Result:
    """Look at tables and write study.yaml, every guess beside its evidence."""
    from radaudit.edges.proposals import initialise
    from radaudit.study.lines import cut

    done = initialise(files, call.folder, name=name, force=force)
    confirm = [line.strip() for line in done.text.splitlines() if "# CONFIRM" in line]
    text = (
        "written  study.yaml, study.schema.json",
        f"  {len(files)} table(s) looked at; {len(confirm)} lines are marked CONFIRM:",
        *(f"  {cut(line, 76)}" for line in confirm),
        "next: edit study.yaml, then radaudit check",
    )
    return Answer(text=text, outputs={"study": done.study.name, "schema": done.schema.name}, details={"confirm": confirm})
