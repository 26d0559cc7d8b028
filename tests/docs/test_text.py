"""Text for people: links lead somewhere, no machine is named, no word promises what the program cannot keep."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.blocks import FENCE, pages

LINK = re.compile(r"\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
BANNED = re.compile(r"\bcompliant\b|tamper-proof|\bguarantee|state-of-the-art|\bseamless|\bpowerful\b", re.IGNORECASE)
MACHINE = re.compile(r"(?<![\w.<])/(?:home|root|work|tmp|Users|opt|mnt)/|[A-Z]:\\\\")
NETWORK = re.compile(r"https?://")


def every_page() -> list[Path]:
    return [*pages(), ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("docs/reference/*.md"))]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as Git hosts make them."""
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in HEADING.findall(page.read_text("utf-8"))}


@pytest.mark.parametrize("page", every_page(), ids=lambda page: page.stem)
def test_links_lead_somewhere_without_a_network(page: Path) -> None:
    text = FENCE.sub("", page.read_text("utf-8"))
    for link in LINK.findall(text):
        assert not NETWORK.match(link), f"{page.name}: {link} needs a network"
        target, _, anchor = link.partition("#")
        where = (page.parent / target).resolve() if target else page
        assert where.exists(), f"{page.name}: {link}"
        if anchor:
            assert anchor in anchors(where), f"{page.name}: {link}"


@pytest.mark.parametrize("page", every_page(), ids=lambda page: page.stem)
def test_no_machine_is_named_and_nothing_is_promised_too_much(page: Path) -> None:
    text = page.read_text("utf-8")
    assert MACHINE.findall(text) == []
    assert BANNED.findall(text) == []


def test_the_program_does_not_promise_too_much_either() -> None:
    files = [*ROOT.glob("radaudit/**/*.py"), *ROOT.glob("radaudit/**/*.toml"), *ROOT.glob("radaudit/**/*.j2")]
    quoted = ROOT / "radaudit/checklists/data/ibsi.toml"  # IBSI's own words about the software of a study
    assert [path.name for path in files if path != quoted and BANNED.search(path.read_text("utf-8"))] == []


def test_validate_is_not_a_name_of_ours() -> None:
    named = []
    for path in ROOT.glob("radaudit/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef) and re.fullmatch(
                r"validate\w*|Validat\w*", node.name
            ):
                named.append(f"{path.name}: {node.name}")
    assert named == []
