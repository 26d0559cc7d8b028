"""A frozen fit on disk comes back with its bits, has one digest, and no byte of it can be changed unnoticed."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from radaudit.edges.effects_file import read_fit, write_fit
from radaudit.errors import DesignError
from radaudit.harmonise.artefact import fit_digest, fit_from_document, put_together, taken_apart
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.covbat import fit_covbat
from radaudit.harmonise.longitudinal import fit_longitudinal
from radaudit.harmonise.nested import fit_nested
from tests.laws.combat_tables import build


def fits() -> dict[str, object]:
    table = build(51, [20, 24, 30], 9)
    patient = [f"P{i % 25}" for i in range(len(table.x))]
    kernel = ["soft" if i % 2 else "sharp" for i in range(len(table.x))]
    return {
        "combat": fit_combat(table.moments(), reference="site1"),
        "covbat": fit_covbat(table.x, table.batch, table.covariates, features=table.features),
        "nested": fit_nested(table.x, {"site": table.batch, "kernel": kernel}, table.covariates, features=table.features),
        "longitudinal": fit_longitudinal(table.x, table.batch, patient, table.covariates, features=table.features),
    }


@pytest.mark.parametrize("method", ["combat", "covbat", "nested", "longitudinal"])
def test_every_frozen_fit_comes_back_with_its_bits(tmp_path, method):
    fit = fits()[method]
    digest = write_fit(fit, tmp_path / "fit.json")
    assert digest == fit_digest(fit)
    again = read_fit(tmp_path / "fit.json", digest=digest)
    assert again.document() == fit.document()
    assert type(again) is type(fit)
    assert fit_from_document(json.loads(json.dumps(fit.document()))).document() == fit.document()


def test_the_same_fit_has_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_fit(fits()["combat"], tmp_path / f"{name}.json")
    for suffix in ("json", "arrow"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.arrow", "a.json", "b.arrow", "b.json"]


def test_the_header_is_read_by_people_and_holds_no_patient(tmp_path):
    fit = fits()["combat"]
    write_fit(fit, tmp_path / "fit.json", parent="0" * 64)
    header = json.loads((tmp_path / "fit.json").read_text())
    assert header["batches"] == ["site0", "site1", "site2"]
    assert header["counts"] == [20, 24, 30]
    assert header["covariates"][1]["levels"] == ["F", "M"]
    assert header["parent"] == "0" * 64
    assert header["gamma"]["shape"] == [3, 9]


def test_the_formula_of_the_how_to_gives_what_apply_gives(tmp_path):
    table = build(52, [20, 24], 9)
    fit = fit_combat(table.moments())
    write_fit(fit, tmp_path / "fit.json")
    header = json.loads((tmp_path / "fit.json").read_text())
    with pa.OSFile(str(tmp_path / "fit.arrow")) as source, pa.ipc.open_file(source) as reader:
        rows = reader.read_all().to_pylist()
    get = {row["name"]: np.array(row["values"]).reshape(row["shape"]).T for row in rows}  # features first, as R sees them
    age, sex = table.covariates["age"], (table.covariates["sex"] == "M").astype(float)
    assert [c["name"] for c in header["covariates"]] == ["age", "sex"]
    for i in range(len(table.x)):
        b = header["batches"].index(table.batch[i])
        m = get["grand_mean"] + get["coefficients"] @ [age[i], sex[i]]
        y = (table.x[i] - m - get["pooled_sd"] * get["gamma"][:, b]) / np.sqrt(get["delta"][:, b]) + m
        np.testing.assert_allclose(y, fit.apply(table.x[[i]], table.batch[[i]], table.take([i]).covariates)[0], rtol=1e-10, atol=1e-10)


def test_a_child_has_another_digest_than_its_parent_and_names_it():
    fit = fits()["combat"]
    parent = fit_digest(fit)
    assert fit_digest(fit, parent=parent) != parent


def test_changed_bytes_are_noticed(tmp_path):
    fit = fits()["combat"]
    digest = write_fit(fit, tmp_path / "fit.json")
    document = fit.document()
    good = {suffix: (tmp_path / f"fit.{suffix}").read_bytes() for suffix in ("json", "arrow")}
    position = good["arrow"].find(np.array(document["gamma"][0]).tobytes())
    assert position > 0
    damages = [
        ("arrow", good["arrow"][:position] + bytes([good["arrow"][position] ^ 1]) + good["arrow"][position + 1 :]),
        ("arrow", good["arrow"][:100]),
        ("json", good["json"].replace(b'"site1"', b'"site9"')),
        ("json", good["json"].replace(b'{"', b'{ "', 1)),
        ("json", b"[]\n"),
    ]
    for suffix, content in damages:
        (tmp_path / f"fit.{suffix}").write_bytes(content)
        with pytest.raises(DesignError) as caught:
            read_fit(tmp_path / "fit.json", digest=digest)
        assert caught.value.code == "HARM-018"
        (tmp_path / f"fit.{suffix}").write_bytes(good[suffix])
    read_fit(tmp_path / "fit.json", digest=digest)
    (tmp_path / "fit.arrow").unlink()
    with pytest.raises(DesignError):
        read_fit(tmp_path / "fit.json")


def test_missing_and_superfluous_arrays_are_noticed():
    header, arrays = taken_apart(fits()["combat"])
    header.pop("parent")
    for wrong in ({name: a for name, a in arrays.items() if name != "gamma"}, {**arrays, "more": np.zeros(2)}):
        with pytest.raises(DesignError) as caught:
            put_together(header, wrong)
        assert caught.value.code == "HARM-018"


def test_a_fit_of_an_unknown_method_is_refused():
    with pytest.raises(DesignError) as caught:
        fit_from_document({"format": "radaudit-other/1"})
    assert caught.value.code == "HARM-018"
