"""The page is a pure function of dossier.json: deterministic, inert, complete, and in the words of the document."""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from radaudit.dossier.view.catalogue import FIGURES, SECTIONS, evidence_figures, figures_for
from radaudit.dossier.view.page import view
from radaudit.edges.html import CSP, render
from radaudit.errors import DossierError
from radaudit.verify.page import check_page
from tests.edges import sample_dossier as sample

ROOT = Path(__file__).parents[2]
DOCUMENTS = {
    "two sites, supported": sample.document(2, verdict="supported"),
    "five sites": sample.document(5),
    "twenty sites, not supported": sample.document(20, 1200, verdict="not supported"),
    "sealed": sample.sealed(),
    "hostile": sample.hostile(),
}
PAGES = {name: render(sample.as_bytes(document)) for name, document in DOCUMENTS.items()}
every_page = pytest.mark.parametrize("name", DOCUMENTS)

WORDS = """html head meta title style body a header b span strong nav ol li main h1 h2 h3 p section blockquote div ul table thead tbody tr
th td details summary figure figcaption dl dt dd pre code article footer br svg desc text path rect g"""
TAGS = frozenset(WORDS.split())
VOID = {"meta", "br"}
WORDS = """lang charset http-equiv content name class href id aria-label aria-hidden aria-labelledby role tabindex title scope data-claim
data-verdict data-label viewbox width height font-family font-size font-weight text-anchor transform d fill fill-opacity stroke stroke-width
stroke-opacity stroke-dasharray stroke-linejoin paint-order x y rx overflow"""
ATTRIBUTES = frozenset(WORDS.split())


class Parsed(HTMLParser):
    """Tags with attributes, and the text inside every element."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[int] = []
        self.text: dict[int, str] = {}
        self.feed(page.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))
        if tag not in VOID:
            self.open.append(len(self.tags) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.tags[self.open[-1]][0] == tag, f"</{tag}> closes <{self.tags[self.open[-1]][0]}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        for index in self.open:
            self.text[index] = self.text.get(index, "") + data

    def where(self, tag: str = "", **wanted: str) -> list[int]:
        return [i for i, (t, a) in enumerate(self.tags) if (not tag or t == tag) and all(a.get(k) == v for k, v in wanted.items())]


PARSED = {name: Parsed(page) for name, page in PAGES.items()}


@every_page
def test_the_same_bytes_give_the_same_page(name: str) -> None:
    assert render(sample.as_bytes(DOCUMENTS[name])) == PAGES[name]


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_another_process_with_another_hash_seed_gives_the_same_page(seed: str, tmp_path: Path) -> None:
    source, target = tmp_path / "dossier.json", tmp_path / "dossier.html"
    source.write_bytes(sample.as_bytes(DOCUMENTS["five sites"]))
    program = "import sys, pathlib as p; from radaudit.edges.html import render; "
    program += "p.Path(sys.argv[2]).write_bytes(render(p.Path(sys.argv[1]).read_bytes()))"
    subprocess.run([sys.executable, "-c", program, str(source), str(target)], check=True, cwd=ROOT, env={"PYTHONHASHSEED": seed})
    assert target.read_bytes() == PAGES["five sites"]


@every_page
def test_the_order_of_keys_in_memory_does_not_matter(name: str) -> None:
    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(list(value))}
        return [turned(item) for item in value] if isinstance(value, list) else value

    assert view(turned(DOCUMENTS[name])) == view(DOCUMENTS[name])


@every_page
def test_nothing_on_the_page_can_act_or_reach_out(name: str) -> None:
    for tag, attributes in PARSED[name].tags:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES
        assert attributes.get("href", "#").startswith("#")
        assert tag != "meta" or attributes.get("http-equiv", "Content-Security-Policy") == "Content-Security-Policy"
    style = re.findall(r"<style>(.*?)</style>", PAGES[name].decode(), re.DOTALL)
    assert len(style) == 1
    assert not re.search(r"@import|url\(|expression|javascript|</|<!", style[0])


@every_page
def test_the_content_security_policy_allows_nothing_but_styles_and_embedded_pictures(name: str) -> None:
    [index] = PARSED[name].where("meta", **{"http-equiv": "Content-Security-Policy"})
    assert PARSED[name].tags[index][1]["content"] == CSP == "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@every_page
def test_ids_are_unique_and_every_link_and_label_leads_to_one(name: str) -> None:
    ids = [attributes["id"] for _, attributes in PARSED[name].tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    wanted = [attributes["href"][1:] for _, attributes in PARSED[name].tags if "href" in attributes]
    wanted += [one for _, attributes in PARSED[name].tags for one in attributes.get("aria-labelledby", "").split()]
    assert set(wanted) <= set(ids)


def test_hidden_and_turning_characters_are_written_out() -> None:
    text = PAGES["hostile"].decode()
    assert not re.search("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\x00-\x08\x0b-\x1f]", text)
    assert "⟦U+202E⟧" in text
    assert "⟦U+200B⟧" in text


def test_hostile_text_is_shown_and_not_obeyed() -> None:
    shown = "".join(PARSED["hostile"].text.values())
    for attack in ("<script>alert(1)</script>", '"onmouseover="alert(1)', "{{7*7}}", "{% for x in y %}", "&amp;lt;b&gt;"):
        assert attack in shown


@every_page
def test_every_status_word_of_a_claim_is_the_word_of_the_document(name: str) -> None:
    evidence = DOCUMENTS[name]["evidence"]
    verdicts = {claim["id"]: claim["verdict"] for claim in evidence["claims"] if claim["verdict"]}
    if evidence["verdict"]:
        verdicts["overall"] = evidence["verdict"]["overall"]
    parsed = PARSED[name]
    shown = [(attributes["data-claim"], parsed.text[i]) for i, (_, attributes) in enumerate(parsed.tags) if "data-claim" in attributes]
    if name == "hostile":  # its ids hold characters that the page writes out
        assert [text.split(maxsplit=1)[1] for _, text in shown if text] == [evidence["verdict"]["overall"]] * 2 + list(verdicts.values())[
            :-1
        ]
        return
    assert {claim for claim, _ in shown} == set(verdicts)
    for claim, text in shown:
        assert text.split(maxsplit=1)[1] == verdicts[claim]
        assert text.split()[0] in "✓✕?"
    if verdicts:
        assert [finding.verdict.value for finding in check_page(PAGES[name], sample.as_bytes(DOCUMENTS[name]), evidence)] == ["passed"]


@every_page
def test_the_order_of_sections_and_figures_never_changes_even_where_they_cannot_be_drawn(name: str) -> None:
    sections = [attributes["id"] for tag, attributes in PARSED[name].tags if tag == "section"]
    assert sections == list(SECTIONS)
    assert [a["id"] for _, a in PARSED[name].tags if re.fullmatch(r"FIG-\d\d-\d", a.get("id", ""))] == list(figures_for("binary"))


@every_page
def test_every_figure_asks_answers_explains_and_lists_its_data(name: str) -> None:
    figures = re.findall(r'<figure id="([^"]*)"[^>]*>(.*?)</figure>', PAGES[name].decode(), re.DOTALL)
    drawn = [body for _, body in figures if "<svg" in body]
    assert drawn
    for body in drawn:
        assert len(re.findall(r'class="q"', body)) == len(re.findall(r'class="a"', body)) == len(re.findall(r'class="read"', body)) == 1
        assert re.search(r'<details class="data">.*<table>.*<tr>', body, re.DOTALL)
        for chart in re.findall(r'<svg class="chart[^>]*>', body):
            assert 'role="img"' in chart
        assert body.count('role="img"') == body.count("<desc ") == len(re.findall(r'<title id="', body))


def test_what_could_not_be_computed_says_why() -> None:
    text = PAGES["sealed"].decode()
    for member in ("performance", "transport", "leaks", "harmonisation"):
        assert f"{member}: the test set is sealed" in text
    assert "The test set is sealed; nothing was decided." in text
    two = PAGES["two sites, supported"].decode()
    assert "Not pooled: fewer than 3 sites." in two


def test_a_null_member_gives_the_reason_beside_it_in_the_place_of_the_figure() -> None:
    document = copy.deepcopy(DOCUMENTS["five sites"])
    document["evidence"]["performance"].update(roc=None, roc_reason="one class among the test patients")
    page = render(sample.as_bytes(document)).decode()
    figure = re.search(r'<figure id="FIG-07-1".*?</figure>', page, re.DOTALL)
    assert figure is not None
    assert "one class among the test patients" in figure[0]
    assert "<svg" not in figure[0]


@every_page
def test_the_page_stays_small(name: str) -> None:
    assert len(PAGES[name]) < 1_000_000


def test_twenty_thousand_features_stay_below_two_megabytes_and_the_cut_is_said() -> None:
    page = render(sample.as_bytes(sample.document(20, 20_000)))
    assert len(page) < 2_000_000
    assert "all are in dossier.json" in page.decode()


@every_page
def test_no_drawing_holds_a_number_that_is_not_one(name: str) -> None:
    text = PAGES[name].decode()
    for drawing in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        for value in re.findall(r' (?:x|y|d|width|height|viewBox|transform|font-size)="([^"]*)"', drawing):
            assert not re.search(r"nan|inf|None|e[-+]", value)


def test_reasons_link_to_their_finding_and_never_exceed_three() -> None:
    parsed = PARSED["five sites"]
    links = [attributes["href"] for _, attributes in parsed.tags if attributes.get("class") == "tag"]
    assert links == ["#finding-CONF-002", "#finding-SIZE-002"]
    document = copy.deepcopy(DOCUMENTS["five sites"])
    document["evidence"]["claims"][0]["reasons"] *= 3
    assert render(sample.as_bytes(document)).decode().count('<li><a class="tag"') <= 3


def test_the_page_names_the_bytes_it_was_drawn_from() -> None:
    document = DOCUMENTS["five sites"]
    page = PAGES["five sites"].decode()
    assert f'<meta name="radaudit-dossier-sha256" content="{sample.hashlib.sha256(sample.as_bytes(document)).hexdigest()}">' in page
    assert f'<meta name="radaudit-evidence-sha256" content="{document["record"]["evidence_sha256"]}">' in page


def test_findings_stand_worst_first_and_waived_ones_stay_visible() -> None:
    entries = re.findall(r'<article class="entry \w+" id="finding-([^"]*)"', PAGES["five sites"].decode())
    assert entries == ["CONF-002", "SIZE-002", "FEAT-004", "FEAT-010.2", "READ-001", "ID-004"]


def test_an_unplanned_opening_is_marked_with_a_word() -> None:
    document = copy.deepcopy(DOCUMENTS["five sites"])
    document["record"]["openings"] *= 2
    document["record"]["openings"][1] = {**document["record"]["openings"][0], "n": 2}
    assert "beyond the plan" in render(sample.as_bytes(document)).decode()
    assert "beyond the plan" not in PAGES["five sites"].decode()


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "VERIFY-080"),
        (b"not json", "VERIFY-080"),
        (b"[]", "VERIFY-080"),
        (b'{"schema":"radaudit/dossier/9"}', "VERIFY-080"),
        (b'{"schema":"radaudit/dossier/1","schema":"radaudit/dossier/1"}', "VERIFY-080"),
        (b"[" * 100_000, "VERIFY-080"),
        (b'{"schema":"radaudit/dossier/1","evidence":[]}', "VERIFY-081"),
        (b'{"schema":"radaudit/dossier/1","evidence":{"claims":{}}}', "VERIFY-081"),
        (b'{"schema":"radaudit/dossier/1","evidence":{"claims":[{"id":"C1","verdict":"probably"}]}}', "VERIFY-082"),
    ],
)
def test_what_is_not_a_dossier_is_refused_with_a_code(data: bytes, code: str) -> None:
    with pytest.raises(DossierError) as caught:
        render(data)
    assert caught.value.code == code


def test_an_empty_dossier_is_drawn_and_says_of_everything_that_it_is_not_there() -> None:
    page = render(b'{"schema":"radaudit/dossier/1","evidence":{},"record":{}}').decode()
    assert page.count("not computed") >= 8
    assert "not evaluated" in page


def members(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every member, with the first element of every list."""
    items = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    return [found for key, item in items for found in ([(*path, key), *members(item, (*path, key))])]


def shortened(value: Any) -> Any:
    """Return the same document with lists of at most four."""
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    return [shortened(item) for item in value[:4]] if isinstance(value, list) else value


SMALL = shortened(sample.document(3, 8))
PATHS = members(SMALL)


ODD = (None, "text", -1e9, [[]], {})


@pytest.mark.parametrize("turn", range(len(ODD)), ids=[str(odd) for odd in ODD])
def test_a_member_of_any_other_type_is_drawn_or_refused_but_never_a_crash(turn: int) -> None:
    """Null stands in every place once; the other values share the places among them."""
    drawn: set[Any] = set()
    codes = []
    for path in PATHS if ODD[turn] is None else PATHS[turn - 1 :: len(ODD) - 1]:
        place: Any = SMALL
        for key in path[:-1]:
            place = place[key]
        kept, place[path[-1]] = place[path[-1]], ODD[turn]
        codes.append(outcome(SMALL, drawn))
        place[path[-1]] = kept
    assert set(codes) <= {"", "VERIFY-080", "VERIFY-081", "VERIFY-082"}
    assert codes.count("") > 5


def outcome(document: dict[str, Any], seen: set[Any]) -> str:
    """Return the code with which a document is refused; otherwise draw every figure that was not seen before."""
    from radaudit.edges.html.figures import drawn

    try:
        page = view(document)
    except DossierError as error:
        return error.code
    for section in page.sections:
        for block in section.blocks:
            for figure in block.figures if block.kind == "figures" else ():
                if figure.kind == "figure" and figure not in seen:
                    seen.add(figure)
                    drawn(figure)
    return ""


@pytest.mark.parametrize(
    "measure", ["auc", "calibration_slope", "calibration_intercept", "brier", "sensitivity", "specificity", "delta_auc"]
)
@pytest.mark.parametrize("on", ["test", "new_site"])
def test_every_measure_of_a_claim_is_shown_in_a_figure_that_exists(measure: str, on: str) -> None:
    assert evidence_figures(measure, on)
    assert set(evidence_figures(measure, on)) <= set(FIGURES)


def figure(document: dict[str, Any], name: str) -> str:
    found = re.search(rf'<figure id="{name}".*?</figure>', render(sample.as_bytes(document)).decode(), re.DOTALL)
    assert found is not None
    return found[0]


def test_features_whose_batch_effect_grew_are_counted_and_drawn_apart() -> None:
    document = copy.deepcopy(DOCUMENTS["five sites"])
    rows = document["evidence"]["harmonisation"]["site_effect"]
    assert "larger after than before in 0, of 98" in figure(document, "FIG-05-2")
    assert 'class="f-warn"' not in figure(document, "FIG-05-2").split("</svg>")[0]
    for row in rows[:3]:
        row["eta2_after"] = row["eta2_before"] + 0.1
    assert "larger after than before in 3, of 98" in figure(document, "FIG-05-2")
    assert 'class="f-warn"' in figure(document, "FIG-05-2")


def test_a_post_hoc_verdict_says_so_beside_the_verdict_and_in_the_table() -> None:
    document = copy.deepcopy(DOCUMENTS["five sites"])
    page = render(sample.as_bytes(document)).decode()
    assert '<span class="badge">post hoc</span>' not in page
    document["evidence"]["verdict"]["post_hoc"] = True
    page = render(sample.as_bytes(document)).decode()
    assert '<span class="badge">post hoc</span>' in page
    assert "post hoc: stated or changed after the test set was opened" in page


def test_settings_that_nobody_stated_are_not_called_agreement() -> None:
    document = copy.deepcopy(DOCUMENTS["two sites, supported"])
    for row in document["evidence"]["features"]["settings"]:
        row["text"] = "not stated in the table"
    page = render(sample.as_bytes(document)).decode()
    assert "as the others" not in page
    assert page.count('<span class="w">not stated</span>') == 2


def test_an_exclusion_stands_beside_the_flow_and_what_was_supplied_stands_in_it() -> None:
    from radaudit.dossier.view.cohort import flow
    from radaudit.dossier.view.node import Node

    document = copy.deepcopy(DOCUMENTS["five sites"])
    document["evidence"]["cohort"]["flow"][0]["reason"] = "rows of the feature tables"
    drawn = flow(Node(members=document["evidence"]["cohort"]))
    assert drawn.kind == "figure"
    boxes = drawn.charts[0].boxes
    assert [(box.title, box.side, box.leaf) for box in boxes] == [
        ("supplied", False, False),
        ("without clinical row", True, False),
        ("without outcome", True, False),
        ("analysed", False, False),
        ("training", False, True),
        ("test set", False, True),
    ]
