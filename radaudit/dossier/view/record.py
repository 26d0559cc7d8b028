"""Sections 10 and 12: who opened the test set, and from what everything was made."""

from __future__ import annotations

from radaudit.dossier.view import words
from radaudit.dossier.view.charts import Graph, Moment, Strip, Vertex
from radaudit.dossier.view.node import Node
from radaudit.dossier.view.parts import (
    Block,
    Facts,
    Figure,
    Figures,
    Heading,
    Line,
    Missing,
    NoFigure,
    Prose,
    Status,
    Table,
    Verbatim,
    cell,
    columns,
    figure_cell,
    say,
    span,
    status_cell,
)


def access(record: Node) -> tuple[Block, ...]:
    """Return the blocks of section 10."""
    openings, allowed = record.nodes("openings"), record.count("allowed")
    used = f"{words.plural(len(openings), 'opening')} of the test set"
    used += f"; {words.count(allowed)} allowed by the plan." if allowed is not None else "."
    amended = " The plan was amended: verdicts after that are post hoc." if record.flag("amended") else ""
    made: list[Block] = [Prose(line=(span(used, style="strong"), span(amended)))]
    if not record.has("openings") or record.text("openings_reason"):
        made = [Missing(what="The access log", reason=record.why("openings"))]
    elif openings:
        made.append(openings_table(openings, allowed))
    made.append(Figures(figures=(strip(record, openings),)))
    made.append(ledger(record))
    return tuple(made)


def openings_table(openings: tuple[Node, ...], allowed: int | None) -> Table:
    """Return one row per opening; those beyond what the plan allows are marked."""
    rows = []
    for i, opening in enumerate(openings, start=1):
        n = opening.count("n") or i
        beyond = allowed is not None and n > allowed
        mark = Status(word="beyond the plan", symbol="✕", tone="bad") if beyond else Status(word="as planned", symbol="✓", tone="good")
        rows.append(
            (
                figure_cell(words.count(n)),
                cell(opening.text("at")),
                cell(opening.text("who")),
                cell(opening.text("why")),
                cell(words.short(opening.text("lock")), style="code"),
                cell(words.short(opening.text("hash")), style="code"),
                status_cell(mark),
            )
        )
    return Table(columns=columns("#No.", "Time (UTC)", "Who", "Reason given", "Lock", "Entry", "Counted"), rows=tuple(rows))


def strip(record: Node, openings: tuple[Node, ...]) -> Figure | NoFigure:
    """Return FIG-10-1: what happened, in its order; ``timeline`` of the record if there is one, else the openings and this dossier."""
    question = "Was everything locked before the test set was opened?"
    told = record.nodes("timeline")
    moments = [Moment(when=m.text("at"), what=m.text("what"), opens=m.text("what").casefold().startswith("open")) for m in told]
    if not moments:
        moments = [Moment(when=o.text("at"), what=f"opening {o.text('n') or i}", opens=True) for i, o in enumerate(openings, start=1)]
        moments += [Moment(when=record.text("created"), what="dossier")] if record.text("created") else []
    if not moments:
        return NoFigure(id="FIG-10-1", question=question, reason=record.why("openings"))
    first = next((i for i, m in enumerate(moments) if m.opens), None)
    locked = next((i for i, m in enumerate(moments) if m.what.casefold().startswith("lock")), None)
    if first is None:
        answer = "The test set is sealed: no opening is recorded."
    elif locked is None:
        answer = f"First opening {moments[first].when}; every opening names the lock it tested."
    elif locked < first:
        answer = f"Locked {moments[locked].when}, first opened {moments[first].when}."
    else:
        answer = "The test set was opened before the lock."
    return Figure(
        id="FIG-10-1",
        question=question,
        answer=answer,
        read="From left to right in the order of the record, not to scale; diamonds are openings of the test set.",
        charts=(Strip(moments=tuple(moments)),),
        table=Table(columns=columns("Time (UTC)", "What"), rows=tuple((cell(m.when), cell(m.what)) for m in moments)),
        wide=True,
    )


def ledger(record: Node) -> Facts | Missing:
    """Return the state of the chain."""
    chain, key = record.node("ledger"), record.node("key")
    if not chain:
        return Missing(what="The ledger", reason=record.why("ledger"))
    rows: list[tuple[str, Line]] = [
        (
            "Ledger",
            say(f"{words.plural(chain.count('entries'), 'entry').replace('entrys', 'entries')}, each holding the digest of the one before"),
        ),
        ("Head", (span(chain.text("head") or chain.why("head"), style="code"),)),
    ]
    rows += [("Root", (span(chain.text("root"), style="code"),))] if chain.text("root") else []
    rows += [("Signed by key", (span(key.text("fingerprint"), style="code"),))] if key.text("fingerprint") else []
    return Facts(rows=tuple(rows))


def provenance(evidence: Node, record: Node) -> tuple[Block, ...]:
    """Return the blocks of section 12."""
    study, cohort = evidence.node("study"), evidence.node("cohort")
    return (
        Figures(figures=(graph(evidence),)),
        Heading(text="Sources"),
        sources(cohort),
        Heading(text="Digests"),
        digests(evidence, record),
        Heading(text="Environment"),
        *environment(record),
        *mlflow(record),
        *commands(record),
        Heading(text="study.yaml, as it was"),
        Verbatim(text=study.text("file"), label="study.yaml", folded=True)
        if study.text("file")
        else Missing(what="study.yaml", reason=study.why("file")),
    )


def graph(evidence: Node) -> Figure | NoFigure:
    """Return FIG-12-1."""
    question = "From what was each result made?"
    part = evidence.node("provenance")
    nodes = tuple(
        Vertex(id=n.text("id"), label=n.text("label") or n.text("id"), what=n.text("kind"), digest=n.text("digest"))
        for n in part.nodes("nodes")
    )
    names = {n.id for n in nodes}
    pairs = [tuple(str(end) for end in pair) for pair in part.items("edges") if isinstance(pair, list) and len(pair) == 2]
    edges = tuple((pair[0], pair[1]) for pair in pairs if pair[0] in names and pair[1] in names and pair[0] != pair[1])
    if not nodes or len(names) != len(nodes):
        return NoFigure(id="FIG-12-1", question=question, reason=evidence.why("provenance") if not part else part.why("nodes"))
    label = {n.id: n.label for n in nodes}
    rows = tuple(
        (cell(n.label), cell(n.what), cell(n.digest or words.DASH, style="code"), cell(", ".join(label[a] for a, b in edges if b == n.id)))
        for n in nodes
    )
    versions = "; ".join(f"{name} {value}" for name, value in part.mapping("versions"))
    return Figure(
        id="FIG-12-1",
        question=question,
        answer=f"{words.count(len(nodes))} things and {words.count(len(edges))} uses, each with its digest"
        + (f" ({versions})." if versions else "."),
        read="From left to right; a line says that the right one was made from the left one; below each name is the start of its SHA-256.",
        charts=(Graph(nodes=nodes, edges=edges),),
        table=Table(columns=columns("What", "Kind", "SHA-256", "Made from"), rows=rows),
        wide=True,
    )


def sources(cohort: Node) -> Block:
    """Return the source files with their digests."""
    rows = tuple(
        (
            cell(s.text("file"), style="strong"),
            cell(s.text("role")),
            cell(s.text("reader")),
            figure_cell(words.count(s.count("rows"))),
            figure_cell(words.count(s.count("columns"))),
            figure_cell(words.count(s.count("bytes"))),
            cell("; ".join(f"{k} {v}" for k, v in s.mapping("dialect"))),
            cell(s.text("sha256"), style="code"),
        )
        for s in cohort.nodes("sources")
    )
    if not rows:
        return Missing(what="Sources", reason=cohort.why("sources"))
    return Table(columns=columns("File", "Role", "Reader", "#Rows", "#Columns", "#Bytes", "Dialect", "SHA-256"), rows=rows)


def digests(evidence: Node, record: Node) -> Facts:
    """Return the digests that tie this page to its parts."""
    table = evidence.node("cohort").node("table")
    size = f" ({words.count(table.count('rows'))} rows, {words.count(table.count('features'))} features)" if table else ""
    rows = (
        ("Evidence", record.text("evidence_sha256")),
        ("Plan", evidence.node("study").text("plan_sha256")),
        (f"Feature table{size}", table.text("digest")),
        ("Signature", evidence.node("signature").text("sha256")),
    )
    return Facts(rows=tuple((label, (span(value or words.DASH, style="code"),)) for label, value in rows))


def environment(record: Node) -> tuple[Block, ...]:
    """Return interpreter, platform and package versions."""
    part = record.node("environment")
    if not part:
        return (Missing(what="The environment", reason=record.why("environment")),)
    packages = part.mapping("packages")
    rows = tuple((cell(name), cell(version, style="code")) for name, version in packages)
    top = Facts(rows=(("Python", say(part.text("python") or words.DASH)), ("Platform", say(part.text("platform") or words.DASH))))
    if not rows:
        return (top,)
    return (top, Table(columns=columns("Package", "Version"), rows=rows, caption=words.plural(len(rows), "package"), folded=True))


def mlflow(record: Node) -> tuple[Block, ...]:
    """Return the mirror in MLflow, if there is one."""
    part = record.node("mlflow")
    if not part:
        return (Missing(what="MLflow", reason=record.why("mlflow")),)
    runs = part.items("runs")
    texts = [", ".join(f"{k} {run[k]}" for k in sorted(run)) if isinstance(run, dict) else str(run) for run in runs]
    return (Facts(rows=(("MLflow experiment", say(part.text("experiment") or words.DASH)), ("Runs", say("; ".join(texts) or "none")))),)


def commands(record: Node) -> tuple[Block, ...]:
    """Return the commands that were run."""
    lines = record.texts("commands")
    return (Verbatim(text="\n".join(lines), label="Commands, in order", folded=len(lines) > 12),) if lines else ()
