"""The page: a dossier document turned into sections, in an order that never changes."""

from __future__ import annotations

from radaudit.dossier.view import (
    appendix,
    checklists,
    cohort,
    features,
    findings,
    harmonisation,
    leaks,
    performance,
    record,
    signature,
    transport,
    verdict,
)
from radaudit.dossier.view.catalogue import SECTIONS
from radaudit.dossier.view.node import Node
from radaudit.dossier.view.parts import Block, Page, Section
from radaudit.errors import DossierError

SCHEMA = "radaudit/dossier/1"
QUESTIONS = {
    "cohort": "Who is in it, from where, and who is not?",
    "features": "What is measured, and how?",
    "harmonisation": "What was removed between batches; did it help, did it harm?",
    "leakage": "May the numbers be trusted?",
    "performance": "How good is it in patients who did not build it?",
    "transportability": "Does it hold elsewhere?",
    "signature": "What exactly was tested?",
    "access": "Who looked at the test set, when and why?",
    "checklists": "Against which standard?",
    "provenance": "From what was this made?",
    "sign-off": "Who answers for it?",
    "appendix": "How can this be checked, and what do the words mean?",
}


def view(document: object) -> Page:
    """Return the page of a dossier document {schema, evidence, record}.

    Raises DossierError: VERIFY-080 if it is not a dossier of this schema, VERIFY-081 for a member of another type, VERIFY-082 for an
    unknown verdict word.
    """
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        found = document.get("schema") if isinstance(document, dict) else type(document).__name__
        raise DossierError("VERIFY-080", "this is not a dossier that this version can draw", found=str(found)[:80], fix=f"schema {SCHEMA}")
    root = Node(path="", members=document)
    evidence, kept = root.node("evidence"), root.node("record")
    entries = findings.anchors(evidence)
    status = verdict.statuses(evidence)
    study, sign = evidence.node("study"), evidence.node("signature")
    versions = dict(evidence.node("provenance").mapping("versions"))
    made: dict[str, tuple[Block, ...]] = {
        "cohort": cohort.blocks(evidence),
        "features": features.blocks(evidence),
        "harmonisation": harmonisation.blocks(evidence),
        "leakage": leaks.blocks(evidence, entries),
        "performance": performance.blocks(evidence),
        "transportability": transport.blocks(evidence),
        "signature": signature.blocks(evidence),
        "access": record.access(kept),
        "checklists": checklists.blocks(evidence),
        "provenance": record.provenance(evidence, kept),
        "sign-off": (*checklists.ladder(evidence), *appendix.sign_off()),
        "appendix": appendix.blocks(evidence, kept),
    }
    sections = [findings.section(evidence)]
    for key, blocks in made.items():
        number, title = SECTIONS[key]
        state = findings.state(evidence, key)
        sections.append(Section(number=number, id=key, title=title, question=QUESTIONS[key], blocks=blocks, state=state))
    return Page(
        study=study.text("name"),
        title=study.text("title") or study.text("name"),
        question=study.text("question"),
        signature=" ".join(text for text in (sign.text("name"), sign.text("version")) if text),
        counts=findings.weighed(evidence.nodes("findings")),
        evidence=kept.text("evidence_sha256"),
        generator=f"radaudit {versions.get('radaudit', '')}".strip(),
        top=verdict.top(evidence, status, entries),
        sections=tuple(sections),
    )
