"""The demo: a study on real public data, written into a folder and run through to a verified dossier."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import radaudit
from radaudit.edges.shipped import shipped
from radaudit.edges.workspace import BLOCKED, DONE, UNDETERMINED, Progress, StageResult, Workspace, silent
from radaudit.errors import StudyError

EXAMPLE = "examples/egfr"
SCHEMA_FILE = "study.schema.json"
REASON = "demonstration: primary analysis"
MADE = ("out", "dossier", "mlruns", ".radaudit")


def write_demo(folder: Path, *, again: bool = False) -> Workspace:
    """Write the example study into ``folder``; ``again`` starts a demo of before from nothing.

    Raises StudyError (STUDY-083) if the folder holds anything that is not a demo.
    """
    source = shipped(EXAMPLE)
    if folder.exists() and any(folder.iterdir()):
        if not again or not (folder / ".demo").is_file():
            raise StudyError(
                "STUDY-083",
                f'the folder "{folder.name}" is not empty',
                fix=f"radaudit demo {folder.name}-2" if again else f"radaudit demo {folder.name} --again, if it is a demo of before",
            )
        for name in MADE:
            shutil.rmtree(folder / name, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*MADE, "__pycache__"))
    shutil.copy(Path(radaudit.__file__).parent / "study" / SCHEMA_FILE, folder / SCHEMA_FILE)
    (folder / ".demo").write_text("written by radaudit demo\n", encoding="utf-8")
    return Workspace.at(folder)


def demo(folder: Path, progress: Progress = silent, *, again: bool = False) -> StageResult:
    """Write the study and run check, run, lock, evaluate and report; stop at the first stage that cannot go on."""
    ws = write_demo(folder, again=again)
    lines: list[str] = [f"study     {ws.plan.study}: {ws.plan.title}", ""]
    result = ws.run(progress)
    lines += result.lines()
    if result.exit_code not in (DONE,):
        return _ended(result, lines)
    stages: tuple[Callable[[], StageResult], ...] = (
        partial(ws.lock, progress=progress),
        partial(ws.evaluate, REASON, progress=progress),
        partial(ws.report, progress=progress),
    )
    for stage in stages:
        result = stage()
        lines += ["", *result.lines()]
        if result.exit_code not in (DONE, BLOCKED, UNDETERMINED):
            break
    if "page" in result.outputs:
        lines += ["", f"open      {folder.name}/{result.outputs['page']}"]
    return _ended(result, lines)


def _ended(result: StageResult, lines: list[str]) -> StageResult:
    return StageResult(
        command="demo",
        exit_code=result.exit_code,
        findings=result.findings,
        outputs=result.outputs,
        text=tuple(lines),
        details=result.details,
    )
