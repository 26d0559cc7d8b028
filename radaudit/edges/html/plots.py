"""Two-axis plots: axes, then layers in their order."""

from __future__ import annotations

from collections.abc import Callable

from radaudit.dossier.view.charts import Arrows, Band, Bars, Curve, Layer, Marks, Plot, Rule, Whiskers
from radaudit.edges.html.ink import both, fill, stroke
from radaudit.edges.html.svg import Scale, label, marker, num, path, polyline, rect, segment, width

W, LEFT, RIGHT = 480.0, 48.0, 14.0
LINE = 15.0


def plot(chart: Plot) -> tuple[float, float, str, str]:
    """Return width, height, body and look of a plot."""
    top = 26.0 if chart.y.label else 10.0
    top += 20.0 if chart.title else 0.0
    foot = 24.0 + (18.0 if chart.x.label else 0.0)
    extra = LINE * len(chart.below) + (6.0 if chart.below else 0.0)
    inner_w = W - LEFT - RIGHT
    inner_h = inner_w * 0.82 if chart.square else chart.height - top - foot
    x = Scale(chart.x, 0.0, inner_w)
    y = Scale(chart.y, inner_h, 0.0)
    heading = label(LEFT, 14, chart.title, size=13, bold=True) if chart.title else ""
    heading += label(2, top - 10, chart.y.label, ink="muted", room=W - 4) if chart.y.label else ""
    inside = "".join(DRAWN[layer.kind](layer, x, y) for layer in chart.layers)
    clipped = f'<svg x="{num(LEFT)}" y="{num(top)}" width="{num(inner_w)}" height="{num(inner_h)}" overflow="hidden">{inside}</svg>'
    words = f'<g transform="translate({num(LEFT)} {num(top)})">{_rule_labels(chart.layers, x, y)}</g>'
    table = _below(chart, x, top + inner_h + foot)
    return W, top + inner_h + foot + extra, heading + _frame(chart, x, y, top) + clipped + words + table, "half"


def _below(chart: Plot, x: Scale, start: float) -> str:
    """Return the rows of numbers under the ticks, each in the ink of its curve."""
    texts = ""
    for k, (name, ink, numbers) in enumerate(chart.below):
        line = start + 6 + LINE * k + 9
        texts += label(2, line, name, ink=ink, size=11, room=LEFT - 14)
        texts += "".join(
            label(LEFT + x.at(at), line, number, anchor="middle", ink="muted", size=11)
            for at, number in zip(chart.x.ticks, numbers, strict=True)
        )
    return texts


def _frame(chart: Plot, x: Scale, y: Scale, top: float) -> str:
    """Return grid, ticks and axis labels."""
    inner_w, inner_h = x.end, y.start
    grid, texts = "", ""
    for value, text in y.ticks(42.0):
        at = top + y.at(value)
        grid += segment(LEFT, at, LEFT + inner_w, at)
        texts += label(LEFT - 7, at + 4, text, anchor="end", ink="muted", size=11)
    ticks = x.ticks(58.0)
    for value, text in ticks:
        at = LEFT + x.at(value)
        grid += segment(at, top, at, top + inner_h)
        texts += label(at, top + inner_h + 16, text, anchor="middle", ink="muted", size=11)
    base = segment(LEFT, top + inner_h, LEFT + inner_w, top + inner_h)
    if chart.x.label:
        texts += label(LEFT + inner_w / 2, top + inner_h + 35, chart.x.label, anchor="middle", ink="muted", room=W - 20)
    return path(grid, stroke("line"), 'stroke-width="0.7"') + path(base, stroke("muted"), 'stroke-width="1"') + texts


def _band(layer: Layer, x: Scale, y: Scale) -> str:
    assert isinstance(layer, Band)
    up = [(x.at(a), y.at(b)) for a, b in zip(layer.x, layer.high, strict=True)]
    down = [(x.at(a), y.at(b)) for a, b in zip(layer.x, layer.low, strict=True)]
    return path(polyline(up + down[::-1]) + "z", fill(layer.ink), 'fill-opacity="0.17"')


def _curve(layer: Layer, x: Scale, y: Scale) -> str:
    assert isinstance(layer, Curve)
    extra = f'stroke-width="{num(layer.width)}" stroke-linejoin="round"' + (f' stroke-dasharray="{layer.dash}"' if layer.dash else "")
    extra += ' stroke-opacity="0.6"' if layer.width < 1 else ""
    return path(polyline([(x.at(a), y.at(b)) for a, b in layer.points]), stroke(layer.ink), extra)


def _marks(layer: Layer, x: Scale, y: Scale) -> str:
    assert isinstance(layer, Marks)
    d = "".join(marker(x.at(a), y.at(b), layer.shape, layer.size) for a, b in layer.points)
    return path(d, fill(layer.ink), 'fill-opacity="0.6"') if layer.faint else path(d, both(layer.ink, "bg"), 'stroke-width="1"')


def _whiskers(layer: Layer, x: Scale, y: Scale) -> str:
    assert isinstance(layer, Whiskers)
    d = "".join(segment(x.at(a), y.at(lo), x.at(a), y.at(hi)) for a, lo, hi in layer.rows)
    return path(d, stroke(layer.ink), 'stroke-width="1.3"') if d else ""


def _arrows(layer: Layer, x: Scale, y: Scale) -> str:
    """Return every arrow as a line with a dot at its head: heads of hundreds of arrows would be a thicket."""
    assert isinstance(layer, Arrows)
    lines = "".join(segment(x.at(a), y.at(b), x.at(c), y.at(d)) for a, b, c, d in layer.rows)
    heads = "".join(marker(x.at(c), y.at(d), layer.shape, 2.6 if layer.strong else 1.9) for _, _, c, d in layer.rows)
    tails = "".join(marker(x.at(a), y.at(b), 0, 1.4) for a, b, _, _ in layer.rows)
    opacity = "0.55" if layer.strong else "0.22"
    return (
        path(lines, stroke("muted"), f'stroke-width="1" stroke-opacity="{opacity}"')
        + path(tails, fill("muted"), f'fill-opacity="{opacity}"')
        + path(heads, fill(layer.ink), 'fill-opacity="0.8"')
    )


def _bars(layer: Layer, x: Scale, y: Scale) -> str:
    assert isinstance(layer, Bars)
    made = ""
    for left, right, height in layer.rows:
        if height:
            a, b, base, tip = x.at(left), x.at(right), y.at(0.0), y.at(height)
            made += rect(a + 0.5, min(base, tip), b - a - 1, abs(base - tip), "")
    paint = both("soft", "muted") + ' stroke-width="0.6"' if layer.ink == "soft" else fill(layer.ink)
    return f"<g {paint}>{made}</g>" if made else ""


def _rule(layer: Layer, x: Scale, y: Scale) -> str:
    assert isinstance(layer, Rule)
    if layer.identity:
        low, high = max(x.axis.low, y.axis.low), min(x.axis.high, y.axis.high)
        d = segment(x.at(low), y.at(low), x.at(high), y.at(high))
    elif layer.x is not None:
        d = segment(x.at(layer.x), y.start, x.at(layer.x), y.end)
    else:
        d = segment(x.start, y.at(layer.y or 0.0), x.end, y.at(layer.y or 0.0))
    heavy = 'stroke-width="1.8"' if not layer.dash and layer.ink != "muted" else 'stroke-width="1.1"'
    return path(d, stroke(layer.ink), heavy + (f' stroke-dasharray="{layer.dash}"' if layer.dash else ""))


def _rule_labels(layers: tuple[Layer, ...], x: Scale, y: Scale) -> str:
    texts = ""
    for layer in layers:
        if not isinstance(layer, Rule) or not layer.label:
            continue
        if layer.identity:
            low, high = max(x.axis.low, y.axis.low), min(x.axis.high, y.axis.high)
            at = low + (high - low) * layer.at
            below = x.at(at) + 9 + width(layer.label, 11) < x.end
            dx, dy = (9, 14) if below else (-9, -6)
            texts += label(x.at(at) + dx, y.at(at) + dy, layer.label, anchor="start" if below else "end", ink="muted", size=11, halo=True)
        elif layer.x is not None:
            right = x.at(layer.x) + width(layer.label, 11) + 8 < x.end
            texts += label(
                x.at(layer.x) + (6 if right else -6), 12, layer.label, anchor="start" if right else "end", ink=layer.ink, size=11, halo=True
            )
        else:
            texts += label(x.end - 4, y.at(layer.y or 0.0) - 5, layer.label, anchor="end", ink=layer.ink, size=11, halo=True)
    return texts


DRAWN: dict[str, Callable[[Layer, Scale, Scale], str]] = {
    "band": _band,
    "curve": _curve,
    "marks": _marks,
    "whiskers": _whiskers,
    "arrows": _arrows,
    "bars": _bars,
    "rule": _rule,
}
