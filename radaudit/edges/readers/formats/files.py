"""Which format a file has, by its first bytes and then its suffix; formats that run code or cannot be read are refused with advice."""

from __future__ import annotations

from pathlib import Path

from radaudit.edges.readers.formats import cases, columnar, delimited, spreadsheet
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.errors import TableError
from radaudit.tables.shown import inert

TO_CSV = {
    "pickle": "python -c \"import pandas; pandas.read_pickle('{file}').to_csv('{stem}.csv')\"   # only if you trust it: it runs code",
    "r": 'Rscript -e \'write.csv(readRDS("{file}"), "{stem}.csv")\'',
    "rdata": 'Rscript -e \'load("{file}"); write.csv(NAME, "{stem}.csv")\'',
    "arff": 'Rscript -e \'write.csv(foreign::read.arff("{file}"), "{stem}.csv", row.names = FALSE)\'',
    "stats": 'Rscript -e \'write.csv(haven::read_{kind}("{file}"), "{stem}.csv", row.names = FALSE)\'',
    "matlab": "matlab -batch \"load('{file}'); writetable(NAME, '{stem}.csv')\"",
    "archive": "unpack it first: the digest of the record is that of the table itself",
    "database": "duckdb {file} \"COPY NAME TO '{stem}.parquet'\"",
    "numpy": "write names and ids too: a CSV or Parquet table",
    "image": "extract features first: radaudit reads tables, not images",
    "text": "export the table as CSV or XLSX",
}
REFUSED = {
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), "pickle"),
    ".rds": "r",
    **dict.fromkeys((".rda", ".rdata"), "rdata"),
    ".arff": "arff",
    **dict.fromkeys((".sav", ".dta", ".sas7bdat", ".xpt"), "stats"),
    ".mat": "matlab",
    **dict.fromkeys((".zip", ".gz", ".bz2", ".xz", ".7z", ".tar", ".tgz", ".rar"), "archive"),
    **dict.fromkeys((".duckdb", ".db", ".sqlite", ".sqlite3"), "database"),
    **dict.fromkeys((".npy", ".npz", ".h5", ".hdf5"), "numpy"),
    **dict.fromkeys((".nii", ".dcm", ".nrrd", ".mha", ".png", ".tif", ".tiff"), "image"),
    **dict.fromkeys((".pdf", ".doc", ".docx", ".html", ".htm", ".rtf"), "text"),
}
MAGIC = (
    (b"\x1f\x8b", "archive"),
    (b"\x80\x02", "pickle"),
    (b"\x80\x03", "pickle"),
    (b"\x80\x04", "pickle"),
    (b"\x80\x05", "pickle"),
    (b"%PDF", "text"),
)
HAVEN = {".sav": "sav", ".dta": "dta", ".sas7bdat": "sas", ".xpt": "xpt"}
EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


def read_file(path: Path, options: ReadOptions) -> RawTable:
    """Return the table in a file of any format that is read; raises TableError READ-030 with the command that exports the others."""
    return {"spreadsheet": spreadsheet.read_spreadsheet, "columns": columnar.read_columnar, "json": cases.read_cases}.get(
        file_format(path, options), delimited.read_delimited
    )(path, options)


def names_of(path: Path, options: ReadOptions) -> tuple[str, ...]:
    """Return the column names of a file without reading all of it where the format allows that."""
    return {"spreadsheet": spreadsheet.header, "columns": columnar.header, "json": cases.header}.get(
        file_format(path, options), delimited.header
    )(path, options)


def file_format(path: Path, options: ReadOptions) -> str:
    """Return ``spreadsheet``, ``columns``, ``json`` or ``text``; raises TableError READ-030."""
    label, suffix = options.label or path.name, path.suffix.lower()
    with path.open("rb") as stream:
        start = stream.read(64)
    kind = next((kind for mark, kind in MAGIC if start.startswith(mark)), None) or REFUSED.get(suffix)
    if start.startswith(b"PAR1"):
        return "columns"
    if start.startswith(EXCEL) and suffix not in REFUSED:
        return "spreadsheet"
    if kind:
        fix = TO_CSV[kind].format(file=inert(path.name), stem=inert(path.stem), kind=HAVEN.get(suffix, "sav"))
        raise TableError("READ-030", f"{inert(label)} is not read: {suffix or 'this'} files are {_what(kind)}", fix=fix)
    if suffix in columnar.SUFFIXES:
        return "columns"
    if suffix in spreadsheet.SUFFIXES:
        return "spreadsheet"
    return "json" if suffix in cases.SUFFIXES else "text"


def _what(kind: str) -> str:
    words = {
        "pickle": "programs: opening one runs the code in it",
        "r": "R objects",
        "rdata": "R objects",
        "arff": "Weka tables, which this version does not read",
        "stats": "tables of statistics packages, which this version does not read",
        "matlab": "MATLAB objects",
        "archive": "archives",
        "database": "databases",
        "numpy": "arrays without names and ids",
        "image": "images",
    }
    return words.get(kind, "documents")
