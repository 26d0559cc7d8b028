"""MEDimage: ``PatientID, radVar1, radVar2, ...`` and a text file of the same name that says what each ``radVar`` is.

The side file is one line ``||radVar1:morph_3D__Fmorph_vol__scale1||radVar2:...``; a JSON or CSV with the names themselves needs none.
Source: MahdiAll99/MEDimage, notebooks/tutorial/learning/FEATURES, and MEDimage/utils/create_radiomics_table.py.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from radaudit.digests import digest
from radaudit.edges.readers.apart import set_apart
from radaudit.edges.readers.formats.files import read_file
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.glimpse import Glimpse, share
from radaudit.errors import TableError
from radaudit.tables.intake import Accounted
from radaudit.tables.shown import few, inert

NAME = "medimage"
RADVAR = re.compile(r"radVar([1-9]\d*)")
FULL = re.compile(r"(?:.+__)?F(?:morph|loc|stat|ih|ivh|cm|rlm|szm|dzm|ngt|ngl)_[A-Za-z0-9_]+?__scale.+|(?:.+__)F[a-z]+_.+")
ENTRY = re.compile(r"(radVar[1-9]\d*):(.+)")
LARGEST = 1 << 26


def recognises(glimpse: Glimpse) -> bool:
    """True if most columns are ``radVar`` with a number or carry MEDimage's full names."""
    names = glimpse.names
    return share(names, [name for name in names if RADVAR.fullmatch(name)]) or share(
        names, [name for name in names if FULL.fullmatch(name)]
    )


def claims(path: Path) -> bool:
    """True if the header is MEDimage's."""
    return recognises(Glimpse(path=path))


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return the table under the names of its side file, which must name every ``radVar`` it holds.

    Without a side file the names stay as they are. Raises TableError READ-053 if the side file lacks names, and as the formats do.
    """
    table = read_file(path, options)
    anonymous = [name for name in table.names if RADVAR.fullmatch(name)]
    side = path.with_suffix(".txt")
    if anonymous and path.suffix.casefold() != ".txt" and side.is_file():
        table = _named(table, anonymous, _names(side), side.name)
    features = [name for name in table.names if RADVAR.fullmatch(name) or FULL.fullmatch(name)]
    patient = "PatientID" if table.has("PatientID") else None
    settings = _settings(features)
    return set_apart(table, options, reader=NAME, features=features, away={}, settings=[settings] * table.rows, patient=patient)


def _names(side: Path) -> dict[str, str]:
    with side.open("rb") as stream:
        text = stream.read(LARGEST).decode("utf-8-sig", "replace")
    return {match[1]: match[2].strip() for part in re.split(r"\|\||\r?\n", text) if (match := ENTRY.fullmatch(part.strip()))}


def _named(table: RawTable, anonymous: list[str], names: dict[str, str], side: str) -> RawTable:
    lacking = [name for name in anonymous if name not in names]
    if lacking or len({names[name] for name in anonymous if name in names}) < len(anonymous) - len(lacking):
        what = f"{len(lacking)} columns of {table.label} are not in" if lacking else "names occur twice in"
        raise TableError(
            "READ-053",
            f"{what} {inert(side)}",
            found=few(lacking, most=5) or None,
            fix=f"give the list of names that belongs to this table, or take {inert(side)} away",
        )
    note = Accounted(file=table.label, column="", kind="renamed column", what=f"names from {inert(side)}", count=len(anonymous))
    columns = tuple(replace(column, name=names.get(column.name, column.name)) for column in table.columns)
    said = {name: names[name] for name in anonymous}
    dialect = {**table.dialect, "names": f"from {inert(side)}, {digest(said)[:12]}"}
    return replace(table, columns=columns, dialect=dialect).noting(note)


def _settings(features: list[str]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for name in features:
        for key, pattern in (("scale", r"__scale([\d.p-]+)"), ("algorithm", r"_algo([A-Za-z]+)"), ("bin", r"_bin([\d.p]+)")):
            if match := re.search(pattern, name):
                found.setdefault(key, set()).add(match[1])
    return {key: ", ".join(sorted(values, key=lambda text: (len(text), text))) for key, values in found.items()}
