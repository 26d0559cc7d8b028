"""``radaudit doctor``."""

from __future__ import annotations

from radaudit.cli.call import Call, study_command
from radaudit.cli.conduct import BLOCKED, DONE, Answer, Result


@study_command
def doctor(call: Call) -> Result:
    """Try what a study needs of this machine: versions, access, locks, no telemetry."""
    from radaudit.edges.doctor import examine
    from radaudit.study.lines import wrapped

    found = examine(call.folder)
    lines: list[str] = []
    for item in found:
        lines += wrapped(item.text, first=f" {'ok  ' if item.ok else 'FAIL'}  {item.name:<13} ")
        lines += [f"       fix           {item.fix}"] if item.fix and not item.ok else []
    ill = sum(not item.ok for item in found)
    lines.append(f"{len(found) - ill} of {len(found)} as they should be")
    return Answer(text=tuple(lines), exit_code=BLOCKED if ill else DONE, details={"examined": [item.document() for item in found]})
