"""Section 9: what exactly was locked."""

from __future__ import annotations

from radaudit.dossier.view import words
from radaudit.dossier.view.catalogue import figures_of
from radaudit.dossier.view.charts import Axis, Mark, RowOf, Rows, Rule
from radaudit.dossier.view.node import Node
from radaudit.dossier.view.parts import (
    Block,
    Facts,
    Figure,
    Figures,
    Heading,
    Key,
    Line,
    Missing,
    NoFigure,
    Table,
    Verbatim,
    cell,
    columns,
    figure_cell,
    say,
    span,
)

MOST_BARS = 30
OTHERS = 8
STABLE = 0.8


def blocks(evidence: Node) -> tuple[Block, ...]:
    """Return the blocks of section 9."""
    part = evidence.node("signature")
    if not part:
        return (Missing(what="The signature", reason=evidence.why("signature"), figures=figures_of("09")),)
    return (
        facts(part),
        Verbatim(text=formula(part), label="Formula"),
        coefficients(part),
        Figures(figures=(bars(part), stability(evidence))),
        Heading(text="Input contract"),
        contract(part),
    )


def facts(part: Node) -> Facts:
    """Return name, digest, registration string and threshold."""
    threshold = part.node("threshold")
    value = words.significant(threshold.number("value")) if threshold.has("value") else threshold.why("value")
    size, vectors = part.count("bytes"), part.count("test_vectors")
    rows: list[tuple[str, Line]] = [
        ("Signature", say(" ".join(t for t in (part.text("name"), part.text("version")) if t))),
        ("Register this in the protocol", (span(part.text("registration") or part.why("registration"), style="code"),)),
        ("SHA-256", (span(part.text("sha256") or part.why("sha256"), style="code"),)),
        ("File", say(f"signature.json, {words.count(size)} bytes" if size is not None else "signature.json")),
        (
            "Threshold",
            say(
                f"{_predicted(part)} ≥ {value} is high"
                + (" risk" if _predicted(part) == "risk" else "")
                + (f", rule {threshold.text('rule')}" if threshold.text("rule") else "")
            ),
        ),
        ("Harmonisation", say(part.text("harmonisation") or part.why("harmonisation"))),
        (
            "Test vectors",
            say(f"{words.count(vectors)} synthetic inputs with every intermediate number" if vectors else part.why("test_vectors")),
        ),
    ]
    return Facts(rows=tuple(rows))


def formula(part: Node) -> str:
    """Return the formula with raw coefficients where they are there, otherwise with standardised ones."""
    terms = part.nodes("coefficients")
    raw = all(t.number("raw") is not None for t in terms)
    name = "raw" if raw else "standardised"
    unit = "" if raw else " (feature standardised on training rows)"
    lines = [f"score = {words.significant(part.number('intercept'), 6)}"]
    for term in terms:
        value = term.number(name) or 0.0
        lines.append(f"        {'−' if value < 0 else '+'} {abs(value):.6g} × {term.text('feature')}{unit}")
    return "\n".join([*lines, _last(part)])


def _predicted(part: Node) -> str:
    return "value" if part.node("link").text("op") == "identity" else "risk"


def _last(part: Node) -> str:
    """Return how the score becomes a prediction."""
    link = part.node("link")
    if link.text("op") == "identity":
        return "value = score"
    if link.text("op") == "cox":
        hazard, horizon = words.significant(link.number("cumulative_hazard"), 6), words.significant(link.number("horizon"), 6)
        return f"risk  = 1 − exp(−{hazard} × exp(score))        by {horizon}"
    return "risk  = 1 / (1 + exp(−score))"


SCALES = {"cox": "log hazard", "identity": "predicted value"}


def coefficients(part: Node) -> Block:
    """Return the table of coefficients."""
    rows = tuple(
        (
            cell(t.text("feature"), style="strong"),
            cell(t.text("family") or words.DASH),
            cell(t.text("ibsi") or words.DASH),
            figure_cell(words.significant(t.number("raw"), 5)),
            figure_cell(words.number(t.number("standardised"), 3)),
        )
        for t in part.nodes("coefficients")
    )
    if not rows:
        return Missing(what="Coefficients", reason=part.why("coefficients"))
    intercept = part.number("intercept")
    last = (cell("intercept"), cell(""), cell(""), figure_cell(words.significant(intercept, 5)), figure_cell(""))
    return Table(columns=columns("Feature", "Family", "IBSI", "#Raw", "#Per SD"), rows=(*rows, last))


def bars(part: Node) -> Figure | NoFigure:
    """Return FIG-09-1."""
    question = "What drives the score?"
    terms = [(t.text("feature"), t.number("standardised")) for t in part.nodes("coefficients")]
    full = [(name, value) for name, value in terms if value is not None]
    if not full:
        return NoFigure(id="FIG-09-1", question=question, reason=part.why("coefficients"))
    full.sort(key=lambda t: (-abs(t[1]), t[0]))
    scale = SCALES.get(part.node("link").text("op"), "log-odds")
    reach = max(abs(v) for _, v in full) * 1.08 or 1.0
    rows = tuple(
        RowOf(
            label=n,
            marks=(Mark(value=v, form="bar", ink="accent" if v >= 0 else "warn"),),
            text=f"{'+' if v >= 0 else ''}{words.number(v)}",
        )
        for n, v in full[:MOST_BARS]
    )
    return Figure(
        id="FIG-09-1",
        question=question,
        answer=f"{full[0][0]} weighs most: {words.number(full[0][1])} on the {scale} per standard deviation.",
        read=f"Change of the {scale} per standard deviation of the harmonised feature; bars to the right raise the {_predicted(part)}.",
        charts=(Rows(axis=Axis(label=f"{scale} per SD", low=-reach, high=reach), rows=rows, rules=(Rule(x=0.0, dash=""),), wide=True),),
        wide=True,
        table=Table(
            columns=columns("Feature", f"#{scale.capitalize()} per SD"),
            rows=tuple((cell(n), figure_cell(words.number(v, 3))) for n, v in full),
        ),
    )


def stability(evidence: Node) -> Figure | NoFigure:
    """Return FIG-09-2."""
    question = "Would other patients have given the same features?"
    part = evidence.node("development")
    chosen = {t.text("feature") for t in evidence.node("signature").nodes("coefficients")}
    shares = [(row.text("feature"), row.number("share")) for row in part.nodes("stability")]
    full = sorted(((n, s) for n, s in shares if s is not None), key=lambda r: (r[0] not in chosen, -r[1], r[0]))
    if not full:
        return NoFigure(id="FIG-09-2", question=question, reason=part.why("stability"))
    shown = min(len(chosen) + OTHERS, MOST_BARS)
    stable = sum(1 for n, s in full if n in chosen and s >= STABLE)
    rows = tuple(
        RowOf(
            label=n, marks=(Mark(value=s, form="bar", ink="accent" if n in chosen else "muted"),), text=words.share(s), strong=n in chosen
        )
        for n, s in full[:shown]
    )
    return Figure(
        id="FIG-09-2",
        question=question,
        answer=f"{stable} of {words.plural(len(chosen), 'feature')} in the signature were chosen in 80% of the resamples or more.",
        read="Share of resamples in which a feature was chosen; bold and coloured are in the signature; the line is 80%."
        + (f" The first {shown} of {len(full)}." if len(full) > shown else ""),
        charts=(
            Rows(
                axis=Axis(label="share of resamples", low=0.0, high=1.0, percent=True),
                rows=rows,
                rules=(Rule(x=STABLE, label="80%"),),
                wide=True,
            ),
        ),
        wide=True,
        table=Table(
            columns=columns("Feature", "#Share", "In the signature"),
            rows=tuple((cell(n), figure_cell(words.share(s)), cell("yes" if n in chosen else "")) for n, s in full[:200]),
        ),
        legend=(Key(label="in the signature", ink="accent", look="box"), Key(label="other", ink="muted", look="box")),
    )


def contract(part: Node) -> Block:
    """Return what a new patient's row must hold."""
    inputs = part.nodes("inputs")
    if not inputs:
        names = ", ".join(t.text("feature") for t in part.nodes("coefficients"))
        return Facts(
            rows=(
                ("Needs", say(names or part.why("inputs"))),
                ("Full contract", say("signature.json, member inputs: units, ranges, settings, aliases")),
            )
        )
    rows = tuple(
        (
            cell(i.text("name"), style="strong"),
            cell(i.text("kind") or "feature"),
            cell(i.text("unit") or words.DASH),
            cell(i.text("ibsi") or words.DASH),
            figure_cell(words.significant(i.number("min"))),
            figure_cell(words.significant(i.number("max"))),
            cell(", ".join(i.texts("levels")) or words.DASH),
            cell(i.text("missing") or words.DASH),
        )
        for i in inputs
    )
    return Table(
        columns=columns("Input", "Kind", "Unit", "IBSI", "#Least in training", "#Most in training", "Levels", "If missing"), rows=rows
    )
