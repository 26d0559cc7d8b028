"""Hospitals that share nothing but one file each get the parameters of the pooled rows, bit for bit; and what stands in the way."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from radaudit.cli import main
from radaudit.digests import canonical, digest
from radaudit.edges.federation import combine_files, read_effects, read_summary, summarise_file, summarise_study, summary_bytes
from radaudit.edges.federation_table import Asked
from radaudit.edges.intake import read_study
from radaudit.edges.study_file import load_study
from radaudit.errors import DesignError, PrivacyError, StudyError
from radaudit.harmonise.combat import fit_combat
from radaudit.harmonise.moments import measure
from radaudit.harmonise.summary import SiteSummary

ROOT = Path(__file__).parents[2]
ENIGMA = ROOT / "tests/reference/combat_enigma/combat_example.csv"
EGFR = ROOT / "examples/egfr"
Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Cli:
    from radaudit.cli import environment

    monkeypatch.setattr(environment, "quieten", lambda: None)

    def run(*words: str | Path) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        streams = capsys.readouterr()
        return code, streams.out, streams.err

    return run


def enigma() -> list[dict[str, str]]:
    with ENIGMA.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


VOLUMES = list(enigma()[0])[5:]
ROLES = Asked(batch=("site",), subject="id", covariates=("age", "sex"), categories=("sex",), features=tuple(VOLUMES))
LEVELS = {"sex": ("0", "1")}


def pooled_fit(rows: list[dict[str, str]]):
    x = np.array([[float(row[name]) for name in VOLUMES] for row in rows])
    covariates = {"age": [float(row["age"]) for row in rows], "sex": [row["sex"] for row in rows]}
    batch = [row["site"] for row in rows]
    return fit_combat(measure(x, batch, covariates, features=VOLUMES)), x, batch, covariates


def test_eight_sites_by_files_alone_are_the_pooled_fit_bit_for_bit(tmp_path: Path, cli: Cli) -> None:
    rows = enigma()
    fit, x, batch, covariates = pooled_fit(rows)
    options = "--batch site --covariate age --covariate sex --levels sex=0,1 --subject id --features L* --features R* --exclude age"
    for site in sorted(set(batch)):
        write(tmp_path / f"{site}.csv", [row for row in rows if row["site"] == site])
        code, out, err = cli("federate", "summarise", tmp_path / f"{site}.csv", *options.split(), "-o", tmp_path / f"{site}.json")
        assert (code, err) == (0, "")
        assert f"{site} {batch.count(site)}" in out
    code, out, _ = cli("federate", "combine", *sorted(tmp_path.glob("site*.json")), "-o", tmp_path / "effects.json")
    assert code == 0
    effects, made_from = read_effects(tmp_path / "effects.json")
    assert canonical(effects.document()) == canonical(fit.document())
    assert len(made_from) == 8

    expected = fit.apply(x, batch, covariates)
    own = tmp_path / "site3.csv"
    code, out, _ = cli(
        "federate",
        "apply",
        tmp_path / "effects.json",
        own,
        "--batch",
        "site",
        "--summary",
        tmp_path / "site3.json",
        "-o",
        tmp_path / "h.csv",
    )
    assert (code, out.splitlines()[0]) == (0, "rows      134 harmonised")
    with (tmp_path / "h.csv").open(newline="", encoding="utf-8") as stream:
        harmonised = list(csv.DictReader(stream))
    found = np.array([[float(row[name]) for name in VOLUMES] for row in harmonised])
    assert np.array_equal(found, expected[[site == "site3" for site in batch]])
    kept = [row for row in rows if row["site"] == "site3"]
    assert [{k: v for k, v in row.items() if k not in VOLUMES} for row in harmonised] == [
        {k: v for k, v in row.items() if k not in VOLUMES} for row in kept
    ]


def test_two_hospitals_of_real_radiomics_are_the_pooled_fit_bit_for_bit(tmp_path: Path) -> None:
    study = load_study(EGFR / "study.yaml")
    table = read_study(study.plan, EGFR).table
    covariates = {name: list(table.fact(name)) for name in ("sex", "smoking")}
    whole = measure(table.values, table.sites, covariates, features=table.features)
    for site in ("AMC", "R01"):
        own = [i for i, at in enumerate(table.sites) if at == site]
        rows = [
            {"patient": table.patients[i], "site": site}
            | {name: str(column[i]) for name, column in covariates.items()}
            | {name: repr(float(table.values[i, j])) for j, name in enumerate(table.features)}
            for i in own
        ]
        asked = Asked(batch=("site",), subject="patient", covariates=("sex", "smoking"), categories=("sex", "smoking"), features=("T1_*",))
        levels = {"sex": ("0", "1"), "smoking": ("0", "1", "2")}  # nobody at AMC has smoking=2
        made = summarise_file(write(tmp_path / f"{site}.csv", rows), asked, tmp_path / f"{site}.json", levels=levels)
        assert made.patients == (len(own),)
    made = combine_files([tmp_path / "R01.json", tmp_path / "AMC.json"], tmp_path / "effects.json")
    assert canonical(made.effects.document()) == canonical(fit_combat(whole).document())
    texts = (tmp_path / "AMC.json").read_text() + (tmp_path / "R01.json").read_text() + (tmp_path / "effects.json").read_text()
    assert not any(patient in texts for patient in table.patients)


def test_the_order_of_the_summaries_does_not_matter(tmp_path: Path) -> None:
    files = summaries(tmp_path, ("site1", "site4", "site7"))
    one = combine_files(files, tmp_path / "one.json")
    two = combine_files(files[::-1], tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert one.sha256 == two.sha256


def summaries(folder: Path, sites: tuple[str, ...], change=lambda row: row, roles: Asked = ROLES, levels=LEVELS) -> list[Path]:
    found = []
    for site in sites:
        table = write(folder / f"{site}.csv", [change(dict(row)) for row in enigma() if row["site"] == site])
        summarise_file(table, roles, folder / f"{site}.json", levels=levels)
        found.append(folder / f"{site}.json")
    return found


def test_a_summary_reads_back_bit_for_bit_and_is_the_same_bytes_again(tmp_path: Path) -> None:
    (path,) = summaries(tmp_path, ("site2",))
    read = read_summary(path)
    assert summary_bytes(read) == path.read_bytes()
    assert json.loads(path.read_bytes())["sha256"] == read.digest
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))  # as mail may do
    assert read_summary(path).digest == read.digest


def test_a_summary_of_incomplete_features_reads_back_bit_for_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(80, 4))
    x[:30, 1] = np.nan
    covariates = {"age": rng.normal(60, 9, 80).tolist(), "sex": ["F", "M"] * 40}
    own = SiteSummary(moments=measure(x, ["a"] * 80, covariates, features=list("wxyz")), patients=(80,))
    back = SiteSummary.from_document(json.loads(summary_bytes(own)))
    for name, array in own.moments.per_batch[0].arrays().items():
        assert np.array_equal(array, back.moments.per_batch[0].arrays()[name]), name


def test_nothing_but_names_is_text_in_a_summary(tmp_path: Path) -> None:
    (path,) = summaries(tmp_path, ("site5",))
    texts: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, str):
            texts.add(value)
        elif isinstance(value, dict):
            [walk(item) for item in value.values()]
        elif isinstance(value, list):
            [walk(item) for item in value]

    document = json.loads(path.read_bytes())
    fixed = {document.pop("sha256"), document.pop("about"), document.pop("schema"), *document.pop("cells")}
    walk(document)
    assert texts <= {*VOLUMES, "site5", "age", "sex", "number", "category", "0", "1", "sex[0]", "sex[1]"}
    assert fixed


@pytest.mark.parametrize("at", [0.2, 0.5, 0.9])
def test_an_altered_digit_is_found(tmp_path: Path, at: float) -> None:
    (path,) = summaries(tmp_path, ("site2",))
    data = bytearray(path.read_bytes())
    place = next(i for i in range(int(len(data) * at), len(data)) if chr(data[i]).isdigit() and chr(data[i - 1]).isdigit())
    data[place] = ord("1") if data[place] != ord("1") else ord("2")
    path.write_bytes(data)
    with pytest.raises(DesignError) as caught:
        read_summary(path)
    assert caught.value.code == "HARM-060"


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"schema": "radaudit/site-summary/1"}', b"\xff\xfe", b'{"a": NaN}', b"[" * 5000])
def test_what_is_no_summary_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.json").write_bytes(data)
    with pytest.raises(DesignError) as caught:
        read_summary(tmp_path / "x.json")
    assert caught.value.code == "HARM-060"
    assert caught.value.at in ("x.json", None)


@pytest.mark.parametrize(
    "damage",
    [
        lambda d: d["batches"][0].update(rows="124"),
        lambda d: d["batches"][0]["cells"].pop(),
        lambda d: d["batches"][0]["cells"][0].__setitem__(1, 5.5),
        lambda d: d["batches"][0]["cells"][0].__setitem__(3, -1.0),
        lambda d: d["batches"][0]["cells"][0].__setitem__(4, [1.0]),
        lambda d: d["batches"][0].update(column_means=[]),
        lambda d: d["covariates"].pop(),
        lambda d: d["features"].__setitem__(1, d["features"][0]),
        lambda d: d.update(batches=[]),
        lambda d: d.update(batches=None),
        lambda d: d["batches"].append(d["batches"][0]),
    ],
)
def test_a_damaged_summary_with_a_right_digest_is_refused(tmp_path: Path, damage) -> None:
    (path,) = summaries(tmp_path, ("site1",))
    document = json.loads(path.read_bytes())
    damage(document)
    plain = {key: value for key, value in document.items() if key != "sha256"}
    path.write_bytes(canonical({**plain, "sha256": digest(plain)}))
    with pytest.raises(DesignError) as caught:
        read_summary(path)
    assert caught.value.code == "HARM-060"


def test_differing_features_are_refused_with_the_nearest_names(tmp_path: Path) -> None:
    one, two = summaries(tmp_path, ("site1", "site2"))
    rows = [{("L_thal" if name == "Lthal" else name): value for name, value in row.items()} for row in enigma() if row["site"] == "site2"]
    two.unlink()
    roles = Asked(**{**{k: getattr(ROLES, k) for k in ROLES.__slots__}, "features": tuple(v.replace("Lthal", "L_thal") for v in VOLUMES)})
    summarise_file(write(tmp_path / "site2.csv", rows), roles, two, levels=LEVELS)
    with pytest.raises(DesignError) as caught:
        combine_files([one, two], tmp_path / "e.json")
    assert caught.value.code == "HARM-061"
    assert caught.value.near == "L_thal / Lthal"
    assert not (tmp_path / "e.json").exists()


def test_differing_levels_need_a_declared_coding(tmp_path: Path) -> None:
    (one,) = summaries(tmp_path, ("site1",))
    named = {"0": "F", "1": "M"}
    (two,) = summaries(tmp_path, ("site2",), change=lambda row: row | {"sex": named[row["sex"]]}, levels=None)
    with pytest.raises(DesignError) as caught:
        combine_files([one, two], tmp_path / "e.json")
    assert caught.value.code == "HARM-063"
    with pytest.raises(DesignError) as caught:
        combine_files([one, two], tmp_path / "e.json", levels={"sex": ("0", "1")})
    assert (caught.value.code, caught.value.at) == ("HARM-063", "site2.json")
    (three,) = summaries(tmp_path, ("site3",), change=lambda row: row | {"sex": "0"}, levels=None, roles=ROLES)
    with pytest.raises(DesignError) as caught:
        combine_files([one, three], tmp_path / "e.json")
    assert caught.value.code == "HARM-063"
    made = combine_files([one, three], tmp_path / "e.json", levels={"sex": ("0", "1")})
    assert made.effects.coding.levels == ((), ("0", "1"))


def test_an_undeclared_level_is_refused_where_it_occurs(tmp_path: Path) -> None:
    with pytest.raises(DesignError) as caught:
        summaries(tmp_path, ("site1",), levels={"sex": ("F", "M")})
    assert caught.value.code == "HARM-063"
    with pytest.raises(DesignError) as caught:
        summaries(tmp_path, ("site1",), levels={"sex": ("0", "1"), "smoking": ("no", "yes")})
    assert caught.value.code == "HARM-062"


def test_differing_covariates_are_refused(tmp_path: Path) -> None:
    (one,) = summaries(tmp_path, ("site1",))
    roles = Asked(batch=("site",), covariates=("age",), features=tuple(VOLUMES))
    (two,) = summaries(tmp_path, ("site2",), roles=roles, levels=None)
    with pytest.raises(DesignError) as caught:
        combine_files([one, two], tmp_path / "e.json")
    assert caught.value.code == "HARM-062"


def test_a_summary_or_a_batch_twice_is_refused(tmp_path: Path) -> None:
    one, two = summaries(tmp_path, ("site1", "site2"))
    copy = tmp_path / "copy.json"
    copy.write_bytes(one.read_bytes())
    for files in ([one, copy, two], [one, one, two]):
        with pytest.raises(DesignError) as caught:
            combine_files(files, tmp_path / "e.json")
        assert caught.value.code == "HARM-064"
    (other,) = summaries(tmp_path, ("site3",), change=lambda row: row | {"site": "site1"})
    with pytest.raises(DesignError) as caught:
        combine_files([one, other, two], tmp_path / "e.json")
    assert caught.value.code == "HARM-064"
    made = combine_files([one, other, two], tmp_path / "e.json", shared=True)
    rows = [
        row | {"site": "site1" if row["site"] == "site3" else row["site"]} for row in enigma() if row["site"] in ("site1", "site2", "site3")
    ]
    fit = pooled_fit(rows)[0]
    np.testing.assert_allclose(made.effects.gamma, fit.gamma, rtol=1e-10, atol=1e-12)


def test_a_withheld_feature_is_left_out_everywhere(tmp_path: Path) -> None:
    files = summaries(tmp_path, ("site1", "site2"))
    rows = [row for row in enigma() if row["site"] == "site3"]
    for row in rows[:3]:
        row["Rput"] = ""
    table = write(tmp_path / "site3.csv", rows)
    with pytest.raises(PrivacyError) as caught:
        summarise_file(table, ROLES, tmp_path / "site3.json", levels=LEVELS)
    assert caught.value.code == "PRIV-061"
    assert not (tmp_path / "site3.json").exists()
    summarise_file(table, ROLES, tmp_path / "site3.json", levels=LEVELS, withhold=True)
    made = combine_files([*files, tmp_path / "site3.json"], tmp_path / "e.json")
    assert set(VOLUMES) - set(made.effects.features) == {"Rput"}


def test_a_second_summary_is_not_written_over_the_first(tmp_path: Path) -> None:
    (path,) = summaries(tmp_path, ("site1",))
    summaries(tmp_path, ("site1",))  # the same again is the same
    table = write(tmp_path / "less.csv", [row for row in enigma() if row["site"] == "site1"][1:])
    with pytest.raises(PrivacyError) as caught:
        summarise_file(table, ROLES, path, levels=LEVELS)
    assert caught.value.code == "PRIV-065"
    assert summarise_file(table, ROLES, path, levels=LEVELS, again=True).patients == (122,)


def test_effects_of_other_summaries_are_refused_if_asked(tmp_path: Path, cli: Cli) -> None:
    one, two, three = summaries(tmp_path, ("site1", "site2", "site3"))
    combine_files([one, two], tmp_path / "e.json")
    code, _, err = cli(
        "federate", "apply", tmp_path / "e.json", tmp_path / "site3.csv", "--batch", "site", "--summary", three, "-o", tmp_path / "h.csv"
    )
    assert code == 3
    assert "HARM-065" in err
    code, _, err = cli("federate", "apply", tmp_path / "e.json", tmp_path / "site3.csv", "--batch", "site", "-o", tmp_path / "h.csv")
    assert code == 3
    assert "HARM-010" in err
    assert not (tmp_path / "h.csv").exists()


def test_altered_effects_are_refused(tmp_path: Path) -> None:
    combine_files(summaries(tmp_path, ("site1", "site2")), tmp_path / "e.json")
    data = (tmp_path / "e.json").read_bytes()
    (tmp_path / "e.json").write_bytes(data.replace(b'"gamma":[[', b'"gamma":[[1', 1))
    with pytest.raises(DesignError) as caught:
        read_effects(tmp_path / "e.json")
    assert caught.value.code == "HARM-060"


def test_parquet_is_applied_in_record_batches_to_the_same_numbers(tmp_path: Path, cli: Cli) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    combine_files(summaries(tmp_path, ("site1", "site2")), tmp_path / "e.json")
    rows = [row for row in enigma() if row["site"] == "site2"]
    columns = {name: [row[name] if name in ("site", "id", "sex") else float(row[name]) for row in rows] for name in rows[0]}
    pq.write_table(pa.table(columns), tmp_path / "site2.parquet")
    for table, out in (("site2.parquet", "h.parquet"), ("site2.csv", "h.csv")):
        code, _, err = cli("federate", "apply", tmp_path / "e.json", tmp_path / table, "--batch", "site", "-o", tmp_path / out)
        assert (code, err) == (0, "")
    with (tmp_path / "h.csv").open(newline="", encoding="utf-8") as stream:
        texts = list(csv.DictReader(stream))
    found = pq.read_table(tmp_path / "h.parquet")
    assert found["id"].to_pylist() == columns["id"]
    assert all(found[name].to_pylist() == [float(row[name]) for row in texts] for name in VOLUMES)


def test_a_study_summarises_its_training_rows_and_refuses_a_small_batch(tmp_path: Path) -> None:
    with pytest.raises(PrivacyError) as caught:  # batch OTHER has six patients in all
        summarise_study(EGFR, tmp_path / "s.json")
    assert caught.value.code == "PRIV-060"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], "STUDY-060"),
        (["--batch", "site", "--name", "x", "--features", "L*"], "STUDY-060"),
        (["--batch", "site"], "STUDY-060"),
        (["--batch", "site", "--features", "Q*"], "STUDY-060"),
        (["--batch", "site", "--covariate", "site", "--features", "L*"], "STUDY-060"),
        (["--batch", "sit", "--features", "L*"], "READ-021"),
        (["--batch", "site", "--features", "Lthai"], "READ-021"),
        (["--batch", "site", "--features", "L*", "--levels", "sex"], "STUDY-061"),
        (["--batch", "site", "--features", "L*", "--study", "."], "STUDY-061"),
        (["--batch", "site", "--features", "L*", "--minimum", "2"], "PRIV-060"),
        (["--batch", "gap", "--features", "L*"], "STUDY-063"),
        (["--batch", "site", "--features", "L*", "--features", "word"], "READ-005"),
        (["--batch", "site", "--features", "L*", "--covariate", "gap"], "HARM-012"),
    ],
)
def test_what_is_not_stated_or_misspelt_is_refused(tmp_path: Path, cli: Cli, options: list[str], code: str) -> None:
    rows = [row | {"gap": "a" if i else "", "word": "big"} for i, row in enumerate(r for r in enigma() if r["site"] == "site1")]
    table = write(tmp_path / "t.csv", rows)
    out = tmp_path / "s.json"
    done, _, err = cli("federate", "summarise", table, *options, "-o", out)
    assert (done, code in err) == (3, True), err
    assert not out.exists()


def test_an_output_never_replaces_an_input(tmp_path: Path) -> None:
    one, two = summaries(tmp_path, ("site1", "site2"))
    for call in (
        lambda: combine_files([one, two], one),
        lambda: summarise_file(tmp_path / "site1.csv", ROLES, tmp_path / "site1.csv", levels=LEVELS),
    ):
        with pytest.raises(StudyError) as caught:
            call()
        assert caught.value.code == "STUDY-062"


def test_a_summary_with_ids_as_batches_is_stopped_at_the_door(tmp_path: Path) -> None:
    rows = [
        row | {"id": "HOSP-0001", "site": "HOSP-0001"} if i < 12 else row | {"id": f"HOSP-{i:04d}"} for i, row in enumerate(enigma()[:40])
    ]
    with pytest.raises(PrivacyError):
        summarise_file(write(tmp_path / "t.csv", rows), ROLES, tmp_path / "s.json", levels=LEVELS)
    assert not (tmp_path / "s.json").exists()


def test_json_of_a_summary_names_its_digest(tmp_path: Path, cli: Cli) -> None:
    write(tmp_path / "t.csv", [row for row in enigma() if row["site"] == "site1"])
    code, out, _ = cli(
        "federate", "summarise", tmp_path / "t.csv", "--name", "Oslo", "--features", "L*", "-o", tmp_path / "s.json", "--json"
    )
    assert code == 0
    document = json.loads(out)
    assert document["sha256"] == read_summary(tmp_path / "s.json").digest
    assert document["batches"] == {"Oslo": 123}
