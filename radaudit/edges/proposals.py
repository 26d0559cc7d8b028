"""``radaudit init``: look at tables and write a first study file."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.study_file import plan_of_text
from radaudit.errors import StudyError
from radaudit.study.guesses import MARKERS, PLAIN, WIDE, Look
from radaudit.study.proposal import propose_study
from radaudit.tables.names import captk_name, pyradiomics_name

SCHEMA_FILE = "study.schema.json"
FEATURES = (pyradiomics_name, captk_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialised:
    """What ``init`` wrote: the study file, the schema beside it for editors, and the text."""

    study: Path
    schema: Path
    text: str


def propose(files: Sequence[Path], folder: Path, *, name: str | None = None) -> str:
    """Return the text of a study file for these tables, paths relative to ``folder``; it loads.

    Raises StudyError (STUDY-030 to STUDY-034) and TableError as the readers do.
    """
    if not files:
        raise StudyError("STUDY-033", "no tables were named", fix="radaudit init data/features.csv data/clinical.csv")
    looks = [look_at(file, _relative(file, folder)) for file in files]
    text = propose_study(looks, name=_study_name(name or folder.resolve().name))
    plan_of_text(text)
    return text


def initialise(files: Sequence[Path], folder: Path, *, name: str | None = None, force: bool = False) -> Initialised:
    """Write ``study.yaml`` and its schema into ``folder``; raises StudyError (STUDY-034) if there is one and ``force`` is not set."""
    study = folder / "study.yaml"
    if study.exists() and not force:
        raise StudyError(
            "STUDY-034", "there is a study.yaml here, and it may be your plan", fix="radaudit init --force FILES... replaces it"
        )
    text = propose(files, folder, name=name)
    schema = Path(__file__).parents[1] / "study" / SCHEMA_FILE
    (folder / SCHEMA_FILE).write_bytes(schema.read_bytes())
    study.write_text(text, encoding="utf-8", newline="\n")
    return Initialised(study=study, schema=folder / SCHEMA_FILE, text=text)


def look_at(path: Path, label: str) -> Look:
    """Return a look at one table: what its columns hold, but for the features, of which only the names are kept."""
    from radaudit.edges.readers.registry import read_table

    table = read_table(path, ReadOptions(label=label, text=lambda column: not any(ask(column) for ask in FEATURES)))
    features = _features(table)
    others = {column.name: column.as_texts() for column in table.columns if column.name not in features}
    return Look(
        file=label,
        rows=table.rows,
        columns=others,
        features=tuple(name for name in table.names if name in features),
        marked=Counter(
            text.strip() for column in table.columns if column.name in features for text in column.texts or () if text.strip() in MARKERS
        ),
        reader=table.reader,
    )


def _features(table: RawTable) -> frozenset[str]:
    """Return the names of features: those the reader knows, or all numeric columns with a fraction if there are many."""
    if table.features:
        return frozenset(table.features)
    found = [column.name for column in table.columns if column.values is not None or _measured(column.as_texts())]
    return frozenset(found) if len(found) >= WIDE and 2 * len(found) >= len(table.columns) else frozenset()


def _measured(texts: Sequence[str]) -> bool:
    """Return True for a column of numbers that were measured: nearly all plain, more than a few different ones, some with a fraction."""
    values = [text.strip() for text in texts if text.strip()]
    plain = [value for value in values if PLAIN.fullmatch(value)]
    return (
        len(plain) >= 0.9 * len(values) > 0
        and len(set(plain)) > min(10, len(plain) / 2)
        and any(set(".,eE") & set(value) for value in plain)
    )


def _relative(file: Path, folder: Path) -> str:
    if not file.is_file():
        beside = sorted(p.name for p in file.parent.glob("*") if p.is_file()) if file.parent.is_dir() else []
        raise StudyError(
            "STUDY-033", f"there is no file {file.name}", found=", ".join(beside[:8]) or None, fix="name the tables as they are on disk"
        )
    try:
        return Path(os.path.relpath(file.resolve(), folder.resolve())).as_posix()
    except ValueError:
        raise StudyError(
            "STUDY-012", f"{file.name} is on another drive than the study", fix="copy the table into the study folder"
        ) from None


def _study_name(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode() or text
    return re.sub(r"[^A-Za-z0-9._-]+", "-", plain).strip("-._")[:64] or "study"
