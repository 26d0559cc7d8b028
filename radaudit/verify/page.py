"""Does the page say what the document says? Every claim's status words in ``dossier.html`` against ``dossier.json``.

The page names the bytes it was drawn from: ``<meta name="radaudit-dossier-sha256">``. A status is an element that names its claim,
``<span data-claim="C1">...</span>``, ``overall`` for the study; its text is the verdict, whatever symbol stands before it, and so is its
``data-verdict``. Whether the rest of the page is right is what ``verify --render`` asks: it draws it again.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Mapping
from typing import Any

from radaudit.findings import Finding
from radaudit.verify.report import failed, not_run, passed

PAGE = "dossier.html"
STATUS = re.compile(r"<([a-z]+)(?=[\s>])([^<>]*?)\sdata-claim=\"([^\"<>]*)\"([^<>]*)>(.{0,400}?)</\1>", re.DOTALL | re.ASCII)
SOURCE = re.compile(r'<meta name="radaudit-dossier-sha256" content="([^"<>]*)">')
NAMED = re.compile(r"data-claim\s*=", re.IGNORECASE)
ATTRIBUTE = re.compile(r'\sdata-verdict="([^"<>]*)"')
TAG = re.compile(r"<[^<>]*>")
WORDS = ("supported", "not supported", "cannot be determined")
WORST = ("supported", "cannot be determined", "not supported")
OVERALL = "overall"


def check_page(page: bytes, document: bytes, evidence: Mapping[str, Any]) -> list[Finding]:
    """Return where page and document give a claim another status (VERIFY-050), or the page leaves one out (VERIFY-051).

    VERIFY-053 if the page was drawn from another ``document``, the bytes of dossier.json.
    """
    try:
        text = page.decode("utf-8")
    except UnicodeDecodeError:
        return [failed("VERIFY-051", "The page is not UTF-8 text.", PAGE)]
    if SOURCE.findall(text) != [hashlib.sha256(document).hexdigest()]:
        return [failed("VERIFY-053", "The page was drawn from another dossier.json, or does not say from which.", PAGE)]
    stated = {str(claim["id"]): str(claim["verdict"]) for claim in evidence.get("claims") or []}
    overall = (evidence.get("verdict") or {}).get("overall")
    if overall is not None:
        stated[OVERALL] = str(overall)
    shown: dict[str, set[str]] = {}
    chips = list(STATUS.finditer(text))
    if len(NAMED.findall(text)) != len(chips):
        return [failed("VERIFY-051", "The page names a claim in another form than the one verdicts have.", PAGE)]
    for match in chips:
        words = [_word(match[5]), *(html.unescape(word) for word in ATTRIBUTE.findall(match[2] + match[4]))]
        shown.setdefault(html.unescape(match[3]), set()).update(words)
    found = [
        failed(
            "VERIFY-050", f'The page says "{word}" of claim {name}; the document says "{stated.get(name, "nothing")}".', PAGE, claim=name
        )
        for name, words in sorted(shown.items())
        for word in sorted(words)
        if word != stated.get(name)
    ]
    absent = sorted(set(stated) - set(shown))
    if absent:
        found.append(failed("VERIFY-051", f"The page does not state the verdict on {', '.join(absent)}.", PAGE))
    if not stated:
        return [not_run("VERIFY-051", "The document states no verdict that the page could be compared with.", PAGE)]
    return found or [passed("VERIFY-050", f"The page gives {len(stated)} verdict(s) in the words of the document.", PAGE)]


def check_verdicts(evidence: Mapping[str, Any]) -> list[Finding]:
    """Return where a verdict is none of the three words, or the overall one is not the worst primary claim (VERIFY-052)."""
    claims = evidence.get("claims") or []
    odd = sorted(str(claim["id"]) for claim in claims if claim["verdict"] not in WORDS)
    if odd:
        return [failed("VERIFY-052", f"Claim {', '.join(odd)} has none of the three verdicts.", "dossier.json")]
    if not claims:
        return []
    primary = [claim for claim in claims if claim.get("primary")] or claims
    worst = max((claim["verdict"] for claim in primary), key=WORST.index)
    overall = (evidence.get("verdict") or {}).get("overall")
    if overall != worst:
        sentence = f'The overall verdict is "{overall}"; the worst primary claim is "{worst}".'
        return [failed("VERIFY-052", sentence, "dossier.json")]
    return [passed("VERIFY-052", f'The overall verdict, "{overall}", is that of the worst primary claim.', "dossier.json")]


def _word(inner: str) -> str:
    """Return the letters and blanks of an element's text: without tags and the symbol before the word."""
    text = html.unescape(TAG.sub(" ", inner))
    return " ".join(part for part in text.split() if any(char.isalnum() for char in part)).casefold()
