"""Removing effects chunk by chunk gives the bits of the formula, whatever the layout of the table and the place of its chunks."""

from __future__ import annotations

import numpy as np
import pytest

from radaudit.errors import DesignError
from radaudit.harmonise import removal
from radaudit.harmonise.combat import fit_combat
from tests.laws.combat_tables import build


def plainly(effects, table, code):
    design = effects.coding.code(table.covariates, len(table.x))
    shrink = 1.0 / np.sqrt(effects.delta)
    x = table.x.astype(np.float64)
    rest = x - effects.grand_mean
    for k in range(design.shape[1]):
        rest = rest - design[:, k : k + 1] * effects.coefficients[k]
    y = x - (rest * (1.0 - shrink)[code] + (effects.pooled_sd * effects.gamma * shrink)[code])
    return np.where((code < 0)[:, None], x, y)


@pytest.fixture(params=[1, 7, 64, 10_000])
def cells(request, monkeypatch):
    monkeypatch.setattr(removal, "CHUNK_CELLS", request.param * 11)


@pytest.mark.usefixtures("cells")
@pytest.mark.parametrize("layout", ["rows first", "columns first", "every second row", "single precision"])
@pytest.mark.parametrize("options", [{}, {"mean_only": True}, {"reference": "site1"}])
def test_chunks_and_layouts_do_not_change_a_bit(layout, options):
    table = build(11, [40, 33, 51], 11)
    table.x[3, 2] = np.nan
    if layout == "single precision":
        table.x = table.x.astype(np.float32)
    effects = fit_combat(table.moments(), **options)
    table.batch = np.where(np.arange(len(table.x)) % 9 == 4, "elsewhere", table.batch)
    code = np.array([effects.batches.index(b) if b in effects.batches and b != effects.reference else -1 for b in table.batch])
    given = {
        "columns first": lambda x: np.asfortranarray(x),
        "every second row": lambda x: np.repeat(x, 2, axis=0)[::2],
    }.get(layout, lambda x: x)(table.x)
    found = effects.apply(given, table.batch, table.covariates, unseen="pass")
    assert np.array_equal(found, plainly(effects, table, code), equal_nan=True)
    if layout == "rows first":
        out = table.x.copy()
        assert effects.apply(out, table.batch, table.covariates, unseen="pass", out=out) is out
        assert np.array_equal(out, found, equal_nan=True)


def test_no_rows_give_no_rows():
    effects = fit_combat(build(12, [9, 9], 6).moments())
    assert effects.apply(np.empty((0, 6)), [], {"age": [], "sex": []}).shape == (0, 6)


@pytest.mark.usefixtures("cells")
def test_an_infinite_cell_in_any_chunk_is_refused():
    table = build(13, [30, 30], 11)
    effects = fit_combat(table.moments())
    table.x[57, 10] = -np.inf
    with pytest.raises(DesignError) as caught:
        effects.apply(table.x, table.batch, table.covariates)
    assert caught.value.code == "HARM-006"


def test_values_too_large_to_add_up_are_not_taken_for_infinite():
    table = build(14, [30, 30], 6)
    effects = fit_combat(table.moments())
    table.x[:, 0] = 1.5e307
    assert np.isfinite(effects.apply(table.x, table.batch, table.covariates)).all()


def test_buffers_do_not_overlap_and_start_at_different_lines_of_a_page():
    made = removal.buffers(7, 5, 13)
    for i, one in enumerate(made):
        one[...] = i
    assert all((one == i).all() for i, one in enumerate(made))
    starts = {one.ctypes.data % removal.PAGE for one in made}
    assert len(starts) == 7
    assert all(start % removal.LINE == 0 for start in starts)
