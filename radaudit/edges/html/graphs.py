"""The provenance graph and the strip of moments."""

from __future__ import annotations

from radaudit.dossier.view.charts import Graph, Strip, Vertex
from radaudit.edges.html.ink import both, fill, stroke
from radaudit.edges.html.svg import label, marker, num, path, polyline, rect, segment, wrapped

BOX_W, BOX_H, STEP_X, STEP_Y = 136.0, 46.0, 168.0, 60.0
BAND, BETWEEN = 6, 26.0
LOOKS = {
    "file": "muted",
    "table": "accent",
    "step": "accent",
    "stage": "accent",
    "guard": "open",
    "signature": "good",
    "lock": "good",
    "dossier": "fg",
}


def ranks(chart: Graph) -> dict[str, int]:
    """Return the column of every node: the longest path that leads to it; what lies on a cycle goes last."""
    parents: dict[str, set[str]] = {node.id: set() for node in chart.nodes}
    for start, end in chart.edges:
        parents[end].add(start)
    placed: dict[str, int] = {}
    while len(placed) < len(parents):
        ready = [name for name in parents if name not in placed and all(p in placed for p in parents[name])]
        if not ready:
            last = max(placed.values(), default=-1) + 1
            placed.update({name: last for name in parents if name not in placed})
            break
        for name in ready:
            placed[name] = max((placed[p] + 1 for p in parents[name]), default=0)
    return placed


def layout(chart: Graph) -> dict[str, tuple[float, float]]:
    """Return the left upper corner of every node: columns by rank, in a column by the mean place of the parents.

    More than ``BAND`` columns go on in a further band below, again from the left, so that names stay large enough to read.
    """
    column = ranks(chart)
    parents: dict[str, list[str]] = {node.id: [] for node in chart.nodes}
    for start, end in chart.edges:
        parents[end].append(start)
    lanes: dict[int, list[str]] = {}
    for node in chart.nodes:
        lanes.setdefault(column[node.id], []).append(node.id)
    y: dict[str, float] = {}
    top = 0.0
    for first in range(0, max(lanes) + 1, BAND):
        band = [rank for rank in sorted(lanes) if first <= rank < first + BAND]
        tallest = max(len(lanes[rank]) for rank in band)
        for rank in band:
            middle = {n: sum(y[p] for p in parents[n] if p in y) / max(1, sum(p in y for p in parents[n])) for n in lanes[rank]}
            lane = sorted(lanes[rank], key=lambda n: (middle[n], lanes[rank].index(n)))
            offset = top + (tallest - len(lane)) / 2 * STEP_Y
            y.update({name: offset + i * STEP_Y for i, name in enumerate(lane)})
        top += tallest * STEP_Y + BETWEEN
    return {name: (column[name] % BAND * STEP_X + 2, y[name] + 4) for name in y}


def graph(chart: Graph) -> tuple[float, float, str, str]:
    """Return the graph: curves from right to left edges, or down to the next band; boxes with a name and the start of a digest."""
    places, column = layout(chart), ranks(chart)
    lines = ""
    for start, end in chart.edges:
        (x0, y0), (x1, y1) = places[start], places[end]
        if column[start] // BAND == column[end] // BAND and column[start] < column[end]:
            x0, y0, y1 = x0 + BOX_W, y0 + BOX_H / 2, y1 + BOX_H / 2
            bend = max(14.0, min((x1 - x0) / 2, 60.0))
            lines += f"M{num(x0)} {num(y0)}C{num(x0 + bend)} {num(y0)} {num(x1 - bend)} {num(y1)} {num(x1)} {num(y1)}"
            lines += polyline([(x1 - 6, y1 - 3.5), (x1, y1), (x1 - 6, y1 + 3.5)])
        else:
            x0, y0, x1 = x0 + BOX_W / 2, y0 + BOX_H, x1 + BOX_W / 2
            lines += f"M{num(x0)} {num(y0)}C{num(x0)} {num(y0 + 46)} {num(x1)} {num(y1 - 46)} {num(x1)} {num(y1)}"
            lines += polyline([(x1 - 3.5, y1 - 6), (x1, y1), (x1 + 3.5, y1 - 6)])
    body = path(lines, stroke("muted"), 'stroke-width="1.1" stroke-opacity="0.75"')
    body += "".join(_vertex(node, *places[node.id]) for node in chart.nodes)
    full = max(max(x for x, _ in places.values()) + BOX_W + 4, 640.0)
    tall = max(y for _, y in places.values()) + BOX_H + 6
    return full, tall, body, "wide"


def _vertex(node: Vertex, x: float, y: float) -> str:
    ink = LOOKS.get(node.what, "muted")
    made = rect(x, y, BOX_W, BOX_H, both("panel", ink), 'stroke-width="1.2" rx="5"') + rect(x, y + 6, 3.5, BOX_H - 12, fill(ink))
    made += label(x + 11, y + 19, node.label, bold=True, size=11.5, room=(BOX_W - 18) / 1.06)
    tail = node.digest[:10] + "…" if len(node.digest) > 10 else node.digest
    return made + label(x + 11, y + 35, f"{node.what}  {tail}".strip(), ink="muted", size=10, room=BOX_W - 16)


def strip(chart: Strip) -> tuple[float, float, str, str]:
    """Return the strip of moments; of more than nine the first four and the last four stay, and what is between is counted."""
    moments = list(chart.moments)
    full, y = 980.0, 34.0
    shown: list[tuple[str, str, bool]] = [(m.when, m.what, m.opens) for m in moments]
    if len(shown) > 9:
        shown = [*shown[:4], ("", f"{len(shown) - 8} more", False), *shown[-4:]]
    step = full / len(shown)
    body = path(segment(step / 2, y, full - step / 2, y), stroke("muted"), 'stroke-width="2"')
    for i, (when, what, opens) in enumerate(shown):
        x = step * (i + 0.5)
        paint = both("open" if opens else "accent", "bg")
        body += path(marker(x, y, 3 if opens else 0, 8 if opens else 7), paint, 'stroke-width="2"')
        for k, line in enumerate(wrapped(what, step - 12, 12, most=2)):
            body += label(x, y + 26 + 15 * k, line, anchor="middle", bold=True)
        body += label(x, y - 18, when.replace("T", " ").removesuffix("Z"), anchor="middle", ink="muted", size=11, room=step - 8)
    return full, y + 52, body, "wide"
