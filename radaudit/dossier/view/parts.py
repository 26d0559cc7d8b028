"""What a page is made of: spans, cells, tables, figures, entries, sections. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from radaudit.dossier.view.charts import Chart, Gauge


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """A word with its symbol and tone (good, bad, warn, open, none): colour never stands alone."""

    word: str
    symbol: str
    tone: str
    claim: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A piece of a line: text, where it links to on this page, how it is set (strong, code, muted) or the status it states."""

    text: str = ""
    link: str = ""
    style: str = ""
    status: Status | None = None


Line = tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell; ``number`` aligns right; ``gauge`` draws a small interval instead of text."""

    line: Line = ()
    number: bool = False
    gauge: Gauge | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The head of a column."""

    label: str
    number: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table; ``folded`` puts it behind its caption; ``note`` stands below; ``anchors`` gives each row an id."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""
    note: str = ""
    folded: bool = False
    anchors: tuple[str, ...] = ()
    kind: ClassVar[str] = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """A paragraph."""

    line: Line
    muted: bool = False
    kind: ClassVar[str] = "prose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading inside a section."""

    text: str
    kind: ClassVar[str] = "heading"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Names with their values."""

    rows: tuple[tuple[str, Line], ...]
    kind: ClassVar[str] = "facts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbatim:
    """Text as it is, line by line; ``folded`` puts it behind its label."""

    text: str
    label: str = ""
    folded: bool = False
    kind: ClassVar[str] = "verbatim"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What could not be computed, and why; ``figures`` would have stood here, so that links to them still arrive."""

    what: str
    reason: str
    figures: tuple[str, ...] = ()
    kind: ClassVar[str] = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One entry of a legend: a marker, a line, a band or a bar."""

    label: str
    ink: str
    look: str = "marker"
    shape: int = 0
    dash: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A question, its answer, the charts that show it, how to read them, and the table of what is drawn."""

    id: str
    question: str
    answer: str
    read: str
    charts: tuple[Chart, ...]
    table: Table
    legend: tuple[Key, ...] = ()
    wide: bool = False
    stacked: bool = False
    kind: ClassVar[str] = "figure"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoFigure:
    """The place of a figure that could not be drawn, and why."""

    id: str
    question: str
    reason: str
    kind: ClassVar[str] = "nofigure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Figures side by side where there is room."""

    figures: tuple[Figure | NoFigure, ...]
    kind: ClassVar[str] = "figures"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One finding as a reader needs it."""

    id: str
    code: str
    title: str
    status: Status
    rows: tuple[tuple[str, Line], ...]
    kind: ClassVar[str] = "entry"


Block = Table | Prose | Heading | Facts | Verbatim | Missing | Figure | Figures | Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A numbered section: its question, its state for the list at the left, its blocks."""

    number: str
    id: str
    title: str
    question: str
    blocks: tuple[Block, ...]
    state: tuple[Status, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason of a verdict and where it is shown."""

    sentence: str
    label: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One number of the first screen."""

    value: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """The first screen: the deciding claim, the verdict, why, four numbers, all claims, the rule, coverage, level of evidence."""

    eyebrow: str
    claim: str
    overall: Status
    post_hoc: bool
    sentence: str
    reasons: tuple[Reason, ...]
    shown: Line
    needed: str
    gauge: Gauge | None
    tiles: tuple[Tile, ...]
    claims: Table | Missing
    rule: tuple[str, ...]
    coverage: tuple[Line, ...]
    level: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """The whole page."""

    study: str
    title: str
    question: str
    signature: str
    counts: tuple[Status, ...]
    evidence: str
    generator: str
    top: Top
    sections: tuple[Section, ...]


def span(text: str, *, link: str = "", style: str = "") -> Span:
    """Return a span."""
    return Span(text=text, link=link, style=style)


def say(text: str) -> Line:
    """Return a line of plain text."""
    return (Span(text=text),)


def cell(text: str, *, link: str = "", style: str = "") -> Cell:
    """Return a cell of text."""
    return Cell(line=(Span(text=text, link=link, style=style),))


def figure_cell(text: str) -> Cell:
    """Return a cell of a number, aligned right."""
    return Cell(line=(Span(text=text),), number=True)


def status_cell(status: Status) -> Cell:
    """Return a cell that states a status."""
    return Cell(line=(Span(status=status),))


def columns(*labels: str) -> tuple[Column, ...]:
    """Return columns; a label that starts with # heads numbers."""
    return tuple(Column(label=label.removeprefix("#"), number=label.startswith("#")) for label in labels)
