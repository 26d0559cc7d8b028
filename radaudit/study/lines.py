"""Findings, tables and claims as plain lines of at most 80 columns: what a terminal, a log and an e-mail can hold."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from radaudit.findings import Finding, Severity, Verdict, ranked

WIDTH = 80
WORDS = {Severity.BLOCKING: "FAIL", Severity.MAJOR: "WARN", Severity.MINOR: "WARN", Severity.NOTE: "NOTE"}
COLUMNS = {"W": 2, "F": 2}


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes: wide characters take two, combining ones none."""
    return sum(0 if unicodedata.combining(char) else COLUMNS.get(unicodedata.east_asian_width(char), 1) for char in text)


def padded(text: str, width: int, *, right: bool = False) -> str:
    """Return a text filled with spaces to a width."""
    space = " " * max(0, width - columns(text))
    return space + text if right else text + space


def cut(text: str, width: int) -> str:
    """Return a text of at most ``width`` columns, its end replaced by ``..`` if it is longer."""
    if columns(text) <= width:
        return text
    kept = text
    while kept and columns(kept) > width - 2:
        kept = kept[:-1]
    return kept + ".."


def wrapped(text: str, *, first: str = "", rest: str | None = None, width: int = WIDTH) -> list[str]:
    """Return a text broken into lines; ``first`` begins the first line, ``rest`` (as many spaces, unless given) the others."""
    hang = " " * columns(first) if rest is None else rest
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=hang, break_on_hyphens=False) or [first.rstrip()]


def finding_lines(findings: Iterable[Finding], *, width: int = WIDTH) -> list[str]:
    """Return failed, accepted and impossible findings, worst first, then one line that counts the rest: silence is not a pass."""
    order = ranked(findings)
    lines: list[str] = []
    for finding in order:
        if finding.verdict in (Verdict.FAILED, Verdict.WAIVED):
            word = WORDS[finding.severity] if finding.failed else "ACC "
            tail = str(finding.severity) if finding.failed else "accepted"
            head = f" {word}  {finding.code:<9} "
            lines += _finding(head, finding.sentence, tail, width)
            lines += _fix(finding, " " * columns(head), width) if finding.blocking else []
    return lines + counts_line(order, width=width)


def _finding(head: str, sentence: str, tail: str, width: int) -> list[str]:
    lines = wrapped(sentence, first=head, width=width)
    if columns(lines[0]) + 2 + len(tail) <= width:
        return [padded(lines[0], width - len(tail)) + tail, *lines[1:]]
    lines = wrapped(sentence, first=head, width=width - len(tail) - 2)
    return [padded(lines[0], width - len(tail)) + tail, *lines[1:]]


def _fix(finding: Finding, indent: str, width: int) -> list[str]:
    """Return the fix of a finding; several lines are several ways, and each begins its own line."""
    ways = [way for way in finding.fix.splitlines() if way.strip()]
    return [line for i, way in enumerate(ways) for line in wrapped(way, first=f"{indent}{'or ' if i else 'fix'}  ", width=width)]


def counts_line(findings: Iterable[Finding], *, width: int = WIDTH) -> list[str]:
    """Return how many questions were answered well, did not apply or could not be asked, with the codes of the last two."""
    by: dict[Verdict, list[str]] = {}
    for finding in findings:
        by.setdefault(finding.verdict, []).append(finding.code)
    parts = [f"{len(by[Verdict.PASSED])} passed"] if Verdict.PASSED in by else []
    for verdict, words in ((Verdict.NOT_APPLICABLE, "not applicable"), (Verdict.NOT_RUN, "could not be asked")):
        if verdict in by:
            codes = list(dict.fromkeys(by[verdict]))
            shown = ", ".join(codes[:6]) + (", ..." if len(codes) > 6 else "")
            parts.append(f"{len(by[verdict])} {words} ({shown})")
    return wrapped("; ".join(parts), first=" ", width=width) if parts else []


def table_lines(header: Sequence[str], rows: Iterable[Sequence[object]], *, width: int = WIDTH) -> list[str]:
    """Return a table: numbers to the right, texts to the left and cut where the table would be wider than ``width``."""
    cells = [[str(cell) for cell in header], *[["" if cell is None else str(cell) for cell in row] for row in rows]]
    numeric = [len(cells) > 1 and all(_number(row[j]) for row in cells[1:]) for j in range(len(header))]
    widths = [max(columns(row[j]) for row in cells) for j in range(len(header))]
    while sum(widths) + 2 * (len(widths) - 1) > width:
        texts = [j for j in range(len(widths)) if not numeric[j]] or list(range(len(widths)))
        widest = max(texts, key=lambda j: (widths[j], -j))
        if widths[widest] <= 4:
            break
        widths[widest] -= 1
    right = [j for j in range(len(header)) if numeric[j]]
    lines = ["  ".join(padded(cut(row[j], widths[j]), widths[j], right=j in right) for j in range(len(header))).rstrip() for row in cells]
    return [cut(line, width) for line in lines]


def site_table(rows: Iterable[Mapping[str, Any]], *, width: int = WIDTH) -> list[str]:
    """Return the table by site of ``check``: patients, events, duplicates, missing cells, settings, site effect, verdict."""
    header = ("site", "patients", "events", "dup", "miss%", "settings", "batch*", "verdict")
    cells = [
        (
            row["site"],
            row["patients"],
            row["events"],
            row["duplicates"],
            f"{100 * row['missing_share']:.1f}",
            row["settings"] or "ok",
            "-" if row["site_effect"] is None else f"{row['site_effect']:.2f}",
            row["verdict"],
        )
        for row in rows
    ]
    return [*table_lines(header, cells, width=width), " * median share of feature variance explained by the site (eta2)"]


def _number(text: str) -> bool:
    try:
        float(text.rstrip("%*") or "0")
    except ValueError:
        return text in ("-", "–", "")
    return True


def claim_lines(claims: Iterable[Mapping[str, Any]], *, width: int = WIDTH) -> list[str]:
    """Return the claims of the evidence with their verdicts in capitals, the sentence that decided and at most three reasons."""
    lines: list[str] = []
    for claim in claims:
        verdict = str(claim["verdict"]).upper() + (" (post hoc)" if claim.get("post_hoc") else "")
        on = str(claim["on"]).replace("_", " ")
        asked = f"CLAIM {claim['id']}  {claim['label']} on {on} {claim['required_text']}"
        if columns(asked) + 2 + columns(verdict) <= width:
            lines.append(padded(asked, width - columns(verdict)) + verdict)
        else:
            lines += [*wrapped(asked, rest="  ", width=width), f"  {verdict}"]
        lines += wrapped(str(claim["sentence"]), first="  ", width=width)
        for reason in claim.get("reasons", ()):
            if reason["sentence"] != claim["sentence"]:
                head = f"  {reason['finding']}  " if reason.get("finding") else "  "
                lines += wrapped(str(reason["sentence"]), first=head, width=width)
        if claim.get("needed"):
            lines += wrapped(str(claim["needed"]), first="  ", width=width)
    return lines
