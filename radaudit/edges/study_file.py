"""Read study.yaml: every scalar stays the text that stands in the file, every problem is told with its line.

YAML is taken without its traps: PyYAML's ``safe_load`` reads ``NO`` as False and ``012`` as 10, so that a site or an id
would change on the way. Anchors, aliases, tags and repeated keys are refused: two readers could read them differently.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from radaudit.errors import StudyError
from radaudit.study.plan import Plan
from radaudit.study.problem import Path as Where
from radaudit.study.problem import Problem

if TYPE_CHECKING:
    from radaudit.study.reading import Source

LARGEST = 1 << 18  # bytes: a study of a thousand files needs a third of it
DEEPEST = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedStudy:
    """A plan, the text it was read from (without a byte order mark), the SHA-256 of the file and the folder it stands in."""

    plan: Plan
    text: str
    sha256: str
    folder: Path


@dataclass(frozen=True, slots=True)
class Written:
    """What a YAML text holds: the document, the line of every path, and what must not stand in a study file."""

    document: Any
    lines: Mapping[Where, int]
    problems: list[Problem] = field(default_factory=list)


def load_study(path: Path) -> LoadedStudy:
    """Read a study file; a folder stands for its ``study.yaml``.

    Raises StudyError, or StudyErrors with every problem of the file: STUDY-002 if it cannot be read as YAML, else those of
    ``study.reading`` and ``study.contradictions``.
    """
    file = path / "study.yaml" if path.is_dir() else path
    data = _bytes(file)
    text = _decoded(data, file.name)
    plan = plan_of_text(text, file.name)
    return LoadedStudy(plan=plan, text=text, sha256=hashlib.sha256(data).hexdigest(), folder=file.parent)


def plan_of_text(text: str, name: str = "study.yaml") -> Plan:
    """Return the plan a text states; ``name`` is what messages call the file."""
    from radaudit.study.reading import read_plan

    return read_plan(*_stated(text, name))


def read_document(file: Path) -> tuple[dict[str, Any], Source]:
    """Return the mapping in a plan file and where each of its paths stands. Raises StudyError as ``load_study`` does."""
    return _stated(_decoded(_bytes(file), file.name), file.name)


def _stated(text: str, name: str) -> tuple[dict[str, Any], Source]:
    from radaudit.study.reading import Source, refusal

    written = read_yaml(text, name)
    source = Source(name, written.lines)
    if written.problems:
        raise refusal(written.problems, written.document, source)
    if not isinstance(written.document, dict):
        raise StudyError("STUDY-002", f"{name} holds no mapping of keys and values", fix="schema: radaudit/study/1\nstudy: <name>\n...")
    return written.document, source


def _bytes(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        if size > LARGEST:
            raise StudyError(
                "STUDY-005",
                f"{file.name} is larger than a study file can be",
                found=f"{size} bytes, at most {LARGEST}",
                fix="is this the right file? tables are named in it, not copied into it",
            )
        return file.read_bytes()
    except FileNotFoundError:
        beside = sorted(p.name for p in file.parent.glob("*.y*ml")) if file.parent.is_dir() else []
        raise StudyError(
            "STUDY-002",
            f"there is no {file.name} here",
            found=f"study files here: {', '.join(beside[:5])}" if beside else None,
            fix="radaudit init TABLES... writes one, radaudit demo DIR a whole example",
        ) from None
    except OSError as error:
        raise StudyError("STUDY-002", f"{file.name} cannot be read: {error.strerror or type(error).__name__}") from None


def _decoded(data: bytes, name: str) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:64]:
        raise StudyError("STUDY-002", f"{name} is not UTF-8 but UTF-16", fix="save it again as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        guess = data[error.start : error.start + 1].decode("cp1252", "replace")
        raise StudyError(
            "STUDY-002",
            f"{name}:{line} is not UTF-8",
            found=f'byte {error.start} is 0x{data[error.start]:02x} ("{guess}" in windows-1252)',
            fix="save it again as UTF-8",
        ) from None


class _TextLoader(yaml.BaseLoader):
    """Composes nodes and notes what a study file may not hold."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.depth = 0
        self.refused: list[tuple[str, int]] = []

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            self.get_event()  # type: ignore[no-untyped-call]
            self.refused.append((f"the alias *{event.anchor}", line))
            return yaml.ScalarNode("", "", style='"')
        if event.anchor:
            self.refused.append((f"the anchor &{event.anchor}", line))
            event.anchor = None
        if getattr(event, "tag", None):
            self.refused.append((f"the tag {event.tag}", line))
            event.tag = None
        self.depth += 1
        if self.depth > DEEPEST:
            raise StudyError("STUDY-005", f"line {line} is nested deeper than a study file can be", found=f"more than {DEEPEST} levels")
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def read_yaml(text: str, name: str = "study.yaml") -> Written:
    """Read one YAML document as text, lists and mappings; a key without a value holds None. Raises StudyError."""
    loader: _TextLoader | None = None
    try:
        loader = _TextLoader(text)
        root = loader.get_single_node()
        refused = loader.refused
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise StudyError(
            "STUDY-011", f"{name}:{line} holds a control character", found=f"U+{ord(text[error.position]):04X}", fix="delete it"
        ) from None
    except yaml.MarkedYAMLError as error:
        raise _not_yaml(error, name) from None
    finally:
        if loader is not None:
            loader.dispose()
    problems = [_refused(what, line, name) for what, line in refused]
    lines: dict[Where, int] = {}
    document = None if root is None else _plain(root, (), lines, problems)
    return Written(document, lines, problems)


def _refused(what: str, line: int, name: str) -> Problem:
    return Problem(
        code="STUDY-004",
        path=(),
        what=f"{name}:{line} {what}: anchors, aliases and tags are not allowed in a study file",
        fix="write the value where it is used; quote it if it begins with &, * or !",
        facts={"line": line},
    )


def _not_yaml(error: yaml.MarkedYAMLError, name: str) -> StudyError:
    mark = error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    problem = error.problem or error.context or "not YAML"
    fix = None
    if "'\\t'" in problem:
        problem, fix = "a tab stands where spaces must", "indent with spaces"
    elif "mapping values are not allowed" in problem:
        problem, fix = "a colon stands where none may", 'quote texts that hold ": "'
    elif "expected a single document" in problem or "single document" in (error.context or ""):
        problem, fix = "a second document begins", "remove the line ---"
    elif "expected ',' or" in problem:
        fix = "close the bracket, or put a comma between the entries"
    snippet = mark.get_snippet(indent=0, max_length=60) if mark else None
    return StudyError("STUDY-002", f"{name}:{line} cannot be read as YAML: {problem}", found=snippet, fix=fix, line=line)


def _plain(node: yaml.Node, path: Where, lines: dict[Where, int], problems: list[Problem]) -> Any:
    if node.start_mark is not None:
        lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item, (*path, i), lines, problems) for i, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        plain = isinstance(node, yaml.ScalarNode) and node.style is None
        return None if node.value == "" and plain else str(node.value)
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = key_node.start_mark.line + 1 if key_node.start_mark else 0
        if not isinstance(key_node, yaml.ScalarNode):
            problems.append(Problem(code="STUDY-009", path=path, what="a key is one word, not a list or a mapping", facts={"line": line}))
            continue
        key = str(key_node.value)
        here = (*path, key)
        if key in mapping:
            what = f'key "{key}" stands twice, on lines {lines[here]} and {line}'
            problems.append(Problem(code="STUDY-003", path=here, what=what, fix="remove one of the two", facts={"line": line}))
            continue
        lines[here] = line
        mapping[key] = _plain(value_node, here, lines, problems)
    return mapping
