"""``radaudit features``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import Answer, Result


@study_command
def features(
    call: Call,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILES...]", help="Feature tables; without any, those of the study.")
    ] = None,
    extractor: Annotated[str | None, typer.Option("--extractor", metavar="NAME", help="Who wrote them, if it cannot be told.")] = None,
    params: Annotated[
        Path | None, typer.Option("--params", metavar="FILE.yaml", help="PyRadiomics' parameter file, as it was meant.")
    ] = None,
    reader: Annotated[str | None, typer.Option("--reader", metavar="NAME", help="Name of the reader.")] = None,
    sheet: Annotated[str | None, typer.Option("--sheet", metavar="NAME", help="Sheet of a workbook.")] = None,
    delimiter: Annotated[str | None, typer.Option("--delimiter", metavar="SIGN", help="Separator of a text table.")] = None,
    decimal: Annotated[str | None, typer.Option("--decimal", metavar="MARK", help="Decimal mark of a text table.")] = None,
    encoding: Annotated[str | None, typer.Option("--encoding", metavar="NAME", help="Encoding of a text table.")] = None,
) -> Result:
    """List features with IBSI code, family, settings and known deviations."""
    from radaudit.edges.feature_files import TableOptions
    from radaudit.edges.feature_listing import list_features
    from radaudit.edges.params_file import read_params

    declared = read_params(params) if params is not None else {}
    options = TableOptions(
        extractor=extractor,
        reader=reader,
        sheet=sheet,
        delimiter=delimiter,
        decimal=decimal,
        encoding=encoding,
        declared=declared,
    )
    listing = list_features(files or (), call.folder, options)
    code = 1 if any(finding.blocking for finding in listing.findings) else 0
    return Answer(text=listing.lines(), exit_code=code, findings=listing.findings, details=listing.document())
