"""The reviewer's independent path: moments by ``GROUP BY batch`` in SQL on ``out/pool.duckdb``, and the fit from them.

No row reaches Python but the texts of the covariates, from which the levels are learned. One thread, so that the order of a sum is
the order of the file; Welford's variance and covariance and a compensated mean, as DuckDB has them; names and levels are values of
the statement, never part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np  # noqa: TID253

from radaudit.digests import strict_json
from radaudit.errors import DesignError, StudyError, TableError, listed
from radaudit.harmonise.coding import CovariateCoding
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.effects import SiteEffects
from radaudit.harmonise.moments import BatchMoments, SiteMoments

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.study.plan import Plan
    from radaudit.tables.rows import Rows

MOST_FEATURES = 2_000  # of one statement
AGREED = 1e-10
IN_UNITS = ("grand_mean", "pooled_sd", "coefficients")  # in the feature's unit: compared in its pooled SDs
PARAMETERS = ("grand_mean", "pooled_sd", "gamma_hat", "delta_hat", "gamma", "delta", "coefficients")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputed:
    """How far the fit from SQL is from the study's own: the largest difference of each parameter.

    Grand mean, pooled SD and coefficients in pooled SDs of their feature, the others relative to their value where that exceeds 1.
    """

    rows: int
    features: int
    batches: tuple[str, ...]
    differences: tuple[tuple[str, float], ...]

    @property
    def largest(self) -> float:
        """The largest of the differences."""
        return max(value for _, value in self.differences)

    @property
    def agrees(self) -> bool:
        """True if every parameter agrees to 1e-10."""
        return self.largest <= AGREED

    def document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "rows": self.rows,
            "features": self.features,
            "batches": list(self.batches),
            "differences": dict(self.differences),
            "largest": self.largest,
            "agrees": self.agrees,
        }


def moments_in_sql(
    path: Path,
    *,
    covariates: Sequence[str] = (),
    rows: Rows | None = None,
    features: Sequence[str] | None = None,
    leave_out: Sequence[str] = (),
) -> SiteMoments:
    """Return the moments of a study's store, computed by DuckDB: of ``rows`` and ``features`` if they are given.

    ``leave_out`` names batches. Raises TableError READ-045, READ-021 (no such covariate); DesignError HARM-012, HARM-013.
    """
    import duckdb

    from radaudit.edges.duckdb import SETTINGS
    from radaudit.edges.streaming import CLOSED

    if not path.is_file():
        raise TableError("READ-045", f"there is no {path.name}", fix="radaudit ingest")
    try:
        with duckdb.connect(str(path), read_only=True, config={**SETTINGS, **CLOSED}) as connection:
            _choose(connection, rows, leave_out)
            names = [name for (name,) in connection.sql("select name from feature where run_id = 1 order by pos").fetchall()]
            wanted = list(names) if features is None else list(features)
            absent = sorted(set(wanted) - set(names))
            if absent:
                raise DesignError("HARM-013", f"the store has no feature {listed(absent)}", fix="name features of the study")
            coding = _coding(connection, covariates)
            _code(connection, coding)
            place = {name: i for i, name in enumerate(names)}
            return _moments(connection, wanted, [place[name] for name in wanted], coding)
    except duckdb.Error as problem:
        raise TableError("READ-045", f"{path.name} cannot be queried", found=str(problem).splitlines()[0][:200]) from None


def recompute_study(folder: Path) -> Recomputed:
    """Fit the harmonisation of a study again from SQL, on its training rows, and compare with ``out/effects.json``.

    Raises StudyError STUDY-064 if there is nothing to compare with; TableError as ``moments_in_sql``.
    """
    from radaudit.edges.duckdb import Store
    from radaudit.edges.study_file import load_study
    from radaudit.splits import hold_out

    plan = load_study(folder / "study.yaml").plan
    store = folder / "out" / "pool.duckdb"
    own = _own_effects(folder / "out" / "effects.json")
    training = hold_out(Store(store).read().table, plan.holdout()).training
    asked = plan.harmoniser()
    moments = moments_in_sql(
        store,
        covariates=() if asked is None else asked.preserve,
        rows=training,
        features=own.features,
        leave_out=() if asked is None else asked.keep,
    )
    return compared(_fitted(plan, moments), own, moments.rows)


def compared(fit: SiteEffects, own: SiteEffects, rows: int) -> Recomputed:
    """Return how far two fits are apart."""
    if fit.batches != own.batches:
        raise DesignError("HARM-013", "the two fits have different batches", found=f"{listed(fit.batches)}; {listed(own.batches)}")
    unit = np.where(own.pooled_sd > 0, own.pooled_sd, 1.0)
    differences = []
    for name in PARAMETERS:
        a, b = getattr(fit, name), getattr(own, name)
        scale = unit if name in IN_UNITS else np.maximum(np.abs(b), 1.0)
        differences.append((name, float((np.abs(a - b) / scale).max(initial=0.0))))
    return Recomputed(rows=rows, features=len(own.features), batches=own.batches, differences=tuple(differences))


def _own_effects(path: Path) -> SiteEffects:
    try:
        document = strict_json(path.read_bytes())["effects"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StudyError("STUDY-064", "there is no fit to compare with", at=f"out/{path.name}", fix="radaudit run") from error
    if document is None:
        raise StudyError("STUDY-064", "the study harmonises nothing: there is nothing to compare with", at=f"out/{path.name}")
    return SiteEffects.from_document(document)


def _fitted(plan: Plan, moments: SiteMoments) -> SiteEffects:
    asked = plan.harmonise
    return fit_combat(moments, parametric=asked.parametric, eb=asked.eb, mean_only=asked.mean_only, reference=asked.reference)


def _choose(connection: Any, rows: Rows | None, leave_out: Sequence[str]) -> None:
    """Make ``own``: the samples that are used, with their batch."""
    import pyarrow as pa

    connection.execute("create temp table left_out(batch varchar)")
    for batch in leave_out:
        connection.execute("insert into left_out values (?)", [batch])
    where = "batch not in (select batch from left_out)"
    if rows is not None:
        connection.register("chosen", pa.table({"sample_id": pa.array(list(rows), pa.int64())}))
        where += " and sample_id in (select sample_id from chosen)"
    connection.execute(f"create temp table own as select sample_id, batch from sample where {where} order by sample_id")


def _coding(connection: Any, covariates: Sequence[str]) -> CovariateCoding:
    """Return the coding of the covariates of the chosen samples: numbers if every text is one, as ``FeatureTable.covariates``."""
    given: dict[str, list[Any]] = {}
    known = [name for (name,) in connection.sql("select distinct name from fact").fetchall()]
    for name in covariates:
        if name not in known:
            raise TableError("READ-021", f'there is no column "{name}"', found=listed(sorted(known), most=20))
        query = "select f.text from own o left join fact f on f.sample_id = o.sample_id and f.name = ? order by o.sample_id"
        texts = [text for (text,) in connection.execute(query, [name]).fetchall()]
        try:
            given[name] = [None if text is None else float(text) for text in texts]
        except ValueError:
            given[name] = texts
    count = connection.sql("select count(*) from own").fetchall()[0][0]
    return CovariateCoding.learn(given, int(count))


def _code(connection: Any, coding: CovariateCoding) -> None:
    """Make ``design``: the chosen samples with one column c0, c1, ... per column of the coding."""
    columns: list[str] = []
    values: list[str] = []
    for own in coding.blocks:
        for level in own.levels or ("",):
            one = "case when text = ? then 1.0 else 0.0 end" if own.kind == "category" else "cast(text as double)"
            columns.append(f"max(case when name = ? then {one} end) as c{len(columns)}")
            values += [own.name, *([level] if own.kind == "category" else [])]
    wanted = ", ".join(["o.sample_id", "any_value(o.batch) as batch", *columns])
    query = f"select {wanted} from own o left join fact f using (sample_id) group by o.sample_id order by o.sample_id"
    connection.execute(f"create temp table design as {query}", values)


def _moments(connection: Any, features: list[str], at: list[int], coding: CovariateCoding) -> SiteMoments:
    q = len(coding.full_columns)
    whole = _grouped(connection.sql(f"select batch, count(*), {_of_covariates(q)} from design group by batch").fetchall())
    batches = tuple(sorted(whole))
    cells: dict[str, dict[int, tuple[Any, ...]]] = {batch: {} for batch in batches}
    for start in range(0, len(at), MOST_FEATURES):
        for batch, pos, *numbers in _cells(connection, at[start : start + MOST_FEATURES], q):
            cells[batch][pos] = tuple(numbers)
    per_batch = tuple(_batch(whole[batch], cells[batch], at, q) for batch in batches)
    return SiteMoments(features=tuple(features), coding=coding, batches=batches, per_batch=per_batch)


def _cells(connection: Any, at: list[int], q: int) -> Iterator[tuple[Any, ...]]:
    """Yield batch, position, n, mean, ss, q cross-products, and the covariates' moments over the measured rows, of some features."""
    import pyarrow as pa

    connection.register("asked", pa.table({"pos": pa.array(at, pa.int64())}))
    low, high = min(at), max(at) + 1
    crossed = "".join(f", covar_pop(c{k}, x) * count(*)" for k in range(q))
    columns = "".join(f", c{k}" for k in range(q))
    query = f"""
        with cell as (
            select d.batch{columns}, unnest(b.v[{low + 1}:{high}]) as x, unnest(range({low}, {high})) as pos
            from block b join design d using (sample_id) where b.run_id = 1)
        select batch, pos, count(*), favg(x), var_pop(x) * count(*){crossed}{", " if q else ""}{_of_covariates(q) if q else ""}
        from cell semi join asked using (pos) where not isnan(x) group by batch, pos order by batch, pos"""
    yield from connection.sql(query).fetchall()
    connection.unregister("asked")


def _of_covariates(q: int) -> str:
    """Return the SQL of means and cross-products of the covariate columns."""
    means = [f"favg(c{k})" for k in range(q)]
    cross = [f"covar_pop(c{j}, c{k}) * count(*)" for j in range(q) for k in range(q)]
    return ", ".join([*means, *cross]) or "0"


def _grouped(rows: Sequence[tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    return {batch: tuple(numbers) for batch, *numbers in rows}


def _batch(whole: tuple[Any, ...], cells: dict[int, tuple[Any, ...]], at: list[int], q: int) -> BatchMoments:
    rows, p = int(whole[0]), len(at)
    none = (0, 0.0, 0.0, *[0.0] * (2 * q + q * q))
    table = [cells.get(pos, none) for pos in at]
    n = np.array([cell[0] for cell in table], dtype=np.int64)
    partial = np.flatnonzero(n < rows)
    own: Floats = np.array([cell[3 : 3 + 2 * q + q * q] for cell in table], dtype=np.float64).reshape(p, -1)
    return BatchMoments(
        rows=rows,
        n=n,
        mean=np.array([cell[1] for cell in table], dtype=np.float64),
        ss=np.array([cell[2] for cell in table], dtype=np.float64),
        c_mean=np.array(whole[1 : 1 + q], dtype=np.float64),
        c_cross=np.array(whole[1 + q : 1 + q + q * q], dtype=np.float64).reshape(q, q),
        cx=np.ascontiguousarray(own[:, :q].T),
        partial=partial,
        partial_c_mean=own[partial, q : 2 * q].copy(),
        partial_c_cross=own[partial, 2 * q :].reshape(len(partial), q, q).copy(),
    )
