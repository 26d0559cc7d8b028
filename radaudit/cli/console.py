"""Where text goes: results to stdout, talk to stderr, nothing in it that could steer a terminal, colour only as an addition."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TextIO

from radaudit.errors import RadauditError
from radaudit.study.lines import WIDTH, wrapped

ASCII = str.maketrans({"≥": ">=", "≤": "<=", "–": "-", "—": "-", "…": "...", "×": "x", "→": "->", "·": "-", "’": "'", "²": "2", "ü": "ue"})
PAINT = {"FAIL": "31;1", "WARN": "33", "NOTE": "36", "error": "31;1", "refused": "31;1", "fix": "32"}
PAINTED = re.compile(r"^ (FAIL|WARN|NOTE) |^(error|refused)(?=\[)|^  (fix) ")
STEERING = frozenset("\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")


def inert(text: str) -> str:
    """Return one line with every control, bidirectional and other unprintable character written as an escape."""
    if text.isprintable() and not STEERING & set(text):
        return text
    return "".join(
        char if char.isprintable() and char not in STEERING else char.encode("unicode_escape", "replace").decode() for char in text
    )


def inert_lines(text: str) -> list[str]:
    """Return a text of several lines as inert lines: only a line feed of ours breaks a line."""
    return [inert(line) for line in text.split("\n")]


@dataclass(slots=True)
class Console:
    """The two streams of one command; ``quiet`` stops the talk, ``colour`` is auto, always or never."""

    colour: str = "auto"
    quiet: bool = False
    verbose: bool = False
    stdout: TextIO = field(default_factory=lambda: sys.stdout)
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    closed: bool = False

    def painted(self, stream: TextIO) -> bool:
        """Return True if this stream gets colour: asked for, or a terminal without NO_COLOR."""
        if self.colour != "auto":
            return self.colour == "always"
        return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    def result(self, lines: Iterable[str]) -> None:
        """Print lines of the result to stdout."""
        self._write(self.stdout, lines)

    def say(self, text: str) -> None:
        """Say something to the person at the terminal, unless told to be quiet."""
        if not self.quiet:
            self._write(self.stderr, text.split("\n"))

    def error(self, error: RadauditError) -> None:
        """Print an error, each of its problems in the form that can be pasted; quiet does not stop it."""
        for place, problem in enumerate(error.problems):
            self._write(self.stderr, ([""] if place else []) + error_lines(problem))

    def raw(self, data: str) -> None:
        """Print a document as it is."""
        self._put(self.stdout, data)

    def _write(self, stream: TextIO, lines: Iterable[str]) -> None:
        paint = self.painted(stream)
        text = "".join((_paint(inert(line)) if paint else inert(line)) + "\n" for item in lines for line in str(item).split("\n"))
        self._put(stream, text)

    def _put(self, stream: TextIO, text: str) -> None:
        if stream is self.stdout and self.closed:
            return
        try:
            stream.write(encodable(text, stream))
            stream.flush()
        except BrokenPipeError:
            self._abandon(stream)

    def _abandon(self, stream: TextIO) -> None:
        """Leave a pipe that nobody reads; what follows goes nowhere, so that Python does not complain at its end either."""
        if stream is self.stdout:
            self.closed = True
        try:
            number = stream.fileno()
        except (OSError, ValueError):
            return
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, number)
        os.close(nowhere)


def encodable(text: str, stream: TextIO) -> str:
    """Return a text that the stream's encoding can hold: signs in ASCII, then escapes."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return text.translate(ASCII).encode("ascii" if encoding.lower() == "utf-8" else encoding, "backslashreplace").decode(encoding)
    return text


def error_lines(error: RadauditError) -> list[str]:
    """Return an error as in EXPERIENCE 2.6: what, at, found, near, fix, more; broken at 80 columns but for fixes, which are pasted."""
    lines = wrapped(inert(f"{error.word}[{error.code}] {error.what}"), rest="  ")
    for label in ("at", "found", "near", "fix"):
        text = getattr(error, label)
        if not text:
            continue
        for place, part in enumerate(inert_lines(str(text))):
            head = f"  {label:<7} " if place == 0 else " " * 10
            lines += [head + part] if label == "fix" or len(head + part) <= WIDTH else wrapped(part, first=head, rest=" " * 10)
    return [*lines, f"  more    radaudit explain {error.code}"]


def _paint(line: str) -> str:
    return PAINTED.sub(lambda match: f"\x1b[{PAINT[next(filter(None, match.groups()))]}m{match[0]}\x1b[0m", line)
