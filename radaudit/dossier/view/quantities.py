"""The figure of section 7 for a continuous outcome: observed against predicted, by groups of patients."""

from __future__ import annotations

from radaudit.dossier.view import words
from radaudit.dossier.view.charts import Axis, Layer, Marks, Plot, Rule, Whiskers
from radaudit.dossier.view.node import Node
from radaudit.dossier.view.parts import Figure, NoFigure, Table, columns, figure_cell


def agreement(part: Node) -> Figure | NoFigure:
    """Return FIG-07-10."""
    question = "Are patients predicted high really high?"
    found = [
        (g.number("predicted"), g.number("observed"), g.number("low"), g.number("high"), g.count("rows")) for g in part.nodes("agreement")
    ]
    rows = [(p, o, lo, hi, n) for p, o, lo, hi, n in found if p is not None and o is not None]
    if len(rows) < 2:
        return NoFigure(id="FIG-07-10", question=question, reason=part.why("agreement"))
    ends = [v for p, o, lo, hi, _ in rows for v in (p, o, lo, hi) if v is not None]
    pad = (max(ends) - min(ends)) * 0.05 or 0.5
    low, high = min(ends) - pad, max(ends) + pad
    layers: tuple[Layer, ...] = (
        Rule(identity=True, label="perfect", at=0.85),
        Whiskers(rows=tuple((p, lo, hi) for p, _, lo, hi, _ in rows if lo is not None and hi is not None), ink="fg"),
        Marks(points=tuple((p, o) for p, o, *_ in rows), ink="accent", shape=1, size=4.0),
    )
    return Figure(
        id="FIG-07-10",
        question=question,
        answer=f"R² {words.estimate_said(part.quantity('r2'))}; calibration slope {words.estimate(part.quantity('calibration_slope'))}; "
        f"root mean squared error {words.estimate(part.quantity('rmse'))}.",
        read="Each square is a group of patients of similar prediction: mean predicted and mean observed value with its 95% interval.",
        charts=(
            Plot(
                x=Axis(label="predicted value", low=low, high=high),
                y=Axis(label="observed value", low=low, high=high),
                layers=layers,
                square=True,
            ),
        ),
        table=Table(
            columns=columns("#Predicted", "#Observed", "#95% interval", "#Rows"),
            rows=tuple(
                (
                    figure_cell(words.significant(p)),
                    figure_cell(words.significant(o)),
                    figure_cell(f"{words.significant(lo)} to {words.significant(hi)}"),
                    figure_cell(words.count(n)),
                )
                for p, o, lo, hi, n in rows
            ),
        ),
    )
