"""Section 6: may the numbers be trusted."""

from __future__ import annotations

from radaudit.dossier.view import words
from radaudit.dossier.view.catalogue import figures_of
from radaudit.dossier.view.charts import Axis, Curve, Layer, Mark, Marks, Plot, RowOf, Rows, Rule
from radaudit.dossier.view.node import Node, Quantity
from radaudit.dossier.view.parts import (
    Block,
    Figure,
    Figures,
    Key,
    Missing,
    NoFigure,
    Table,
    cell,
    columns,
    figure_cell,
    status_cell,
)
from radaudit.dossier.view.tables import estimate_rows

MOST_PAIRS = 200


def blocks(evidence: Node, entries: frozenset[str]) -> tuple[Block, ...]:
    """Return the blocks of section 6."""
    leaks = evidence.node("leaks")
    if not leaks:
        return (Missing(what="The leak checks", reason=evidence.why("leaks"), figures=figures_of("06")),)
    return (checks(leaks, entries), Figures(figures=(optimism(leaks), changes(leaks))))


def checks(leaks: Node, entries: frozenset[str]) -> Block:
    """Return the table of checks, in the order of the codes."""
    rows = []
    for check in sorted(leaks.nodes("checks"), key=lambda c: c.text("code")):
        code = check.text("code")
        link = words.anchor("finding", code)
        number = check.text("number") if not isinstance(check.members.get("number"), float) else words.number(check.number("number"), 3)
        rows.append(
            (
                cell(code, link=link if link in entries else "", style="strong"),
                cell(words.sentence(check.text("question")) if not check.text("question").endswith("?") else check.text("question")),
                status_cell(words.state(check.text("state")) if check.text("state") else words.verdict(check.text("verdict"))),
                figure_cell(number or words.DASH),
                cell(" ".join(words.sentence(check.text(name)) for name in ("sentence", "size") if check.text(name))),
            )
        )
    if not rows:
        return Missing(what="The leak checks", reason=leaks.why("checks"))
    return Table(columns=columns("Check", "Question", "Answer", "#Number", "What was seen"), rows=tuple(rows))


def changes(leaks: Node) -> Figure | NoFigure:
    """Return FIG-06-2: for each leak what one reference model reaches as sent and with the step repaired."""
    question = "How much does each leak add?"
    parts = leaks.nodes("changes")
    if not parts:
        told = (
            "no leak was found whose step could be repaired"
            if "changes" in leaks.members
            else "asked in the audit of a finished table only"
        )
        return NoFigure(id="FIG-06-2", question=question, reason=told)
    gaps = [Quantity(value=p.number("difference"), low=p.number("low"), high=p.number("high")) for p in parts]
    names = [f"{p.text('kind').replace('_', ' ')} ({p.text('measure')})" for p in parts]
    ends = [v for q in gaps for v in (q.value, q.low, q.high) if v is not None]
    worst = max(range(len(gaps)), key=lambda i: gaps[i].value or 0.0)
    rows = tuple(
        RowOf(
            label=name,
            cells=(words.number(p.number("sent"), 3), words.number(p.number("repaired"), 3)),
            marks=(Mark(value=q.value, low=q.low, high=q.high, ink="bad"),),
            text=words.estimate(q, 3),
        )
        for name, p, q in zip(names, parts, gaps, strict=True)
    )
    table = tuple(
        (
            cell(name, style="strong"),
            figure_cell(words.number(p.number("sent"), 3)),
            figure_cell(words.number(p.number("repaired"), 3)),
            figure_cell(words.estimate(q, 3)),
            cell(words.sentence(p.text("how"))),
            cell(words.sentence(p.text("method"))),
        )
        for name, p, q in zip(names, parts, gaps, strict=True)
    )
    axis = Axis(label="added by the leak", low=min(0.0, *ends) - 0.01, high=max(0.0, *ends) + 0.01)
    return Figure(
        id="FIG-06-2",
        question=question,
        answer=f"{names[worst][:1].upper()}{names[worst][1:]}: {words.estimate(gaps[worst], 3)}.",
        read="The step is repaired and one reference model is fitted again on the same split: to the right of zero the leak flatters.",
        charts=(
            Rows(
                axis=axis,
                rows=rows,
                heads=("Leak", "As sent", "Repaired", "Added (95%)"),
                rules=(Rule(x=0.0, label="no change"),),
                wide=True,
            ),
        ),
        table=Table(columns=columns("Leak", "#As sent", "#Repaired", "#Added (95%)", "How it was repaired", "Method"), rows=table),
        wide=True,
    )


def optimism(leaks: Node) -> Figure | NoFigure:
    """Return FIG-06-1: the same seeds through a naive and a guarded pipeline, joined by a line each."""
    question = "How much better would a careless pipeline have looked?"
    part = leaks.node("optimism")
    pairs = [(p[0], p[1]) for p in part.pairs("pairs") if len(p) == 2]
    both = [(a, b) for a, b in pairs if a is not None and b is not None]
    naive, guarded = part.quantity("naive"), part.quantity("guarded")
    if not both and not naive.known:
        return NoFigure(id="FIG-06-1", question=question, reason=leaks.why("optimism") if not part else naive.reason or part.why("pairs"))
    _, name, chance = words.measure(leaks)
    gap = None if naive.value is None or guarded.value is None else naive.value - guarded.value
    table = estimate_rows((("naive", naive), ("guarded", guarded)), note=_listed(both))
    said = f"{name} {words.estimate(naive)} with harmonisation and selection on all training rows"
    said += f", {words.estimate(guarded)} inside every resample"
    answer = f"{said}: a difference of {words.number(gap, 3)}." if gap is not None else f"{said}."
    charts, more = _paired(both[:MOST_PAIRS], name) if len(both) > 1 else _apart(naive, guarded, name, chance)
    read = f"The naive pipeline harmonises and selects before cross-validation; the guarded one does so inside every resample.{more}"
    legend = (Key(label="naive", ink="warn", shape=3), Key(label="guarded", ink="accent"), Key(label="mean", ink="fg", look="line"))
    return Figure(
        id="FIG-06-1",
        question=question,
        answer=answer,
        read=read,
        charts=(charts,),
        table=table,
        legend=legend if len(both) > 1 else (),
    )


def _apart(naive: Quantity, guarded: Quantity, name: str, chance: float) -> tuple[Rows, str]:
    """Return the two estimates one below the other, where there are no pairs."""
    axis = Axis(label=name, low=min(chance - 0.1, *(q.low for q in (naive, guarded) if q.low is not None)), high=1.0)
    rows = tuple(
        RowOf(label=which, marks=(Mark(value=q.value, low=q.low, high=q.high, ink=ink),), text=words.estimate(q))
        for which, q, ink in (("naive", naive, "warn"), ("guarded", guarded, "accent"))
    )
    return Rows(axis=axis, rows=rows, rules=(Rule(x=chance, label="chance"),)), ""


def _paired(pairs: list[tuple[float, float]], name: str) -> tuple[Plot, str]:
    """Return every pair as two points joined by a line, and the line of their means."""
    values = [v for pair in pairs for v in pair]
    pad = (max(values) - min(values)) * 0.1 or 0.05
    faint = len(pairs) > 12
    means = [sum(pair[side] for pair in pairs) / len(pairs) for side in (0, 1)]
    layers: tuple[Layer, ...] = (
        *(Curve(points=((0.0, a), (1.0, b)), ink="muted", width=0.7) for a, b in pairs),
        Marks(points=tuple((0.0, a) for a, _ in pairs), ink="warn", shape=3, faint=faint),
        Marks(points=tuple((1.0, b) for _, b in pairs), ink="accent", shape=0, faint=faint),
        Curve(points=((0.0, means[0]), (1.0, means[1])), ink="fg", width=3.0),
    )
    x = Axis(label="", low=-0.25, high=1.25, ticks=(0.0, 1.0), names=("naive", "guarded"))
    y = Axis(label=name, low=min(values) - pad, high=max(values) + pad)
    more = " Each thin line is one seed, the thick line their mean: falling to the right is optimism that was avoided."
    return Plot(x=x, y=y, layers=layers, height=300), more


def _listed(pairs: list[tuple[float, float]]) -> str:
    if not pairs:
        return ""
    return "Pairs, naive then guarded: " + "; ".join(f"{words.number(a, 3)} {words.number(b, 3)}" for a, b in pairs[:MOST_PAIRS]) + "."
