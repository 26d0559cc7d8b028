"""The page of requirements is current, and every code and test it names exists."""

from __future__ import annotations

import importlib.util
from copy import deepcopy
from types import ModuleType

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    found = importlib.util.spec_from_file_location("requirements_page", ROOT / "docs/requirements.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_every_named_code_and_test_exists_and_every_gap_has_a_reason(writer: ModuleType) -> None:
    assert writer.problems(writer.read()) == []


def test_the_page_is_current(writer: ModuleType) -> None:
    page = (ROOT / "docs/requirements.md").read_text("utf-8")
    assert page == writer.page(writer.read()), "run: python docs/requirements.py"
    assert page.count("\n| ") == 102  # the head and 101 rows


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"code": ["measures/samplesize.py::no_such_function"]}, "no_such_function"),
        ({"tests": ["unit/checks/test_profiles.py::test_that_nobody_wrote"]}, "test_that_nobody_wrote"),
        ({"state": "met"}, "needs no reason"),
        ({"why": ""}, "says not why"),
        ({"state": "done"}, "no such state"),
        ({"code": []}, "by no code"),
        ({"n": 7}, "1 to 101"),
    ],
)
def test_the_check_can_fail(writer: ModuleType, change: dict[str, object], word: str) -> None:
    rows = deepcopy(writer.read())
    rows[0] |= change
    assert any(word in problem for problem in writer.problems(rows))
