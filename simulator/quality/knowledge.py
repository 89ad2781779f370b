"""What the checker knows of the scenario: ``provenance["checks"]`` in the manifest.

The compiler writes it, from the scenario and not from what the kernel does; the checker
shares no code with either. All keys are optional::

    {
      "code_bounds": {"LOINC//4548-4": [3.0, 20.0]},       # plausible, inclusive
      "precision":   {"LOINC//4548-4": 1},                  # decimals
      "units":       {"LOINC//4548-4": "%"},                # the one right unit
      "available":   {"RXNORM//6809": 1571616000000000},     # instant of approval, microseconds
      "requires_diagnosis": {                               # recorded at the latest when this row is
          "RXNORM//6809|active": {"all": ["ICD10CM//E11.9"]},   # each of them, or
          "RXNORM//1|active": {"any": ["ICD10CM//I10", "ICD10CM//I11"]},  # one of them
      },                                                    # a plain list means "any"
      "stops": {"RXNORM//6809|stopped": "RXNORM//6809|active"},   # a stop: what must have begun before
      "supplies": {"RXNORM//6809|completed": "RXNORM//6809|active"},  # dispensed: only while prescribed
      "truly": {"ICD10CM//E11.9|active": "t2d"},            # diagnosed only in whom this has begun
      "doses": {"CVX//03": {"age": 1.0, "apart": 28.0}},    # a vaccine: years of age, days between two
      "facts": [["SEX//male", "SEX//female"]],              # static facts of which one at most is true
      "never": [                                            # what constraints forbid: parts that never
          [{"on": "RXNORM//2256950"}, {"age": [null, 2.0]}],   # hold at once: a treatment, an age [from, to),
          [{"on": "RXNORM//1"}, {"diagnosed": "ICD10CM//N18.5"}, {"sex": "female"}],   # a diagnosis, a sex
      ],
      "absorbing": {"life": ["dead"]},                      # process: states that nothing leaves
    }

A key is a code as it stands in the log, or ``CODE|STATUS`` for its rows with that status.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Key:
    """Which rows are meant: those of a code, with `status` only those of this status."""

    code: str
    status: str | None = None

    @classmethod
    def parse(cls, text: str, codes: set[str]) -> Key:
        """``CODE`` or ``CODE|STATUS``; a code may itself contain a bar."""
        if text in codes or "|" not in text:
            return cls(text)
        code, status = text.rsplit("|", 1)
        return cls(code, status)


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The parsed form of ``provenance["checks"]``."""

    bounds: dict[Key, tuple[float, float]] = field(default_factory=dict)
    precision: dict[Key, int] = field(default_factory=dict)
    units: dict[Key, str] = field(default_factory=dict)
    available: dict[Key, int] = field(default_factory=dict)
    any_diagnosis: dict[Key, tuple[Key, ...]] = field(default_factory=dict)
    all_diagnoses: dict[Key, tuple[Key, ...]] = field(default_factory=dict)
    stops: dict[Key, Key] = field(default_factory=dict)
    supplies: dict[Key, Key] = field(default_factory=dict)
    truly: dict[Key, str] = field(default_factory=dict)
    doses: dict[str, dict[str, float]] = field(default_factory=dict)
    facts: tuple[tuple[str, ...], ...] = ()
    absorbing: dict[str, tuple[str, ...]] = field(default_factory=dict)
    never: tuple[tuple[dict[str, Any], ...], ...] = ()

    @classmethod
    def of(cls, checks: dict[str, Any], codes: set[str]) -> Knowledge:
        """Reads the checks. Raises: KeyError, TypeError or ValueError if they are malformed."""

        def key(text: str) -> Key:
            return Key.parse(text, codes)

        any_, all_ = {}, {}
        for text, needed in checks.get("requires_diagnosis", {}).items():
            groups = needed if isinstance(needed, dict) else {"any": needed}
            if "any" in groups:
                any_[key(text)] = tuple(key(k) for k in groups["any"])
            if "all" in groups:
                all_[key(text)] = tuple(key(k) for k in groups["all"])
        return cls(
            bounds={
                key(k): (float(low), float(high)) for k, (low, high) in checks.get("code_bounds", {}).items()
            },
            precision={key(k): int(v) for k, v in checks.get("precision", {}).items()},
            units={key(k): str(v) for k, v in checks.get("units", {}).items()},
            available={key(k): int(v) for k, v in checks.get("available", {}).items()},
            any_diagnosis=any_,
            all_diagnoses=all_,
            stops={key(k): key(v) for k, v in checks.get("stops", {}).items()},
            supplies={key(k): key(v) for k, v in checks.get("supplies", {}).items()},
            truly={key(k): str(v) for k, v in checks.get("truly", {}).items()},
            doses={
                str(code): {str(what): float(v) for what, v in limits.items()}
                for code, limits in checks.get("doses", {}).items()
            },
            facts=tuple(tuple(str(code) for code in each) for each in checks.get("facts", ())),
            never=tuple(tuple(dict(part) for part in parts) for parts in checks.get("never", ())),
            absorbing={str(k): tuple(v) for k, v in checks.get("absorbing", {}).items()},
        )
