"""``python check.pyz TABLE``: print what is wrong with a table, and write the file to send back if nothing is.

Exit codes: 0 nothing to mend, 1 something to mend, 3 the table cannot be read, 2 wrong command line.
"""

from __future__ import annotations

import io
import json
import sys
import textwrap
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from radaudit.sitepack.checking import Found, Report, Rules, check

WIDTH = 80
FAIL, WARN, NOTE = "FAIL", "WARN", "NOTE"
UNREADABLE = ("READ-030", "READ-031", "READ-032", "READ-033", "READ-034", "READ-035", "READ-036", "SITE-100")
MOST_ROWS = 8
LARGEST = 1 << 30
USAGE = "usage: python check.pyz TABLE.csv [--json]"


def main(arguments: Sequence[str], rules_text: str) -> int:
    """Check the named table by the rules; return the exit code."""
    words = [word for word in arguments if word != "--json"]
    if len(words) != 1 or words[0] in ("-h", "--help"):
        print(f"{USAGE}\n\nNothing is sent and nothing is changed. {(__doc__ or '').splitlines()[2]}")
        return 0 if words in (["-h"], ["--help"]) else 2
    path = Path(words[0])
    try:
        if path.stat().st_size > LARGEST:
            raise OSError(0, "it is larger than 1 GB")
        data = path.read_bytes()
    except OSError as problem:
        print(f"{path.name} cannot be read: {problem.strerror}", file=sys.stderr)
        return 3
    rules: Rules = json.loads(rules_text)
    report = check(rules, data)
    code = exit_code(rules, report)
    target = path.with_name(f"{path.stem}-checked.zip")
    if code == 0:
        target.write_bytes(checked_zip(path.name, data, rules, report))
    out = (
        json.dumps(document(rules, report, code), indent=1, sort_keys=True)
        if "--json" in arguments
        else "\n".join(lines(rules, report, target.name, stale=target.exists()))
    )
    try:
        print(out.encode(sys.stdout.encoding or "ascii", "backslashreplace").decode(sys.stdout.encoding or "ascii"))
    except BrokenPipeError:
        sys.stderr.close()
    return code


def level(rules: Rules, found: Found) -> str:
    """Return FAIL, WARN or NOTE."""
    return str(rules["words"][found.code]["level"])


def exit_code(rules: Rules, report: Report) -> int:
    """Return 3 if the table could not be read, 1 if something has to be mended, else 0."""
    if any(found.code in UNREADABLE for found in report.found):
        return 3
    return 1 if any(level(rules, found) == FAIL for found in report.found) else 0


def sentence(rules: Rules, found: Found) -> str:
    """Return a finding in plain words."""
    words = rules["words"][found.code]["says"].replace("{count}", str(found.count)).replace("{of}", str(found.of))
    return str(words.replace("{what}", found.what)).strip()


def document(rules: Rules, report: Report, code: int) -> dict[str, Any]:
    """Return the report as JSON; it holds no cell of the table but the examples of the findings."""
    return {
        "schema": "radaudit/sitepack-report/1",
        "study": rules["study"],
        "site": rules["site"],
        "rules": rules["digest"],
        "exit_code": code,
        "rows": report.rows,
        "findings": [
            {"code": one.code, "scope": one.scope, "count": one.count, "level": level(rules, one), "rows": list(one.rows)}
            for one in report.found
        ],
    }


def lines(rules: Rules, report: Report, target: str, *, stale: bool = False) -> list[str]:
    """Return the report as lines of at most 80 columns, worst first; ``stale`` says that an earlier file to send stands there."""
    order = {FAIL: 0, WARN: 1, NOTE: 2}
    head = f"Site pack for {rules['study']}, {rules['site']} (rules {rules['digest'][:8]})"
    out = [head + "nothing is sent".rjust(WIDTH - len(head)) if len(head) < 62 else head]
    for found in sorted(report.found, key=lambda one: (order[level(rules, one)], one.code, one.scope)):
        out += wrapped(sentence(rules, found) + rows_text(found), f" {level(rules, found):<4}  {found.code:<9} ")
        out += wrapped("fix: " + rules["words"][found.code]["do"], " " * 7)
    passed = len(set(report.asked) - {found.code for found in report.found})
    if report.asked:
        out.append(f" PASS  {passed} other checks, {report.rows} rows, {report.columns} columns")
    if report.extra:
        out += wrapped(
            f"{len(report.extra)} columns are not part of the study and are left out there: {', '.join(report.extra[:4])}", " NOTE  "
        )
    code = exit_code(rules, report)
    out.append(f"Send back: {target}" if code == 0 else "Not ready to send: mend what is marked FAIL, then run this again.")
    if code and stale:
        out.append(f"{target} beside it is of an earlier table: do not send it.")
    return out


def rows_text(found: Found) -> str:
    """Return which rows of the file a finding is about."""
    if not found.rows:
        return ""
    if found.of and len(found.rows) == found.of:
        return f"; all {found.of} rows"
    shown = ", ".join(map(str, found.rows[:MOST_ROWS]))
    return f"; row{'' if len(found.rows) == 1 else 's'} {shown}" + (
        f", ... ({len(found.rows)} in all)" if len(found.rows) > MOST_ROWS else ""
    )


def wrapped(text: str, first: str) -> list[str]:
    """Return a text in lines, the later ones indented like the first."""
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False) or [first.rstrip()]


def checked_zip(name: str, data: bytes, rules: Rules, report: Report) -> bytes:
    """Return the file to send back: the table untouched, and the report with both digests; the same bytes for the same table and rules."""
    said = document(rules, report, 0) | {"table": name, "sha256": sha256(data).hexdigest()}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in ((name, data), ("checked.json", (json.dumps(said, indent=1, sort_keys=True) + "\n").encode())):
            entry = zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return stream.getvalue()
