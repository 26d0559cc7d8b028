"""LIFEx: units and IBSI codes in the header, section columns without content, settings per region, vectors joined with ``|``.

Source: files of LIFEx 7.4.0 (Nioche et al. 2018, Cancer Res 78:4786); ``CONVENTIONAL_*``, ``SHAPE_*``, ``GLZLM_*`` are names of older
versions. An id or name of a region may start with an apostrophe, which LIFEx writes against spreadsheets; it stays.
"""

from __future__ import annotations

import re
from pathlib import Path

from radaudit.edges.readers.apart import DIAGNOSTICS, IGNORED, row_settings, set_apart, short
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import Column, RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse
from radaudit.tables.cells import NOT_COMPUTED, PLAIN

NAME = "lifex"
CODED = re.compile(r".+\(IBSI:[A-Za-z0-9]+\).*")
OLDER = re.compile(
    r"(?:CONVENTIONAL|SHAPE|DISCRETIZED|HISTO|GLCM|GLRLM|NGLDM|NGTDM|GLZLM|GLSZM|INTENSITY|MORPHOLOGICAL|LOCAL_INTENSITY|PARAMS)"
    r"(?:[-_][A-Za-z0-9-]+)*_.+"
)
SECTIONS = ("INFORMATIONS", "FEATURE RESULTS", "PARAMETERS")
VERSION = re.compile(r"LIFEx[ _v]*([0-9]+(?:\.[0-9]+)+)")
PATIENT = ("INFO_PatientID", "PatientID", "INFO_PatientName", "PatientName")
UNITS = ("INFO_NameOfRoi", "NameOfRoi", "ROIname", "INFO_Series", "TimePosition", "Location[2DProcessingOnly]")
BOUNDS = "PARAMS_IntensityResampling"
OF_THE_REGION = ("PARAMS_BoundsRangeOfValueAfterDiscretisation",)
RELATIVE = "relative"


def recognises(glimpse: Glimpse) -> bool:
    """True if LIFEx's sections or coded names stand beside its information columns."""
    names = glimpse.names
    told = any(name.startswith(("INFO_", "PARAMS_")) or name in SECTIONS for name in names)
    coded = sum(1 for name in names if CODED.fullmatch(name))
    older = sum(1 for name in names if OLDER.fullmatch(name))
    return (told and (coded >= 1 or older >= 3)) or coded >= 3 or (older >= 5 and any(name.startswith("GLZLM_") for name in names))


def claims(path: Path) -> bool:
    """True if the header is LIFEx's."""
    return recognises(Glimpse(path=path))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table; what is no single number per region (vectors, places, values kept private) is no feature.

    Under relative bounds LIFEx derives bin width and bounds from each region: they are left out of the settings, which then say
    ``relative``. Raises TableError as the formats do.
    """
    table = read_file(path, options)
    start = next((column.position for column in table.columns if column.name == "FEATURE RESULTS"), 0)
    features, away = [], {}
    for column in table.columns:
        name = column.name
        if name in UNITS or name in PATIENT:
            continue
        if name in SECTIONS or name.startswith(("INFO_", "CHECK_")):
            away[name] = IGNORED
        elif name.startswith("PARAMS_"):
            away[name] = DIAGNOSTICS
        elif CODED.fullmatch(name) or (OLDER.fullmatch(name) and column.position > start):
            if why := _no_number(column):
                away[name] = ("ignored column", why)
            else:
                features.append(name)
    regions = [name for name in UNITS if table.has(name) and not table.column(name).empty]
    patient = next((name for name in PATIENT if table.has(name) and not table.column(name).empty), None)
    return set_apart(table, options, reader=NAME, features=features, away=away, settings=_settings(table), patient=patient, regions=regions)


def _no_number(column: Column) -> str:
    """Return why a column holds no numbers: vectors, values kept private, or text; empty if it does, or if nothing was computed."""
    texts = {text.strip() for text in column.texts or ()} - {"", *NOT_COMPUTED}
    if not texts or any(PLAIN.fullmatch(text) or text.lstrip("+-").casefold().startswith("inf") for text in texts):
        return ""
    if all("|" in text for text in texts):
        return "vector: several values in one cell"
    return "kept private by the program" if texts == {"private"} else "text, not numbers"


def _settings(table: RawTable) -> list[dict[str, str]]:
    columns = {
        name: name.removeprefix("PARAMS_") for name in table.names if name.startswith("PARAMS_") and not name.startswith(OF_THE_REGION)
    }
    rows = row_settings(table, columns, short)
    if table.has("INFORMATIONS"):
        for row, cell in zip(rows, table.column("INFORMATIONS").as_texts(), strict=True):
            if match := VERSION.search(cell):
                row["version"] = match[1]
    for row in rows:
        if row.get("IntensityResampling", "").casefold().startswith(RELATIVE):
            row["IntensityResampling"] = row["IntensityResampling"].split(":")[0].strip()
            row.pop("BinSize", None)
    return rows
