"""What is what in the files that were sent: every guess with its evidence and with what else it could be; nothing ambiguous is taken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from radaudit.errors import StudyError, listed
from radaudit.study import guesses
from radaudit.study.audit.told import Told
from radaudit.study.guesses import Look
from radaudit.tables.shown import inert

PREDICTED = ("prob", "probability", "risk", "prediction", "predicted", "pred", "score", "radscore", "yhat", "p", "output", "logit", "proba")
NOT_RISK = ("class", "label", "true", "truth", "lower", "upper", "ci", "low", "high", "fold", "age", "time", "days", "months")
TRAINING = ("train", "training", "development", "dev", "derivation", "discovery")
TEST = ("test", "testing", "holdout", "hold-out", "held-out", "external", "independent")
MIDDLE = ("validation", "val", "valid", "tuning", "internal validation")
MOST_PREDICTION_COLUMNS = 12
LEAST_FEATURES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One thing a reviewer confirms: what was guessed, how it is shown, its evidence, and the candidates if it is not certain."""

    key: str
    label: str
    value: str
    shown: str
    candidates: tuple[str, ...] = ()
    sure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Parted:
    """The split: its column and which values mean test and training."""

    column: str
    test: tuple[str, ...]
    training: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What was found: tables by what they hold, columns by role, and the questions that remain."""

    features: tuple[Look, ...]
    others: tuple[Look, ...]
    ids: dict[str, str]
    subject: str
    normalise: str = ""
    site: str = ""
    outcome: str = ""
    event: str = ""
    non_event: str = ""
    predictions: str = ""
    split: Parted | None = None
    selected: tuple[str, ...] = ()
    told: Told = field(default_factory=Told)
    questions: tuple[Question, ...] = ()
    decimals: dict[str, str] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)


def recognise(looks: Sequence[Look], told: Told) -> Recognised:
    """Return what these tables are. Raises StudyError: STUDY-030 to -032 as ``radaudit init``, STUDY-122 for an ambiguous split."""
    tables = _with_features(looks)
    features = tuple(look for look in tables if look.features)
    others = tuple(look for look in tables if not look.features)
    selected, others = _selected(features, others, told)
    subject = _subject(tables, told)
    ids, normalise = _ids(features, others, subject.value)
    subject = _with_rule(subject, normalise)
    notes = {look.file: "not used: it shares no patient with the feature table" for look in others if look.file not in ids}
    notes |= {look.file: f"names {len(selected)} features of the signature" for look in tables if not look.features and look not in others}
    others = tuple(look for look in others if look.file in ids)
    used = {subject.value, *ids.values()}
    parted = _split([*others, *features], told)
    used |= {parted.column} if parted else set()
    predictions = _predictions(others, used, told) or _predictions(features, used, told)
    used |= {predictions} if predictions else set()
    if parted is None and predictions:
        parted = Parted(column=predictions, test=(), training=())
    site = _site([*others, *features], used, told)
    outcome, event, non_event = _outcome([*others, *features], used | {site.value}, told)
    return Recognised(
        features=features,
        others=others,
        ids=ids,
        subject=subject.value,
        normalise=normalise,
        site=site.value,
        outcome=outcome.value,
        event=event,
        non_event=non_event,
        predictions=predictions,
        split=parted,
        selected=selected,
        told=told,
        notes=notes,
        questions=(subject, *([site] if site.value or site.candidates else []), outcome, claim_question(told)),
    )


def _with_features(looks: Sequence[Look]) -> list[Look]:
    """Return the looks; if none holds many features, the table named after features or with most measured columns is taken to."""
    if any(look.features for look in looks):
        return list(looks)
    counted = [(len(_measured(look)), look) for look in looks if _measured(look)]
    named = [item for item in counted if re.search(r"feature|radiomic|signature", item[1].file, re.IGNORECASE)]
    best = max(named or counted, key=lambda item: item[0], default=(0, None))
    if best[1] is None or best[0] < LEAST_FEATURES:
        found = listed(f"{look.file} ({len(look.columns)} columns)" for look in looks)
        raise StudyError(
            "STUDY-030", "none of these tables looks like a table of features", found=found or None, fix="send the feature table as CSV"
        )
    chosen = best[1]
    names = _measured(chosen)
    rest = {name: texts for name, texts in chosen.columns.items() if name not in names}
    return [replace(look, columns=rest, features=tuple(names)) if look is chosen else look for look in looks]


def _measured(look: Look) -> list[str]:
    """Return the columns of a small table that could be features: measured numbers, no predictions."""
    found = []
    for name in look.columns:
        values = look.values(name)
        fractions = sum("." in value or "," in value for value in values)
        if guesses.looks_numeric(values) and fractions > len(values) / 2 and len(set(values)) > 10 and not _called_risk(name):
            found.append(name)
    return found


def _selected(features: Sequence[Look], others: Sequence[Look], told: Told) -> tuple[tuple[str, ...], tuple[Look, ...]]:
    """Return the features of the claimed signature, from the claim or from a table that lists feature names, and the other tables."""
    known = {name for look in features for name in look.features}
    if told.selected:
        return tuple(name for name in told.selected if name in known), tuple(others)
    for look in others:
        for name in look.columns:
            values = look.values(name)
            if values and len(set(values)) == len(values) and 2 * sum(value in known for value in (*values, name)) > len(values):
                here = tuple(value for value in (name, *values) if value in known)
                return here, tuple(other for other in others if other is not look)
    return (), tuple(others)


def _subject(looks: Sequence[Look], told: Told) -> Question:
    stated = str(told.roles.get("subject") or "")
    home = next(look for look in looks if look.features)
    if stated:
        return Question(key="subject", label="patient column", value=stated, shown=f"{stated}  (stated)")
    found = guesses.subject(looks)
    if found is None:
        columns = listed((inert(name) for name in home.columns), most=12)
        raise StudyError(
            "STUDY-031", "no column of the feature table looks like the patient's id", found=columns or "none", fix="subject: COLUMN"
        )
    rivals = [name for name in found.others if guesses.rank(name, guesses.PATIENT) <= guesses.rank(found.column, guesses.PATIENT)]
    sure = not rivals
    shown = f"{inert(found.column)}  ({found.evidence.removesuffix(f' of {found.file}')})"
    return Question(key="subject", label="patient column", value=found.column, shown=shown, candidates=(found.column, *rivals), sure=sure)


def _ids(features: Sequence[Look], others: Sequence[Look], subject: str) -> tuple[dict[str, str], str]:
    """Return file -> its patient column, for tables that share patients, and the rule under which ids meet that do not as written."""
    home = features[0]
    mine = home.values(subject) if subject in home.columns else []
    found: dict[str, str] = {home.file: subject}
    rules: Counter[str] = Counter()
    for look in (*features[1:], *others):
        named = subject if subject in look.columns else None
        link = guesses.linked(home, subject, look) if mine else None
        column = named or (link[0] if link is not None and link[1] >= 0.1 * len(set(mine)) else None)
        candidates = [column] if column else guesses.patient_columns(look)
        met = [(rule[1], name, rule[0]) for name in candidates if (rule := guesses.normalisation(mine, look.values(name)))]
        if met and max(met)[0] >= 0.1 * len(set(mine)):
            column = max(met)[1]
            rules[max(met)[2]] += 1
        if column is not None:
            found[look.file] = column
    return found, (rules.most_common(1)[0][0] if rules else "")


def _with_rule(subject: Question, rule: str) -> Question:
    """Return the question about the patient with the rule under which ids meet: never applied silently."""
    if not rule:
        return subject
    shown = f"{subject.shown}; ids of two tables meet only after {rule}"
    return replace(subject, shown=shown, sure=False, candidates=(f"{subject.value}, {rule}", f"{subject.value}, as written"))


def _split(looks: Sequence[Look], told: Told) -> Parted | None:
    if told.roles.get("split"):
        test, training = (_texts(told.roles.get(key)) for key in ("test", "training"))
        return Parted(column=str(told.roles["split"]), test=test or ("test",), training=training)
    found: dict[str, Parted] = {}
    for look in looks:
        for name in look.columns:
            parted = _parted(name, set(look.values(name)))
            if parted is not None:
                found.setdefault(name, parted)
    if len(found) > 1:
        raise ambiguous("split", "which column tells the test set?", list(found), "split: COLUMN")
    return next(iter(found.values()), None)


def _parted(name: str, values: set[str]) -> Parted | None:
    folded = {value: value.strip().casefold() for value in values}
    training = tuple(sorted(value for value, word in folded.items() if word in TRAINING))
    test = tuple(sorted(value for value, word in folded.items() if word in TEST))
    middle = tuple(sorted(value for value, word in folded.items() if word in MIDDLE))
    if not training or len(training) + len(test) + len(middle) != len(values) or not (test or middle):
        return None
    return Parted(column=name, test=test or middle, training=(*training, *(middle if test else ())))


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else ((str(value),) if value else ())


def _called_risk(name: str) -> bool:
    words = guesses.words(name)
    return any(word in PREDICTED or word.startswith(("prob", "pred", "risk")) for word in words) and not any(
        word in NOT_RISK for word in words
    )


def _predictions(looks: Sequence[Look], used: set[str], told: Told) -> str:
    if told.roles.get("predictions"):
        return str(told.roles["predictions"])
    found: list[str] = []
    alone: list[str] = []
    for look in looks:
        numbers = [
            name
            for name in look.columns
            if name not in used and guesses.looks_numeric(look.values(name)) and len(set(look.values(name))) > 5
        ]
        found += [name for name in numbers if _called_risk(name)]
        if re.search(r"pred|risk|score|prob", look.file, re.IGNORECASE) and len(look.columns) <= MOST_PREDICTION_COLUMNS:
            alone += numbers if len(numbers) == 1 else []
    names = list(dict.fromkeys(found)) or list(dict.fromkeys(alone))
    if len(names) > 1:
        raise ambiguous("predictions", "which column holds the predictions of the claim?", names, "predictions: COLUMN")
    return names[0] if names else ""


def _site(looks: Sequence[Look], used: set[str], told: Told) -> Question:
    stated = str(told.roles.get("site") or "")
    if stated:
        return Question(key="site", label="site column", value=stated, shown=f"{stated}  (stated)")
    found = [guess for guess in guesses.categorical(looks, guesses.SITE) if guess.column not in used]
    if not found:
        return Question(key="site", label="site column", value="", shown="none")
    columns = list(dict.fromkeys(guess.column for guess in found))
    best = guesses.rank(columns[0], guesses.SITE)
    rivals = tuple(name for name in columns if guesses.rank(name, guesses.SITE) == best)
    shown = f"{inert(columns[0])}  ({found[0].evidence.partition(': ')[2]})"
    return Question(key="site", label="site column", value=columns[0], shown=shown, candidates=rivals, sure=len(rivals) == 1)


def _outcome(looks: Sequence[Look], used: set[str], told: Told) -> tuple[Question, str, str]:
    found = [guess for guess in guesses.outcomes(looks, used) if not _predicted_class(guess.column)]
    stated = str(told.roles.get("outcome") or "")
    if stated:
        found = [guess for guess in found if guess.column == stated]
    if not found:
        columns = listed((inert(name) for look in looks for name in look.columns), most=12)
        raise StudyError("STUDY-032", "no column holds exactly two values, as a binary outcome does", found=columns, fix="outcome: COLUMN")
    known = list(dict.fromkeys(guess.column for guess in found))
    first = found[0]
    look = next(look for look in looks if look.file == first.file)
    tally = guesses.groups(look, first.column)
    event, other = guesses.event_of(tally, first.column)
    certain = True
    if told.roles.get("event"):
        event = str(told.roles["event"])
        other = next(value for value in tally if value != event)
    else:
        certain = sum(value.casefold() in guesses.EVENTS for value in tally) == 1
    best = guesses.rank(known[0], guesses.OUTCOME)
    rivals = tuple(name for name in known if guesses.rank(name, guesses.OUTCOME) == best)
    shown = f"{inert(first.column)} == {inert(event)}  ({tally[event]} of {sum(tally.values())})"
    candidates = rivals if len(rivals) > 1 else tuple(f"{first.column} == {value}" for value in sorted(tally))
    sure = (bool(stated) or len(rivals) == 1) and certain
    return Question(key="outcome", label="outcome", value=first.column, shown=shown, candidates=candidates, sure=sure), event, other


def _predicted_class(name: str) -> bool:
    words = guesses.words(name)
    return any(word.startswith("pred") or word == "class" for word in words)


def claim_question(told: Told) -> Question:
    """Return the question about the claim: certain if a limit is stated, else with limits that the figures suggest."""
    if told.claims:
        first = told.claims[0]
        words = "; ".join(f"{key} {value}" for key, value in first.items() if key not in ("id", "primary", "text", "measure", "on"))
        return Question(
            key="claim", label="claim", value="stated", shown=f'{first.get("measure", "")} on set "test" {words}'.replace("_", " ")
        )
    auc = told.figures.get("auc")
    suggested = tuple(f"auc >= {value:g}" for value in (*((auc.low,) if auc and auc.low else ()), 0.5))
    reported = f"; auc {auc.text} was reported" if auc else ""
    shown = f'auc on set "test" at least: ?  (none stated{reported})'
    return Question(key="claim", label="claim", value="", shown=shown, candidates=suggested, sure=False)


def ambiguous(key: str, what: str, candidates: Sequence[str], fix: str) -> StudyError:
    """Return the refusal of a guess that could be several."""
    return StudyError("STUDY-122", f"{key}: {what}", found=listed(map(inert, candidates), most=8), fix=f"in claim.yaml: {fix}")
