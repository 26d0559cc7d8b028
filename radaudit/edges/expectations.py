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
            name = suite.scope if suite.what in RANGES else suite.what
            if name not in batches:
                batches[name] = _batch(source, name, columns)
            findings += _judged(gx, suite, columns, batches[name])
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


def _judged(gx: Any, suite: Suite, columns: Mapping[str, object], batch: Any) -> list[Finding]:
    """Judge one suite and return one Finding per code."""
    spoken = [suite.what not in RANGES or item.arguments.get("column", "") in columns for item in suite.expected]
    configured = [_configured(gx, suite, item, columns, i) for i, item in enumerate(suite.expected) if spoken[i]]
    asked = {"result_format": "COMPLETE", "unexpected_index_column_names": list(NAMED_BY[suite.what])}
    outcome = batch.validate(gx.ExpectationSuite(name=suite.scope, expectations=configured), result_format=asked)
    # results come back in the library's own order
    by_place = {int(result.expectation_config.meta["place"]): result.to_json_dict() for result in outcome.results}
    told: dict[str, list[tuple[Expected, Mapping[str, Any]]]] = {}
    for i, item in enumerate(suite.expected):
        here = told.setdefault(item.code, [])
        if spoken[i]:
            here.append((item, _computed(suite, item, by_place[i])))
    return [_finding(suite, code, results) for code, results in told.items()]


def _configured(gx: Any, suite: Suite, item: Expected, columns: Mapping[str, object], place: int) -> Any:
    from great_expectations.expectations.registry import get_expectation_impl, list_registered_expectation_implementations

    known = list_registered_expectation_implementations()
    if item.type not in known:
        raise StudyError("STUDY-053", f'there is no expectation "{item.type}"', at=suite.scope, near=nearest(item.type, known))
    column = item.arguments.get("column")
    if column is not None and column not in columns:
        near = nearest(str(column), columns)
        raise StudyError(
            "STUDY-055", f'the profile "{suite.what}" has no column "{column}"', at=suite.scope, found=listed(columns, most=20), near=near
        )
    try:
        return get_expectation_impl(item.type)(**item.arguments, meta={"place": place})
    except (ValueError, TypeError) as problem:
        reason = " ".join(str(problem).split())[:300]
        raise StudyError("STUDY-056", f"{item.type} does not take these arguments", at=suite.scope, found=reason) from None


def _computed(suite: Suite, item: Expected, result: Mapping[str, Any]) -> Mapping[str, Any]:
    trouble = result.get("exception_info") or {}
    raised = [trouble] if "raised_exception" in trouble else list(trouble.values())
    message = next((str(one.get("exception_message")) for one in raised if one.get("raised_exception")), "")
    if message:
        raise StudyError("STUDY-056", f"{item.type} could not be computed", at=suite.scope, found=" ".join(message.split())[:300])
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
        _told([_sentence(suite, item, result) for item, result in broken])
        or (f"{sum(judged)} ranges of features" if ranges else f"{max(judged)} rows of the profile {suite.what}")
        + f" are as {suite.scope} expects.",
        facts=facts,
        severity=_severity(code, [item for item, _ in broken]),
        scope=suite.scope,
        concerns=tuple(sorted({name.split(" / ")[0] for name in names})) if by_site else (),
        local=[{"feature" if ranges else suite.what: name} for name in names],
    )


def _told(sentences: Sequence[str]) -> str:
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
