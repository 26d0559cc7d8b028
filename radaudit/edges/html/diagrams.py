"""Diagrams: the flow of patients, the mosaic of sites, the heat map, the confusion table."""

from __future__ import annotations

from radaudit.dossier.view.charts import Box, Confusion, Flow, Heat, Mosaic
from radaudit.edges.html.ink import both, fill, stroke
from radaudit.edges.html.svg import label, num, path, polyline, rect, segment, width, wrapped

W = 480.0
WIDE = 980.0
LINE = 15.0


def _box(box: Box, x: float, y: float, w: float) -> tuple[float, str]:
    """Return the height of a box and its drawing at (x, y)."""
    lines = [line for text in box.lines for line in wrapped(text, w - 18, 11.5)]
    height = 14 + LINE * (1 + len(lines))
    paint = both("panel", "line" if box.side else "muted")
    made = rect(x, y, w, height, paint, 'rx="4"' + (' stroke-dasharray="4 3"' if box.side else ""))
    made += label(x + 9, y + 18, box.title, bold=True, room=(w - 18) / 1.06)
    for i, line in enumerate(lines, start=1):
        made += label(x + 9, y + 18 + LINE * i, line, ink="muted" if i > 1 or box.side else "fg", size=11.5)
    return height, made


def _arrow(x0: float, y0: float, x1: float, y1: float) -> str:
    head = [(x1 - 4, y1 - 6), (x1, y1), (x1 + 4, y1 - 6)] if x0 == x1 else [(x1 - 6, y1 - 4), (x1, y1), (x1 - 6, y1 + 4)]
    return path(segment(x0, y0, x1, y1) + polyline(head), stroke("muted"), 'stroke-width="1.2"')


def flow(chart: Flow) -> tuple[float, float, str, str]:
    """Return width, height, body and look of the flow diagram."""
    main_x, main_w, side_x, side_w, gap = 4.0, 214.0, 254.0, 222.0, 22.0
    trunk = main_x + main_w / 2
    body, y, stem = "", 4.0, -1.0
    for box in (b for b in chart.boxes if not b.leaf):
        if box.side:
            height, drawn = _box(box, side_x, y, side_w)
            body += _arrow(trunk, y + height / 2, side_x - 1, y + height / 2) + drawn
            y += height + 8
            continue
        if stem >= 0:
            y = max(y, stem + gap)
            body += _arrow(trunk, stem, trunk, y - 1)
        height, drawn = _box(box, main_x, y, main_w)
        body += drawn
        stem = y + height
        y = stem + 14
    leaves = [b for b in chart.boxes if b.leaf]
    if leaves:
        y = max(y, stem + gap) + 10
        w = (W - 8 - 12 * (len(leaves) - 1)) / len(leaves)
        turn = y - 14
        if stem >= 0:
            body += path(segment(trunk, stem, trunk, turn), stroke("muted"), 'stroke-width="1.2"')
        tallest = 0.0
        centres = []
        for i, leaf in enumerate(leaves):
            x = 4 + i * (w + 12)
            height, drawn = _box(leaf, x, y, w)
            centres.append(x + w / 2)
            body += _arrow(x + w / 2, turn, x + w / 2, y - 1) + drawn
            tallest = max(tallest, height)
        body += path(segment(min(*centres, trunk), turn, max(*centres, trunk), turn), stroke("muted"), 'stroke-width="1.2"')
        y += tallest
    return W, y + 6, body, "half"


def spread(wanted: list[float], room: float, low: float, high: float) -> list[float]:
    """Return positions near the wanted ones, in the same order, at least ``room`` apart, inside low to high where that is possible."""
    placed: list[float] = []
    for at in wanted:
        placed.append(max(at, placed[-1] + room) if placed else max(at, low))
    over = placed[-1] - high if placed else 0.0
    if over > 0:
        limit = high
        for i in range(len(placed) - 1, -1, -1):
            placed[i] = min(placed[i], limit)
            limit = placed[i] - room
    return placed


def mosaic(chart: Mosaic) -> tuple[float, float, str, str]:
    """Return the mosaic: labels keep their distance and point to their bar."""
    name_w = min(max(width(name, 11.5) for name, _, _ in chart.rows) + 4, 140.0)
    n_w = max(width(str(yes + no), 11) for _, yes, no in chart.rows) + 12
    label_w = n_w + name_w + 20
    right = 58.0
    total = sum(yes + no for _, yes, no in chart.rows)
    height = max(230.0, 16.0 * len(chart.rows))
    top, gap = 26.0, 2.0
    room = height - gap * (len(chart.rows) - 1)
    x0, x1 = label_w, W - right
    body, y = "", top
    tops, heights = [], []
    for _, yes, no in chart.rows:
        h = room * (yes + no) / total
        tops.append(y)
        heights.append(h)
        y += h + gap
    middles = [t + h / 2 for t, h in zip(tops, heights, strict=True)]
    places = spread(middles, 14.0, top + 4, top + height - 4)
    for (name, yes, no), t, h, middle, place in zip(chart.rows, tops, heights, middles, places, strict=True):
        split = x0 + (x1 - x0) * yes / (yes + no)
        body += rect(x0, t, split - x0, h, fill("accent")) + rect(split, t, x1 - split, h, both("soft", "muted"), 'stroke-width="0.5"')
        body += label(label_w - 20, place + 4, name, anchor="end", size=11.5, room=name_w)
        body += label(4, place + 4, str(yes + no), ink="muted", size=11)
        body += label(x1 + 8, place + 4, f"{yes / (yes + no) * 100:.0f}%", size=11.5, bold=True)
        line = polyline([(label_w - 16, place), (label_w - 9, place), (label_w - 3, middle)])
        body += path(line, stroke("line"), 'stroke-width="1"')
        body += path(polyline([(x1 + 1, middle), (x1 + 6, place)]), stroke("line"), 'stroke-width="1"')
    pooled = x0 + (x1 - x0) * chart.pooled
    body += path(segment(pooled, top - 4, pooled, top + height + 4), stroke("bg"), 'stroke-width="3.4"')
    body += path(segment(pooled, top - 4, pooled, top + height + 4), stroke("bad"), 'stroke-width="1.5" stroke-dasharray="5 3"')
    body += label(pooled, top - 10, f"all sites {chart.pooled * 100:.0f}%", anchor="middle", ink="bad", size=11)
    body += label(4, top - 10, "n", ink="muted", size=11)
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        body += label(x0 + (x1 - x0) * share, top + height + 17, f"{share * 100:.0f}%", anchor="middle", ink="muted", size=11)
    return W, top + height + 24, body, "half"


def heat(chart: Heat) -> tuple[float, float, str, str]:
    """Return the heat map; every cell holds its number, so that colour only helps the eye."""
    label_w = min(max(width(name) for name in chart.rows) + 14, 200.0)
    cell_w = min((WIDE - label_w - 30) / len(chart.columns), 120.0)
    longest = max(width(name, 11) for name in chart.columns)
    turned = longest > cell_w - 6
    top = min(longest, 150.0) * 0.62 + 14 if turned else 22.0
    right = label_w + cell_w * len(chart.columns)
    body = ""
    for j, name in enumerate(chart.columns):
        x = label_w + cell_w * (j + 0.5)
        if turned:
            body += label(x - 4, top - 6, name, ink="muted", size=11, room=150, turn=-38)
        else:
            body += label(x, top - 8, name, anchor="middle", ink="muted", size=11)
    for i, (name, row) in enumerate(zip(chart.rows, chart.share, strict=True)):
        y = top + 24 * i
        body += label(2, y + 16, name, room=label_w - 8)
        for j, value in enumerate(row):
            x = label_w + cell_w * j
            body += rect(x + 1, y + 1, cell_w - 2, 22, fill("panel"))
            if value is None:
                body += label(x + cell_w / 2, y + 16, "–", anchor="middle", ink="muted", size=11)
                continue
            if value > 0:
                body += rect(x + 1, y + 1, cell_w - 2, 22, fill("accent"), f'fill-opacity="{0.06 + 0.4 * min(value / chart.top, 1.0):.2f}"')
            text = "0" if value == 0 else "<0.1%" if value < 0.0005 else f"{value * 100:.1f}%" if value < 0.0995 else f"{value * 100:.0f}%"
            body += label(x + cell_w / 2, y + 16, text, anchor="middle", ink="muted" if value == 0 else "fg", size=11)
    tail = 80.0 if turned else 6.0
    full = min(max(right + tail, W), WIDE)
    return full, top + 24 * len(chart.rows) + 6, body, "wide" if full > W else "half"


def confusion(chart: Confusion) -> tuple[float, float, str, str]:
    """Return the confusion table as four boxes with words, numbers and a symbol."""
    x0, y0, w, h = 92.0, 44.0, 186.0, 92.0
    body = label(x0 + w / 2, 30, "high risk said", anchor="middle", ink="muted") + label(
        x0 + w * 1.5 + 6, 30, "low risk said", anchor="middle", ink="muted"
    )
    cells = (
        (0, 0, chart.tp, "✓ found", "good"),
        (1, 0, chart.fn, "✕ missed", "bad"),
        (0, 1, chart.fp, "✕ false alarm", "bad"),
        (1, 1, chart.tn, "✓ left alone", "good"),
    )
    for i, name, n in ((0, "event", chart.tp + chart.fn), (1, "no event", chart.fp + chart.tn)):
        y = y0 + (h + 6) * i + h / 2
        body += label(2, y, name, bold=True) + label(2, y + 17, f"{n} patients", ink="muted", size=11)
    for column, row, count, word, ink in cells:
        x, y = x0 + (w + 6) * column, y0 + (h + 6) * row
        total = (chart.tp + chart.fn) if row == 0 else (chart.fp + chart.tn)
        body += rect(x, y, w, h, fill(ink), 'fill-opacity="0.1" rx="4"') + rect(x, y, w, h, stroke(ink), 'stroke-opacity="0.55" rx="4"')
        body += label(x + w / 2, y + 46, str(count), anchor="middle", size=28, bold=True)
        share = f" · {count / total * 100:.0f}%" if total else ""
        body += label(x + w / 2, y + 70, f"{word}{share}", anchor="middle", ink=ink)
    return W, y0 + 2 * h + 14, f'<g transform="translate(0 {num(-8)})">{body}</g>', "half"
