"""Features without repeatability leave before anything is split: a register of error margins, made from other patients, says which.

No outcome is read, and the register is not of the study's patients: to leave features out by it is no leak.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.codes import answer
from radaudit.digests import file_digest, strict_json
from radaudit.edges.joining.extraction import common, extractor
from radaudit.errors import TableError
from radaudit.findings import Verdict
from radaudit.tables.intake import Accounted, Source
from radaudit.tables.shown import few, inert, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from radaudit.edges.joining.opened import Opened
    from radaudit.edges.joining.pool import Pool
    from radaudit.findings import Finding
    from radaudit.study.plan import Plan

REGISTER = "radaudit/repeatability-register/1"
BINS = 20  # of the ICC between 0 and 1; what lies below 0 falls into the first
NOT_COMPARED = frozenset({"version", "imageTypes", "sigma"})


def repeatable(
    plan: Plan, folder: Path, pool: Pool, features: Sequence[Opened]
) -> tuple[Pool, tuple[Source, ...], list[Accounted], list[Finding]]:
    """Return the pool without features whose ICC is too low or unknown, the register as a source, the account, and findings.

    Raises TableError READ-042 (no register), READ-164 (not a register), FEAT-182 (no feature is left).
    """
    asked = plan.features.reproducibility
    if asked is None:
        return pool, (), [], []
    path = folder / asked.file
    document = _register(path, asked.file)
    known = {str(row["name"]): row for row in document["features"]}
    own = "icc" if asked.bound == "value" else "low"
    low = [name for name in pool.names if name in known and not (known[name][own] is not None and known[name][own] >= asked.at_least)]
    strange = [name for name in pool.names if name not in known]
    gone = set(low) | (set(strange) if asked.unknown == "drop" else set())
    kept = [j for j, name in enumerate(pool.names) if name not in gone]
    what = f"{document['form']} {'(lower bound) ' if asked.bound == 'low' else ''}of {asked.at_least:g}"
    if not kept:
        raise TableError(
            "FEAT-182",
            f"no feature reaches {what}",
            at="features.reproducibility",
            found=f"{len(low)} below, {len(strange)} not in {asked.file}: {few(strange, most=3)}",
            fix="features: {reproducibility: {file: ..., at_least: 0.5}}   # or a register of these features",
        )
    accounts = [Accounted(file=asked.file, column=name, kind="ignored column", what=f"below {what}", count=len(pool.ids)) for name in low]
    if asked.unknown == "drop":
        accounts += [
            Accounted(file=asked.file, column=name, kind="ignored column", what="not in the register", count=len(pool.ids))
            for name in strange
        ]
    iccs = [row["icc"] for name in pool.names if (row := known.get(name)) is not None and row["icc"] is not None]
    facts: dict[str, Any] = {
        "register": file_digest(path),
        "form": document["form"],
        "bound": asked.bound,
        "at_least": asked.at_least,
        "patients": document["patients"],
        "targets": document["targets"],
        "readings": document["readings"],
        "kept": len(kept),
        "low": len(low),
        "unknown": len(strange),
        "histogram": _histogram(iccs),
    }
    tail = f"; {len(strange)} are not in the register and {'left out too' if asked.unknown == 'drop' else 'stay'}" if strange else ""
    findings = [
        answer(
            "FEAT-183",
            Verdict.PASSED,
            f"{len(kept)} of {len(pool.names)} features stay; {len(low)} do not reach {what} in {document['patients']} patients{tail}.",
            facts=facts,
        ),
        *_about_register(document, pool, features),
    ]
    source = Source(
        file=asked.file,
        role="reproducibility",
        sha256=facts["register"],
        bytes=path.stat().st_size,
        rows=len(known),
        columns=0,
        reader="register",
        dialect={},
    )
    fewer = replace(pool, names=[pool.names[j] for j in kept], values=pool.values[:, kept])
    return fewer, (source,), accounts, findings


def _about_register(document: Mapping[str, Any], pool: Pool, features: Sequence[Opened]) -> list[Finding]:
    found = []
    if document["kind"] == "phantom":
        found.append(answer("SIZE-161", Verdict.FAILED, "The register of repeatability is of a phantom.", facts={"kind": "phantom"}))
    shared, stated = common(pool.settings), document["settings"]
    mine, theirs = extractor(features), str(document["extractor"])
    differing = {
        key: [inert(str(stated[key])), inert(str(shared[key]))]
        for key in sorted(set(shared) & set(stated) - NOT_COMPARED)
        if stated[key] != shared[key]
    }
    if mine and theirs and mine != theirs:
        differing["extractor"] = [theirs, mine]
    if differing:
        shown = "; ".join(f"{key} {' there, '.join(pair)} here" for key, pair in differing.items())
        found.append(
            answer(
                "FEAT-184",
                Verdict.FAILED,
                f"The register was made under other settings: {shown}.",
                facts={"settings": {key: list(pair) for key, pair in differing.items()}},
            )
        )
    elif shared and stated:
        found.append(
            answer("FEAT-184", Verdict.PASSED, "The register was made under the settings of the study, as far as both state them.")
        )
    else:
        found.append(
            answer("FEAT-184", Verdict.NOT_RUN, "The register or the tables do not state settings.", facts={"needs": "extraction settings"})
        )
    return found


def _histogram(iccs: Sequence[float]) -> list[int]:
    counts = [0] * BINS
    for value in iccs:
        counts[min(max(int(value * BINS), 0), BINS - 1)] += 1
    return counts


def _register(path: Path, label: str) -> Mapping[str, Any]:
    if not path.is_file():
        raise TableError(
            "READ-042",
            f"there is no file {quoted(label)}",
            at="features.reproducibility",
            fix="radaudit repeatability FILE.yaml   # writes out/repeatability.json",
        )
    try:
        document = strict_json(path.read_bytes())
        if document["schema"] != REGISTER:
            raise ValueError(f"schema {document['schema']}")
        rows = [(row["name"], row["icc"], row["low"]) for row in document["features"]]
        facts = [document[key] for key in ("form", "kind", "extractor", "settings", "patients", "targets", "readings")]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise TableError(
            "READ-164",
            f"{quoted(label)} is not a register of repeatability",
            at="features.reproducibility",
            found=f"{type(problem).__name__}: {inert(str(problem))}",
            fix="radaudit repeatability FILE.yaml   # writes out/repeatability.json",
        ) from None
    del rows, facts
    found: Mapping[str, Any] = document
    return found
