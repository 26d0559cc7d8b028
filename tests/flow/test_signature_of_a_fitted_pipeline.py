"""The locked signature is the pipeline: a scorer in plain Python gives the bits that the fitted pipeline gives, refusals included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from radaudit.signature import Columns, Grouping, Scorer, Training, lock, read_signature, signature_bytes
from radaudit.study.pipeline import FittedPipeline, HarmonisePlan, PipelinePlan, fit_pipeline
from radaudit.tables import FeatureTable
from radaudit.verify.scoring import disagreements
from tests.multisite import simulated


def sealed_of(pipeline: FittedPipeline, unseen: str) -> dict[str, Any]:
    document = lock(
        pipeline,
        name="simulated",
        version="1.0.0",
        endpoint={"kind": "binary", "name": "event", "event": "1", "non_event": "0"},
        plan_sha256="1" * 64,
        training=Training(digest="2" * 64, patients=110, rows=110, events=40),
        threshold_rule="youden",
        columns=Columns(subject="id", site="site"),
        grouping=Grouping(columns=("site",), unseen=unseen),
    )
    return read_signature(signature_bytes(document))


def rows(table: FeatureTable) -> list[dict[str, Any]]:
    return [
        {name: None if np.isnan(value) else float(value) for name, value in zip(table.features, table.values[i], strict=True)}
        | {name: column[i] for name, column in table.facts.items()}
        | {"site": table.batches[i]}
        for i in range(len(table))
    ]


@pytest.mark.parametrize("unseen", ["refuse", "pass"])
@pytest.mark.parametrize("harmonised", [True, False])
def test_signature_and_pipeline_give_the_same_bits(unseen: str, harmonised: bool) -> None:
    harmonise = HarmonisePlan(preserve=("sex",), unseen_scoring=unseen) if harmonised else None
    plan = PipelinePlan(harmonise=harmonise, screen=(8,), penalties=(0.1,), mixings=(1.0,), inner_repeats=1)
    pipeline = fit_pipeline(simulated(1, missing=0.03), plan, np.random.default_rng(5))
    document = sealed_of(pipeline, unseen)
    assert disagreements(document) == []
    new = simulated(2, sites=("A", "B", "C", "D"), missing=0.03)
    answers = Scorer(document).score(rows(new))
    risks, codes = pipeline.risk(new), pipeline.refusals(new)
    assert len(pipeline.features) >= 2
    for answer, risk, code in zip(answers, risks.tolist(), codes, strict=True):
        if code:
            assert (answer.status, answer.code) == ("refused", code)
        else:
            assert answer.risk == risk
            assert (answer.group == "high") == (risk >= pipeline.threshold)
    assert (unseen == "refuse" and harmonised) == any(codes)
