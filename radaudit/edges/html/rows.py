"""Row charts: forests, bars, dots and dumbbells, one row each, on one horizontal axis."""

from __future__ import annotations

from radaudit.dossier.view.charts import Mark, RowOf, Rows
from radaudit.edges.html.ink import both, fill, stroke
from radaudit.edges.html.svg import Scale, label, marker, num, path, polyline, rect, segment, width

HALF, WIDE = 480.0, 980.0
ROW, GAP = 24.0, 10.0
LEAST_PLOT = 150.0


def rows(chart: Rows) -> tuple[float, float, str, str]:
    """Return width, height, body and look of a row chart."""
    full = WIDE if chart.wide else HALF
    heads = chart.heads or ("",)
    cells = max((len(row.cells) for row in chart.rows), default=0)
    head_cells = [heads[1 + i] if 1 + i < len(heads) - 1 else "" for i in range(cells)]
    head_text = heads[-1] if len(heads) > 1 else ""
    cell_w = [
        max([width(head, 11), *(width(row.cells[i]) for row in chart.rows if i < len(row.cells))]) + 12 for i, head in enumerate(head_cells)
    ]
    text_w = max([width(head_text, 11), *(width(row.text) * (1.06 if row.strong else 1) for row in chart.rows), 0.0]) + 10
    label_w = max([width(heads[0], 11), *(width(row.label) * (1.06 if row.strong else 1) for row in chart.rows), 0.0]) + 12
    label_w = min(label_w, 400.0 if chart.wide else 170.0, full - sum(cell_w) - text_w - LEAST_PLOT)
    left = label_w + sum(cell_w) + 6
    scale = Scale(chart.axis, left, full - text_w - 6)
    levels, rule_words = _rule_words(chart, scale)
    top = (18.0 if chart.heads else 2.0) + 15.0 * levels
    body, y = "", top
    centres = []
    for row in chart.rows:
        y += GAP if row.gap else 0.0
        centres.append(y + ROW / 2)
        y += ROW
    bottom = y + 4
    body += _ground(chart, scale, top, bottom)
    lines = _rules(chart, scale, top, bottom)
    body += "" if _barred(chart) else lines  # over bars, under points
    body += f'<g transform="translate(0 {num(top - 15.0 * levels)})">{rule_words}</g>'
    if chart.heads:
        body += label(2, 12, heads[0], ink="muted", size=11)
        at = label_w
        for head, w in zip(head_cells, cell_w, strict=True):
            at += w
            body += label(at - 4, 12, head, anchor="end", ink="muted", size=11)
        body += label(full - 2, 12, head_text, anchor="end", ink="muted", size=11)
    for row, centre in zip(chart.rows, centres, strict=True):
        body += _texts(row, centre, label_w, cell_w, full)
        body += _joined(row, scale, centre) if chart.join else ""
        body += "".join(_mark(mark, scale, centre) for mark in row.marks)
    body += lines if _barred(chart) else ""
    body += _axis(chart, scale, bottom)
    return full, bottom + (38 if chart.axis.label else 22), body, "wide" if chart.wide else "half"


def _texts(row: RowOf, y: float, label_w: float, cell_w: list[float], full: float) -> str:
    made = label(2, y + 4, row.label, bold=row.strong, room=(label_w - 8) / (1.06 if row.strong else 1))
    at = label_w
    for text, w in zip(row.cells, cell_w, strict=False):
        at += w
        made += label(at - 4, y + 4, text, anchor="end", ink="muted")
    return made + label(full - 2, y + 4, row.text, anchor="end", bold=row.strong)


def _ground(chart: Rows, scale: Scale, top: float, bottom: float) -> str:
    """Return the grid and the shaded range."""
    grid = "".join(segment(scale.at(v), top, scale.at(v), bottom) for v, _ in scale.ticks(46.0))
    made = path(grid, stroke("line"), 'stroke-width="0.7"')
    if chart.shade is not None:
        a, b = scale.held(chart.shade[0]), scale.held(chart.shade[1])
        made += rect(a, top, max(b - a, 1.5), bottom - top, fill("muted"), 'fill-opacity="0.18"')
    return made


def _rules(chart: Rows, scale: Scale, top: float, bottom: float) -> str:
    made = ""
    for rule in chart.rules:
        if rule.x is not None and 0.0 <= scale.share(rule.x) <= 1.0:
            line = segment(scale.at(rule.x), top, scale.at(rule.x), bottom)
            dash = f' stroke-dasharray="{rule.dash}"' if rule.dash else ""
            halo = path(line, stroke("bg"), 'stroke-width="3" stroke-opacity="0.8"') if _barred(chart) and rule.dash else ""
            made += halo + path(line, stroke(rule.ink), f'stroke-width="1.3"{dash}')
    return made


def _barred(chart: Rows) -> bool:
    return any(mark.form == "bar" for row in chart.rows for mark in row.marks)


def _rule_words(chart: Rows, scale: Scale) -> tuple[int, str]:
    """Return how many lines the labels of the reference lines need, and the labels, none over another."""
    ends: list[float] = []
    made = ""
    for rule in sorted((r for r in chart.rules if r.label and r.x is not None), key=lambda r: r.x or 0.0):
        x, half = scale.held(rule.x or 0.0), width(rule.label, 11) / 2
        x = min(max(x, scale.start + half - 20), scale.end - half + 20)
        level = next((i for i, end in enumerate(ends) if x - half > end + 6), len(ends))
        ends[level : level + 1] = [x + half]
        made += label(x, 11 + 15 * level, rule.label, anchor="middle", ink=rule.ink, size=11, halo=True)
    return len(ends), made


def _axis(chart: Rows, scale: Scale, bottom: float) -> str:
    made = path(segment(scale.start, bottom, scale.end, bottom), stroke("muted"), 'stroke-width="1"')
    for value, text in scale.ticks(46.0):
        made += label(scale.at(value), bottom + 15, text, anchor="middle", ink="muted", size=11)
    if chart.axis.label:
        half = width(chart.axis.label, 11) / 2
        full = WIDE if chart.wide else HALF
        middle = min(max((scale.start + scale.end) / 2, half + 2), full - half - 2)
        made += label(middle, bottom + 32, chart.axis.label, anchor="middle", ink="muted", size=11)
    return made


def _joined(row: RowOf, scale: Scale, y: float) -> str:
    xs = [scale.held(mark.value) for mark in row.marks if mark.value is not None]
    return path(segment(min(xs), y, max(xs), y), stroke("muted"), 'stroke-width="2" stroke-opacity="0.5"') if len(xs) > 1 else ""


def _mark(mark: Mark, scale: Scale, y: float) -> str:
    return {"bar": _bar, "diamond": _diamond, "span": _span, "ring": _ring}.get(mark.form, _point)(mark, scale, y)


def _whisker(mark: Mark, scale: Scale, y: float, ink: str) -> str:
    """Return the interval; an end beyond the axis is an arrow."""
    if mark.low is None or mark.high is None:
        return ""
    a, b = scale.held(mark.low), scale.held(mark.high)
    d = segment(a, y, b, y)
    out_left, out_right = scale.share(mark.low) < -1e-9, scale.share(mark.high) > 1.0 + 1e-9
    d += polyline([(a + 5, y - 4), (a, y), (a + 5, y + 4)]) if out_left else segment(a, y - 4, a, y + 4)
    d += polyline([(b - 5, y - 4), (b, y), (b - 5, y + 4)]) if out_right else segment(b, y - 4, b, y + 4)
    return path(d, stroke(ink), 'stroke-width="1.6"')


def _point(mark: Mark, scale: Scale, y: float) -> str:
    made = _whisker(mark, scale, y, mark.ink)
    if mark.value is not None:
        made += path(marker(scale.held(mark.value), y, mark.shape, 4.6), both(mark.ink, "bg"), 'stroke-width="1"')
    return made


def _ring(mark: Mark, scale: Scale, y: float) -> str:
    if mark.value is None:
        return ""
    return path(marker(scale.held(mark.value), y, 0, 4.2), both("bg", mark.ink), 'stroke-width="1.6"')


def _bar(mark: Mark, scale: Scale, y: float) -> str:
    if mark.value is None:
        return ""
    zero = scale.held(0.0)
    tip = scale.held(mark.value)
    paint = both("soft", "muted") + ' stroke-width="0.6"' if mark.ink == "soft" else fill(mark.ink)
    made = rect(min(zero, tip), y - 7, abs(tip - zero), 14, paint) if mark.value != 0 else ""
    return made + _whisker(mark, scale, y, "fg")


def _diamond(mark: Mark, scale: Scale, y: float) -> str:
    if mark.value is None:
        return ""
    middle = scale.held(mark.value)
    low = middle - 6 if mark.low is None else scale.held(mark.low)
    high = middle + 6 if mark.high is None else scale.held(mark.high)
    return path(polyline([(low, y), (middle, y - 7), (high, y), (middle, y + 7)]) + "z", fill(mark.ink))


def _span(mark: Mark, scale: Scale, y: float) -> str:
    if mark.low is None or mark.high is None:
        return ""
    a, b = scale.held(mark.low), scale.held(mark.high)
    ends = path(segment(a, y - 7, a, y + 7) + segment(b, y - 7, b, y + 7), stroke(mark.ink), 'stroke-width="2"')
    return rect(a, y - 3.5, b - a, 7, fill(mark.ink)) + ends
