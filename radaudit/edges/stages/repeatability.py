"""How far every feature moves when nothing changed: repeatability.yaml to a register of error margins, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.codes import answer
from radaudit.digests import canonical, digest, sha256
from radaudit.edges.inert import inert as inert_cell
from radaudit.edges.repeated_tables import Cube, Opened, cube_of, open_rows, read_pair
from radaudit.edges.workspace import BLOCKED, DONE, Progress, StageResult, silent
from radaudit.errors import StudyError, listed, nearest
from radaudit.findings import Finding, Verdict
from radaudit.study.lines import table_lines, wrapped
from radaudit.tables.names import identities
from radaudit.tables.shown import few, inert

if TYPE_CHECKING:
    from radaudit.arrays import Bools
    from radaudit.measures.register import Agreement, Register
    from radaudit.study.repeatability import RepeatabilityPlan, Score, Variant

PLAN_FILE = "repeatability.yaml"
RECORD = "out/repeatability.json"
TABLE = "out/repeatability.csv"
SCHEMA = "radaudit/repeatability-register/1"
FEW_TARGETS = 35  # subjects a claim on repeatability asks for (QIBA; Obuchowski and Bullen, Stat Methods Med Res 2018)
ONLY_MASK = ("shape",)  # families that read the mask only: a bin width cannot touch them
COLUMNS = ("icc", "low", "high", "wsd", "wcv", "rc", "rc_low", "rc_high", "rdc", "bias", "loa_low", "loa_high")


def repeatability(file: Path, progress: Progress = silent) -> StageResult:
    """Return what the tables of a plan say; writes the register beside the plan, into ``out/``.

    Raises StudyError as the reading of plans does, TableError as ``open_rows`` and ``cube_of`` do.
    """
    from radaudit.measures.register import register

    plan, folder = load(file)
    progress("reading tables")
    rows = open_rows(plan, plan.tables, folder)
    findings = [*_about_settings(rows)]
    if any(finding.blocking for finding in findings):
        return StageResult(
            command="repeatability", exit_code=BLOCKED, findings=tuple(findings), text=(f"{plan.study}: nothing is computed",)
        )
    cube = cube_of(plan, rows)
    findings += _about_people(cube, plan)
    own = register(cube.values, plan.icc)
    families = [identity.family or "other" for identity in identities(cube.features, extractor=rows.extractor, settings=rows.shared())]
    variants = [_variant(plan, variant, folder) for variant in plan.variants]
    findings += [finding for _, found in variants for finding in found]
    score = None if plan.score is None else _score(plan.score, cube, plan)
    document = {
        "schema": SCHEMA,
        "study": plan.study,
        "plan_sha256": plan.digest,
        "kind": plan.kind,
        "form": plan.form,
        "at_least": plan.at_least,
        "bound": plan.bound,
        "extractor": rows.extractor,
        "settings": rows.shared(),
        "patients": len(set(cube.patients)),
        "targets": own.targets,
        "readings": own.readings,
        "unpaired": cube.unpaired,
        "files": [{"file": name, "sha256": mark} for name, mark in rows.files],
        "features": list(_rows(cube, own, families, plan)),
        "incomplete": list(cube.incomplete),
        "variants": [part for part, _ in variants],
        "score": score,
    }
    outputs = _written(folder, document)
    return StageResult(
        command="repeatability",
        exit_code=DONE,
        findings=tuple(findings),
        outputs=outputs,
        text=tuple(_lines(plan, cube, own, families, document)),
        details={"register": digest(document), "patients": document["patients"], "targets": own.targets, "readings": own.readings},
    )


def load(file: Path) -> tuple[RepeatabilityPlan, Path]:
    """Return the plan in a file, or in ``repeatability.yaml`` of a folder, and the folder its paths are relative to."""
    from radaudit.edges.study_file import read_document
    from radaudit.study.repeatability import read_repeatability

    path = file / PLAN_FILE if file.is_dir() else file
    document, source = read_document(path)
    return read_repeatability(document, source), path.parent


def _about_settings(rows: Opened) -> Iterator[Finding]:
    differing = rows.differing()
    mixed = {key: values for key, values in differing.items() if key != "version"}
    for key, values in mixed.items():
        yield answer(
            "FEAT-004",
            Verdict.FAILED,
            f"{key} is {listed([inert(value) for value in values])} in the tables of one repeatability study.",
            facts={"setting": key, "values": list(map(inert, values))},
            fix="tables: [...]   # one setting; give the others under variants: {name: ..., first: ..., second: ...}",
            scope=key,
        )
    if "version" in differing:
        shown = listed([inert(value) for value in differing["version"]])
        yield answer("FEAT-033", Verdict.FAILED, f"The extractor's version is {shown}.", scope="version")
    if not any(rows.settings):
        yield answer(
            "FEAT-004", Verdict.NOT_RUN, "The tables do not say how features were extracted.", facts={"needs": "extraction settings"}
        )
    elif not mixed:
        yield answer("FEAT-004", Verdict.PASSED, "All rows were extracted under the same settings.")


def _about_people(cube: Cube, plan: RepeatabilityPlan) -> Iterator[Finding]:
    n, people = len(cube.values), len(set(cube.patients))
    yield answer(
        "SIZE-160",
        Verdict.FAILED if people < FEW_TARGETS else Verdict.PASSED,
        f"{n} regions of {people} patients were read {cube.values.shape[1]} times; a claim asks for {FEW_TARGETS} patients.",
        facts={"patients": people, "targets": n, "limit": FEW_TARGETS},
    )
    if plan.kind == "phantom":
        yield answer("SIZE-161", Verdict.FAILED, "The readings are of a phantom.", facts={"kind": plan.kind})
    if n > people:
        yield answer(
            "SIZE-162",
            Verdict.FAILED,
            f"{n} regions come from {people} patients, so that intervals are too narrow: regions of one patient go together.",
            facts={"targets": n, "patients": people},
        )
    if cube.unpaired:
        yield answer(
            "SIZE-163",
            Verdict.FAILED,
            f"{cube.unpaired} regions were read fewer than {cube.values.shape[1]} times and are left out.",
            facts={"unpaired": cube.unpaired},
        )
    if cube.incomplete:
        yield answer(
            "FEAT-180",
            Verdict.FAILED,
            f"{len(cube.incomplete)} features have missing cells and are left out: {few(cube.incomplete)}.",
            facts={"features": len(cube.incomplete)},
        )


def _variant(plan: RepeatabilityPlan, variant: Variant, folder: Path) -> tuple[dict[str, Any], list[Finding]]:
    import numpy as np

    from radaudit.measures.register import agreement

    a, b = read_pair(plan, variant.first, variant.second, folder)
    whole: Bools = np.logical_and.reduce(np.isfinite(a.values) & np.isfinite(b.values), axis=0)
    names = [name for name, here in zip(a.features, whole.tolist(), strict=True) if here]
    found = agreement(a.values[:, whole], b.values[:, whole])
    families = [identity.family or "other" for identity in identities(names, extractor=a.extractor)]
    keys = sorted({key for row in (*a.settings, *b.settings) for key in row})
    stated = {key: [inert(_one(part.settings, key)) for part in (a, b)] for key in keys}
    differing = {key: pair for key, pair in stated.items() if pair[0] != pair[1]}
    document = {
        "name": variant.name,
        "readings": len(a.values),
        "settings": differing,
        "families": [_family(family, families, found) for family in sorted(set(families))],
        "features": [
            {"name": name, "same": bool(same), "ccc": _plain(ccc), "rank": _plain(rank), "ratio": _plain(ratio)}
            for name, same, ccc, rank, ratio in zip(names, found.same, found.ccc, found.rank, found.ratio, strict=True)
        ],
    }
    moved = [name for j, name in enumerate(names) if families[j] in ONLY_MASK and not found.same[j]]
    any_mask = any(family in ONLY_MASK for family in families)
    verdict = Verdict.FAILED if moved else Verdict.PASSED if any_mask else Verdict.NOT_APPLICABLE
    sentence = (
        f"{len(moved)} shape features differ between the two tables of {inert(variant.name)}: {few(moved)}."
        if moved
        else f"Shape features are the same in both tables of {inert(variant.name)}."
        if any_mask
        else f"There are no shape features in {inert(variant.name)}."
    )
    return document, [answer("FEAT-181", verdict, sentence, facts={"features": len(moved)}, scope=variant.name)]


def _one(rows: Sequence[Mapping[str, str]], key: str) -> str:
    values = sorted({row.get(key, "not stated") for row in rows})
    return values[0] if len(values) == 1 else "mixed"


def _family(family: str, families: Sequence[str], found: Agreement) -> dict[str, Any]:
    import numpy as np

    at = np.array([own == family for own in families])
    return {
        "family": family,
        "features": int(at.sum()),
        "same": int(found.same[at].sum()),
        "median_ccc": _plain(_median(found.ccc[at])),
        "median_rank": _plain(_median(found.rank[at])),
    }


def _median(values: Any) -> float:
    import numpy as np

    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else math.nan


def _score(score: Score, cube: Cube, plan: RepeatabilityPlan) -> dict[str, Any]:
    """Return the reliability of a linear score, and how many regions its error may move over the cut-off."""
    import numpy as np

    from radaudit.measures.reliability import icc
    from radaudit.measures.repeatability import reclassified, repeatability_claim, repeatability_coefficient, score_within_sd, within_sd

    lost = [name for name in score.coefficients if name not in cube.features]
    if lost:
        near = nearest(lost[0], cube.features)
        raise StudyError(
            "STUDY-172",
            f"{len(lost)} features of the score are not in the tables: {few(lost)}",
            at="score.coefficients",
            near=near and inert(near),
            fix=f"{inert(near) if near else 'NAME'}: {score.coefficients[lost[0]]:g}",
        )
    at = [cube.features.index(name) for name in score.coefficients]
    weights = np.array(list(score.coefficients.values()))
    values = score.intercept + cube.values[:, :, at] @ weights
    spread = score_within_sd(cube.values[:, :, at], weights)
    coefficient = repeatability_coefficient(values)
    people = replace(coefficient, patients=len(set(cube.patients)))
    found: dict[str, Any] = {
        "name": score.name,
        "icc": icc(values, plan.icc).document(),
        "wsd": within_sd(values).document(),
        "rc": coefficient.document(),
        "wsd_from_features": spread,
        "claim": repeatability_claim(score.name, people),
        "threshold": score.threshold,
        "expected_reclassified": None,
        "observed_reclassified": None,
    }
    if score.threshold is not None:
        sides = values > score.threshold
        found["expected_reclassified"] = float(reclassified(values.mean(axis=1), score.threshold, spread).mean())
        found["observed_reclassified"] = float((sides != sides[:, :1]).any(axis=1).mean())
    return found


def _plain(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _rows(cube: Cube, own: Register, families: Sequence[str], plan: RepeatabilityPlan) -> Iterator[dict[str, Any]]:
    kept = own.reach(plan.at_least, plan.bound).tolist()
    columns = {name: getattr(own, name).tolist() for name in COLUMNS}
    for j, (name, family) in enumerate(zip(cube.features, families, strict=True)):
        yield {"name": name, "family": family, "kept": kept[j], **{key: _plain(values[j]) for key, values in columns.items()}}


def _written(folder: Path, document: dict[str, Any]) -> dict[str, str]:
    target = folder / RECORD
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("feature", "family", "kept", *COLUMNS))
    for row in document["features"]:
        numbers = ["" if row[key] is None else repr(row[key]) for key in COLUMNS]
        writer.writerow([inert_cell(row["name"]), row["family"], "yes" if row["kept"] else "no", *numbers])
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(canonical(document))
        (folder / TABLE).write_text(stream.getvalue(), encoding="utf-8")
    except OSError as error:
        raise StudyError("STUDY-062", "the register cannot be written", at=RECORD, found=error.strerror or type(error).__name__) from error
    return {"register": RECORD, "table": TABLE}


def _lines(plan: RepeatabilityPlan, cube: Cube, own: Register, families: Sequence[str], document: Mapping[str, Any]) -> Iterator[str]:
    import numpy as np

    n, k, p = cube.values.shape
    program = document["extractor"] or "several extractors"
    yield f"{plan.study}: {n} regions of {document['patients']} patients, {k} readings each, {p} features ({program})"
    yield ""
    kept = own.reach(plan.at_least, plan.bound)
    rows = []
    for family in sorted(set(families)):
        at = np.array([one == family for one in families])
        shares = _median(own.wcv[at])
        rows.append(
            (
                family,
                int(at.sum()),
                int(kept[at].sum()),
                f"{_median(own.icc[at]):.2f}",
                "-" if math.isnan(shares) else f"{100 * shares:.0f}%",
            )
        )
    what = f"{plan.form} {'low ' if plan.bound == 'low' else ''}>= {plan.at_least:g}"
    yield from table_lines(("family", "features", what, "median ICC", "median wCV"), rows)
    yield ""
    yield from wrapped(f"{int(kept.sum())} of {len(cube.features)} features reach {what}.")
    for part in document["variants"]:
        changed = ", ".join(f"{key} {pair[0]} and {pair[1]}" for key, pair in part["settings"].items())
        yield ""
        yield from wrapped(
            f"{inert(part['name'])}: the same {part['readings']} readings twice ({changed or 'no setting that is stated differs'})"
        )
        yield from table_lines(
            ("family", "features", "same", "median CCC", "median rank r"),
            [(row["family"], row["features"], row["same"], _two(row["median_ccc"]), _two(row["median_rank"])) for row in part["families"]],
        )
    if document["score"] is not None:
        yield ""
        yield from _score_lines(document["score"])
    yield ""
    yield f"register  {RECORD}  sha256 {sha256(canonical(document))[:12]}"
    yield f"table     {TABLE}"


def _two(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _score_lines(score: Mapping[str, Any]) -> Iterator[str]:
    icc = score["icc"]
    low, high = icc["low"], icc["high"]
    interval = "" if low is None else f" ({low:.2f} to {high:.2f})"
    yield from wrapped(f"score {inert(score['name'])}: ICC {_two(icc['value'])}{interval}")
    yield from wrapped(score["claim"])
    if score["threshold"] is not None:
        expected, observed = score["expected_reclassified"], score["observed_reclassified"]
        yield from wrapped(
            f"At the cut-off {score['threshold']:g}, {100 * expected:.0f}% of regions are expected on the other side at a second reading "
            f"({100 * observed:.0f}% were)."
        )
