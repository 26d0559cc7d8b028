"""Onboard a new site from patients without outcomes: parameters appended to a child of the locked signature, or why not."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.digests import digest, strict_json
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.registry import read_table
from radaudit.edges.scoring import TableOptions, load_signature, rows_of
from radaudit.edges.stages.run import EFFECTS
from radaudit.edges.workspace import BLOCKED, DONE, STUDY_FILE, StageResult, Workspace
from radaudit.errors import SignatureError, StudyError, TableError, listed, nearest
from radaudit.ledger import Step
from radaudit.signature import Scorer, signature_bytes
from radaudit.signature.append import appended
from radaudit.signature.scorer import REFUSED
from radaudit.study.lines import wrapped

if TYPE_CHECKING:
    from radaudit.harmonise.effects import SiteEffects
    from radaudit.harmonise.onboarding import Onboarding
    from radaudit.signature.scorer import Row

UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """Rows of the new site: what the signature asks of them, their patients, and how many rows of other batches were left out."""

    rows: tuple[Row, ...]
    patients: tuple[str, ...]
    places: tuple[int, ...]
    others: int


def site_add(
    folder: Path, site: str, table: Path, *, signature: Path | None = None, minimum: int = 20, options: TableOptions | None = None
) -> StageResult:
    """Write ``signature+SITE.json`` beside the signature if the gate opens; exit 1 with the reason if it does not.

    Only the columns the signature asks for, those of other features of the fit, the batch and the patient are looked at; outcomes never.
    Raises SignatureError SITE-083 (batch columns), SITE-085 (rows that do not fit), SCORE-010, -011; TableError SITE-082 (no row of the
    site), StudyError SITE-086 (effects of another run), DesignError SITE-080, -081, -084 and what ``onboard`` raises.
    """
    options = options or TableOptions()
    path = signature or folder / "out" / "signature.json"
    document = load_signature(path)
    effects = _effects(folder / "out" / EFFECTS, document)
    raw = _read(table, options)
    arrived = _arrived(document, raw, site, options)
    _refuse_misfits(document, site, arrived)
    found = _onboarded(effects, document, raw, arrived, site, minimum, options)
    own = found.effects.only(_features(document))
    lines = [*_head(document, site, found, arrived), *(_correction_lines(own, document) if found.applied else ())]
    details: dict[str, Any] = {"onboarding": found.document(), "parent_sha256": document["sha256"], "rows_of_other_batches": arrived.others}
    if not found.applied:
        _note(folder, document, None, found, arrived)
        lines.append(f"nothing was written: rows of {site} stay refused or as they are, as the signature says of unseen batches")
        return StageResult(command="site add", exit_code=BLOCKED, text=tuple(lines), details=details)
    child = appended(document, site, own.gamma[-1].tolist(), own.delta[-1].tolist(), found.patients)
    out = path.with_name(f"{path.stem}+{UNSAFE.sub('_', site)}.json")
    _write(out, signature_bytes(child))
    _note(folder, document, child, found, arrived)
    lines += [
        f"written   {out.name}   sha256 {child['sha256'][:8]}   parent {document['sha256'][:8]}",
        f"          coefficients, threshold and all other batches unchanged; {len(child['test_vectors'])} test vectors of its own",
        f"          scores of {site} are an annex to the registered signature",
    ]
    return StageResult(
        command="site add",
        exit_code=DONE,
        outputs={"signature": out.name},
        text=tuple(lines),
        details={**details, "sha256": child["sha256"]},
    )


def _features(document: Mapping[str, Any]) -> list[str]:
    return [str(item["name"]) for item in document["inputs"] if item["kind"] == "feature"]


def _effects(path: Path, document: Mapping[str, Any]) -> SiteEffects:
    """Return the frozen effects the signature was locked with. Raises StudyError SITE-086."""
    from radaudit.harmonise.effects import SiteEffects

    fix = "run this where the signature was locked; radaudit run writes out/effects.json"
    step = next((step for step in document["steps"] if step["op"] == "combat"), None)
    if step is None:
        raise StudyError("SITE-086", "the signature harmonises nothing: there is no batch to add", fix="score the rows as they are")
    try:
        held = strict_json(path.read_bytes()).get("effects")
    except (OSError, ValueError, AttributeError) as error:
        raise StudyError("SITE-086", f"{path.name} cannot be read", found=type(error).__name__, fix=fix) from error
    if not isinstance(held, dict):
        raise StudyError("SITE-086", f"{path.name} holds no site effects", fix=fix)
    effects = SiteEffects.from_document(held)
    names = _features(document)
    absent = [name for name in names if name not in effects.features]
    if not absent:
        own = effects.only(names)
        same = [own.grand_mean.tolist() == step["grand_mean"], own.pooled_sd.tolist() == step["pooled_sd"]]
        same.append(own.coefficients.tolist() == step["coefficients"])
        for b, batch in enumerate(own.batches):
            held_site = step["sites"].get(batch, {})
            same.append(held_site.get("gamma") == own.gamma[b].tolist() and held_site.get("delta") == own.delta[b].tolist())
        if all(same):
            return effects
    raise StudyError("SITE-086", f"{path.name} is not of the run that was locked", found=listed(absent) or "other numbers", fix=fix)


def _read(table: Path, options: TableOptions) -> RawTable:
    if not table.is_file():
        raise TableError("READ-036", f"there is no file {table.name}", fix="name the table of the new site's patients")
    asked = ReadOptions(
        label=table.name, sheet=options.sheet, delimiter=options.delimiter, decimal=options.decimal, encoding=options.encoding
    )
    return read_table(table, asked, reader=options.reader)


def _arrived(document: Mapping[str, Any], raw: RawTable, site: str, options: TableOptions) -> Arrived:
    batch = document["batch"]
    absent = [name for name in batch["columns"] if not raw.has(name)]
    if absent:
        raise SignatureError(
            "SITE-083",
            f"the table lacks the column(s) that name the batch: {listed(absent)}",
            at=raw.label,
            found=listed(raw.names, most=20),
            near=nearest(absent[0], raw.names),
            fix="give the table the batch columns of the signature: scoring asks for them too",
        )
    rows = rows_of(document, raw, options)
    merged = {old: new for new, olds in batch["merge"].items() for old in olds}
    names = [_batch_name(row, batch, merged) for row in rows]
    places = tuple(i for i, name in enumerate(names) if name == site)
    if not places:
        there = sorted({name for name in names if name})
        raise TableError(
            "SITE-082", f'no row of the table is of batch "{site}"', at=raw.label, found=listed(there, most=9), near=nearest(site, there)
        )
    subject = options.subject or str(document["columns"]["subject"])
    if not raw.has(subject):
        near = nearest(subject, raw.names)
        raise SignatureError(
            "SCORE-013", f'the table has no column "{subject}" that names the patients', at=raw.label, near=near, fix="--subject COLUMN"
        )
    people = [text.strip() for text in raw.column(subject).as_texts()]
    empty = sum(1 for i in places if not people[i])
    if empty:
        raise TableError("SITE-085", f"{empty} row(s) of {site} name no patient", at=raw.label, fix="complete the column of patients")
    return Arrived(
        rows=tuple(rows[i] for i in places),
        patients=tuple(people[i] for i in places),
        places=places,
        others=len(rows) - len(places),
    )


def _batch_name(row: Row, batch: Mapping[str, Any], merged: Mapping[str, str]) -> str:
    parts = [row.get(name) for name in batch["columns"]]
    if any(part is None for part in parts):
        return ""
    joined = str(batch["separator"]).join(str(part) for part in parts)
    return merged.get(joined, joined)


def _refuse_misfits(document: Mapping[str, Any], site: str, arrived: Arrived) -> None:
    """Refuse rows that the signature would refuse to score even if it knew the site. Raises SignatureError SITE-085."""
    if site in document["batch"]["known"]:
        return
    features = len(_features(document))
    as_it_is = appended(document, site, [0.0] * features, [1.0] * features, 0)
    answers = Scorer(as_it_is).score(arrived.rows)
    refused = [answer for answer in answers if answer.status == REFUSED]
    if refused:
        reasons = sorted({answer.reason for answer in refused})
        raise SignatureError(
            "SITE-085",
            f"{len(refused)} of {len(answers)} rows of {site} do not fit the signature",
            found=listed(reasons, most=3),
            fix="extract with the settings of the signature, complete the rows, or leave them out",
        )


def _onboarded(
    effects: SiteEffects,
    document: Mapping[str, Any],
    raw: RawTable,
    arrived: Arrived,
    site: str,
    minimum: int,
    options: TableOptions,
) -> Onboarding:
    """Judge on every feature of the fit that the table has in numbers; the signature's own are always among them."""
    import numpy as np

    from radaudit.harmonise.onboarding import onboard
    from radaudit.tables.cells import numbers

    own = {str(item["name"]): item for item in document["inputs"] if item["kind"] == "feature"}
    columns: dict[str, list[float]] = {}
    for name in effects.features:
        if name in own:
            spelled = next(spelling for spelling in (name, *own[name]["aliases"]) if raw.has(spelling))
        elif raw.has(name):
            spelled = name
        else:
            continue
        texts = raw.column(spelled).as_texts()
        found = numbers([texts[i] for i in arrived.places], decimal=options.decimal, missing=options.missing)
        if name in own or (not found.places and bool(np.isfinite(found.values).any())):
            columns[name] = [value if math.isfinite(value) else math.nan for value in found.values.tolist()]
    covariates: dict[str, list[Any]] = {}
    for name, kind in zip(effects.coding.names, effects.coding.kinds, strict=True):
        item = next(item for item in document["inputs"] if item["kind"] == "covariate" and item["name"] == name)
        cells = [next((row[key] for key in (name, *item["aliases"]) if key in row), None) for row in arrived.rows]
        covariates[name] = [str(cell) if kind == "category" else float(str(cell)) for cell in cells]
    x = np.array(list(columns.values()), dtype=np.float64).T
    return onboard(effects, x, arrived.patients, covariates, name=site, features=tuple(columns), minimum=minimum)


def _head(document: Mapping[str, Any], site: str, found: Onboarding, arrived: Arrived) -> list[str]:
    left = f"; {arrived.others} rows of other batches left out" if arrived.others else ""
    return [
        f"site      {site}: {found.patients} patients, {len(arrived.rows)} rows{left}; no outcome was read",
        f"          new to {document['name']} {document['version']}  {document['sha256'][:8]}",
        f"          {found.method}, judged on {found.judged} features" + ("; prior widened" if found.widened else ""),
        *wrapped(found.reason, first="gate      "),
    ]


def _correction_lines(own: SiteEffects, document: Mapping[str, Any]) -> list[str]:
    """Return the correction of each feature with its posterior SD, and what its uncertainty means for the score."""
    gamma, delta, sd = own.gamma[-1].tolist(), own.delta[-1].tolist(), own.gamma_sd[-1].tolist()
    shown = [
        f"  {name}  shift {g:+.2f} SD (SD {s:.2f}), spread x {math.sqrt(d):.2f}"
        for name, g, s, d in zip(own.features, gamma, sd, delta, strict=True)
    ]
    more = [f"  ... {len(shown) - SHOWN} more"] if len(shown) > SHOWN else []
    return [
        "correct   subtracted per feature, in pooled SDs of training, with posterior SD",
        *shown[:SHOWN],
        *more,
        f"          uncertainty of the score from it: SD {score_sd(own, document):.2f} (logit), the same for all patients of the site",
    ]


def score_sd(own: SiteEffects, document: Mapping[str, Any]) -> float:
    """Return the posterior SD of the linear predictor from that of the corrections, features taken as independent."""
    by_op = {step["op"]: step for step in document["steps"]}
    parts = zip(
        by_op["linear"]["coef"],
        by_op["standardise"]["sd"],
        own.pooled_sd.tolist(),
        own.gamma_sd[-1].tolist(),
        own.delta[-1].tolist(),
        strict=True,
    )
    return math.sqrt(sum((coef / sd * sigma * uncertain) ** 2 / delta for coef, sd, sigma, uncertain, delta in parts))


def _note(folder: Path, parent: Mapping[str, Any], child: Mapping[str, Any] | None, found: Onboarding, arrived: Arrived) -> None:
    """Note what was done in the record of the study, if the folder is one; no patient, no cell."""
    if not (folder / STUDY_FILE).is_file():
        return
    facts: dict[str, Any] = {
        "site": found.name,
        "patients": found.patients,
        "rows": len(arrived.rows),
        "applied": found.applied,
        "rms_effect": found.rms_effect,
        "rms_after": found.rms_after,
    }
    made = {} if child is None else {"signature": str(child["sha256"])}
    used = {"signature": str(parent["sha256"]), "onboarding": digest(found.document() | {"gain_low": str(found.gain_low)})}
    Workspace.at(folder).note(Step(name="site.add", used=used, made=made, facts=facts))


def _write(out: Path, data: bytes) -> None:
    beside = out.with_name(out.name + ".new")
    try:
        beside.write_bytes(data)
        beside.replace(out)
    except OSError as error:
        raise SignatureError("SCORE-013", "the child signature cannot be written", at=out.name, found=error.strerror) from error
