"""From a document to a Plan: every problem found, each in our words, with its place, the nearest key or value, and a fix."""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from radaudit.errors import StudyError, StudyErrors, listed, nearest
from radaudit.study.contradictions import contradictions
from radaudit.study.plan import Plan
from radaudit.study.problem import Path, Problem, dotted

LONGEST_SHOWN = 40
Read = TypeVar("Read", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Source:
    """The file a document was read from: its name and the line of every path; neither for a document made by a program."""

    name: str = ""
    lines: Mapping[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """Return the line of a path, or of the nearest of its parents that was written; 0 if none was."""
        return next((self.lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self.lines), 0)

    def place(self, path: Path) -> str:
        """Return ``study.yaml:18``."""
        line = self.line(path)
        return f"{self.name}:{line}" if line else self.name


def read_plan(document: Mapping[str, Any], source: Source | None = None) -> Plan:
    """Return the plan of a document; ``source`` tells on which lines it stands.

    Raises StudyError for one problem, StudyErrors for several: unknown keys are set aside (or read as the key they resemble),
    so that one typo does not hide the rest.
    """
    return read_section(document, Plan, source, contradictions)


def read_section(
    document: Mapping[str, Any],
    model: type[Read],
    source: Source | None = None,
    contradictions: Callable[[Read], Iterable[Problem]] = lambda _: (),
) -> Read:
    """Return a document as ``model``, a plan file of one schema; ``contradictions`` finds what no single key shows. Raises as read_plan."""
    source = source or Source()
    whole = deepcopy(dict(document))
    problems = list(_empty(whole))
    plan, found = _validated(whole, model)
    unknown = [p for p in found if p.code == "STUDY-001"]
    if unknown:
        for problem in unknown:
            _set_aside(whole, problem)
        plan, found = _validated(whole, model)
    known = {problem.path for problem in problems}
    problems += unknown + [problem for problem in found if problem.path not in known]
    if plan is not None:
        emptied = [problem.path for problem in problems if problem.code == "STUDY-010"]
        problems += (p for p in contradictions(plan) if not any(path[: len(p.path)] == p.path for path in emptied))
    if plan is not None and not problems:
        return plan
    raise refusal(problems, document, source)


def refusal(problems: Sequence[Problem], document: object, source: Source) -> StudyError:
    """Return the error for these problems, in the order of the file."""
    errors = [_error(problem, document, source) for problem in sorted(problems, key=lambda problem: source.line(problem.path))]
    return errors[0] if len(errors) == 1 else StudyErrors(errors)


def _validated(document: dict[str, Any], model: type[Read]) -> tuple[Read | None, list[Problem]]:
    try:
        return model.model_validate(document), []
    except ValidationError as error:
        return None, [_translated(details, document, model) for details in error.errors(include_url=False)]


def _empty(node: Any, path: Path = ()) -> Iterator[Problem]:
    """Find keys without a value, and take them out of the document."""
    items = list(node.items()) if isinstance(node, dict) else list(enumerate(node)) if isinstance(node, list) else []
    for key, value in items:
        if value is None:
            here = (*path, key)
            yield Problem(code="STUDY-010", path=here, what=f"{dotted(here)} has no value", fix="give it a value or remove the line")
        else:
            yield from _empty(value, (*path, key))
    if isinstance(node, dict):
        for key in [key for key, value in node.items() if value is None]:
            del node[key]
    elif isinstance(node, list):
        node[:] = [item for item in node if item is not None]


def _set_aside(document: dict[str, Any], problem: Problem) -> None:
    *parents, key = problem.path
    node: Any = document
    for part in parents:
        node = _child(node, part)
    if isinstance(node, dict) and key in node:
        value = node.pop(key)
        twin = problem.facts.get("twin")
        if isinstance(twin, str) and twin not in node:
            node[twin] = value


def _child(node: Any, part: str | int) -> Any:
    """Return the member; what is written shorter than it means (an item for a list, a text for a mapping) is its own member."""
    if (isinstance(part, int) and not isinstance(node, list)) or isinstance(node, str):
        return node
    try:
        return node[part]
    except (KeyError, IndexError, TypeError):
        return None


def value_at(document: object, path: Path) -> Any:
    """Return what stands at a path, None if nothing does."""
    node: Any = document
    for part in path:
        node = _child(node, part)
    return node


def _error(problem: Problem, document: object, source: Source) -> StudyError:
    where = source.place(problem.path)
    what = f"{where} {problem.what}" if where and problem.code == "STUDY-001" else problem.what
    value = value_at(document, problem.path)
    shown = f": {_shown(value)}" if isinstance(value, str | int | float) else ""
    at = "   ".join(part for part in (where, f"{dotted(problem.path)}{shown}") if part) or None
    facts = {"path": problem.path, "line": source.line(problem.path), **problem.facts}
    return StudyError(problem.code, what, at=at, found=problem.found, near=problem.near, fix=problem.fix, **facts)


def _shown(value: object) -> str:
    from radaudit.study.terms import steers

    text = str(value)
    if steers(text):
        text = text.encode("unicode_escape").decode()
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


def _translated(details: ErrorDetails, document: dict[str, Any], whole: type[BaseModel]) -> Problem:
    kind = details["type"]
    path = details["loc"]
    if path[-1:] == ("[key]",) and kind != "extra_forbidden":  # pydantic's mark of a problem with the key, not its value
        path = path[:-1]
    context: dict[str, Any] = details.get("ctx") or {}
    if kind == "extra_forbidden":
        return _unknown_key(path, whole)
    if kind == "missing":
        return _missing_key(path)
    value = value_at(document, path)
    if kind == "literal_error":
        return _not_offered(path, value, context)
    codes = {"empty": "STUDY-010", "control": "STUDY-011", "long": "STUDY-011"}
    near = context.get("near")
    ranged = {"greater_than": "greater than", "greater_than_equal": "at least", "less_than": "less than", "less_than_equal": "at most"}
    if kind in ranged:
        limit = next(iter(context[key] for key in ("gt", "ge", "lt", "le") if key in context))
        return Problem(code="STUDY-008", path=path, what=f"{dotted(path)} must be {ranged[kind]} {limit:g}", found=_shown(value))
    if kind == "string_pattern_mismatch":
        what = f"{dotted(path)} holds something else than letters, digits, dot, dash and underscore"
        plain = re.sub(r"[^A-Za-z0-9._-]+", "-", str(value)).strip("-.") or "study"
        return Problem(code="STUDY-008", path=path, what=what, found=_shown(value), near=plain, fix=f"{path[-1]}: {plain}")
    expected = _expected(kind, details["msg"])
    fix = f"{path[-1]}: {near}" if near and path and isinstance(path[-1], str) else None
    return Problem(
        code=codes.get(kind, "STUDY-009"), path=path, what=f"{dotted(path)}: {expected}", found=_kind_of(value), near=near, fix=fix or None
    )


def _expected(kind: str, message: str) -> str:
    mappings = ("model_type", "model_attributes_type", "dict_type", "dataclass_type")
    words = {
        "tuple_type": "a list is expected",
        "list_type": "a list is expected",
        "too_short": "at least one entry is expected",
        "too_long": "too many entries",
    }
    return "a mapping (key: value) is expected" if kind in mappings else words.get(kind, message)


def _kind_of(value: object) -> str:
    if isinstance(value, Mapping):
        return f"a mapping with {listed(value)}"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    return "nothing" if value is None else _shown(value)


def _not_offered(path: Path, value: object, context: dict[str, Any]) -> Problem:
    offered = re.findall(r"'([^']*)'", str(context.get("expected", "")))
    word = str(value)
    near = nearest(word, offered) or (offered[0] if len(offered) == 1 else None)
    what = f'{dotted(path)} cannot be "{_shown(word)}"' if not isinstance(value, dict | list) else f"{dotted(path)} is one word"
    fix = f"{path[-1]}: {near}" if near else None
    return Problem(code="STUDY-008", path=path, what=what, found=f"allowed are {listed(offered, most=12)}", near=near, fix=fix)


def _unknown_key(path: Path, whole: type[BaseModel]) -> Problem:
    key = str(path[-1])
    known = keys_at(path[:-1], whole)
    near = nearest(key, known)
    section = dotted(path[:-1])
    home = next((f"{place}.{key}" for place, keys in sections(whole) if key in keys and place != section), None) if near is None else None
    question = f', did you mean "{near}"?' if near else f", did you mean {home.lstrip('.')}?" if home else ""
    return Problem(
        code="STUDY-001",
        path=path,
        what=f'unknown key "{_shown(key)}"{question}',
        found=f"known here are {listed(known, most=20)}",
        near=near or (home.lstrip(".") if home else None),
        fix=f"{near}: ..." if near else None,
        facts={"twin": near},
    )


def _missing_key(path: Path) -> Problem:
    section = dotted(path[:-1]) or "the study file"
    return Problem(
        code="STUDY-006",
        path=path,
        what=f'{section} needs "{path[-1]}"',
        fix=EXAMPLES.get(dotted(path), f"{path[-1]}: ..."),
    )


EXAMPLES = {
    "schema": "schema: radaudit/study/1",
    "study": "study: relapse-2y",
    "tables": "tables: {features: [{file: data/features.csv}], clinical: [{file: data/clinical.csv}]}",
    "tables.features": "features: [{file: data/features.csv}]",
    "roles": "roles: {subject: patient_id, site: hospital, outcome: {kind: binary, column: relapse, event: 1}}",
    "roles.subject": "subject: patient_id",
    "roles.outcome": "outcome: {kind: binary, column: relapse, event: 1}",
    "split": "split: {test: {by: random, fraction: 0.3}}",
    "split.test": "test: {by: random, fraction: 0.3}",
    "split.test.by": "by: random",
}


def keys_at(path: Path, whole: type[BaseModel] = Plan) -> tuple[str, ...]:
    """Return the keys that may stand at a path of the study file, or of another plan file."""
    model: type[BaseModel] | None = whole
    for part in path:
        if isinstance(part, int) or model is None:
            continue
        model = next((_model(info.annotation) for name, info in model.model_fields.items() if (info.alias or name) == part), None)
    return () if model is None else tuple(info.alias or name for name, info in model.model_fields.items())


def sections(model: type[BaseModel] = Plan, place: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield every mapping of the study file and its keys."""
    yield place, tuple(info.alias or name for name, info in model.model_fields.items())
    for name, info in model.model_fields.items():
        inner = _model(info.annotation)
        if inner is not None:
            yield from sections(inner, f"{place}.{info.alias or name}".lstrip("."))


def _model(annotation: Any) -> type[BaseModel] | None:
    """Return the section an annotation leads to, through lists, optional values and markers."""
    if isinstance(annotation, type) and not get_args(annotation) and issubclass(annotation, BaseModel):
        return annotation
    origin = get_origin(annotation)
    if origin is Literal or origin is None:
        return None
    arguments = get_args(annotation)
    if origin is dict:
        return None
    if origin in (Union, types.UnionType, tuple) or hasattr(annotation, "__metadata__"):
        return next((found for argument in arguments if (found := _model(argument)) is not None), None)
    return None
