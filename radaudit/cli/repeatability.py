"""``radaudit repeatability``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radaudit.cli.call import Call, command
from radaudit.cli.conduct import Result


@command
def repeatability(
    call: Call,
    plan: Annotated[Path, typer.Argument(metavar="[FILE.yaml]", help="repeatability.yaml, or its folder.")] = Path(),
) -> Result:
    """Say how far each feature moves when nothing changed."""
    from radaudit.edges.stages.repeatability import repeatability as run

    return run(plan, call.progress)
