"""Conduct one command: call it, print what it gives, turn every ending into an exit code; never a traceback."""

from __future__ import annotations

import errno
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from radaudit.cli.console import Console
from radaudit.cli.log import frames, log
from radaudit.cli.progress import Spinner
from radaudit.errors import RadauditError, StudyError
from radaudit.findings import Finding

if TYPE_CHECKING:
    from logging import Logger

SCHEMA = "radaudit/command/1"
REFUSED_BY_SYSTEM = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG)
DONE, BLOCKED, USAGE, UNUSABLE, REFUSED, UNDETERMINED, BUG, INTERRUPTED = 0, 1, 2, 3, 4, 5, 70, 130
STATUS = {
    DONE: "done",
    BLOCKED: "blocked",
    USAGE: "wrong command line",
    UNUSABLE: "unusable input",
    REFUSED: "refused",
    UNDETERMINED: "undetermined",
    BUG: "bug",
    INTERRUPTED: "interrupted",
}
SAID = {
    BLOCKED: "a blocking finding, refused rows or a claim that is not supported",
    UNUSABLE: "input or study file cannot be used",
    REFUSED: "refused by a guard",
    UNDETERMINED: "a primary claim cannot be determined",
    BUG: "a bug in radaudit",
    INTERRUPTED: "interrupted",
}


class Result(Protocol):
    """What a command gives: its findings, the files it wrote (relative), its exit code, its lines and its JSON form."""

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings, local rows included."""

    @property
    def outputs(self) -> Mapping[str, str]:
        """What was written: name -> relative path."""

    @property
    def exit_code(self) -> int:
        """0, 1 or 5."""

    def lines(self) -> tuple[str, ...]:
        """Return the plain lines for stdout."""

    def document(self) -> dict[str, Any]:
        """Return the JSON form, without anything about patients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The result of a command that is no stage of a study."""

    text: tuple[str, ...] = ()
    exit_code: int = DONE
    findings: tuple[Finding, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    def lines(self) -> tuple[str, ...]:
        """Return the plain lines for stdout."""
        return self.text

    def document(self) -> dict[str, Any]:
        """Return what this command adds to the JSON form."""
        return dict(self.details)


@dataclass(slots=True, kw_only=True)
class Options:
    """What every command takes: plumbing only."""

    command: str = ""
    folder: Path | None = None
    json: str | None = None
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    colour: str = "auto"


Body = Callable[[Console, Spinner], Result]


def conduct(options: Options, body: Body) -> int:
    """Run ``body`` and return the exit code; with ``--debug`` unexpected errors are raised.

    Results go to stdout unless stdout is wanted for JSON; the JSON is written whatever happens.
    """
    console = Console(colour=options.colour, quiet=options.quiet, verbose=options.verbose)
    started = time.monotonic()
    with log(options.folder, debug=options.debug) as logger:
        logger.info("%s begins", options.command)
        code, result, problems = _called(options, console, body, logger)
        seconds = time.monotonic() - started
        logger.info("%s ends with exit code %d after %.1f s", options.command, code, seconds)
    _print(console, options, result, json_document(options.command, code, result, problems, seconds))
    _tell_end(console, code, seconds)
    return code


def _called(options: Options, console: Console, body: Body, logger: Logger) -> tuple[int, Result | None, tuple[RadauditError, ...]]:
    """Return the exit code, the result if there is one, and the problems of an error."""
    try:
        with Spinner(console, options.command) as say:
            result = body(console, say)
        return result.exit_code, result, ()
    except RadauditError as error:
        logger.debug("refused", exc_info=True)
        logger.info("%s was refused: %s", options.command, ", ".join(problem.code for problem in error.problems))
        console.error(error)
        return error.exit_code, None, error.problems
    except KeyboardInterrupt:
        return INTERRUPTED, None, ()
    except BrokenPipeError:
        return DONE, None, ()
    except Exception as error:
        if isinstance(error, OSError) and error.errno in REFUSED_BY_SYSTEM and not options.debug:
            refused = _refused_by_system(error)
            logger.info("%s was refused: %s", options.command, refused.code)
            console.error(refused)
            return refused.exit_code, None, (refused,)
        if options.debug or hasattr(error, "format_message"):  # the latter is Click's: a wrong command line
            raise
        logger.error("%s stopped by an unexpected error: %s", options.command, frames(error))
        _tell_bug(console, options, error)
        return BUG, None, ()


def _refused_by_system(error: OSError) -> RadauditError:
    """Return STUDY-085 for a file that the operating system does not let us read or write, named without its folders."""
    name = Path(str(error.filename)).name if error.filename is not None else None
    return StudyError(
        "STUDY-085",
        "a file cannot be read or written",
        at=name,
        found=error.strerror or type(error).__name__,
        fix="work in a folder of your own with space left; radaudit doctor says what is the matter",
    )


def json_document(command: str, code: int, result: Result | None, problems: tuple[RadauditError, ...], seconds: float) -> dict[str, Any]:
    """Return the JSON form of a command's ending; it holds nothing about patients but what an error had to quote."""
    return {
        **(result.document() if result is not None else {}),
        "schema": SCHEMA,
        "command": command,
        "status": STATUS.get(code, "done"),
        "exit_code": code,
        "findings": [finding.public() for finding in (result.findings if result is not None else ())],
        "outputs": dict(result.outputs) if result is not None else {},
        "errors": [
            {"code": error.code, "what": error.what, "at": error.at, "found": error.found, "near": error.near, "fix": error.fix}
            for error in problems
        ],
        "timings": {"seconds": round(seconds, 3)},
    }


def _print(console: Console, options: Options, result: Result | None, document: Mapping[str, Any]) -> None:
    if result is not None and options.json != "-":
        console.result(_lines(result))
    if options.json is None:
        return
    text = json.dumps(document, ensure_ascii=True, indent=1, sort_keys=True, default=str) + "\n"
    if options.json == "-":
        console.raw(text)
        return
    if not _ours(Path(options.json)):
        console.say(f"warning: {options.json} is a file that radaudit did not write; it was left as it is")
        return
    try:
        Path(options.json).write_text(text, encoding="utf-8")
    except OSError as error:
        console.say(f"warning: {options.json} could not be written: {error.strerror or type(error).__name__}")


def _ours(path: Path) -> bool:
    """Return True unless the path is a file with something else in it: ``--json cases.json`` may not replace a table."""
    try:
        return not path.is_file() or path.stat().st_size == 0 or SCHEMA.encode() in path.read_bytes()
    except OSError:
        return True


def _lines(result: Result) -> list[str]:
    """Return the lines of a result, and findings that failed and that its lines do not mention."""
    from radaudit.study.lines import finding_lines

    lines = list(result.lines())
    said = "\n".join(lines)
    unsaid = [finding for finding in result.findings if finding.failed and finding.code not in said]
    return lines + ([""] if lines and unsaid else []) + (finding_lines(unsaid) if unsaid else [])


def _tell_bug(console: Console, options: Options, error: Exception) -> None:
    console.quiet = False
    console.say(
        f"bug: radaudit {options.command} stopped by an unexpected {type(error).__name__}; this is a mistake of radaudit, not yours"
    )
    known = options.folder is not None and (options.folder / "out" / "radaudit.log").is_file()
    console.say(
        "  where   out/radaudit.log of the study (no patients in it)" if known else "  where   run it again with --debug to see where"
    )
    console.say("  fix     please report it with that text")


def _tell_end(console: Console, code: int, seconds: float) -> None:
    if code != DONE or seconds >= 1:
        console.say(f"exit {code}" + (f": {SAID[code]}" if code in SAID else "") + (f"  ({seconds:.1f} s)" if seconds >= 1 else ""))
