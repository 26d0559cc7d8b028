"""``radaudit verify``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from radaudit.cli.call import Call, command
from radaudit.cli.conduct import Answer, Result

if TYPE_CHECKING:
    from radaudit.verify import Report


@command
def verify(
    call: Call,
    dossier: Annotated[Path, typer.Argument(metavar="DOSSIER", help="A dossier's folder or archive.")],
    trust: Annotated[list[str] | None, typer.Option("--trust", metavar="KEY", help="Fingerprint you know from elsewhere.")] = None,
    render: Annotated[bool, typer.Option("--render", help="Also draw the page again and compare every byte.")] = False,
) -> Result:
    """Hash again, score the test vectors again, check record and signature."""
    from radaudit.verify import verify as verify_dossier

    found = verify_dossier(dossier, trust=tuple(trust) if trust else None)
    if render and found.valid:
        from radaudit.edges.html.page import render as draw
        from radaudit.edges.rendering import renders_equal

        call.progress("drawing the page again")
        found = replace(found, findings=(*found.findings, renders_equal(dossier, draw)))
    return Answer(text=tuple(_lines(dossier, found)), exit_code=found.exit_code, findings=found.findings, details=found.document())


def _lines(dossier: Path, found: Report) -> list[str]:
    from radaudit.study.lines import finding_lines

    lines = [f"{'VALID' if found.valid else 'NOT VALID'}  {dossier.name}  {found.files} files"]
    lines += [f"  evidence  {found.evidence_sha256}"] if found.evidence_sha256 else []
    lines += [f"  key       {found.fingerprint}"] if found.fingerprint else []
    return [*lines, *finding_lines(found.findings)]
