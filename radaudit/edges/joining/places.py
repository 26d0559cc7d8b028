"""Sites and batches: from a column, from the file, or cut out of an id; merged and dropped only as the study says."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from radaudit.codes import answer
from radaudit.edges.joining.facts import Facts
from radaudit.edges.joining.opened import Opened
from radaudit.errors import TableError, nearest
from radaudit.findings import Verdict
from radaudit.tables.shown import counted, few, inert, quoted

if TYPE_CHECKING:
    from radaudit.findings import Fact, Finding
    from radaudit.study.plan import Plan

JOINT = " | "


def sites(plan: Plan, facts: Facts, ids: Sequence[str], files: Sequence[Opened]) -> list[str | None]:
    """Return the site of every row, None where nothing tells; ``files`` is the file of each row.

    Raises TableError SITE-001 (no such column) and SITE-030 (column and file disagree).
    """
    told = [opened.entry.site for opened in files]
    asked = plan.columns.site
    if asked is None:
        return list(told)
    if asked.from_ in facts.columns:
        found = list(facts.columns[asked.from_])
    elif asked.from_ == plan.columns.subject.column:
        found = list(ids)
    elif all(told):
        return list(told)
    else:
        raise no_column(plan, facts, "SITE-001", "site", asked.from_, "roles.site")
    if asked.pattern is not None:
        found = [_cut(text, asked.pattern) for text in found]
    both = [i for i, (a, b) in enumerate(zip(told, found, strict=True)) if a and b and a != b]
    if both:
        i = both[0]
        raise TableError(
            "SITE-030",
            f"{len(both)} rows of {files[i].label} name another site than the study does",
            at=files[i].at,
            found=f"{quoted(found[i] or '')} in column {inert(asked.from_)}, {quoted(told[i] or '')} in study.yaml",
            fix=f"leave `site:` out of {{file: {files[i].label}}}, or correct the column",
            rows=len(both),
        )
    return [a or b for a, b in zip(told, found, strict=True)]


def _cut(text: str | None, pattern: str) -> str | None:
    match = re.search(pattern, text) if text is not None else None
    if match is None:
        return None
    return (match[1] if match.re.groups else match[0]) or None


def batches(plan: Plan, facts: Facts, places: Sequence[str | None]) -> list[str | None]:
    """Return the batch of every row before merging, several columns joined; None where one of them is missing. Raises SITE-001."""
    if not plan.columns.batch:
        return list(places)
    columns = []
    for name in plan.columns.batch:
        if name in facts.columns:
            columns.append(facts.columns[name])
        elif name == plan.site_column:
            columns.append(list(places))
        else:
            raise no_column(plan, facts, "SITE-001", "batch", name, "roles.batch")
    joined: list[str | None] = []
    for row in zip(*columns, strict=True):
        texts = [text for text in row if text is not None]
        joined.append(JOINT.join(texts) if len(texts) == len(row) else None)
    return joined


def merged(plan: Plan, found: Sequence[str | None], known: Mapping[str, int]) -> list[str | None]:
    """Return the batches after ``harmonise.merge``; raises TableError SITE-032 for a batch named in the study that nobody has.

    ``known`` counts every value that occurs anywhere, in rows without features too.
    """
    asked = plan.harmonise
    new = {old: name for name, olds in asked.merge.items() for old in olds}
    reference = (asked.reference,) if asked.reference and asked.method != "none" else ()
    named = {
        **dict.fromkeys(reference, "reference"),
        **dict.fromkeys(new, "merge"),
        **dict.fromkeys(asked.drop, "drop"),
        **dict.fromkeys(asked.keep, "keep"),
    }
    for name, key in named.items():
        if name not in known and not (key != "merge" and name in asked.merge):
            near = nearest(name, known)
            shown = inert(near) if near else "NAME"
            raise TableError(
                "SITE-032",
                f"no row is of batch {quoted(name)}",
                at=f"harmonise.{key}",
                found=counted(known, most=12, mark=" "),
                near=near and inert(near),
                fix=f"harmonise.{key}: {shown if key == 'reference' else f'[{shown}]'}",
            )
    return [text if text is None else new.get(text, text) for text in found]


def no_column(plan: Plan, facts: Facts, code: str, word: str, name: str, at: str) -> TableError:
    """Return the error for a column the study names and no table has, with the nearest and its values."""
    names = list(facts.columns)
    near = nearest(name, names) or _few_levels(facts)
    shown = None
    if near:
        tally = Counter(text for text in facts.columns[near] if text is not None)
        shown = f"{inert(near)}  ({len(tally)} values: {counted(tally, most=4, mark=' ')})"
    return TableError(
        code,
        f"the {word} column {quoted(name)} is in no table",
        at=f"{at}: {inert(name)}",
        found=few(names, most=20),
        near=shown,
        fix=f"{at}: {inert(near) if near else 'NAME'}",
    )


def _few_levels(facts: Facts) -> str | None:
    """Return a column that could name groups of patients: two to thirty values, each more than once."""
    for name, texts in facts.columns.items():
        tally = Counter(text for text in texts if text is not None)
        if 2 <= len(tally) <= 30 and min(tally.values()) > 1 and not all(text.strip().isdigit() for text in tally):
            return name
    return None


def refuse_missing(plan: Plan, found: Sequence[str | None], files: Sequence[Opened], rows: Sequence[str]) -> None:
    """Raise TableError SITE-002 if a row to be analysed has no site; ``rows`` says where each stands."""
    lost = [i for i, text in enumerate(found) if not (text or "").strip()]
    if not lost:
        return
    label, count = Counter(files[i].label for i in lost).most_common(1)[0]
    others = {text for i, text in enumerate(found) if text and files[i].label == label}
    fix = f"{{file: {label}, site: {inert(others.pop()) if len(others) == 1 else 'NAME'}}}"
    if plan.columns.site is not None and plan.columns.site.pattern:
        fix = f'roles: {{site: {{from: {inert(plan.columns.site.from_)}, pattern: "..."}}}}   # the pattern matches nothing in these rows'
    raise TableError(
        "SITE-002",
        f"{len(lost)} rows have no site",
        at="roles.site",
        found=few(rows[i] for i in lost),
        near=f"{count} of {len(lost)} share the file {label}",
        fix=fix,
        rows=len(lost),
    )


def without_batch(plan: Plan, lost: Sequence[int], ids: Sequence[str], rows: Sequence[str]) -> Finding:
    """Return SITE-031 for rows that leave because a batch column is empty or has no row for them."""
    columns = ", ".join(inert(name) for name in plan.columns.batch)
    has = "row has" if len(lost) == 1 else "rows have"
    sentence = f"{len(lost)} {has} no {columns} and left the study: without it nobody knows the batch."
    local = tuple({"patient": ids[i], "row": rows[i]} for i in lost)
    facts: dict[str, Fact] = {"rows": len(lost), "columns": list(plan.columns.batch)}
    return answer("SITE-031", Verdict.FAILED, sentence, facts=facts, scope="batch", local=local)


def spelt_alike(word: str, found: Sequence[str]) -> Iterator[Finding]:
    """Yield SITE-003 for names that differ only by case, spaces, punctuation or accents."""
    tally = Counter(found)
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(tally):
        bare = "".join(char for char in unicodedata.normalize("NFKD", name).casefold() if char.isalnum())
        groups[bare or name].append(name)
    for group in groups.values():
        if len(group) > 1:
            group.sort(key=lambda name: (-tally[name], name))
            shown = " and ".join(f"{quoted(name)} ({tally[name]})" for name in group)
            fix = "correct the spelling in the table"
            if word == "batch":
                fix = f"harmonise: {{merge: {{{inert(group[0])}: [{', '.join(map(quoted, group))}]}}}}"
            facts: dict[str, Fact] = {"role": word, "names": list(group), "rows": [tally[name] for name in group]}
            yield answer("SITE-003", Verdict.FAILED, f"{shown} look like one {word}.", facts=facts, fix=fix, scope=word)
