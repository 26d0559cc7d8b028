"""What is odd about loose tables: the questions of a study that need no outcome, and those that only a first look can ask."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from radaudit.checks.extraction import Extraction, about_extractions, about_settings
from radaudit.codes import answer
from radaudit.edges.joining.extraction import common
from radaudit.edges.joining.patients import one_image, spelt_alike
from radaudit.edges.loose.arguments import duplicated
from radaudit.edges.loose.people import CUT, READER, ROW_NAMES, SURROGATE
from radaudit.errors import listed
from radaudit.findings import Fact, Severity, Verdict
from radaudit.tables.names import identities
from radaudit.tables.shown import counted, few, inert, quoted

if TYPE_CHECKING:
    from radaudit.arrays import Bools
    from radaudit.edges.loose.ingested import Look
    from radaudit.findings import Finding
    from radaudit.tables import FeatureTable

LEAST_ROWS = 5  # with fewer, a constant or a copied column is no surprise
IMAGE = re.compile(r".*\.(?:nii|nii\.gz|nrrd|mha|mhd|dcm|tif|tiff|ome\.tif|png|jpg|npy|hdr|img)", re.IGNORECASE)
REWRITTEN = re.compile(r"(?:[A-Za-z0-9]+_)?(?:wavelet\.[A-Za-z]{3}|log\.sigma\.[0-9.]+mm\.3D|lbp\.[23]D.*)_[A-Za-z0-9]+_.+")
MOSTLY_ZERO = 0.9
COMPARED = ("FEAT-001", "FEAT-007", "FEAT-121", "FEAT-122")


def about_tables(looks: Sequence[Look]) -> Iterator[Finding]:
    """Yield what each table by itself says: odd cells, empty rows, names, the extractor's log, and whose rows they are."""
    for look in looks:
        yield from look.loaded.raw.findings
        yield from _cells(look)
        yield from _rows(look)
        yield from _names(look)
        yield from _people(look)
        if not look.features and look.loaded.raw.rows:
            sentence = f"{inert(look.label)} holds {look.loaded.raw.rows} rows and no measured feature."
            yield answer("READ-085", Verdict.FAILED, sentence, facts={"rows": look.loaded.raw.rows}, scope=look.label)
    pairs = duplicated([source for look in looks for source in look.loaded.sources])
    if pairs:
        sentence = f"{len(pairs)} files hold the same bytes as another one: {few(f'{b} = {a}' for a, b in pairs)}."
        yield answer("READ-083", Verdict.FAILED, sentence, facts={"files": [[a, b] for a, b in pairs[:20]]})


def _cells(look: Look) -> Iterator[Finding]:
    odd = look.measured.odd
    if odd:
        kinds = Counter({kind: count for kind, count in look.measured.cells.items() if any(kind in one.kinds for one in odd.values())})
        rows = {i for one in odd.values() for i in one.places}
        total = sum(look.measured.refused.values())
        sentence = f"{total} cells of {len(odd)} features of {inert(look.label)} are not numbers: {counted(look.measured.refused)}."
        marks = [text for text in look.measured.refused if not any(char.isdigit() for char in text) and len(text) <= 20][:5]
        fix = (
            f"{{file: {inert(look.label)}, missing: [{', '.join(map(quoted, marks))}]}}   # if these texts mean a missing value"
            if marks
            else ""
        )
        places = look.loaded.raw.places
        facts: dict[str, Fact] = {"cells": total, "features": len(odd), "kinds": dict(kinds), "rows": len(rows)}
        local = tuple({"row": places[i]} for i in sorted(rows)[:1000])
        yield answer("READ-080", Verdict.FAILED, sentence, facts=facts, fix=fix, scope=look.label, local=local)


def _rows(look: Look) -> Iterator[Finding]:
    raw = look.loaded.raw
    ghosts = sum(note.count for note in raw.accounting if note.kind == "ghost row")
    if ghosts:
        sentence = f"{ghosts} rows of {inert(look.label)} hold nothing; they are left out."
        yield answer("READ-081", Verdict.FAILED, sentence, facts={"rows": ghosts}, scope=look.label)
    loud = {level: count for level, count in raw.log.items() if level in ("warning", "error", "critical") and count}
    if loud:
        told = listed(f"{count} {level}" for level, count in sorted(loud.items()))
        sentence = f"The log of {raw.reader} inside {inert(look.label)} holds lines of these levels: {told}."
        yield answer("READ-082", Verdict.FAILED, sentence, facts={"lines": dict(loud)}, scope=look.label)


def _names(look: Look) -> Iterator[Finding]:
    names = [name for name in look.loaded.raw.names if name in look.features]
    if look.measured.twice:
        sentence = f"{len(look.measured.twice)} names of {inert(look.label)} stand on several columns: {few(look.measured.twice)}."
        yield answer(
            "FEAT-008", Verdict.FAILED, sentence, facts={"names": len(look.measured.twice)}, scope=look.label, severity=Severity.MAJOR
        )
    folded = Counter(name.casefold() for name in dict.fromkeys(names))
    alike = [name for name in dict.fromkeys(names) if folded[name.casefold()] > 1]
    if alike:
        sentence = f"{len(alike)} feature names of {inert(look.label)} are equal but for case: {few(alike)}."
        yield answer("FEAT-030", Verdict.FAILED, sentence, facts={"names": len(alike)}, scope=look.label, severity=Severity.MAJOR)
    rewritten = [name for name in names if REWRITTEN.fullmatch(name)]
    if rewritten:
        sentence = f"{len(rewritten)} feature names of {inert(look.label)} were rewritten by R: {few(rewritten, most=3)}."
        yield answer("FEAT-083", Verdict.FAILED, sentence, facts={"features": len(rewritten)}, scope=look.label)


def _people(look: Look) -> Iterator[Finding]:
    who, file = look.people, inert(look.label)
    if who.how == SURROGATE and look.features:
        sentence = f"No column of {file} names the patient; each of its {len(who.ids)} rows is counted as one."
        first = inert(look.others[0]) if look.others else "COLUMN"
        fix = f"tables: {{features: [{{file: {file}, id_from: row}}]}}   # if each row is another patient; or id: {first}"
        yield answer("ID-040", Verdict.FAILED, sentence, facts={"rows": len(who.ids)}, fix=fix, scope=look.label)
    elif who.how == CUT:
        sentence = f"The ids of {file} stand in {quoted(who.column)}: {who.evidence}; {len(set(who.ids))} patients in {len(who.ids)} rows."
        unit = inert(who.units[-1] if who.units else who.column)
        fix = f"{{file: {file}, id: {inert(who.column)}, id_pattern: '{who.pattern}', unit: {unit}}}"
        yield answer("ID-041", Verdict.FAILED, sentence, facts={"patients": len(set(who.ids))}, fix=fix, scope=look.label)
    elif who.ids and all(IMAGE.fullmatch(text) for text in who.ids):
        sentence = f"The ids of {file} are names of images, in {quoted(who.column)}."
        fix = f'{{file: {file}, id: {inert(who.column)}, id_pattern: "^[^.]+"}}'
        yield answer("ID-043", Verdict.FAILED, sentence, facts={"patients": len(set(who.ids))}, fix=fix, scope=look.label)
    odd = [text for text in who.odd if who.how in (SURROGATE, CUT, ROW_NAMES) or not text.startswith("unnamed_")]
    if odd and who.how != READER:
        sentence = f"{len(odd)} columns of {file} are called like an id and cannot be one: {few(odd)}."
        yield answer("ID-042", Verdict.FAILED, sentence, facts={"columns": len(odd)}, scope=look.label)


def about_rows(looks: Sequence[Look]) -> Iterator[Finding]:
    """Yield what settings, versions and image hashes of the feature rows say."""
    settings = [row for look in looks for row in (look.loaded.raw.settings or ({},) * look.loaded.raw.rows)]
    places = [place for look in looks for place in look.loaded.raw.places]
    where = [site or file for look in looks for site, file in zip(look.people.sites, look.files, strict=True)]
    images = [image for look in looks for image in (look.loaded.raw.images or ("",) * look.loaded.raw.rows)]
    ids = [text for look in looks for text in look.people.ids]
    yield from about_settings(settings, where)
    yield from one_image(ids, images, places)
    yield from spelt_alike(ids)


def extractions(looks: Sequence[Look]) -> tuple[Extraction, ...]:
    """Return who extracted each table, under which settings, and what its features are."""
    found = []
    for look in looks:
        raw = look.loaded.raw
        features = identities(tuple(look.measured.columns), extractor=raw.reader, settings=common(raw.settings))
        found.append(Extraction(label=look.label, extractor=raw.reader, features=features, settings=raw.settings))
    return tuple(found)


def about_names(extracted: Sequence[Extraction]) -> Iterator[Finding]:
    """Yield what features are, compared between tables: extractors, discretisations, units, names that say nothing."""
    yield from (finding for finding in about_extractions(extracted) if finding.code in COMPARED)


def about_values(table: FeatureTable) -> Iterator[Finding]:
    """Yield what the values say, by feature, row and site; tables of fewer than LEAST_ROWS rows are asked about rows only."""
    from radaudit.checks import decimal_marks, features, patients, sites
    from radaudit.checks.profile import profile
    from radaudit.checks.rules import CheckRules

    rules = CheckRules()
    known = profile(table, rules)
    questions = [patients.duplicated_patients, patients.copied_images, patients.ghost_rows]
    if len(table) >= LEAST_ROWS:
        questions += [
            features.absent_features, features.constant_features, features.copied_features, features.zero_features, features.units_by_site,
            features.far_values, features.still_at_site, features.absent_at_site, features.already_standardised, sites.respelt_sites,
            decimal_marks.lost_decimal_marks,
        ]  # fmt: skip
    for question in questions:
        yield question(table, known, rules)
    if len(table) >= LEAST_ROWS:
        yield from _zeros(table)


def _zeros(table: FeatureTable) -> Iterator[Finding]:
    """Yield FEAT-080 for rows filled with zeros, FEAT-081 for zeros at one site where others have missing values."""
    import numpy as np

    values = np.asarray(table.values)
    zero, absent = values == 0, np.isnan(values)
    lively = (zero.mean(axis=0) < 0.5) & ~absent.all(axis=0)
    if lively.sum() >= 3:
        known = np.maximum((~absent[:, lively]).sum(axis=1), 1)
        filled = np.flatnonzero(zero[:, lively].sum(axis=1) / known >= MOSTLY_ZERO).tolist()
        if filled:
            sentence = (
                f"{len(filled)} rows are zero in at least {MOSTLY_ZERO:.0%} of {int(lively.sum())} features that are not zero elsewhere."
            )
            local = tuple({"patient": table.patients[i], "unit": table.units[i], "site": table.sites[i]} for i in filled)
            yield answer("FEAT-080", Verdict.FAILED, sentence, facts={"rows": len(filled)}, local=local)
    found = _zeros_at_sites(table, zero, absent)
    if found:
        told = listed(f"{site} ({count} features)" for site, count in found.items())
        sentence = f"Where other sites or files have empty cells, and values far from zero, these have zeros: {told}."
        yield answer("FEAT-081", Verdict.FAILED, sentence, facts={"sites": dict(found)}, concerns=tuple(found))


def _zeros_at_sites(table: FeatureTable, zero: Bools, absent: Bools) -> dict[str, int]:
    """Return the sites with zeros and no empty cell in features that have empty cells and no zero at every other site."""
    import numpy as np

    names, both = sorted(set(table.sites)), zero.any(axis=0) & absent.any(axis=0)
    if len(names) < 2 or not both.any():
        return {}
    where, zero, absent = np.array(table.sites), zero[:, both], absent[:, both]
    zeros = np.array([zero[where == site].sum(axis=0) for site in names])
    empty = np.array([absent[where == site].sum(axis=0) for site in names])
    values = np.abs(np.where(absent | zero, np.nan, np.asarray(table.values)[:, both]))
    with np.errstate(all="ignore"):
        floor = np.nanmin(np.where(np.isnan(values), np.inf, values), axis=0)
        middle = np.nanmedian(np.where(np.isnan(values).all(axis=0), 0.0, values), axis=0)
    apart = floor > 0.01 * middle
    found = {}
    for i, site in enumerate(names):
        others = np.arange(len(names)) != i
        odd = (zeros[i] > 0) & (empty[i] == 0) & (zeros[others].sum(axis=0) == 0) & (empty[others].sum(axis=0) > 0) & apart
        if odd.any():
            found[site] = int(odd.sum())
    return found
