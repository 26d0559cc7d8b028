"""Write docs/reference/ from the code: ``python docs/generate.py``; with ``--check`` only say which files are not current.

Commands come from the Typer application, study.yaml from its JSON Schema, codes from radaudit/codes/*.toml, suites from expectations/.
What no code says in words stands in docs/words.toml.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

FAMILIES = {
    "READ": "reading tables",
    "ID": "patients and images",
    "SITE": "sites and batches",
    "FEAT": "features",
    "OUT": "the outcome",
    "CONF": "confounding",
    "SIZE": "numbers of patients",
    "HARM": "harmonisation",
    "LEAK": "leakage",
    "PERF": "measures",
    "GUARD": "lock and test set",
    "SCORE": "scoring",
    "STUDY": "the study file",
    "LEDGER": "record and store",
    "VERIFY": "verification",
    "PRIV": "privacy",
}
NOTE = "<!-- written by docs/generate.py: change the code or docs/words.toml, not this file -->"


def words() -> dict[str, dict[str, str]]:
    """Return the words for what the code has none for."""
    return tomllib.loads((HERE / "words.toml").read_text("utf-8"))


def cell(text: object) -> str:
    """Return text that a Markdown table can hold."""
    return " ".join(str(text).split()).replace("|", "\\|")


def rows(head: Iterable[str], lines: Iterable[Iterable[object]]) -> list[str]:
    """Return a Markdown table."""
    names = list(head)
    return [f"| {' | '.join(names)} |", f"|{'|'.join('---' for _ in names)}|", *(f"| {' | '.join(map(cell, line))} |" for line in lines)]


def page(title: str, lead: str, *parts: Iterable[str]) -> str:
    """Return one page."""
    lines = [f"# {title}", "", NOTE, "", lead]
    for part in parts:
        lines += ["", *part]
    return "\n".join(lines) + "\n"


# commands


def option_rows(parameters: Iterable[Any]) -> list[tuple[str, str]]:
    """Return each parameter as it is typed, and its help."""
    found = []
    for item in parameters:
        if item.param_type_name == "argument":
            name = item.metavar if item.required or item.metavar.startswith("[") else f"[{item.metavar}]"
        else:
            name = ", ".join(item.opts) + ("" if item.is_flag else f" {item.metavar or 'TEXT'}")
        default = (
            ""
            if item.required or item.default in (None, False, ()) or item.param_type_name == "argument"
            else f" Default: `{item.default}`."
        )
        found.append((f"`{name}`", f"{item.help or ''}{default}"))
    return found


def leaves(path: str, command: Any) -> list[tuple[str, Any]]:
    """Return a command, or the commands of a family, with their full names."""
    inside = getattr(command, "commands", None)
    return [(path, command)] if inside is None else [found for name, one in inside.items() for found in leaves(f"{path} {name}", one)]


def described(path: str, command: Any) -> list[str]:
    """Return the section of one command."""
    from radaudit.cli.call import COMMON

    own = [item for item in command.params if item.name not in COMMON and item.name not in ("folder", "help")]
    arguments = [name.strip("`") for name, _ in option_rows(item for item in own if item.param_type_name == "argument")]
    lines = [f"### {path}", "", (command.help or "").strip(), "", f"    {' '.join(['radaudit', path, *arguments, '[options]'])}", ""]
    lines += rows(("argument or option", ""), option_rows(own)) if own else ["No options of its own."]
    return lines + (["", "Works in a study folder."] if any(item.name == "folder" for item in command.params) else [])


def commands() -> str:
    """Return the page of commands."""
    import typer

    from radaudit.cli.app import GROUPS, application
    from radaudit.cli.call import COMMON

    root: Any = typer.main.get_command(application())
    first = root.commands["check"].params
    shared = [item for item in first if item.name in COMMON]
    folder = [item for item in first if item.name == "folder"]
    parts = [rows(("every command takes", ""), option_rows(shared)), rows(("commands of a study also take", ""), option_rows(folder))]
    for title, group in GROUPS.items():
        parts.append([f"## {title}"])
        for item in group:
            name = item.__name__.rstrip("_")
            parts += [described(path, command) for path, command in leaves(name, root.commands[name])]
    variables = [
        ("`RADAUDIT_STUDY_KEY`", "the study key as 64 hex digits, instead of `.radaudit/key`"),
        ("`RADAUDIT_ACTOR`", "the name on record, instead of the first digits of the key's fingerprint"),
        ("`SOURCE_DATE_EPOCH`", "seconds since 1970: stops the clock, so that the same study gives the same bytes"),
        ("`NO_COLOR`", "no colour"),
        ("`OMP_NUM_THREADS`, `OPENBLAS_NUM_THREADS`, `MKL_NUM_THREADS`", "threads of the numeric libraries; 1 unless you set them"),
    ]
    parts.append(["## Environment", "", *rows(("variable", ""), variables)])
    lead = (
        "`radaudit --help` and `radaudit COMMAND --help` print the same. Results go to stdout, talk to stderr. [Exit codes](exit-codes.md)."
    )
    return page("Commands", lead, *parts)


def exit_codes() -> str:
    """Return the page of exit codes, from the text that ``--help`` ends with."""
    from radaudit.cli.app import EPILOG

    lines = EPILOG.split("Exit codes\n", 1)[1].split("\n\n", 1)[0].splitlines()
    codes = [line.strip().split(maxsplit=1) for line in lines]
    verify = [("0", "valid"), ("1", "not valid"), ("3", "not a dossier"), ("5", "valid, but something could not be checked")]
    return page(
        "Exit codes",
        "The verdict on a study is not an error: `evaluate` and `report` end with 0, 1 or 5 according to the primary claims.",
        rows(("code", "meaning"), codes),
        ["`radaudit verify`:", "", *rows(("code", "meaning"), verify)],
    )


# study.yaml


def kinds(schema: Mapping[str, Any]) -> str:
    """Return what a value may be, in words."""
    if "const" in schema:
        return f"`{schema['const']}`"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        found = list(dict.fromkeys(kinds(item) for item in schema["anyOf"] if item.get("type") != "null"))
        return " or ".join(found)
    if "$ref" in schema:
        return "mapping"
    kind = schema.get("type")
    if isinstance(kind, list):
        return "text"
    if kind == "array":
        return "two numbers" if schema.get("prefixItems") else f"list of {kinds(schema.get('items', {}))}"
    if kind == "object" and "additionalProperties" in schema and isinstance(schema["additionalProperties"], dict):
        return "mapping of name: list"
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(str(kind), str(kind))


def referred(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the mapping a value may be, if it may be one of ours."""
    found = json.dumps(schema)
    for name, definition in definitions.items():
        if f'"#/$defs/{name}"' in found and definition.get("properties"):
            return definition
    return None


def study_keys(schema: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any], bool]]:
    """Return every key of study.yaml as a dotted path with its schema and whether it must be there."""
    found: list[tuple[str, Mapping[str, Any], bool]] = []

    def walk(node: Mapping[str, Any], path: str) -> None:
        for name, value in node.get("properties", {}).items():
            found.append((path + name, value, name in node.get("required", ())))
            inside = referred(value, schema["$defs"])
            if inside is not None:
                listed = '"array"' in json.dumps(value)
                walk(inside, f"{path}{name}{'[]' if listed else ''}.")

    walk(schema, "")
    return found


def limits(schema: Mapping[str, Any]) -> str:
    """Return the range of a number in words, empty if it has none."""
    names = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
    names |= {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}  # what pydantic writes after a validator of ours
    for node in (schema, *schema.get("anyOf", ())):
        found = [f"{words} {node[name]:g}" for name, words in names.items() if name in node and node[name] < 2**60]
        if found:
            return f" ({', '.join(found)})"
    return ""


def study_file() -> str:
    """Return the page of study.yaml."""
    from radaudit.study.schema import study_schema

    parts: list[list[str]] = []
    lines: list[tuple[str, str, str, str]] = []
    title = ""

    def close() -> None:
        if lines:
            parts.append([*([f"## {title}", ""] if title else []), *rows(("key", "value", "default", "meaning"), lines)])
            lines.clear()

    whole = study_schema()
    for path, schema, required in study_keys(whole):
        head = path.split(".", 1)[0].removesuffix("[]")
        if head != title and "." in path:
            opening = lines.pop()
            close()
            title = head
            lines.append(opening)
        elif "." not in path and title:
            close()
            title = ""
        # pydantic leaves a description out that is the one of the mapping it stands for
        about = schema.get("description") or (referred(schema, whole["$defs"]) or {}).get("description")
        if not about:
            raise SystemExit(f"study.yaml: {path} has no description")
        default = "must be stated" if required else default_of(schema)
        lines.append((f"`{path}`", kinds(schema) + limits(schema), default, about))
    close()
    lead = (
        "All that is scientific about a study. Unknown keys are refused. Every value is read as the text that stands there: a site `NO` "
        "is not false, an id `007` keeps its zeros. A list of one may be written as its item. `[]` marks a list of mappings. "
        "A walk-through is in [your own study](../how-to/own-study.md)."
    )
    return page("study.yaml", lead, *parts)


def default_of(schema: Mapping[str, Any]) -> str:
    """Return the default as written, empty if there is none."""
    value = schema.get("default")
    if value is None or value in ([], {}) or isinstance(value, dict):
        return ""
    return f"`{json.dumps(value)}`".replace('"', "")


# codes, suites, files, documents


def codes() -> str:
    """Return the page of codes: the words of ``radaudit explain``."""
    from radaudit.codes import all_codes

    every = all_codes()
    parts: list[list[str]] = [[", ".join(f"[{family}](#{family.lower()})" for family in FAMILIES)]]
    for family, about in FAMILIES.items():
        parts.append([f"## {family}", "", f"{about[:1].upper()}{about[1:]}."])
        for code, entry in every.items():
            if code.split("-")[0] != family:
                continue
            part = [f"### {code}", "", f"**{entry.title}** ({entry.severity})", "", entry.why, "", "```text", entry.fix, "```"]
            parts.append(part + (["", f"Reference: {entry.reference}."] if entry.reference else []))
    lost = sorted({code.split("-")[0] for code in every} - set(FAMILIES))
    if lost:
        raise SystemExit(f"codes of no family: {lost}")
    lead = (
        f"All {len(every)} codes, as `radaudit explain CODE` prints them. In brackets the severity: `blocking`, `major`, `minor`, `note` "
        "are findings, of which only a blocking one stops a claim or a command; `error` is a refusal. The box says what to do."
    )
    return page("Codes", lead, *parts)


def expectations() -> str:
    """Return the page of the shipped suites."""
    from radaudit.checks.rules import CheckRules
    from radaudit.codes import explained

    parts = []
    for file in sorted((HERE.parent / "expectations").glob("*/*.json")):
        suite = json.loads(file.read_text("utf-8"))
        lines = []
        for expected in suite["expectations"]:
            about = {key: value for key, value in expected["kwargs"].items() if key != "column"}
            told = ", ".join(f"{key} {value}" for key, value in about.items())
            code = expected["meta"]["code"]
            kind = expected["type"].removeprefix("expect_")
            lines.append(
                (
                    f"[{code}](codes.md#{code.lower()})",
                    explained(code).title,
                    f"`{expected['kwargs'].get('column', '')}`",
                    f"`{kind}` {told}",
                )
            )
        name = file.relative_to(HERE.parent).as_posix()
        parts.append(
            [
                f"## {file.parent.name}",
                "",
                f"`{name}`: {suite['meta']['question']}",
                "",
                *rows(("code", "finding", "column", "expectation"), lines),
            ]
        )
    known = [(f"`${name}`", f"{value:g}") for name, value in CheckRules().parameters().items()]
    lead = (
        "Great Expectations judges small profiles of the table (one row per feature, site, row or column), not its thousands of columns. "
        "A study adds suites of its own in `expectations/<what>/<suite>.json` beside study.yaml; a failure without a code is FEAT-069."
    )
    return page(
        "Expectations", lead, *parts, ["## Rules a suite may name", "", *rows(("name", "value unless study.yaml states another"), known)]
    )


def files() -> str:
    """Return the page of files."""
    told = words()
    return page(
        "Files",
        "Everything is written below the folder of study.yaml.",
        ["## A study folder", "", *rows(("path", "what"), ((f"`{name}`", text) for name, text in told["study_files"].items()))],
        ["## A dossier", "", *rows(("file", "what"), ((f"`{name}`", text) for name, text in told["dossier_files"].items()))],
    )


def members(schema: Mapping[str, Any], depth: int) -> list[str]:
    """Return the members of a schema as dotted paths, ``depth`` levels deep."""
    found: list[str] = []

    def walk(node: Any, path: str, left: int) -> None:
        for name, value in node.get("properties", {}).items():
            found.append(path + name)
            if left:
                walk(value, f"{path}{name}.", left - 1)
                walk(value.get("items") or {}, f"{path}{name}[].", left - 1)

    walk(schema, "", depth)
    return found


def explained_members(name: str, schema: Mapping[str, Any]) -> list[str]:
    """Return the table of a document's members; stops if words.toml and the schema name different ones."""
    told = words()[name]
    names = members(schema, 1)
    if set(names) != set(told):
        raise SystemExit(f"docs/words.toml [{name}]: missing {sorted(set(names) - set(told))}, too many {sorted(set(told) - set(names))}")
    return rows(("member", "what"), ((f"`{path}`", told[path]) for path in names))


def signature() -> str:
    """Return the page of signature.json."""
    from radaudit.signature.schema import signature_schema

    lead = (
        "A file of numbers, no code. Its JSON Schema is `radaudit/signature/schema.json`. It depends on the plan and the training rows "
        "only: no time, no machine, nothing of the test set."
    )
    schema = signature_schema()
    operations = [
        (
            "`combat`",
            "`(x - m - pooled_sd gamma) / sqrt(delta) + m` with `m = grand_mean + covariates x coefficients`, gamma and delta of the batch",
        ),
        ("`impute`", "a missing value becomes `value`"),
        ("`standardise`", "`(x - mean) / sd`"),
        ("`linear`", "`intercept + sum(coef x)`"),
        ("`logistic`", "`1 / (1 + exp(-x))`: the risk"),
    ]
    return page("signature.json", lead, explained_members("signature", schema), ["## Steps", "", *rows(("op", "what"), operations)])


def dossier() -> str:
    """Return the page of dossier.json."""
    schema = json.loads((HERE.parent / "radaudit/dossier/schema.json").read_text("utf-8"))
    lead = (
        "Canonical JSON (sorted keys, no blanks, UTF-8) and a newline. Its JSON Schema is `radaudit/dossier/schema.json`. Every estimate "
        "holds value, low, high, level, patients, events and method, or null and the reason."
    )
    return page("dossier.json", lead, explained_members("dossier", schema))


PAGES = {
    "commands.md": commands,
    "exit-codes.md": exit_codes,
    "study-file.md": study_file,
    "codes.md": codes,
    "expectations.md": expectations,
    "files.md": files,
    "signature.md": signature,
    "dossier.md": dossier,
}


def index() -> str:
    """Return the front page of the reference."""
    about = {
        "commands.md": "every command, argument and option; environment variables",
        "exit-codes.md": "what a command ends with",
        "study-file.md": "every key of study.yaml",
        "codes.md": "every code: what, why, what to do",
        "expectations.md": "the shipped suites of Great Expectations",
        "files.md": "what stands in a study folder and in a dossier",
        "signature.md": "members and steps of signature.json",
        "dossier.md": "members of dossier.json",
    }
    return page(
        "Reference", "Written from the code by `python docs/generate.py`.", [f"- [{name}]({name}): {about[name]}" for name in PAGES]
    )


def reference() -> dict[str, str]:
    """Return every page of the reference by file name."""
    return {"README.md": index(), **{name: made() for name, made in PAGES.items()}}


def main() -> int:
    """Write the pages, or say which are not current."""
    folder = HERE / "reference"
    made = reference()
    stale = [name for name, text in made.items() if not (folder / name).is_file() or (folder / name).read_text("utf-8") != text]
    stale += [path.name for path in folder.glob("*.md") if path.name not in made]
    if "--check" in sys.argv[1:]:
        print("\n".join(f"not current: docs/reference/{name}" for name in stale) or "docs/reference is current")
        return 1 if stale else 0
    folder.mkdir(exist_ok=True)
    for name in stale:
        if name in made:
            (folder / name).write_text(made[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    print(f"{len(stale)} of {len(made)} pages written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
