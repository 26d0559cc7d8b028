"""What a figure shows, in data units: layers, rows, cells, boxes; how it is drawn is decided at the edge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """One scale: ``kind`` is linear, logit or mirror (ticks without sign); ``percent`` writes percentages; ``names`` label ``ticks``."""

    label: str
    low: float
    high: float
    kind: str = "linear"
    percent: bool = False
    ticks: tuple[float, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """The area between two curves."""

    x: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    ink: str = "accent"
    kind: ClassVar[str] = "band"


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line through points; ``dash`` as in SVG; ``step`` draws stairs."""

    points: Points
    ink: str = "accent"
    width: float = 2.0
    dash: str = ""
    label: str = ""
    kind: ClassVar[str] = "curve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Points with one marker shape, numbered 0 to 6."""

    points: Points
    ink: str = "accent"
    shape: int = 0
    size: float = 3.2
    faint: bool = False
    kind: ClassVar[str] = "marks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whiskers:
    """Vertical intervals at x."""

    rows: tuple[tuple[float, float, float], ...]
    ink: str = "accent"
    kind: ClassVar[str] = "whiskers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrows:
    """Arrows from a point to a point."""

    rows: tuple[tuple[float, float, float, float], ...]
    ink: str = "accent"
    shape: int = 0
    strong: bool = True
    kind: ClassVar[str] = "arrows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """Upright bars from ``base``: (left, right, height)."""

    rows: tuple[tuple[float, float, float], ...]
    ink: str = "accent"
    hollow: bool = False
    kind: ClassVar[str] = "bars"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A reference line: at x, at y, or the identity, whose label stands at a share of its length."""

    x: float | None = None
    y: float | None = None
    identity: bool = False
    label: str = ""
    ink: str = "muted"
    dash: str = "4 3"
    at: float = 0.62
    kind: ClassVar[str] = "rule"


Layer = Band | Curve | Marks | Whiskers | Arrows | Bars | Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Two axes and layers, drawn in order; ``title`` stands above a panel.

    ``below``: rows of (name, ink, numbers) under the ticks of the x axis, such as how many patients are still followed.
    """

    x: Axis
    y: Axis
    layers: tuple[Layer, ...]
    title: str = ""
    height: int = 340
    square: bool = False
    below: tuple[tuple[str, str, tuple[str, ...]], ...] = ()
    kind: ClassVar[str] = "plot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One quantity in a row: a point with an interval; ``form`` is point, diamond, span, bar or ring."""

    value: float | None
    low: float | None = None
    high: float | None = None
    form: str = "point"
    ink: str = "accent"
    shape: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOf:
    """One row of a row chart: label and cells at the left, marks on the axis, text at the right."""

    label: str
    cells: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()
    text: str = ""
    strong: bool = False
    gap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A row chart: forests, dots, bars and dumbbells on one horizontal axis with reference lines and an optional shaded range."""

    axis: Axis
    rows: tuple[RowOf, ...]
    heads: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    shade: tuple[float, float] | None = None
    join: bool = False
    wide: bool = False
    kind: ClassVar[str] = "rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One box of the flow diagram; ``side`` boxes leave the flow to the right, ``leaf`` boxes end it."""

    title: str
    lines: tuple[str, ...]
    side: bool = False
    leaf: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A STARD-like flow of patients, from top to bottom."""

    boxes: tuple[Box, ...]
    kind: ClassVar[str] = "flow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mosaic:
    """One bar per group, as high as its members are many, divided by a share; ``pooled`` is the share in all."""

    rows: tuple[tuple[str, int, int], ...]
    yes: str
    no: str
    pooled: float
    kind: ClassVar[str] = "mosaic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Cells with a share from 0 to 1 (None: nothing to measure), each with its number written in it."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    share: tuple[tuple[float | None, ...], ...]
    top: float
    kind: ClassVar[str] = "heat"


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Two by two: rows what happened, columns what was predicted."""

    tp: int
    fp: int
    fn: int
    tn: int
    kind: ClassVar[str] = "confusion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One event of the access strip; ``opens`` marks an opening of the test set."""

    when: str
    what: str
    opens: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """Moments in their order, not to scale."""

    moments: tuple[Moment, ...]
    kind: ClassVar[str] = "strip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex:
    """One node of the provenance graph; ``what`` chooses its look (file, step, result, guard)."""

    id: str
    label: str
    what: str
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A directed graph without cycles, laid out left to right by its longest path."""

    nodes: tuple[Vertex, ...]
    edges: tuple[tuple[str, str], ...]
    kind: ClassVar[str] = "graph"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """An interval against the range a claim requires; ``lowest`` or ``highest`` None means open."""

    value: float | None
    low: float | None
    high: float | None
    lowest: float | None
    highest: float | None
    tone: str
    words: str
    required: str = ""
    large: bool = False
    kind: ClassVar[str] = "gauge"


Chart = Plot | Rows | Flow | Mosaic | Heat | Confusion | Strip | Graph
