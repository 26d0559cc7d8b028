"""The application: commands in groups, help that ends with the exit codes, wrong command lines told like everything else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import typer
from typer.core import TyperGroup

from radaudit.cli.audit import audit
from radaudit.cli.check import check
from radaudit.cli.checklist import checklist
from radaudit.cli.conduct import BUG, INTERRUPTED, USAGE, json_document
from radaudit.cli.console import Console
from radaudit.cli.demo import demo
from radaudit.cli.doctor import doctor
from radaudit.cli.evaluate import evaluate
from radaudit.cli.explain import explain
from radaudit.cli.family import Family
from radaudit.cli.features import features
from radaudit.cli.federate import FEDERATE
from radaudit.cli.guard import guard
from radaudit.cli.ibsi import ibsi
from radaudit.cli.ingest import ingest
from radaudit.cli.init import init
from radaudit.cli.lock import lock
from radaudit.cli.multiverse import multiverse
from radaudit.cli.recompute import recompute
from radaudit.cli.repeatability import repeatability
from radaudit.cli.report import report
from radaudit.cli.run import run as run_
from radaudit.cli.score import score
from radaudit.cli.show import show
from radaudit.cli.site import SITE
from radaudit.cli.sitepack import sitepack
from radaudit.cli.status import status
from radaudit.cli.verify import verify

GROUPS = {
    "Begin": (demo, init, features, ibsi, doctor),
    "A study, in this order": (ingest, check, run_, status, lock, evaluate, report, SITE),
    "Beside a study": (repeatability, multiverse),
    "Audit what others did": (audit, guard),
    "Read what was found": (verify, score, recompute, checklist, explain, show),
    "With other hospitals": (sitepack, FEDERATE),
}
EPILOG = """\
\b
Exit codes
  0    done, nothing blocking; evaluate, report, audit: claims supported
  1    done: blocking finding, refused rows, or a claim that is not supported
  2    wrong command line
  3    input or study file cannot be used
  4    refused by a guard: the test set, the lock or the plan forbids it
  5    done: a primary claim cannot be determined
  70   a bug in radaudit
  130  interrupted

Everything scientific stands in study.yaml; options change plumbing only. Nothing is sent anywhere."""


class Grouped(TyperGroup):
    """A help page that lists commands by what they are for, in the order of use."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the commands in the order of use."""
        return [_name(item) for items in GROUPS.values() for item in items]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one section per group."""
        for title, items in GROUPS.items():
            rows = [(_name(item), _about(item)) for item in items]
            with formatter.section(title):
                formatter.write_dl(rows)


def _name(item: Any) -> str:
    return str(item.__name__).rstrip("_")


def _about(item: Any) -> str:
    return item.about if isinstance(item, Family) else (item.__doc__ or "").strip().splitlines()[0]


def _register(app: typer.Typer, item: Any, settings: dict[str, Any]) -> None:
    if not isinstance(item, Family):
        app.command(_name(item), context_settings=settings)(item)
        return
    own = typer.Typer(help=item.about, rich_markup_mode=None, no_args_is_help=True, context_settings=settings)
    for one in item.commands:
        _register(own, one, settings)
    app.add_typer(own, name=item.name)


def application() -> typer.Typer:
    """Return the Typer application."""
    settings = {"help_option_names": ["-h", "--help"], "max_content_width": 80}
    app = typer.Typer(
        cls=Grouped,
        name="radaudit",
        help="Harmonise, validate and audit imaging biomarkers; every number with its interval, every step on record.",
        epilog=EPILOG,
        rich_markup_mode=None,
        no_args_is_help=False,
        pretty_exceptions_enable=False,
        pretty_exceptions_show_locals=False,
        context_settings=settings,
    )

    @app.callback(invoke_without_command=True)
    def start(ctx: typer.Context, version: bool = typer.Option(False, "--version", "-V", help="The version, and nothing else.")) -> None:
        if version:
            from radaudit import __version__

            print(f"radaudit {__version__}")
            raise typer.Exit
        if ctx.invoked_subcommand is None:
            print(ctx.get_help())
            raise typer.Exit

    for items in GROUPS.values():
        for item in items:
            _register(app, item, settings)
    return app


def run(words: Sequence[str]) -> int:
    """Run one command line and return its exit code; a wrong one is told on stderr, and as JSON if that was asked for."""
    arguments = json_last(words)
    try:
        code = application()(args=arguments, prog_name="radaudit", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BrokenPipeError:
        return 0
    except Exception as error:
        if hasattr(error, "format_message"):  # Click's wrong command line, whichever Click Typer brings
            return _wrong(error, arguments)
        if "--debug" in arguments:
            raise
        Console().say("bug: radaudit could not read its command line; this is a mistake of radaudit, not yours")
        return BUG


def json_last(words: Sequence[str]) -> list[str]:
    """Return the command line with the file of ``--json`` spelled out: the next word if it ends in .json, else ``-`` for stdout."""
    found: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "--":
            return [*found, word, *rest]
        if word == "--json":
            word = f"--json={rest.pop(0)}" if rest and rest[0].endswith(".json") and not rest[0].startswith("-") else "--json=-"
        found.append(word)
    return found


def _wrong(error: Any, arguments: Sequence[str]) -> int:
    console = Console()
    context = getattr(error, "ctx", None)
    message = error.format_message() if hasattr(error, "format_message") else str(error)
    usage = f"{context.get_usage()}\n" if context is not None else ""
    path = context.command_path if context is not None else "radaudit"
    console.say(f"{usage}error: {message}\n  more    {path} --help")
    if "--json=-" in arguments:
        name = next((word for word in arguments if not word.startswith("-")), "")
        document = json_document(name, USAGE, None, (), 0.0) | {"errors": [{"code": None, "what": message}]}
        console.raw(json.dumps(document, indent=1, sort_keys=True) + "\n")
    return USAGE
