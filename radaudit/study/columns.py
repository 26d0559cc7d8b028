"""What the study file says about tables and columns: ``tables``, ``roles`` and ``features``."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from radaudit.study.terms import Cell, Number, Section, Several, Share, Shorthand, Text, Whole


class TableFile(Section):
    """One file, and how it is read: only what cannot be found out by looking has to be stated."""

    file: Text = Field(description="Path of the table, relative to study.yaml.")
    sheet: Text | None = Field(None, description="Sheet of a workbook; needed if it has several.")
    delimiter: Text | None = Field(None, description='Separator of a text table: ",", ";", "|", "\\t" or tab.')
    decimal: Literal[".", ","] | None = Field(None, description="Decimal mark of a text table.")
    encoding: Text | None = Field(None, description="Encoding of a text table, such as utf-8 or windows-1252.")
    layout: Literal["wide", "long", "transposed"] | None = Field(
        None, description="One row per case (wide), per value (long) or per feature (transposed)."
    )
    header: Annotated[tuple[Annotated[Whole, Field(ge=1, le=100)], ...], Several()] = Field(
        (), description="Numbers of the rows that hold the column names, the first of the file being 1; several are joined."
    )
    id: Text | None = Field(None, description="The patient column of this file, if it is not called as roles.subject says.")
    id_pattern: Text | None = Field(
        None, description="Regular expression; its match (its first group, if it has one) in the patient column is the id."
    )
    id_from: Literal["file name", "row"] | None = Field(
        None,
        description="Where the id stands if no column holds it: in the name of the file, or nowhere (each row is a patient of its own).",
    )
    site: Text | None = Field(None, description="The site all rows of this file come from.")
    unit: Text | None = Field(None, description="The region column of this file, if it is not called as roles.unit says.")
    missing: Annotated[tuple[Cell, ...], Several()] = Field((), description="Texts that mean a missing value, besides empty cells.")
    reader: Text | None = Field(None, description="Name of the reader; without it the file is recognised by its columns.")


Files = Annotated[tuple[Annotated[TableFile, Shorthand("file")], ...], Several()]


class Tables(Section):
    """The tables of the study, by what they hold."""

    features: Files = Field(min_length=1, description="Tables with radiomic features.")
    clinical: Files = Field((), description="Tables with outcome, covariates, sites.")
    acquisition: Files = Field((), description="Tables with scanner and protocol.")


class Subject(Section):
    """The patient column, and how its values are made comparable between tables."""

    column: Text = Field(description="The column that holds the patient's id.")
    normalise: Literal["strip-zeros", "strip-space", "fold-case"] | None = Field(
        None, description="Applied to ids before tables are joined; without it ids are compared as written."
    )
    pattern: Text | None = Field(None, description="Regular expression that every whole id matches; checked, and told to the sites.")


class Site(Section):
    """The site: a column, or the part of a column that a regular expression matches (its first group, if it has one)."""

    from_: Text = Field(alias="from", description="The column that holds the site.")
    pattern: Text | None = Field(None, description="Regular expression; its match is the site.")


Names = Annotated[tuple[Text, ...], Several()]


class Endpoint(Section):
    """The outcome. Binary: ``column``, ``event``; continuous: ``column``; survival: ``time``, ``status``, ``event``, ``horizon``."""

    kind: Literal["binary", "survival", "continuous"] = Field("binary", description="Event or not, time to event, or a quantity.")
    column: Text | None = Field(None, description="The column of a binary or continuous outcome.")
    event: Text | None = Field(None, description="The text in the column that means an event.")
    non_event: Text | None = Field(None, description="The text that means no event; without it, every other text that is not missing.")
    time: Text | None = Field(None, description="Survival: the column with the time to event or censoring.")
    status: Text | None = Field(None, description="Survival: the column that tells event from censoring.")
    horizon: Annotated[Number, Field(gt=0)] | None = Field(
        None, description="Survival: the time by which the risk of the event is predicted, in the unit of the time column."
    )
    competing: Names = Field(
        (), description="Survival: texts of the status that mean another event, after which this one cannot happen; counted as censored."
    )


class Columns(Section):
    """What columns mean."""

    subject: Annotated[Subject, Shorthand("column")] = Field(description="The patient column: the unit that is never split.")
    unit: Text | None = Field(None, description="The column that names a lesion or region, if a patient has several rows.")
    site: Annotated[Site, Shorthand("from")] | None = Field(None, description="The column of the hospital, or a pattern in another column.")
    batch: Names = Field((), description="What harmonisation removes; without it, the site.")
    outcome: Endpoint = Field(description="The clinical outcome.")
    covariates: Names = Field((), description="Biology that harmonisation may keep (harmonise.preserve).")
    clinical: Names = Field((), description="Columns of the clinical model every signature is compared with.")
    volume: Text | None = Field(None, description="The feature that is the volume of the region.")
    never: Names = Field((), description="Columns that may not become predictors.")
    date: Text | None = Field(None, description="The column with the date of accrual or scan, for split.test by date and control charts.")


class Reproducibility(Section):
    """A register of error margins (``radaudit repeatability`` writes it), and how repeatable a feature has to be."""

    file: Text = Field(description="The register, a JSON file relative to study.yaml.")
    at_least: Share = Field(0.75, description="The ICC a feature needs.")
    bound: Literal["value", "low"] = Field(
        "value", description="What is compared with at_least: the ICC, or the lower end of its interval."
    )
    unknown: Literal["drop", "keep"] = Field("drop", description="What becomes of features the register does not hold.")


class Features(Section):
    """Which columns of the feature tables are features."""

    namespace: Literal["auto", "pyradiomics", "captk", "mirp", "ibsi", "custom"] = Field(
        "auto", description="Whose feature names these are; auto recognises them."
    )
    include: Names = Field((), description="Patterns such as original_*; without them, all that the reader recognises.")
    exclude: Names = Field((), description="Patterns of columns to leave out.")
    reproducibility: Annotated[Reproducibility, Shorthand("file")] | None = Field(
        None, description="Leave features out that do not repeat in other patients."
    )
