"""The tables inside the store: their SQL, and values of the middle to rows and back; names are values, never identifiers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from radaudit.digests import canonical
from radaudit.findings import Finding, Severity, Verdict
from radaudit.tables.intake import Accounted, FlowStep, Intake, Source
from radaudit.tables.names import FeatureIdentity
from radaudit.tables.roles import Outcome, Roles
from radaudit.tables.table import FeatureTable

if TYPE_CHECKING:
    from radaudit.arrays import Floats
    from radaudit.tables.rows import Rows

SCHEMA = "radaudit/pool/1"
BATCH = 4096
TABLES = """
create table study_table(schema_name varchar, digest varchar, roles varchar, samples bigint, features bigint);
create table source_file(pos integer, path varchar, role varchar, sha256 varchar, bytes bigint, n_rows bigint, n_cols bigint,
    reader varchar, dialect varchar);
create table extraction(run_id integer primary key, extractor varchar, matrix_sha256 varchar, n_rows bigint, n_features bigint);
create table feature(run_id integer, pos integer, name varchar, extractor varchar, family varchar, image_filter varchar,
    aggregation varchar, discretisation varchar, ibsi varchar, unit varchar, deviation varchar, settings varchar, primary key(run_id, pos));
create table sample(sample_id bigint primary key, patient varchar, region varchar, site varchar, batch varchar, outcome double);
create table block(run_id integer, sample_id bigint, v double[], primary key(run_id, sample_id));
create table fact(sample_id bigint, pos integer, name varchar, text varchar);
create table accounted(pos integer, file varchar, column_name varchar, kind varchar, what varchar, count bigint);
create table flow(pos integer, label varchar, patients bigint, n_rows bigint, reason varchar);
create table finding(pos integer, document varchar);
create view cell as select run_id, sample_id, unnest(v) as x, unnest(range(len(v))) as pos from block;
create view cell_named as select f.name, s.patient, s.region, s.site, s.batch, c.x
    from cell c join feature f using (run_id, pos) join sample s using (sample_id);
"""


def _insert(connection: Any, table: str, columns: Mapping[str, Any]) -> None:
    import pyarrow as pa

    connection.register("incoming", pa.table(dict(columns)))
    connection.execute(f"insert into {table} by name select * from incoming")
    connection.unregister("incoming")


def write_table(connection: Any, table: FeatureTable, extractor: str) -> None:
    """Write the matrix, who its rows are and what is said about them."""
    import hashlib

    import numpy as np
    import pyarrow as pa

    n, p = table.values.shape
    matrix = hashlib.sha256(np.ascontiguousarray(table.values, dtype="<f8").tobytes()).hexdigest()
    header = {"schema_name": [SCHEMA], "digest": [table.digest], "roles": [canonical(table.roles.document()).decode()]}
    _insert(connection, "study_table", {**header, "samples": [n], "features": [p]})
    _insert(
        connection, "extraction", {"run_id": [1], "extractor": [extractor], "matrix_sha256": [matrix], "n_rows": [n], "n_features": [p]}
    )
    ids = np.arange(n, dtype=np.int64)
    _insert(
        connection,
        "sample",
        {
            "sample_id": ids,
            "patient": pa.array(table.patients, pa.string()),
            "region": pa.array(table.units, pa.string()),
            "site": pa.array(table.sites, pa.string()),
            "batch": pa.array(table.batches, pa.string()),
            "outcome": pa.array(table.outcome),
        },
    )
    for start in range(0, n, BATCH):
        block = table.values[start : start + BATCH]
        offsets = np.arange(len(block) + 1, dtype=np.int32) * p
        cells = pa.ListArray.from_arrays(pa.array(offsets), pa.array(block.ravel()))
        _insert(connection, "block", {"run_id": np.ones(len(block), dtype=np.int32), "sample_id": ids[start : start + BATCH], "v": cells})
    if table.facts:
        texts = [text for column in table.facts.values() for text in column]
        positions = np.repeat(np.arange(len(table.facts), dtype=np.int32), n)
        columns = {"sample_id": np.tile(ids, len(table.facts)), "pos": positions}
        _insert(connection, "fact", {**columns, "name": pa.array(np.repeat(list(table.facts), n)), "text": pa.array(texts, pa.string())})


def write_about(connection: Any, intake: Intake) -> None:
    """Write features, sources, account, flow and findings."""
    import pyarrow as pa

    def texts(values: Sequence[str]) -> Any:
        return pa.array(list(values), pa.string())

    known = intake.dictionary or tuple(FeatureIdentity(name=name) for name in intake.table.features)
    names = {"image_filter": "filter"}
    fields = ("name", "extractor", "family", "image_filter", "aggregation", "discretisation", "ibsi", "unit", "deviation", "settings")
    columns = {field: texts([getattr(one, names.get(field, field)) for one in known]) for field in fields}
    _insert(connection, "feature", {"run_id": pa.array([1] * len(known), pa.int32()), "pos": _positions(known), **columns})
    sources = intake.sources
    _insert(
        connection,
        "source_file",
        {
            "pos": _positions(sources),
            "path": texts([one.file for one in sources]),
            "role": texts([one.role for one in sources]),
            "sha256": texts([one.sha256 for one in sources]),
            "bytes": pa.array([one.bytes for one in sources], pa.int64()),
            "n_rows": pa.array([one.rows for one in sources], pa.int64()),
            "n_cols": pa.array([one.columns for one in sources], pa.int64()),
            "reader": texts([one.reader for one in sources]),
            "dialect": texts([json.dumps(dict(one.dialect), ensure_ascii=False) for one in sources]),
        },
    )
    notes = intake.accounting
    _insert(
        connection,
        "accounted",
        {
            "pos": _positions(notes),
            "file": texts([note.file for note in notes]),
            "column_name": texts([note.column for note in notes]),
            "kind": texts([note.kind for note in notes]),
            "what": texts([note.what for note in notes]),
            "count": pa.array([note.count for note in notes], pa.int64()),
        },
    )
    steps = intake.flow
    counts = {"patients": [step.patients for step in steps], "n_rows": [step.rows for step in steps]}
    flow = {"label": texts([step.label for step in steps]), "reason": texts([step.reason for step in steps])}
    _insert(
        connection, "flow", {"pos": _positions(steps), **flow, **{name: pa.array(values, pa.int64()) for name, values in counts.items()}}
    )
    documents = [
        json.dumps({**finding.public(), "local": [dict(row) for row in finding.local]}, ensure_ascii=False) for finding in intake.findings
    ]
    _insert(connection, "finding", {"pos": _positions(documents), "document": texts(documents)})


def _positions(items: Sequence[object]) -> Any:
    """Return 0, 1, 2, ... for the items, as an Arrow column."""
    import pyarrow as pa

    return pa.array(range(len(items)), pa.int32())


def read_table(connection: Any, header: Mapping[str, Any], rows: Rows | None) -> FeatureTable:
    """Return the table, of these rows only if they are given: no other row is fetched."""
    import numpy as np
    import pyarrow as pa

    chosen = np.arange(header["samples"], dtype=np.int64) if rows is None else np.array(list(rows), dtype=np.int64)
    connection.register("chosen", pa.table({"sample_id": chosen}))
    samples = connection.sql(
        "select patient, region, site, batch, outcome from sample semi join chosen using (sample_id) order by sample_id"
    ).fetchall()
    features = [name for (name,) in connection.sql("select name from feature where run_id = 1 order by pos").fetchall()]
    values = _values(connection, len(samples), len(features))
    names = connection.sql("select pos, min(name) from fact group by pos order by pos").fetchall()
    facts: dict[str, list[str | None]] = {name: [] for _, name in names}
    by_position = dict(names)
    query = "select pos, text from fact semi join chosen using (sample_id) order by pos, sample_id"
    for position, text in connection.sql(query).fetchall():
        facts[by_position[position]].append(text)
    patients, units, sites, batches, outcome = zip(*samples, strict=True) if samples else ((), (), (), (), ())
    return FeatureTable.of(
        roles=_roles(json.loads(header["roles"])),
        patients=patients,
        units=units,
        sites=sites,
        batches=batches,
        features=features,
        values=values,
        outcome=outcome,
        facts=facts,
    )


def _values(connection: Any, n: int, p: int) -> Floats:
    import numpy as np

    values = np.empty((n, p), dtype=np.float64)
    query = "select v from block semi join chosen using (sample_id) where run_id = 1 order by sample_id"
    start = 0
    for batch in connection.sql(query).to_arrow_reader(BATCH):
        stop = start + batch.num_rows
        values[start:stop] = batch.column(0).flatten().to_numpy(zero_copy_only=False).reshape(batch.num_rows, p)
        start = stop
    return values


def _roles(stated: Mapping[str, Any]) -> Roles:
    outcome = stated["outcome"]
    return Roles(
        patient=stated["patient"],
        unit=stated["unit"],
        site=stated["site"],
        volume=stated["volume"],
        batch=tuple(stated["batch"]),
        covariates=tuple(stated["covariates"]),
        clinical=tuple(stated["clinical"]),
        never=tuple(stated["never"]),
        outcome=None if outcome is None else Outcome(**{**outcome, "competing": tuple(outcome.get("competing", ()))}),
    )


def read_accounting(connection: Any) -> tuple[Accounted, ...]:
    """Return the account."""
    query = "select file, column_name, kind, what, count from accounted order by pos"
    return tuple(Accounted(file=a, column=b, kind=c, what=d, count=e) for a, b, c, d, e in connection.sql(query).fetchall())


def read_flow(connection: Any) -> tuple[FlowStep, ...]:
    """Return the flow."""
    query = "select label, patients, n_rows, reason from flow order by pos"
    return tuple(FlowStep(label=a, patients=b, rows=c, reason=d) for a, b, c, d in connection.sql(query).fetchall())


def read_sources(connection: Any) -> tuple[Source, ...]:
    """Return the sources."""
    query = "select path, role, sha256, bytes, n_rows, n_cols, reader, dialect from source_file order by pos"
    names = ("file", "role", "sha256", "bytes", "rows", "columns", "reader")
    return tuple(Source(**dict(zip(names, row, strict=False)), dialect=json.loads(row[-1])) for row in connection.sql(query).fetchall())


def read_dictionary(connection: Any) -> tuple[FeatureIdentity, ...]:
    """Return what each feature is."""
    fields = ("name", "extractor", "family", "filter", "aggregation", "discretisation", "ibsi", "unit", "deviation", "settings")
    query = (
        "select name, extractor, family, image_filter, aggregation, discretisation, ibsi, unit, deviation, settings from feature "
        "where run_id = 1 order by pos"
    )
    return tuple(FeatureIdentity(**dict(zip(fields, row, strict=True))) for row in connection.sql(query).fetchall())


def read_findings(connection: Any, *, with_local: bool) -> tuple[Finding, ...]:
    """Return the findings, without what is about patients unless it is asked for."""
    found = []
    for (document,) in connection.sql("select document from finding order by pos").fetchall():
        stated = json.loads(document)
        local = tuple(stated.pop("local")) if with_local else ()
        stated.pop("local", None)
        stated |= {"verdict": Verdict(stated["verdict"]), "severity": Severity(stated["severity"]), "concerns": tuple(stated["concerns"])}
        found.append(Finding(**stated, local=local))
    return tuple(found)
