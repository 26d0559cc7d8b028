"""Fenced blocks of the pages people read, the folders they run in, and the comparison of what is printed with what is written.

``console``           commands after ``$``, run in a copy of the finished demo; ``console example``: in a fresh copy of the example
``console demo``      lines of what ``radaudit demo`` printed, in order; nothing is run
``sh``                command lines that must be valid; nothing is run
``yaml``              keys of study.yaml that must be accepted in place of those of the example; ``yaml apply`` writes them into
                      the folder ``example`` of the page; ``yaml refused`` does, too, and must not be accepted
``csv NAME``          a file of that name in both folders
``python``            a program that runs in a copy of the finished demo

A line ``...`` stands for any lines, ``…`` in a line for any text. What commands say on stderr counts; a time in seconds does not.
"""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import FIXED, ROOT

FENCE = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
TIMED = re.compile(r"^exit 0  \([0-9.]+ s\)$\n?|  \([0-9.]+ s\)$", re.MULTILINE)
EXAMPLE = ROOT / "examples/egfr"


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block: its first word, the others, its text, and where it stands."""

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"


def pages() -> list[Path]:
    """Return the pages written by hand that people read: not the generated reference, not decisions, not what others own."""
    ours = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs/quickstart.md"]
    return ours + sorted([*ROOT.glob("docs/how-to/*.md"), *ROOT.glob("docs/explanation/*.md")])


def blocks(page: Path) -> list[Block]:
    """Return the fenced blocks of a page."""
    text = page.read_text("utf-8")
    found = []
    for match in FENCE.finditer(text):
        language, *words = match[2].split() or [""]
        indent = len(match[1])
        inside = "\n".join(line[indent:] for line in match[3].splitlines()) + "\n"
        found.append(Block(page, text[: match.start()].count("\n") + 1, language, tuple(words), inside))
    return found


class Folders:
    """Where the blocks of one page run: made when first needed, shared by the blocks of the page."""

    def __init__(self, place: Path, demo: Path, page: Path) -> None:
        self.place, self.demo, self.page = place, demo, page
        self.files: dict[str, str] = {}
        shims = place / "bin"
        shims.mkdir()
        for name, tail in {"radaudit": " -m radaudit", "python": "", "python3": ""}.items():
            shim = shims / name
            shim.write_text(f'#!/bin/sh\nexec {sys.executable}{tail} "$@"\n')
            shim.chmod(0o755)
        (place / "radaudit").symlink_to(ROOT)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RADAUDIT_", "COV_"))}
        self.env = {**kept, **FIXED, "PATH": f"{shims}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "COLUMNS": "80"}

    def of(self, kind: str) -> Path:
        """Return the folder ``study`` (finished) or ``example`` (fresh)."""
        folder = self.place / kind
        if not folder.exists():
            if kind == "study":
                shutil.copytree(self.demo, folder)
            else:
                shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("out", "mlruns", "dossier", ".radaudit"))
                PREPARED.get(self.page.name, lambda _: None)(folder)
        for name, text in self.files.items():
            (folder / name).write_text(text, "utf-8")
        return folder

    def run(self, command: str, folder: Path) -> str:
        """Return what a command prints, results and talk together, times left out."""
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
        return TIMED.sub("", done.stdout)


def with_decimal_commas(folder: Path) -> None:
    """Save the feature table as a spreadsheet with decimal commas does."""
    with (EXAMPLE / "data/Sandy-Captk.csv").open(encoding="utf-8-sig", newline="") as stream:
        head, *body = csv.reader(stream)
    with (folder / "data/comma.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(head)
        writer.writerows([row[0], *(cell.replace(".", ",") for cell in row[1:])] for row in body)


def with_two_lesions(folder: Path) -> None:
    """Give every third patient a second, slightly different row, and a column that names the lesion."""
    with (EXAMPLE / "data/Sandy-Captk.csv").open(encoding="utf-8-sig", newline="") as stream:
        head, *body = csv.reader(stream)
    with (folder / "data/lesions.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([head[0], "lesion", *head[1:]])
        for number, row in enumerate(body):
            writer.writerow([row[0], "1", *row[1:]])
            if number % 3 == 0:
                writer.writerow([row[0], "2", *(cell if cell.startswith("#") else str(1.01 * float(cell)) for cell in row[1:])])


def with_a_claim(folder: Path) -> None:
    """Put the example of a third party's claim beside the study."""
    shutil.copytree(ROOT / "examples/audit_claim", folder / "audit_claim")


PREPARED = {"tables.md": with_decimal_commas, "lesions.md": with_two_lesions, "audit-a-claim.md": with_a_claim}


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Return a study file with the sections of ``new`` in place, key by key; what a key holds is replaced whole."""
    sections = {
        name: {**old[name], **value} if isinstance(value, Mapping) and isinstance(old.get(name), Mapping) else value
        for name, value in new.items()
    }
    return {**old, **sections}


def applied(text: str, folder: Path) -> dict[str, Any]:
    """Return the study file of a folder with a block in place of its parts."""
    old = yaml.load((folder / "study.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)
    found: dict[str, Any] = merged(old, yaml.load(text, Loader=yaml.BaseLoader))
    return found


def transcript(text: str) -> list[tuple[str, list[str]]]:
    """Return each command of a console block with the lines written below it; a command goes on after a backslash."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif found and not found[-1][1] and found[-1][0].endswith("\\"):
            found[-1] = (f"{found[-1][0]}\n{line}", [])
        else:
            found[-1][1].append(line)
    return found


def pattern(lines: list[str]) -> re.Pattern[str]:
    """Return what written lines allow to be printed."""
    parts = [
        r"(?:[^\n]*\n)*" if line.strip() == "..." else r"[^\n]*".join(map(re.escape, line.rstrip().split("…"))) + r"[ ]*\n"
        for line in lines
    ]
    return re.compile("".join(parts))
