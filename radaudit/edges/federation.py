"""The files of a federation: a party's own table in, its summary out; summaries in, effects out; effects and a table in, a table out.

The table comes with its roles, stated by options or by a study file (then the training rows only). A summary is one text file, one
line per feature, to be read by whoever has to allow its leaving; nothing is sent anywhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.digests import canonical, digest, strict_json
from radaudit.edges.canaries import refuse_patients
from radaudit.edges.federation_table import Asked, Rows, read_rows, write_rows
from radaudit.errors import DesignError, PrivacyError, StudyError
from radaudit.harmonise.coding import CovariateCoding
from radaudit.harmonise.combat import SiteEffects, fit_combat
from radaudit.harmonise.disclosure import MINIMUM
from radaudit.harmonise.federation import combine, declared
from radaudit.harmonise.summary import SiteSummary, summarise

if TYPE_CHECKING:
    from radaudit.harmonise.effects import UnseenPolicy

EFFECTS = "radaudit/federated-effects/1"
LARGEST = 1 << 29  # bytes of a file that is read: a summary of 20,000 features takes 10 MB
Levels = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """What combining gave: the effects, and of which summaries (digest, batches, patients)."""

    effects: SiteEffects
    made_from: tuple[tuple[str, tuple[str, ...], int], ...]
    sha256: str


def summarise_file(
    table: Path,
    asked: Asked,
    out: Path,
    *,
    levels: Levels | None = None,
    minimum: int = MINIMUM,
    withhold: bool = False,
    again: bool = False,
) -> SiteSummary:
    """Write the summary of a table to ``out`` and return it.

    Raises TableError as the readers do, StudyError STUDY-060, -062; DesignError as ``measure``; PrivacyError PRIV-001, -060 to -065.
    """
    return _summarised(read_rows(table, asked), out, inputs=(table,), levels=levels, minimum=minimum, withhold=withhold, again=again)


def summarise_study(
    folder: Path, out: Path, *, levels: Levels | None = None, minimum: int | None = None, withhold: bool = False, again: bool = False
) -> SiteSummary:
    """Write the summary of a study's training rows to ``out``: batches, covariates to preserve and the minimum as its study file says."""
    from radaudit.edges.intake import read_study
    from radaudit.edges.study_file import load_study
    from radaudit.splits import hold_out

    plan = load_study(folder / "study.yaml").plan
    whole = read_study(plan, folder).table
    table = whole.take(hold_out(whole, plan.holdout()).training)
    kept = table.take(table.where([batch not in plan.harmonise.keep for batch in table.batches]))
    rows = Rows(
        features=kept.features,
        x=kept.values,
        batch=kept.batches,
        covariates=kept.covariates(plan.harmonise.preserve),
        patients=kept.patients,
    )
    least = max(plan.rules.patients_per_batch, MINIMUM) if minimum is None else minimum
    inputs = (folder / "study.yaml", *(folder / entry.file for entry in plan.tables.features))
    return _summarised(rows, out, inputs=inputs, levels=levels, minimum=least, withhold=withhold, again=again)


def _summarised(
    rows: Rows, out: Path, *, inputs: Sequence[Path], levels: Levels | None, minimum: int, withhold: bool, again: bool
) -> SiteSummary:
    refuse_same(out, inputs)
    given: dict[str, Any] = {name: _as_levels(cells) if name in (levels or {}) else cells for name, cells in rows.covariates.items()}
    coding = declared(CovariateCoding.learn(given, len(rows.batch)), levels or {})
    summary = summarise(
        rows.x, rows.batch, given, features=rows.features, patients=rows.patients, coding=coding, minimum=minimum, withhold=withhold
    )
    data = summary_bytes(summary)
    refuse_patients(rows.patients or (), {out.name: data})
    if not again:
        _refuse_second(out, data)
    _write(out, data)
    return summary


def combine_files(
    summaries: Sequence[Path],
    out: Path,
    *,
    levels: Levels | None = None,
    shared: bool = False,
    parametric: bool = True,
    eb: bool = True,
    mean_only: bool = False,
    reference: str | None = None,
) -> Combined:
    """Add the summaries, fit, and write the effects to ``out``.

    Raises DesignError HARM-060 to -064 and as ``fit_combat``; PrivacyError for a summary below its minimum; StudyError STUDY-062.
    """
    refuse_same(out, summaries)
    read = {path.name if len({p.name for p in summaries}) == len(summaries) else str(path): read_summary(path) for path in summaries}
    if len(read) < len(summaries):
        raise DesignError("HARM-064", "a summary is named twice", fix="give each summary once")
    moments = combine(read, levels=levels, shared=shared)
    effects = fit_combat(moments, parametric=parametric, eb=eb, mean_only=mean_only, reference=reference)
    made_from = tuple(sorted((own.digest, own.moments.batches, sum(own.patients)) for own in read.values()))
    plain = {
        "schema": EFFECTS,
        "made_from": [{"summary_sha256": sha, "batches": list(batches), "patients": people} for sha, batches, people in made_from],
        "effects": effects.document(),
    }
    sealed = {**plain, "sha256": digest(plain)}
    _write(out, canonical(sealed) + b"\n")
    return Combined(effects=effects, made_from=made_from, sha256=str(sealed["sha256"]))


def apply_file(effects: Path, table: Path, asked: Asked, out: Path, *, unseen: UnseenPolicy = "refuse", summary: Path | None = None) -> int:
    """Write ``table`` to ``out`` with the effects of its batches removed row by row, other columns as they are; return the rows.

    Parquet to Parquet goes in record batches. With ``summary`` the effects must have been made from that summary too.
    Raises as ``SiteEffects.apply`` and the readers; DesignError HARM-060, -065; StudyError STUDY-060, -062.
    """
    refuse_same(out, (effects, table))
    fit, made_from = read_effects(effects)
    if summary is not None and read_summary(summary).digest not in made_from:
        raise DesignError(
            "HARM-065", "these effects were not made from your summary", at=effects.name, fix="ask the coordinator which was used"
        )
    own = replace(asked, covariates=fit.coding.names, features=fit.features, exclude=(), categories=_categories(fit))
    if table.suffix.lower() == out.suffix.lower() == ".parquet" and asked.name is None:
        from radaudit.edges.record_batches import Layout
        from radaudit.edges.streaming import apply_parquet

        layout = Layout(batch=asked.batch, features=fit.features, covariates=fit.coding.names)
        return apply_parquet(fit, table, out, layout, unseen=unseen)
    rows = read_rows(table, own)
    result = fit.apply(rows.x, rows.batch, rows.covariates, features=rows.features, unseen=unseen)
    write_rows(rows, result, out)
    return len(result)


def read_summary(path: Path) -> SiteSummary:
    """Return the summary in a file. Raises DesignError HARM-060, PrivacyError for one below its minimum."""
    try:
        return SiteSummary.from_document(_read(path, "a site summary"))
    except (DesignError, PrivacyError) as error:
        error.at = error.at or path.name
        raise


def read_effects(path: Path) -> tuple[SiteEffects, tuple[str, ...]]:
    """Return the effects in a file and the digests of the summaries they were made from. Raises DesignError HARM-060, HARM-018."""
    document = _read(path, "federated effects")
    plain = {key: value for key, value in document.items() if key != "sha256"}
    if document.get("schema") != EFFECTS or document.get("sha256") != digest(plain):
        found = (
            f"schema {str(document.get('schema'))[:60]!r}" if document.get("schema") != EFFECTS else "another digest: the file was altered"
        )
        raise DesignError(
            "HARM-060", "not the effects that combine wrote", at=path.name, found=found, fix="ask the coordinator for the file"
        )
    made_from = tuple(str(one["summary_sha256"]) for one in document["made_from"])
    return SiteEffects.from_document(document["effects"]), made_from


def summary_bytes(summary: SiteSummary) -> bytes:
    """Return the bytes of a summary file: its document, one line per member, batch and feature; every line canonical JSON."""
    document = summary.document()
    members = []
    for key, value in document.items():
        if key != "batches":
            members.append(f"{_text(key)}: {_text(value)}")
            continue
        batches = []
        for one in value:
            head = ", ".join(f"{_text(name)}: {_text(own)}" for name, own in one.items() if name != "cells")
            batches.append("{" + head + ',\n"cells": [\n' + ",\n".join(_text(cell) for cell in one["cells"]) + "\n]}")
        members.append('"batches": [\n' + ",\n".join(batches) + "\n]")
    return ("{\n" + ",\n".join(members) + "\n}\n").encode()


def refuse_same(out: Path, inputs: Sequence[Path]) -> None:
    """Raise StudyError STUDY-062 if the output would replace an input."""
    if out.exists() and any(out.samefile(path) for path in inputs if path.exists()):
        raise StudyError("STUDY-062", "the output would replace what it is made from", at=out.name, fix="-o another file")


def _refuse_second(out: Path, data: bytes) -> None:
    """Raise PrivacyError PRIV-065 if another summary stands there: two that differ in a few patients could be subtracted."""
    if not out.exists() or out.read_bytes() == data:
        return
    raise PrivacyError(
        "PRIV-065",
        "another summary was written here before",
        at=out.name,
        found="the difference of two summaries is the summary of the patients between them",
        fix="if the first never left, --again replaces it; else send no second one",
    )


def _as_levels(cells: Sequence[Any]) -> list[str | None]:
    from radaudit.tables.cells import number_text

    return [None if cell is None or cell != cell else number_text(cell) if isinstance(cell, float) else str(cell) for cell in cells]


def _categories(fit: SiteEffects) -> tuple[str, ...]:
    return tuple(name for name, kind in zip(fit.coding.names, fit.coding.kinds, strict=True) if kind == "category")


def _read(path: Path, what: str) -> dict[str, Any]:
    try:
        if path.stat().st_size > LARGEST:
            raise DesignError("HARM-060", f"{path.name} is too large to be {what}", found=f"{path.stat().st_size >> 20} MiB")
        document = strict_json(path.read_bytes())
    except OSError as error:
        raise DesignError("HARM-060", f"{path.name} cannot be read", found=error.strerror or type(error).__name__) from error
    except ValueError as error:
        raise DesignError("HARM-060", f"{path.name} is not {what}", found=str(error)[:200]) from error
    if not isinstance(document, dict):
        raise DesignError("HARM-060", f"{path.name} is not {what}", found=type(document).__name__)
    return document


def _text(value: object) -> str:
    return canonical(value).decode()


def _write(out: Path, data: bytes) -> None:
    draft = out.with_name(out.name + ".draft")
    try:
        draft.write_bytes(data)
        draft.replace(out)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise StudyError("STUDY-062", "the file cannot be written", at=out.name, found=error.strerror or type(error).__name__) from error
