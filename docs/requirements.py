"""Write docs/requirements.md from docs/requirements.toml: ``python docs/requirements.py``; ``--check`` only says if it is current."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
STATES = ("met", "partly", "not")
NOTE = "<!-- written by docs/requirements.py: change docs/requirements.toml, not this file -->"


def read() -> list[dict[str, Any]]:
    """Return the requirements in order."""
    return list(tomllib.loads((HERE / "requirements.toml").read_text("utf-8"))["requirement"])


def names_in(file: Path) -> set[str]:
    """Return what a Python file defines at its top level: functions, classes and names that are given a value."""
    found: set[str] = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def lost(places: Iterable[str], below: str) -> list[str]:
    """Return the places (file or file::name) that are not there."""
    missing = []
    for place in places:
        name, _, member = place.partition("::")
        file = ROOT / below / name
        if not file.is_file() or (member and member not in names_in(file)):
            missing.append(place)
    return missing


def problems(rows: list[dict[str, Any]]) -> list[str]:
    """Return what is wrong with the data: numbers, states, reasons, and every named code and test that does not exist."""
    found = [] if [row["n"] for row in rows] == list(range(1, 102)) else ["the numbers are not 1 to 101 in order"]
    for row in rows:
        at, state = f"requirement {row['n']}", row["state"]
        if state not in STATES:
            found.append(f"{at}: no such state: {state}")
        if state == "met" and not (row["code"] and row["tests"]):
            found.append(f"{at}: met without code and test")
        if (state == "met") == bool(row.get("why") or row.get("needs")):
            found.append(f"{at}: what is met needs no reason, what is not needs one")
        if state != "met" and not (row.get("why") and row.get("needs")):
            found.append(f"{at}: says not why, or not what would meet it")
        if state == "partly" and not row["code"]:
            found.append(f"{at}: partly, but by no code")
        found += [f"{at}: radaudit/{place} is not there" for place in lost(row["code"], "radaudit")]
        found += [f"{at}: tests/{place} is not there" for place in lost(row["tests"], "tests")]
    return found


def cell(text: str) -> str:
    """Return text that a Markdown table can hold."""
    return " ".join(text.split()).replace("|", "\\|")


def places(row: Mapping[str, Any], key: str) -> str:
    """Return code or tests of a requirement, one per line."""
    return "<br>".join(f"`{place}`" for place in row[key])


def state_of(row: Mapping[str, Any]) -> str:
    """Return the state with its reason and what would meet it."""
    if row["state"] == "met":
        return "**met**"
    return f"**{row['state']}**. {row['why']} Would meet it: {row['needs']}."


def page(rows: list[dict[str, Any]]) -> str:
    """Return the page."""
    counts = Counter(row["state"] for row in rows)
    total = f"{counts['met']} are met, {counts['partly']} partly, {counts['not']} not."
    lines = [
        "# What the founding paper asks, and what is there",
        "",
        NOTE,
        "",
        "The position paper of ESR EIBALL, EORTC and QIBA on radiomics in clinical trials (Fournier et al., Eur Radiol 2021) asks",
        f"101 things of software that works on feature tables. {total}",
        "",
        "*Met* means that the acceptance check holds and a test shows it. *Partly* means that what stands under code is there, and the",
        "reason says what is not. Code is below `radaudit/`, tests are below `tests/`; a test checks that each of them exists.",
        "",
        "| No. | Where | It asks | State | Code | Test |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        parts = (str(row["n"]), row["section"], row["says"], state_of(row), places(row, "code"), places(row, "tests"))
        lines.append(f"| {' | '.join(map(cell, parts))} |")
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the page, or say whether it is current."""
    rows = read()
    wrong = problems(rows)
    for problem in wrong:
        print(problem)
    if wrong:
        return 1
    file, text = HERE / "requirements.md", page(rows)
    if "--check" in sys.argv[1:]:
        current = file.is_file() and file.read_text("utf-8") == text
        print("current" if current else "not current: docs/requirements.md")
        return 0 if current else 1
    file.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
