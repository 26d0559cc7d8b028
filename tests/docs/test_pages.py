"""What the pages show was run: commands give the lines written below them, study files are accepted, command lines exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.docs.blocks import EXAMPLE, Block, Folders, applied, blocks, pages, pattern, transcript

KINDS = {"console", "sh", "yaml", "csv", "python", "text", "r", ""}


@pytest.fixture(scope="module")
def typer_command() -> Any:
    import typer

    from radaudit.cli.app import application

    return typer.main.get_command(application())


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_what_a_page_shows_is_what_happens(page: Path, demo: Path, tmp_path: Path) -> None:
    import yaml

    from radaudit.errors import StudyError
    from radaudit.study.plan import Plan

    folders = Folders(tmp_path, demo, page)
    for block in blocks(page):
        if block.language == "csv" and block.words:
            folders.files[block.words[0]] = block.text
        elif block.language == "yaml":
            folder = folders.of("example") if block.words else EXAMPLE
            document = applied(block.text, folder)
            if "refused" in block.words:
                with pytest.raises(StudyError):
                    Plan.of(document)
            else:
                Plan.of(document)
            if block.words:
                (folder / "study.yaml").write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), "utf-8")
        elif block.language == "python":
            (tmp_path / "block.py").write_text(block.text, "utf-8")
            printed = folders.run(f"python {tmp_path / 'block.py'}", folders.of("study"))
            assert "Traceback" not in printed, f"{block}\n{printed}"
        elif block.language == "console" and "demo" in block.words:
            printed = (demo.parent / "stdout.txt").read_text("utf-8")
            assert re.search(pattern(["...", *block.text.splitlines(), "..."]), printed), (
                f"{block} is not what the demo printed:\n{printed}"
            )
        elif block.language == "console":
            follow(block, folders)


def follow(block: Block, folders: Folders) -> None:
    folder = folders.of("example" if "example" in block.words else "study")
    for command, written in transcript(block.text):
        printed = folders.run(command, folder)
        assert pattern(written).fullmatch(printed), f"{block}\n$ {command}\nprints\n{printed}\nnot\n" + "\n".join(written)


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.stem)
def test_command_lines_exist(page: Path, typer_command: Any) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    for block in blocks(page):
        assert block.language in KINDS, f"{block}: {block.language}"
        if block.language != "sh":
            continue
        for line in block.text.splitlines():
            words = shlex.split(line, comments=True)
            for call in " ".join(map(shlex.quote, words)).replace("'&&'", "&&").split("&&"):
                words = shlex.split(call)
                if words[:1] == ["radaudit"]:
                    parsed(words[1:], typer_command)
                elif words[:1] == ["make"]:
                    assert set(words[1:]) <= targets, f"{block}: {line}"


def parsed(words: list[str], command: Any) -> None:
    """Raise Click's error if this is no command line of radaudit."""
    name, *rest = words
    assert name in command.commands, f"radaudit {name}"
    command.commands[name].make_context(name, rest)


def test_the_readme_shows_the_two_commands_and_the_first_screen() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert "make demo" in text
    assert "make test" in text
    assert "](docs/images/first-screen.png)" in text
    assert len(text.splitlines()) <= 60, "one screen"


def test_the_picture_is_a_first_screen_of_moderate_size() -> None:
    data = (ROOT / "docs/images/first-screen.png").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")) == (1366, 768)
    assert len(data) < 200_000


def test_numbers_in_the_prose_are_those_of_the_demo(demo: Path) -> None:
    """Numbers outside of transcripts, each in the sentence it stands in."""
    import csv
    import json

    evidence = json.loads((demo / "dossier/0001/dossier.json").read_text("utf-8"))["evidence"]
    auc = evidence["performance"]["auc"]
    low, high = f"{auc['low']:.2f}", f"{auc['high']:.2f}"
    with (demo / "data/clinical-demographics.csv").open(encoding="utf-8-sig", newline="") as stream:
        known = [row["egfr-mut"] for row in csv.DictReader(stream) if row["egfr-mut"] in ("0", "1")]
    sentences = {
        "docs/quickstart.md": [
            f"in {len(known)} patients of two institutions",
            f"with {auc['events']} events, an AUC of {low} is as compatible with the data as one of {high}",
        ],
        "docs/explanation/verdicts.md": [f"the AUC is {auc['value']:.2f} and the claim asks for 0.70, but the interval begins at {low}"],
        "docs/how-to/score-new-patients.md": [
            f"Before the first row its {evidence['signature']['test_vectors']} test vectors are scored again"
        ],
        "CHANGELOG.md": [
            f"and {evidence['signature']['test_vectors']} test vectors",
            "Fourteen leak checks" * (len(evidence["leaks"]["checks"]) == 14),
        ],
        "docs/explanation/statistics.md": [
            f"bootstrap, {2000:,} resamples",
            f"{evidence['performance']['permutation']['repeats']:,} permutations",
        ],
    }
    for page, said in sentences.items():
        text = " ".join((ROOT / page).read_text("utf-8").split())
        assert [sentence for sentence in said if sentence not in text] == [], page


def test_the_walk_through_shows_the_study_file_of_the_example() -> None:
    """All keys, in the order of the file; the claims without their wording, the question and the reporting form left out."""
    import yaml

    whole = yaml.load((EXAMPLE / "study.yaml").read_text("utf-8"), Loader=yaml.BaseLoader)
    page = ROOT / "docs/how-to/own-study.md"
    shown = yaml.load("\n".join(block.text for block in blocks(page) if block.language == "yaml"), Loader=yaml.BaseLoader)
    assert list(shown) == [name for name in whole if name not in ("question", "reporting")]
    claims = [{name: value for name, value in claim.items() if name != "text"} for claim in whole["claims"]]
    assert shown == {name: claims if name == "claims" else whole[name] for name in shown}
