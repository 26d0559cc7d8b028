"""The gauge of a claim: the interval observed against the range required."""

from __future__ import annotations

from radaudit.dossier.view.charts import Axis, Gauge
from radaudit.edges.html.ink import both, fill, stroke
from radaudit.edges.html.plain import escaped
from radaudit.edges.html.svg import FONT, Scale, label, num, path, polyline, rect, segment, width

LARGE, SMALL = (330.0, 98.0, 56.0), (176.0, 22.0, 11.0)
NEAR = 44.0


def gauge(chart: Gauge) -> str:
    """Return the gauge as an svg element, with its words as its label."""
    full, tall, y = LARGE if chart.large else SMALL
    values = [v for v in (chart.value, chart.low, chart.high, chart.lowest, chart.highest) if v is not None]
    if not values:
        return _element(chart, full, tall, label(full / 2, y + 4, "no interval", anchor="middle", ink="muted", size=11))
    low, high = min(values), max(values)
    pad = (high - low) * 0.22 or 0.1
    scale = Scale(Axis(label="", low=low - pad, high=high + pad), 4.0, full - 4.0)
    thick = 34.0 if chart.large else 16.0
    body = path(segment(scale.start, y, scale.end, y), stroke("line"), 'stroke-width="1"')
    body += _required(chart, scale, y, thick) + _observed(chart, scale, y)
    if not chart.large:
        return _element(chart, full, tall, body)
    close = any(
        abs(scale.at(end) - scale.at(chart.value)) < NEAR for end in (chart.low, chart.high) if end is not None and chart.value is not None
    )
    body += _bound_words(chart, scale, y - thick / 2 - 8) + _value_words(chart, scale, y + thick / 2 + 18, close=close)
    return _element(chart, full, tall + (16.0 if close else 0.0), body)


def _element(chart: Gauge, full: float, tall: float, body: str) -> str:
    size = f'viewBox="0 0 {num(full)} {num(tall)}" width="{num(full)}" height="{num(tall)}"'
    look = "gauge large" if chart.large else "gauge"
    return f'<svg class="{look}" {size} role="img" aria-label="{escaped(chart.words)}" font-family="{FONT}" font-size="12">{body}</svg>'


def _required(chart: Gauge, scale: Scale, y: float, thick: float) -> str:
    """Return the required range, open to the side without a bound."""
    if chart.lowest is None and chart.highest is None:
        return ""
    a = scale.start if chart.lowest is None else scale.at(chart.lowest)
    b = scale.end if chart.highest is None else scale.at(chart.highest)
    ends = [x for bound, x in ((chart.lowest, a), (chart.highest, b)) if bound is not None]
    lines = "".join(segment(x, y - thick / 2, x, y + thick / 2) for x in ends)
    range_ = rect(a, y - thick / 2, b - a, thick, fill("good"), 'fill-opacity="0.16"')
    return range_ + path(lines, stroke("good"), f'stroke-width="{2 if chart.large else 1.5}"')


def _observed(chart: Gauge, scale: Scale, y: float) -> str:
    """Return the interval and the point."""
    made = ""
    if chart.low is not None and chart.high is not None:
        tick, left, right = (7 if chart.large else 4), scale.at(chart.low), scale.at(chart.high)
        line = segment(left, y, right, y) + segment(left, y - tick, left, y + tick) + segment(right, y - tick, right, y + tick)
        made += path(line, stroke(chart.tone), f'stroke-width="{3.2 if chart.large else 2}"')
    if chart.value is not None:
        r, x = (7.0 if chart.large else 4.0), scale.at(chart.value)
        made += path(polyline([(x, y - r), (x + r, y), (x, y + r), (x - r, y)]) + "z", both(chart.tone, "bg"), 'stroke-width="1"')
    return made


def _held(scale: Scale, x: float, text: str, size: float) -> float:
    """Return the middle of a text, moved so far that the text stays inside the drawing."""
    half = width(text, size) / 2 + 2
    return min(max(x, half), scale.end + 4 - half)


def _bound_words(chart: Gauge, scale: Scale, y: float) -> str:
    """Return what is required above the range."""
    inside = [b for b in (chart.lowest, chart.highest) if b is not None]
    if not inside:
        return ""
    middle = sum(scale.at(b) for b in inside) / len(inside)
    text = f"required {chart.required}"
    return label(_held(scale, middle, text, 12), y, text, anchor="middle", ink="good", room=scale.end)


def _value_words(chart: Gauge, scale: Scale, y: float, *, close: bool) -> str:
    """Return the value and the ends of the interval below; the ends go on a line of their own where they would touch the value."""
    made = ""
    if chart.value is not None:
        text = f"{chart.value:.2f}".replace("-", "−")
        made += label(_held(scale, scale.at(chart.value), text, 14), y, text, anchor="middle", ink=chart.tone, size=14, bold=True)
    if chart.low is None or chart.high is None:
        return made
    ends = [(scale.at(end), f"{end:.2f}".replace("-", "−")) for end in (chart.low, chart.high)]
    if not close:
        return made + "".join(label(_held(scale, x, text, 12), y, text, anchor="middle", ink="muted") for x, text in ends)
    text = f"{ends[0][1]} to {ends[1][1]}"
    return made + label(_held(scale, (ends[0][0] + ends[1][0]) / 2, text, 12), y + 17, text, anchor="middle", ink="muted")
