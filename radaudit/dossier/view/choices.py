"""Does the answer depend on the choice: the same study on other splits, and with other admissible pipelines."""

from __future__ import annotations

from radaudit.dossier.view import words
from radaudit.dossier.view.charts import Axis, Bars, Marks, Plot, Rule
from radaudit.dossier.view.node import Node, known
from radaudit.dossier.view.parts import Figure, NoFigure, Table, cell, columns, figure_cell

BIN = 0.025
PARTS = {"splits": "other splits", "pipelines": "admissible pipelines"}


def _asked(evidence: Node, name: str, figure: str, question: str) -> tuple[Node, tuple[float, ...], float] | NoFigure:
    part = evidence.node("choices").node(name)
    observed = part.number("observed")
    values = known(tuple(draw.number("auc") for draw in part.nodes("draws")))
    if not values or observed is None:
        return NoFigure(id=figure, question=question, reason=evidence.why("choices") if not part else "none of them could be fitted")
    return part, values, observed


def _answer(part: Node, name: str, observed: float) -> str:
    median, low, high = (words.number(part.number(name)) for name in ("median", "low", "high"))
    spread = f"median {median}, 5 to 95 %: {low} to {high}"
    done = words.count(part.count("done"))
    return f"{words.share(part.number('percentile'))} of {done} {PARTS[name]} give less than {words.number(observed)} ({spread})."


def other_splits(evidence: Node) -> Figure | NoFigure:
    """Return FIG-08-4: the histogram of the AUC over re-splits, with the study's own as a line."""
    question = "Was the split a lucky one?"
    found = _asked(evidence, "splits", "FIG-08-4", question)
    if isinstance(found, NoFigure):
        return found
    part, values, observed = found
    first = int(min(*values, observed) / BIN)
    last = int(max(*values, observed) / BIN)
    bars = []
    for k in range(first, last + 1):
        inside = sum(1 for value in values if k <= value / BIN < k + 1 or (k == last and value / BIN == k + 1))
        bars.append((k * BIN, (k + 1) * BIN, float(inside)))
    top = max(height for _, _, height in bars)
    return Figure(
        id="FIG-08-4",
        question=question,
        answer=_answer(part, "splits", observed),
        read="Bars: AUC in other test sets of as many patients, drawn anew, with the signature built again each time; the line is "
        "the study's own split. A line far to the right of the bars is a lucky split, or a chosen one.",
        charts=(
            Plot(
                x=Axis(label="AUC in the test set", low=bars[0][0] - BIN, high=bars[-1][1] + BIN),
                y=Axis(label="splits", low=0.0, high=top * 1.1),
                layers=(Bars(rows=tuple(bars), ink="muted"), Rule(x=observed, label="this study", ink="accent", dash="")),
                height=280,
            ),
        ),
        table=Table(
            columns=columns("#AUC from", "#to", "#Splits"),
            rows=tuple(
                (figure_cell(words.number(low, 3)), figure_cell(words.number(high, 3)), figure_cell(words.count(round(height))))
                for low, high, height in bars
            ),
        ),
    )


def other_pipelines(evidence: Node) -> Figure | NoFigure:
    """Return FIG-08-5: the specification curve, admissible pipelines in order of their AUC."""
    question = "Does the answer depend on how the signature was built?"
    found = _asked(evidence, "pipelines", "FIG-08-5", question)
    if isinstance(found, NoFigure):
        return found
    part, values, observed = found
    draws = sorted(
        ((auc, draw) for draw in part.nodes("draws") if (auc := draw.number("auc")) is not None), key=lambda pair: (pair[0], pair[1].path)
    )
    points = tuple((float(i + 1), auc) for i, (auc, _) in enumerate(draws))
    low, high = min(*values, observed), max(*values, observed)
    pad = (high - low) * 0.08 or 0.02
    names = [name for name, _ in draws[0][1].mapping("choices")]
    return Figure(
        id="FIG-08-5",
        question=question,
        answer=_answer(part, "pipelines", observed),
        read="Each point is a pipeline the plan might as well have stated, fitted on the same training rows and scored on the same test "
        "set, in order of its AUC; the line is the study's own.",
        charts=(
            Plot(
                x=Axis(label="pipelines, in order", low=0.0, high=float(len(points) + 1)),
                y=Axis(label="AUC in the test set", low=low - pad, high=high + pad),
                layers=(Rule(y=observed, label="this study", ink="accent", dash=""), Marks(points=points, ink="muted")),
                height=280,
            ),
        ),
        table=Table(
            columns=columns("#AUC", *names, "#Features"),
            rows=tuple(
                (
                    figure_cell(words.number(auc, 3)),
                    *(cell(text) for _, text in draw.mapping("choices")),
                    figure_cell(words.count(len(draw.items("features")))),
                )
                for auc, draw in draws
            ),
            note=f"{words.count((part.count('asked') or 0) - len(draws))} pipelines could not be fitted.",
        ),
    )
