"""The provenance graph, the strip of moments and the gauge of a claim."""

from __future__ import annotations

from radaudit.dossier.view.charts import Axis, Gauge, Graph, Strip, Vertex
from radaudit.edges.html.ink import both, fill, stroke
from radaudit.edges.html.plain import escaped
from radaudit.edges.html.svg import FONT, Scale, label, marker, num, path, polyline, rect, segment, width, wrapped

BOX_W, BOX_H, STEP_X, STEP_Y = 138.0, 46.0, 176.0, 62.0
LOOKS = {"file": "muted", "table": "accent", "step": "accent", "guard": "open", "signature": "good", "lock": "good", "dossier": "fg"}


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
    """Return the left upper corner of every node: columns by rank, in a column by the mean place of the parents."""
    column = ranks(chart)
    parents: dict[str, list[str]] = {node.id: [] for node in chart.nodes}
    for start, end in chart.edges:
        parents[end].append(start)
    lanes: dict[int, list[str]] = {}
    for node in chart.nodes:
        lanes.setdefault(column[node.id], []).append(node.id)
    tallest = max(len(lane) for lane in lanes.values())
    y: dict[str, float] = {}
    for rank in sorted(lanes):
        middle = {n: sum(y[p] for p in parents[n] if p in y) / max(1, sum(p in y for p in parents[n])) for n in lanes[rank]}
        lane = sorted(lanes[rank], key=lambda n: (middle[n], lanes[rank].index(n)))
        offset = (tallest - len(lane)) / 2
        y.update({name: (offset + i) * STEP_Y for i, name in enumerate(lane)})
    return {name: (column[name] * STEP_X + 2, y[name] + 4) for name in y}


def graph(chart: Graph) -> tuple[float, float, str, str]:
    """Return the graph: curves from right to left edges, boxes with a name and the start of a digest."""
    places = layout(chart)
    lines = ""
    for start, end in chart.edges:
        (x0, y0), (x1, y1) = places[start], places[end]
        x0, y0, y1 = x0 + BOX_W, y0 + BOX_H / 2, y1 + BOX_H / 2
        bend = max(18.0, min((x1 - x0) / 2, 60.0))
        lines += f"M{num(x0)} {num(y0)}C{num(x0 + bend)} {num(y0)} {num(x1 - bend)} {num(y1)} {num(x1)} {num(y1)}"
        lines += polyline([(x1 - 6, y1 - 3.5), (x1, y1), (x1 - 6, y1 + 3.5)])
    body = path(lines, stroke("muted"), 'stroke-width="1.1" stroke-opacity="0.75"')
    body += "".join(_vertex(node, *places[node.id]) for node in chart.nodes)
    full = max(x for x, _ in places.values()) + BOX_W + 4
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


def gauge(chart: Gauge) -> str:
    """Return the gauge of a claim as an svg element: the required range, the interval, the point."""
    full, tall, y = (330.0, 112.0, 58.0) if chart.large else (176.0, 22.0, 11.0)
    values = [v for v in (chart.value, chart.low, chart.high, chart.lowest, chart.highest) if v is not None]
    size = f'viewBox="0 0 {num(full)} {num(tall)}" width="{num(full)}" height="{num(tall)}"'
    look = "gauge large" if chart.large else "gauge"
    head = f'<svg class="{look}" {size} role="img" aria-label="{escaped(chart.words)}" font-family="{FONT}" font-size="12">'
    if not values:
        return f"{head}{label(full / 2, y + 4, 'no interval', anchor='middle', ink='muted', size=11)}</svg>"
    low, high = min(values), max(values)
    pad = (high - low) * 0.22 or 0.1
    scale = Scale(Axis(label="", low=low - pad, high=high + pad), 4.0, full - 4.0)
    a = scale.start if chart.lowest is None else scale.at(chart.lowest)
    b = scale.end if chart.highest is None else scale.at(chart.highest)
    thick = 34.0 if chart.large else 16.0
    body = path(segment(scale.start, y, scale.end, y), stroke("line"), 'stroke-width="1"')
    if chart.lowest is not None or chart.highest is not None:
        body += rect(a, y - thick / 2, b - a, thick, fill("good"), 'fill-opacity="0.16"')
        for bound, x in ((chart.lowest, a), (chart.highest, b)):
            if bound is not None:
                body += path(segment(x, y - thick / 2, x, y + thick / 2), stroke("good"), f'stroke-width="{2 if chart.large else 1.5}"')
    if chart.low is not None and chart.high is not None:
        ends = 7 if chart.large else 4
        left, right = scale.at(chart.low), scale.at(chart.high)
        d = segment(left, y, right, y) + segment(left, y - ends, left, y + ends) + segment(right, y - ends, right, y + ends)
        body += path(d, stroke(chart.tone), f'stroke-width="{3.2 if chart.large else 2}"')
    if chart.value is not None:
        r = 7.0 if chart.large else 4.0
        x = scale.at(chart.value)
        body += path(polyline([(x, y - r), (x + r, y), (x, y + r), (x - r, y)]) + "z", both(chart.tone, "bg"), 'stroke-width="1"')
    return head + body + (_gauge_words(chart, scale, y, thick) if chart.large else "") + "</svg>"


def _gauge_words(chart: Gauge, scale: Scale, y: float, thick: float) -> str:
    """Return the numbers of a large gauge: bounds above, value and interval below, each held inside the drawing."""

    def held(x: float, text: str, size: float) -> float:
        half = width(text, size) / 2 + 2
        return min(max(x, half), scale.end + 4 - half)

    made = ""
    bounds = [b for b in (chart.lowest, chart.highest) if b is not None]
    for bound in bounds:
        text = f"{bound:g}".replace("-", "−")
        text = f"required ≥ {text}" if chart.highest is None else f"required ≤ {text}" if chart.lowest is None else text
        made += label(held(scale.at(bound), text, 12), y - thick / 2 - 8, text, anchor="middle", ink="good")
    if chart.value is not None:
        text = f"{chart.value:.2f}".replace("-", "−")
        made += label(held(scale.at(chart.value), text, 14), y + thick / 2 + 18, text, anchor="middle", ink=chart.tone, size=14, bold=True)
    ends = [v for v in (chart.low, chart.high) if v is not None]
    for end in ends:
        text = f"{end:.2f}".replace("-", "−")
        near = chart.value is not None and abs(scale.at(end) - scale.at(chart.value)) < 40
        made += "" if near else label(held(scale.at(end), text, 12), y + thick / 2 + 18, text, anchor="middle", ink="muted")
    if len(ends) == 2 and any(chart.value is not None and abs(scale.at(e) - scale.at(chart.value)) < 40 for e in ends):
        text = f"{ends[0]:.2f} to {ends[1]:.2f}".replace("-", "−")
        made += label(held((scale.at(ends[0]) + scale.at(ends[1])) / 2, text, 12), y + thick / 2 + 35, text, anchor="middle", ink="muted")
    return made
