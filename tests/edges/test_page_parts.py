"""The parts the page is made of: colours, numbers, ids, scales, layouts."""

from __future__ import annotations

import math
import random
import re
from itertools import pairwise

import pytest

from radaudit.dossier.view import words
from radaudit.dossier.view.charts import Axis, Graph, Vertex
from radaudit.dossier.view.harmonisation import ellipse
from radaudit.dossier.view.node import Node, Quantity
from radaudit.dossier.view.verdict import requirement
from radaudit.edges.html.diagrams import spread
from radaudit.edges.html.graphs import layout, ranks
from radaudit.edges.html.ink import DARK, LIGHT, LINES, SURFACES, dark_rules
from radaudit.edges.html.plain import css_text, escaped, visible
from radaudit.edges.html.svg import Scale, fitted, marker, width, wrapped


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("name", [name for name in LIGHT if name not in (*SURFACES, *LINES)])
def test_every_ink_stands_out_from_every_surface(name: str, surface: str) -> None:
    assert contrast(LIGHT[name], LIGHT[surface]) >= 5.0
    assert contrast(DARK[name], DARK[surface]) >= 7.0


def test_every_ink_of_a_figure_has_its_dark_twin() -> None:
    assert LIGHT.keys() == DARK.keys()
    for name in LIGHT:
        assert f".f-{name}{{" in dark_rules()
        assert f".k-{name}{{" in dark_rules()


def test_the_first_fifty_six_sites_differ_in_colour_or_marker() -> None:
    looks = {(words.site_ink(k), words.site_shape(k)) for k in range(56)}
    assert len(looks) == 56


def test_markers_of_different_shape_have_different_outlines() -> None:
    assert len({marker(0, 0, shape, 5) for shape in range(7)}) == 7


def test_two_names_never_share_an_anchor_and_no_anchor_needs_quoting() -> None:
    names = ["LEAK-003", "LEAK_003", "LEAK 003", "LEAK-003.2", "LEAK_5f_003", "Zürich", "Zurich", '"><script>', "", "_", "__"]
    anchors = [words.anchor("x", name) for name in names]
    assert len(set(anchors)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+", anchor) for anchor in anchors)


@pytest.mark.parametrize(
    ("text", "lowest", "highest"),
    [
        ("≥ 0.7", 0.7, None),
        ("> 0", 0.0, None),
        ("≤ 0.2", None, 0.2),
        ("< 1.5", None, 1.5),
        ("0.8 to 1.2", 0.8, 1.2),
        ("-0.1 to 0.1", -0.1, 0.1),
        ("good", None, None),
    ],
)
def test_a_requirement_is_read_from_its_words(text: str, lowest: float | None, highest: float | None) -> None:
    assert requirement(Node(members={"required_text": text})) == (lowest, highest)


def test_bounds_given_as_numbers_win_over_words() -> None:
    assert requirement(Node(members={"required_text": "≥ 0.7", "lowest": 0.75, "highest": None})) == (0.75, None)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.714, 2, "0.71"), (-0.5, 2, "−0.50"), (None, 2, "–"), (0.0, 2, "0.00"), (-1e-7, 2, "0.00"), (-0.0, 2, "0.00")],
)
def test_numbers_are_written_with_a_real_minus_and_a_zero_without_one(value: float | None, digits: int, text: str) -> None:
    assert words.number(value, digits) == text


@pytest.mark.parametrize(("value", "text"), [(1.234e-7, "1.234e−07"), (-12345.678, "−1.235e+04"), (0.0, "0"), (None, "–")])
def test_coefficients_of_any_size_keep_their_significant_digits(value: float | None, text: str) -> None:
    assert words.significant(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.0, "0%"), (0.001, "<1%"), (0.5, "50%"), (None, "–"), (1.0, "100%")])
def test_a_share_that_is_not_nothing_is_never_written_as_nothing(value: float | None, text: str) -> None:
    assert words.share(value) == text


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("oslo.csv read", "oslo.csv read."),
        ("binWidth is 25", "binWidth is 25."),
        ("the mean is off", "The mean is off."),
        ("Done!", "Done!"),
        ("", ""),
    ],
)
def test_a_sentence_starts_large_unless_it_starts_with_a_name(text: str, said: str) -> None:
    assert words.sentence(text) == said


def test_an_estimate_without_a_value_says_why() -> None:
    assert words.estimate_said(Quantity(reason="3 of 3 are events")) == "not estimable: 3 of 3 are events"
    assert (
        words.estimate_said(Quantity(value=0.71, low=0.6, high=0.8, patients=96, events=1))
        == "0.71 (95% 0.60 to 0.80; 96 patients, 1 event)"
    )


def test_the_ellipse_holds_eighty_percent_of_a_normal_cloud() -> None:
    rng = random.Random(1)
    points = []
    for _ in range(20_000):
        a, b = rng.gauss(0, 1), rng.gauss(0, 1)
        points.append((2 + 3 * a, -1 + 0.5 * (0.8 * a + 0.6 * b)))
    outline = ellipse(tuple(points))

    def inside(x: float, y: float) -> bool:
        crossings = 0
        for (x0, y0), (x1, y1) in pairwise(outline):
            if (y0 > y) != (y1 > y) and x < x0 + (y - y0) / (y1 - y0) * (x1 - x0):
                crossings += 1
        return crossings % 2 == 1

    held = sum(inside(x, y) for x, y in points) / len(points)
    assert held == pytest.approx(0.80, abs=0.01)


@pytest.mark.parametrize("points", [(), ((1.0, 2.0),), ((1.0, 1.0), (2.0, 2.0)), ((1.0, 1.0), (1.0, 2.0), (1.0, 3.0))])
def test_no_ellipse_is_drawn_around_too_few_points_or_points_on_one_line(points: tuple[tuple[float, float], ...]) -> None:
    assert ellipse(points) == ()


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-3.2, 7.9), (0.62, 0.71), (0.0, 12345.0), (1e-6, 2e-6)])
def test_ticks_lie_on_the_axis_and_read_back_as_their_value(low: float, high: float) -> None:
    ticks = Scale(Axis(label="", low=low, high=high), 0.0, 400.0).ticks()
    assert len(ticks) >= 2
    assert len({text for _, text in ticks}) == len(ticks) or high < 1e-4
    for value, text in ticks:
        assert low - 1e-9 <= value <= high + 1e-9
        assert float(text.replace("−", "-")) == pytest.approx(value, abs=(high - low) * 0.01 + 1e-4)


def test_a_logit_axis_is_symmetric_about_one_half() -> None:
    scale = Scale(Axis(label="", low=0.1, high=0.9, kind="logit"), 0.0, 100.0)
    assert scale.at(0.5) == pytest.approx(50.0)
    assert scale.at(0.8) - 50.0 == pytest.approx(50.0 - scale.at(0.2))
    assert scale.held(0.99) == 100.0


def test_labels_keep_their_distance_their_order_and_their_frame() -> None:
    wanted = [5.0, 6.0, 7.0, 90.0, 99.0, 99.5]
    placed = spread(wanted, 14.0, 0.0, 100.0)
    assert all(b - a >= 14.0 - 1e-9 for a, b in pairwise(placed))
    assert placed[-1] <= 100.0
    assert placed[0] >= 0.0


def test_a_text_that_does_not_fit_keeps_both_ends() -> None:
    name = "wavelet-HHL_glrlm_RunLengthNonUniformityNormalized"
    short = fitted(name, 150)
    assert width(short) <= 150
    assert short.startswith("wave")
    assert short.endswith("ed")
    assert fitted("short", 150) == "short"


def test_lines_are_broken_between_words_and_lose_none() -> None:
    text = "egfr-mut is Unknown, Not collected or empty"
    lines = wrapped(text, 120)
    assert " ".join(lines) == text
    assert all(width(line) <= 120 for line in lines)


def graph(*edges: tuple[str, str]) -> Graph:
    names = sorted({name for edge in edges for name in edge})
    return Graph(nodes=tuple(Vertex(id=n, label=n, what="step", digest="") for n in names), edges=edges)


def test_a_graph_runs_from_left_to_right_along_its_longest_path() -> None:
    assert ranks(graph(("a", "b"), ("b", "c"), ("a", "c"), ("c", "d"))) == {"a": 0, "b": 1, "c": 2, "d": 3}


def test_a_graph_with_a_cycle_is_still_drawn() -> None:
    placed = ranks(graph(("a", "b"), ("b", "c"), ("c", "b")))
    assert placed["a"] == 0
    assert placed["b"] == placed["c"] == 1


def test_no_two_boxes_of_a_graph_lie_on_each_other() -> None:
    long = graph(*[(f"n{i:02}", f"n{i + 1:02}") for i in range(15)], *[("n00", f"m{i}") for i in range(4)])
    places = list(layout(long).values())
    for i, (x0, y0) in enumerate(places):
        for x1, y1 in places[i + 1 :]:
            assert abs(x0 - x1) >= 136 or abs(y0 - y1) >= 46


@pytest.mark.parametrize("text", ["\u202eevil", "a\u200db", "\ufeff", "\x1b[31m", "\ud800", "\u00ad", "\U000e0041", "\u3164", "\ufe0f"])
def test_what_cannot_be_seen_is_written_out(text: str) -> None:
    shown = visible(text)
    assert "⟦U+" in shown
    assert shown.encode("utf-8")


@pytest.mark.parametrize("text", ["Zürich", "µ ≥ 0.7", "東京", "Kraków – café", "line\nline"])
def test_what_can_be_seen_stays_as_it_is(text: str) -> None:
    assert visible(text) == text


def test_escaping_leaves_no_character_that_opens_or_closes_anything() -> None:
    assert not set(escaped("<a href=\"x\" b='y'>&</a>").replace("&lt;", "").replace("&gt;", "").replace("&#34;", "")) & set("<>\"'")
    assert escaped("&amp;") == "&amp;amp;"


def test_text_in_a_style_sheet_cannot_end_its_string() -> None:
    made = css_text('"; } body { display:none } </style>\n\\')
    assert not set(made) & set("\"'<>{};:/\n")
    assert all(re.fullmatch(r"\\[0-9a-f]{6}", part) for part in re.findall(r"\\.{6}", made))


def test_a_number_of_the_wrong_type_is_refused_and_an_infinite_one_too() -> None:
    from radaudit.errors import DossierError

    for odd in ("1", True, [], {}, math.inf, math.nan, 10**400):
        with pytest.raises(DossierError):
            Node(members={"x": odd}).number("x")


def test_net_benefit_is_said_as_ranges_of_neighbouring_thresholds() -> None:
    from radaudit.dossier.view.curves import useful

    rows = [(0.1, 0.2), (0.2, 0.2), (0.3, -0.1), (0.4, 0.1), (0.5, 0.0)]
    best = {0.1: 0.25, 0.2: 0.1, 0.3: 0.0, 0.4: -0.2, 0.5: -1.0}
    assert useful(rows, best) == "Its net benefit exceeds both at thresholds 0.20, 0.40"
    assert useful([(0.1, 0.0)], {0.1: 0.0}).endswith("no threshold")
    assert useful([(0.1, 0.2), (0.2, 0.2)], {}).endswith("0.10 to 0.20")
