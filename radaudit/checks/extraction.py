"""How features were extracted: settings, versions, extractors, units and names, compared between tables and between sites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from radaudit.checks.columns import mixed_discretisations
from radaudit.codes import answer
from radaudit.findings import Severity, Verdict
from radaudit.tables.names import ANONYMOUS, FeatureIdentity
from radaudit.tables.shown import few, inert

if TYPE_CHECKING:
    from radaudit.findings import Fact, Finding

VERSION = "version"
NOT_COMPARED = frozenset({VERSION, "imageTypes", "sigma"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """The features of one table: who extracted them, under which settings (one mapping per row, empty if none is stated), what each is."""

    label: str
    extractor: str
    features: tuple[FeatureIdentity, ...]
    settings: tuple[Mapping[str, str], ...] = ()

    @property
    def quantities(self) -> frozenset[str]:
        """The IBSI codes of features of the original image."""
        return frozenset(one.ibsi for one in self.features if one.ibsi and one.filter in ("", "original"))


def about_settings(settings: Sequence[Mapping[str, str]], where: Sequence[str], sites: Sequence[str | None] = ()) -> Iterator[Finding]:
    """Yield FEAT-004 for settings that differ between rows, FEAT-033 for several versions of the extractor; NOT_RUN if none is stated.

    ``where`` says where each row is from: its site, or its file. ``sites``, where they are known, are what a finding concerns if most other
    sites do it differently.
    """
    stated = [i for i, row in enumerate(settings) if row]
    if not stated:
        yield answer(
            "FEAT-004", Verdict.NOT_RUN, "The tables do not say how features were extracted.", facts={"needs": "extraction settings"}
        )
        yield answer("FEAT-033", Verdict.NOT_RUN, "The tables do not say by which version.", facts={"needs": "extractor version"})
        return
    differing = set()
    for key in sorted({key for i in stated for key in settings[i]} - (NOT_COMPARED - {VERSION})):
        found: dict[str, list[str]] = {}
        for i in stated:
            found.setdefault(settings[i].get(key, "not stated"), []).append(where[i])
        if len(found) < 2:
            continue
        most = sorted(found, key=lambda value: (-len(found[value]), value))
        shown = ", ".join(f"{inert(value)} at {few(sorted(set(found[value])), most=3)} ({len(found[value])} rows)" for value in most)
        facts: dict[str, Fact] = {"setting": key, "values": {inert(value): len(found[value]) for value in most}}
        code = "FEAT-033" if key == VERSION else "FEAT-004"
        differing.add(code)
        other = sorted({site for value in most[1:] for site in found[value]} & {site for site in sites if site})
        yield answer(code, Verdict.FAILED, f"{key} is {shown}.", facts=facts, scope=key, concerns=other)
    for code, what in (("FEAT-004", "settings"), ("FEAT-033", "version of the extractor")):
        if code not in differing:
            yield answer(code, Verdict.PASSED, f"All {len(stated)} rows that state it have the same {what}.")


def about_extractions(extractions: Sequence[Extraction]) -> list[Finding]:
    """Return what there is to say about tables that are looked at together; every question is answered, also with yes."""
    rows = [(row, one.label) for one in extractions for row in one.settings]
    found = list(about_settings([row for row, _ in rows], [label for _, label in rows]))
    found += [_extractors(extractions), _discretisations(extractions), *_units(extractions), _anonymous(extractions), _unknown(extractions)]
    found.append(_deviations(extractions))
    return found


def about_declared(declared: Mapping[str, str], extractions: Sequence[Extraction]) -> Finding:
    """Return FEAT-125: whether the rows that state a setting were extracted as declared; NOT_RUN if none states any."""
    odd: dict[str, dict[str, int]] = {}
    stated = 0
    for one in extractions:
        for row in one.settings:
            stated += any(key in row for key in declared)
            for key, wanted in declared.items():
                if key in row and not _same(row[key], wanted):
                    found = odd.setdefault(key, {})
                    found[row[key]] = found.get(row[key], 0) + 1
    if not stated:
        return answer("FEAT-125", Verdict.NOT_RUN, "No table says how it was extracted.", facts={"needs": "extraction settings"})
    if not odd:
        return answer("FEAT-125", Verdict.PASSED, f"All {stated} rows that state a setting were extracted as declared.")
    told = "; ".join(
        f"{key} is declared {inert(declared[key])} and was {few(f'{value} ({count} rows)' for value, count in sorted(values.items()))}"
        for key, values in sorted(odd.items())
    )
    return answer("FEAT-125", Verdict.FAILED, f"{told}.", facts={"settings": tuple(sorted(odd)), "rows": stated})


def _same(one: str, other: str) -> bool:
    """True for the same text or the same numbers: 25, 25.0; [3, 3, 3], [3.0, 3.0, 3.0]."""
    first, second = (text.strip("[]() ").split(",") for text in (one, other))
    try:
        return [float(text) for text in first] == [float(text) for text in second]
    except ValueError:
        return one.strip() == other.strip()


def _extractors(extractions: Sequence[Extraction]) -> Finding:
    by: dict[str, list[Extraction]] = {}
    for one in extractions:
        by.setdefault(one.extractor or "unknown", []).append(one)
    if len(by) < 2:
        return answer("FEAT-001", Verdict.PASSED, f"All tables are of one extractor: {next(iter(by), 'unknown')}.")
    shared = frozenset.intersection(*(frozenset.union(*(one.quantities for one in group)) for group in by.values()))
    tables = "; ".join(f"{name} in {few(one.label for one in group)}" for name, group in sorted(by.items()))
    sentence = (
        f"{len(by)} extractors: {tables}. IBSI links {len(shared)} quantities of the original image in all of them; "
        "definitions and settings differ, so that they are not comparable without a bridging study: the same regions through each."
    )
    facts: dict[str, Fact] = {"extractors": tuple(sorted(by)), "linked": len(shared)}
    return answer("FEAT-001", Verdict.FAILED, sentence, facts=facts, severity=Severity.MAJOR)


def _discretisations(extractions: Sequence[Extraction]) -> Finding:
    return mixed_discretisations([feature for one in extractions for feature in one.features])


def _units(extractions: Sequence[Extraction]) -> Iterator[Finding]:
    """Yield FEAT-121 for a quantity that has one unit here and another there: a factor of a thousand for volumes."""
    found: dict[tuple[str, str], dict[str, list[str]]] = {}
    for one in extractions:
        for feature in one.features:
            if feature.ibsi and feature.unit and feature.filter in ("", "original"):
                found.setdefault((one.extractor, feature.ibsi), {}).setdefault(feature.unit, []).append(f"{one.label} ({feature.name})")
    odd = {key: units for key, units in found.items() if len(units) > 1}
    for (_, code), units in sorted(odd.items()):
        shown = ", ".join(f"{inert(unit)} in {few(places, most=2)}" for unit, places in sorted(units.items()))
        yield answer(
            "FEAT-121", Verdict.FAILED, f"IBSI {code} is in {shown}.", facts={"ibsi": code, "units": tuple(sorted(units))}, scope=code
        )
    if found and not odd:
        yield answer("FEAT-121", Verdict.PASSED, f"Each of {len(found)} quantities that have a unit has one.")


def _anonymous(extractions: Sequence[Extraction]) -> Finding:
    names = [feature.name for one in extractions for feature in one.features if feature.deviation == ANONYMOUS]
    if not names:
        return answer("FEAT-122", Verdict.PASSED, "No feature has an anonymous name.")
    return answer("FEAT-122", Verdict.FAILED, f"{len(names)} features have anonymous names: {few(names)}.", facts={"features": len(names)})


def _unknown(extractions: Sequence[Extraction]) -> Finding:
    every = [feature for one in extractions for feature in one.features]
    names = [feature.name for feature in every if not feature.family and feature.deviation != ANONYMOUS]
    if not names:
        return answer("FEAT-123", Verdict.PASSED, f"All {len(every)} names that are not anonymous are in our table.")
    sentence = f"{len(names)} of {len(every)} names are of no extractor we know: {few(names)}."
    return answer("FEAT-123", Verdict.FAILED, sentence, facts={"features": len(names), "of": len(every)})


def _deviations(extractions: Sequence[Extraction]) -> Finding:
    known: dict[str, list[str]] = {}
    for one in extractions:
        for feature in one.features:
            if feature.ibsi and feature.deviation and feature.filter in ("", "original"):
                known.setdefault(feature.deviation, []).append(feature.name)
    if not known:
        return answer("FEAT-124", Verdict.PASSED, "No feature of the original image is known to differ from IBSI.")
    total = sum(map(len, known.values()))
    shown = "; ".join(f"{inert(names[0])}: {inert(why, longest=90)}" for why, names in list(known.items())[:3])
    sentence = f"{total} features of the original image are known to differ from IBSI, in {len(known)} ways: {shown}."
    return answer("FEAT-124", Verdict.FAILED, sentence, facts={"features": total, "ways": len(known)})
