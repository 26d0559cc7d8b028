"""The reference is written from the code and is current; every command, key, code and file stands in it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from radaudit.codes import all_codes
from tests.conftest import ROOT

REFERENCE = ROOT / "docs/reference"


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    found = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_reference_is_current(generator: ModuleType) -> None:
    made = generator.reference()
    assert sorted(made) == sorted(path.name for path in REFERENCE.glob("*.md")), "run: python docs/generate.py"
    stale = [name for name, text in made.items() if (REFERENCE / name).read_text("utf-8") != text]
    assert stale == [], "run: python docs/generate.py"


def test_every_command_is_documented(generator: ModuleType) -> None:
    from radaudit.cli.app import GROUPS

    text = generator.commands()
    names = [item.__name__.rstrip("_") for items in GROUPS.values() for item in items]
    assert len(names) >= 13
    assert [name for name in names if f"\n### {name}\n" not in text and f"\n### {name} " not in text] == []


def test_every_key_of_the_study_file_is_documented(generator: ModuleType) -> None:
    from radaudit.study.plan import Plan
    from radaudit.study.schema import study_schema

    keys = [path for path, _, _ in generator.study_keys(study_schema())]
    assert set(study_schema()["properties"]) == {field.alias or name for name, field in Plan.model_fields.items()}
    text = generator.study_file()
    assert [key for key in keys if f"| `{key}` |" not in text] == []
    assert {"claims[].between", "harmonise.unseen.scoring", "tables.features[].decimal", "split.test.fraction"} <= set(keys)


def test_every_code_is_documented(generator: ModuleType) -> None:
    text = generator.codes()
    assert [code for code in all_codes() if f"\n### {code}\n" not in text] == []


def test_every_file_of_a_study_and_of_a_dossier_is_documented(generator: ModuleType, demo: Path) -> None:
    told = generator.words()
    assert sorted(path.name for path in (demo / "dossier/0001").iterdir()) == sorted(told["dossier_files"])
    ours = {"README.md", ".demo"}
    files = [path.relative_to(demo).as_posix() for path in demo.rglob("*") if path.is_file() and path.name not in ours]
    known = told["study_files"]
    assert [name for name in files if name not in known and not any(name.startswith(f) for f in known if f.endswith("/"))] == []
    # the schema is written by init; the tests give the key by the environment
    absent = {name for name in known if not name.endswith("/") and name not in files}
    assert absent <= {"study.schema.json", ".radaudit/key"}, "named in docs/words.toml, not written by the demo"
