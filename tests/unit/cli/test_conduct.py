"""Streams, exit codes, JSON, colour and the log: what every command keeps to."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from radaudit.cli import main
from radaudit.cli.conduct import STATUS
from radaudit.edges.workspace import StageResult
from radaudit.errors import DesignError, GuardError, StudyError, StudyErrors, TableError

from .conftest import FINDING, Told

Cli = Callable[..., tuple[int, str, str]]
STAGES = ("ingest", "check", "run", "status", "lock", "report")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_is_called_and_its_lines_go_to_stdout(cli: Cli, study: Path, told: Told, stage: str) -> None:
    told.answer = StageResult(command=stage, text=("site    patients", "LYON         122"))
    code, out, err = cli(stage, "-C", study)
    assert (code, out) == (0, "site    patients\nLYON         122\n")
    assert told.asked[0][0] == stage
    assert "LYON" not in err


@pytest.mark.parametrize("code", [0, 1, 5])
def test_the_exit_code_is_that_of_the_stage(cli: Cli, study: Path, told: Told, code: int) -> None:
    told.answer = StageResult(command="run", exit_code=code)
    assert cli("run", "-C", study)[0] == code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (StudyError("STUDY-001", "x"), 3),
        (TableError("READ-003", "x"), 3),
        (DesignError("CONF-002", "x"), 3),
        (GuardError("GUARD-002", "x"), 4),
        (PermissionError(13, "Permission denied", "out/state.json.new"), 3),
        (OSError(28, "No space left on device"), 3),
        (FileNotFoundError(2, "No such file or directory", "x"), 70),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("LYO-0004"), 70),
        (RecursionError(), 70),
        (MemoryError(), 70),
        (BrokenPipeError(), 0),
    ],
)
def test_every_ending_has_its_exit_code(cli: Cli, study: Path, told: Told, error: BaseException, code: int) -> None:
    told.answer = error
    found, out, err = cli("check", "-C", study)
    assert found == code
    assert out == ""
    assert "Traceback" not in err
    assert code in STATUS


def test_a_folder_that_cannot_be_written_is_told_without_its_path(cli: Cli, study: Path, told: Told) -> None:
    told.answer = PermissionError(13, "Permission denied", "/home/anna/study/out")
    _, _, err = cli("check", "-C", study)
    assert err.splitlines()[0] == "error[STUDY-085] a file cannot be read or written"
    assert "anna" not in err
    assert "Permission denied" in err


def test_an_error_is_told_with_place_finding_near_match_and_fix(cli: Cli, study: Path, told: Told) -> None:
    told.answer = TableError(
        "SITE-001", 'no column "centre"', at="study.yaml:18", found="patient, hospital", near="hospital", fix="roles.site: hospital"
    )
    _, out, err = cli("check", "-C", study)
    assert out == ""
    assert err.splitlines()[:6] == [
        'error[SITE-001] no column "centre"',
        "  at      study.yaml:18",
        "  found   patient, hospital",
        "  near    hospital",
        "  fix     roles.site: hospital",
        "  more    radaudit explain SITE-001",
    ]


def test_several_problems_are_all_told(cli: Cli, study: Path, told: Told) -> None:
    told.answer = StudyErrors([StudyError("STUDY-001", "a"), StudyError("STUDY-009", "b")])
    _, _, err = cli("check", "-C", study)
    assert err.index("error[STUDY-001] a") < err.index("error[STUDY-009] b")


def test_long_messages_stay_within_80_columns(cli: Cli, study: Path, told: Told) -> None:
    told.answer = TableError("READ-021", "word " * 60, found="column, " * 60)
    _, _, err = cli("check", "-C", study)
    assert max(map(len, err.splitlines())) <= 80


def test_json_on_stdout_is_all_there_is_on_stdout(cli: Cli, study: Path, told: Told) -> None:
    told.answer = StageResult(command="check", exit_code=1, findings=(FINDING,), outputs={"check": "out/check.json"}, text=("a table",))
    code, out, _ = cli("check", "-C", study, "--json")
    document = json.loads(out)
    assert code == document["exit_code"] == 1
    assert document["schema"] == "radaudit/command/1"
    assert (document["command"], document["status"]) == ("check", "blocked")
    assert document["findings"][0]["code"] == "SIZE-002"
    assert document["outputs"] == {"check": "out/check.json"}
    assert document["timings"]["seconds"] >= 0
    assert "LYO-0004" not in out


def test_json_in_a_file_leaves_the_lines_on_stdout(cli: Cli, study: Path, told: Told) -> None:
    told.answer = StageResult(command="check", text=("a table",))
    code, out, _ = cli("check", "-C", study, "--json", study / "run.json")
    assert (code, out) == (0, "a table\n")
    assert json.loads((study / "run.json").read_text())["status"] == "done"


@pytest.mark.parametrize(
    ("error", "code"), [(GuardError("GUARD-002", "x", fix="y"), 4), (ZeroDivisionError(), 70), (KeyboardInterrupt(), 130)]
)
def test_json_is_given_on_failure_too(cli: Cli, study: Path, told: Told, error: BaseException, code: int) -> None:
    told.answer = error
    found, out, _ = cli("check", "-C", study, "--json")
    document = json.loads(out)
    assert found == document["exit_code"] == code
    assert [problem["code"] for problem in document["errors"]] == (["GUARD-002"] if code == 4 else [])


def test_a_wrong_command_line_is_exit_code_2_and_json_if_asked(cli: Cli) -> None:
    code, out, err = cli("chekc")
    assert (code, out) == (2, "")
    assert "check" in err
    code, out, _ = cli("check", "--jsn", "--json")
    assert code == json.loads(out)["exit_code"] == 2


def test_json_takes_the_next_word_only_if_it_is_a_json_file() -> None:
    from radaudit.cli.app import json_last

    assert json_last(["explain", "--json", "LEAK-003"]) == ["explain", "--json=-", "LEAK-003"]
    assert json_last(["run", "--json", "out/run.json"]) == ["run", "--json=out/run.json"]
    assert json_last(["run", "--json"]) == ["run", "--json=-"]
    assert json_last(["score", "--", "--json"]) == ["score", "--", "--json"]


def test_a_failed_finding_is_never_left_unsaid(cli: Cli, study: Path, told: Told) -> None:
    told.answer = StageResult(command="check", exit_code=1, findings=(FINDING,), text=("a table",))
    _, out, _ = cli("check", "-C", study)
    assert "FAIL  SIZE-002" in out
    told.answer = StageResult(command="check", exit_code=1, findings=(FINDING,), text=("FAIL SIZE-002 as told by the stage",))
    assert cli("check", "-C", study)[1].count("SIZE-002") == 1


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\rb", "x\u202ey", "\u2066z", "bell\x07", "\x9b31m", "zero\u200bwidth"])
def test_names_cannot_steer_the_terminal(cli: Cli, study: Path, told: Told, name: str) -> None:
    told.answer = StageResult(command="check", text=(f"site {name}",), findings=(), exit_code=0)
    _, out, err = cli("check", "-C", study, "-v")
    told.answer = TableError("SITE-001", name, found=name, near=name, fix=name, at=name)
    _, more, worse = cli("check", "-C", study, "-v")
    for text in (out, err, more, worse):
        assert all(char.isprintable() or char == "\n" for char in text)
        assert name not in text


def test_letters_of_other_languages_stay(cli: Cli, study: Path, told: Told) -> None:
    told.answer = StageResult(command="check", text=("Zürich Ålesund 東京 ≥ 0.70",))
    assert cli("check", "-C", study)[1] == "Zürich Ålesund 東京 ≥ 0.70\n"


def test_colour_is_an_addition_that_can_be_asked_for(cli: Cli, study: Path, told: Told) -> None:
    told.answer = StageResult(command="check", text=(" FAIL  SIZE-002  PORTO",))
    assert "\x1b[" not in cli("check", "-C", study)[1]
    painted = cli("check", "-C", study, "--color", "always")[1]
    assert painted.replace("\x1b[31;1m", "").replace("\x1b[0m", "") == " FAIL  SIZE-002  PORTO\n"
    assert painted.startswith("\x1b[31;1m")
    assert cli("check", "--color", "purple")[0] == 2


def test_quiet_says_nothing_but_errors(cli: Cli, study: Path, told: Told) -> None:
    told.answer = StageResult(command="check", exit_code=1)
    assert cli("check", "-C", study, "-q")[2] == ""
    told.answer = StudyError("STUDY-001", "x")
    assert "STUDY-001" in cli("check", "-C", study, "-q")[2]


def test_progress_is_silent_without_a_terminal_unless_asked(cli: Cli, study: Path, told: Told) -> None:
    assert cli("check", "-C", study)[2] == ""
    assert "check: check of" in cli("check", "-C", study, "-v")[2]


def test_the_log_tells_what_ran_and_where_a_bug_is_but_no_patient(cli: Cli, study: Path, told: Told) -> None:
    told.answer = ZeroDivisionError("patient LYO-0004 divides by zero")
    _, _, err = cli("check", "-C", study)
    log = (study / "out" / "radaudit.log").read_text(encoding="utf-8")
    assert "check begins" in log
    assert "ZeroDivisionError" in log
    assert "conftest.py" in log
    assert "LYO-0004" not in log + err


def test_libraries_talk_into_the_log_without_their_text(cli: Cli, study: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    import logging
    import warnings

    from radaudit.edges import workspace

    def noisy(self: workspace.Workspace, progress: object) -> StageResult:
        logging.getLogger("mlflow").error("value of LYO-0004")
        logging.getLogger("mlflow").warning("pip is old")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("value of LYO-0004", stacklevel=1)
        return StageResult(command="check")

    monkeypatch.setattr(workspace.Workspace, "check", noisy)
    _, out, err = cli("check", "-C", study)
    log = (study / "out" / "radaudit.log").read_text(encoding="utf-8")
    assert "ERROR mlflow" in log
    assert "LYO-0004" not in log + out + err
    assert "pip is old" not in log


def test_debug_shows_the_traceback(cli: Cli, study: Path, told: Told) -> None:
    told.answer = ZeroDivisionError("x")
    with pytest.raises(ZeroDivisionError):
        cli("check", "-C", study, "--debug")


def test_nothing_is_written_where_there_is_no_study(cli: Cli, tmp_path: Path) -> None:
    assert cli("check", "-C", tmp_path)[0] == 3
    assert list(tmp_path.iterdir()) == []


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        """Say that it is a terminal."""
        return True


def test_progress_on_a_terminal_is_a_line_that_goes_away(
    study: Path, told: Told, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = Terminal()
    monkeypatch.setattr(sys, "stderr", said)
    monkeypatch.setenv("TERM", "xterm")
    told.answer = StageResult(command="check", text=("a table",))
    assert main(["check", "-C", str(study)]) == 0
    assert capsys.readouterr().out == "a table\n"
    assert "check of" in said.getvalue()
    assert "\x1b[31mSt" not in said.getvalue()


def test_an_interrupt_during_progress_leaves_the_terminal_as_it_was(study: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    said = Terminal()
    monkeypatch.setattr(sys, "stderr", said)
    monkeypatch.setenv("TERM", "xterm")
    told.answer = KeyboardInterrupt()
    assert main(["check", "-C", str(study)]) == 130
    assert said.getvalue().rindex("\x1b[?25h") > said.getvalue().rindex("\x1b[?25l")
