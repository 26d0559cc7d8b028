"""Great Expectations, run for real on the small profiles of a table, its verdicts translated to Findings.

Thousands of columns are judged as thousands of rows of one profile: about 0.1 s instead of minutes. The context is ephemeral and nothing
is written; analytics and progress bars are off; no value of a patient is in a profile, and rows are known by number only.
"""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

from radaudit.checks.ranges import RANGES
from radaudit.checks.rules import CheckRules
from radaudit.checks.wording import some
from radaudit.codes import answer, explained
from radaudit.edges.suites import Expected, Suite, read_suites
from radaudit.errors import StudyError, listed, nearest
from radaudit.findings import RANK, Fact, Finding, Severity, Verdict, ranked

if TYPE_CHECKING:
    from radaudit.checks.profile import Profiles

NAMED_BY = {
    "feature_profile": ("feature",),
    "feature_by_site": ("site", "feature"),
    "rows": ("row",),
    "sites": ("site",),
    "clinical": ("column",),
    "study": ("study",),
    "charts": ("site",),
    "protocol": ("site", "rule"),
    **dict.fromkeys(RANGES, ("feature",)),
}
MOST_SENTENCES = 5
LOCAL = ("rows",)  # profiles whose rows stand for people: their names stay on this machine


def warm_up() -> threading.Thread:
    """Start importing Great Expectations (seconds) in a thread, so that reading tables and importing overlap; joining is optional."""
    thread = threading.Thread(target=_gx, name="great_expectations", daemon=True)
    thread.start()
    return thread


def run_suites(profiles: Profiles, rules: CheckRules, folder: Path | None = None) -> tuple[Finding, ...]:
    """Judge the profiles by the shipped suites and those in ``folder``: one Finding per suite and code, worst first.

    A code whose expectations judged nothing (no such row) is NOT_APPLICABLE. Raises StudyError for a suite that cannot be used
    (STUDY-053 to STUDY-057).
    """
    suites = read_suites(rules, folder)
    gx = _gx()
    with _quiet(gx):
        source = _context(gx).data_sources.add_pandas("profiles")
        batches: dict[str, Any] = {}
        findings = []
        for suite in suites:
            columns = profiles.columns(suite.what, [str(item.arguments.get("column", "")) for item in suite.expected])
            if not columns:
                findings += [_not_applicable(suite, code) for code in dict.fromkeys(item.code for item in suite.expected)]
                continue
            if suite.what in RANGES:
                findings += judge_ranges(gx, source, suite, columns)
                continue
            if suite.what not in batches:
                batches[suite.what] = _batch(source, suite.what, columns)
            findings += _told(suite, _results(gx, suite.scope, suite.expected, columns, batches[suite.what], NAMED_BY[suite.what]))
    return tuple(ranked(_once(findings)))


def _once(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings without those of suites for other extractors: of one code, a suite that had nothing to judge says nothing
    if another one had.
    """
    applied = {finding.code for finding in findings if finding.verdict is not Verdict.NOT_APPLICABLE}
    kept: dict[tuple[str, str], Finding] = {}
    for finding in findings:
        idle = finding.verdict is Verdict.NOT_APPLICABLE and any(f"/{kind}/" in finding.scope for kind in RANGES)
        if not idle or finding.code not in applied:
            kept.setdefault((finding.code, "" if idle else finding.scope), finding)
    return list(kept.values())


_IMPORTING = threading.Lock()


def _gx() -> Any:
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    with _IMPORTING, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own imports are deprecated ones
        import great_expectations

    return great_expectations


def _context(gx: Any) -> Any:
    """Return a context in memory, without the folder for Data Docs that the default one makes, progress bars and analytics."""
    from great_expectations.data_context.types.base import DataContextConfig, InMemoryStoreBackendDefaults

    stores = InMemoryStoreBackendDefaults(init_temp_docs_sites=False)
    config = DataContextConfig(store_backend_defaults=stores, progress_bars={"globally": False}, analytics_enabled=False)
    return gx.get_context(mode="ephemeral", project_config=config)


@contextmanager
def _quiet(gx: Any) -> Iterator[None]:
    """Silence the library's logger and warnings; what it says is in its results."""
    logger = logging.getLogger(gx.__name__)
    before = logger.propagate
    logger.propagate = False  # its modules set levels of their own, so the level here would not do
    logger.addHandler(silence := logging.NullHandler())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.propagate = before
        logger.removeHandler(silence)


def _batch(source: Any, what: str, columns: Mapping[str, object]) -> Any:
    import pandas as pd

    definition = source.add_dataframe_asset(what).add_batch_definition_whole_dataframe("all")
    return definition.get_batch({"dataframe": pd.DataFrame(columns)})


def judge_ranges(gx: Any, source: Any, suite: Suite, columns: Mapping[str, object]) -> list[Finding]:
    """Judge a suite of ranges: its expectations with equal limits are one expectation for the library, whose rows know whose they are.

    A hundred expectations cost seconds, ten a fraction of one; what each of the hundred says is told apart again.
    """
    import numpy as np

    features = np.array(columns["feature"], dtype=object)
    spoken = {
        i: np.asarray(columns[name]) for i, item in enumerate(suite.expected) if (name := str(item.arguments.get("column"))) in columns
    }
    groups: dict[str, list[int]] = {}
    for i in spoken:
        item = suite.expected[i]
        limits = {name: value for name, value in item.arguments.items() if name != "column"}
        groups.setdefault(f"{item.type} {sorted(limits.items())}", []).append(i)
    known = {i: np.flatnonzero(~np.isnan(cells)) for i, cells in spoken.items()}
    frame: dict[str, Any] = {
        "feature": np.concatenate([features[known[i]] for i in spoken]),
        "place": np.repeat(list(spoken), [len(known[i]) for i in spoken]),
    }
    asked = []
    for name, members in groups.items():
        cells = np.concatenate([spoken[i][known[i]] if i in members else np.full(len(known[i]), np.nan) for i in spoken])
        frame[name] = cells
        item = suite.expected[members[0]]
        asked.append(replace(item, arguments={**item.arguments, "column": name}))
    batch = _batch(source, suite.scope, frame)
    found = _results(gx, suite.scope, asked, frame, batch, ("feature", "place"))
    results: dict[int, Mapping[str, Any]] = {}
    for members, whole in zip(groups.values(), found, strict=True):
        places = whole["result"].get("unexpected_index_list")
        if places is None and len(members) == 1:  # an expectation about the column as a whole
            results[members[0]] = whole
            continue
        for i in members:
            mine = [place for place in places or () if int(place["place"]) == i]
            counts = {"element_count": len(known[i]), "missing_count": 0, "unexpected_index_list": mine}
            results[i] = {"success": whole["success"] if places is None else not mine, "result": counts}
    return _told(suite, [results.get(i) for i in range(len(suite.expected))])


def _results(
    gx: Any, scope: str, expected: Sequence[Expected], columns: Mapping[str, object], batch: Any, named_by: Sequence[str]
) -> list[Mapping[str, Any]]:
    """Return what the library says of each expectation, in order."""
    configured = [_configured(gx, scope, item, columns, i) for i, item in enumerate(expected)]
    asked = {"result_format": "COMPLETE", "unexpected_index_column_names": list(named_by)}
    outcome = batch.validate(gx.ExpectationSuite(name=scope, expectations=configured), result_format=asked)
    # results come back in the library's own order
    by_place = {int(result.expectation_config.meta["place"]): result.to_json_dict() for result in outcome.results}
    return [_computed(scope, item, by_place[i]) for i, item in enumerate(expected)]


def _told(suite: Suite, results: Sequence[Mapping[str, Any] | None]) -> list[Finding]:
    """Return one Finding per code; an expectation without a result spoke of nothing."""
    told: dict[str, list[tuple[Expected, Mapping[str, Any]]]] = {}
    for item, result in zip(suite.expected, results, strict=True):
        here = told.setdefault(item.code, [])
        if result is not None:
            here.append((item, result))
    return [_finding(suite, code, found) for code, found in told.items()]


def _configured(gx: Any, scope: str, item: Expected, columns: Mapping[str, object], place: int) -> Any:
    from great_expectations.expectations.registry import get_expectation_impl, list_registered_expectation_implementations

    known = list_registered_expectation_implementations()
    if item.type not in known:
        raise StudyError("STUDY-053", f'there is no expectation "{item.type}"', at=scope, near=nearest(item.type, known))
    column = item.arguments.get("column")
    if column is not None and column not in columns:
        near = nearest(str(column), columns)
        raise StudyError("STUDY-055", f'the profile has no column "{column}"', at=scope, found=listed(columns, most=20), near=near)
    try:
        return get_expectation_impl(item.type)(**item.arguments, meta={"place": place})
    except (ValueError, TypeError) as problem:
        reason = " ".join(str(problem).split())[:300]
        raise StudyError("STUDY-056", f"{item.type} does not take these arguments", at=scope, found=reason) from None


def _computed(scope: str, item: Expected, result: Mapping[str, Any]) -> Mapping[str, Any]:
    trouble = result.get("exception_info") or {}
    raised = [trouble] if "raised_exception" in trouble else list(trouble.values())
    message = next((str(one.get("exception_message")) for one in raised if one.get("raised_exception")), "")
    if message:
        raise StudyError("STUDY-056", f"{item.type} could not be computed", at=scope, found=" ".join(message.split())[:300])
    return result


def _finding(suite: Suite, code: str, results: Sequence[tuple[Expected, Mapping[str, Any]]]) -> Finding:
    """Translate the results of all expectations of one code."""
    broken = [(item, result) for item, result in results if not result["success"]]
    judged = [_judged_count(suite, result) for _, result in results]
    if not broken and not any(judged):
        return _not_applicable(suite, code)
    names = list(dict.fromkeys(name for _, result in broken for name in _names(suite, result)))
    ranges = suite.what in RANGES
    types = dict.fromkeys(item.type for item, _ in results)
    facts: dict[str, Fact] = {"suite": suite.scope, "expectations": some(types), "judged": sum(judged) if ranges else max(judged)}
    facts |= {"count": len(names)} if suite.what in LOCAL else {"count": len(names), "names": some(names)}
    by_site = NAMED_BY[suite.what][0] == "site"
    return answer(
        code,
        Verdict.FAILED if broken else Verdict.PASSED,
        _in_one([_sentence(suite, item, result) for item, result in broken])
        or (f"{sum(judged)} ranges of features" if ranges else f"{max(judged)} rows of the profile {suite.what}")
        + f" are as {suite.scope} expects.",
        facts=facts,
        severity=_severity(code, [item for item, _ in broken]),
        scope=suite.scope,
        concerns=tuple(sorted({name.split(" / ")[0] for name in names})) if by_site else (),
        local=[{"feature" if ranges else suite.what: name} for name in names],
    )


def _in_one(sentences: Sequence[str]) -> str:
    more = len(sentences) - MOST_SENTENCES
    return " ".join([*sentences[:MOST_SENTENCES], *([f"{more} more rules are broken."] if more > 0 else [])])


def _severity(code: str, broken: Sequence[Expected]) -> Severity:
    own = [item.severity for item in broken if item.severity is not None]
    return min(own, key=RANK.__getitem__) if own else Severity(explained(code).severity)


def _judged_count(suite: Suite, result: Mapping[str, Any]) -> int:
    """Return how many rows were judged: those with a value, or one for an expectation about the whole profile; ranges take two rows."""
    counts = result["result"]
    if "element_count" not in counts:
        return 1
    rows = int(counts["element_count"]) - int(counts.get("missing_count") or 0)
    return -(-rows // 2) if suite.what in RANGES else rows


def _names(suite: Suite, result: Mapping[str, Any]) -> list[str]:
    places = result["result"].get("unexpected_index_list") or []
    named = (" / ".join(str(place[name]) for name in NAMED_BY[suite.what]) for place in places)
    return list(dict.fromkeys(named))


def _sentence(suite: Suite, item: Expected, result: Mapping[str, Any]) -> str:
    names = _names(suite, result)
    counts = result["result"]
    words = {
        "count": str(len(names)),
        "judged": str(_judged_count(suite, result)),
        "names": "see the local file" if suite.what in LOCAL else listed(names),
        "observed": str(counts.get("observed_value", "")),
    }
    says = (
        Template(item.says).safe_substitute(words)
        if item.says
        else f"{item.type} does not hold for {words['count']} of {words['judged']} rows"
    )
    return says if says.endswith(".") else f"{says}."


def _not_applicable(suite: Suite, code: str) -> Finding:
    return answer(
        code, Verdict.NOT_APPLICABLE, f"The profile {suite.what} has nothing to judge.", facts={"suite": suite.scope}, scope=suite.scope
    )
