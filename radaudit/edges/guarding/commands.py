"""``radaudit guard COMMAND``: a program that maps a table file and a split file to a file of predictions, in any language."""

from __future__ import annotations

import csv
import shlex
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.edges.guarding.frames import HOLDOUT, TRAINING, Frame, flip
from radaudit.edges.readers.formats import dialect as dialects
from radaudit.edges.readers.formats.files import file_format
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.registry import read_table
from radaudit.errors import DesignError, StudyError, listed, nearest
from radaudit.leaks.metamorphic.compare import Outputs
from radaudit.leaks.metamorphic.variants import BASELINE

if TYPE_CHECKING:
    from radaudit.leaks.metamorphic.guard import GuardReport
    from radaudit.leaks.metamorphic.variants import Variant

PLACES = ("{table}", "{split}", "{predictions}")
HELD = ("holdout", "test", "testing", "validation", "external", "1")
KEPT_LINES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What the command works on: the table, the file (or column) of the split, and the columns that are no features."""

    table: Path
    split: str
    id: str
    outcome: str
    site: str | None = None
    holdout: str | None = None


def guard_command(command: str, files: Files, *, timeout: float = 600.0, seed: int = 1) -> GuardReport:
    """Return what the guard sees of a command line with the places {table}, {split} and {predictions}.

    The command is run without a shell, at most five times, on copies in a temporary folder: the table as it was written but for what was
    changed, the split as ``id,split`` with ``training`` and ``holdout``. It writes a CSV with the id and numbers; rows may be missing.
    Raises StudyError: GUARD-114 (the files), GUARD-115 (the command line), GUARD-116 (the command fails), GUARD-117 (its predictions).
    """
    from radaudit.leaks.metamorphic.guard import examine

    words = shlex.split(command)
    lost = [place for place in PLACES if not any(place in word for word in words)]
    if lost or not words:
        fix = 'radaudit guard "Rscript model.R {table} {split} {predictions}" --table features.csv --split split.csv --id id --outcome y'
        raise StudyError("GUARD-115", f"the command line has no place for {listed(lost)}", found=command[:120], fix=fix)
    run = _Command.of(words, files, timeout)
    return examine(run, run.frame.values, run.frame.holdout, seed=seed)


class _Command:
    """The command as a pipeline."""

    def __init__(self, words: list[str], frame: Frame, texts: Any, files: Files, marks: tuple[str, str], timeout: float) -> None:
        self.words, self.frame, self.texts, self.files = words, frame, texts, files
        self.delimiter, self.decimal = marks
        self.timeout = timeout

    @classmethod
    def of(cls, words: list[str], files: Files, timeout: float) -> _Command:
        import pandas as pd

        raw, delimiter, decimal = _read(files.table)
        texts = pd.DataFrame({column.name: column.as_texts() for column in raw.columns}, dtype=object)
        named = [name for name in (files.id, files.outcome, files.site) if name is not None]
        for name in named:
            if name not in texts.columns:
                near = nearest(name, texts.columns)
                raise _odd(files.table, f'there is no column "{name}"', listed(texts.columns, most=12), near)
        ids = texts[files.id].str.strip()
        if not ids.is_unique:
            raise _odd(files.table, f'the ids in "{files.id}" repeat', f"{ids.duplicated().sum()} of {len(ids)} rows", None)
        texts.index = pd.Index(ids, name=files.id)
        part, also = _split(files, texts)
        features = texts.drop(columns=[*named, *also])
        numbers = {name: _numbers(features[name], decimal) for name in features.columns}
        table = pd.DataFrame({name: numbers[name] if numbers[name] is not None else features[name] for name in features.columns})
        site = None if files.site is None else texts[files.site]
        return cls(words, Frame.of(table, part, texts[files.outcome], site), texts, files, (delimiter, decimal), timeout)

    def __call__(self, variant: Variant) -> Outputs:
        with tempfile.TemporaryDirectory(prefix="radaudit-guard-") as folder:
            paths = {name: str(Path(folder) / f"{name}.csv") for name in ("table", "split", "predictions")}
            rows = self._written(variant, paths)
            self._run(paths, variant)
            return self._given(Path(paths["predictions"]), rows)

    def _written(self, variant: Variant, paths: dict[str, str]) -> list[str]:
        """Write table and split of a variant and return its ids."""
        features, part, _, _ = self.frame.made(variant)
        cells = self.texts.iloc[variant.source].set_axis(features.index).copy()
        cells[self.files.id] = [str(name) for name in features.index]
        turned = flip(cells[self.files.outcome], self.texts[self.files.outcome])
        cells[self.files.outcome] = cells[self.files.outcome].where(~variant.flipped, turned)
        changed = variant.new | variant.garbage
        for name in self.frame.numeric if changed.any() else ():
            drawn = features[name].map(lambda value: "" if value != value else f"{value:.6g}".replace(".", self.decimal))
            cells[name] = cells[name].where(~changed, drawn)
        with Path(paths["table"]).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream, delimiter=self.delimiter)
            writer.writerow(cells.columns)
            writer.writerows(cells.itertuples(index=False))
        with Path(paths["split"]).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow([self.files.id, "split"])
            writer.writerows(zip(cells[self.files.id], part, strict=True))
        return list(cells[self.files.id])

    def _run(self, paths: dict[str, str], variant: Variant) -> None:
        words = list(self.words)
        for name, path in paths.items():
            words = [word.replace(f"{{{name}}}", path) for word in words]
        try:
            done = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=self.timeout, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise self._failed(f"{type(error).__name__}: {error}"[:200], variant) from error
        if done.returncode:
            said = [line for line in done.stderr.splitlines() if line.strip()][-KEPT_LINES:]
            raise self._failed(f"exit code {done.returncode}" + "".join(f"\n{line[:160]}" for line in said), variant)
        if not Path(paths["predictions"]).is_file():
            raise self._failed("exit code 0, but it wrote no {predictions}", variant)

    def _failed(self, found: str, variant: Variant) -> Exception:
        if variant.name != BASELINE:
            return RuntimeError(found)
        return StudyError("GUARD-116", "the command fails on the table as it is", found=found, fix="run it by hand on your files first")

    def _given(self, path: Path, ids: list[str]) -> Outputs:
        """Return the numbers of a predictions file: columns that hold one per row."""
        import numpy as np

        raw = read_table(path, ReadOptions(label="{predictions}"), recognise=False)
        if not raw.has(self.files.id):
            raise _wrong_predictions(f'no column "{self.files.id}"', listed(raw.names, most=8))
        place = {name: i for i, name in enumerate(ids)}
        rows = [place.get(text.strip(), -1) for text in raw.column(self.files.id).as_texts()]
        if -1 in rows or len(set(rows)) < len(rows):
            raise _wrong_predictions("ids that the table does not have, or twice", f"{rows.count(-1)} unknown, {len(rows)} rows")
        columns = [_numbers(_as_series(column.as_texts()), ".") for column in raw.columns if column.name != self.files.id]
        known = [column for column in columns if column is not None]
        if not known:
            raise _wrong_predictions("no column of numbers", listed(raw.names, most=8))
        risk = np.full((len(ids), len(known)), np.nan)
        for j, column in enumerate(known):
            risk[rows, j] = column.to_numpy()
        return Outputs(risk=risk)


def _read(path: Path) -> tuple[RawTable, str, str]:
    """Return a text table with its delimiter and decimal mark; raises StudyError (GUARD-114) for other formats."""
    if not path.is_file():
        raise _odd(path, "there is no such file", ", ".join(sorted(p.name for p in path.parent.glob("*.csv"))[:8]), None)
    if file_format(path, ReadOptions()) != "text":
        raise _odd(path, "the guard hands text tables to a command", path.suffix, "export it as CSV")
    marks = dialects.look(path)
    decimal = "," if marks.decimal == "," else "."
    return read_table(path, ReadOptions(decimal=marks.decimal or None), recognise=False), marks.delimiter or ",", decimal


def _split(files: Files, texts: Any) -> tuple[Any, list[str]]:
    """Return the split by id, and the columns of the table that hold it."""
    import pandas as pd

    if files.split in texts.columns and not Path(files.split).is_file():
        return _parts(texts[files.split], files), [files.split]
    raw, _, _ = _read(Path(files.split))
    others = [name for name in raw.names if name != files.id]
    if not raw.has(files.id) or not others:
        raise _odd(Path(files.split), f'the split needs the column "{files.id}" and one with the part', listed(raw.names), None)
    told = pd.Series(list(raw.column(others[0]).as_texts()), index=[text.strip() for text in raw.column(files.id).as_texts()])
    lost = [name for name in texts.index if name not in told.index]
    if lost or not told.index.is_unique:
        raise _odd(Path(files.split), "not every row of the table has one part", f"{len(lost)} rows without", None)
    return _parts(told.reindex(texts.index), files), []


def _parts(told: Any, files: Files) -> Any:
    values = sorted(set(told.str.strip()))
    held = [value for value in values if (value == files.holdout if files.holdout else value.casefold() in HELD)]
    if len(held) != 1 or len(values) != 2:
        raise StudyError(
            "GUARD-114",
            "which part is the holdout?",
            at=files.split,
            found=listed(values),
            fix=f"--holdout {values[-1] if values else 'test'}",
        )
    return told.str.strip().map(lambda value: HOLDOUT if value == held[0] else TRAINING).rename("split")


def _numbers(column: Any, decimal: str) -> Any:
    """Return a column of numbers, or None if some cell is none."""
    import pandas as pd

    text = column.str.strip().str.replace(decimal, ".", regex=False) if decimal != "." else column.str.strip()
    made = pd.to_numeric(text.where(text != ""), errors="coerce")
    return None if (made.isna() & (text != "")).any() or made.isna().all() else made.astype(float)


def _as_series(texts: Any) -> Any:
    import pandas as pd

    return pd.Series(list(texts), dtype=object)


def _odd(path: Path, what: str, found: str, near: str | None) -> StudyError:
    return StudyError(
        "GUARD-114",
        what,
        at=path.name,
        found=found,
        near=near,
        fix="--table features.csv --split split.csv --id patient_id --outcome relapse",
    )


def _wrong_predictions(what: str, found: str) -> DesignError:
    return DesignError(
        "GUARD-117", f"the predictions have {what}", found=found, fix="write a CSV with the id column and one column of numbers"
    )
