"""Section 5: what was removed, whether it helped, whether it harmed."""

from __future__ import annotations

import math

from radaudit.dossier.view import words
from radaudit.dossier.view.catalogue import figures_of
from radaudit.dossier.view.charts import Arrows, Axis, Curve, Mark, Marks, Plot, Points, RowOf, Rows, Rule
from radaudit.dossier.view.node import Node
from radaudit.dossier.view.parts import (
    Block,
    Cell,
    Facts,
    Figure,
    Figures,
    Key,
    Line,
    Missing,
    NoFigure,
    Prose,
    Table,
    cell,
    columns,
    figure_cell,
    say,
    span,
)
from radaudit.dossier.view.tables import estimate_rows

ELLIPSE = math.sqrt(-2.0 * math.log(1.0 - 0.80))  # radius in SD that holds 80 % of a bivariate normal (chi-square, 2 degrees of freedom)
MOST_ARROWS = 400
MOST_POINTS = 2000
MOST_ROWS = 600


def blocks(evidence: Node) -> tuple[Block, ...]:
    """Return the blocks of section 5."""
    part = evidence.node("harmonisation")
    if not part:
        return (Missing(what="Harmonisation", reason=evidence.why("harmonisation"), figures=figures_of("05")),)
    return (
        *verdict(part),
        *((Prose(line=say(words.sentence(part.text("sentence")))),) if part.text("sentence") else ()),
        facts(part),
        Figures(figures=(components(part), effect(part), association(part), probe(part), shifts(part))),
    )


def verdict(part: Node) -> tuple[Block, ...]:
    """Return the verdict in one word and the sentences that lead to it."""
    if not part.text("verdict"):
        return ()
    first, *rest = (*part.texts("verdict_reasons"), "")
    # the first reason opens with the verdict, for readers of the JSON; here it stands before it
    said = first.removeprefix(f"{part.text('verdict').capitalize()}: ")
    told = Prose(line=(span(f"Verdict: {part.text('verdict')}. ", style="strong"), span(words.sentence(said[:1].upper() + said[1:]))))
    return (told, *(Prose(line=say(words.sentence(reason)), muted=True) for reason in rest if reason))


def facts(part: Node) -> Facts:
    """Return method, what is preserved, merged, unseen policy and the cross-check."""
    merged = "; ".join(f"{new} holds {old}" for new, old in part.mapping("merged"))
    unseen = "; ".join(f"{when}: {policy}" for when, policy in part.mapping("unseen"))
    preserve = ", ".join(part.texts("preserve")) if isinstance(part.members.get("preserve"), list) else part.text("preserve")
    return Facts(
        rows=(
            ("Method", say(part.text("method") or part.why("method"))),
            ("Fitted on", say("training rows only, again inside every resample")),
            ("Preserved", say(preserve or "nothing")),
            ("Merged batches", say(merged or "none")),
            ("Unseen batches", say(unseen or part.why("unseen"))),
            ("Cross-check", crosscheck(part)),
        )
    )


def crosscheck(part: Node) -> Line:
    """Return the sentence of the cross-check against the published package."""
    check = part.node("crosscheck")
    if not check:
        return say(f"not run: {part.why('crosscheck')}")
    package = " ".join(text for text in (check.text("package"), check.text("version")) if text)
    size = f"{words.count(check.count('rows'))} rows, {words.count(check.count('features'))} features"
    gap = check.number("max_difference")
    said = check.text("sentence") or (
        f"largest difference {gap:.2g} against {package} on the same {size}" if gap is not None else check.why("max_difference")
    )
    status = check.text("status")
    return (span(f"{status}: " if status else "", style="strong"), span(words.sentence(said)))


def ellipse(points: Points) -> Points:
    """Return the outline of the 80 % normal ellipse of points, or nothing for fewer than 3."""
    n = len(points)
    if n < 3:
        return ()
    mx, my = sum(x for x, _ in points) / n, sum(y for _, y in points) / n
    xx = sum((x - mx) ** 2 for x, _ in points) / (n - 1)
    yy = sum((y - my) ** 2 for _, y in points) / (n - 1)
    xy = sum((x - mx) * (y - my) for x, y in points) / (n - 1)
    if xx <= 0:
        return ()
    a = math.sqrt(xx)  # Cholesky: the ellipse is the unit circle times the lower triangle
    b = xy / a
    c = math.sqrt(max(yy - b * b, 0.0))
    steps = [2.0 * math.pi * k / 48 for k in range(49)]
    return tuple((mx + ELLIPSE * a * math.cos(t), my + ELLIPSE * (b * math.cos(t) + c * math.sin(t))) for t in steps)


def components(part: Node) -> Figure | NoFigure:
    """Return FIG-05-1: two panels with the same axes; every batch has its colour and its marker."""
    question = "Do the batches lie apart, and do they still after harmonisation?"
    pca = part.node("pca")
    names, index = pca.texts("batches"), [None if b is None else round(b) for b in pca.numbers("batch")]
    panels = {when: pca.pairs(when) for when in ("before", "after")}
    shapes_fit = all(len(rows) == len(index) and all(len(row) == 2 and None not in row for row in rows) for rows in panels.values())
    if not index or not shapes_fit or any(b is None or not 0 <= b < len(names) for b in index):
        return NoFigure(id="FIG-05-1", question=question, reason=part.why("pca") if not pca else pca.why("before"))
    groups = {
        when: [tuple((float(p[0] or 0), float(p[1] or 0)) for p, b in zip(rows, index, strict=True) if b == k) for k in range(len(names))]
        for when, rows in panels.items()
    }
    outlines = {when: [ellipse(points) for points in found] for when, found in groups.items()}
    drawn = [p for found in (*groups.values(), *outlines.values()) for points in found for p in points]
    x, y = _range([p[0] for p in drawn]), _range([p[1] for p in drawn])
    charts, rows = [], []
    for when in ("before", "after"):
        explained = pca.numbers(f"explained_{when}")
        said = [f" ({words.share(e)} of the variance)" if e is not None else "" for e in (*explained, None, None)[:2]]
        layers = [Curve(points=o, ink=words.site_ink(k), width=1.4) for k, o in enumerate(outlines[when]) if o]
        marks = [Marks(points=g, ink=words.site_ink(k), shape=words.site_shape(k), faint=True) for k, g in enumerate(groups[when]) if g]
        charts.append(
            Plot(
                x=Axis(label=f"component 1{said[0]}", low=x[0], high=x[1]),
                y=Axis(label=f"component 2{said[1]}", low=y[0], high=y[1]),
                layers=(*marks, *layers),
                title=when,
            )
        )
    for k, name in enumerate(names):
        centres = [_centre(groups[when][k]) for when in ("before", "after")]
        rows.append((cell(name), figure_cell(words.count(len(groups["before"][k]))), *(figure_cell(c) for c in centres)))
    spread = [_between(groups[when]) for when in ("before", "after")]
    return Figure(
        id="FIG-05-1",
        question=question,
        answer=f"Batch centres explain {words.share(spread[0])} of the spread in this plane before and {words.share(spread[1])} after.",
        read="One marker per row, colour and shape are the batch; ellipses hold 80% of each batch. Both panels have the same axes.",
        charts=tuple(charts),
        table=Table(columns=columns("Batch", "#Rows", "#Centre before", "#Centre after"), rows=tuple(rows)),
        legend=tuple(Key(label=name, ink=words.site_ink(k), shape=words.site_shape(k)) for k, name in enumerate(names)),
        wide=True,
    )


def _range(values: list[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    pad = (high - low) * 0.04 or 1.0
    return low - pad, high + pad


def _centre(points: Points) -> str:
    if not points:
        return words.DASH
    return f"{words.number(sum(p[0] for p in points) / len(points))}, {words.number(sum(p[1] for p in points) / len(points))}"


def _between(groups: list[Points]) -> float | None:
    """Return the share of the total sum of squares in the plane that lies between the groups."""
    points = [p for group in groups for p in group]
    mean = [sum(p[i] for p in points) / len(points) for i in (0, 1)]
    total = sum((p[i] - mean[i]) ** 2 for p in points for i in (0, 1))
    between = sum(len(g) * (sum(p[i] for p in g) / len(g) - mean[i]) ** 2 for g in groups if g for i in (0, 1))
    return between / total if total > 0 else None


def _effects(part: Node) -> list[tuple[str, float, float, float, float]]:
    """Return feature, share of variance and p before and after; the largest share before comes first."""
    full: list[tuple[str, float, float, float, float]] = []
    for row in part.nodes("site_effect"):
        a, b, p, q = (row.number(name) for name in ("eta2_before", "eta2_after", "p_before", "p_after"))
        if a is not None and b is not None and p is not None and q is not None:
            full.append((row.text("feature"), a, b, p, q))
    return sorted(full, key=lambda r: (-r[1], r[0]))


def effect(part: Node) -> Figure | NoFigure:
    """Return FIG-05-2: an arrow per feature, from before to after; the features with the largest effect before when there are many.

    The features are ranked along x: without missing cells p is a function of η², and a plane of the two would collapse to a curve.
    """
    question = "How much of each feature is the batch?"
    full = _effects(part)
    if not full:
        return NoFigure(id="FIG-05-2", question=question, reason=part.why("site_effect"))
    before, after = _median([r[1] for r in full]), _median([r[2] for r in full])
    strong = [sum(p < 0.05 for *_, p, _ in full), sum(q < 0.05 for *_, q in full)]
    drawn = full[:MOST_ARROWS]
    arrows = [(float(rank), a, float(rank), b) for rank, (_, a, b, _, _) in enumerate(drawn, start=1)]
    up, down = tuple(r for r in arrows if r[3] > r[1]), tuple(r for r in arrows if r[3] <= r[1])
    grown = sum(b > a for _, a, b, _, _ in full)
    limit = _significant_from(full)
    rules = (Rule(y=limit, label="p < 0.05 above"),) if limit is not None else ()
    top = max(max(a, b) for _, a, b, _, _ in drawn)
    strong_ink = len(arrows) <= 120
    table = tuple(
        (cell(f), figure_cell(words.number(a, 3)), figure_cell(words.number(b, 3)), figure_cell(f"{p:.2g}"), figure_cell(f"{q:.2g}"))
        for f, a, b, p, q in full[:MOST_ROWS]
    )
    cut = f" The {MOST_ARROWS} largest of {words.count(len(full))} are drawn." if len(full) > MOST_ARROWS else ""
    listed = f"The {MOST_ROWS} features with the largest effect; all are in dossier.json." if len(full) > MOST_ROWS else ""
    return Figure(
        id="FIG-05-2",
        question=question,
        answer=f"Median share of variance explained by the batch: {words.share(before, 1)} before, {words.share(after, 1)} after; "
        f"p < 0.05 in {strong[0]} features before and {strong[1]} after, larger after than before in {grown}, of {words.count(len(full))}.",
        read="One arrow per feature, ranked by its effect before: from the small dot (before) to the large mark (after)." + cut,
        charts=(
            Plot(
                x=Axis(label="features, ranked", low=0.0, high=len(drawn) + 1.0),
                y=Axis(label="share of variance explained by the batch (η²)", low=0.0, high=max(top, limit or 0.0) * 1.06 or 1.0),
                layers=(*rules, Arrows(rows=down, strong=strong_ink), Arrows(rows=up, ink="warn", shape=2, strong=strong_ink)),
                height=384,
            ),
        ),
        table=Table(columns=columns("Feature", "#η² before", "#η² after", "#p before", "#p after"), rows=table, note=listed),
        legend=(Key(label="after, less than before", ink="accent"), Key(label="after, more than before", ink="warn", shape=2)),
    )


def _median(values: list[float]) -> float:
    ranked = sorted(values)
    middle = len(ranked) // 2
    return ranked[middle] if len(ranked) % 2 else (ranked[middle - 1] + ranked[middle]) / 2


def _significant_from(full: list[tuple[str, float, float, float, float]]) -> float | None:
    """Return the least share of variance with p < 0.05 if every larger one has it too, else None: then one line cannot say it."""
    pairs = [(eta, p) for _, a, b, pa, pb in full for eta, p in ((a, pa), (b, pb))]
    least = min((eta for eta, p in pairs if p < 0.05), default=None)
    return None if least is None or any(eta > least and p >= 0.05 for eta, p in pairs) else least


def probe(part: Node) -> Figure | NoFigure:
    """Return FIG-05-4."""
    question = "Can a model guess the batch from the features?"
    site = part.node("probe")
    before, after, chance = site.quantity("before"), site.quantity("after"), site.number("chance")
    if not before.known and not after.known:
        return NoFigure(id="FIG-05-4", question=question, reason=part.why("probe") if not site else before.reason)
    low, high = site.number("null_low"), site.number("null_high")
    rules = (Rule(x=chance, label="chance"),) if chance is not None else ()
    rows = tuple(
        RowOf(label=name, marks=(Mark(value=q.value, low=q.low, high=q.high, form="bar", ink=ink),), text=words.estimate(q))
        for name, q, ink in (("before", before, "muted"), ("after", after, "accent"))
    )
    said = (
        site.text("sentence")
        or f"Balanced accuracy of guessing the batch, cross-validated: {words.estimate(before)} before, {words.estimate(after)} after."
    )
    return Figure(
        id="FIG-05-4",
        question=question,
        answer=words.sentence(said),
        read="Bars with intervals; the dashed line is chance, the shaded range is what shuffled batch labels give.",
        charts=(
            Rows(
                axis=Axis(label="balanced accuracy of guessing the batch, cross-validated", low=0.0, high=1.0),
                rows=rows,
                rules=rules,
                shade=(low, high) if low is not None and high is not None else None,
            ),
        ),
        table=estimate_rows(
            (("before", before), ("after", after)),
            note=f"Chance {words.number(chance)}; shuffled {words.number(low)} to {words.number(high)}.",
        ),
        legend=(Key(label="shuffled batch labels", ink="muted", look="band"),) if low is not None and high is not None else (),
    )


def association(part: Node) -> Figure | NoFigure:
    """Return FIG-05-3."""
    question = "Did harmonisation create or destroy an association with the outcome?"
    rows = [(r.text("feature"), r.number("before"), r.number("after")) for r in part.nodes("outcome_association")]
    full = [(f, a, b) for f, a, b in rows if a is not None and b is not None]
    if not full:
        return NoFigure(id="FIG-05-3", question=question, reason=part.why("outcome_association"))
    low = min(min(a, b) for _, a, b in full)
    high = max(max(a, b) for _, a, b in full)
    pad = (high - low) * 0.05 or 0.1
    above = sum(1 for _, a, b in full if abs(b - 0.5) > abs(a - 0.5))
    moved = _median([b - a for _, a, b in full])
    largest = max(full, key=lambda r: (abs(r[2] - r[1]), r[0]))
    full.sort(key=lambda r: (-abs(r[2] - r[1]), r[0]))
    table = tuple(
        (cell(f), figure_cell(words.number(a, 3)), figure_cell(words.number(b, 3)), figure_cell(words.number(b - a, 3)))
        for f, a, b in full[:MOST_ROWS]
    )
    return Figure(
        id="FIG-05-3",
        question=question,
        answer=f"Median change {words.number(moved, 3)}; {words.count(above)} of {words.count(len(full))} features moved away from 0.5; "
        f"largest change {words.number(largest[2] - largest[1], 3)} ({largest[0]}).",
        read="One point per feature, its AUC for the outcome in training; on the line nothing changed."
        + (f" The {MOST_POINTS} largest changes of {words.count(len(full))} are drawn." if len(full) > MOST_POINTS else ""),
        charts=(
            Plot(
                x=Axis(label="AUC before", low=low - pad, high=high + pad),
                y=Axis(label="AUC after", low=low - pad, high=high + pad),
                layers=(
                    Rule(identity=True, label="no change", at=0.93),
                    Marks(
                        points=tuple((a, b) for _, a, b in full[:MOST_POINTS]), faint=len(full) > 40, size=3.2 if len(full) <= 200 else 2.2
                    ),
                ),
                square=True,
            ),
        ),
        table=Table(
            columns=columns("Feature", "#Before", "#After", "#Change"),
            rows=table,
            note=f"The {MOST_ROWS} largest changes; all are in dossier.json." if len(full) > MOST_ROWS else "",
        ),
    )


def shifts(part: Node) -> Figure | NoFigure:
    """Return FIG-05-5."""
    question = "How far did each batch lie from the common level?"
    batches = part.nodes("batches")
    known = [b for b in batches if b.number("shift") is not None]
    if not known:
        return NoFigure(id="FIG-05-5", question=question, reason=part.why("batches"))
    values = [v for b in known for v in (b.number("shift"), b.number("shift_low"), b.number("shift_high")) if v is not None]
    reach = max(abs(v) for v in values) * 1.1 or 1.0
    rows, table = [], []
    for k, b in enumerate(batches):
        shift, low, high = b.number("shift"), b.number("shift_low"), b.number("shift_high")
        text = f"{words.number(shift)} ({words.number(low)} to {words.number(high)})" if low is not None else words.number(shift)
        patients, events = b.count("patients"), b.count("events")
        mark = Mark(value=shift, low=low, high=high, ink=words.site_ink(k), shape=words.site_shape(k))
        rows.append(RowOf(label=b.text("batch"), cells=(words.count(patients),), marks=(mark,), text=text))
        counts: list[Cell] = [figure_cell(words.count(patients)), figure_cell(words.count(events))]
        table.append((cell(b.text("batch")), *counts, figure_cell(text), figure_cell(words.number(b.number("scale")))))
    far = max(known, key=lambda b: (abs(b.number("shift") or 0.0), b.text("batch")))
    return Figure(
        id="FIG-05-5",
        question=question,
        answer=f"Largest median shift: {words.number(far.number('shift'))} SD at {far.text('batch')}.",
        read="Median over features of the estimated shift in standard deviations, with the middle half of them; 0 is the common level.",
        charts=(
            Rows(
                axis=Axis(label="shift in SD", low=-reach, high=reach),
                rows=tuple(rows),
                heads=("batch", "n", "median (quartiles)"),
                rules=(Rule(x=0.0),),
            ),
        ),
        table=Table(columns=columns("Batch", "#Patients", "#Events", "#Shift (SD)", "#Scale"), rows=tuple(table)),
    )
