"""PySERA: a workbook with the sheets Radiomics_Features, Parameters and Report.

Parameters are settings, Report is the program's own log (its warnings are counted), columns that end in ``_img`` or ``_roi`` describe the
image and the mask. Source: radiuma/PySERA; a workbook of version 2.1.5.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

from radaudit.edges.readers.apart import DIAGNOSTICS, row_settings, set_apart, short
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse
from radaudit.errors import TableError

NAME = "pysera"
SHEET = "Radiomics_Features"
ABOUT = re.compile(r".+_(?:init|interp|reseg)_(?:img|roi)")
FEATURE = re.compile(r"(?:morph|loc|stat|ivh|ih|glcm|glrlm|szm|glszm|dzm|gldzm|ngtdm|ngl|ngldm|moment)_[A-Za-z0-9_.]+")
MATTERS = (
    "DataType", "DiscType", "BinSize", "isScale", "VoxInterp", "ROIInterp", "isotVoxSize", "isotVoxSize2D", "isIsot2D", "isGLround",
    "isReSegRng", "isOutliers", "isQuntzStat", "ReSegIntrvl01", "ReSegIntrvl02", "ROI_PV", "qntz", "IVH_Type", "IVH_DiscCont",
    "IVH_binSize", "feature_value_mode", "apply_preprocessing",
)  # fmt: skip


def recognises(glimpse: Glimpse) -> bool:
    """True for a workbook with PySERA's sheet, or a table with its columns."""
    if glimpse.sheets:
        return SHEET in glimpse.sheets or _known(glimpse.names)
    return _known(glimpse.names)


def claims(path: Path) -> bool:
    """True if the workbook or the header is PySERA's."""
    return recognises(Glimpse(path=path))


def _known(names: tuple[str, ...]) -> bool:
    about = any(ABOUT.fullmatch(name) for name in names)
    return {"PatientID", "ROI"} <= set(names) and about and any(FEATURE.fullmatch(name) for name in names)


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table of features with the settings of the Parameters sheet in every row; raises TableError as the formats do."""
    sheets = Glimpse(path=path, options=options).sheets
    chosen = replace(options, sheet=options.sheet or SHEET) if SHEET in sheets else options
    table = read_file(path, chosen)
    features = [name for name in table.names if FEATURE.fullmatch(name) and not ABOUT.fullmatch(name)]
    away = {name: DIAGNOSTICS for name in table.names if ABOUT.fullmatch(name)}
    stated = _parameters(path, options) if "Parameters" in sheets else {}
    found = set_apart(
        table, options, reader=NAME, features=features, away=away, settings=[stated] * table.rows, patient="PatientID", regions=("ROI",)
    )
    return replace(found, log=_report(path, options)) if "Report" in sheets else found


def _parameters(path: Path, options: ReadOptions) -> dict[str, str]:
    try:
        sheet = read_file(path, replace(options, sheet="Parameters"))
    except TableError:
        return {}
    wanted = {f"radiomics_{name}": name for name in MATTERS}
    rows = row_settings(sheet, {name: word for name, word in wanted.items() if sheet.has(name)}, short)
    return rows[0] if rows else {}


def _report(path: Path, options: ReadOptions) -> dict[str, int]:
    """Return how many lines of the log have each level; never their words, which hold paths."""
    try:
        sheet = read_file(path, replace(options, sheet="Report"))
    except TableError:
        return {}
    levels = sheet.column("Level").as_texts() if sheet.has("Level") else ()
    return dict(Counter(level.strip().lower() for level in levels if level.strip()))
