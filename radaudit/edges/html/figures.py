"""A figure of the view turned into SVG: every chart is drawn here by its kind, with a title and a description."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from radaudit.dossier.view.charts import Chart
from radaudit.dossier.view.parts import Figure, Key
from radaudit.edges.html.diagrams import confusion, flow, heat, mosaic
from radaudit.edges.html.graphs import graph, strip
from radaudit.edges.html.ink import both, fill, stroke
from radaudit.edges.html.plots import plot
from radaudit.edges.html.rows import rows
from radaudit.edges.html.svg import canvas, marker, path, rect, segment

DRAWN: dict[str, Callable[[Any], tuple[float, float, str, str]]] = {
    "plot": plot,
    "rows": rows,
    "flow": flow,
    "mosaic": mosaic,
    "heat": heat,
    "confusion": confusion,
    "strip": strip,
    "graph": graph,
}


def drawn(figure: Figure) -> list[str]:
    """Return the charts of a figure as svg elements."""
    made = []
    for i, chart in enumerate(figure.charts):
        w, h, body, look = DRAWN[chart.kind](chart)
        part = f" ({_panel(chart, i)})" if len(figure.charts) > 1 else ""
        made.append(canvas(f"{figure.id}-{chr(97 + i)}", w, h, f"{figure.id}{part}: {figure.question}", figure.answer, body, look=look))
    return made


def _panel(chart: Chart, i: int) -> str:
    title = getattr(chart, "title", "")
    return str(title) if title else f"part {i + 1}"


def swatch(key: Key) -> str:
    """Return the little drawing of a legend entry."""
    if key.look == "line":
        dash = f' stroke-dasharray="{key.dash}"' if key.dash else ""
        body = path(segment(1, 7, 23, 7), stroke(key.ink), f'stroke-width="2.4"{dash}')
    elif key.look == "band":
        body = rect(1, 2, 22, 10, fill(key.ink), 'fill-opacity="0.2"')
    elif key.look == "box":
        paint = both("soft", "muted") + ' stroke-width="0.6"' if key.ink == "soft" else fill(key.ink)
        body = rect(5, 1.5, 14, 11, paint)
    elif key.look == "ring":
        body = path(marker(12, 7, 0, 4.2), both("bg", key.ink), 'stroke-width="1.6"')
    else:
        body = path(marker(12, 7, key.shape, 4.6), fill(key.ink))
    return f'<svg class="swatch" viewBox="0 0 24 14" width="24" height="14" aria-hidden="true">{body}</svg>'
