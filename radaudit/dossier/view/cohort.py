"""Section 3: who was supplied, who is analysed, how sites and parts compare, what was changed on reading."""

from __future__ import annotations

from radaudit.dossier.view import words
from radaudit.dossier.view.catalogue import figures_of
from radaudit.dossier.view.charts import Box, Flow, Heat, Mosaic
from radaudit.dossier.view.node import Node, known
from radaudit.dossier.view.parts import (
    Block,
    Cell,
    Figure,
    Figures,
    Heading,
    Key,
    Missing,
    NoFigure,
    Prose,
    Status,
    Table,
    cell,
    columns,
    figure_cell,
    say,
    status_cell,
)

SMD_LIMIT = 0.1


def blocks(evidence: Node) -> tuple[Block, ...]:
    """Return the blocks of section 3."""
    cohort = evidence.node("cohort")
    if not cohort:
        return (Missing(what="The cohort", reason=evidence.why("cohort"), figures=figures_of("03")),)
    return (
        Figures(figures=(flow(cohort), mosaic(cohort))),
        Heading(text="Sites"),
        sites(cohort),
        Figures(figures=(missing_values(cohort),)),
        Heading(text="Acquisition"),
        *acquisition(cohort),
        Heading(text="Table 1: training and test set"),
        table_one(cohort),
        Heading(text="How many patients the question takes"),
        *needed(cohort),
        accounting(cohort),
    )


def needed(cohort: Node) -> tuple[Block, ...]:
    """Return the patients needed and there, for all features that were tried, for those kept, and to validate."""
    size = cohort.node("sample_size")
    if not size:
        return (Missing(what="Numbers of patients needed", reason=cohort.why("sample_size")),)
    enough, few = Status(word="enough", symbol="✓", tone="good"), Status(word="too few", symbol="!", tone="warn")
    rows = tuple(
        (
            cell(row.text("what"), style="strong"),
            figure_cell(words.count(row.count("features"))),
            figure_cell(words.count(row.count("patients"))),
            figure_cell(words.count(row.count("there"))),
            cell(row.text("binding")),
            status_cell(enough if (row.number("there") or 0) >= (row.number("patients") or 0) else few),
        )
        for row in size.nodes("rows")
    )
    expected = (
        f"For an AUC of {words.number(size.number('expected_c'))} as claimed and {words.share(size.number('prevalence'))} with the event."
    )
    said = f"{expected} Development after Riley 2019, validation after Riley 2021."
    table = Table(columns=columns("For", "#Features", "#Patients needed", "#There", "Asked for by", ""), rows=rows)
    return (table, Prose(line=say(said), muted=True))


def flow(cohort: Node) -> Figure | NoFigure:
    """Return FIG-03-1; steps with a reason are exclusions, the steps named training and holdout end the flow."""
    question = "How did the patients come into the analysis?"
    steps = cohort.nodes("flow")
    if not steps:
        return NoFigure(id="FIG-03-1", question=question, reason=cohort.why("flow"))
    boxes, rows = [], []
    for i, step in enumerate(steps):
        label, reason = step.text("label"), step.text("reason")
        leaf = label.casefold().startswith(("training", "holdout", "test set"))
        title = "test set" if label.casefold().startswith("holdout") else label
        patients, table_rows, events = step.count("patients"), step.count("rows"), step.count("events")
        lines = [words.plural(patients, "patient")]
        lines += [words.plural(events, "event")] if events is not None else []
        lines += [words.plural(table_rows, "row")] if table_rows is not None and table_rows != patients else []
        lines += [reason] if reason else []
        boxes.append(
            Box(title=title, lines=tuple(lines), side=bool(reason) and not leaf and i > 0 and label.casefold() != "analysed", leaf=leaf)
        )
        counted = (words.count(patients), words.count(table_rows), words.count(events))
        rows.append((cell(title), *(figure_cell(text) for text in counted), cell(reason)))
    ends = [
        f"{box.lines[0]} in the {box.title}" if box.title == "test set" else f"{box.lines[0]} in {box.title}" for box in boxes if box.leaf
    ]
    answer = f"{boxes[0].lines[0]} supplied; " + (" and ".join(ends) if ends else "not yet split") + "."
    return Figure(
        id="FIG-03-1",
        question=question,
        answer=answer,
        read="From top to bottom; a box at the right leaves the flow, with its reason. Patients are split, never their rows.",
        charts=(Flow(boxes=tuple(boxes)),),
        table=Table(columns=columns("Step", "#Patients", "#Rows", "#Events", "Reason"), rows=tuple(rows)),
    )


def mosaic(cohort: Node) -> Figure | NoFigure:
    """Return FIG-03-2."""
    question = "Does the share of events differ between sites?"
    rows = [(row.text("site"), row.count("events"), row.count("non_events")) for row in cohort.nodes("site_outcome")]
    counted = [(site, yes, no) for site, yes, no in rows if yes is not None and no is not None and yes + no > 0]
    if not counted:
        return NoFigure(id="FIG-03-2", question=question, reason=cohort.why("site_outcome"))
    events, people = sum(yes for _, yes, _ in counted), sum(yes + no for _, yes, no in counted)
    rates = sorted((yes / (yes + no), site) for site, yes, no in counted)
    spread = (
        f"from {words.share(rates[0][0])} at {rates[0][1]} to {words.share(rates[-1][0])} at {rates[-1][1]}; " if len(rates) > 1 else ""
    )
    table = tuple(
        (cell(site), figure_cell(words.count(yes)), figure_cell(words.count(no)), figure_cell(words.share(yes / (yes + no))))
        for site, yes, no in counted
    )
    return Figure(
        id="FIG-03-2",
        question=question,
        answer=f"Events: {spread}{words.share(events / people)} in all ({words.count(events)} of {words.count(people)} patients).",
        read="One bar per site, as high as the site is large; dark is the share with the event; the dashed line is the share in all.",
        charts=(Mosaic(rows=tuple(counted), yes="event", no="no event", pooled=events / people),),
        table=Table(columns=columns("Site", "#Events", "#No event", "#Share"), rows=table),
        legend=(Key(label="event", ink="accent", look="box"), Key(label="no event", ink="soft", look="box")),
    )


def sites(cohort: Node) -> Table | Missing:
    """Return the table of sites."""
    rows = []
    for site in cohort.nodes("sites"):
        symbol, tone = words.SITE_WORDS.get(site.text("verdict").casefold(), ("", "none"))
        status = Status(word=site.text("verdict").casefold() or words.DASH, symbol=symbol, tone=tone)
        counts = [figure_cell(words.count(site.count(name))) for name in ("patients", "events", "training", "holdout", "duplicates")]
        effect = site.number("site_effect")
        rows.append(
            (
                cell(site.text("site"), style="strong"),
                *counts,
                figure_cell(words.share(site.number("missing_share"), 1)),
                cell(site.text("settings") or words.DASH),
                figure_cell(words.number(effect)),
                status_cell(status),
            )
        )
    if not rows:
        return Missing(what="The table of sites", reason=cohort.why("sites"))
    return Table(
        columns=columns(
            "Site", "#Patients", "#Events", "#Training", "#Test set", "#Twice", "#Missing", "Settings", "#Site effect", "Verdict"
        ),
        rows=tuple(rows),
        note="Site effect: median share of a feature's variance that the site explains (η²), before harmonisation.",
    )


def missing_values(cohort: Node) -> Figure | NoFigure:
    """Return FIG-03-3."""
    question = "Where are values missing?"
    part = cohort.node("missingness")
    names, families, shares = part.texts("sites"), part.texts("families"), part.pairs("share")
    if not names or not families or len(shares) != len(names) or any(len(row) != len(families) for row in shares):
        return NoFigure(id="FIG-03-3", question=question, reason=cohort.why("missingness"))
    cells = sorted(
        (
            (value, site, family)
            for site, row in zip(names, shares, strict=True)
            for family, value in zip(families, row, strict=True)
            if value is not None
        ),
        key=lambda c: (-c[0], c[1], c[2]),
    )
    worst = cells[0] if cells else (0.0, "", "")
    answer = "No value is missing." if worst[0] == 0 else f"Most at {worst[1]}, {worst[2]}: {words.share(worst[0], 1)} of the cells."
    top = max(0.05, *known(tuple(value for row in shares for value in row)), 0.0)
    table = tuple((cell(site), *(figure_cell(words.share(value, 1)) for value in row)) for site, row in zip(names, shares, strict=True))
    return Figure(
        id="FIG-03-3",
        question=question,
        answer=answer,
        read="One row per site, one column per feature family; the number is the share of empty cells, darker is more.",
        charts=(Heat(rows=names, columns=families, share=shares, top=top),),
        table=Table(columns=columns("Site", *(f"#{family}" for family in families)), rows=table),
        wide=True,
    )


def acquisition(cohort: Node) -> tuple[Block, ...]:
    """Return one table over all acquisition columns."""
    rows = []
    for column in cohort.nodes("acquisition"):
        levels = column.nodes("levels")
        for i, level in enumerate(levels):
            head = cell(column.text("column"), style="strong") if i == 0 else cell("")
            rows.append((head, cell(level.text("level")), figure_cell(words.count(level.count("patients")))))
    if not rows:
        return (Missing(what="Acquisition", reason=cohort.why("acquisition")),)
    return (Table(columns=columns("Column", "Level, as read", "#Patients"), rows=tuple(rows)),)


def table_one(cohort: Node) -> Table | Missing:
    """Return table 1 with standardised mean differences; those beyond 0.1 are marked."""
    rows, last = [], ""
    for row in cohort.nodes("table1"):
        variable, level, smd = row.text("variable"), row.text("level"), row.number("smd")
        apart = smd is not None and abs(smd) > SMD_LIMIT
        number = Cell(line=(*say(("! " if apart else "") + words.number(smd)),), number=True)
        head = cell(variable, style="strong") if variable != last else cell("")
        rows.append((head, cell(level), figure_cell(row.text("training")), figure_cell(row.text("holdout")), number))
        last = variable
    if not rows:
        return Missing(what="Table 1", reason=cohort.why("table1"))
    return Table(
        columns=columns("Variable", "Level", "#Training", "#Test set", "#SMD"),
        rows=tuple(rows),
        note=f"Counts (share) or median (quartiles). SMD: standardised mean difference, test set minus training; ! beyond {SMD_LIMIT:g}.",
    )


def accounting(cohort: Node) -> Block:
    """Return what was changed, renamed or left out on reading."""
    rows = tuple(
        (
            cell(a.text("file")),
            cell(a.text("column")),
            cell(a.text("kind")),
            cell(a.text("what")),
            figure_cell(words.count(a.count("count"))),
        )
        for a in cohort.nodes("accounting")
    )
    if not rows:
        why = cohort.why("accounting") if not cohort.has("accounting") else "Nothing was coerced, renamed, ignored or left out."
        return Prose(line=say(f"On reading: {why}"))
    return Table(
        columns=columns("File", "Column", "Kind", "What", "#Count"),
        rows=rows,
        folded=True,
        caption=f"Coerced, renamed, ignored or left out on reading: {words.plural(len(rows), 'kind')}",
    )
