"""Section 8: does it hold elsewhere."""

from __future__ import annotations

from radaudit.dossier.view import words
from radaudit.dossier.view.catalogue import figures_of
from radaudit.dossier.view.charts import Axis, Mark, RowOf, Rows, Rule
from radaudit.dossier.view.choices import other_pipelines, other_splits
from radaudit.dossier.view.node import Node, Quantity
from radaudit.dossier.view.parts import Block, Figure, Figures, Key, Missing, NoFigure, Table, cell, columns, figure_cell
from radaudit.dossier.view.tables import estimate_rows

LEAST, MOST = 0.02, 0.99
SHARES = ("auc", "c_index")
LOGIT = "; the axis is logit, so intervals stay inside 0 to 1"


def blocks(evidence: Node) -> tuple[Block, ...]:
    """Return the blocks of section 8."""
    part = evidence.node("transport")
    choices = Figures(figures=(other_splits(evidence), other_pipelines(evidence)))
    if not part:
        figures = tuple(name for name in figures_of("08") if name not in ("FIG-08-4", "FIG-08-5"))
        return (Missing(what="Transportability", reason=evidence.why("transport"), figures=figures), choices)
    return (Figures(figures=(forest(part), holdout(part), unharmonised(part))), choices)


def logit_axis(label: str, quantities: list[Quantity], extra: tuple[float | None, ...] = ()) -> Axis:
    """Return a logit axis that holds the intervals and 0.5, inside 0.02 to 0.99."""
    values = [v for q in quantities for v in (q.value, q.low, q.high) if v is not None] + [v for v in extra if v is not None] + [0.5]
    return Axis(label=label, low=max(min(values) * 0.96, LEAST), high=min(max(max(values) * 1.01, 0.8), MOST), kind="logit")


def site_axis(key: str, label: str, quantities: list[Quantity], extra: tuple[float | None, ...] = ()) -> Axis:
    """Return the logit axis of a share, or a linear one that holds the intervals and 0."""
    if key in SHARES:
        return logit_axis(label, quantities, extra)
    values = [v for q in quantities for v in (q.value, q.low, q.high) if v is not None] + [v for v in extra if v is not None] + [0.0]
    return Axis(label=label, low=max(min(values), -2.0) - 0.05, high=min(max(values), 1.0) + 0.05)


def _row(label: str, quantity: Quantity, k: int, *, strong: bool = False) -> RowOf:
    mark = Mark(value=quantity.value, low=quantity.low, high=quantity.high, ink=words.site_ink(k), shape=words.site_shape(k))
    return RowOf(
        label=label,
        cells=(words.count(quantity.patients), words.count(quantity.events)),
        marks=(mark,),
        strong=strong,
        text=words.estimate(quantity),
    )


def _estimates(rows: tuple[Node, ...], key: str) -> list[tuple[str, Quantity]]:
    """Return site and discrimination; the people of the row fill in where the estimate does not name them."""
    found = []
    for row in rows:
        q = row.quantity(key)
        patients, events = row.count("patients"), row.count("events")
        found.append(
            (
                row.text("site") or "(no site named)",
                Quantity(
                    value=q.value,
                    low=q.low,
                    high=q.high,
                    level=q.level,
                    method=q.method,
                    reason=q.reason,
                    patients=q.patients if patients is None else patients,
                    events=q.events if events is None else events,
                ),
            )
        )
    return found


def forest(part: Node) -> Figure | NoFigure:
    """Return FIG-08-1: the leave-one-site-out forest on the logit scale, with pooled estimate and prediction interval."""
    question = "How would it do at a site that it has never seen?"
    key, named, chance = words.measure(part)
    sites = _estimates(part.nodes("rows"), key)
    if not sites:
        return NoFigure(
            id="FIG-08-1",
            question=question,
            reason=part.why("rows") if part.has("rows_reason") else part.text("reason") or part.why("rows"),
        )
    pooled, prediction, limit = part.quantity("pooled"), part.node("prediction"), part.number("limit")
    low, high = prediction.number("low"), prediction.number("high")
    rows = (*(_row(name, q, k) for k, (name, q) in enumerate(sites)), *_summary(pooled, low, high))
    rules = [Rule(x=chance, label="chance")]
    rules += [Rule(x=limit, label=f"claim {words.number(limit)}", ink="bad", dash="")] if limit is not None else []
    spread = [f"τ² {words.number(part.number('tau2'), 3)}"] if part.has("tau2") else []
    spread += [f"I² {_percent(part.number('i2'))}"] if part.has("i2") else []
    note = f"Between-site variance on the logit scale: {', '.join(spread)}." if spread else ""
    return Figure(
        id="FIG-08-1",
        question=question,
        answer=words.sentence(_expected(part)),
        read="Each site in turn is left out, everything is fitted on the others and scored on it. Diamond: pooled; thick bar: where the"
        f" {named} of a further site is expected{LOGIT if key in SHARES else ''}.",
        charts=(
            Rows(
                axis=site_axis(key, f"{named} at the site left out", [q for _, q in sites] + [pooled], (limit, low, high)),
                rows=rows,
                heads=("site left out", "n", "events", f"{named} (95%)"),
                rules=tuple(rules),
                wide=True,
            ),
        ),
        table=estimate_rows((*sites, ("pooled", pooled)), head="Site left out", note=note),
        wide=True,
    )


def _summary(pooled: Quantity, low: float | None, high: float | None) -> tuple[RowOf, ...]:
    """Return the rows below the sites: the pooled estimate and the prediction interval, as far as there are any."""
    rows = []
    if pooled.known:
        mark = Mark(value=pooled.value, low=pooled.low, high=pooled.high, form="diamond", ink="fg")
        rows.append(RowOf(label="pooled, random effects", marks=(mark,), text=words.estimate(pooled), strong=True, gap=True))
    if low is not None and high is not None:
        mark = Mark(value=None, low=low, high=high, form="span", ink="open")
        text = f"{words.number(low)} to {words.number(high)}"
        rows.append(RowOf(label="95% prediction, new site", marks=(mark,), text=text, strong=True, gap=not rows))
    return tuple(rows)


def _expected(part: Node) -> str:
    """Return what a further site may expect, or why that cannot be said."""
    pooled, prediction = part.quantity("pooled"), part.node("prediction")
    named = words.measure(part)[1]
    low, high = prediction.number("low"), prediction.number("high")
    if low is not None:
        said = f"{named} at a new site is expected between {words.number(low)} and {words.number(high)} (95% prediction interval)"
        return f"{said}; pooled {words.estimate(pooled)}" if pooled.known else said
    if pooled.known:
        return f"Pooled {named} {words.estimate(pooled)}; no prediction interval: {part.text('reason') or part.why('prediction')}"
    return f"Not pooled: {part.text('reason') or part.why('pooled')}"


def _percent(value: float | None) -> str:
    """Return I², given as a share or as a percentage."""
    return words.share(value if value is None or value <= 1 else value / 100)


def holdout(part: Node) -> Figure | NoFigure:
    """Return FIG-08-2."""
    question = "Does the test result hold at every site?"
    key, named, chance = words.measure(part)
    nodes = part.nodes("holdout")
    sites = _estimates(nodes, key)
    if not sites:
        return NoFigure(id="FIG-08-2", question=question, reason=part.why("holdout"))
    levels = [row.quantity(words.LEVELS[key]) for row in nodes]
    known = [(q.value, name) for name, q in sites if q.value is not None]
    none = len(sites) - len(known)
    said = (
        f"{named} from {words.number(min(known)[0])} ({min(known)[1]}) to {words.number(max(known)[0])} ({max(known)[1]})"
        if known
        else "Not estimable at any site"
    )
    said += f"; not estimable at {words.plural(none, 'site')}" if none and known else ""
    table = tuple(
        (
            cell(name, style="strong"),
            figure_cell(words.count(q.patients)),
            figure_cell(words.count(q.events)),
            figure_cell(words.estimate(q)),
            figure_cell(words.estimate(c)),
            cell("; ".join(dict.fromkeys(t for t in (q.reason, c.reason) if t and not (q.bounded and t == q.reason)))),
        )
        for (name, q), c in zip(sites, levels, strict=True)
    )
    return Figure(
        id="FIG-08-2",
        question=question,
        answer=f"{said}.",
        read=f"{named} of the locked signature among the test patients of each site, 95% intervals; small sites say little.",
        charts=(
            Rows(
                axis=site_axis(key, f"{named}, test set", [q for _, q in sites], (part.number("limit"),)),
                rows=tuple(_row(n, q, k) for k, (n, q) in enumerate(sites)),
                heads=("site", "n", "ev.", f"{named} (95%)"),
                rules=(Rule(x=chance, label="chance"),),
            ),
        ),
        table=Table(
            columns=columns(
                "Site", "#Patients", "#Events", f"#{named}", f"#{words.sentence(words.MEASURES[words.LEVELS[key]])[:-1]}", "Note"
            ),
            rows=table,
        ),
    )


def unharmonised(part: Node) -> Figure | NoFigure:
    """Return FIG-08-3."""
    question = "Did harmonisation help at sites left out?"
    key, named, chance = words.measure(part)
    without = dict(_estimates(part.nodes("unharmonised"), key))
    pairs = [(name, without[name], q) for name, q in _estimates(part.nodes("rows"), key) if name in without]
    both = [(a.value, b.value) for _, a, b in pairs if a.value is not None and b.value is not None]
    if not both:
        return NoFigure(id="FIG-08-3", question=question, reason=part.why("unharmonised"))
    better = sum(1 for a, b in both if b > a)
    mean = sum(b - a for a, b in both) / len(both)
    rows = tuple(
        RowOf(
            label=name,
            marks=(Mark(value=a.value, form="ring", ink="muted", shape=0), Mark(value=b.value, form="point", ink="accent")),
            text=f"{words.number(a.value)} → {words.number(b.value)}",
        )
        for name, a, b in pairs
    )
    table = tuple((cell(name), figure_cell(words.estimate(a)), figure_cell(words.estimate(b))) for name, a, b in pairs)
    return Figure(
        id="FIG-08-3",
        question=question,
        answer=f"Better with harmonisation at {better} of {words.plural(len(both), 'site')}; mean difference {words.number(mean, 3)}.",
        read="Ring: without harmonisation; point: with it; same folds. A line to the right is a gain.",
        charts=(
            Rows(
                axis=site_axis(key, f"{named} at the site left out", [Quantity(value=v) for pair in both for v in pair]),
                rows=rows,
                join=True,
                heads=("site left out", "without → with"),
                rules=(Rule(x=chance, label="chance"),),
            ),
        ),
        table=Table(columns=columns("Site left out", "#Without", "#With"), rows=table),
        legend=(Key(label="without", ink="muted", look="ring"), Key(label="with harmonisation", ink="accent")),
    )
