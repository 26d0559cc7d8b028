"""``radaudit demo``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radaudit.cli.call import Call, command
from radaudit.cli.conduct import Result


@command
def demo(
    call: Call,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    again: Annotated[bool, typer.Option("--again", help="Start a demo of before from nothing.")] = False,
) -> Result:
    """Write an example study with real data into DIR and run it through to a dossier."""
    from radaudit.edges.workspace import demo as run_demo

    return run_demo(directory, call.progress, again=again)
