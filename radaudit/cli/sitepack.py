"""``radaudit sitepack``."""

from __future__ import annotations

from typing import Annotated

import typer

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Result


@study_command
def sitepack(
    call: Call,
    sites: Annotated[list[str] | None, typer.Argument(metavar="SITE...", help="Sites, as the tables spell them.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every site the study names or its tables hold.")] = False,
) -> Result:
    """Write a folder for a hospital: rules, template, offline check."""
    from radaudit.edges.stages.sitepack import sitepack as write
    from radaudit.edges.workspace import Workspace

    if bool(sites) == every:
        raise typer.BadParameter("name one or more sites, or give --all")
    return write(Workspace.at(call.folder), sites or (), call.progress)
