"""What the name of a feature says: extractor, family, filter, aggregation, discretisation, IBSI code and known deviations from IBSI.

The codes come from our own tables (``radaudit/tables/ibsi``). A name match is not a value match: the deviation says where the same name
means another number, and settings are carried along because two discretisations of one feature are two measurements.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from radaudit.tables.names import captk, cerr, lifex, medimage, mirp, nyxus, oncoradiomics, pyradiomics, pysera, spelt, zrad
from radaudit.tables.names.parts import ANONYMOUS, FILTERED, Parts, anonymous
from radaudit.tables.names.quantities import AGGREGATIONS

Parser = Callable[[str, Mapping[str, str]], Parts | None]

LEARNED = Parts(family="deep", deviation="learned by a network: not in IBSI, and there is no definition to compare")

EXTRACTORS: Mapping[str, Parser] = {
    "pyradiomics": pyradiomics.parse,
    "captk": captk.parse,
    "mirp": mirp.parse,
    "zrad": zrad.parse,
    "pysera": pysera.parse,
    "medimage": medimage.parse,
    "lifex": lifex.parse,
    "cerr": cerr.parse,
    "nyxus": nyxus.parse,
    "racat": spelt.parse,
    "radiomicsj": spelt.parse,
    "oncoradiomics": oncoradiomics.parse,
    "ibsi": spelt.parse,
    "deep": lambda name, settings: LEARNED,
}
ALIASES = {
    "slicer": "pyradiomics",
    "pycerr": "cerr",
    "sera": "pysera",
    "z-rad": "zrad",
    "radiomix": "oncoradiomics",
    "ibsi_template": "ibsi",
}
# these write the tags of IBSI for most features, and names of their own for some
TAGGED = ("mirp", "pysera")
# names that only one extractor writes; a table of no known extractor is asked for these, in this order
SURE: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("pyradiomics", pyradiomics.sure),
    ("cerr", cerr.sure),
    ("pyradiomics", pyradiomics.pyradiomics_name),
    ("captk", captk.captk_name),
    ("lifex", lifex.CODED.fullmatch),
    ("mirp", mirp.sure),
    ("pysera", pysera.sure),
    ("nyxus", nyxus.sure),
    ("oncoradiomics", oncoradiomics.sure),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureIdentity:
    """What one feature is; empty texts where the name does not tell. ``settings`` is what the extractor says about its extraction."""

    name: str
    extractor: str = ""
    family: str = ""
    filter: str = ""
    aggregation: str = ""
    discretisation: str = ""
    ibsi: str = ""
    unit: str = ""
    deviation: str = ""
    settings: str = ""

    def document(self) -> dict[str, str]:
        """Return the JSON form."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def parts_of(name: str, *, extractor: str = "", settings: Mapping[str, str] | None = None) -> tuple[str, Parts | None]:
    """Return who wrote a name, and its parts; an extractor that is not stated is recognised only by names that no other writes."""
    known = ALIASES.get(extractor, extractor)
    if known not in ("", "generic"):
        parser = EXTRACTORS.get(known)
        return known, parser(name, settings or {}) if parser else None
    for found, sure in SURE:
        if sure(name):
            return found, EXTRACTORS[found](name, settings or {})
    # the tags of IBSI without anything around them: several programs write them
    return "", zrad.parse(name, settings or {})


def identity(name: str, *, extractor: str = "", settings: Mapping[str, str] | None = None) -> FeatureIdentity:
    """Return what a feature is from its name and, if the extractor gave them, its settings; an unknown name keeps only its name."""
    found, parts = parts_of(name, extractor=extractor, settings=settings)
    if parts is None:
        return FeatureIdentity(name=name, extractor=found, deviation=ANONYMOUS if anonymous(name) else "")
    stated = {**({"parameter": parts.parameter} if parts.parameter else {}), **parts.stated, **(settings or {})}
    notes = [parts.deviation] if parts.deviation else []
    if parts.filtered and parts.ibsi:
        notes.append(FILTERED)
    return FeatureIdentity(
        name=name,
        extractor=found,
        family=parts.family,
        filter=parts.filter,
        aggregation=AGGREGATIONS.get(parts.aggregation, parts.aggregation),
        discretisation=parts.discretisation,
        ibsi=parts.ibsi,
        unit=parts.unit,
        deviation="; ".join(notes),
        settings="; ".join(f"{key}={value}" for key, value in sorted(stated.items())),
    )


def identities(names: Sequence[str], *, extractor: str = "", settings: Mapping[str, str] | None = None) -> tuple[FeatureIdentity, ...]:
    """Return the identity of every name."""
    return tuple(identity(name, extractor=extractor, settings=settings) for name in names)


def written_by(names: Sequence[str]) -> str:
    """Return the extractor that wrote a table; empty unless three names, and half of those we know, are such as only it writes."""
    found: Counter[str] = Counter()
    for name in names:
        known, parts = parts_of(name)
        if parts is not None:
            found[known] += 1
    plain = found.pop("", 0)
    if not found:
        return ""
    best, count = found.most_common(1)[0]
    return best if count >= 3 and 2 * count >= sum(found.values()) and (count >= plain or best in TAGGED) else ""
