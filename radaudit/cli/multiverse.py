"""``radaudit multiverse``."""

from __future__ import annotations

from typing import Annotated

import typer

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Result


@study_command
def multiverse(
    call: Call,
    splits: Annotated[int, typer.Option("--splits", metavar="N", min=20, max=2000, help="How many other splits (200).")] = 200,
) -> Result:
    """Build the signature again on other splits and with other pipelines."""
    from radaudit.edges.workspace import Workspace

    return Workspace.at(call.folder).multiverse(splits, call.progress)
