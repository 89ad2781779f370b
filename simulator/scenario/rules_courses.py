"""Which keys of pathways, procedures, stays and care plans go together, as `rules.py` reads it."""

from __future__ import annotations

from simulator.scenario.block import Block
from simulator.scenario.model_courses import CarePlan, Choice, Pathway, PathwayStart, Repeat, Step
from simulator.scenario.model_visits import Order

STEP_KINDS = (
    "visit", "give", "give_one_of", "do", "start", "start_one_of", "switch_to", "stop", "refer", "wait",
    "wait_until", "wait_for", "if", "choose", "repeat", "follow", "postpone", "may_follow", "record", "note",
    "end",
)  # fmt: skip

#: keys of which exactly one is given
ONE_OF: dict[type[Block], tuple[str, ...]] = {
    Step: STEP_KINDS,
    Choice: ("share", "if", "else"),
    PathwayStart: ("when", "on"),
}

#: keys that are only given with (one of) others
ONLY_WITH: dict[type[Block], dict[str, tuple[str, ...]]] = {
    Step: {
        "measures": ("visit",),
        "orders": ("visit",),
        "then": ("if",),
        "else": ("if",),
        "steps": ("repeat",),
        "at_most": ("postpone", "wait_until", "wait_for"),
        "otherwise": ("at_most",),
        "after": ("may_follow",),
        "ends": ("start", "start_one_of", "switch_to"),
        "title": ("record",),
    },
    Choice: {"then": ("share", "if")},
    PathwayStart: {"delay": ("when",), "if": ("on",), "after": ("on",)},
    Pathway: {"again": ("start",), "when_lost": ("start",)},
    CarePlan: {"probability": ("at",)},
}

#: keys of which not more than one is given
AT_MOST_ONE: dict[type[Block], tuple[str, ...]] = {Order: ("result", "shows")}

#: keys of which at least one is given
SOME_OF: dict[type[Block], tuple[str, ...]] = {Repeat: ("times", "until", "every")}
