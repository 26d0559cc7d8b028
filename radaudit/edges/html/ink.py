"""The palette: one name, one colour on light and one on dark; text and marks measured at 5:1 and more on light, 7:1 on dark."""

from __future__ import annotations

LIGHT = {
    "bg": "#ffffff",
    "panel": "#f4f6f8",
    "line": "#d3dae1",
    "soft": "#c3d1de",
    "fg": "#17212b",
    "muted": "#4b5763",
    "accent": "#0b5394",
    "good": "#0f6a39",
    "bad": "#a81e17",
    "warn": "#7a4d00",
    "open": "#5b3aa6",
    "none": "#4b5763",
    "s0": "#0b5cad",
    "s1": "#b0400a",
    "s2": "#0b7046",
    "s3": "#8a3a93",
    "s4": "#7a5900",
    "s5": "#056b7d",
    "s6": "#b01560",
    "s7": "#4c5866",
}
DARK = {
    "bg": "#0e1318",
    "panel": "#171e26",
    "line": "#33404c",
    "soft": "#39506a",
    "fg": "#e8edf2",
    "muted": "#a9b5c1",
    "accent": "#7cbcff",
    "good": "#6fd58d",
    "bad": "#ff9d95",
    "warn": "#edbb4a",
    "open": "#c9abff",
    "none": "#a9b5c1",
    "s0": "#6cb6ff",
    "s1": "#ff9d6b",
    "s2": "#5fd0a0",
    "s3": "#dd9be6",
    "s4": "#e6bf4d",
    "s5": "#5fd0e0",
    "s6": "#ff93bf",
    "s7": "#b5c0cc",
}
SURFACES = ("bg", "panel")
LINES = ("line", "soft")


def fill(name: str) -> str:
    """Return the attributes that fill with an ink: a literal for engines that ignore CSS in SVG, a class for dark screens."""
    return f'class="f-{name}" fill="{LIGHT[name]}"'


def stroke(name: str) -> str:
    """Return the attributes that stroke with an ink."""
    return f'class="k-{name}" fill="none" stroke="{LIGHT[name]}"'


def both(inside: str, edge: str) -> str:
    """Return the attributes that fill with one ink and stroke with another."""
    return f'class="f-{inside} k-{edge}" fill="{LIGHT[inside]}" stroke="{LIGHT[edge]}"'


def light_rules() -> str:
    """Return the CSS variables of the light palette."""
    return "".join(f"--{name}:{value};" for name, value in LIGHT.items())


def dark_rules() -> str:
    """Return the CSS of the dark palette: variables for the page, classes for the figures."""
    variables = "".join(f"--{name}:{value};" for name, value in DARK.items())
    classes = "".join(f".f-{name}{{fill:{value}}}.k-{name}{{stroke:{value}}}" for name, value in DARK.items())
    return f":root{{{variables}}}{classes}"
