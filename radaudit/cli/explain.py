"""``radaudit explain``."""

from __future__ import annotations

from typing import Annotated

import typer

from radaudit.cli.call import Call, command
from radaudit.cli.conduct import Answer, Result


@command
def explain(
    call: Call,
    code: Annotated[str | None, typer.Argument(metavar="CODE", help="Such as LEAK-003; without it, all codes are listed.")] = None,
) -> Result:
    """Tell the rule behind a code: why, what to do, where it is from."""
    from radaudit.codes import all_codes, explained
    from radaudit.study.lines import cut, wrapped

    if code is None:
        about = list(all_codes().values())
        text = tuple(cut(f"{entry.code:<11} {entry.severity:<9} {entry.title}", 80) for entry in about)
        return Answer(text=text, details={"codes": [{"code": e.code, "severity": e.severity, "title": e.title} for e in about]})
    entry = explained(code)
    parts = [("why", entry.why), ("severity", entry.severity), ("reference", entry.reference)]
    lines = [f"{entry.code}  {entry.title}", ""]
    for label, text_ in parts[:1]:
        lines += wrapped(text_, first=f"  {label:<10} ")
    lines += [f"  {'fix' if place == 0 else '':<10} {line}" for place, line in enumerate(entry.fix.splitlines())]
    for label, text_ in parts[1:]:
        lines += wrapped(text_, first=f"  {label:<10} ") if text_ else []
    names = ("code", "title", "why", "fix", "severity", "reference")
    return Answer(text=tuple(lines), details={"explained": {name: getattr(entry, name) for name in names}})
