"""``radaudit site``: add."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Result
from radaudit.cli.family import Family


@study_command
def add(
    call: Call,
    site: Annotated[str, typer.Argument(metavar="SITE", help="The new batch, as the table spells it.")],
    table: Annotated[Path, typer.Argument(metavar="FILE", help="Its patients; outcomes are not read.")],
    signature: Annotated[
        Path | None, typer.Option("--signature", metavar="FILE.json", help="The locked one; else out/signature.json.")
    ] = None,
    minimum: Annotated[int, typer.Option("--min", metavar="N", min=2, help="Fewest patients (20).")] = 20,
    subject: Annotated[str | None, typer.Option("--subject", metavar="COLUMN", help="The patient column.")] = None,
    missing: Annotated[list[str] | None, typer.Option("--missing", metavar="TEXT", help="A text that means missing.")] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help="Sheet of a workbook.")] = None,
    delimiter: Annotated[str | None, typer.Option("--delimiter", metavar="SIGN", help="Separator of a text table.")] = None,
    decimal: Annotated[str | None, typer.Option("--decimal", metavar="MARK", help="Decimal mark of a text table.")] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", metavar="NAME", help="Encoding of a text table.")] = None,
    reader: Annotated[str | None, typer.Option("--reader", metavar="NAME", help="Name of the reader.")] = None,
) -> Result:
    """Append a new site to a locked signature, if that is expected to help."""
    from radaudit.edges.scoring import TableOptions
    from radaudit.edges.stages.site_add import site_add

    options = TableOptions(
        subject=subject,
        sheet=sheet,
        delimiter=delimiter,
        decimal=decimal,
        encoding=encoding,
        reader=reader,
        missing=tuple(missing or ()),
    )
    call.progress("judging the new site")
    return site_add(call.folder, site, table, signature=signature, minimum=minimum, options=options)


SITE = Family("site", "Add a site to a locked signature.", (add,))
