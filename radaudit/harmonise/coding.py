"""Covariates as numbers: learned from training rows by name, applied to any row one at a time.

Text is a category, numbers are continuous. A category with L levels becomes L indicator columns in moments (so that
sites with different levels add exactly) and L-1 columns in a fit (the first level in sorted order is the reference).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError, UnseenLevelError, listed, nearest

if TYPE_CHECKING:
    from radaudit.arrays import Floats, Ints

Covariates = Mapping[str, Sequence[str | float]]
Kind = Literal["category", "number"]
LevelPolicy = Literal["refuse", "reference", "mean"]
MissingPolicy = Literal["refuse", "mean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CovariateCoding:
    """How covariates become columns: names, kinds and the training levels, sorted; numbers have no levels."""

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    levels: tuple[tuple[str, ...], ...]

    @classmethod
    def none(cls) -> CovariateCoding:
        """Return the coding of no covariate."""
        return cls(names=(), kinds=(), levels=())

    @classmethod
    def learn(cls, covariates: Covariates | None, rows: int) -> CovariateCoding:
        """Return the coding of these training rows, covariates in the order of their names.

        Raises DesignError: HARM-012 for missing values, HARM-014 for a wrong length or a mixture of text and numbers.
        """
        names = tuple(sorted(covariates or {}))
        kinds: list[Kind] = []
        levels: list[tuple[str, ...]] = []
        for name in names:
            kind, values, missing = _column(name, (covariates or {})[name], rows)
            _refuse_missing(name, missing)
            kinds.append(kind)
            levels.append(tuple(sorted(set(cast("list[str]", values)))) if kind == "category" else ())
        return cls(names=names, kinds=tuple(kinds), levels=tuple(levels))

    @property
    def full_columns(self) -> tuple[str, ...]:
        """Names of the columns in moments: every level of every category."""
        return tuple(column for name, kind, levels in self._items() for column in ([name] if kind == "number" else _named(name, levels)))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of a design: a category lacks its first level."""
        return tuple(
            column for name, kind, levels in self._items() for column in ([name] if kind == "number" else _named(name, levels)[1:])
        )

    @property
    def design_positions(self) -> Ints:
        """Positions of ``columns`` among ``full_columns``."""
        position = {column: i for i, column in enumerate(self.full_columns)}
        return np.array([position[column] for column in self.columns], dtype=np.int64)

    def _items(self) -> Iterable[tuple[str, Kind, tuple[str, ...]]]:
        return zip(self.names, self.kinds, self.levels, strict=True)

    def code(
        self,
        covariates: Covariates | None,
        rows: int,
        *,
        unseen: LevelPolicy = "refuse",
        missing: MissingPolicy = "refuse",
        means: Mapping[str, float] | None = None,
    ) -> Floats:
        """Return the design (rows, q) without intercept, each row coded on its own with the training levels.

        Policies for what training did not know: ``reference`` codes an unseen level as the reference level, ``mean`` as
        the training mean of each column (``means`` by column name). Covariates that the fit does not use are ignored.
        Raises UnseenLevelError HARM-011, DesignError HARM-012 (missing), HARM-013 (absent), HARM-014 (shape, kind).
        """
        full = self.indicate(covariates, rows, unseen=unseen, missing=missing, means=means)
        return np.ascontiguousarray(full[:, self.design_positions])

    def indicate(
        self,
        covariates: Covariates | None,
        rows: int,
        *,
        unseen: LevelPolicy = "refuse",
        missing: MissingPolicy = "refuse",
        means: Mapping[str, float] | None = None,
    ) -> Floats:
        """Return all columns (rows, q_full), one per level of each category."""
        given = covariates or {}
        design = np.zeros((rows, len(self.full_columns)))
        start = 0
        for name, kind, levels in self._items():
            if name not in given:
                near = nearest(name, given)
                raise DesignError(
                    "HARM-013", f'covariate "{name}" of the fit is not given', near=near, fix="give every covariate of the fit by name"
                )
            _, values, absent = _column(name, given[name], rows, expected=kind)
            if missing == "refuse":
                _refuse_missing(name, absent)
            width = 1 if kind == "number" else len(levels)
            block = design[:, start : start + width]
            fill = _fill(name, levels, means) if (missing == "mean" and absent) or unseen == "mean" else None
            if kind == "number":
                block[:, 0] = [math.nan if v is None else v for v in cast("list[float | None]", values)]
            else:
                _indicate(name, levels, cast("list[str | None]", values), block, unseen, fill)
            if absent and fill is not None:
                block[absent] = fill
            start += width
        return design

    def merged(self, other: CovariateCoding) -> CovariateCoding:
        """Return the coding of both: the same covariates of the same kinds, the union of their levels.

        Raises DesignError HARM-013.
        """
        if self == other:
            return self
        if self.names != other.names or self.kinds != other.kinds:
            raise DesignError(
                "HARM-013",
                "moments of different covariates cannot be added",
                found=f"{listed(map(' '.join, zip(self.names, self.kinds, strict=True)))} against "
                f"{listed(map(' '.join, zip(other.names, other.kinds, strict=True)))}",
                fix="measure both with the same covariates, numbers as numbers and categories as text",
            )
        union = tuple(tuple(sorted(set(a) | set(b))) for a, b in zip(self.levels, other.levels, strict=True))
        return CovariateCoding(names=self.names, kinds=self.kinds, levels=union)

    def keeping(self, columns: Iterable[str]) -> CovariateCoding:
        """Return this coding with only the levels whose full column is listed (levels without a training row go)."""
        kept = set(columns)
        levels = tuple(
            tuple(level for level, column in zip(own, _named(name, own), strict=True) if column in kept) for name, _, own in self._items()
        )
        return CovariateCoding(names=self.names, kinds=self.kinds, levels=levels)

    def document(self) -> list[dict[str, object]]:
        """Return a JSON-able list of the covariates."""
        return [{"name": name, "kind": kind, "levels": list(levels)} for name, kind, levels in self._items()]

    @classmethod
    def from_document(cls, document: Sequence[Mapping[str, object]]) -> CovariateCoding:
        """Return the coding written by ``document``."""
        return cls(
            names=tuple(str(item["name"]) for item in document),
            kinds=tuple(cast("Kind", item["kind"]) for item in document),
            levels=tuple(tuple(str(level) for level in cast("list[object]", item["levels"])) for item in document),
        )


def _named(name: str, levels: Sequence[str]) -> list[str]:
    return [f"{name}[{level}]" for level in levels]


def _fill(name: str, levels: Sequence[str], means: Mapping[str, float] | None) -> list[float]:
    columns = _named(name, levels) if levels else [name]
    if means is None or any(column not in means for column in columns):
        raise DesignError("HARM-013", f'the fit keeps no training mean of covariate "{name}"', fix="use the policy refuse")
    return [means[column] for column in columns]


def _indicate(
    name: str, levels: tuple[str, ...], values: list[str | None], block: Floats, policy: LevelPolicy, fill: list[float] | None
) -> None:
    position = {level: i for i, level in enumerate(levels)}
    unseen = sorted({v for v in values if v is not None and v not in position})
    if unseen and policy == "refuse":
        raise UnseenLevelError(name, unseen, levels)
    for i, value in enumerate(values):
        if value is None:
            continue
        if value in position:
            block[i, position[value]] = 1.0
        elif policy == "reference":
            block[i, 0] = 1.0
        else:
            block[i] = fill


def _refuse_missing(name: str, missing: list[int]) -> None:
    if missing:
        raise DesignError(
            "HARM-012",
            f'covariate "{name}" is missing in {len(missing)} row(s)',
            found=f"first at row {missing[0] + 1}",
            fix=f'complete the rows, leave them out, or take "{name}" out of harmonise.preserve',
            covariate=name,
            rows=tuple(missing),
        )


def _column(
    name: str, values: Sequence[str | float], rows: int, expected: Kind | None = None
) -> tuple[Kind, list[str] | list[float], list[int]]:
    """Return a covariate's kind, its values (None where missing) and the rows where it is missing."""
    cells = listing(values)
    if len(cells) != rows:
        raise DesignError("HARM-014", f'covariate "{name}" has {len(cells)} values for {rows} rows', fix="give one value per row")
    text, numbers, out, missing = 0, 0, [], []
    for i, cell in enumerate(cells):
        value = _cell(cell)
        out.append(value)
        if value is None:
            missing.append(i)
        elif isinstance(value, str):
            text += 1
        else:
            numbers += 1
    if text and numbers:
        raise DesignError(
            "HARM-014", f'covariate "{name}" mixes text and numbers', found=f"{text} texts, {numbers} numbers", fix="quote every category"
        )
    kind: Kind = "category" if text else "number" if numbers else expected or "number"
    if expected is not None and kind != expected:
        raise DesignError(
            "HARM-014",
            f'covariate "{name}" is a {expected} in the fit and a {kind} here',
            fix="code the covariate as in training",
            covariate=name,
        )
    if kind == "number" and any(isinstance(v, float) and math.isinf(v) for v in out):
        raise DesignError(
            "HARM-006", f'covariate "{name}" holds an infinite value', fix="correct the value or treat it as missing", covariate=name
        )
    return kind, cast("list[str] | list[float]", out), missing


def listing(values: object) -> list[object]:
    """Return a sequence, array or column as a list of plain values."""
    tolist = getattr(values, "tolist", None)
    return list(tolist() if tolist is not None else cast("Sequence[object]", values))


def _cell(cell: object) -> str | float | None:
    if cell is None:
        return None
    if isinstance(cell, str):
        return str(cell) if cell.strip() else None
    if isinstance(cell, bool | np.bool_):
        return str(bool(cell))
    try:
        number = float(cast("float", cell))
    except (TypeError, ValueError):
        number = math.nan
    return None if math.isnan(number) else number
