"""Forty-five tables a hospital might send, each made from one clean table by what people do to tables; and the study that asks for them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np

FEATURES = (
    "original_shape_MeshVolume",
    "original_shape_Sphericity",
    "original_firstorder_Mean",
    "original_firstorder_Kurtosis",
    "original_glcm_Contrast",
    "original_glcm_Correlation",
    "original_glrlm_RunPercentage",
    "original_glszm_ZoneEntropy",
)
HEADER = (
    "patient_id",
    "relapse",
    "age",
    "SliceThickness",
    "reader",
    "diagnostics_Versions_PyRadiomics",
    "diagnostics_Configuration_Settings",
)
SETTINGS = (
    "{'minimumROIDimensions': 2, 'binWidth': 25, 'resampledPixelSpacing': [1, 1, 1], 'interpolator': 'sitkBSpline', 'normalize': False}"
)
STUDY = """\
schema: radaudit/study/1
study: relapse-2y
title: CT signature of 2-year relapse, two centres
tables:
  features:
    - {file: lyon.csv, site: LYON}
    - {file: oslo.csv, site: OSLO}
roles:
  subject: {column: patient_id, pattern: "[A-Z]{3}-[0-9]{4}"}
  outcome: {kind: binary, column: relapse, event: "1", non_event: "0"}
  covariates: [age]
split: {test: {by: random, fraction: 0.5}}
harmonise: {method: none}
protocol:
  rules:
    - {column: SliceThickness, between: [1, 3]}
    - {column: reader}
"""
Rows = list[list[str]]
Vector = Callable[[Rows], bytes]


def rows(site: str, n: int, seed: int) -> Rows:
    """Return a clean table: header and ``n`` patients of one site."""
    rng = np.random.default_rng(seed)
    made = [[*HEADER, *FEATURES]]
    for i in range(n):
        values = (rng.lognormal(8, 0.4), rng.uniform(0.4, 0.9), rng.normal(40, 9), rng.uniform(2, 6), rng.lognormal(2, 0.3),
                  rng.uniform(0.1, 0.9), rng.uniform(0.3, 0.9), rng.uniform(3, 6))  # fmt: skip
        facts = [f"{site[:3]}-{i + 1:04d}", str(i % 2), str(41 + i % 17), "2.0", "anna", "v3.0.1", SETTINGS]
        made.append([*facts, *(repr(round(float(value), 6)) for value in values)])
    return made


def text(table: Rows, *, delimiter: str = ",", end: str = "\n", encoding: str = "utf-8") -> bytes:
    """Return a table as a file."""
    stream = io.StringIO(newline="")
    csv.writer(stream, delimiter=delimiter, lineterminator=end).writerows(table)
    return stream.getvalue().encode(encoding)


def column(name: str) -> int:
    return [*HEADER, *FEATURES].index(name)


def cells(*changes: tuple[int, str, str], **how: str) -> Vector:
    """Replace cells: (row of the file from 1 for the first patient, column, new text)."""

    def change(table: Rows) -> bytes:
        for row, name, new in changes:
            table[row][column(name)] = new
        return text(table, **how)

    return change


def each(name: str, new: Callable[[str], str], **how: str) -> Vector:
    """Rewrite a column of every patient."""

    def change(table: Rows) -> bytes:
        for row in table[1:]:
            row[column(name)] = new(row[column(name)])
        return text(table, **how)

    return change


def commas(table: Rows) -> bytes:
    for row in table[1:]:
        row[len(HEADER) :] = [cell.replace(".", ",") for cell in row[len(HEADER) :]]
    return text(table, delimiter=";")


def without(*names: str) -> Vector:
    def change(table: Rows) -> bytes:
        keep = [i for i, name in enumerate(table[0]) if name not in names]
        return text([[row[i] for i in keep] for row in table])

    return change


def twice(table: Rows) -> bytes:
    table.append(list(table[3]))
    table.append([table[5][0], *table[6][1:]])
    return text(table)


def hollow(table: Rows) -> bytes:
    for row in (table[4], table[9]):
        row[len(HEADER) :] = [""] * len(FEATURES)
    return text(table)


def copies(table: Rows) -> bytes:
    table[7][len(HEADER) :] = table[2][len(HEADER) :]
    table[11][len(HEADER) :] = table[2][len(HEADER) :]
    return text(table)


def renamed(old: str, new: str) -> Vector:
    def change(table: Rows) -> bytes:
        table[0][column(old)] = new
        return text(table)

    return change


def latin(table: Rows) -> bytes:
    for row in table[1:4]:
        row[column("reader")] = "Zoë Müller"
    return text(table, encoding="cp1252")


def quoted(table: Rows) -> bytes:
    table[2][column("reader")] = 'Anna "A.",\nreading room'
    table[5][column("reader")] = "bent\r\nsecond line"
    return text(table, end="\r\n")


def ragged(table: Rows) -> bytes:
    table[3] = table[3][:-1]
    table[8] = [*table[8], "7", "8"]
    return text(table)


def doubled(table: Rows) -> bytes:
    for row in table:
        row.append(row[column("original_glcm_Contrast")])
    return text(table)


def heap(table: Rows) -> bytes:
    """Many findings that do not stop reading."""
    table[1][0], table[2][0], table[3][0] = "osl-0001", "OSL 4", "OSL-0001 "
    table[4][0] = "OSL-0001"
    for row in table[1:]:
        row[column("original_firstorder_Mean")] = "7.5"
    for row in table[1:8]:
        row[column("original_glcm_Contrast")] = ""
    table[6][column("original_shape_Sphericity")] = "1.5"
    table[7][column("original_firstorder_Kurtosis")] = "0.2"
    table[9][column("SliceThickness")] = "5"
    table[10][column("reader")] = " "
    table[12][column("diagnostics_Configuration_Settings")] = SETTINGS.replace("25", "10.0").replace("False", "True")
    return text(table)


VECTORS: dict[str, Vector] = {
    "clean": text,
    "clean-crlf": lambda table: text(table, end="\r\n"),
    "clean-byte-order-mark": lambda table: b"\xef\xbb\xbf" + text(table),
    "clean-semicolons": lambda table: text(table, delimiter=";"),
    "clean-utf-16": lambda table: b"\xff\xfe" + text(table, delimiter="\t", encoding="utf-16-le"),
    "clean-quotes-with-newlines": quoted,
    "clean-empty-lines-and-columns": lambda table: b"\n" + text([[*row, ""] for row in table]) + b"\n" + b"," * len(table[0]) + b"\n",
    "windows-1252": latin,
    "decimal-commas": commas,
    "comma-or-thousands": cells((4, "original_shape_MeshVolume", "1,234"), (6, "original_firstorder_Mean", "2,345")),
    "not-numbers": cells(
        (2, "original_glcm_Contrast", "-"), (3, "original_glcm_Contrast", "#NUM!"), (5, "original_firstorder_Mean", "inf"),
        (6, "original_firstorder_Mean", "<0.01"), (7, "original_firstorder_Mean", "1e999"),
    ),
    "missing-values": cells((2, "original_glcm_Contrast", "NA"), (3, "original_glcm_Contrast", " "), (4, "age", "")),
    "age-in-words": cells((3, "age", "fifty"), (8, "age", "unknown")),
    "ids-twice": twice,
    "ids-by-case-and-space": cells((3, "patient_id", "osl-0001"), (4, "patient_id", " OSL-0002")),
    "ids-of-another-form": cells((2, "patient_id", "12345"), (6, "patient_id", "OSLO-0006"), (7, "patient_id", "OSL-00١٢")),
    "ids-missing": cells((2, "patient_id", " "), (6, "patient_id", "")),
    "ids-rounded": each("patient_id", lambda cell: f"1.2345E+{10 + int(cell[-2:])}"),
    "no-id-column": renamed("patient_id", "Patient"),
    "features-missing": without("original_glcm_Contrast", "original_glcm_Correlation"),
    "feature-by-case": renamed("original_glcm_Contrast", "original_glcm_contrast"),
    "feature-twice": doubled,
    "columns-missing": without("age", "reader"),
    "wrong-bin-width": each("diagnostics_Configuration_Settings", lambda cell: cell.replace("25", "10")),
    "another-version": each("diagnostics_Versions_PyRadiomics", lambda _: "v2.2.0"),
    "out-of-range": cells(
        (2, "original_shape_Sphericity", "1.02"), (3, "original_shape_MeshVolume", "-4"), (5, "original_firstorder_Kurtosis", "0.5"),
    ),
    "ghost-rows": hollow,
    "constant-and-empty-columns": lambda table: each("original_firstorder_Mean", lambda _: "")(
        [[*row[:-1], "4.5" if i else row[-1]] for i, row in enumerate(table)]
    ),
    "images-twice": copies,
    "outcome-in-words": cells((2, "relapse", "yes"), (3, "relapse", "yes"), (4, "relapse", "no"), (5, "relapse", "")),
    "rows-of-other-lengths": ragged,
    "quote-left-open": lambda table: text(table).replace(b"anna", b'"anna', 1),
    "nothing": lambda _: b" \n\n",
    "no-header": lambda table: text([row[len(HEADER) :] for row in table[1:]]),
    "thick-slices-and-no-reader": cells((2, "SliceThickness", "5"), (3, "SliceThickness", "thin"), (6, "reader", "")),
    "a-heap": heap,
}  # fmt: skip


# a second study, with regions, a site column, survival times and measures of segmentations, for what the first cannot bring out
REGIONS = """\
schema: radaudit/study/1
study: survival
tables:
  features:
    - {file: lyon.csv}
    - {file: oslo.csv, site: OSLO, missing: ["-", "-999"]}
roles:
  subject: {column: patient_id, normalise: fold-case}
  unit: lesion
  site: hospital
  outcome: {kind: survival, time: months, status: status, event: "1"}
split: {test: {by: random, fraction: 0.5}}
harmonise: {method: none}
"""
COLUMNS = ("patient_id", "lesion", "hospital", "months", "status", "volume", "dice_reader2", "texture")


def regions(site: str, n: int, seed: int) -> Rows:
    """Return a clean table of the second study: two regions of each patient."""
    rng = np.random.default_rng(seed)
    made = [list(COLUMNS)]
    for i in range(n):
        numbers = [rng.lognormal(8, 0.4), rng.uniform(0.7, 0.95), rng.normal(10, 2)]
        facts = [f"{site[:3]}-{i // 2:03d}", "LR"[i % 2], site, f"{rng.uniform(1, 60):.1f}", str(i % 2)]
        made.append([*facts, *(repr(round(float(number), 6)) for number in numbers)])
    return made


def at(*changes: tuple[int, str, str], **how: str) -> Vector:
    """Replace cells of the second study."""

    def change(table: Rows) -> bytes:
        for row, name, new in changes:
            table[row][COLUMNS.index(name)] = new
        return text(table, **how)

    return change


REGION_VECTORS: dict[str, Vector] = {
    "regions-clean": text,
    "regions-two-delimiters": lambda table: text([[*row, "note,1" if not i else "a,b"] for i, row in enumerate(table)], delimiter=";"),
    "regions-no-encoding": lambda table: text(table).replace(b"OSLO", b"OSL\x81", 1),
    "regions-of-another-site": at((2, "hospital", "Oslo"), (3, "hospital", "BERGEN"), (4, "hospital", "")),
    "regions-without-region": lambda table: text([[cell for j, cell in enumerate(row) if j != 1] for row in table]),
    "regions-odd-times": at((2, "months", "-3"), (3, "months", "long"), (4, "months", "-")),
    "regions-dice-in-per-cent": at((2, "dice_reader2", "92"), (3, "dice_reader2", "-999.0")),
    "regions-twice": lambda table: text([*table, [table[1][0].lower(), *table[1][1:]], table[2]]),
    "regions-texture-in-words": lambda table: text([[*row[:-1], "coarse" if i else row[-1]] for i, row in enumerate(table)]),
}


def write_study(folder: Path, oslo: bytes, name: str = "") -> Path:
    """Write the study of a vector with a clean table of LYON and this one of OSLO."""
    second = name in REGION_VECTORS
    (folder / "study.yaml").write_text(REGIONS if second else STUDY, encoding="utf-8")
    (folder / "lyon.csv").write_bytes(text(regions("LYON", 24, 1) if second else rows("LYON", 24, 1)))
    (folder / "oslo.csv").write_bytes(oslo)
    return folder


def vector(name: str) -> bytes:
    """Return one file."""
    if name in REGION_VECTORS:
        return REGION_VECTORS[name](regions("OSLO", 16, 2))
    return VECTORS[name](rows("OSLO", 16, 2))
