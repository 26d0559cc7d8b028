"""Ranges of values: which features an expectation speaks of, the extremes by which it is judged, and the cells outside.

A range holds for every cell of a column if it holds for the smallest and the largest, so two rows per feature are judged instead of all.
The columns of such a profile are what suites name: a pattern of feature names (``*_shape_Sphericity``) of one extractor or of any, or an
IBSI code, which stands for the features that are what IBSI defines; a feature with a known deviation is left to its extractor's suite.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import translate
from typing import TYPE_CHECKING, Protocol

from radaudit.checks.wording import some
from radaudit.findings import Finding

if TYPE_CHECKING:
    from radaudit.checks.feature_profile import FeatureProfile
    from radaudit.tables import FeatureTable

ANY, IBSI = "features", "ibsi"
EXTRACTORS = ("captk", "cerr", "lifex", "mirp", "nyxus", "pyradiomics", "pysera", "zrad")
RANGES = (ANY, IBSI, *EXTRACTORS)
FILTERED = "of a filtered image"  # the formula is IBSI's, the image is not: a range that follows from the formula holds
MOST_CELLS = 1000


class Known(Protocol):
    """What a feature dictionary says of one feature, as far as it is needed here."""

    @property
    def name(self) -> str: ...
    @property
    def extractor(self) -> str: ...
    @property
    def ibsi(self) -> str: ...
    @property
    def deviation(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The values one expectation allows; None where there is no limit, ``open_...`` where the limit itself is not allowed."""

    code: str
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False


def matching(kind: str, column: str, dictionary: Sequence[Known]) -> list[int]:
    """Return the positions of the features of which a suite for ``kind`` speaks when it names ``column``."""
    if kind == IBSI:
        return [i for i, one in enumerate(dictionary) if one.ibsi == column and (not one.deviation or one.deviation.startswith(FILTERED))]
    fits = re.compile(translate(column)).match
    return [i for i, one in enumerate(dictionary) if (kind == ANY or one.extractor == kind) and fits(one.name)]


def extremes(profile: FeatureProfile, dictionary: Sequence[Known], kind: str, columns: Iterable[str]) -> dict[str, object]:
    """Return the profile of a range suite: two rows, minimum and maximum, per feature; NaN outside the features a column speaks of.

    Columns that speak of no feature are left out; ``dictionary`` is that of the profile's features, in their order.
    """
    import numpy as np

    found = {column: at for column in dict.fromkeys(columns) if (at := matching(kind, column, dictionary))}
    rows = sorted({i for at in found.values() for i in at})
    place = {i: row for row, i in enumerate(rows)}
    made: dict[str, object] = {"feature": [dictionary[i].name for i in rows for _ in range(2)]} if rows else {}
    for column, at in found.items():
        cells = np.full((len(rows), 2), np.nan)
        lines = [place[i] for i in at]
        cells[lines, 0], cells[lines, 1] = profile.minimum[at], profile.maximum[at]
        made[column] = cells.ravel()
    return made


def located(findings: Iterable[Finding], table: FeatureTable, bounds: Mapping[str, Sequence[Bound]]) -> list[Finding]:
    """Return the findings, those about ranges with the sites they concern and, locally, the cells outside; ``bounds`` by feature."""
    codes = {bound.code for known in bounds.values() for bound in known}
    return [_located(one, table, bounds) if one.failed and one.code in codes and _about_ranges(one) else one for one in findings]


def _about_ranges(finding: Finding) -> bool:
    return any(f"/{kind}/" in finding.scope for kind in RANGES)


def _located(finding: Finding, table: FeatureTable, bounds: Mapping[str, Sequence[Bound]]) -> Finding:
    import numpy as np

    names = {str(row["feature"]) for row in finding.local if "feature" in row}
    cells, sites = [], set()
    for j, name in enumerate(table.features):
        if name not in names:
            continue
        column = table.values[:, j]
        outside = np.zeros(len(column), dtype=bool)
        for bound in bounds.get(name, ()):
            if bound.code == finding.code and bound.low is not None:
                outside |= column <= bound.low if bound.open_low else column < bound.low
            if bound.code == finding.code and bound.high is not None:
                outside |= column >= bound.high if bound.open_high else column > bound.high
        rows = np.flatnonzero(outside).tolist()
        sites |= {table.sites[i] for i in rows}
        cells += [
            {"feature": name, "patient": table.patients[i], "site": table.sites[i], "row": str(i), "value": repr(float(column[i]))}
            for i in rows[:MOST_CELLS]
        ]
    where = sorted(site for site in sites if site)
    return replace(finding, concerns=tuple(where), local=tuple(cells), facts={**finding.facts, "sites": some(where)})
