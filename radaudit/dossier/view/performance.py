"""Section 7: how good the locked signature is on the opened test set."""

from __future__ import annotations

from radaudit.dossier.view import words
from radaudit.dossier.view.catalogue import DEVELOPMENT, PERFORMANCE
from radaudit.dossier.view.charts import Axis, Confusion, Mark, RowOf, Rows, Rule
from radaudit.dossier.view.curves import calibration, decision, permutation, roc
from radaudit.dossier.view.follow_up import groups, over_time
from radaudit.dossier.view.node import Node, Quantity
from radaudit.dossier.view.parts import (
    Block,
    Figure,
    Figures,
    Heading,
    Missing,
    NoFigure,
    Prose,
    Table,
    cell,
    columns,
    figure_cell,
    say,
)
from radaudit.dossier.view.quantities import agreement
from radaudit.dossier.view.tables import estimate_rows

MEASURED = (
    ("auc", "AUC"),
    ("auc_bootstrap", "AUC, bootstrap"),
    ("brier", "Brier score"),
    ("scaled_brier", "scaled Brier score"),
    ("calibration_slope", "calibration slope"),
    ("calibration_intercept", "calibration intercept"),
    ("citl", "calibration in the large"),
    ("sensitivity", "sensitivity"),
    ("specificity", "specificity"),
    ("ppv", "positive predictive value"),
    ("npv", "negative predictive value"),
)
SURVIVAL = (
    ("c_index", "C-index (Harrell)"),
    ("c_index_bootstrap", "C-index, bootstrap"),
    ("c_index_uno", "C-index (Uno), up to the horizon"),
    ("auc_at", "AUC at the horizon"),
    ("brier_at", "Brier score at the horizon"),
    ("ipa", "index of prediction accuracy (IPA)"),
    ("integrated_brier", "integrated Brier score"),
    ("calibration_slope", "calibration slope"),
    ("observed_expected", "observed over expected risk"),
    ("sensitivity", "sensitivity, by the horizon"),
    ("specificity", "specificity, by the horizon"),
    ("ppv", "positive predictive value"),
    ("npv", "negative predictive value"),
)
CONTINUOUS = (
    ("r2", "R²"),
    ("r2_bootstrap", "R², bootstrap"),
    ("rmse", "root mean squared error"),
    ("mae", "mean absolute error"),
    ("mean_error", "mean error"),
    ("calibration_slope", "calibration slope"),
    ("calibration_intercept", "calibration intercept"),
)


def blocks(evidence: Node) -> tuple[Block, ...]:
    """Return the blocks of section 7."""
    part = evidence.node("performance")
    made: list[Block] = []
    if part:
        made += [measured(part), *claimed(part), Figures(figures=figures(part, evidence.node("signature")))]
    else:
        kind = evidence.node("outcome").text("kind") or "binary"
        places = PERFORMANCE.get(kind, PERFORMANCE["binary"])
        made.append(Missing(what="Performance on the test set", reason=evidence.why("performance"), figures=places))
    return (*made, Heading(text="Development: resampling of the training data"), *development(evidence))


def figures(part: Node, signature: Node) -> tuple[Figure | NoFigure, ...]:
    """Return the figures of the test set by kind of outcome."""
    if part.text("kind") == "survival":
        return (over_time(part), groups(part), calibration(part), decision(part), permutation(part), comparisons(part))
    if part.text("kind") == "continuous":
        return (agreement(part), comparisons(part))
    return (roc(part), calibration(part), decision(part), confusion(part, signature), permutation(part), comparisons(part))


def measured(part: Node) -> Table:
    """Return every measure with its interval, people and method."""
    listed = {"survival": SURVIVAL, "continuous": CONTINUOUS}.get(part.text("kind"), MEASURED)
    rows = [(label, part.quantity(name)) for name, label in listed if name in part.members or f"{name}_reason" in part.members]
    return estimate_rows(rows, head="Measure, test set")


def claimed(part: Node) -> tuple[Block, ...]:
    """Return the claimed figures beside what the predictions give, if a third party claimed some."""
    rows = tuple(
        (
            cell(words.MEASURES.get(one.text("measure"), one.text("measure").replace("_", " ")), style="strong"),
            figure_cell(one.text("stated")),
            figure_cell(words.number(one.number("recomputed"), 4)),
            cell(one.text("agreement"), style="strong" if one.text("agreement") == "different" else ""),
        )
        for one in part.nodes("claimed")
    )
    if not rows:
        return ()
    table = Table(columns=columns("Claimed figure", "#As printed", "#Recomputed", "Agreement"), rows=rows)
    return (Heading(text="Claimed figures, recomputed from the predictions"), table)


def confusion(part: Node, signature: Node) -> Figure | NoFigure:
    """Return FIG-07-4."""
    question = f"How many would be told right at the {part.text('threshold_kind') or 'locked'} threshold?"
    table = part.node("confusion")
    counts = [table.count(name) for name in ("tp", "fp", "fn", "tn")]
    if any(n is None for n in counts):
        return NoFigure(id="FIG-07-4", question=question, reason=part.why("confusion"))
    tp, fp, fn, tn = (n or 0 for n in counts)
    threshold = signature.node("threshold")
    at = f" at risk {words.number(threshold.number('value'), 3)}" if threshold.has("value") else ""
    said = [f"{name} {words.estimate(part.quantity(name))}" for name in ("sensitivity", "specificity") if part.quantity(name).known]
    return Figure(
        id="FIG-07-4",
        question=question,
        answer=f"{words.count(tp + tn)} of {words.count(tp + fp + fn + tn)} patients told right{at}; {', '.join(said)}.",
        read="Rows are what happened, columns what the signature said; the left upper and right lower cells are right.",
        charts=(Confusion(tp=tp, fp=fp, fn=fn, tn=tn),),
        table=Table(
            columns=columns("What happened", "#High risk said", "#Low risk said", "#All"),
            rows=(
                (cell("event"), figure_cell(words.count(tp)), figure_cell(words.count(fn)), figure_cell(words.count(tp + fn))),
                (cell("no event"), figure_cell(words.count(fp)), figure_cell(words.count(tn)), figure_cell(words.count(fp + tn))),
            ),
        ),
    )


def comparisons(part: Node) -> Figure | NoFigure:
    """Return FIG-07-6: the signature and what every study must beat, with the difference on the same patients."""
    question = "Is it better than what was there without it?"
    rivals = part.nodes("comparisons")
    if not rivals:
        return NoFigure(id="FIG-07-6", question=question, reason=part.why("comparisons"))
    key, named, chance = words.measure(part)
    mine = part.quantity(key)
    rows = [("this signature", mine, Quantity(reason="itself"))]
    rows += [(r.text("against"), r.quantity(key), r.quantity("delta")) for r in rivals]
    lows = [q.low for _, q, _ in rows if q.low is not None] + [chance]
    highs = [q.high for _, q, _ in rows if q.high is not None] + [chance + 0.1]
    drawn = tuple(
        RowOf(
            label=name,
            marks=(Mark(value=q.value, low=q.low, high=q.high, ink="accent" if i == 0 else "muted", shape=0 if i == 0 else 1),),
            text=words.estimate(q),
            strong=i == 0,
        )
        for i, (name, q, _) in enumerate(rows)
    )
    beaten = [name for name, _, d in rows[1:] if d.low is not None and d.low > 0]
    unclear = [name for name, _, d in rows[1:] if name not in beaten]
    said = f"Better than {_joined(beaten)}" if beaten else "Shown to be better than none of them"
    said += f"; not shown for {_joined(unclear)}" if unclear and beaten else ""
    hardest = max((r for r in rows[1:] if r[2].known), key=lambda r: (r[1].value or 0.0, r[0]), default=None)
    said += f". Gain over {hardest[0]}: {words.estimate(hardest[2])}" if hardest else ""
    table = tuple(
        (
            cell(name, style="strong" if i == 0 else ""),
            figure_cell(words.estimate(q)),
            figure_cell(words.estimate(d) if i else words.DASH),
            cell("; ".join(t for t in (d.method, d.reason if i else "") if t)),
        )
        for i, (name, q, d) in enumerate(rows)
    )
    return Figure(
        id="FIG-07-6",
        question=question,
        answer=f"{said}.",
        read=f"{named} on the same test patients with 95% intervals; better means that the interval of the paired difference lies above 0.",
        charts=(
            Rows(
                axis=Axis(label=f"{named}, test set", low=min(lows) - 0.02, high=min(max(highs) + 0.03, 1.0)),
                rows=drawn,
                rules=(Rule(x=chance, label="chance"),),
            ),
        ),
        table=Table(columns=columns("Model", f"#{named}", "#Gain of the signature", "Method"), rows=table),
    )


def _joined(names: list[str]) -> str:
    return " and ".join(text for text in (", ".join(names[:-1]), names[-1]) if text) if names else ""


def _promised(outer: Quantity, repeats: tuple[float, ...], inner: float | None, baselines: list[tuple[str, Quantity]]) -> tuple[RowOf, ...]:
    """Return the rows of FIG-07-7: the outer estimate over its repeats, the best inner score, the baselines."""
    marks = (*(Mark(value=v, form="ring", ink="muted") for v in repeats), Mark(value=outer.value, low=outer.low, high=outer.high))
    rows = [RowOf(label="signature, outer", marks=marks, text=words.estimate(outer), strong=True)]
    if inner is not None:
        best = Mark(value=inner, form="diamond", ink="warn", shape=3)
        rows.append(RowOf(label="best inner score", marks=(best,), text=words.number(inner)))
    for i, (name, q) in enumerate(baselines):
        mark = Mark(value=q.value, low=q.low, high=q.high, ink="muted", shape=1)
        rows.append(RowOf(label=name, marks=(mark,), text=words.estimate(q), gap=i == 0))
    return tuple(rows)


def development(evidence: Node) -> tuple[Block, ...]:
    """Return what nested resampling on training data promised, and the baselines of every study."""
    part = evidence.node("development")
    if not part:
        return (Missing(what="Development", reason=evidence.why("development"), figures=DEVELOPMENT),)
    key, named, chance = words.measure(part)
    outer = part.quantity(key)
    repeats = tuple(v for v in part.numbers("repeats") if v is not None)
    baselines = [(b.text("name"), b.quantity(key)) for b in part.nodes("baselines")]
    question = "What did the training data promise, and how does that compare with simple baselines?"
    lead = (Prose(line=say(words.sentence(part.text("text")))),) if part.text("text") else ()
    if not outer.known and not baselines:
        return (*lead, Figures(figures=(NoFigure(id="FIG-07-7", question=question, reason=outer.reason),)))
    lows = [q.low for _, q in (*baselines, ("", outer)) if q.low is not None]
    inner, outside, tried = part.number("inner_best"), part.number("outer"), part.count("configurations")
    said = f"Cross-validated {named} in training {words.estimate(outer)}"
    if inner is not None and outside is not None:
        said += f"; tuning saw {words.number(inner)} in the inner folds where the outer folds gave {words.number(outside)}"
    said += f" ({words.plural(tried, 'configuration')} tried)" if tried is not None else ""
    figure = Figure(
        id="FIG-07-7",
        question=question,
        answer=f"{said}.",
        read="Filled point with interval: nested resampling, scored on patients left out; rings: single repeats; squares: baselines. "
        "The gap to the best inner score is what choosing among configurations pretends.",
        charts=(
            Rows(
                axis=Axis(label=f"{named}, training patients left out", low=max(min([*lows, chance]), -1.0) - 0.02, high=1.0),
                rows=_promised(outer, repeats, inner, baselines),
                rules=(Rule(x=chance, label="chance"),),
                wide=True,
            ),
        ),
        table=estimate_rows(
            (("signature, outer", outer), *baselines),
            head="Model",
            note=f"Repeats: {', '.join(words.number(v, 3) for v in repeats)}." if repeats else "",
        ),
        wide=True,
    )
    return (*lead, Figures(figures=(figure,)))
