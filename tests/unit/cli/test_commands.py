"""The commands: their help, their questions, their refusals."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import radaudit
from radaudit.cli import main
from radaudit.cli.conduct import STATUS
from radaudit.codes import all_codes

from .conftest import Told

Cli = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).parents[3]
COMMANDS = (
    "demo",
    "init",
    "doctor",
    "ingest",
    "check",
    "run",
    "status",
    "lock",
    "evaluate",
    "report",
    "verify",
    "score",
    "explain",
    "show",
)
HEAVY = (
    "pandas",
    "numpy",
    "scipy",
    "sklearn",
    "mlflow",
    "great_expectations",
    "duckdb",
    "pydantic",
    "pyarrow",
    "jinja2",
    "cryptography",
    "rich",
    "yaml",
)


def test_the_help_names_every_command_in_its_group_and_every_exit_code(cli: Cli) -> None:
    code, out, _ = cli("--help")
    assert code == 0
    assert all(f"\n  {name} " in out for name in COMMANDS)
    assert all(f"\n    {number} " in out for number in STATUS)
    assert out.index("Begin:") < out.index("A study, in this order:") < out.index("Read what was found:")
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_short_help_within_80_columns(cli: Cli, name: str) -> None:
    code, out, _ = cli(name, "-h")
    assert code == 0
    assert "--json" in out
    assert max(map(len, out.splitlines())) <= 80


def test_no_command_is_help(cli: Cli) -> None:
    assert cli()[1] == cli("--help")[1]


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_the_version_is_one_line(capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert main([word]) == 0
    assert capsys.readouterr().out == f"radaudit {radaudit.__version__}\n"


def fresh(code: str, *, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    import os

    keep = {name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW", "GX_", "DO_NOT", "OMP", "NO_COLOR"))}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, env=keep | (environment or {}), check=False, timeout=60
    )


def test_the_command_line_and_its_help_import_nothing_heavy() -> None:
    code = (
        "import sys, io, contextlib\nfrom radaudit.cli import main\nwith contextlib.redirect_stdout(io.StringIO()):\n"
        f"    code = main(['--help'])\nfound = sorted(set({HEAVY!r}) & set(sys.modules))\nprint(code, found)"
    )
    assert fresh(code).stdout == "0 []\n"


def test_the_version_imports_not_even_typer() -> None:
    done = fresh("import sys\nfrom radaudit.cli import main\nmain(['--version'])\nprint('typer' in sys.modules)")
    assert done.stdout.splitlines()[-1] == "False"


def test_telemetry_is_off_before_anything_can_be_imported() -> None:
    names = ("MLFLOW_DISABLE_TELEMETRY", "DO_NOT_TRACK", "GX_ANALYTICS_ENABLED", "OMP_NUM_THREADS")
    code = f"import os\nfrom radaudit.cli import main\nmain(['explain', 'LEAK-003', '-q'])\nprint([os.environ[n] for n in {names}])"
    done = fresh(code, environment={"GX_ANALYTICS_ENABLED": "true", "OMP_NUM_THREADS": "3"})
    assert done.stdout.splitlines()[-1] == "['true', 'true', 'false', '3']"


@pytest.mark.parametrize("argument", ["", " --json"])
def test_a_closed_pipe_ends_quietly(argument: str) -> None:
    command = f'"{sys.executable}" -m radaudit explain{argument} | head -1'
    done = subprocess.run(command, shell=True, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_a_terminal_that_knows_ascii_only_still_gets_every_line() -> None:
    code = "from radaudit.cli import main\nfrom radaudit.cli.console import Console\nConsole().result(['Zürich ≥ 0.70 東'])"
    done = fresh(code, environment={"PYTHONIOENCODING": "ascii"})
    assert done.stdout == "Zuerich >= 0.70 \\u6771\n"


def test_explain_tells_every_code(cli: Cli) -> None:
    assert len(cli("explain")[1].splitlines()) == len(all_codes())
    for code in all_codes():
        found, out, _ = cli("explain", code.lower(), "--json")
        assert (found, json.loads(out)["explained"]["code"]) == (0, code)


def test_explain_names_the_nearest_code(cli: Cli) -> None:
    code, _, err = cli("explain", "LEKA-003")
    assert code == 3
    assert "LEAK-003" in err


def test_evaluate_needs_a_reason(cli: Cli, study: Path, told: Told) -> None:
    assert cli("evaluate", "-C", study)[0] == 4
    assert cli("evaluate", "-C", study, "--reason", "  ")[0] == 4
    assert cli("evaluate", "-C", study, "--yes")[0] == 2
    assert told.asked == []


def test_evaluate_without_a_terminal_needs_yes(cli: Cli, study: Path, told: Told) -> None:
    code, _, err = cli("evaluate", "-C", study, "--reason", "primary analysis")
    assert code == 4
    assert "GUARD-020" in err
    assert told.asked == []
    assert cli("evaluate", "-C", study, "--reason", "primary analysis", "--yes")[0] == 0
    assert (told.asked[0][1], told.asked[0][2]["amend"]) == (("primary analysis",), False)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say that it is a terminal."""
        return True


@pytest.mark.parametrize(("typed", "code"), [("small\n", 0), ("smal\n", 4), ("\n", 4), ("", 4), ("y\n", 4)])
def test_evaluate_asks_for_the_study_name(study: Path, told: Told, monkeypatch: pytest.MonkeyPatch, typed: str, code: int) -> None:
    said = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys, "stderr", said)
    assert main(["evaluate", "-C", str(study), "--reason", "primary analysis", "--amend"]) == code
    assert "opening 1 of 1" in said.getvalue()
    assert "Type the study name (small)" in said.getvalue()
    assert "post hoc" in said.getvalue()
    assert len(told.asked) == (1 if code == 0 else 0)


def test_lock_hands_over_name_and_version(cli: Cli, study: Path, told: Told) -> None:
    assert cli("lock", "-C", study, "--name", "sig", "--version", "2.0.0")[0] == 0
    assert told.asked[0][1][:2] == ("sig", "2.0.0")


def test_init_writes_a_study_and_names_what_to_confirm(cli: Cli, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(ROOT / "examples" / "egfr" / "data", tmp_path / "data")
    tables = [tmp_path / "data" / name for name in ("Sandy-Captk.csv", "clinical-demographics.csv")]
    code, out, _ = cli("init", "-C", tmp_path, *tables)
    assert code == 0
    assert "CONFIRM" in out
    assert cli("init", "-C", tmp_path, *tables)[0] == 3


def stored(study: Path) -> None:
    (study / "out" / "findings").mkdir(parents=True)
    finding = {
        "verdict": "failed",
        "severity": "major",
        "title": "Small",
        "sentence": "PORTO has 14 patients.",
        "facts": {"patients": 14},
        "why": "w",
        "fix": "f",
    }
    document = {
        "findings": [
            {"code": "SIZE-002", **finding},
            {"code": "SIZE-002", **finding, "sentence": "GHENT has 3."},
            {"code": "ID-001", **finding},
        ]
    }
    (study / "out" / "check.json").write_text(json.dumps(document))
    rows = "".join(f"LYO-{n:04},{n}\n" for n in range(8))
    (study / "out" / "findings" / "ID-001.csv").write_text("patient,row\n" + rows)


def test_show_lists_and_shows_findings_and_their_local_rows(cli: Cli, study: Path) -> None:
    stored(study)
    assert "SIZE-002.2" in cli("show", "-C", study)[1]
    assert "GHENT has 3." in cli("show", "size-002.2", "-C", study)[1]
    out = cli("show", "ID-001", "-C", study)[1]
    assert "LYO-0004" in out
    assert "LYO-0005" not in out
    assert "8 rows, 5 shown" in out


def test_show_keeps_rows_out_of_json(cli: Cli, study: Path) -> None:
    stored(study)
    assert "LYO-" not in cli("show", "ID-001", "-C", study, "--json")[1]


def test_show_takes_the_ids_of_the_dossier_until_a_stage_finds_more(cli: Cli, study: Path) -> None:
    stored(study)
    findings = json.loads((study / "out" / "check.json").read_text())["findings"]
    full = [{"scope": "", "concerns": [], **item} for item in findings]
    (study / "dossier" / "0001").mkdir(parents=True)
    told = [{"id": f"{item['code']}.{n}", **item} for n, item in enumerate(full, start=7)]
    leak = {**told[0], "id": "LEAK-010", "code": "LEAK-010"}
    (study / "dossier" / "0001" / "dossier.json").write_text(json.dumps({"evidence": {"findings": [*told, leak]}, "record": {}}))
    assert "LEAK-010" in cli("show", "-C", study)[1]
    assert cli("show", "SIZE-002.7", "-C", study)[0] == 0
    (study / "out" / "run.json").write_text(json.dumps({"findings": [full[0] | {"code": "HARM-080"}]}))
    out = cli("show", "-C", study)[1]
    assert "HARM-080" in out
    assert "LEAK-010" not in out


def test_show_refuses_what_is_not_there(cli: Cli, study: Path) -> None:
    assert "STUDY-035" in cli("show", "-C", study)[2]
    stored(study)
    code, _, err = cli("show", "SIZE-02", "-C", study)
    assert code == 3
    assert "SIZE-002" in err
    (study / "out" / "check.json").write_text('{"a":1,"a":2}')
    assert "STUDY-036" in cli("show", "-C", study)[2]


def test_doctor_finds_what_is_wrong(cli: Cli, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "GX_ANALYTICS_ENABLED": "false"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    code, out, _ = cli("doctor", "-C", study)
    assert code == 0
    assert "11 of 11" in out
    (study / "out").mkdir(exist_ok=True)
    (study / "out" / "pool.duckdb").write_bytes(b"not a database" * 100)
    (study / "mlruns").mkdir()
    (study / "mlruns" / "mlflow.db").write_bytes(b"not a database" * 100)
    (study / "study.yaml").write_text("study: [\n")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "true")
    code, out, _ = cli("doctor", "-C", study, "--json")
    assert code == 1
    assert [item["name"] for item in json.loads(out)["examined"] if not item["ok"]] == ["study", "store", "tracking", "telemetry", "clock"]


def test_doctor_leaves_nothing_behind(cli: Cli, tmp_path: Path) -> None:
    cli("doctor", "-C", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_verify_and_score_refuse_what_is_no_dossier_and_no_signature(cli: Cli, tmp_path: Path) -> None:
    assert cli("verify", tmp_path / "nowhere")[0] == 3
    (tmp_path / "signature.json").write_text("{}")
    (tmp_path / "new.csv").write_text("id,x\n1,2\n")
    code, _, err = cli("score", tmp_path / "signature.json", tmp_path / "new.csv", "-o", tmp_path / "scores.csv")
    assert code == 3
    assert "SCORE-010" in err
    assert not (tmp_path / "scores.csv").exists()
