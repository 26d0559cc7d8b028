"""Section 4: what is measured, with which extractor and settings, under which IBSI identity."""

from __future__ import annotations

from radaudit.dossier.view import words
from radaudit.dossier.view.catalogue import figures_of
from radaudit.dossier.view.charts import Axis, Bars, Mark, Plot, RowOf, Rows, Rule
from radaudit.dossier.view.node import Node
from radaudit.dossier.view.parts import (
    Block,
    Facts,
    Figure,
    Figures,
    Key,
    Missing,
    NoFigure,
    Status,
    Table,
    cell,
    columns,
    figure_cell,
    say,
    status_cell,
)

MOST_ROWS = 1500
MOST_FAMILIES = 24


def blocks(evidence: Node) -> tuple[Block, ...]:
    """Return the blocks of section 4."""
    features = evidence.node("features")
    if not features:
        return (Missing(what="The features", reason=evidence.why("features"), figures=figures_of("04")),)
    return (
        Facts(rows=(("Extractor", say(features.text("extractor") or features.why("extractor"))),)),
        settings(features),
        Figures(figures=(families(features), repeatability(features))),
        dictionary(features),
    )


def settings(features: Node) -> Block:
    """Return the extraction settings per site; sites that differ from the first are marked."""
    rows = features.nodes("settings")
    if not rows:
        return Missing(what="Extraction settings", reason=features.why("settings"))
    texts = [row.text("text") for row in rows]
    usual = max(sorted(set(texts)), key=texts.count)
    same = Status(word="as the others", symbol="✓", tone="good")
    other = Status(word="differs", symbol="!", tone="warn")
    unknown = Status(word="not stated", symbol="?", tone="open")
    table = tuple(
        (
            cell(row.text("site"), style="strong"),
            cell(text or words.DASH),
            status_cell(unknown if not text or text.startswith("not stated") else same if text == usual else other),
        )
        for row, text in zip(rows, texts, strict=True)
    )
    return Table(columns=columns("Site", "Settings", "Agreement"), rows=table)


def families(features: Node) -> Figure | NoFigure:
    """Return FIG-04-1."""
    question = "Which kinds of feature are there, and which entered the signature?"
    rows = [(row.text("family") or "other", row.count("features") or 0) for row in features.nodes("families")]
    if not rows:
        return NoFigure(id="FIG-04-1", question=question, reason=features.why("families"))
    rows = sorted(rows, key=lambda r: (-r[1], r[0]))
    chosen: dict[str, int] = {}
    for entry in features.nodes("dictionary"):
        if entry.flag("selected"):
            family = entry.text("family") or "other"
            chosen[family] = chosen.get(family, 0) + 1
    total, picked = sum(n for _, n in rows), sum(chosen.values())
    top = float(max(n for _, n in rows))
    drawn = tuple(
        RowOf(
            label=name,
            marks=(Mark(value=float(n), form="bar", ink="soft"), Mark(value=float(chosen.get(name, 0)), form="bar", ink="accent")),
            text=f"{words.count(n)}, {chosen.get(name, 0)} chosen",
        )
        for name, n in rows[:MOST_FAMILIES]
    )
    where = ", ".join(f"{name} {n}" for name, n in sorted(chosen.items(), key=lambda c: (-c[1], c[0])))
    answer = f"{words.count(total)} features in {words.count(len(rows))} families; {words.count(picked)} entered the signature"
    return Figure(
        id="FIG-04-1",
        question=question,
        answer=f"{answer}{f' ({where})' if where else ''}.",
        read="Bar length is the number of features analysed; the dark part is in the signature."
        + (f" The {MOST_FAMILIES} largest of {len(rows)} families." if len(rows) > MOST_FAMILIES else ""),
        charts=(Rows(axis=Axis(label="features", low=0.0, high=top * 1.02), rows=drawn, wide=True),),
        table=Table(
            columns=columns("Family", "#Features", "#In the signature"),
            rows=tuple((cell(name), figure_cell(words.count(n)), figure_cell(words.count(chosen.get(name, 0)))) for name, n in rows),
        ),
        legend=(Key(label="in the signature", ink="accent", look="box"), Key(label="analysed", ink="soft", look="box")),
        wide=True,
    )


def repeatability(features: Node) -> Figure | NoFigure:
    """Return FIG-04-2: how many features have which ICC in the register, and where the line was drawn."""
    question = "Do the features repeat when nothing changed?"
    found = features.node("reliability")
    counts = [count for count in found.numbers("histogram") if count is not None]
    if not counts:
        return NoFigure(id="FIG-04-2", question=question, reason=features.why("reliability"))
    step, line = 1 / len(counts), found.number("at_least") or 0.0
    bars = tuple((j * step, (j + 1) * step, count) for j, count in enumerate(counts))
    below, unknown, kept = (found.count(name) or 0 for name in ("low", "unknown", "kept"))
    form, people = found.text("form"), words.plural(found.count("patients") or 0, "patient")
    what = f"{form}{', lower bound,' if found.text('bound') == 'low' else ''} of {line:g}"
    return Figure(
        id="FIG-04-2",
        question=question,
        answer=f"{words.count(below)} features do not reach {what} in {people} measured again"
        f"{f'; {words.count(unknown)} were not measured again' if unknown else ''}; {words.count(kept)} stay.",
        read="Bars count features by their ICC in the register of repeatability; features left of the line were left out before the split. "
        "Values below 0 stand in the first bar.",
        charts=(
            Plot(
                x=Axis(label=form, low=0.0, high=1.0),
                y=Axis(label="features", low=0.0, high=max(counts) * 1.05),
                layers=(Bars(rows=bars, ink="soft"), Rule(x=line, label=f"{line:g}", ink="accent", dash="")),
                height=260,
            ),
        ),
        table=Table(
            columns=columns("ICC from", "to", "#Features"),
            rows=tuple((cell(f"{low:.2f}"), cell(f"{high:.2f}"), figure_cell(words.count(round(count)))) for low, high, count in bars),
        ),
    )


def dictionary(features: Node) -> Block:
    """Return the feature dictionary, chosen features first; very wide studies are cut and say so."""
    entries = features.nodes("dictionary")
    if not entries:
        return Missing(what="The feature dictionary", reason=features.why("dictionary"))
    chosen_first = sorted(entries, key=lambda e: not e.flag("selected"))[:MOST_ROWS]
    rows = tuple(
        (
            cell(e.text("name"), style="strong" if e.flag("selected") else ""),
            cell(e.text("family") or words.DASH),
            cell(e.text("filter") or words.DASH),
            cell(e.text("ibsi") or words.DASH),
            figure_cell(words.share(e.number("missing_share"), 1)),
            cell("in the signature" if e.flag("selected") else ""),
        )
        for e in chosen_first
    )
    coded = sum(1 for e in entries if e.text("ibsi"))
    cut = f"; the first {MOST_ROWS} are shown, all are in dossier.json" if len(entries) > MOST_ROWS else ""
    return Table(
        columns=columns("Feature", "Family", "Filter", "IBSI", "#Missing", "Use"),
        rows=rows,
        caption=f"Feature dictionary: {words.plural(len(entries), 'feature')}, {words.count(coded)} with an IBSI code{cut}",
        folded=True,
    )
