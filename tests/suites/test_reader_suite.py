"""Every built-in reader through the suite for authors of plug-ins, and readers that are wrong, each found by the rule it breaks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from radaudit.edges.readers import pyradiomics
from radaudit.edges.readers.formats.raw import RawTable, ReadOptions
from radaudit.edges.readers.registry import BUILT_IN, RECOGNISED, read_table
from radaudit.testing.readers import RULES, NotConformant, Sample, check_reader
from tests.extractor_tables import put, samples


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Sample]:
    return samples(tmp_path_factory.mktemp("tables"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    folder = tmp_path_factory.mktemp("others")
    binary = folder / "image.csv"
    binary.write_bytes(b"\x00\x01\x02\xff" * 64)
    return (
        put(folder, "plain.csv", "id,age,Mean,Contrast\na,1,2,3\nb,2,3,4\n"),
        put(folder, "empty.csv", ""),
        put(folder, "words.txt", "once upon a time\nthere was a table\n"),
        binary,
    )


def names() -> list[str]:
    return [
        "pyradiomics", "pyradiomics json", "pyradiomics txt", "pyradiomics 1", "slicer", "slicer wide", "mirp", "mirp 1", "zrad", "pysera",
        "medimage", "ibsi_template", "lifex", "lifex older", "nyxus", "nyxus 3D", "captk", "pycerr", "cerr", "racat", "radiomicsj",
        "oncoradiomics", "mazda", "mazda long", "mazda q", "deep",
    ]  # fmt: skip


def test_every_reader_that_recognises_has_a_sample(written: dict[str, Sample]) -> None:
    assert list(written) == sorted(written, key=names().index)
    assert set(names()) == set(written)
    assert {name.split()[0] for name in written} == {module.NAME for module in RECOGNISED}


@pytest.mark.parametrize("form", names())
def test_a_built_in_reader_conforms(form: str, written: dict[str, Sample], plain: tuple[Path, ...]) -> None:
    name = form.split()[0]
    strangers = [sample.path for other, sample in written.items() if other.split()[0] != name]
    check_reader(BUILT_IN[name], written[form], strangers=[*plain, *strangers])


@pytest.mark.parametrize("form", names())
def test_a_table_is_recognised_as_its_programs(form: str, written: dict[str, Sample]) -> None:
    assert read_table(written[form].path, ReadOptions()).reader == form.split()[0]


def wrong(written: dict[str, Sample], change: object, claims: object = None) -> tuple[SimpleNamespace, Sample]:
    def read(path: Path, options: ReadOptions) -> RawTable:
        return change(pyradiomics.read(path, options), path, options)  # type: ignore[operator]

    return SimpleNamespace(claims=claims or pyradiomics.claims, read=read), written["pyradiomics"]


def broken(written: dict[str, Sample], change: object, claims: object = None, strangers: tuple[Path, ...] = ()) -> tuple[str, ...]:
    reader, sample = wrong(written, change, claims)
    with pytest.raises(NotConformant) as error:
        check_reader(reader, sample, strangers=strangers)
    assert set(error.value.broken) <= set(RULES)
    return error.value.broken


def shortened(table: RawTable) -> RawTable:
    columns = [replace(c, texts=tuple(t.lstrip("0") for t in c.as_texts()), values=None) if c.name == "ID" else c for c in table.columns]
    return replace(table, columns=tuple(columns))


def scaled(table: RawTable) -> RawTable:
    columns = [replace(c, texts=("9",) * table.rows, values=None) if c.name == "original_shape_Sphericity" else c for c in table.columns]
    return replace(table, columns=tuple(columns))


def untouched(path: Path, options: ReadOptions) -> RawTable:
    table = read_table(path, options, reader="generic")
    return replace(table, features=table.names)


WRONG = {
    "claims": lambda table, path, options: table,
    "rows": lambda table, path, options: table.only([0]),
    "ids": lambda table, path, options: shortened(table),
    "numbers": lambda table, path, options: table.at((2, 2)),
    "features": lambda table, path, options: scaled(table),
    "diagnostics": lambda table, path, options: untouched(path, options),
    "settings": lambda table, path, options: replace(table, settings=()),
    "account": lambda table, path, options: replace(table, accounting=()),
    "kept": lambda table, path, options: pyradiomics.read(path, replace(options, keep=frozenset())),
}


@pytest.mark.parametrize("rule", WRONG)
def test_a_wrong_reader_breaks_the_rule_it_breaks(rule: str, written: dict[str, Sample], plain: tuple[Path, ...]) -> None:
    claims = (lambda path: True) if rule == "claims" else None
    assert rule in broken(written, WRONG[rule], claims, plain[:1])


def test_a_reader_that_raises_anything_else_is_found(written: dict[str, Sample], plain: tuple[Path, ...]) -> None:
    def fails(table: RawTable, path: Path, options: ReadOptions) -> RawTable:
        return table

    def claims(path: Path) -> bool:
        raise KeyError(path.name)

    reader = SimpleNamespace(claims=claims, read=lambda path, options: pyradiomics.read(path, options) if "batch" in path.name else {}[1])
    with pytest.raises(NotConformant) as error:
        check_reader(reader, written["pyradiomics"], strangers=plain[:1])
    assert set(error.value.broken) == {"claims", "refusals"}


def test_a_reader_that_changes_its_file_is_found(tmp_path: Path) -> None:
    sample = samples(tmp_path)["captk"]

    def read(path: Path, options: ReadOptions) -> RawTable:
        table = BUILT_IN["captk"].read(path, options)
        path.write_text(path.read_text() + "\n")
        return table

    with pytest.raises(NotConformant) as error:
        check_reader(SimpleNamespace(claims=BUILT_IN["captk"].claims, read=read), sample)
    assert error.value.broken == ("again",)


def test_a_reader_that_gives_another_table_the_second_time_is_found(written: dict[str, Sample]) -> None:
    seen: list[Path] = []

    def read(path: Path, options: ReadOptions) -> RawTable:
        seen.append(path)
        table = BUILT_IN["captk"].read(path, options)
        return table if len(seen) == 1 else replace(table, columns=table.columns[::-1])

    with pytest.raises(NotConformant) as error:
        check_reader(SimpleNamespace(claims=BUILT_IN["captk"].claims, read=read), written["captk"])
    assert error.value.broken == ("again",)
