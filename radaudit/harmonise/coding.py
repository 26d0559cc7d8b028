"""Covariates as numbers: learned from training rows by name, applied to any row one at a time.

Text is a category, numbers are continuous. A category with L levels becomes L indicator columns in moments (so that
sites with different levels add exactly) and L-1 columns in a fit (the first level in sorted order is the reference).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np  # noqa: TID253

from radaudit.errors import DesignError, UnseenLevelError, listed, nearest
from radaudit.harmonise.splines import Outside, checked
from radaudit.harmonise.splines import columns as spline_columns

if TYPE_CHECKING:
    from radaudit.arrays import Floats, Ints

Covariates = Mapping[str, Sequence[str | float]]
Kind = Literal["category", "number"]
LevelPolicy = Literal["refuse", "reference", "mean"]
MissingPolicy = Literal["refuse", "mean"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One covariate and its columns in moments, from ``start`` on."""

    name: str
    kind: Kind
    levels: tuple[str, ...]
    knots: tuple[float, ...]
    columns: tuple[str, ...]
    start: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CovariateCoding:
    """How covariates become columns: names, kinds and the training levels, sorted; numbers have no levels.

    A number with ``splines`` (name, knots) becomes a natural cubic spline, continued beyond its knots as ``outside`` says.
    """

    names: tuple[str, ...]
    kinds: tuple[Kind, ...]
    levels: tuple[tuple[str, ...], ...]
    splines: tuple[tuple[str, tuple[float, ...]], ...] = ()
    outside: Outside = "linear"

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
            levels.append(tuple(sorted(set(values))) if kind == "category" else ())
        return cls(names=names, kinds=tuple(kinds), levels=tuple(levels))

    def with_splines(self, knots: Mapping[str, Sequence[float]], *, outside: Outside = "linear") -> CovariateCoding:
        """Return this coding with splines on these knots for the named numbers. Raises DesignError HARM-013, HARM-020."""
        numbers = {name for name, kind in zip(self.names, self.kinds, strict=True) if kind == "number"}
        unknown = sorted(set(knots) - numbers)
        if unknown:
            raise DesignError(
                "HARM-013", f"no continuous covariate {listed(unknown)}", found=listed(sorted(numbers)) or "none", fix="name a number"
            )
        return replace(self, splines=tuple((name, checked(knots[name])) for name in sorted(knots)), outside=outside)

    @property
    def full_columns(self) -> tuple[str, ...]:
        """Names of the columns in moments: every level of every category."""
        return tuple(column for block in self.blocks for column in block.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns of a design: a category lacks its first level."""
        return tuple(column for block in self.blocks for column in block.columns[block.kind == "category" :])

    @property
    def design_positions(self) -> Ints:
        """Positions of ``columns`` among ``full_columns``."""
        position = {column: i for i, column in enumerate(self.full_columns)}
        return np.array([position[column] for column in self.columns], dtype=np.int64)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The covariates with the columns each takes in moments."""
        knots, found, start = dict(self.splines), [], 0
        for name, kind, levels in zip(self.names, self.kinds, self.levels, strict=True):
            own = knots.get(name, ())
            columns = _named(name, levels) if kind == "category" else [f"{name}~{j}" for j in range(1, len(own))] or [name]
            found.append(Block(name=name, kind=kind, levels=levels, knots=own, columns=tuple(columns), start=start))
            start += len(columns)
        return tuple(found)

    @property
    def categories(self) -> tuple[slice, ...]:
        """The columns in moments of each category."""
        return tuple(slice(own.start, own.start + len(own.columns)) for own in self.blocks if own.kind == "category")

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
        for own in self.blocks:
            if own.name not in given:
                near = nearest(own.name, given)
                raise DesignError(
                    "HARM-013", f'covariate "{own.name}" of the fit is not given', near=near, fix="give every covariate of the fit by name"
                )
            _, values, absent = _column(own.name, given[own.name], rows, expected=own.kind)
            if missing == "refuse":
                _refuse_missing(own.name, absent)
            block = design[:, own.start : own.start + len(own.columns)]
            fill = _fill(own, means) if (missing == "mean" and absent) or (unseen == "mean" and own.kind == "category") else None
            if own.kind == "category":
                _indicate(own.name, own.levels, values, block, unseen, fill)
            else:
                block[...] = spline_columns(values, own.knots, self.outside, own.name) if own.knots else values[:, None]
            if absent and fill is not None:
                block[absent] = fill
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
        if self.splines != other.splines or self.outside != other.outside:
            raise DesignError(
                "HARM-013", "moments of splines on different knots cannot be added", fix="agree on the knots first and measure with them"
            )
        union = tuple(tuple(sorted(set(a) | set(b))) for a, b in zip(self.levels, other.levels, strict=True))
        return replace(self, levels=union)

    def keeping(self, columns: Iterable[str]) -> CovariateCoding:
        """Return this coding with only the levels whose full column is listed (levels without a training row go)."""
        kept = set(columns)
        levels = tuple(
            tuple(level for level, column in zip(own.levels, own.columns, strict=False) if column in kept) for own in self.blocks
        )
        return replace(self, levels=levels)

    def document(self) -> list[dict[str, object]]:
        """Return a JSON-able list of the covariates."""
        splines = [{"knots": list(own.knots), "outside": self.outside} if own.knots else {} for own in self.blocks]
        return [
            {"name": own.name, "kind": own.kind, "levels": list(own.levels), **more} for own, more in zip(self.blocks, splines, strict=True)
        ]

    @classmethod
    def from_document(cls, document: Sequence[Mapping[str, object]]) -> CovariateCoding:
        """Return the coding written by ``document``."""
        return cls(
            names=tuple(str(item["name"]) for item in document),
            kinds=tuple(cast("Kind", item["kind"]) for item in document),
            levels=tuple(tuple(str(level) for level in cast("list[object]", item["levels"])) for item in document),
            splines=tuple((str(item["name"]), checked(cast("list[float]", item["knots"]))) for item in document if "knots" in item),
            outside=next((cast("Outside", item["outside"]) for item in document if "outside" in item), "linear"),
        )


def _named(name: str, levels: Sequence[str]) -> list[str]:
    return [f"{name}[{level}]" for level in levels]


def _fill(own: Block, means: Mapping[str, float] | None) -> list[float]:
    if means is None or any(column not in means for column in own.columns):
        raise DesignError("HARM-013", f'the fit keeps no training mean of covariate "{own.name}"', fix="use the policy refuse")
    return [means[column] for column in own.columns]


def _indicate(
    name: str, levels: tuple[str, ...], values: list[str | None], block: Floats, policy: LevelPolicy, fill: list[float] | None
) -> None:
    position: dict[str | None, int] = {level: i for i, level in enumerate(levels)}
    unseen = sorted(v for v in set(values) if v is not None and v not in position)
    if unseen and policy == "refuse":
        raise UnseenLevelError(name, unseen, levels)
    code = np.array([position.get(value, -1) for value in values], dtype=np.int64)
    rows = np.flatnonzero(code >= 0)
    block[rows, code[rows]] = 1.0
    for i in np.flatnonzero(code < 0) if unseen else ():
        if values[i] is not None and policy == "reference":
            block[i, 0] = 1.0
        elif values[i] is not None:
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


def _column(name: str, values: Sequence[str | float], rows: int, expected: Kind | None = None) -> tuple[Kind, Any, list[int]]:
    """Return a covariate's kind, its values (texts with None, or an array with NaN, where missing) and the rows where it is missing."""
    cells = listing(values)
    if len(cells) != rows:
        raise DesignError("HARM-014", f'covariate "{name}" has {len(cells)} values for {rows} rows', fix="give one value per row")
    types = set(map(type, cells))
    if not types <= {float, int} and types != {str}:  # anything but plain numbers or plain text is looked at cell by cell
        cells = [_cell(cell) for cell in cells]
        types = {str if isinstance(cell, str) else float for cell in cells if cell is not None}
    if str in types and len(types) > 1:
        text = sum(isinstance(cell, str) for cell in cells)
        found = f"{text} texts, {sum(cell is not None for cell in cells) - text} numbers"
        raise DesignError("HARM-014", f'covariate "{name}" mixes text and numbers', found=found, fix="quote every category")
    kind: Kind = "category" if str in types else "number" if types else expected or "number"
    if expected is not None and kind != expected:
        raise DesignError(
            "HARM-014",
            f'covariate "{name}" is a {expected} in the fit and a {kind} here',
            fix="code the covariate as in training",
            covariate=name,
        )
    if kind == "category":
        blank = {cell for cell in set(cells) if cell is None or not str(cell).strip()}
        return kind, cells if not blank else [None if cell in blank else cell for cell in cells], _where(cells, blank)
    numbers = np.array([math.nan if cell is None else cell for cell in cells], dtype=np.float64)
    if bool(np.isinf(numbers).any()):
        raise DesignError(
            "HARM-006", f'covariate "{name}" holds an infinite value', fix="correct the value or treat it as missing", covariate=name
        )
    return kind, numbers, np.flatnonzero(np.isnan(numbers)).tolist()


def _where(cells: list[object], blank: set[object]) -> list[int]:
    return [i for i, cell in enumerate(cells) if cell in blank] if blank else []


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
