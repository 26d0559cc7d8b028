"""Every error radaudit raises on purpose.

RadauditError
├── StudyError          study.yaml or the command's arguments cannot be used            exit 3
│   └── StudyErrors         several of them, found in one go
├── TableError          a table cannot be read or joined as the study asks              exit 3
├── DesignError         a fit is not identifiable or not allowed on these rows          exit 3
│   ├── UnseenBatchError    rows of a batch the fit does not know, policy ``refuse``
│   └── UnseenLevelError    a covariate level the fit does not know
├── GuardError          the holdout, the lock or the plan forbids this                  exit 4
├── SignatureError      a signature file is not one, or was altered                     exit 3
├── LedgerError         the record is broken or cannot be written                       exit 3
├── DossierError        not a dossier, or one this version cannot read                  exit 3
├── PrivacyError        something about a patient was about to leave                    exit 3
└── PluginError         an entry point is unknown, taken or broken                      exit 3

An error carries its facts as attributes and renders them in ``__str__``: what is wrong, where, what was
found, the nearest match and a fix that can be pasted. It also inherits the nearest builtin.
"""

from __future__ import annotations

from collections.abc import Iterable

EXAMPLES_SHOWN = 5


def listed(values: Iterable[object], *, most: int = EXAMPLES_SHOWN) -> str:
    """Return ``a, b, c, ... (n in all)``: never more than ``most`` examples."""
    items = [str(value) for value in values]
    shown = ", ".join(items[:most])
    return shown if len(items) <= most else f"{shown}, ... ({len(items)} in all)"


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that looks most like ``word``, or None if none is close."""
    from difflib import get_close_matches

    names = list(candidates)
    folded = {name.casefold(): name for name in reversed(names)}
    found = get_close_matches(word.casefold(), folded, n=1, cutoff=0.6)
    return folded[found[0]] if found else None


class RadauditError(Exception):
    """Something radaudit refuses, with its code, place, finding, nearest match and fix."""

    exit_code = 3
    word = "error"

    def __init__(
        self,
        code: str,
        what: str,
        *,
        at: str | None = None,
        found: str | None = None,
        near: str | None = None,
        fix: str | None = None,
        **facts: object,
    ) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.at = at
        self.found = found
        self.near = near
        self.fix = fix
        self.facts = facts

    @property
    def problems(self) -> tuple[RadauditError, ...]:
        """The problems this error stands for: itself, unless it was raised for several."""
        return (self,)

    def __str__(self) -> str:
        lines = [f"{self.word}[{self.code}] {self.what}"]
        for label in ("at", "found", "near", "fix"):
            text = getattr(self, label)
            if text:
                lines += [f"  {label:<7} {line}" if i == 0 else f"          {line}" for i, line in enumerate(str(text).splitlines())]
        lines.append(f"  more    radaudit explain {self.code}")
        return "\n".join(lines)


class StudyError(RadauditError, ValueError):
    """The study file, or what it asks for, cannot be used."""


class StudyErrors(StudyError):
    """Several problems of one study file; code, place and fix are those of the first."""

    def __init__(self, problems: Iterable[StudyError]) -> None:
        self._problems = tuple(problems)
        first = self._problems[0]
        super().__init__(first.code, first.what, at=first.at, found=first.found, near=first.near, fix=first.fix, **first.facts)

    @property
    def problems(self) -> tuple[RadauditError, ...]:
        """All problems, in the order of the file."""
        return self._problems

    def __str__(self) -> str:
        return "\n\n".join(map(str, self._problems))


class TableError(RadauditError, ValueError):
    """A table cannot be read or joined as the study asks."""


class DesignError(RadauditError, ValueError):
    """A fit is not identifiable, or not allowed, on these rows."""


class UnseenBatchError(DesignError):
    """Rows come from a batch the frozen fit does not know and the policy is ``refuse``."""

    def __init__(self, unseen: Iterable[str], known: Iterable[str]) -> None:
        self.unseen = tuple(unseen)
        self.known = tuple(known)
        super().__init__(
            "HARM-010",
            f"{len(self.unseen)} batch(es) are not in the fit: {listed(self.unseen)}",
            found=f"the fit knows {listed(self.known, most=20)}",
            near=next((n for n in (nearest(b, self.known) for b in self.unseen) if n), None),
            fix="harmonise.unseen: reference | pass | adapt, stated before the lock",
        )


class UnseenLevelError(DesignError):
    """Rows hold a covariate level the frozen fit does not know."""

    def __init__(self, covariate: str, unseen: Iterable[str], known: Iterable[str]) -> None:
        self.covariate = covariate
        self.unseen = tuple(unseen)
        self.known = tuple(known)
        super().__init__(
            "HARM-011",
            f'covariate "{covariate}" holds level(s) the fit does not know: {listed(self.unseen)}',
            found=f"training levels {listed(self.known, most=20)}",
            near=next((n for n in (nearest(b, self.known) for b in self.unseen) if n), None),
            fix="code the covariate as in training, or leave it out of harmonise.preserve",
        )


class GuardError(RadauditError, PermissionError):
    """The holdout, the lock or the plan forbids this."""

    exit_code = 4
    word = "refused"


class SignatureError(RadauditError, ValueError):
    """A signature file is not one, or was altered."""


class LedgerError(RadauditError, RuntimeError):
    """The record is broken or cannot be written."""


class DossierError(RadauditError, ValueError):
    """Not a dossier, or one this version cannot read."""


class PrivacyError(RadauditError, ValueError):
    """Something about a patient was about to leave this machine."""


class PluginError(RadauditError, LookupError):
    """A named entry point is unknown, taken or broken."""
