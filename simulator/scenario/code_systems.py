"""The terminologies that codes may come from, and what their codes look like.

Only shapes (and LOINC's check digit) are verified here; whether a code exists is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CodeSystem:
    """A terminology: its key in YAML, its name, the shape of a code and an example."""

    key: str
    title: str
    pattern: re.Pattern[str]
    example: str


def _system(key: str, title: str, pattern: str, example: str) -> tuple[str, CodeSystem]:
    return key, CodeSystem(key, title, re.compile(pattern), example)


SYSTEMS: dict[str, CodeSystem] = dict(
    (
        _system("icd10cm", "ICD-10-CM", r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?", "E84.9"),
        _system("icd10pcs", "ICD-10-PCS", r"[0-9A-HJ-NP-Z]{7}", "0DTJ4ZZ"),
        _system("loinc", "LOINC", r"[0-9]{1,7}-[0-9]", "4548-4"),
        _system("rxnorm", "RxNorm", r"[1-9][0-9]{0,7}", "6809"),
        _system("cvx", "CVX", r"[0-9]{1,3}", "141"),
        _system("orphanet", "Orphanet", r"[1-9][0-9]{0,6}", "586"),
        _system("omim", "OMIM", r"[1-9][0-9]{5}", "219700"),
        _system("hpo", "HPO", r"HP:[0-9]{7}", "HP:0002110"),
        _system("ucum", "UCUM", r"\S+", "mg/dL"),
    )
)

#: systems that may not be shipped or used without a licence, and what to use instead
RESTRICTED: dict[str, str] = {
    "cpt": "CPT belongs to the American Medical Association and needs a licence; "
    "use `icd10pcs` for procedures or `loinc` for tests.",
    "hcpcs": "HCPCS level I is CPT and needs a licence; use `icd10pcs` or `rxnorm`.",
    "snomed": "SNOMED CT needs an affiliate licence in many countries; use `icd10cm`, `orphanet` or `hpo`.",
}
RESTRICTED["snomedct"] = RESTRICTED["snomed"]
RESTRICTED["snomed_ct"] = RESTRICTED["snomed"]


def problem_of(system: CodeSystem, code: str) -> str | None:
    """What is wrong with the shape of a code; None if nothing is.

    >>> problem_of(SYSTEMS["loinc"], "4548-5")
    'its check digit should be 4'
    """
    if not system.pattern.fullmatch(code):
        return "it does not look like one"
    if system.key == "loinc":
        digits, check = code.split("-")
        expected = mod10(digits)
        if int(check) != expected:
            return f"its check digit should be {expected}"
    return None


def mod10(digits: str) -> int:
    """The Luhn check digit, as in appendix C of the LOINC Users' Guide."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return -total % 10
