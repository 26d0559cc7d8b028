"""MaZda and qMaZda: a report with one row per feature and one column per region, or qMaZda's one row per region.

Names are ``S(1,0)AngScMom``, ``Horzl_RLNonUni``, ``WavEnLL_s-1``, ``Perc.01%``, ``GrMean``, ``Teta1`` (MaZda 4) and ``YS8GlcmN1AngScMom``,
``YM5ArmTeta1`` (qMaZda).
Source: Szczypinski et al. 2009, Comput Methods Programs Biomed 94:66, for the features; no file of the program was at hand.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.formats.reshape import WIDE, pivot, transpose
from radaudit.edges.readers.glimpse import Glimpse, share
from radaudit.errors import TableError
from radaudit.tables.cells import PLAIN

NAME = "mazda"
GLCM = "AngScMom|Contrast|Correlat|SumOfSqs|InvDfMom|SumAverg|SumVarnc|SumEntrp|Entropy|DifVarnc|DifEntrp"
RUNS = "RLNonUni|GLevNonU|LngREmph|ShrtREmp|Fraction"
FEATURE = re.compile(
    rf"(?:\d[A-Za-z]*[_ ]?)?(?:S\(-?\d+,-?\d+(?:,-?\d+)?\)(?:{GLCM})|(?:Horzl|Vertl|45dgr|135dr|Z)_?(?:{RUNS})|WavEn[LH]{{2,3}}_s-?\d+"
    r"|Perc\.?\d{2}%?|Gr(?:Mean|Variance|Skewness|Kurtosis|NonZeros)|Teta\d|Sigma|_?(?:Area|MinNorm|MaxNorm|MinImage|MaxImage)"
    r"|Geo[A-Z][A-Za-z0-9]*)"
    rf"|[A-Z]{{1,3}}[A-Z]\d?(?:\d+)?(?:Glcm[A-Z]\d(?:{GLCM})|Grlm[A-Z](?:{RUNS})|Gr(?:ad)?[A-Z][A-Za-z0-9]*|Arm[A-Z][A-Za-z0-9]*|Dwt[A-Z][A-Za-z0-9]*"
    r"|Hist[A-Z][A-Za-z0-9]*|Gab[A-Z0-9][A-Za-z0-9]*|Hog[A-Z0-9][A-Za-z0-9]*|Lbp[A-Z0-9][A-Za-z0-9]*)"
)
HISTOGRAM = ("Mean", "Variance", "Skewness", "Kurtosis")
LEAST = 3


def known(name: str) -> bool:
    """True for a name of MaZda's or qMaZda's."""
    return FEATURE.fullmatch(name.strip()) is not None


def recognises(glimpse: Glimpse) -> bool:
    """True if the header (qMaZda), or the first cells of most lines (MaZda), are its names."""
    if share(glimpse.names, list(filter(known, glimpse.names))):
        return True
    lines = [line for line in glimpse.lines[1:80] if line.strip()]
    first = [re.split(r"[\t;]|,(?![^(]*\))", line)[0].strip().strip('"') for line in lines]
    second = [cells[1].strip().strip('"') for line in lines if len(cells := re.split(r"[\t;]|,(?![^(]*\))", line)) > 2]
    return any(sum(map(known, cells)) >= LEAST and 2 * sum(map(known, cells)) >= len(lines) for cells in (first, second))


def claims(path: Path) -> bool:
    """True if the table is MaZda's."""
    return recognises(Glimpse(path=path))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return one row per region; raises TableError READ-053 for a report without regions, and as the formats and ``reshape`` do."""
    table = read_file(path, replace(options, layout=WIDE))
    if not share(table.names, list(filter(known, table.names))):
        columns = [column for column in table.columns if 2 * sum(map(known, column.as_texts())) >= table.rows > 0]
        if columns and columns[0].position == table.columns[0].position:
            table = transpose(table)
        elif columns:
            table = _pivoted(table, columns[0].name)
    features = tuple(name for name in table.names if known(name) or name in HISTOGRAM)
    region = next((name for name in table.names if name not in features), None)
    return replace(table, reader=NAME, features=features, regions=(region,) if region else ())


def _pivoted(table: RawTable, feature: str) -> RawTable:
    """Return a long report (region, feature, value) with one row per region; the value is the last column of numbers."""
    numeric = [column.name for column in table.columns if all(PLAIN.fullmatch(text.strip()) for text in column.as_texts() if text.strip())]
    value = numeric[-1] if numeric else table.names[-1]
    keys = tuple(name for name in table.names if name not in (feature, value))
    if not keys or feature == value:
        raise TableError("READ-053", f"no column of {table.label} tells the regions of this report apart", fix="save the report again")
    return pivot(table, feature=(feature,), value=value, keys=keys)
