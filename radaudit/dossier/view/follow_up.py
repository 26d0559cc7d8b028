"""The curves over time of section 7 for a survival outcome."""

from __future__ import annotations

from itertools import pairwise

from radaudit.dossier.view import words
from radaudit.dossier.view.charts import Axis, Band, Curve, Layer, Plot, Points, Rule
from radaudit.dossier.view.curves import MOST_ROWS, band_of, series, thinned
from radaudit.dossier.view.node import Node
from radaudit.dossier.view.parts import Figure, Key, NoFigure, Table, cell, columns, figure_cell

INKS = ("good", "bad")


def over_time(part: Node) -> Figure | NoFigure:
    """Return FIG-07-8: the AUC at each time."""
    question = "Does a higher risk mean that the event comes sooner?"
    node, horizon = part.node("over_time"), part.number("horizon")
    rows, band = series(node, "time", "auc"), series(node, "time", "auc", "low", "high")
    if len(rows) < 2:
        return NoFigure(id="FIG-07-8", question=question, reason=part.why("over_time"))
    bounds = {row[0]: row[2:] for row in band}
    low = min([v for _, v in rows] + [lo for *_, lo, _ in band] + [0.5])
    layers: tuple[Layer, ...] = (
        Rule(y=0.5, label="chance"),
        *band_of([(t, lo, hi) for t, _, lo, hi in band]),
        Curve(points=tuple((t, v) for t, v in rows), width=2.4),
        *((Rule(x=horizon, label="horizon", ink="fg", dash="2 3"),) if horizon is not None else ()),
    )
    table = tuple(
        (
            figure_cell(words.significant(t)),
            figure_cell(words.number(v, 3)),
            figure_cell(" to ".join(words.number(b, 3) for b in bounds[t]) if t in bounds else words.DASH),
        )
        for t, v in (rows[i] for i in thinned(len(rows), MOST_ROWS))
    )
    at = part.quantity("auc_at")
    said = f"C-index {words.estimate_said(part.quantity('c_index'))}"
    said += f"; AUC at {words.significant(horizon)} {words.estimate(at)}" if at.known else ""
    return Figure(
        id="FIG-07-8",
        question=question,
        answer=f"{said}.",
        read="At each time: of a patient who had the event by then and one followed beyond, how often had the first the higher risk; "
        "shaded is the pointwise 95% band. Patients censored before are stood in for by those like them.",
        charts=(
            Plot(
                x=Axis(label=_time(part), low=min(rows[0][0], horizon or rows[0][0]), high=max(rows[-1][0], horizon or rows[-1][0])),
                y=Axis(label="AUC of the event by then", low=max(0.0, low - 0.03), high=1.0),
                layers=layers,
            ),
        ),
        table=Table(columns=columns("#Time", "#AUC", "#95% band"), rows=table),
        legend=(
            Key(label="signature", ink="accent", look="line"),
            *((Key(label="95% band", ink="accent", look="band"),) if band else ()),
        ),
    )


def groups(part: Node) -> Figure | NoFigure:
    """Return FIG-07-9: Kaplan-Meier curves of the risk groups, with how many are still followed."""
    question = "Do patients called high risk fare worse?"
    node = part.node("kaplan_meier")
    members = [(g, series(g, "time", "share")) for g in node.nodes("groups")]
    drawn = [(g, rows) for g, rows in members if len(rows) > 1]
    ticks = tuple(t for t in node.numbers("table_times") if t is not None)
    if not drawn or len(ticks) < 2:
        return NoFigure(id="FIG-07-9", question=question, reason=part.why("kaplan_meier"))
    layers: list[Layer] = []
    for k, (g, rows) in enumerate(drawn):
        layers += _stairs_band(series(g, "time", "low", "high"), INKS[_tone(g, k)])
        layers.append(Curve(points=stairs(rows), ink=INKS[_tone(g, k)], width=2.2, dash="" if _tone(g, k) else "7 3"))
    if part.number("horizon") is not None:
        layers.append(Rule(x=part.number("horizon"), label="horizon", ink="fg", dash="2 3"))
    below = tuple((g.text("group").split()[0], INKS[_tone(g, k)], _followed(g, len(ticks))) for k, (g, _) in enumerate(drawn))
    return Figure(
        id="FIG-07-9",
        question=question,
        answer=f"{_said(node, drawn)}.",
        read="Share of patients without the event; groups by the locked threshold; shaded are pointwise 95% intervals; below, how many are "
        "still followed.",
        charts=(
            Plot(
                x=Axis(
                    label=_time(part), low=0.0, high=max(ticks[-1], max(rows[-1][0] for _, rows in drawn)), ticks=ticks, names=_names(ticks)
                ),
                y=Axis(label="share without the event", low=0.0, high=1.0),
                layers=tuple(layers),
                below=below,
            ),
        ),
        table=Table(
            columns=columns("Group", "#Patients", "#Events", *(f"#Followed at {name}" for name in _names(ticks))),
            rows=tuple(
                (
                    cell(g.text("group"), style="strong"),
                    figure_cell(words.count(g.count("patients"))),
                    figure_cell(words.count(g.count("events"))),
                    *(figure_cell(n) for n in _followed(g, len(ticks))),
                )
                for g, _ in drawn
            ),
            note=words.sentence(node.text("method")),
        ),
        legend=tuple(
            Key(
                label=f"{g.text('group')}, {words.plural(g.count('patients'), 'patient')}",
                ink=INKS[_tone(g, k)],
                look="line",
                dash="" if _tone(g, k) else "7 3",
            )
            for k, (g, _) in enumerate(drawn)
        ),
    )


def _time(part: Node) -> str:
    """Return the label of the time axis: the name of the column, which says the unit if anything does."""
    return f"time: {part.text('time')}" if part.text("time") else "time"


def stairs(rows: list[tuple[float, ...]]) -> Points:
    """Return a step function, continuous from the right, as a line."""
    points = [(rows[0][0], rows[0][1])]
    for (_, before), (t, after) in pairwise([(row[0], row[1]) for row in rows]):
        points += [(t, before), (t, after)]
    return tuple(points)


def _stairs_band(rows: list[tuple[float, ...]], ink: str) -> list[Layer]:
    if len(rows) < 2:
        return []
    low, high = stairs([(t, lo) for t, lo, _ in rows]), stairs([(t, hi) for t, _, hi in rows])
    return [Band(x=tuple(t for t, _ in low), low=tuple(v for _, v in low), high=tuple(v for _, v in high), ink=ink)]


def _tone(group: Node, place: int) -> int:
    return 1 if group.text("group").startswith("high") else 0 if group.text("group").startswith("low") else place % 2


def _followed(group: Node, ticks: int) -> tuple[str, ...]:
    counts = [None if n is None else round(n) for n in group.numbers("at_risk")]
    return tuple(words.count(n) for n in (counts + [None] * ticks)[:ticks])


def _names(ticks: tuple[float, ...]) -> tuple[str, ...]:
    return tuple(words.significant(t) for t in ticks)


def _said(node: Node, drawn: list[tuple[Node, list[tuple[float, ...]]]]) -> str:
    test, gain = node.node("log_rank"), node.quantity("restricted_mean")
    if not test.has("p"):
        return f"Not compared: {node.why('log_rank')}"
    shown = f"log-rank {words.probability(test.number('p'))}"
    parts = [
        f"{g.text('group')}: {words.plural(g.count('events'), 'event')} in {words.plural(g.count('patients'), 'patient')}" for g, _ in drawn
    ]
    if gain.known:
        shown += f"; up to the horizon low risk stays {words.significant(gain.value, 3)} longer without the event"
        shown += f" ({words.significant(gain.low, 3)} to {words.significant(gain.high, 3)})" if gain.bounded else ""
    head = "; ".join(parts)
    return f"{head[:1].upper()}{head[1:]}; {shown}"
