"""Write what commands print now into the transcripts of the pages: ``python -m tests.docs.rewrite``; then read the difference.

Each run of written lines between two ``...`` is laid on the printed lines it resembles most. Lines that still match, and lines with
``…``, are left alone where that is right. Numbers in the prose are not touched: tests/docs/test_pages.py names them.
"""

from __future__ import annotations

import sys
import tempfile
from difflib import SequenceMatcher
from pathlib import Path

import yaml

from tests.conftest import FIXED, run_radaudit
from tests.docs.blocks import Block, Folders, applied, blocks, pages, pattern, transcript


def laid(written: list[str], printed: list[str]) -> list[str]:
    """Return the written lines with what is printed in place of what no longer matches."""
    found: list[str] = []
    at = 0
    run: list[str] = []
    for line in [*written, "..."]:
        if line.strip() != "...":
            run.append(line)
            continue
        if run:
            starts = range(at, max(at + 1, len(printed) - len(run) + 1))
            best = max(
                starts, key=lambda start: sum(SequenceMatcher(None, a, b).ratio() for a, b in zip(run, printed[start:], strict=False))
            )
            there = printed[best : best + len(run)]
            found += [old if pattern([old]).fullmatch(new + "\n") else new.rstrip() for old, new in zip(run, there, strict=False)]
            at, run = best + len(there), []
        found.append(line)
    return found[:-1]


def now(block: Block, folders: Folders, said: str) -> str:
    """Return the text of a console block as of now."""
    if "demo" in block.words:
        return "\n".join(laid(block.text.splitlines(), said.splitlines())) + "\n"
    lines: list[str] = []
    for command, written in transcript(block.text):
        printed = folders.run(command, folders.of("example" if "example" in block.words else "study"))
        lines += [f"$ {command}", *(written if pattern(written).fullmatch(printed) else laid(written, printed.splitlines()))]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Rewrite the pages and say which changed."""
    with tempfile.TemporaryDirectory() as place:
        demo = Path(place) / "demo"
        said = run_radaudit("demo", str(demo), env=FIXED).stdout
        for number, page in enumerate(pages()):
            (Path(place) / str(number)).mkdir()
            folders = Folders(Path(place) / str(number), demo, page)
            text = page.read_text("utf-8")
            for block in blocks(page):
                if block.language == "csv" and block.words:
                    folders.files[block.words[0]] = block.text
                elif block.language == "yaml" and block.words:
                    folder = folders.of("example")
                    (folder / "study.yaml").write_text(
                        yaml.safe_dump(applied(block.text, folder), sort_keys=False, allow_unicode=True), "utf-8"
                    )
                elif block.language == "console":
                    text = text.replace(block.text, now(block, folders, said), 1)
            if text != page.read_text("utf-8"):
                page.write_text(text, encoding="utf-8")
                print(f"rewritten  {page.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
