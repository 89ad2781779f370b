"""Which keys of treatments, doses, allergies and immunisations go together, as `rules.py` reads it."""

from __future__ import annotations

from simulator.scenario.block import Block
from simulator.scenario.model_medicines import (
    Allergy,
    Dose,
    DoseChange,
    Immunisation,
    Protection,
    Reaction,
    Start,
    Treatment,
)

#: keys of which exactly one is given
ONE_OF: dict[type[Block], tuple[str, ...]] = {
    Dose: ("amount", "steps"),
    Allergy: ("prevalence", "onset"),
    Immunisation: ("schedule", "every"),
}

#: keys of which one at most is given
AT_MOST_ONE: dict[type[Block], tuple[str, ...]] = {
    DoseChange: ("by", "to"),
    Start: ("at", "delay"),
    Immunisation: ("at", "retry"),
    Protection: ("lasts", "wanes"),
}

#: keys that are only given with (one of) others
ONLY_WITH: dict[type[Block], dict[str, tuple[str, ...]]] = {
    Treatment: {"refills": ("supply",)},
    Reaction: {"recognised": ("visit",)},
    Dose: {"start": ("steps",), "least": ("up", "down"), "most": ("up", "down")},
    Immunisation: {
        "catch_up": ("schedule",),
        "interval": ("schedule",),
        "months": ("every",),
        "from": ("every",),
        "until": ("every",),
        "retry": ("each",),
    },
}
