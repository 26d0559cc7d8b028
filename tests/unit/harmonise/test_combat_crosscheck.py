"""The cross-check compares, or says why it did not."""

from __future__ import annotations

import numpy as np

from radaudit.edges.neurocombat import crosscheck_neurocombat, neurocombat_harmonise, neurocombat_version
from radaudit.findings import Verdict
from radaudit.harmonise.crosscheck import crosscheck
from tests.laws.combat_tables import build


def test_neurocombat_agrees_on_what_it_can_do_and_the_rest_is_counted(capsys):
    table = build(31, [20, 25, 30], 20)
    table.x[3, 0] = np.nan
    table.x[:, 1] = 5.0
    table.x[table.batch == "site1", 2] = 5.0
    check = crosscheck_neurocombat(table.x, table.batch, table.covariates, features=table.features)
    assert check.verdict is Verdict.PASSED
    assert check.max_difference is not None
    assert check.max_difference < 1e-10
    assert (check.rows, check.features, check.left_out) == (75, 17, 3)
    assert check.version == neurocombat_version() != ""
    assert check.rounding is not None
    assert 1e-9 < check.rounding < 1e-5  # what the package's float32 covariates change
    assert capsys.readouterr().out == ""


def test_a_package_that_differs_fails_the_check():
    table = build(32, [20, 25], 12)

    def biased(x, batch, covariates):
        return neurocombat_harmonise(x, batch, covariates) + 1e-3 * x.std(axis=0)

    check = crosscheck(
        table.x, table.batch, table.covariates, features=table.features, reference_harmonise=biased, package="biased", version="1"
    )
    assert check.verdict is Verdict.FAILED
    assert check.max_difference is not None
    assert 5e-4 < check.max_difference < 2e-3


def test_a_package_that_breaks_or_returns_nonsense_is_not_run():
    table = build(33, [20, 25], 12)

    def broken(x, batch, covariates):
        raise AttributeError("module 'numpy' has no attribute 'int'")

    def hollow(x, batch, covariates):
        return np.full(x.shape, np.nan)

    for function, word in ((broken, "AttributeError"), (hollow, "not finite")):
        check = crosscheck(
            table.x, table.batch, table.covariates, features=table.features, reference_harmonise=function, package="p", version="1"
        )
        assert check.verdict is Verdict.NOT_RUN
        assert word in check.reason
        assert check.max_difference is None


def test_rows_that_cannot_be_compared_are_not_run_with_the_reason():
    few, single, tiny = build(34, [20, 25], 4), build(35, [20], 12), build(36, [1, 25], 12)
    for table, word in ((few, "features"), (single, "one batch"), (tiny, "one row")):
        check = crosscheck_neurocombat(table.x, table.batch, table.covariates, features=table.features)
        assert check.verdict is Verdict.NOT_RUN
        assert word in check.reason
        assert check.document()["status"] == "not run"
