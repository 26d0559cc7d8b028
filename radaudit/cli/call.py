"""Call: what a command is given; and the decorator that adds to every command the options that are plumbing."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from radaudit.cli.conduct import Options, Result, conduct
from radaudit.cli.console import Console
from radaudit.cli.progress import Spinner


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of a command: the study folder, the console and the progress to report."""

    folder: Path
    console: Console
    progress: Spinner
    json: bool


COLOURS = ("auto", "always", "never")


def colour(value: str) -> str:
    """Return a word of ``--color``; another one is a wrong command line."""
    if value not in COLOURS:
        raise typer.BadParameter(f"'{value}' is not one of {', '.join(COLOURS)}")
    return value


COMMON: dict[str, tuple[Any, Any]] = {
    "json": (
        Annotated[str | None, typer.Option("--json", metavar="[FILE.json]", help="JSON to stdout, or to a file that ends in .json.")],
        None,
    ),
    "quiet": (Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing on stderr but errors.")], False),
    "verbose": (Annotated[bool, typer.Option("--verbose", "-v", help="Say each step, without a terminal too.")], False),
    "debug": (Annotated[bool, typer.Option("--debug", help="Full log, tracebacks of bugs. May show patients.")], False),
    "color": (Annotated[str, typer.Option("--color", metavar="auto|always|never", callback=colour, help="NO_COLOR is honoured.")], "auto"),
}
FOLDER = (Annotated[Path, typer.Option("--folder", "-C", metavar="DIR", help="The study's folder.")], Path())


def command(function: Callable[..., Result]) -> Callable[..., int]:
    """Turn ``f(call, ...) -> Result`` into a command with the common options that returns an exit code."""
    return _conducted(function, COMMON)


def study_command(function: Callable[..., Result]) -> Callable[..., int]:
    """Turn ``f(call, ...) -> Result`` into a command that works in a study folder: it also takes ``--folder``."""
    return _conducted(function, {"folder": FOLDER} | COMMON)


def _conducted(function: Callable[..., Result], common: dict[str, tuple[Any, Any]]) -> Callable[..., int]:
    hints = get_type_hints(function, include_extras=True)
    own = [item for item in inspect.signature(function).parameters.values() if item.name != "call"]

    def conducted(**values: Any) -> int:
        folder: Path | None = values.pop("folder", values.get("directory"))
        plumbing = {name: values.pop(name) for name in COMMON}
        options = Options(
            command=function.__name__.rstrip("_"),
            folder=folder,
            json=plumbing["json"],
            quiet=plumbing["quiet"],
            verbose=plumbing["verbose"],
            debug=plumbing["debug"],
            colour=plumbing["color"],
        )

        def body(console: Console, progress: Spinner) -> Result:
            return function(Call(folder=folder or Path(), console=console, progress=progress, json=options.json == "-"), **values)

        return conduct(options, body)

    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [item.replace(kind=keyword, annotation=hints[item.name]) for item in own]
    parameters += [inspect.Parameter(name, keyword, default=default, annotation=hint) for name, (hint, default) in common.items()]
    conducted.__name__, conducted.__doc__ = function.__name__, function.__doc__
    conducted.__annotations__ = {item.name: item.annotation for item in parameters} | {"return": int}
    conducted.__signature__ = inspect.Signature(parameters, return_annotation=int)  # type: ignore[attr-defined]
    return conducted
