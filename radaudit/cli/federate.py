"""``radaudit federate``: summarise, combine, apply."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from radaudit.cli.call import Call, command
from radaudit.cli.conduct import Answer, Result
from radaudit.cli.family import Family
from radaudit.errors import StudyError

Batch = Annotated[list[str] | None, typer.Option("--batch", metavar="COLUMN", help="Column of the site or scanner; may be given again.")]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", help="All rows are of this one batch.")]
Missing = Annotated[list[str] | None, typer.Option("--missing", metavar="TEXT", help="A text that means missing.")]
Sheet = Annotated[str | None, typer.Option("--sheet", metavar="NAME", help="Sheet of a workbook.")]
Delimiter = Annotated[str | None, typer.Option("--delimiter", metavar="SIGN", help="Separator of a text table.")]
Decimal = Annotated[str | None, typer.Option("--decimal", metavar="MARK", help="Decimal mark of a text table.")]
Encoding = Annotated[str | None, typer.Option("--encoding", metavar="NAME", help="Encoding of a text table.")]
LevelsOption = Annotated[list[str] | None, typer.Option("--levels", metavar="NAME=A,B", help="The levels of a category, as agreed on.")]


@command
def summarise(
    call: Call,
    table: Annotated[Path | None, typer.Argument(metavar="[TABLE]", help="Your own table; or --study.")] = None,
    study: Annotated[Path | None, typer.Option("--study", metavar="DIR", help="Folder of a study.yaml: its training rows.")] = None,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.json", help="The summary.")] = Path("summary.json"),
    batch: Batch = None,
    name: Name = None,
    subject: Annotated[str | None, typer.Option("--subject", metavar="COLUMN", help="The patient column; else a row is one.")] = None,
    covariate: Annotated[list[str] | None, typer.Option("--covariate", metavar="COLUMN", help="Biology to keep.")] = None,
    levels: LevelsOption = None,
    features: Annotated[list[str] | None, typer.Option("--features", metavar="PATTERN", help="Which columns are features.")] = None,
    exclude: Annotated[list[str] | None, typer.Option("--exclude", metavar="PATTERN", help="Which are not.")] = None,
    minimum: Annotated[int | None, typer.Option("--minimum", metavar="N", help="Fewest patients behind any sum (10).")] = None,
    withhold: Annotated[bool, typer.Option("--withhold", help="Leave features out that too few patients have.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Replace a summary that never left.")] = False,
    missing: Missing = None,
    sheet: Sheet = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
) -> Result:
    """Write the sums of your own table: one small file without patients."""
    from radaudit.edges.federation import summarise_file, summarise_study
    from radaudit.edges.federation_table import Asked
    from radaudit.harmonise.disclosure import MINIMUM

    agreed = _levels(levels)
    if (table is None) == (study is None):
        raise StudyError("STUDY-061", "give a table or --study, one of the two", fix="radaudit federate summarise TABLE --batch COLUMN")
    if study is not None:
        made = summarise_study(study, out, levels=agreed, minimum=minimum, withhold=withhold, again=again)
    else:
        asked = Asked(
            batch=tuple(batch or ()),
            name=name,
            subject=subject,
            covariates=tuple(covariate or ()),
            categories=tuple(agreed),
            features=tuple(features or ()),
            exclude=tuple(exclude or ()),
            missing=tuple(missing or ()),
            sheet=sheet,
            delimiter=delimiter,
            decimal=decimal,
            encoding=encoding,
        )
        least = MINIMUM if minimum is None else minimum
        assert table is not None
        made = summarise_file(table, asked, out, levels=agreed, minimum=least, withhold=withhold, again=again)
    own = made.moments
    counts = ", ".join(f"{batch} {patients}" for batch, patients in zip(own.batches, made.patients, strict=True))
    lines = [f"patients  {counts}", f"features  {len(own.features)}, covariates {', '.join(own.coding.names) or 'none'}"]
    if made.withheld:
        lines.append(f"withheld  {len(made.withheld)} feature(s) that too few patients have")
    lines += [f"sha256    {made.digest}", f"written   {out.name}: read it, then send it to the coordinator"]
    details = {"sha256": made.digest, "batches": dict(zip(own.batches, made.patients, strict=True)), "withheld": list(made.withheld)}
    return Answer(text=tuple(lines), outputs={"summary": out.name}, details=details)


@command
def combine(
    call: Call,
    summaries: Annotated[list[Path], typer.Argument(metavar="SUMMARY...", help="The files of all parties.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE.json", help="The site effects.")] = Path("effects.json"),
    levels: LevelsOption = None,
    shared: Annotated[bool, typer.Option("--shared", help="A batch name in two files is one batch.")] = False,
    reference: Annotated[str | None, typer.Option("--reference", metavar="BATCH", help="Harmonise to this batch.")] = None,
    mean_only: Annotated[bool, typer.Option("--mean-only", help="Correct means, not spreads.")] = False,
    no_eb: Annotated[bool, typer.Option("--no-eb", help="Raw estimates, no empirical Bayes.")] = False,
    nonparametric: Annotated[bool, typer.Option("--nonparametric", help="Priors without a form.")] = False,
) -> Result:
    """Add the summaries of all parties and fit: as if all rows were in one place."""
    from radaudit.edges.federation import combine_files

    made = combine_files(
        summaries,
        out,
        levels=_levels(levels),
        shared=shared,
        parametric=not nonparametric,
        eb=not no_eb,
        mean_only=mean_only,
        reference=reference,
    )
    fit = made.effects
    counts = ", ".join(f"{batch} {rows}" for batch, rows in zip(fit.batches, fit.counts.tolist(), strict=True))
    lines = [f"rows      {counts}", f"features  {len(fit.features)}, covariates {', '.join(fit.coding.names) or 'none'}"]
    lines += [f"note      {note}" for note in fit.notes]
    lines += [f"sha256    {made.sha256}", f"written   {out.name}: send it back to every party"]
    details = {"sha256": made.sha256, "summaries": [sha for sha, _, _ in made.made_from], "notes": list(fit.notes)}
    return Answer(text=tuple(lines), outputs={"effects": out.name}, details=details)


@command
def apply(
    call: Call,
    effects: Annotated[Path, typer.Argument(metavar="EFFECTS", help="What the coordinator sent back.")],
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="Your own table.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="CSV, or Parquet if it ends so.")] = Path("harmonised.csv"),
    batch: Batch = None,
    name: Name = None,
    summary: Annotated[Path | None, typer.Option("--summary", metavar="FILE", help="Make sure it was made from this one.")] = None,
    unseen: Annotated[str, typer.Option("--unseen", metavar="refuse|reference|pass", help="Rows of an unknown batch.")] = "refuse",
    missing: Missing = None,
    sheet: Sheet = None,
    delimiter: Delimiter = None,
    decimal: Decimal = None,
    encoding: Encoding = None,
) -> Result:
    """Remove the site effects from your own table, row by row."""
    from radaudit.edges.federation import apply_file
    from radaudit.edges.federation_table import Asked

    if unseen not in ("refuse", "reference", "pass"):
        raise StudyError("STUDY-061", f'--unseen knows no "{unseen}"', fix="--unseen refuse | reference | pass")
    asked = Asked(
        batch=tuple(batch or ()),
        name=name,
        missing=tuple(missing or ()),
        sheet=sheet,
        delimiter=delimiter,
        decimal=decimal,
        encoding=encoding,
    )
    rows = apply_file(effects, table, asked, out, unseen=unseen, summary=summary)  # type: ignore[arg-type]
    return Answer(text=(f"rows      {rows} harmonised", f"written   {out.name}"), outputs={"table": out.name}, details={"rows": rows})


def _levels(words: list[str] | None) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for word in words or ():
        name, sign, texts = word.partition("=")
        levels = tuple(text.strip() for text in texts.split(",") if text.strip())
        if not sign or not name.strip() or not levels or name.strip() in found:
            raise StudyError("STUDY-061", f'"{word}" does not say the levels of a category', fix="--levels sex=F,M")
        found[name.strip()] = levels
    return found


FEDERATE = Family("federate", "Harmonise together, each with its own table: sums leave, rows stay.", (summarise, combine, apply))
