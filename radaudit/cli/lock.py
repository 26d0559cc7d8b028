"""``radaudit lock``."""

from __future__ import annotations

from typing import Annotated

import typer

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Result


@study_command
def lock(
    call: Call,
    name: Annotated[str | None, typer.Option("--name", help="Name of the signature; without it, that of the study.")] = None,
    version: Annotated[str, typer.Option("--version", help="Version of the signature.")] = "1.0.0",
) -> Result:
    """Freeze out/signature.json and print the string to register."""
    from radaudit.edges.workspace import Workspace

    return Workspace.at(call.folder).lock(name, version, call.progress)
