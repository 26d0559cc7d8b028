"""``radaudit audit``: someone else's claim."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from radaudit.cli.call import Call, command
from radaudit.cli.conduct import Result

if TYPE_CHECKING:
    from radaudit.study.audit.recognise import Question


@command
def audit(
    call: Call,
    claim: Annotated[Path, typer.Argument(metavar="CLAIM", help="A folder or ZIP: tables, split, predictions, the claim.")],
    where: Annotated[
        Path | None, typer.Option("--folder", "-C", metavar="DIR", help="Where answers and dossier go; else audit-CLAIM.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing; what is ambiguous is an error.")] = False,
) -> Result:
    """Audit a third party's claim: data, leaks, figures, sites, verdict, dossier."""
    from radaudit.edges.stages.audit import audit as conducted

    asking = not yes and not call.json and sys.stdin.isatty() and call.console.stderr.isatty()
    return conducted(claim, where, _asker(call) if asking else None, call.progress)


def _asker(call: Call):  # type: ignore[no-untyped-def]
    def ask(lines: Sequence[str], questions: Sequence[Question]) -> Mapping[str, str]:
        call.progress.rest()
        quiet, call.console.quiet = call.console.quiet, False
        call.console.say("\n".join([*lines, "Please confirm (Enter = yes)"]))
        answers = {}
        for question in questions:
            call.console.say(
                f"  {question.label:<18}{question.shown}" + (f"   [Y/n] {'' if question.sure else '?'}" if question.value else "")
            )
            text = sys.stdin.readline().strip()
            if text.casefold() in ("n", "no") and question.value:
                call.console.say(f"    which one?  ({', '.join(question.candidates) or 'type it'})")
                text = sys.stdin.readline().strip()
            if text.casefold() not in ("", "y", "yes"):
                answers[question.key] = text
            elif not question.value and question.key == "claim":
                answers[question.key] = "none"
        call.console.quiet = quiet
        return answers

    return ask
