"""RaCaT: one file per image and mask without a header, each line a feature family, a feature and its value.

``Morphology,Volume,35421.7`` with spaces or commas around; the file's name is the only thing that names the patient.
Source: Pfaehler et al. 2019, PLoS ONE 14:e0212223, for the program and its groups of features; the form of the lines is from memory of its
output, no file of the program was at hand.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from radaudit.edges.readers.formats.encoding import decode
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions, from_grid
from radaudit.edges.readers.glimpse import Glimpse
from radaudit.errors import TableError
from radaudit.tables.cells import NOT_COMPUTED, PLAIN
from radaudit.tables.shown import few

NAME = "racat"
WHOLE = "morphology|local intensity|(?:intensity[ -]*)?statistics|intensity|intensity histogram|intensity volume(?: histogram)?"
TEXTURE = (
    r"(?:glcm|glrlm|glszm|gldzm|ngtdm|ngldm)(?: ?features?)?[ _]?(?:2d|2\.5d|25d|3d)?[ _]*(?:w?d?v?mrg|avg|average|merged?|full|bins)*"
)
FAMILY = re.compile(rf"(?:{WHOLE}|{TEXTURE})", re.IGNORECASE)
LEAST = 5


def recognises(glimpse: Glimpse) -> bool:
    """True if the first lines are a family of features, a name and a number."""
    lines = [line for line in glimpse.lines[:40] if line.strip()]
    known = [line for line in lines if (parts := _parts(line)) and FAMILY.fullmatch(parts[0])]
    return len(known) >= LEAST and len(known) >= 0.8 * len(lines)


def claims(path: Path) -> bool:
    """True if the file is RaCaT's."""
    return recognises(Glimpse(path=path))


def _parts(line: str) -> tuple[str, str, str] | None:
    """Return family, feature and value of a line; None if it has another form."""
    cells = [cell.strip() for cell in re.split(r"[,;\t]", line.rstrip(",;\t ")) if cell.strip()]
    return (cells[0], cells[1], cells[2]) if len(cells) == 3 else None


def read(path: Path, options: ReadOptions) -> RawTable:
    """Return one row; a feature is named ``family_feature``.

    Raises TableError READ-053 for a line of another form, a value that is none, or a feature that occurs twice.
    """
    label = options.label or path.name
    text = decode(path.read_bytes(), stated=options.encoding, label=label).body.decode("utf-8")
    values: dict[str, str] = {}
    odd = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        parts = _parts(line)
        name = "_".join(parts[:2]) if parts else ""
        known = parts is not None and (PLAIN.fullmatch(parts[2]) or parts[2].lstrip("+-") in {*NOT_COMPUTED, "inf", "-nan"})
        if parts is None or not known or name in values:
            odd.append(number)
        else:
            values[name] = parts[2]
    if odd or not values:
        raise TableError(
            "READ-053", f"{len(odd)} lines of {label} are not family, feature and value", found=few(f"line {n}" for n in odd) or None,
            fix="export the table again",
        )  # fmt: skip
    table = from_grid([list(values), list(values.values())], label=label, first=1, dialect={"format": "family, feature and value per line"})
    return replace(table, reader=NAME, features=table.names, numbers=(1,))
