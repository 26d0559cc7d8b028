"""The site pack: check.pyz, check.html in Chromium and ``radaudit check`` say the same of forty-five files; the folder is whole."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import random
import re
import shutil
import subprocess
import sys
import zipfile
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest
import yaml

from radaudit.cli import main
from radaudit.codes import all_codes
from radaudit.edges.intake import read_study
from radaudit.edges.sitepack.folder import archive, folder_name, members, page, write_packs
from radaudit.edges.sitepack.rules import rules_for, sites_of
from radaudit.edges.stages.check import examined
from radaudit.edges.study_file import load_study, plan_of_text
from radaudit.errors import StudyError, TableError
from radaudit.findings import Finding
from radaudit.sitepack.checking import check
from tests.edges import site_tables
from tests.edges.site_tables import FEATURES, REGION_VECTORS, STUDY, VECTORS, vector, write_study

EXPECTED: dict[str, Any] = json.loads(Path(__file__).with_name("site_vectors.json").read_text(encoding="utf-8"))
CHROMIUM = next((path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--proxy-server=127.0.0.1:9",
)  # fmt: skip
Say = list[list[Any]]
ALL = (*VECTORS, *REGION_VECTORS)


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = write_study(tmp_path_factory.mktemp("study"), vector("clean"))
    return rules_for(load_study(folder).plan, folder, "OSLO")


@pytest.fixture(scope="module")
def regions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = write_study(tmp_path_factory.mktemp("regions"), vector("regions-clean"), "regions-clean")
    return rules_for(load_study(folder).plan, folder, "OSLO")


def of_error(error: TableError) -> Say:
    """How many an error of radaudit speaks of, under the name its facts have."""
    facts = error.facts
    if error.code == "OUT-002":
        number: object = len(set(facts["values"]) - {"0", "1"})  # type: ignore[call-overload]
    elif error.code == "READ-031":
        number = str(error.found).count(" gives ")
    elif error.code == "FEAT-030":
        number = int(error.what.split()[0]) // 2  # both spellings are counted
    else:
        number = next((facts[name] for name in ("count", "columns", "rows", "ids") if isinstance(facts.get(name), int)), 1)
    columns = facts.get("columns")
    scope = str(columns[0]) if error.code == "READ-005" and isinstance(columns, tuple) and columns[0] not in FEATURES else ""
    return [[error.code, scope, number]]


def of_finding(finding: Finding) -> Say:
    """The same of a finding; what concerns LYON, or the study as a whole, is not the site's."""
    facts = finding.facts
    named = {
        "ID-001": "patients",
        "ID-004": "ids",
        "ID-100": "ids",
        "ID-050": "rows",
        "FEAT-058": "rows",
        "READ-001": "characters",
        "SITE-101": "count",
    }
    if finding.code in named:
        return [[finding.code, "", facts[named[finding.code]]]]
    if finding.code in ("FEAT-140", "FEAT-141", "FEAT-142", "FEAT-010", "FEAT-056"):
        return [[finding.code, "", facts["count"]]]
    if finding.code in ("FEAT-143", "FEAT-170", "FEAT-171"):
        return [[finding.code, "", sum(str(name).startswith("OSLO / ") for name in facts["names"])]]  # type: ignore[union-attr]
    if finding.code == "FEAT-032":
        return [["FEAT-032", "", facts["files"]["oslo.csv"]]]  # type: ignore[index,call-overload]
    if finding.code in ("FEAT-004", "FEAT-033"):
        agreed = {"binWidth": "25", "normalize": "False", "version": "3.0.1"}[finding.scope]
        return [[finding.code, finding.scope, sum(n for value, n in facts["values"].items() if value != agreed)]]  # type: ignore[union-attr,misc]
    return []


def by_radaudit(folder: Path, content: bytes, name: str) -> Say:
    """What ``radaudit check`` says of the file, as far as a site can know it."""
    write_study(folder, content, name)
    plan = load_study(folder).plan
    try:
        intake = read_study(plan, folder)
    except TableError as error:
        return of_error(error)
    found, _ = examined(plan, intake, folder, lambda _: None)
    return sorted(one for finding in found if finding.failed for one in of_finding(finding))


@pytest.mark.parametrize("name", ALL)
def test_radaudit_check_says_what_the_vectors_say(name: str, tmp_path: Path) -> None:
    content = vector(name)
    assert hashlib.sha256(content).hexdigest() == EXPECTED[name]["sha256"]
    assert by_radaudit(tmp_path, content, name) == EXPECTED[name]["findings"]


@pytest.mark.parametrize("name", ALL)
def test_the_checker_of_the_standard_library_says_the_same(name: str, rules: dict[str, Any], regions: dict[str, Any]) -> None:
    report = check(regions if name in REGION_VECTORS else rules, vector(name))
    assert sorted([one.code, one.scope, one.count] for one in report.found) == EXPECTED[name]["findings"]


def test_there_are_thirty_files_and_they_bring_out_every_code_that_one_file_can() -> None:
    assert len(EXPECTED) >= 30
    said = {code for entry in EXPECTED.values() for code, *_ in entry["findings"]}
    assert {code for entry in (rules_words(),) for code in entry} - said == {
        "SITE-100",
    }  # fmt: skip


def rules_words() -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = json.loads((Path(__file__).parents[2] / "radaudit/sitepack/words.json").read_text(encoding="utf-8"))
    return found


# a page that loads check.html without its start, runs it on every vector, then drops a file on a whole one
HARNESS = """<!doctype html><meta charset="utf-8"><body><iframe id="page" srcdoc="{page}"></iframe><script>
addEventListener("unhandledrejection", (event) => {{
  document.body.replaceChildren(document.createTextNode(String(event.reason && event.reason.stack)));
}});
addEventListener("load", async () => {{
  const w = document.getElementById("page").contentWindow, d = w.document, out = {{says: {{}}, texts: {{}}, page: {{}}}};
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const packs = [JSON.parse(d.getElementById("rules").textContent), {second}];
  for (const [name, [pack, text]] of Object.entries({vectors})) {{
    const rules = packs[pack], report = w.check(rules, bytes(text));
    out.says[name] = report.found.map((one) => [one.code, one.scope, one.count]);
    out.texts[name] = report.found.map((one) => w.sentence(rules, one) + w.rowsText(one));
  }}
  const drop = async (name, text) => {{
    const transfer = new w.DataTransfer();
    transfer.items.add(new w.File([bytes(text)], name));
    d.getElementById("end").textContent = "";
    d.getElementById("drop").dispatchEvent(new w.DragEvent("drop", {{dataTransfer: transfer, bubbles: true, cancelable: true}}));
    const ready = () => d.getElementById("name").textContent === name && d.getElementById("end").textContent;
    for (let i = 0; i < 300 && !ready(); i++) await new Promise((done) => setTimeout(done, 20));
    const link = d.querySelector("#end a");
    return {{marks: [...d.querySelectorAll("#findings b")].map((b) => b.textContent), end: d.getElementById("end").textContent,
      link: link && link.download, html: d.getElementById("findings").innerHTML}};
  }};
  out.page.clean = await drop("oslo.csv", {clean});
  out.page.dirty = await drop("dirty.csv", {dirty});
  out.page.hostile = await drop("<img src=x onerror=alert(1)>.csv", {hostile});
  out.page.sha256 = w.sha256(bytes({clean}));
  const made = w.archive([["a ü.csv", bytes({clean})], ["checked.json", new TextEncoder().encode("{{}}")]]);
  out.page.archive = btoa(String.fromCharCode(...new Uint8Array(await made.arrayBuffer())));
  document.body.replaceChildren(document.createTextNode(JSON.stringify(out)));
}});
</script></body>"""


def coded(content: bytes) -> str:
    return json.dumps(base64.b64encode(content).decode())


def damaged(number: int = 250) -> list[tuple[str, bytes]]:
    """Return the vectors cut short and with odd pieces put in, the same ones every time."""
    rng = random.Random(20261128)
    pieces = [
        b'"',
        b",",
        b";",
        b"\t",
        b"\r",
        b"\r\n",
        b"\n\n",
        b"\xe9",
        b"\x81",
        b"1,5",
        b"1.234,5",
        b" ",
        b"\xc3\xa9",
        b"'",
        b"{",
        b"None",
        b"1e-7",
        b"NaN",
    ]
    made = []
    for i in range(number):
        data = vector(rng.choice(sorted(VECTORS)))
        data = data[: rng.randint(0, len(data))] if rng.random() < 0.3 else data
        for _ in range(rng.randint(1, 12)):
            at = rng.randint(0, len(data))
            data = data[:at] + rng.choice(pieces) + data[at + rng.randint(0, 3) :]
        made.append((f"damaged-{i}", data))
    return made


def hostile(table: site_tables.Rows) -> bytes:
    table[2][0] = "<script>document.title='x'</script>"
    table[3][site_tables.column("original_glcm_Contrast")] = "<b>1</b>"
    return site_tables.text(table)


@pytest.fixture(scope="module")
def browser(rules: dict[str, Any], regions: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed: check.html is not tried in a browser")
    folder = tmp_path_factory.mktemp("page")
    vectors = [(name, int(name in REGION_VECTORS), vector(name)) for name in ALL] + [(name, 0, data) for name, data in damaged()]
    whole = HARNESS.format(
        page=html.escape(page(rules), quote=True),
        vectors="{" + ",".join(f"{json.dumps(name)}: [{pack}, {coded(data)}]" for name, pack, data in vectors) + "}",
        second=json.dumps(regions).replace("</", "<\\/"),
        clean=coded(vector("clean")),
        dirty=coded(vector("a-heap")),
        hostile=coded(hostile(site_tables.rows("OSLO", 16, 2))),
    )
    file = folder / "harness.html"
    file.write_text(whole, encoding="utf-8")
    command = [CHROMIUM, *FLAGS, f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=20000", "--dump-dom", file.as_uri()]
    printed = subprocess.run(command, check=True, capture_output=True, timeout=120).stdout.decode()
    body = printed[printed.index("<body>") + 6 : printed.index("</body>")]
    return dict(json.loads(html.unescape(body)))


@pytest.mark.parametrize("name", ALL)
def test_the_page_says_the_same_in_a_browser_in_the_same_words(
    name: str, browser: dict[str, Any], rules: dict[str, Any], regions: dict[str, Any]
) -> None:
    from radaudit.sitepack.command import rows_text, sentence

    rules = regions if name in REGION_VECTORS else rules
    assert sorted(browser["says"][name]) == EXPECTED[name]["findings"]
    report = check(rules, vector(name))
    assert browser["texts"][name] == [sentence(rules, one) + rows_text(one) for one in report.found]


def test_page_and_program_agree_on_every_damaged_file(browser: dict[str, Any], rules: dict[str, Any]) -> None:
    from radaudit.sitepack.command import rows_text, sentence

    codes, differ = set(), []
    for name, data in damaged():
        report = check(rules, data)
        codes |= {one.code for one in report.found}
        ours = [[one.code, one.scope, one.count, sentence(rules, one) + rows_text(one)] for one in report.found]
        theirs = [[*said, words] for said, words in zip(browser["says"][name], browser["texts"][name], strict=True)]
        differ += [(name, a, b) for a, b in zip_longest(ours, theirs) if a != b][:1]
    assert differ == []
    assert len(codes) > 15


def test_a_table_dropped_on_the_page_is_checked_and_given_back_only_if_nothing_fails(browser: dict[str, Any]) -> None:
    clean, dirty = browser["page"]["clean"], browser["page"]["dirty"]
    assert clean["marks"] == ["PASS"]
    assert clean["link"] == "oslo-checked.zip"
    assert "FAIL" in dirty["marks"]
    assert dirty["link"] is None
    assert dirty["end"].startswith("Not ready to send")


def test_what_stands_in_a_table_is_text_on_the_page(browser: dict[str, Any]) -> None:
    shown = browser["page"]["hostile"]["html"]
    assert "<script" not in shown
    assert "<b>1" not in shown
    assert "&lt;b&gt;1" in shown


def test_the_archive_of_the_page_is_a_zip_with_the_table_untouched(browser: dict[str, Any], tmp_path: Path) -> None:
    assert browser["page"]["sha256"] == hashlib.sha256(vector("clean")).hexdigest()
    (tmp_path / "made.zip").write_bytes(base64.b64decode(browser["page"]["archive"]))
    with zipfile.ZipFile(tmp_path / "made.zip") as made:
        assert made.testzip() is None
        assert made.namelist() == ["a ü.csv", "checked.json"]
        assert made.read("a ü.csv") == vector("clean")


def test_the_page_loads_nothing(rules: dict[str, Any]) -> None:
    text = page(rules)
    assert not re.search(r"https?:|src=|@import|url\(", text.replace("noscript", ""))
    assert "default-src 'none'" in text
    hostile_rules = {**rules, "title": "</script><script>alert(1)</script>", "study": "/*SCRIPT*/"}
    assert "</script><script>alert" not in page(hostile_rules)


# the folder, and the checker as a program


@pytest.fixture
def pack(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = write_study(tmp_path / "study" if (tmp_path / "study").mkdir() is None else tmp_path, vector("clean"))
    assert main(["sitepack", "OSLO", "-C", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "sitepack/OSLO/" in said
    assert [line for line in said.splitlines() if len(line) > 80] == []
    return folder / "sitepack" / "OSLO"


def run_check(pack: Path, file: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(pack / "check.pyz"), str(file), *more]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, env={"PYTHONIOENCODING": "utf-8"})


def test_the_folder_holds_all_a_hospital_needs_and_no_patient(pack: Path) -> None:
    assert {path.name for path in pack.iterdir()} == {"README.txt", "template.csv", "params.yaml", "rules.json", "check.pyz", "check.html"}
    readme = (pack / "README.txt").read_text("utf-8")
    assert len(readme.splitlines()) <= 60
    assert [line for line in readme.splitlines() if len(line) > 80] == []
    assert "[A-Z]{3}-[0-9]{4}" in readme
    header = (pack / "template.csv").read_text("utf-8").strip().split(",")
    assert header[0] == "patient_id"
    assert set(FEATURES) < set(header)
    whole = b"".join(path.read_bytes() for path in pack.iterdir())
    assert b"LYO-0" not in whole
    assert b"OSL-0" not in whole
    assert b"LYON" not in whole, "a hospital does not learn the names of the others"


def test_params_are_those_of_the_study_in_the_form_pyradiomics_reads(pack: Path) -> None:
    params = yaml.safe_load((pack / "params.yaml").read_text("utf-8"))
    assert params["setting"] == {"binWidth": 25, "resampledPixelSpacing": [1, 1, 1], "interpolator": "sitkBSpline", "normalize": False}
    assert params["imageType"] == {"Original": {}}
    assert params["featureClass"]["glcm"] == ["Contrast", "Correlation"]


def test_the_same_study_gives_the_same_bytes_and_one_source_of_rules(pack: Path, rules: dict[str, Any]) -> None:
    assert {path.name: path.read_bytes() for path in pack.iterdir()} == members(rules)
    stored = (pack / "rules.json").read_text("utf-8")
    with zipfile.ZipFile(pack / "check.pyz") as made:
        assert made.read("rules.json").decode() == stored
    inside = re.search(r'id="rules">(.*?)</script>', (pack / "check.html").read_text("utf-8"))
    assert inside is not None
    assert json.loads(inside[1]) == json.loads(stored)


def test_a_clean_table_passes_and_is_packed_untouched(pack: Path, tmp_path: Path) -> None:
    file = tmp_path / "oslo.csv"
    file.write_bytes(vector("clean"))
    done = run_check(pack, file)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("Site pack for relapse-2y, OSLO (rules ")
    assert done.stdout.splitlines()[-1] == "Send back: oslo-checked.zip"
    with zipfile.ZipFile(tmp_path / "oslo-checked.zip") as made:
        assert made.read("oslo.csv") == vector("clean")
        said = json.loads(made.read("checked.json"))
    assert (said["sha256"], said["findings"]) == (hashlib.sha256(vector("clean")).hexdigest(), [])
    before = (tmp_path / "oslo-checked.zip").read_bytes()
    run_check(pack, file)
    assert (tmp_path / "oslo-checked.zip").read_bytes() == before
    file.write_bytes(vector("a-heap"))
    assert run_check(pack, file).stdout.splitlines()[-1] == "oslo-checked.zip beside it is of an earlier table: do not send it."
    assert (tmp_path / "oslo-checked.zip").read_bytes() == before


@pytest.mark.parametrize(("name", "code"), [("wrong-bin-width", 1), ("a-heap", 1), ("quote-left-open", 3), ("columns-missing", 1)])
def test_a_table_to_mend_is_told_in_80_columns_with_fixes_and_not_packed(name: str, code: int, pack: Path, tmp_path: Path) -> None:
    file = tmp_path / "oslo.csv"
    file.write_bytes(vector(name))
    done = run_check(pack, file)
    assert (done.returncode, done.stderr) == (code, "")
    assert [line for line in done.stdout.splitlines() if len(line) > 80] == []
    assert done.stdout.count(" FAIL ") >= 1
    assert done.stdout.count("fix: ") >= done.stdout.count(" FAIL ")
    assert not (tmp_path / "oslo-checked.zip").exists()
    found = json.loads(run_check(pack, file, "--json").stdout)
    assert sorted([one["code"], one["scope"], one["count"]] for one in found["findings"]) == EXPECTED[name]["findings"]
    assert found["exit_code"] == code


def test_rows_are_told_by_their_number_in_the_file(pack: Path, tmp_path: Path) -> None:
    file = tmp_path / "oslo.csv"
    file.write_bytes(vector("ids-of-another-form"))
    found = json.loads(run_check(pack, file, "--json").stdout)["findings"]
    assert [one["rows"] for one in found] == [[3, 7, 8]]


def test_odd_calls_end_with_a_sentence(pack: Path, tmp_path: Path) -> None:
    assert run_check(pack, tmp_path / "none.csv").returncode == 3
    assert run_check(pack, tmp_path).returncode == 3
    help_ = run_check(pack, Path("--help"))
    assert (help_.returncode, "check.pyz TABLE.csv" in help_.stdout) == (0, True)
    book = tmp_path / "oslo.xlsx"
    book.write_bytes(b"PK\x03\x04rest")
    done = run_check(pack, book)
    assert done.returncode == 3
    assert "SITE-100" in done.stdout


def test_the_checker_needs_the_standard_library_only() -> None:
    folder = Path(__file__).parents[2] / "radaudit/sitepack"
    names = {
        match[1] for path in folder.glob("*.py") for match in re.finditer(r"^\s*(?:from|import) ([\w.]+)", path.read_text("utf-8"), re.M)
    }
    foreign = {name for name in names if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("radaudit.sitepack")}
    assert foreign == set()


def test_every_word_of_a_site_pack_is_of_a_code_that_radaudit_explains() -> None:
    assert set(rules_words()) <= set(all_codes())
    assert {entry["level"] for entry in rules_words().values()} == {"FAIL", "WARN", "NOTE"}


def test_all_sites_get_a_pack_and_a_site_nobody_knows_too(tmp_path: Path) -> None:
    folder = write_study(tmp_path, vector("clean"))
    plan = load_study(folder).plan
    assert sites_of(plan, folder) == ["LYON", "OSLO"]
    assert set(write_packs(plan, folder, [])) == {"sitepack/LYON", "sitepack/OSLO"}
    (made,) = write_packs(plan, folder, ["St. Olav/Øst"]).values()
    assert made["site"] == "St. Olav/Øst"
    assert (folder / "sitepack" / "St. Olav_Øst" / "check.pyz").is_file()


def test_a_bad_table_of_the_site_itself_does_not_stop_its_pack(tmp_path: Path) -> None:
    folder = write_study(tmp_path, vector("decimal-commas"))
    assert rules_for(load_study(folder).plan, folder, "OSLO")["settings"]["binWidth"] == "25"


@pytest.mark.parametrize("sites", [["..", "A"], ["  "], ["a/b", "a:b"]])
def test_sites_without_a_folder_of_their_own_are_refused(sites: list[str], tmp_path: Path) -> None:
    folder = write_study(tmp_path, vector("clean"))
    with pytest.raises(StudyError) as caught:
        write_packs(load_study(folder).plan, folder, sites)
    assert caught.value.code == "SITE-102"
    assert not (folder / "sitepack").exists()
    assert folder_name("..") == ""


def test_a_study_that_names_no_feature_is_refused_and_one_that_does_needs_no_table(tmp_path: Path) -> None:
    (tmp_path / "study.yaml").write_text(STUDY, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        rules_for(plan_of_text(STUDY), tmp_path, "OSLO")
    assert caught.value.code == "SITE-103"
    named = STUDY + 'features: {include: [original_shape_Sphericity, "wavelet*"]}\n'
    made = rules_for(plan_of_text(named), tmp_path, "OSLO")
    assert [item["name"] for item in made["features"]] == ["original_shape_Sphericity"]
    assert made["features"][0]["bounds"] == [["FEAT-140", 0, 1.000001, True, False]]


def test_the_command_wants_sites_or_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_study(tmp_path, vector("clean"))
    assert main(["sitepack", "-C", str(folder)]) == 2
    assert main(["sitepack", "OSLO", "--all", "-C", str(folder)]) == 2
    assert main(["sitepack", "--all", "-C", str(folder)]) == 0
    capsys.readouterr()


@pytest.mark.parametrize("pattern", [r"(?i)a", r"(?P<x>a)", r"\Aab", r"a++", r"(a)\1", "(?<=a)b"])
def test_a_pattern_browsers_read_otherwise_is_refused_in_the_study(pattern: str) -> None:
    text = STUDY.replace('"[A-Z]{3}-[0-9]{4}"', json.dumps(pattern))
    with pytest.raises(StudyError) as caught:
        plan_of_text(text)
    assert caught.value.code in ("STUDY-111", "STUDY-008")


def test_the_program_is_the_same_bytes_for_the_same_rules() -> None:
    assert archive("{}") == archive("{}")
    assert archive("{}").startswith(b"#!")
