"""``radaudit score``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radaudit.cli.call import Call, command
from radaudit.cli.conduct import Answer, Result


@command
def score(
    call: Call,
    signature: Annotated[Path, typer.Argument(metavar="SIGNATURE", help="signature.json, as locked.")],
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="Rows to score.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.csv", help="Where the scores go.")] = Path("scores.csv"),
    subject: Annotated[str | None, typer.Option("--subject", metavar="COLUMN", help="The patient column.")] = None,
    site: Annotated[str | None, typer.Option("--site", metavar="COLUMN", help="The site column, for the output.")] = None,
    missing: Annotated[list[str] | None, typer.Option("--missing", metavar="TEXT", help="A text that means missing.")] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help="Sheet of a workbook.")] = None,
    delimiter: Annotated[str | None, typer.Option("--delimiter", metavar="SIGN", help="Separator of a text table.")] = None,
    decimal: Annotated[str | None, typer.Option("--decimal", metavar="MARK", help="Decimal mark of a text table.")] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", metavar="NAME", help="Encoding of a text table.")] = None,
    reader: Annotated[str | None, typer.Option("--reader", metavar="NAME", help="Name of the reader.")] = None,
) -> Result:
    """Score new patients with a locked signature, or refuse; one row out per row in."""
    from radaudit.edges.scoring import TableOptions, score_file

    options = TableOptions(
        subject=subject,
        site=site,
        sheet=sheet,
        delimiter=delimiter,
        decimal=decimal,
        encoding=encoding,
        reader=reader,
        missing=tuple(missing or ()),
    )
    done = score_file(signature, table, out, options=options)
    return Answer(
        text=(*done.lines(), f"written  {out.name}"), exit_code=done.exit_code, outputs={"scores": out.name}, details=done.document()
    )
