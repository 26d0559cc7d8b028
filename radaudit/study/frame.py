"""What fitting needs of a feature table, as arrays that are cheap to slice: no digest, no facts that no step uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.errors import TableError, listed, nearest
from radaudit.study.ends import End, end_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from radaudit.arrays import Floats, Ints
    from radaudit.tables.table import FeatureTable

    Objects = NDArray[Any]

NUMBER, CATEGORY = "number", "category"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Frame:
    """Rows (n) of some patients: features ``x`` (n, p), ``outcome`` (n,), labels as object arrays of text.

    ``kind`` of outcome; a survival one has the event in ``outcome``, the follow-up in ``time`` (n,) and the ``horizon`` of the plan.

    ``covariates`` are the columns a harmoniser preserves, ``clinical`` those of the clinical baseline: numbers if every value
    of the whole table is one, else text, None for missing. ``volume`` (n,) or None.
    """

    features: tuple[str, ...]
    x: Floats
    outcome: Floats
    patients: Objects
    sites: Objects
    batches: Objects
    covariates: Mapping[str, Objects]
    clinical: Mapping[str, Objects]
    volume: Objects | None = None
    time: Floats | None = None
    kind: str = "binary"
    horizon: float = 0.0

    @property
    def end(self) -> End:
        """What differs by kind of outcome."""
        return end_of(self.kind)

    def __len__(self) -> int:
        return len(self.outcome)

    def take(self, at: Ints) -> Frame:
        """Return some rows."""
        return Frame(
            features=self.features,
            x=self.x[at],
            outcome=self.outcome[at],
            patients=self.patients[at],
            sites=self.sites[at],
            batches=self.batches[at],
            covariates={name: column[at] for name, column in self.covariates.items()},
            clinical={name: column[at] for name, column in self.clinical.items()},
            volume=None if self.volume is None else self.volume[at],
            time=None if self.time is None else self.time[at],
            kind=self.kind,
            horizon=self.horizon,
        )

    def columns(self, features: Sequence[str]) -> Ints:
        """Return the positions of these features; raises TableError FEAT-002 with the nearest name if one is absent."""
        place = {name: i for i, name in enumerate(self.features)}
        absent = [name for name in features if name not in place]
        if absent:
            raise TableError(
                "FEAT-002",
                f"{len(absent)} of {len(features)} features are not in the table: {listed(absent)}",
                near=nearest(absent[0], self.features),
                fix="give the table the features of the signature under their names",
            )
        return np.array([place[name] for name in features], dtype=np.int64)

    def preserved(self) -> dict[str, list[Any]]:
        """Return the covariates as a harmoniser takes them."""
        return {name: column.tolist() for name, column in self.covariates.items()}


def frame_of(
    table: FeatureTable, *, preserve: Sequence[str] = (), kinds: Mapping[str, str] | None = None, clinical: Sequence[str] = ()
) -> Frame:
    """Return the rows of ``table``; ``kinds`` fixes for each covariate whether it is a number or a category (else the values decide).

    A value that is no number in a column that must be one becomes NaN. Raises TableError READ-021 for an absent column.
    """
    learned = table.covariates([name for name in preserve if not kinds or name not in kinds])
    end = table.roles.outcome
    given = {name: _as_kind(table.fact(name), kinds[name]) for name in preserve if kinds and name in kinds}
    return Frame(
        features=table.features,
        x=table.values,
        outcome=table.outcome,
        patients=_objects(table.patients),
        sites=_objects(table.sites),
        batches=_objects(table.batches),
        covariates={name: _objects(column) for name, column in sorted({**learned, **given}.items())},
        clinical={name: _objects(column) for name, column in table.covariates(list(clinical)).items()},
        volume=_volume(table),
        time=table.time,
        kind="binary" if end is None else end.kind,
        horizon=0.0 if end is None or end.horizon is None else end.horizon,
    )


def training_frame(table: FeatureTable, preserve: Sequence[str]) -> Frame:
    """Return the frame to fit on. Raises DesignError OUT-073 (rows without an outcome), OUT-070, OUT-100 to -102 (nothing to fit)."""
    frame = frame_of(table, preserve=preserve, clinical=table.roles.clinical)
    frame.end.require(frame)
    return frame


def _objects(values: Sequence[object]) -> Objects:
    column = np.empty(len(values), dtype=object)
    column[:] = list(values)
    return column


def _as_kind(cells: Sequence[str | None], kind: str) -> list[str | float | None]:
    if kind == CATEGORY:
        return list(cells)
    return [None if cell is None else _number(cell) for cell in cells]


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")


def _volume(table: FeatureTable) -> Objects | None:
    name = table.roles.volume
    if name is None:
        return None
    if name in table.features:
        return _objects(table.values[:, table.features.index(name)].tolist())
    column = table.numbers(name)
    return None if column is None else _objects(column.tolist())
