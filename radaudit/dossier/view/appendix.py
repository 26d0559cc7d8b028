"""The part of section 13 that is not part of this version, and the appendix: how to verify offline, and what the words mean."""

from __future__ import annotations

from radaudit.dossier.view.node import Node
from radaudit.dossier.view.parts import Block, Heading, Prose, Table, Verbatim, cell, columns, say

GLOSSARY = (
    ("AUC", "The chance that a patient with the event gets a higher risk than one without; 0.5 is guessing, 1 is perfect."),
    ("batch", "What harmonisation removes: the scanner, site or protocol that the plan names."),
    ("blocking", "A finding that stops every claim it concerns from being decided."),
    ("calibration in the large", "How far the mean predicted risk is from the share of events, on the log-odds scale; 0 is right."),
    ("calibration slope", "1 if risks spread as far as they should; below 1 they are too extreme, above 1 too timid."),
    (
        "cannot be determined",
        "The interval contains the limit, or a blocking finding concerns the evidence. It is not a mild no, nor a mild yes.",
    ),
    ("C-index", "Of two patients whose order is known, how often the one with the earlier event has the higher risk; 0.5 is guessing."),
    ("ComBat", "Removes the shift and the scale of each batch per feature, borrowing strength across features."),
    ("horizon", "The time by which a survival signature predicts the risk of the event; stated in the plan."),
    ("interval", "95% unless it says otherwise: values that the data do not speak against."),
    ("leave-one-site-out", "Fit on all sites but one, score the one; in turn for each site."),
    ("net benefit", "True alarms minus false alarms, weighed by the threshold from which one would act."),
    ("nested resampling", "Choices are made in inner resamples, scored in outer ones: no patient scores a choice it helped to make."),
    ("not supported", "The whole interval breaks the requirement."),
    ("observed over expected", "Share with the event by the horizon (Kaplan–Meier) over the mean predicted risk; 1 is right."),
    ("post hoc", "Decided or changed after the test set was opened: the verdict is computed but proves less."),
    (
        "prediction interval",
        "Where the value at a further site is expected, spread between sites included; wider than the interval of the mean.",
    ),
    ("signature", "The locked file of numbers that turns one patient's features into a risk, or refuses."),
    ("supported", "The whole interval keeps the requirement."),
    ("test set", "Patients set aside before anything was fitted (the holdout); opened with a lock and a reason, and counted."),
    ("waived", "A finding accepted by a recorded decision; it stays visible."),
)


def sign_off() -> tuple[Block, ...]:
    """Return section 13."""
    return (
        Prose(
            line=say("Not part of this version: this dossier carries no traceability matrix and nobody's signature of approval."),
            muted=True,
        ),
    )


def blocks(evidence: Node, record: Node) -> tuple[Block, ...]:
    """Return the appendix."""
    signature = evidence.node("signature")
    vectors = signature.count("test_vectors")
    again = (
        ""
        if not signature
        else f"scores the {vectors} test vectors of signature.json again, "
        if vectors
        else "scores the test vectors of signature.json again, "
    )
    return (
        Heading(text="How to verify this dossier without a network"),
        Prose(
            line=say(
                "This page is drawn from dossier.json beside it, and from nothing else. The first command reads every listed file, compares"
                f" its SHA-256 with the manifest, {again}follows the chain of the ledger and compares every status word of this page with "
                "dossier.json. It needs Python's standard library only. The second draws this page again and compares it byte by byte."
            )
        ),
        Verbatim(text="radaudit verify .\nradaudit verify . --render", label="In the folder of this page"),
        Prose(
            line=say(
                "Without radaudit: sha256sum -c manifest-sha256.txt. "
                f"The evidence digest is {record.text('evidence_sha256') or 'not stated'}; "
                "it is the same whenever the same study is run on the same data."
            )
        ),
        Heading(text="Glossary"),
        Table(columns=columns("Word", "Meaning here"), rows=tuple((cell(word, style="strong"), cell(text)) for word, text in GLOSSARY)),
    )
