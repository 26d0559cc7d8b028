"""``radaudit ibsi``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radaudit.cli.call import Call, command
from radaudit.cli.conduct import Answer, Result


@command
def ibsi(
    call: Call,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What the extractor wrote about the phantom.")],
    phantom: Annotated[str, typer.Option("--phantom", metavar="NAME", help="digital, A to E, or 1.A to 9.B of IBSI 2.")] = "digital",
    filtered: Annotated[str | None, typer.Option("--filter", metavar="NAME", help="IBSI 2: the filter in the names.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE.json", help="Where the record goes.")] = None,
    extractor: Annotated[str | None, typer.Option("--extractor", metavar="NAME", help="Who wrote it, if it cannot be told.")] = None,
    reader: Annotated[str | None, typer.Option("--reader", metavar="NAME", help="Name of the reader.")] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help="Sheet of a workbook.")] = None,
    delimiter: Annotated[str | None, typer.Option("--delimiter", metavar="SIGN", help="Separator of a text table.")] = None,
    decimal: Annotated[str | None, typer.Option("--decimal", metavar="MARK", help="Decimal mark of a text table.")] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", metavar="NAME", help="Encoding of a text table.")] = None,
) -> Result:
    """Compare an extractor's phantom output with the IBSI reference values."""
    from radaudit.edges.feature_files import TableOptions
    from radaudit.edges.ibsi_check import check_phantom, default_record, write_record

    options = TableOptions(extractor=extractor, reader=reader, sheet=sheet, delimiter=delimiter, decimal=decimal, encoding=encoding)
    checked = check_phantom(file, phantom=phantom, filtered=filtered, options=options)
    record = out or default_record(file, checked.phantom)
    sha256 = write_record(checked, record)
    return Answer(
        text=(*checked.lines(), f"written  {record.name}, sha256 {sha256[:12]}"),
        exit_code=1 if any(finding.blocking for finding in checked.findings) else 0,
        findings=checked.findings,
        outputs={"record": record.name},
        details={"record": checked.record(), "record_sha256": sha256},
    )
