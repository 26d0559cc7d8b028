"""The reporting form, ``reporting:`` in the study file: what no table knows, stated by a person. It is not part of the plan's digest.

Every field is a statement, not a finding: checklists mark what it fills as M. What is not known is left out; a placeholder is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from radaudit.study.columns import Names
from radaudit.study.problem import Path, Problem, dotted
from radaudit.study.terms import Section, Text, Truth, Whole

if TYPE_CHECKING:
    from radaudit.study.plan import Plan


class Design(Section):
    """How the study was designed."""

    nature: Literal["prospective", "retrospective", "both"] | None = Field(None, description="Were patients recruited for this question?")
    kind: Literal["cohort", "case-control", "cross-sectional", "trial", "registry"] | None = Field(None, description="The design.")
    sample_size: Text | None = Field(None, description="How the number of patients was determined.")


class Eligibility(Section):
    """Who could enter."""

    inclusion: Text | None = Field(None, description="Inclusion criteria.")
    exclusion: Text | None = Field(None, description="Exclusion criteria.")
    selection: Literal["consecutive", "random", "convenience", "all available"] | None = Field(None, description="How patients were taken.")
    identification: Text | None = Field(None, description="On what basis patients were found.")
    represents: Text | None = Field(None, description="Which population the sample stands for, and why it does.")
    setting: Text | None = Field(None, description="Setting, number and place of centres.")
    dates: Text | None = Field(None, description="Start and end of accrual; end of follow-up.")


class Source(Section):
    """Where the data come from."""

    source: Literal["private", "public", "mixed"] | None = Field(None, description="Who can have the data.")
    link: Text | None = Field(None, description="Where they are, with the version.")
    overlap: Text | None = Field(None, description="Earlier publications on any part of the data, and the difference to them.")


class Ethics(Section):
    """Approval, consent, protection."""

    approval: Text | None = Field(None, description="Committee and number, or why none is needed.")
    consent: Text | None = Field(None, description="Consent or its waiver.")
    data_protection: Text | None = Field(None, description="How patients are protected, such as de-identification.")


class Acquisition(Section):
    """How images were acquired."""

    modality: Literal["CT", "MR", "PET", "PET/CT", "SPECT", "US", "X-ray", "mammography"] | None = Field(None, description="The modality.")
    scanners: Text | None = Field(None, description="Scanner types and vendors.")
    parameters: Text | None = Field(None, description="Acquisition parameters, or the table that holds them.")
    standard: Text | None = Field(None, description="The published protocol or guideline that was followed.")
    amendments: Text | None = Field(None, description="Vendor-specific amendments, software versions.")
    single: Truth | None = Field(None, description="One imaging set only: one phase, one sequence.")
    dynamic: Literal["static", "dynamic"] | None = Field(None, description="Static or dynamic scans.")


class Segmentation(Section):
    """How regions were drawn."""

    method: Literal["manual", "semi-automatic", "automatic", "none"] | None = Field(None, description="How regions were drawn.")
    description: Text | None = Field(None, description="The rules of segmentation.")
    software: Text | None = Field(None, description="Software with version.")
    readers: Annotated[Whole, Field(ge=0)] | None = Field(None, description="How many readers.")
    experience: Text | None = Field(None, description="Who they are and their experience.")
    blinding: Text | None = Field(None, description="What readers knew of the outcome.")
    test_set: Literal["single reader", "automatic tool", "several readers"] | None = Field(None, description="Who segmented the test set.")
    reliability: Text | None = Field(None, description="Agreement within and between readers or tools, with numbers.")
    evaluation: Text | None = Field(None, description="Automatic: accuracy against experts.")
    core_laboratory: Text | None = Field(None, description="The central laboratory.")
    ce_mark: Text | None = Field(None, description="Automatic: the mark of the software.")


class Preprocessing(Section):
    """What was done to the images."""

    software: Text | None = Field(None, description="Software with version.")
    normalisation: Text | None = Field(None, description="Intensity normalisation, or that there was none, and why.")
    resampling: Text | None = Field(None, description="Interpolation, or that there was none.")
    voxel_size: Text | None = Field(None, description="Voxel size after resampling, or as acquired.")
    discretisation: Text | None = Field(None, description="Fixed bin size or number, with its value.")
    images: Text | None = Field(None, description="Image types: original, filters with their settings.")
    raw_saved: Truth | None = Field(None, description="Are the raw images kept?")
    predefined: Truth | None = Field(None, description="Was normalisation fixed before the data were seen?")


class Extraction(Section):
    """How features were extracted."""

    software: Text | None = Field(None, description="The extractor.")
    version: Text | None = Field(None, description="Its version.")
    ibsi: Truth | None = Field(None, description="Does this version comply with IBSI's benchmarks?")
    settings: Text | None = Field(None, description="The settings, or the file that holds them.")
    defaults: Text | None = Field(None, description="A statement on all other settings.")


class Reference(Section):
    """The reference standard: what the outcome is, and how it was found."""

    definition: Text | None = Field(None, description="What the outcome is.")
    method: Text | None = Field(None, description="How and when it was assessed.")
    rationale: Text | None = Field(None, description="Why this one.")
    interval: Text | None = Field(None, description="Time between imaging and reference standard.")
    assessors: Text | None = Field(None, description="Who assessed it.")
    blinding: Text | None = Field(None, description="What assessors knew of the images.")
    cutoff: Text | None = Field(None, description="Its cut-off.")


class Repeatability(Section):
    """How well features and signature repeat."""

    test_retest: Text | None = Field(None, description="Repeatability in patients, with numbers; phantoms do not count here.")
    phantom: Text | None = Field(None, description="Phantom studies.")
    error_margins: Text | None = Field(None, description="Error margin of each feature of the signature, or where they are.")
    in_trial: Text | None = Field(None, description="Reproducibility inside this trial.")


class Registration(Section):
    """Where protocol and registration are; say so if there are none."""

    protocol: Text | None = Field(None, description="Where the protocol is, or that none was prepared.")
    registry: Text | None = Field(None, description="The register, or that the study was not registered.")
    number: Text | None = Field(None, description="The number in the register.")


class Sharing(Section):
    """What others can have, and where."""

    images: Text | None = Field(None, description="Images.")
    segmentations: Text | None = Field(None, description="Segmentations.")
    features: Text | None = Field(None, description="Feature tables.")
    settings: Text | None = Field(None, description="Settings or scripts of preprocessing and extraction.")
    code: Text | None = Field(None, description="Code of the analysis.")
    model: Text | None = Field(None, description="The final model.")
    system: Text | None = Field(None, description="A ready-to-use system.")


class Trial(Section):
    """The signature in a trial: the scenario and the estimand (ICH E9(R1))."""

    scenario: Literal["discovery", "exploratory endpoint", "locked endpoint"] | None = Field(
        None, description="What the trial does with it."
    )
    endpoint: Text | None = Field(None, description="Primary or secondary endpoint, and which.")
    population: Text | None = Field(None, description="Estimand: the population.")
    variable: Text | None = Field(None, description="Estimand: the variable.")
    intercurrent: Text | None = Field(None, description="Estimand: intercurrent events and their handling.")
    summary: Text | None = Field(None, description="Estimand: the summary.")


class Answered(Section):
    """A person's answer to one item of a checklist."""

    checklist: Text = Field(description="Such as CLEAR.")
    item: Text = Field(description="The number of the item, such as 12a.")
    answer: Literal["yes", "no", "not applicable"] = Field(description="The answer.")
    where: Text = Field(description="Where this can be read, or why.")
    by: Text | None = Field(None, description="Who answers.")


class Reporting(Section):
    """The reporting form: what no table knows. Leave out what is not known."""

    design: Design = Field(Design(), description="The design.")
    eligibility: Eligibility = Field(Eligibility(), description="Who could enter.")
    data: Source = Field(Source(), description="Where the data come from.")
    ethics: Ethics = Field(Ethics(), description="Ethics.")
    acquisition: Acquisition = Field(Acquisition(), description="Imaging.")
    segmentation: Segmentation = Field(Segmentation(), description="Regions.")
    preprocessing: Preprocessing = Field(Preprocessing(), description="Image preprocessing.")
    extraction: Extraction = Field(Extraction(), description="Feature extraction.")
    reference: Reference = Field(Reference(), description="The reference standard.")
    repeatability: Repeatability = Field(Repeatability(), description="Repeatability.")
    registration: Registration = Field(Registration(), description="Protocol and registration.")
    sharing: Sharing = Field(Sharing(), description="What is shared.")
    trial: Trial = Field(Trial(), description="The signature in a trial.")
    ibsi: dict[Text, Text] = Field({}, description="Items of the IBSI reporting form by number, such as 14: 120 kVp.")
    guidelines: Names = Field((), description="Checklists the study was designed and reported by.")
    intended_use: Text | None = Field(None, description="Intended use, users and population.")
    clinical_standard: Text | None = Field(None, description="Why the clinical model is the current standard.")
    combined: Text | None = Field(None, description="The combination with what is not radiomic, and where its results are.")
    biology: Text | None = Field(None, description="Biological correlates.")
    treatments: Text | None = Field(None, description="Treatments and how they were handled.")
    followup: Text | None = Field(None, description="Follow-up: end and median.")
    limitations: Text | None = Field(None, description="Limitations.")
    involvement: Text | None = Field(None, description="Involvement of patients and public, or that there was none.")
    funding: Text | None = Field(None, description="Funding and role of funders.")
    interests: Text | None = Field(None, description="Conflicts of interest, such as: none declared.")
    answers: tuple[Answered, ...] = Field((), description="A person's answers to items of checklists.")

    def document(self) -> dict[str, Any]:
        """Return what is stated as JSON, without what is not."""
        stated = self.model_dump(mode="json", exclude_none=True)
        return {name: value for name, value in stated.items() if value or value is False}


def reporting_problems(plan: Plan) -> Iterator[Problem]:
    """Yield what the form may not say: placeholders, answers to items that do not exist, and what contradicts itself."""
    if plan.reporting is None:
        return
    yield from _placeholders(plan.reporting.document(), ("reporting",))
    yield from _answers(plan.reporting)
    yield from _ibsi(plan.reporting)
    yield from _contradictory(plan.reporting)


def _placeholders(value: Any, path: Path) -> Iterator[Problem]:
    from radaudit.checklists.pointers import filled

    if isinstance(value, dict):
        for name, item in value.items():
            yield from _placeholders(item, (*path, name))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _placeholders(item, (*path, i))
    elif isinstance(value, str) and not filled(value) and path != ("reporting", "segmentation", "method"):
        yield Problem(
            code="STUDY-154",
            path=path,
            what=f'{dotted(path)} says "{value}", which states nothing',
            fix="remove the line; for what does not exist say so in words, such as: none declared",
        )


def _answers(form: Reporting) -> Iterator[Problem]:
    from radaudit.checklists import named
    from radaudit.errors import StudyError

    seen: dict[tuple[str, str], Path] = {}
    for i, answer in enumerate(form.answers):
        path: Path = ("reporting", "answers", i)
        try:
            checklist = named(answer.checklist)
            checklist.item(answer.item)
        except StudyError as error:
            where = "checklist" if error.code == "STUDY-150" else "item"
            yield Problem(code=error.code, path=(*path, where), what=error.what, found=error.found, near=error.near, fix=None)
            continue
        key = (checklist.name, answer.item)
        if key in seen:
            yield Problem(
                code="STUDY-155", path=path, what=f"{' '.join(key)} is answered twice", found=f"also at {dotted(seen[key])}", fix="keep one"
            )
        seen.setdefault(key, path)


def _ibsi(form: Reporting) -> Iterator[Problem]:
    from radaudit.checklists import shelf
    from radaudit.errors import nearest

    known = [item.id for item in shelf()["IBSI"].items]
    for name in form.ibsi:
        if name not in known:
            what = f'IBSI has no item "{name}"'
            yield Problem(code="STUDY-151", path=("reporting", "ibsi", name), what=what, found="1 to 76", near=nearest(name, known))


def _contradictory(form: Reporting) -> Iterator[Problem]:
    """Yield pairs of statements that cannot both be true."""
    regions, trial, kept = form.segmentation, form.trial, form.registration
    unregistered = (
        "not registered" in (kept.registry or "").casefold() and kept.number is not None,
        ("registration", "number"),
        "the study was not registered, but has a number",
    )
    pairs = (
        (
            regions.method == "automatic" and regions.test_set in ("single reader", "several readers"),
            ("segmentation", "test_set"),
            "segmentation is automatic, but readers segmented the test set",
        ),
        (
            regions.method == "manual" and regions.test_set == "automatic tool",
            ("segmentation", "test_set"),
            "segmentation is manual, but a tool segmented the test set",
        ),
        (
            regions.method == "manual" and regions.readers == 0,
            ("segmentation", "readers"),
            "segmentation is manual, but there are no readers",
        ),
        (
            regions.test_set == "several readers" and regions.readers is not None and regions.readers < 2,
            ("segmentation", "readers"),
            "several readers segmented the test set, but there are fewer than two",
        ),
        (
            trial.scenario == "locked endpoint" and trial.endpoint is None,
            ("trial", "scenario"),
            "a locked endpoint needs the endpoint: reporting.trial.endpoint",
        ),
    )
    for contradicts, where, what in (*pairs, unregistered):
        if contradicts:
            yield Problem(code="STUDY-156", path=("reporting", *where), what=what, fix="correct one of the two")
