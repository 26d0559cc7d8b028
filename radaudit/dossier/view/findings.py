"""Section 2: every finding, worst first; failed and accepted ones in full, the rest listed, so that silence is not a pass."""

from __future__ import annotations

from radaudit.dossier.view import words
from radaudit.dossier.view.catalogue import SECTIONS, section_of
from radaudit.dossier.view.node import Node
from radaudit.dossier.view.parts import (
    Block,
    Cell,
    Entry,
    Heading,
    Line,
    Prose,
    Section,
    Span,
    Status,
    Table,
    cell,
    columns,
    say,
    span,
    status_cell,
)

ORDER = ("failed", "waived", "not run", "passed", "not applicable")
WEIGHT = ("blocking", "major", "minor", "note")
IN_FULL = ("failed", "waived")
MOST_FACTS = 24
HIDDEN = ("size", "decision", "suite", "suite_verdict")  # said elsewhere in the entry, or where the check comes from


def ordered(evidence: Node) -> tuple[Node, ...]:
    """Return the findings worst first: verdict, severity, then the order of the sections and the id."""
    places = list(SECTIONS)

    def key(finding: Node) -> tuple[int, int, int, str]:
        verdict, weight = finding.text("verdict"), finding.text("severity")
        return (
            ORDER.index(verdict) if verdict in ORDER else len(ORDER),
            WEIGHT.index(weight) if weight in WEIGHT else len(WEIGHT),
            places.index(section_of(finding.text("code"))),
            finding.text("id"),
        )

    return tuple(sorted(evidence.nodes("findings"), key=key))


def name_of(finding: Node) -> str:
    """Return the id of a finding; the code where it has none."""
    return finding.text("id") or finding.text("code")


def anchors(evidence: Node) -> frozenset[str]:
    """Return the anchors of all findings that have an entry of their own."""
    return frozenset(words.anchor("finding", name_of(f)) for f in evidence.nodes("findings") if f.text("verdict") in IN_FULL)


def weighed(findings: tuple[Node, ...]) -> tuple[Status, ...]:
    """Return one status per severity among the failed findings, with its count as the word."""
    found = []
    for weight in WEIGHT:
        n = sum(1 for f in findings if f.text("verdict") == "failed" and f.text("severity") == weight)
        if n:
            symbol, tone = words.SEVERITIES[weight]
            found.append(Status(word=f"{n} {weight}", symbol=symbol, tone=tone))
    return tuple(found)


def state(evidence: Node, section: str) -> tuple[Status, ...]:
    """Return the state of a section for the list at the left: failed findings by severity, or how many checks passed."""
    mine = tuple(f for f in evidence.nodes("findings") if section_of(f.text("code")) == section)
    worst = weighed(mine)
    if worst:
        return worst
    passed = sum(1 for f in mine if f.text("verdict") == "passed")
    return (Status(word=f"{passed} passed", symbol="✓", tone="good"),) if passed else ()


def entry(finding: Node) -> Entry:
    """Return one finding in full."""
    name, verdict, weight = name_of(finding), finding.text("verdict"), finding.text("severity")
    status = words.verdict(verdict, weight)
    word = f"{verdict} · {weight}"
    concerns = finding.texts("concerns")
    facts = finding.node("facts").members
    numbers = tuple(pair for pair in finding.mapping("facts") if facts[pair[0]] is not None and pair[0] not in HIDDEN)
    fix_lines = finding.text("fix")
    rows: list[tuple[str, Line]] = [
        ("What was found", say(words.sentence(finding.text("sentence")))),
        ("Why it matters", say(words.sentence(finding.text("why")))),
        ("How large", say(words.sentence(finding.node("facts").text("size")))),
        ("Numbers", say("; ".join(f"{key.replace('_', ' ')} {value}" for key, value in numbers[:MOST_FACTS]))),
        ("What to do", say(fix_lines)),
        ("Concerns", concerned(concerns)),
        ("Where", say(finding.text("scope"))),
        ("Decision", say(finding.node("facts").text("decision"))),
        ("Explained by", (span(f"radaudit explain {finding.text('code')}", style="code"),)),
    ]
    return Entry(
        id=words.anchor("finding", name),
        code=name,
        title=finding.text("title") or finding.text("sentence"),
        status=Status(word=word, symbol=status.symbol, tone=status.tone),
        rows=tuple((label, line) for label, line in rows if any(s.text for s in line)),
    )


def concerned(names: tuple[str, ...]) -> Line:
    """Return what a finding bears on: claims are named as claims."""
    return say(", ".join(names) if names else "the whole study")


def overview(findings: tuple[Node, ...]) -> Table:
    """Return one row per failed or accepted finding."""
    rows = []
    for f in findings:
        section = section_of(f.text("code"))
        rows.append(
            (
                cell(name_of(f), link=words.anchor("finding", name_of(f))),
                status_cell(words.verdict(f.text("verdict"), f.text("severity"))),
                status_cell(words.severity(f.text("severity"))),
                cell(f.text("title") or f.text("sentence")),
                cell(f"{SECTIONS[section][0]} {SECTIONS[section][1]}", link=section),
            )
        )
    return Table(columns=columns("Finding", "Answer", "Weight", "What", "Section"), rows=tuple(rows))


def listed(findings: tuple[Node, ...], caption: str) -> Table:
    """Return findings that need no entry, one line each."""
    rows = tuple(
        (
            cell(name_of(f), style="strong"),
            Cell(line=(Span(status=words.verdict(f.text("verdict"))),)),
            cell(words.sentence(f.text("sentence"))),
        )
        for f in findings
    )
    return Table(columns=columns("Check", "Answer", "What was seen"), rows=rows, caption=caption, folded=True)


def section(evidence: Node) -> Section:
    """Return section 2."""
    findings = ordered(evidence)
    full = tuple(f for f in findings if f.text("verdict") in IN_FULL)
    blocks: list[Block] = []
    failed = sum(1 for f in full if f.text("verdict") == "failed")
    lead = (
        f"{words.plural(failed, 'finding')} from {words.plural(len(findings), 'answer')}."
        if failed
        else (f"No finding: none of {words.plural(len(findings), 'answer')} is one that counts against the study.")
    )
    if not evidence.has("findings"):
        lead = f"Findings are not part of this dossier: {evidence.why('findings')}"
    blocks.append(Prose(line=say(lead + " What could not be asked is listed too: a gap is not a pass.")))
    if full:
        blocks.append(overview(full))
        blocks += [entry(f) for f in full]
    groups = (("not run", "Could not be asked"), ("passed", "Passed"), ("not applicable", "Not applicable here"))
    rest = [(word, tuple(f for f in findings if f.text("verdict") == word), what) for word, what in groups]
    if any(group for _, group, _ in rest):
        blocks.append(Heading(text="The other answers"))
    blocks += [listed(group, f"{what}: {words.plural(len(group), 'check')}") for _, group, what in rest if group]
    number, title = SECTIONS["findings"]
    return Section(
        number=number,
        id="findings",
        title=title,
        question="What is wrong, how much does it weigh, and what can be done?",
        blocks=tuple(blocks),
        state=weighed(findings),
    )
