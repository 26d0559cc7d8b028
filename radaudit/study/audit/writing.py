"""Write the study file of an audit: what was recognised and answered, so that nothing is asked the next time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from radaudit.study import guesses
from radaudit.study.audit.recognise import Recognised
from radaudit.study.guesses import Look
from radaudit.study.outcome_lines import line, scalar
from radaudit.study.proposal import Sorted, feature_lines, many


def study_text(found: Recognised, *, name: str, claim: str, sha256: str) -> str:
    """Return the text of the study file; it loads as a plan."""
    blocks = [
        [
            "# Written by radaudit audit: what was recognised in the files, and what was answered. Change it, and audit again.",
            "schema: radaudit/study/1",
            f"study: {name}",
            line(f"title: {scalar(f'Audit of {claim}')}"),
        ],
        _tables(found),
        _roles(found),
        feature_lines(Sorted(features=found.features, clinical=(), acquisition=())),
        _split(found),
        ["harmonise: {method: none}", *_model(found), ""],
        _claims(found.told.claims),
        _received(found, claim, sha256),
    ]
    return "\n".join("\n".join(block) for block in blocks) + "\n"


def _tables(found: Recognised) -> list[str]:
    lines = ["tables:", "  features:"]
    for look in found.features:
        lines += _file(found, look)
    if found.others:
        lines.append("  clinical:")
    for look in found.others:
        lines += _file(found, look)
    return lines


def _file(found: Recognised, look: Look) -> list[str]:
    width = len(look.columns) + len(look.features)
    lines = [line(f"    - file: {scalar(look.file)}", f"{look.rows} rows, {width} columns, read as {look.reader}")]
    column = found.ids[look.file]
    lines += [f"      id: {scalar(column)}"] if column != found.subject else []
    decimal = found.decimals.get(look.file)
    lines += [f'      decimal: "{decimal}"'] if decimal == "," else []
    tally = guesses.markers(look)
    lines += [line(f"      missing: {many(sorted(tally))}", f"found: {guesses.shown(tally)}")] if tally else []
    return lines


def _roles(found: Recognised) -> list[str]:
    subject = scalar(found.subject)
    written = f"{{column: {subject}, normalise: {found.normalise}}}" if found.normalise else subject
    lines = ["roles:", line(f"  subject: {written}", _shown(found, "subject"))]
    lines += [line(f"  site: {scalar(found.site)}", _shown(found, "site"))] if found.site else []
    text = f"{{kind: binary, column: {scalar(found.outcome)}, event: {json.dumps(found.event)}, non_event: {json.dumps(found.non_event)}}}"
    lines.append(line(f"  outcome: {text}", _shown(found, "outcome")))
    volume = [name for look in found.features for name in look.features if guesses.VOLUME.search(name)]
    lines += [f"  volume: {scalar(volume[0])}"] if volume else []
    return lines


def _shown(found: Recognised, key: str) -> str:
    return next((question.shown.partition("  ")[2].strip("()") for question in found.questions if question.key == key), "")


def _split(found: Recognised) -> list[str]:
    parted = found.split
    if parted is None:
        return [
            "split:",
            line("  test: {by: random, fraction: 0.3}", "no split and no predictions were sent: nothing is evaluated on this one"),
        ]
    if not parted.test:
        return ["split:", line(f"  test: {{by: column, column: {scalar(parted.column)}}}", "rows with a prediction are the test set")]
    training = f", training: {many(parted.training)}" if parted.training else ""
    return ["split:", f"  test: {{by: column, column: {scalar(parted.column)}, test: {many(parted.test)}{training}}}"]


def _model(found: Recognised) -> list[str]:
    size = len(found.selected)
    return [line(f"model: {{max_features: {size}}}", "the features of the claimed signature")] if size else []


def _claims(claims: tuple[Mapping[str, Any], ...]) -> list[str]:
    if not claims:
        return []
    return ["claims:", *(f"  - {{{', '.join(f'{key}: {_value(value)}' for key, value in claim.items())}}}" for claim in claims)]


def _received(found: Recognised, claim: str, sha256: str) -> list[str]:
    told = found.told
    lines = ["audit:", f"  claim: {scalar(claim)}", f"  sha256: {json.dumps(sha256)}"]
    lines += [f"  predictions: {scalar(found.predictions)}"] if found.predictions else []
    lines += [f"  threshold: {told.threshold!r}"] if told.threshold is not None else []
    lines += [f"  selected: {many(found.selected)}"] if found.selected else []
    if told.figures:
        lines.append("  figures:")
        for figure in told.figures.values():
            interval = "" if figure.low is None else f" ({figure.low:g} to {figure.high:g})"
            lines.append(f"    {figure.measure}: {json.dumps(figure.text + interval)}")
    lines += [f"  said: {json.dumps(told.text[:2000], ensure_ascii=False)}"] if told.text else []
    return lines


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else f"{value:g}"
