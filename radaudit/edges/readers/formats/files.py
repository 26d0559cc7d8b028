"""Which format a file has, by its first bytes and then its suffix; formats that run code or cannot be read are refused with advice."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from radaudit.edges.readers.formats import arff, cases, columnar, delimited, gzipped, keyed, reshape, spreadsheet, statistics
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.errors import TableError
from radaudit.tables.shown import inert

TO_CSV = {
    "pickle": "python -c \"import pandas; pandas.read_pickle('{file}').to_csv('{stem}.csv')\"   # only if you trust it: it runs code",
    "r": 'Rscript -e \'write.csv(readRDS("{file}"), "{stem}.csv")\'',
    "rdata": 'Rscript -e \'load("{file}"); write.csv(NAME, "{stem}.csv")\'',
    "matlab": "matlab -batch \"load('{file}'); writetable(NAME, '{stem}.csv')\"",
    "archive": "unpack it first: the digest of the record is that of the table itself",
    "database": "duckdb {file} \"COPY NAME TO '{stem}.parquet'\"",
    "numpy": "write names and ids too: a CSV or Parquet table",
    "image": "extract features first: radaudit reads tables, not images",
    "text": "export the table as CSV or XLSX",
}
WORDS = {
    "pickle": "programs: opening one runs the code in it",
    "r": "R objects",
    "rdata": "R objects",
    "matlab": "MATLAB objects",
    "archive": "archives",
    "database": "databases",
    "numpy": "arrays without names and ids",
    "image": "images",
    "text": "documents",
}
REFUSED = {
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), "pickle"),
    ".rds": "r",
    **dict.fromkeys((".rda", ".rdata"), "rdata"),
    ".mat": "matlab",
    **dict.fromkeys((".zip", ".bz2", ".xz", ".zst", ".7z", ".tar", ".tgz", ".rar"), "archive"),
    **dict.fromkeys((".duckdb", ".db", ".sqlite", ".sqlite3"), "database"),
    **dict.fromkeys((".npy", ".npz", ".h5", ".hdf5"), "numpy"),
    **dict.fromkeys((".nii", ".dcm", ".nrrd", ".mha", ".png", ".tif", ".tiff"), "image"),
    **dict.fromkeys((".pdf", ".doc", ".docx", ".html", ".htm", ".rtf"), "text"),
}
MAGIC = (
    (b"\x80\x02", "pickle"),
    (b"\x80\x03", "pickle"),
    (b"\x80\x04", "pickle"),
    (b"\x80\x05", "pickle"),
    (b"RDX2\n", "rdata"),
    (b"RDX3\n", "rdata"),
    (b"BZh", "archive"),
    (b"\xfd7zXZ", "archive"),
    (b"\x28\xb5\x2f\xfd", "archive"),
    (b"SQLite format 3\0", "database"),
    (b"\x93NUMPY", "numpy"),
    (b"\x89HDF", "numpy"),
    (b"%PDF", "text"),
)
EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
FORMATS: dict[str, ModuleType] = {
    "spreadsheet": spreadsheet,
    "columns": columnar,
    "json": cases,
    "arff": arff,
    "statistics": statistics,
    "keyed": keyed,
    "text": delimited,
}
READ = {
    "spreadsheet": spreadsheet.read_spreadsheet,
    "columns": columnar.read_columnar,
    "json": cases.read_cases,
    "arff": arff.read_arff,
    "statistics": statistics.read_statistics,
    "keyed": keyed.read_keyed,
    "text": delimited.read_delimited,
}
UNSHAPED = ("json", "keyed", "arff")


def read_file(path: Path, options: ReadOptions) -> RawTable:
    """Return the table in a file of any format that is read, one row per case.

    A table that stands long or transposed is turned (see ``reshape``). Raises TableError READ-030 with the command that exports a format
    that is not read, and what the format and ``reshape`` raise.
    """
    found = file_format(path, options)
    table: RawTable = READ[found](path, options)
    return table if found in UNSHAPED else reshape.shaped(table, options.layout)


def names_of(path: Path, options: ReadOptions) -> tuple[str, ...]:
    """Return the column names ``read_file`` would give, without reading all of a file where its format and layout allow that."""
    found = file_format(path, options)
    if found == "spreadsheet":
        return read_file(path, options).names
    if found != "text":
        names: tuple[str, ...] = FORMATS[found].header(path, options)
        return names
    names, rows = delimited.first_rows(path, options)
    wide = reshape.find_layout(names, rows, options.layout).name == reshape.WIDE
    return names if wide else read_file(path, options).names


def file_format(path: Path, options: ReadOptions) -> str:
    """Return one of ``FORMATS``; raises TableError READ-030 for a format that is not read."""
    label, suffix = options.label or path.name, path.suffix.lower()
    with path.open("rb") as stream:
        start = stream.read(512)
    if start.startswith(gzipped.MAGIC) and suffix not in REFUSED:
        return _packed(path, label)
    kind = next((kind for mark, kind in MAGIC if start.startswith(mark)), None) or REFUSED.get(suffix)
    if start.startswith((b"PAR1", b"ARROW1")):
        return "columns"
    if start.startswith(EXCEL) and suffix not in REFUSED:
        return "spreadsheet"
    if kind:
        fix = TO_CSV[kind].format(file=inert(path.name), stem=inert(path.stem))
        raise TableError("READ-030", f"{inert(label)} is not read: {suffix or 'this'} files are {WORDS[kind]}", fix=fix)
    for found, suffixes in (
        ("columns", columnar.SUFFIXES),
        ("spreadsheet", spreadsheet.SUFFIXES),
        ("json", cases.SUFFIXES),
        ("arff", arff.SUFFIXES),
        ("statistics", statistics.SUFFIXES),
    ):
        if suffix in suffixes:
            return found
    return "keyed" if keyed.claims(start) else "text"


def _packed(path: Path, label: str) -> str:
    """Return the format inside gzip: text, or JSON by the suffix before ``.gz``; images and R objects are refused."""
    inner = Path(path.stem).suffix.lower()
    start = gzipped.content(path, label, most=512)
    kind = REFUSED.get(inner) or next((kind for mark, kind in MAGIC if start.startswith(mark)), None)
    if start.startswith((b"X\n\0\0", b"A\n2\n", b"A\n3\n")):
        kind = "r"
    if kind or start.startswith((*EXCEL, b"PAR1", b"ARROW1")):
        kind = kind or "archive"
        fix = TO_CSV[kind].format(file=inert(path.name), stem=inert(path.stem))
        raise TableError("READ-030", f"{inert(label)} is not read: it holds {WORDS[kind]}", fix=fix)
    return "json" if inner in cases.SUFFIXES else "text"
