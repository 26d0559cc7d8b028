"""Sections 0 and 1: the deciding claim, its verdict, why, four numbers, every claim against its requirement."""

from __future__ import annotations

import re

from radaudit.dossier.view import words
from radaudit.dossier.view.catalogue import ALIASES, FIGURES, SECTIONS
from radaudit.dossier.view.charts import Gauge
from radaudit.dossier.view.checklists import level
from radaudit.dossier.view.node import Node, Quantity
from radaudit.dossier.view.parts import Cell, Line, Missing, Reason, Span, Status, Table, Tile, Top, cell, columns, say, span

MOST_REASONS = 3
NUMBER = r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


def statuses(evidence: Node) -> dict[str, Status]:
    """Return the status of every claim, read once; all places of the page show these values."""
    return {claim.text("id"): words.answer(claim, "verdict", claim.text("id")) for claim in evidence.nodes("claims")}


def requirement(claim: Node) -> tuple[float | None, float | None]:
    """Return the lowest and highest acceptable value: members ``lowest`` and ``highest``, else read from ``required_text``."""
    lowest, highest = claim.number("lowest"), claim.number("highest")
    if lowest is not None or highest is not None:
        return lowest, highest
    text = claim.text("required_text").replace("−", "-").strip()
    if match := re.fullmatch(rf"({NUMBER}) to ({NUMBER})", text):
        return float(match[1]), float(match[2])
    if match := re.fullmatch(rf"(≥|>=|>|≤|<=|<)\s*({NUMBER})", text):
        return (float(match[2]), None) if match[1] in "≥>=" else (None, float(match[2]))
    return None, None


def gauge(claim: Node, status: Status, *, large: bool = False) -> Gauge:
    """Return the interval of a claim against what it requires."""
    seen = claim.quantity("observed")
    lowest, highest = requirement(claim)
    said = f"Claim {claim.text('id')}: {measure(claim)} {words.estimate(seen)}, required {claim.text('required_text')}: {status.word}"
    return Gauge(
        value=seen.value,
        low=seen.low,
        high=seen.high,
        lowest=lowest,
        highest=highest,
        tone=status.tone,
        words=said,
        required=claim.text("required_text"),
        large=large,
    )


def measure(claim: Node) -> str:
    """Return the measure of a claim in words."""
    name = words.MEASURES.get(claim.text("measure"), claim.text("measure"))
    against = claim.text("against")
    return f"{name} over the {against} model" if against else name


def place(claim: Node) -> str:
    """Return where a claim is measured, in words."""
    return words.PLACES.get(claim.text("on"), claim.text("on"))


def observed(seen: Quantity) -> Line:
    """Return the observed estimate, or why there is none."""
    if seen.known:
        return (span(words.number(seen.value), style="strong"), span(words.unbroken(f" ({words.interval(seen)})") if seen.bounded else ""))
    return (span(words.DASH), span(f" {seen.reason}", style="muted"))


def figure_links(ids: tuple[str, ...]) -> Line:
    """Return links to figures; an id this page does not have stays text."""
    line: list[Span] = []
    for i, name in enumerate(ids):
        line += [span(", ")] if i else []
        line += [span(name, link=name if name in FIGURES else "")]
    return tuple(line) or say(words.DASH)


def claims_table(evidence: Node, status: dict[str, Status]) -> Table | Missing:
    """Return the table of all claims, in the order they were registered."""
    claims = evidence.nodes("claims")
    if not claims:
        return Missing(what="Claims", reason=evidence.why("claims"))
    rows = []
    for claim in claims:
        name = claim.text("id")
        head = (span(name, style="strong"), span(" primary" if claim.flag("primary") else "", style="muted"))
        verdict = [Span(status=status[name])]
        verdict += [span(" "), span("post hoc", style="strong")] if claim.flag("post_hoc") else []
        rows.append(
            (
                Cell(line=head),
                cell(f"{measure(claim)}, {place(claim)}"),
                cell(words.unbroken(claim.text("required_text"))),
                Cell(line=observed(claim.quantity("observed"))),
                Cell(gauge=gauge(claim, status[name])),
                Cell(line=tuple(verdict)),
                Cell(line=figure_links(claim.texts("evidence"))),
            )
        )
    return Table(
        columns=columns("Claim", "Measure", "Required", "Observed (95%)", "Interval drawn", "Verdict", "Evidence"),
        rows=tuple(rows),
        anchors=tuple(words.anchor("claim", claim.text("id")) for claim in claims),
    )


def reasons(claim: Node, entries: frozenset[str]) -> tuple[Reason, ...]:
    """Return at most three reasons, each linked to its finding, or to the figure or section it names."""
    found = []
    for reason in claim.nodes("reasons")[:MOST_REASONS]:
        code, target = reason.text("finding"), reason.text("anchor").removeprefix("#")
        target = ALIASES.get(target, target)
        if code and words.anchor("finding", code) in entries:
            label, link = code, words.anchor("finding", code)
        elif target in FIGURES:
            label, link = target, target
        elif target in SECTIONS:
            label, link = f"section {SECTIONS[target][0]}", target
        elif words.anchor("finding", target.removeprefix("finding-")) in entries:
            label, link = target.removeprefix("finding-"), words.anchor("finding", target.removeprefix("finding-"))
        else:
            shown = next((figure for figure in claim.texts("evidence") if figure in FIGURES), "")
            label, link = code or shown, shown
        found.append(Reason(sentence=words.sentence(reason.text("sentence")), label=label, link=link))
    return tuple(found)


def eyebrow(claim: Node, *, post_hoc: bool, registration: str = "") -> str:
    """Return the line above the claim's text: its id, weight and when it was registered; of a third party's claim that is not shown."""
    when = "post hoc: stated or changed after the test set was opened" if post_hoc else "registered before the test set was opened"
    when = f"a third party's claim: registration {registration}" if registration else when
    return f"Claim {claim.text('id')} · {'primary' if claim.flag('primary') else 'secondary'} · {when}"


def coverage(evidence: Node) -> tuple[Line, ...]:
    """Return the coverage lines: how many checks could run, and what was missing for the others."""
    part = evidence.node("coverage")
    if not part:
        return (say(f"Coverage is not stated: {evidence.why('coverage')}"),)
    possible, total = part.count("possible"), part.count("total")
    first = (span(f"{words.count(possible)} of {words.count(total)} checks could run.", style="strong"),)
    gaps = tuple(
        (
            span(f"Not possible without {gap.text('input')}: {words.plural(gap.count('checks'), 'check')}"),
            span(f" ({', '.join(gap.texts('codes'))})." if gap.texts("codes") else ".", style="muted"),
        )
        for gap in part.nodes("missing")
    )
    return (first, *gaps)


def top(evidence: Node, status: dict[str, Status], entries: frozenset[str]) -> Top:
    """Return the first screen."""
    verdict = evidence.node("verdict")
    name = verdict.text("claim")
    claims = sorted(evidence.nodes("claims"), key=lambda c: (c.text("id") != name, not c.flag("primary")))
    claim = claims[0] if claims else Node(path="/evidence/claims")
    post_hoc = verdict.flag("post_hoc") or claim.flag("post_hoc")
    overall = words.answer(verdict, "overall", "overall")
    sentence = words.sentence(verdict.text("sentence") or (claim.text("sentence") if verdict else evidence.why("verdict")))
    said = tuple(r for r in reasons(claim, entries) if r.sentence != sentence)
    return Top(
        eyebrow=eyebrow(claim, post_hoc=post_hoc, registration=verdict.text("registration")) if claim else "No claim decides this study",
        claim=claim.text("text"),
        overall=overall,
        post_hoc=post_hoc,
        sentence=sentence,
        reasons=said,
        shown=figure_links(claim.texts("evidence")) if claim.texts("evidence") else (),
        needed=words.sentence(claim.text("needed")),
        gauge=gauge(claim, overall, large=True) if claim.has("observed") else None,
        tiles=tuple(Tile(value=tile.text("value"), label=words.together(tile.text("label"))) for tile in evidence.nodes("tiles")),
        claims=claims_table(evidence, status),
        rule=evidence.texts("decision_rule"),
        coverage=coverage(evidence),
        level=level(evidence),
    )
