"""SVG by hand: numbers, text that is escaped and fits, markers, scales and ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from radaudit.dossier.view.charts import Axis
from radaudit.edges.html.ink import LIGHT, fill
from radaudit.edges.html.plain import escaped, visible

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', 'Noto Sans', sans-serif"
NARROW = frozenset("ijlftrI.,:;|!'()[]{}/ -·`")
BROAD = frozenset("mwMWQ@%—…ΩŒÆ")
LOGIT_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def num(value: float) -> str:
    """Return a coordinate with at most one decimal."""
    text = f"{value:.1f}"
    text = text[:-2] if text.endswith(".0") else text
    return "0" if text == "-0" else text


def width(text: str, size: float = 12.0) -> float:
    """Return about how wide a text is, by the metrics of a broad sans serif, so that what fits here fits elsewhere."""
    units = 0.0
    for letter in visible(text):
        if letter in NARROW:
            units += 0.39
        elif letter in BROAD:
            units += 0.95
        elif ord(letter) > 0x2E7F:
            units += 1.05
        elif letter.isupper():
            units += 0.72
        else:
            units += 0.625
    return units * size


def fitted(text: str, room: float, size: float = 12.0) -> str:
    """Return the text, its middle left out if it is broader than ``room``: the ends of feature names tell them apart."""
    text = visible(text)
    if width(text, size) <= room:
        return text
    keep = len(text)
    while keep > 2 and width(text[: (keep + 1) // 2] + "…" + text[len(text) - keep // 2 :], size) > room:
        keep -= 1
    return text[: (keep + 1) // 2] + "…" + text[len(text) - keep // 2 :]


def wrapped(text: str, room: float, size: float = 12.0, most: int = 4) -> list[str]:
    """Return the text in lines that fit, at most ``most`` of them."""
    lines: list[str] = []
    for word in text.split():
        if lines and width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [fitted(line, room, size) for line in lines]


def label(
    x: float,
    y: float,
    text: str,
    *,
    anchor: str = "start",
    ink: str = "fg",
    size: float = 12.0,
    bold: bool = False,
    room: float | None = None,
    halo: bool = False,
    turn: float = 0.0,
) -> str:
    """Return a text element; what does not fit is shortened and kept whole in its <title>."""
    text = visible(text)
    shown = text if room is None else fitted(text, room, size)
    title = "" if shown == text else f"<title>{escaped(text)}</title>"
    extra = "" if anchor == "start" else f' text-anchor="{anchor}"'
    extra += "" if size == 12.0 else f' font-size="{num(size)}"'
    extra += ' font-weight="600"' if bold else ""
    extra += f' transform="rotate({num(turn)} {num(x)} {num(y)})"' if turn else ""
    paint = fill(ink)
    if halo:
        paint = (
            f'class="f-{ink} k-bg" fill="{LIGHT[ink]}" stroke="{LIGHT["bg"]}" stroke-width="4" stroke-linejoin="round" paint-order="stroke"'
        )
    return f'<text x="{num(x)}" y="{num(y)}" {paint}{extra}>{title}{escaped(shown)}</text>'


def path(d: str, paint: str, extra: str = "") -> str:
    """Return a path element; nothing for no data."""
    if not d:
        return ""
    return f'<path d="{d}" {paint}{" " + extra if extra else ""}/>'


def rect(x: float, y: float, w: float, h: float, paint: str, extra: str = "") -> str:
    """Return a rectangle; negative sizes are none."""
    size = f'width="{num(max(w, 0.0))}" height="{num(max(h, 0.0))}"'
    return f'<rect x="{num(x)}" y="{num(y)}" {size} {paint}{" " + extra if extra else ""}/>'


def segment(x0: float, y0: float, x1: float, y1: float) -> str:
    """Return the path data of a straight line."""
    return f"M{num(x0)} {num(y0)}L{num(x1)} {num(y1)}"


def polyline(points: list[tuple[float, float]]) -> str:
    """Return the path data of a line through points."""
    return "M" + "L".join(f"{num(x)} {num(y)}" for x, y in points) if points else ""


def marker(x: float, y: float, shape: int, r: float) -> str:
    """Return the path data of a marker: 0 disc, 1 square, 2 triangle up, 3 diamond, 4 triangle down, 5 cross, 6 plus."""
    if shape == 0:
        return f"M{num(x - r)} {num(y)}a{num(r)} {num(r)} 0 1 0 {num(2 * r)} 0a{num(r)} {num(r)} 0 1 0 {num(-2 * r)} 0z"
    corners: dict[int, tuple[tuple[float, float], ...]] = {
        1: ((-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)),
        2: ((0.0, -1.2), (1.1, 0.8), (-1.1, 0.8)),
        3: ((0.0, -1.3), (1.1, 0.0), (0.0, 1.3), (-1.1, 0.0)),
        4: ((0.0, 1.2), (1.1, -0.8), (-1.1, -0.8)),
        5: (
            (-1.1, -0.7),
            (-0.7, -1.1),
            (0, -0.4),
            (0.7, -1.1),
            (1.1, -0.7),
            (0.4, 0),
            (1.1, 0.7),
            (0.7, 1.1),
            (0, 0.4),
            (-0.7, 1.1),
            (-1.1, 0.7),
            (-0.4, 0),
        ),
        6: (
            (-0.35, -1.2),
            (0.35, -1.2),
            (0.35, -0.35),
            (1.2, -0.35),
            (1.2, 0.35),
            (0.35, 0.35),
            (0.35, 1.2),
            (-0.35, 1.2),
            (-0.35, 0.35),
            (-1.2, 0.35),
            (-1.2, -0.35),
            (-0.35, -0.35),
        ),
    }
    return polyline([(x + dx * r, y + dy * r) for dx, dy in corners[shape % 7]]) + "z"


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis laid over pixels from ``start`` to ``end``."""

    axis: Axis
    start: float
    end: float

    def share(self, value: float) -> float:
        """Return where a value lies, 0 at the low end and 1 at the high end."""
        low, high = self._unit(self.axis.low), self._unit(self.axis.high)
        return (self._unit(value) - low) / (high - low) if high != low else 0.5

    def _unit(self, value: float) -> float:
        if self.axis.kind == "logit":
            inside = min(max(value, 1e-4), 1.0 - 1e-4)
            return math.log(inside / (1.0 - inside))
        return value

    def at(self, value: float) -> float:
        """Return the pixel of a value."""
        return self.start + self.share(value) * (self.end - self.start)

    def held(self, value: float) -> float:
        """Return the pixel of a value, held inside the axis."""
        return self.start + min(max(self.share(value), 0.0), 1.0) * (self.end - self.start)

    def ticks(self, room: float = 56.0) -> list[tuple[float, str]]:
        """Return tick values with their texts, as many as have ``room`` pixels each."""
        if self.axis.names:
            return list(zip(self.axis.ticks, self.axis.names, strict=True))
        values = list(self.axis.ticks) or (self._logit_ticks(room) if self.axis.kind == "logit" else self._linear_ticks(room))
        return [(value, self._text(value, values)) for value in values]

    def _linear_ticks(self, room: float) -> list[float]:
        span = self.axis.high - self.axis.low
        if span <= 0:
            return [self.axis.low]
        most = max(2.0, abs(self.end - self.start) / room)
        rough = span / most
        power = 10.0 ** math.floor(math.log10(rough))
        steps = [s * power for s in STEPS if s * power >= rough * 0.999][:1] + [s * power for s in (1.0, 0.5, 0.25)]
        for step in steps:
            first, last = math.ceil(self.axis.low / step - 1e-9), math.floor(self.axis.high / step + 1e-9)
            if last > first:  # two ticks at least: one says where, two say how much
                break
        return [k * step for k in range(first, last + 1)]

    def _logit_ticks(self, room: float) -> list[float]:
        kept: list[float] = []
        inside = [t for t in LOGIT_TICKS if self.axis.low <= t <= self.axis.high]
        for tick in sorted(inside, key=lambda t: (abs(t - 0.5), t)):  # 0.5 first, then outwards
            if all(abs(self.at(tick) - self.at(other)) >= room * 0.6 for other in kept):
                kept.append(tick)
        return sorted(kept)

    def _text(self, value: float, values: list[float]) -> str:
        if self.axis.percent:
            return f"{value * 100:.0f}%"
        gaps = [b - a for a, b in pairwise(values)] or [abs(value) or 1.0]
        digits = max(0, math.ceil(-math.log10(min(gaps)) - 1e-9)) if min(gaps) < 1 else 0
        digits += 1 if any(abs(v * 10**digits - round(v * 10**digits)) > 1e-6 for v in values) and digits < 4 else 0
        shown = abs(value) if self.axis.kind == "mirror" else value
        text = f"{shown:.{digits}f}"
        return ("0" if float(text) == 0 else text).replace("-", "−")


def canvas(ident: str, w: float, h: float, title: str, desc: str, body: str, *, look: str = "half") -> str:
    """Return the svg element with its title and description, for eyes and ears."""
    return (
        f'<svg class="chart {look}" viewBox="0 0 {num(w)} {num(h)}" width="{num(w)}" height="{num(h)}" role="img" '
        f'aria-labelledby="{ident}-t {ident}-d" font-family="{FONT}" font-size="12">'
        f'<title id="{ident}-t">{escaped(title)}</title><desc id="{ident}-d">{escaped(desc)}</desc>{body}</svg>'
    )
