"""``radaudit evaluate``: the only door to the test set."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Result
from radaudit.errors import GuardError

if TYPE_CHECKING:
    from radaudit.edges.workspace import Workspace


@study_command
def evaluate(
    call: Call,
    reason: Annotated[str | None, typer.Option("--reason", help="Why the test set is opened; it goes on record.")] = None,
    amend: Annotated[bool, typer.Option("--amend", help="Open it once more; every later verdict is post hoc.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the study's name; only with --reason.")] = False,
) -> Result:
    """Open the test set, score it with the locked signature, decide the claims."""
    if yes and not (reason or "").strip():
        raise typer.BadParameter("--yes is allowed only with --reason")
    from radaudit.edges.workspace import Workspace

    workspace = Workspace.at(call.folder)
    if not (reason or "").strip():
        raise GuardError(
            "GUARD-004", "the test set is opened for a stated reason only", fix='radaudit evaluate --reason "primary analysis"'
        )
    if not yes:
        confirm(call, workspace, amend=amend)
    return workspace.evaluate(str(reason), amend=amend, progress=call.progress)


def confirm(call: Call, workspace: Workspace, *, amend: bool) -> None:
    """Ask for the study's name on a terminal; raises GuardError GUARD-020 without one, GUARD-021 for another name."""
    from radaudit.study.lines import wrapped

    study = workspace.plan.study
    if not sys.stdin.isatty() or not call.console.stderr.isatty():
        raise GuardError(
            "GUARD-020",
            "nobody is there to confirm that the test set is opened",
            found="no terminal",
            fix='radaudit evaluate --yes --reason "..."',
        )
    say = [announced(workspace)]
    say += ["This opening is an amendment: every later verdict is marked post hoc."] if amend else []
    say += ["After this the signature cannot be changed and tested again on these patients.", f"Type the study name ({study}) to continue:"]
    say = [line for text in say for line in wrapped(text)]
    quiet, call.console.quiet = call.console.quiet, False
    call.console.say("\n".join(say))
    call.console.quiet = quiet
    if sys.stdin.readline().strip() != study:
        raise GuardError("GUARD-021", "another name than the study's was typed: the test set stays sealed", fix=f"type {study}")


def announced(workspace: Workspace) -> str:
    """Return what is about to happen: the rows, and which opening of how many this is."""
    ledger, _ = workspace.ledger()
    opening = len(ledger.named("open")) + 1
    cut = ledger.named("split")
    rows = f" ({cut[-1].facts['holdout_rows']} rows)" if cut and "holdout_rows" in cut[-1].facts else ""
    return f"The test set of {workspace.plan.study}{rows} will be opened: opening {opening} of {workspace.plan.rules.test_openings}."
