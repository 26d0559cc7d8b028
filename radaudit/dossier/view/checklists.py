"""Section 11, checklists item by item with the pointers behind every yes; and the ladder of evidence."""

from __future__ import annotations

from radaudit.dossier.view import words
from radaudit.dossier.view.charts import Axis, Mark, RowOf, Rows
from radaudit.dossier.view.node import Node
from radaudit.dossier.view.parts import (
    Block,
    Cell,
    Figure,
    Figures,
    Key,
    Line,
    Missing,
    Prose,
    Span,
    Status,
    Table,
    cell,
    columns,
    figure_cell,
    say,
    span,
    status_cell,
)

STATES = {
    "evidence found": ("✓", "good"),
    "no evidence": ("○", "open"),
    "needs a person": ("?", "warn"),
    "not applicable": ("–", "none"),
}
KINDS = {"A": "found by the run", "M": "stated in study.yaml", "H": "a person's answer"}
# where on the page a member of the evidence is shown
HOMES = {
    "performance": "performance",
    "development": "performance",
    "cohort": "cohort",
    "features": "features",
    "harmonisation": "harmonisation",
    "leaks": "leakage",
    "transport": "transportability",
    "signature": "signature",
    "findings": "findings",
    "claims": "claims",
    "verdict": "verdict",
    "study": "provenance",
    "reporting": "provenance",
    "provenance": "provenance",
}
PIECES = (("evidence", "evidence", "accent"), ("person", "a person", "s1"), ("open", "open", "soft"), ("not_applicable", "n.a.", "line"))
REFERENCES = "References, licences and how the texts were verified"


def blocks(evidence: Node) -> tuple[Block, ...]:
    """Return the blocks of section 11."""
    lists = evidence.nodes("checklists")
    if not lists:
        return (Missing(what="Checklists", reason=evidence.why("checklists"), figures=("FIG-11-1",)),)
    proofs = evidence.node("proofs")
    return (
        Prose(
            line=say(
                "A yes is a pointer into dossier.json and the SHA-256 of what stands there; without one the answer is no evidence. "
                "A: found by the run. M: stated in the reporting section of study.yaml, not checked. H: a person's answer. "
                "What was stated can be wrong; radaudit fills items, people answer for them."
            )
        ),
        Figures(figures=(bars(lists),)),
        *(block for made in lists for block in checklist(made, proofs)),
        proof_table(proofs),
        references(lists),
    )


def bars(lists: tuple[Node, ...]) -> Figure:
    """Return FIG-11-1: one stacked bar per checklist."""
    drawn, rows = [], []
    for made in lists:
        counts = made.node("counts")
        sizes = [counts.count(name) or 0 for name, _, _ in PIECES]
        whole = max(sum(sizes), 1)
        ends = [sum(sizes[: k + 1]) / whole for k in range(len(sizes))]
        marks = tuple(Mark(value=end, form="bar", ink=ink) for end, (_, _, ink) in reversed(list(zip(ends, PIECES, strict=True))))
        drawn.append(RowOf(label=made.text("name"), marks=marks, text=f"{sizes[0]} of {whole}"))
        rows.append((cell(made.text("name"), style="strong"), *(figure_cell(words.count(size)) for size in sizes), score_cell(made)))
    return Figure(
        id="FIG-11-1",
        question="How much of each checklist is filled, and by what?",
        answer=answer(lists),
        read="One bar per checklist, all of its items: shown or stated in study.yaml, answered by a person, open, not applicable.",
        charts=(Rows(axis=Axis(label="share of items", low=0.0, high=1.0, percent=True), rows=tuple(drawn), wide=True),),
        table=Table(columns=columns("Checklist", "#Evidence", "#A person", "#Open", "#Not applicable", "Score"), rows=tuple(rows)),
        legend=tuple(Key(label=label, ink=ink, look="box") for _, label, ink in PIECES),
        wide=True,
    )


def answer(lists: tuple[Node, ...]) -> str:
    """Return the one sentence of the figure: the two checklists of radiomics first."""
    said = [f"{made.text('name')} {made.node('counts').count('evidence')} of {made.node('counts').count('items')}" for made in lists[:3]]
    scored = next((made for made in lists if made.has("score") and made.node("score").text("unit") == "%"), None)
    tail = f"; {scored.text('name')} score {score(scored)}" if scored else ""
    return f"Filled from evidence: {', '.join(said)}{tail}."


def score(made: Node) -> str:
    """Return the score of a checklist that defines one: from evidence, with its range."""
    part = made.node("score")
    if not part:
        return words.DASH
    value, top = part.number("value"), part.number("highest")
    if part.text("unit") == "%":
        return f"{words.number(value, 1)}% ({part.text('band')})"
    return f"{words.number(value, 0)} of {words.number(top, 0)} points"


def score_cell(made: Node) -> Cell:
    """Return the score, by the run alone, and with people's answers."""
    part = made.node("score")
    if not part:
        return cell(words.DASH)
    alone, people = words.number(part.number("automatic"), 1), words.number(part.number("with_people"), 1)
    return Cell(line=(span(score(made), style="strong"), span(f" run alone {alone}, with people {people}", style="muted")))


def checklist(made: Node, proofs: Node) -> tuple[Block, ...]:
    """Return one checklist, folded: its conditions and its items."""
    counts = made.node("counts")
    scored = f"; score {score(made)}" if made.has("score") else ""
    caption = (
        f"{made.text('name')} {made.text('version')}: {counts.count('evidence')} of {counts.count('items')} from evidence "
        f"({counts.count('automatic')} A, {counts.count('form')} M), {counts.count('person')} by a person, {counts.count('open')} open, "
        f"{counts.count('not_applicable')} n.a.{scored}"
    )
    rows = tuple(row(item, made, proofs) for item in made.nodes("items"))
    conditions = "; ".join(
        f"condition {c.text('id')}, {c.text('text')} {'yes' if c.flag('holds') else 'no'}" for c in made.nodes("conditions")
    )
    return (
        Table(
            columns=columns("No.", "Item", "Answer", "By", "Evidence, or what is missing"),
            rows=rows,
            caption=caption,
            note=words.sentence(conditions),
            folded=True,
        ),
    )


def row(item: Node, made: Node, proofs: Node) -> tuple[Cell, ...]:
    """Return one item."""
    word = item.text("state")
    symbol, tone = STATES.get(word, ("?", "open"))
    kind = item.text("kind")
    return (
        cell(item.text("id"), style="strong"),
        Cell(line=text_of(item)),
        status_cell(Status(word=word or "unknown", symbol=symbol, tone=tone)),
        cell(kind or words.DASH),
        Cell(line=shown(item, proofs)),
    )


def text_of(item: Node) -> Line:
    """Return section and text of an item; words of ours and texts that were not verified are marked."""
    topic = f"{item.text('topic')}. " if item.text("topic") else ""
    said = f"{topic}{item.text('text')}" if item.text("text") else "the primary text could not be read"
    marks = [mark for mark, holds in (("paraphrase", item.flag("paraphrase")), ("unverified", not item.flag("verified"))) if holds]
    line = [span(said), span(f" {item.text('section')}", style="muted")]
    return (*line, span(f" [{', '.join(marks)}]", style="muted")) if marks else tuple(line)


def shown(item: Node, proofs: Node) -> Line:
    """Return what shows an item, each with a link to its pointers; or the reason."""
    line: list[Span] = []
    for name in item.texts("proofs"):
        line += [span("; ")] if line else []
        said = "study.yaml states" if name.startswith("@") else proofs.node(name).text("says")
        line += [span(f"{said} "), span(name.lstrip("@"), link=words.anchor("proof", name) if proofs.has(name) else "")]
    reason = item.text("reason")
    if reason:
        line.append(span(f"{' ' if line else ''}{words.sentence(reason)}", style="muted"))
    points = item.number("points")
    if points is not None:
        line.append(span(f" {words.number(points, 0)} of {words.number(item.number('most'), 0)} points", style="muted"))
    return tuple(line) or say(words.DASH)


def proof_table(proofs: Node) -> Block:
    """Return every proof with its pointers and digests."""
    names = sorted(proofs.members)
    rows = []
    for name in names:
        one = proofs.node(name)
        seals = one.nodes("evidence")
        pointers: list[Span] = []
        for seal in seals:
            pointer = seal.text("pointer")
            home = HOMES.get(pointer.split("/")[2] if pointer.count("/") >= 2 else "", "")
            pointers += [span(pointer, link=home, style="code"), span(f" {words.short(seal.text('sha256'))}  ", style="muted")]
        rows.append((cell(one.text("says")), cell(KINDS.get(one.text("kind"), one.text("kind"))), Cell(line=tuple(pointers))))
    return Table(
        columns=columns("What is shown", "By", "Pointer into dossier.json, start of the SHA-256 of what stands there"),
        rows=tuple(rows),
        caption=f"The evidence behind the answers: {words.plural(len(names), 'proof')}",
        anchors=tuple(words.anchor("proof", name) for name in names),
        folded=True,
    )


def references(lists: tuple[Node, ...]) -> Table:
    """Return where each checklist comes from, its licence and how its texts were verified."""
    rows = tuple(
        (
            cell(made.text("name"), style="strong"),
            cell(made.text("reference")),
            Cell(line=(span(made.text("doi"), style="code"), span("" if made.flag("doi_verified") else " not verified", style="muted"))),
            cell(made.text("licence")),
            cell(f"{'verified against' if made.flag('verified') else 'not verified against the article; from'} {made.text('source')}"),
        )
        for made in lists
    )
    return Table(columns=columns("Checklist", "Reference", "DOI", "Licence", "Texts"), rows=rows, caption=REFERENCES, folded=True)


def level(evidence: Node) -> tuple[Line, ...]:
    """Return the level of evidence for the first screen: what is reached and what the next level needs."""
    ladder = evidence.node("ladder")
    if not ladder:
        return ()
    lines: list[Line] = [(span(ladder.text("sentence"), style="strong"),)]
    above = ladder.node("next")
    for need in above.nodes("needs"):
        lines.append(
            (span(f"For {above.text('name')}: ", style="muted"), span(f"{need.text('code')} {words.sentence(need.text('title'))}"))
        )
    return tuple(lines)


def ladder(evidence: Node) -> tuple[Block, ...]:
    """Return the ladder of evidence: each leg of each level, met or not, and why."""
    part = evidence.node("ladder")
    if not part:
        return (Missing(what="The level of evidence", reason=evidence.why("ladder")),)
    proofs = evidence.node("proofs")
    named = [(f"{one.text('n')} {one.text('name')}", one) for one in part.nodes("levels")]
    scenario = part.node("scenario")
    named += [(f"scenario: {scenario.text('name')}", scenario)] if scenario else []
    rows = tuple(leg_row(name, leg, proofs) for name, one in named for leg in one.nodes("legs"))
    return (
        Prose(line=(span(part.text("sentence"), style="strong"),)),
        Table(columns=columns("Level", "What it needs", "Met", "Code", "Evidence, or what is missing"), rows=rows),
    )


def leg_row(name: str, leg: Node, proofs: Node) -> tuple[Cell, ...]:
    """Return one leg of a level."""
    met = leg.flag("met")
    status = Status(word="met" if met else "not met", symbol="✓" if met else "○", tone="good" if met else "open")
    return (cell(name, style="strong"), cell(leg.text("asks")), status_cell(status), cell(leg.text("code")), Cell(line=shown(leg, proofs)))
