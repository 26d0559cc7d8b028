"""The page in a real browser, without network: what stands on the first screen, nothing scrolls sideways, it prints whole."""

from __future__ import annotations

import html
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from radaudit.edges.html import render
from tests.edges import sample_dossier as sample

CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--proxy-server=127.0.0.1:9",
)  # fmt: skip
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: the page is not looked at in a browser")

# The page allows no script; this test-only wrapper shows it in frames and measures them from outside.
WRAPPER = """<!doctype html><meta charset="utf-8"><body>{frames}<script>
addEventListener("load", () => {{
  const found = {{}};
  for (const frame of document.querySelectorAll("iframe")) {{
    const d = frame.contentDocument, root = d.documentElement;
    const box = (q) => {{ const e = d.querySelector(q); if (!e) return null; const r = e.getBoundingClientRect();
      return {{top: r.top, bottom: r.bottom, left: r.left, right: r.right}}; }};
    const wide = [...d.querySelectorAll("main *")].filter((e) => !e.closest(".scroll, .sheet, pre, svg") && e.tagName !== "BR"
      && e.getBoundingClientRect().right > root.clientWidth + 1).map((e) => e.tagName + "." + e.className).slice(0, 5);
    found[frame.id] = {{width: root.clientWidth, scroll: root.scrollWidth, body: d.body.scrollWidth, wide: wide, bar: box("header.bar"),
      answer: box(".answer"), claim: box("blockquote"), reasons: box(".reasons"), tiles: box(".tiles"), claims: box(".claims tbody tr"),
      rule: box('a[href="#rule"]'), background: getComputedStyle(d.body).backgroundColor, scripts: d.scripts.length}};
  }}
  document.body.replaceChildren(document.createTextNode(JSON.stringify(found)));
}});
</script></body>"""
SIZES = {"desk": (1366, 768), "pane": (570, 900), "phone": (390, 844)}


def chromium(profile: Path, *arguments: str) -> bytes:
    assert CHROMIUM is not None
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *arguments]
    return subprocess.run(command, check=True, capture_output=True, timeout=120).stdout


def measured(folder: Path, pages: dict[str, bytes], *flags: str) -> dict[str, Any]:
    """Return what every page measures at every size."""
    frames = "".join(
        f'<iframe id="{name} {size}" width="{w}" height="{h}" style="border:0" srcdoc="{html.escape(page.decode(), quote=True)}"></iframe>'
        for name, page in pages.items()
        for size, (w, h) in SIZES.items()
    )
    wrapper = folder / "wrapper.html"
    wrapper.write_text(WRAPPER.format(frames=frames), encoding="utf-8")
    printed = chromium(folder / "profile", *flags, "--virtual-time-budget=20000", "--dump-dom", wrapper.as_uri()).decode()
    body = printed[printed.index("<body>") + 6 : printed.index("</body>")]
    return dict(json.loads(html.unescape(body)))


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    documents = {
        "five": sample.document(5),
        "twenty": sample.document(20, 60, verdict="not supported"),
        "sealed": sample.sealed(),
        "hostile": sample.hostile(),
    }
    return measured(tmp_path_factory.mktemp("page"), {name: render(sample.as_bytes(document)) for name, document in documents.items()})


@pytest.mark.parametrize("name", ["five", "twenty", "sealed", "hostile"])
@pytest.mark.parametrize("size", SIZES)
def test_the_page_never_scrolls_sideways(seen: dict[str, Any], name: str, size: str) -> None:
    found = seen[f"{name} {size}"]
    assert found["width"] == SIZES[size][0]
    assert found["wide"] == []
    assert found["scroll"] <= found["width"]
    assert found["body"] <= found["width"]


@pytest.mark.parametrize("size", SIZES)
def test_the_verdict_stands_within_the_first_seven_hundred_pixels(seen: dict[str, Any], size: str) -> None:
    found = seen[f"five {size}"]
    assert found["answer"]["top"] > 0
    assert found["answer"]["bottom"] <= 700


def test_the_first_screen_holds_bar_claim_verdict_reasons_tiles_the_first_claim_and_the_way_to_the_rule(seen: dict[str, Any]) -> None:
    found = seen["five desk"]
    order = [found[name]["top"] for name in ("bar", "claim", "answer", "reasons", "rule", "tiles", "claims")]
    assert order == sorted(order)
    assert found["claims"]["bottom"] <= 768


def test_no_script_runs_and_none_is_there(seen: dict[str, Any]) -> None:
    assert all(found["scripts"] == 0 for found in seen.values())


def test_the_page_prints_every_row_with_the_verdict_on_every_sheet(tmp_path: Path) -> None:
    """Count the rows that have a place when printed: closed details are open on paper."""
    page = render(sample.as_bytes(sample.document(5, 30)))
    source, target = tmp_path / "dossier.html", tmp_path / "dossier.pdf"
    source.write_bytes(page)
    chromium(tmp_path / "profile", "--no-pdf-header-footer", f"--print-to-pdf={target}", source.as_uri())
    data = target.read_bytes()
    assert data.startswith(b"%PDF-")
    assert b"/StructTreeRoot" in data
    assert b"/JavaScript" not in data
    assert b"/EmbeddedFile" not in data
    if (reader := shutil.which("pdftotext")) is None:
        pytest.skip("pdftotext is not installed: the text of the print is not compared")
    text = subprocess.run([reader, "-layout", str(target), "-"], check=True, capture_output=True).stdout.decode()
    sheets = [sheet for sheet in text.split("\f") if sheet.strip()]
    assert all("Verdict: cannot be determined" in sheet and f"of {len(sheets)}" in sheet for sheet in sheets)
    flat = "".join(text.split())
    for name in (entry["name"] for entry in sample.document(5, 30)["evidence"]["features"]["dictionary"]):
        assert flat.count(name.replace("wavelet-", "")) >= 1


@pytest.mark.parametrize(("preference", "background"), [(0, "rgb(14, 19, 24)"), (1, "rgb(255, 255, 255)")])
def test_a_reader_who_prefers_dark_gets_a_dark_page(tmp_path: Path, preference: int, background: str) -> None:
    pages = {"sealed": render(sample.as_bytes(sample.sealed()))}
    found = measured(tmp_path, pages, f"--blink-settings=preferredColorScheme={preference}")
    assert {frame["background"] for frame in found.values()} == {background}
