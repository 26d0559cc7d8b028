"""The curves of section 7: ROC, calibration, decision, permutation."""

from __future__ import annotations

from itertools import pairwise

from radaudit.dossier.view import words
from radaudit.dossier.view.charts import Axis, Band, Bars, Curve, Layer, Marks, Plot, Rule, Whiskers
from radaudit.dossier.view.node import Node
from radaudit.dossier.view.parts import Figure, Key, NoFigure, Table, columns, figure_cell

MOST_POINTS = 400
MOST_ROWS = 60
MOST_RANGES = 3


def thinned(n: int, most: int) -> list[int]:
    """Return at most ``most`` indices spread evenly over n, ends included."""
    if n <= most:
        return list(range(n))
    return sorted({round(i * (n - 1) / (most - 1)) for i in range(most)})


def series(part: Node, *names: str) -> list[tuple[float, ...]]:
    """Return rows of the named lists where all are there; lists of another length give nothing."""
    lists = [part.numbers(name) for name in names]
    if not lists or len({len(values) for values in lists}) != 1:
        return []
    return [tuple(float(v) for v in row if v is not None) for row in zip(*lists, strict=True) if None not in row]


def roc(part: Node) -> Figure | NoFigure:
    """Return FIG-07-1."""
    question = "Does a higher risk mean the event?"
    node = part.node("roc")
    rows = series(node, "fpr", "tpr")
    if len(rows) < 2:
        return NoFigure(id="FIG-07-1", question=question, reason=part.why("roc"))
    band = series(node, "fpr", "low", "high")
    auc, point = part.quantity("auc"), node.node("operating")
    at = (point.number("fpr"), point.number("tpr"))
    line = Curve(points=tuple((rows[i][0], rows[i][1]) for i in thinned(len(rows), MOST_POINTS)), width=2.4)
    layers: list[Layer] = [Rule(identity=True, label="chance"), *band_of(band), line]
    if at[0] is not None and at[1] is not None:
        layers.append(Marks(points=((at[0], at[1]),), ink="fg", shape=3, size=6))
    which = part.text("threshold_kind") or "locked"
    said = f" At the {which} threshold it finds {words.share(at[1])} of the events and alarms {words.share(at[0])} of the others."
    both = len(band) == len(rows)
    table = tuple(
        tuple(figure_cell(words.number(v, 3)) for v in (*rows[i], *(band[i][1:] if both else ()))) for i in thinned(len(rows), MOST_ROWS)
    )
    heads = ("#1 − specificity", "#Sensitivity", *(("#Band low", "#Band high") if both else ()))
    return Figure(
        id="FIG-07-1",
        question=question,
        answer=f"AUC {words.estimate_said(auc)}.{said if at[0] is not None else ''}",
        read="The further the curve is above the diagonal, the better; shaded is the 95% band"
        + (f"; the diamond is the {which} threshold." if at[0] is not None else "."),
        charts=(
            Plot(
                x=Axis(label="1 − specificity: alarms among patients without the event", low=0.0, high=1.0),
                y=Axis(label="sensitivity", low=0.0, high=1.0),
                layers=tuple(layers),
                square=True,
            ),
        ),
        table=Table(columns=columns(*heads), rows=table, note=_every(len(rows))),
        legend=(
            Key(label="signature", ink="accent", look="line"),
            *((Key(label="95% band", ink="accent", look="band"),) if band else ()),
            *((Key(label=f"{which} threshold", ink="fg", shape=3),) if at[0] is not None else ()),
        ),
    )


def band_of(rows: list[tuple[float, ...]]) -> list[Layer]:
    """Return the band of rows (x, low, high), if there are any."""
    picked = [rows[i] for i in thinned(len(rows), MOST_POINTS)]
    return [Band(x=tuple(r[0] for r in picked), low=tuple(r[1] for r in picked), high=tuple(r[2] for r in picked))] if picked else []


def _every(n: int) -> str:
    return f"{MOST_ROWS} of {n} points; all are in dossier.json." if n > MOST_ROWS else ""


def calibration(part: Node) -> Figure | NoFigure:
    """Return FIG-07-2: smooth curve with band, groups with intervals, and the risks below on the same axis.

    For survival the risk by the horizon, and what is censored before it stands in no bar.
    """
    question = "When it says 30%, does it happen to 30 in 100?"
    survival = part.text("kind") == "survival"
    node = part.node("calibration")
    smooth, groups = node.node("smooth"), node.nodes("groups")
    line, band = series(smooth, "x", "y"), series(smooth, "x", "low", "high")
    points = [(g.number("predicted"), g.number("observed"), g.number("low"), g.number("high"), g.count("patients")) for g in groups]
    seen = [(p, o, lo, hi, n) for p, o, lo, hi, n in points if p is not None and o is not None]
    if not line and not seen:
        return NoFigure(id="FIG-07-2", question=question, reason=part.why("calibration") if not node else node.why("smooth"))
    layers: list[Layer] = [Rule(identity=True, label="perfect", at=0.88), *band_of(band)]
    if line:
        layers.append(Curve(points=tuple((line[i][0], line[i][1]) for i in thinned(len(line), MOST_POINTS)), width=2.4))
    layers.append(Whiskers(rows=tuple((p, lo, hi) for p, _, lo, hi, _ in seen if lo is not None and hi is not None), ink="fg"))
    layers.append(Marks(points=tuple((p, o) for p, o, *_ in seen), ink="fg", shape=1, size=3.4))
    by = f" by {words.significant(part.number('horizon'))}" if survival else ""
    axis = Axis(label=f"predicted risk{by}", low=0.0, high=1.0)
    observed = f"observed risk{by} (Kaplan–Meier)" if survival else "observed share of events"
    charts = [Plot(x=axis, y=Axis(label=observed, low=0.0, high=1.0), layers=tuple(layers), square=True)]
    below = _risks(node.node("histogram"), axis)
    charts += [below] if below else []
    slope, level = part.quantity("calibration_slope"), part.quantity("observed_expected" if survival else "citl")
    said = f"observed over expected {words.estimate(level)}" if survival else f"in the large {words.estimate(level)}"
    table = tuple(
        (
            figure_cell(words.number(p, 3)),
            figure_cell(words.number(o, 3)),
            figure_cell(f"{words.number(lo, 3)} to {words.number(hi, 3)}"),
            figure_cell(words.count(n)),
        )
        for p, o, lo, hi, n in seen
    )
    return Figure(
        id="FIG-07-2",
        question=question,
        answer=f"Calibration slope {words.estimate_said(slope)}; {said}.",
        read="On the diagonal, risks mean what they say; below it risks are too high. Squares are groups of patients with 95% intervals"
        + (_bars_say(survival) if below else "."),
        charts=tuple(charts),
        table=Table(columns=columns("#Predicted", "#Observed", "#95% interval", "#Patients"), rows=table),
        legend=(
            Key(label="smooth, 95% band", ink="accent", look="line"),
            Key(label="groups", ink="fg", shape=1),
            *((Key(label="event", ink="accent", look="box"), Key(label="no event", ink="soft", look="box")) if below else ()),
        ),
        stacked=True,
    )


def _bars_say(survival: bool) -> str:
    if survival:
        return "; the bars below count patients by risk, events by the horizon upwards, those followed beyond it downwards, others in none."
    return "; the bars below count patients by risk, events upwards, others downwards."


def _risks(node: Node, axis: Axis) -> Plot | None:
    edges = [e for e in node.numbers("edges") if e is not None]
    yes, no = node.numbers("events"), node.numbers("non_events")
    if len(edges) < 2 or len(yes) != len(edges) - 1 or len(no) != len(yes):
        return None
    bins = list(pairwise(edges))
    up = tuple((a, b, float(n or 0)) for (a, b), n in zip(bins, yes, strict=True))
    down = tuple((a, b, -float(n or 0)) for (a, b), n in zip(bins, no, strict=True))
    top = max([n for _, _, n in up] + [1.0])
    bottom = min([n for _, _, n in down] + [-1.0])
    return Plot(
        x=Axis(label="", low=axis.low, high=axis.high),
        y=Axis(label="patients", low=bottom * 1.1, high=top * 1.1, kind="mirror"),
        layers=(Bars(rows=down, ink="soft"), Bars(rows=up), Rule(y=0.0, dash="", ink="muted")),
        height=130,
    )


def decision(part: Node) -> Figure | NoFigure:
    """Return FIG-07-3."""
    question = "Is acting on it better than treating all or none?"
    node = part.node("decision")
    rows, everyone, band = series(node, "threshold", "model"), series(node, "threshold", "all"), series(node, "threshold", "low", "high")
    if len(rows) < 2:
        return NoFigure(id="FIG-07-3", question=question, reason=part.why("decision"))
    best = {row[0]: row[1] for row in everyone}
    top = max([b for _, b in rows] + [b for _, b in everyone] + [h for _, _, h in band] + [0.02])
    layers: tuple[Layer, ...] = (
        *band_of(band),
        Curve(points=tuple((t, b) for t, b in everyone), ink="warn", width=1.6, dash="7 3"),
        Rule(y=0.0, dash="2 3", ink="fg"),
        Curve(points=tuple((t, b) for t, b in rows), width=2.4),
    )
    table = tuple(
        (
            figure_cell(words.number(t)),
            figure_cell(words.number(b, 3)),
            figure_cell(words.number(best.get(t), 3)),
            figure_cell(next((f"{words.number(lo, 3)} to {words.number(hi, 3)}" for x, lo, hi in band if x == t), words.DASH)),
        )
        for t, b in (rows[i] for i in thinned(len(rows), MOST_ROWS))
    )
    return Figure(
        id="FIG-07-3",
        question=question,
        answer=f"{useful(rows, best)}.",
        read="At the risk from which one would act (x), the higher curve is the better policy; 0 is treating none.",
        charts=(
            Plot(
                x=Axis(label="threshold: risk from which one would act", low=rows[0][0], high=rows[-1][0]),
                y=Axis(label="net benefit", low=-0.25 * top, high=top * 1.05),
                layers=layers,
            ),
        ),
        table=Table(columns=columns("#Threshold", "#Signature", "#Treat all", "#95% band"), rows=table, note=_every(len(rows))),
        legend=(
            Key(label="signature", ink="accent", look="line"),
            *((Key(label="95% band", ink="accent", look="band"),) if band else ()),
            Key(label="treat all", ink="warn", look="line", dash="7 3"),
            Key(label="treat none", ink="fg", look="line", dash="2 3"),
        ),
    )


def useful(rows: list[tuple[float, ...]], best: dict[float, float]) -> str:
    """Return where the net benefit of the model exceeds both treating all and treating none, as ranges of neighbouring thresholds."""
    ranges: list[list[float]] = []
    joined = False
    for threshold, benefit in rows:
        better = benefit > max(0.0, best.get(threshold, 0.0)) + 1e-12
        if better and joined:
            ranges[-1][1] = threshold
        elif better:
            ranges.append([threshold, threshold])
        joined = better
    if not ranges:
        return "Its net benefit exceeds both at no threshold"
    widest = sorted(sorted(ranges, key=lambda r: r[0] - r[1])[:MOST_RANGES])
    texts = [words.number(a) if a == b else f"{words.number(a)} to {words.number(b)}" for a, b in widest]
    more = f" and {len(ranges) - MOST_RANGES} shorter ranges" if len(ranges) > MOST_RANGES else ""
    return f"Its net benefit exceeds both at thresholds {', '.join(texts)}{more}"


def permutation(part: Node) -> Figure | NoFigure:
    """Return FIG-07-5."""
    question = "Could luck alone have given this?"
    node, (_, name, _) = part.node("permutation"), words.measure(part)
    edges, counts = [e for e in node.numbers("edges") if e is not None], node.numbers("counts")
    observed, p, repeats = node.number("observed"), node.number("p"), node.count("repeats")
    if len(edges) < 2 or len(counts) != len(edges) - 1 or observed is None:
        return NoFigure(id="FIG-07-5", question=question, reason=node.text("reason") or part.why("permutation"))
    bars = tuple((a, b, float(n or 0)) for (a, b), n in zip(pairwise(edges), counts, strict=True))
    top = max([n for _, _, n in bars] + [1.0])
    low, high = min(edges[0], observed), max(edges[-1], observed)
    pad = (high - low) * 0.04 or 0.05
    table = tuple((figure_cell(f"{words.number(a, 3)} to {words.number(b, 3)}"), figure_cell(words.count(round(n)))) for a, b, n in bars)
    return Figure(
        id="FIG-07-5",
        question=question,
        answer=f"Observed {name} {words.number(observed)}; {words.probability(p)} in {words.count(repeats)} shuffles of the outcome.",
        read=f"Bars: {name} when outcomes are shuffled among the test patients; the line is what was observed.",
        charts=(
            Plot(
                x=Axis(label=f"{name} with shuffled outcomes", low=low - pad, high=high + pad),
                y=Axis(label="shuffles", low=0.0, high=top * 1.1),
                layers=(Bars(rows=bars, ink="muted"), Rule(x=observed, label="observed", ink="accent", dash="")),
            ),
        ),
        table=Table(columns=columns(f"#{name}", "#Shuffles"), rows=table),
    )
