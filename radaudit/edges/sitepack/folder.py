"""The folder of a site pack: one page in plain words, a template, the settings of the extraction, and the checker in two forms."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from radaudit.edges.inert import inert
from radaudit.edges.sitepack.rules import rules_for, sites_of
from radaudit.errors import StudyError, listed
from radaudit.tables.cells import PLAIN
from radaudit.tables.names import pyradiomics_name

if TYPE_CHECKING:
    from radaudit.study.plan import Plan

FOLDER = "sitepack"
MODULES = ("__init__", "cells", "checking", "command", "protocol", "reading", "settings")
ODD = re.compile(r"[^\w .-]+")
MAIN = """\
import sys

if sys.version_info < (3, 10):
    sys.exit("this checker needs Python 3.10 or newer; check.html does the same in a browser")

from radaudit.sitepack.command import main

sys.exit(main(sys.argv[1:], __loader__.get_data("rules.json").decode("utf-8")))
"""
FILTERS = {
    "original": "Original",
    "square": "Square",
    "squareroot": "SquareRoot",
    "logarithm": "Logarithm",
    "exponential": "Exponential",
    "gradient": "Gradient",
    "wavelet": "Wavelet",
    "lbp-2D": "LBP2D",
    "lbp-3D": "LBP3D",
}


def write_packs(plan: Plan, folder: Path, sites: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Write the pack of every named site (all that the study knows, if none is named) and return their rules by folder.

    Raises StudyError SITE-102 (a site that cannot name a folder, or two that would share one) and SITE-103 (see ``rules_for``).
    """
    wanted = list(sites) or sites_of(plan, folder)
    if not wanted:
        raise StudyError("SITE-102", "the study names no site", at="roles.site, tables.features", fix="radaudit sitepack NAME")
    names = {site: folder_name(site) for site in wanted}
    bad = [site for site, name in names.items() if not name]
    shared = [site for site in wanted if sum(other.casefold() == names[site].casefold() for other in names.values()) > 1]
    if bad or shared:
        raise StudyError("SITE-102", f"{len(bad or shared)} sites cannot have a folder of their own", found=listed(bad or shared))
    made, opened = {}, {}  # type: ignore[var-annotated]
    for site in wanted:
        rules = rules_for(plan, folder, site, opened)
        place = folder / FOLDER / names[site]
        place.mkdir(parents=True, exist_ok=True)
        written = members(rules)
        (place / "params.yaml").unlink(missing_ok=True)  # of an earlier study
        for name, data in written.items():
            (place / name).write_bytes(data)
        made[f"{FOLDER}/{names[site]}"] = rules
    return made


def folder_name(site: str) -> str:
    """Return a site's name as a folder on any system has it, empty if no letter or digit is left."""
    name = ODD.sub("_", site).strip(" .")
    return name if any(char.isalnum() for char in name) else ""


def members(rules: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files of a pack; the same rules give the same bytes."""
    text = json.dumps(rules, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
    found = {
        "README.txt": readme(rules).encode(),
        "template.csv": template(rules).encode(),
        "rules.json": text.encode(),
        "check.pyz": archive(text),
        "check.html": page(rules).encode(),
    }
    params = parameters(rules)
    return found | ({"params.yaml": params.encode()} if params else {})


def archive(rules: str) -> bytes:
    """Return check.pyz: the modules of ``radaudit.sitepack`` and the rules, stored with one date so that the bytes never change."""
    source = files("radaudit.sitepack")
    content = {"__main__.py": MAIN, "radaudit/__init__.py": "", "rules.json": rules}
    content |= {f"radaudit/sitepack/{name}.py": source.joinpath(f"{name}.py").read_text(encoding="utf-8") for name in MODULES}
    stream = io.BytesIO()
    stream.write(b"#!/usr/bin/env python3\n")
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as made:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            made.writestr(entry, content[name].encode())
    return stream.getvalue()


def page(rules: Mapping[str, Any]) -> str:
    """Return check.html: the rules and the script inside one page that loads nothing."""
    source = files("radaudit.sitepack")
    script, frame = (source.joinpath(name).read_text(encoding="utf-8") for name in ("check.js", "check.html"))
    data = json.dumps(rules, sort_keys=True, ensure_ascii=True).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return frame.replace("/*SCRIPT*/", script).replace("/*RULES*/", data)  # the script first: rules hold names of others


def template(rules: Mapping[str, Any]) -> str:
    """Return the header of the table a site sends: id, region, columns with a role, features."""
    first = [rules["id"]["column"], *([rules["unit"]] if rules["unit"] else [])]
    names = dict.fromkeys([*first, *rules["columns"], *(item["name"] for item in rules["features"])])
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerow([inert(name) if name[:1] in "=+-@" else name for name in names])
    return stream.getvalue()


def parameters(rules: Mapping[str, Any]) -> str:
    """Return a PyRadiomics parameter file that makes these features with these settings, empty if the study does not say."""
    settings = {key: value for key, value in rules["settings"].items() if key not in ("version", "imageTypes", "settings")}
    parts = [match for item in rules["features"] if (match := pyradiomics_name(item["name"]))]
    if not settings or not parts or rules["extractor"] not in ("", "pyradiomics"):
        return ""
    lines = [
        f"# PyRadiomics parameter file of the study {rules['study']}, made from its tables; use it as it is:",
        "#   pyradiomics images.csv --param params.yaml --out features.csv --format csv",
        *([f"# version of the study: PyRadiomics {rules['settings']['version']}"] if "version" in rules["settings"] else []),
        "setting:",
        *(f"  {key}: {_yaml(value)}" for key, value in sorted(settings.items())),
        "imageType:",
        *(f"  {line}" for line in _image_types([match["filter"] for match in parts])),
        "featureClass:",
    ]
    classes: dict[str, set[str]] = {}
    for match in parts:
        classes.setdefault(match["klass"], set()).add(match["name"])
    for klass, names in sorted(classes.items()):
        lines += [f"  {klass}:", *(f"    - {_yaml(name)}" for name in sorted(names))]
    return "\n".join(lines) + "\n"


def _image_types(filters: Sequence[str]) -> list[str]:
    plain = {FILTERS[key] for name in filters for key in FILTERS if name == key or name.replace(".", "-").startswith(f"{key}-")}
    sigma = sorted(
        {found[1].replace("-", ".") for name in filters if (found := re.match(r"log[-.]sigma[-.]([0-9.-]+)mm", name))}, key=float
    )
    return [*(f"{name}: {{}}" for name in sorted(plain)), *([f"LoG: {{sigma: [{', '.join(sigma)}]}}"] if sigma else [])]


def _yaml(value: str) -> str:
    """Return a setting as YAML: numbers, lists of numbers and truths plain, all else quoted."""
    if value in ("True", "False"):
        return value.lower()
    if PLAIN.fullmatch(value):
        return (
            f'"{value}"' if value[:1] in "0123456789" and not value.replace(".", "").replace("-", "").replace("e", "").isdigit() else value
        )
    if value.startswith("[") and all(PLAIN.fullmatch(part.strip()) for part in value.strip("[]").split(",")):
        return value
    return json.dumps(value)


def readme(rules: Mapping[str, Any]) -> str:
    """Return one page in plain words."""
    title = rules["title"] or rules["study"]
    params = bool(parameters(rules))
    lines = [f"What {rules['site']} sends for the study {rules['study']}", "", *_wrapped(title), ""]
    lines += _wrapped(
        "Please check your table with one of the two checkers in this folder before you send it. Both work without network and without "
        "installation, send nothing and change nothing; they tell you what to mend and how."
    )
    lines += [
        "",
        "  In a browser     open check.html and drop your table on the page",
        "  With Python      python check.pyz yourtable.csv      (3.10 or newer)",
        "",
    ]
    lines += _wrapped(
        "Send the file yourtable-checked.zip that the checker writes when nothing has to be mended; it holds your table as it is and the "
        "list of checks."
    )
    lines += ["", "What the table has to be", ""]
    points = [
        f"a text table (CSV), one row per patient{' and region' if rules['unit'] else ''}, with the column names of template.csv",
        f"ids in the column {rules['id']['column']}"
        + (f", all of the form {rules['id']['pattern']}" if rules["id"]["pattern"] else "")
        + "; never a name, a date of birth or a hospital number",
        f"{len(rules['features'])} features, numbers with a decimal {'comma' if rules['file']['decimal'] == ',' else 'point'}; a missing "
        "value is an empty cell" + (f" or one of: {', '.join(rules['file']['missing'])}" if rules["file"]["missing"] else ""),
    ]
    if rules["unit"]:
        points.append(f"the region (lesion) in the column {rules['unit']}")
    if rules["sites"]["column"]:
        points.append(f"the site in the column {rules['sites']['column']}, written {rules['sites']['value']}")
    if rules["outcome"]:
        end = rules["outcome"]
        points.append(
            f"the outcome in the column {end['column']}: {end['event']} for an event, {end['non_event']} for none, empty if unknown"
        )
    more = [name for name in rules["columns"] if name not in (rules["sites"]["column"], (rules["outcome"] or {}).get("column"))]
    if more:
        points.append(f"and these columns: {listed(more, most=12)}")
    if params:
        points.append(
            "features extracted with params.yaml of this folder"
            + (f" and PyRadiomics {rules['settings']['version']}" if "version" in rules["settings"] else "")
        )
    elif rules["settings"]:
        points.append("extracted with " + listed((f"{key} {value}" for key, value in rules["settings"].items()), most=12))
    if rules["protocol"]:
        points.append("made by the protocol of the study: " + listed((rule["label"] for rule in rules["protocol"]["rules"]), most=12))
    for point in points:
        lines += _wrapped(point, first="  - ")
    lines += [
        "",
        *_wrapped(f"rules.json says the same to the checkers (rules {rules['digest'][:8]}). Questions go to whoever sent you this folder."),
    ]
    return "\n".join(lines) + "\n"


def _wrapped(text: str, first: str = "") -> list[str]:
    from radaudit.study.lines import wrapped

    return wrapped(text, first=first)
