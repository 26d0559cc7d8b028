"""The fit from sums that DuckDB made is the fit of the study: on real tables, with missing cells, for any rows."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import numpy as np
import pytest

from radaudit.edges import recompute as module
from radaudit.edges.duckdb import Store
from radaudit.edges.intake import read_study
from radaudit.edges.recompute import compared, moments_in_sql, recompute_study
from radaudit.edges.study_file import load_study
from radaudit.errors import RadauditError, StudyError, TableError
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.moments import measure
from radaudit.tables.intake import Intake
from radaudit.tables.roles import Roles
from radaudit.tables.rows import Rows
from radaudit.tables.table import FeatureTable
from tests.edges.test_streaming import assert_close
from tests.laws.combat_tables import build

EGFR = Path(__file__).parents[2] / "examples/egfr"


def kept(folder: Path, missing: float = 0.0) -> tuple[Path, FeatureTable]:
    """Write a small store and return it with its table."""
    sites = build(41, [60, 50, 70], 23, missing=missing)
    n = len(sites.x)
    table = FeatureTable.of(
        roles=Roles(patient="id"),
        patients=[f"p{i:03d}" for i in range(n)],
        features=[f'it\'s "f{j}"; drop table block; --' for j in range(23)],
        values=sites.x,
        outcome=[float(i % 2) for i in range(n)],
        sites=sites.batch.tolist(),
        facts={
            "age": [repr(a) for a in sites.covariates["age"].tolist()],
            "it's sex": sites.covariates["sex"].tolist(),
            "other": [None] * n,
        },
    )
    path = folder / "pool.duckdb"
    Store(path).write(Intake(table=table, sources=(), accounting=(), flow=(), findings=(), dictionary=()))
    return path, table


def in_memory(table: FeatureTable, at: list[int], names: tuple[str, ...]):
    covariates = {name: [column[i] for i in at] for name, column in table.covariates(names).items()}
    return measure(table.values[at], [table.batches[i] for i in at], covariates, features=table.features)


@pytest.mark.parametrize("missing", [0.0, 0.06])
@pytest.mark.parametrize("covariates", [(), ("age",), ("age", "it's sex")])
def test_moments_in_sql_are_those_of_numpy(tmp_path: Path, missing: float, covariates: tuple[str, ...]) -> None:
    path, table = kept(tmp_path, missing)
    found, expected = moments_in_sql(path, covariates=covariates), in_memory(table, list(range(len(table))), covariates)
    assert_close(found, expected, 1e-10)
    assert compared(fit_combat(found), fit_combat(expected), found.rows).agrees


def test_only_the_rows_features_and_batches_that_are_asked_for_are_summed(tmp_path: Path) -> None:
    path, table = kept(tmp_path, 0.05)
    some = list(range(0, len(table), 2))
    features = table.features[20:3:-3]
    found = moments_in_sql(path, covariates=("age",), rows=Rows.of(table.digest, some), features=features, leave_out=("site1",))
    expected = in_memory(table, [i for i in some if table.batches[i] != "site1"], ("age",)).of_features(features)
    assert_close(found, expected, 1e-10)


def test_many_features_take_several_statements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, table = kept(tmp_path)
    monkeypatch.setattr(module, "MOST_FEATURES", 5)
    assert_close(moments_in_sql(path), in_memory(table, list(range(len(table))), ()), 1e-10)


def test_the_same_store_gives_the_same_bits(tmp_path: Path) -> None:
    path, _ = kept(tmp_path, 0.05)
    one, two = (moments_in_sql(path, covariates=("age",)) for _ in range(2))
    for a, b in zip(one.per_batch, two.per_batch, strict=True):
        assert all(np.array_equal(left, right) for left, right in zip(a.arrays().values(), b.arrays().values(), strict=True))


def test_the_plain_query_of_the_manual_gives_means_and_sums_of_squares(tmp_path: Path) -> None:
    path, table = kept(tmp_path, 0.05)
    query = """
        select batch, name, count(*) as n, favg(x) as mean, var_pop(x) * count(*) as ss
        from cell_named where not isnan(x) group by batch, name"""
    manual = (Path(__file__).parents[2] / "docs/how-to/larger-than-memory.md").read_text("utf-8")
    assert " ".join(query.split()) in " ".join(manual.split())
    expected = in_memory(table, list(range(len(table))), ())
    with duckdb.connect(str(path), read_only=True) as connection:
        rows = connection.sql(query).fetchall()
    assert len(rows) == 3 * 23
    for batch, name, n, mean, ss in rows:
        j = expected.features.index(name)
        assert n == expected[batch].n[j]
        np.testing.assert_allclose([mean, ss], [expected[batch].mean[j], expected[batch].ss[j]], rtol=1e-10)


def test_a_study_is_recomputed_and_an_altered_fit_is_seen(tmp_path: Path) -> None:
    study = load_study(EGFR / "study.yaml")
    folder = tmp_path / "study"
    (folder / "out").mkdir(parents=True)
    (folder / "study.yaml").write_text(study.text, encoding="utf-8")
    intake = read_study(study.plan, EGFR)
    Store(folder / "out/pool.duckdb").write(intake)
    with pytest.raises(StudyError) as caught:
        recompute_study(folder)
    assert caught.value.code == "STUDY-064"

    from radaudit.splits import hold_out

    training = intake.table.take(hold_out(intake.table, study.plan.holdout()).training)
    own = fit_combat(
        measure(training.values, training.batches, training.covariates(study.plan.harmonise.preserve), features=training.features)
    ).only(training.features[5:80])
    effects = folder / "out/effects.json"
    # the priors are shared by all features of a fit: the study's own fit holds those it was fitted on
    whole = fit_combat(
        measure(training.values[:, 5:80], training.batches, training.covariates(study.plan.harmonise.preserve), features=own.features)
    )
    effects.write_text(json.dumps({"effects": whole.document()}), encoding="utf-8")
    found = recompute_study(folder)
    assert found.agrees
    assert (found.rows, found.features, found.batches) == (len(training), 75, ("GE MEDICAL SYSTEMS", "OTHER", "SIEMENS"))

    document = whole.document()
    document["gamma"][1][7] += 1e-6
    effects.write_text(json.dumps({"effects": document}), encoding="utf-8")
    found = recompute_study(folder)
    assert not found.agrees
    assert dict(found.differences)["gamma"] == pytest.approx(1e-6, rel=1e-3)
    effects.write_text(json.dumps({"effects": own.document()}), encoding="utf-8")  # priors of other features
    assert not recompute_study(folder).agrees


@pytest.mark.parametrize(
    ("options", "code"),
    [({"covariates": ("agee",)}, "READ-021"), ({"features": ("x",)}, "HARM-013"), ({"covariates": ("other",)}, "HARM-012")],
)
def test_what_the_store_does_not_have_is_refused(tmp_path: Path, options, code: str) -> None:
    path, _ = kept(tmp_path)
    with pytest.raises(RadauditError) as caught:
        moments_in_sql(path, **options)
    assert caught.value.code == code


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.duckdb").write_bytes(b"nothing")
    for path in (tmp_path / "x.duckdb", tmp_path / "y.duckdb"):
        with pytest.raises(TableError) as caught:
            moments_in_sql(path)
        assert caught.value.code == "READ-045"
