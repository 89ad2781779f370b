"""Who died of which disease, as the preview counts it."""

from __future__ import annotations

import numpy as np

from simulator.authoring.preview.deaths import deaths_by_disease
from simulator.authoring.preview.people import People
from simulator.authoring.statistics.columns import Words
from simulator.authoring.statistics.tables import Events


def died(causes: list[str | None], rows: list[tuple[int, str]]) -> dict[str, int]:
    """Deaths by disease of people with these causes, and rows of the record: person and cause."""
    zeros = np.zeros(len(causes), np.int64)
    people = People(zeros, zeros, zeros, zeros > 0, zeros > 0, np.array(causes, np.object_))
    person = np.array([who for who, _ in rows], np.int64)
    words = Words(np.arange(len(rows), dtype=np.int32), tuple(word for _, word in rows))
    none = Words(np.full(len(rows), -1, np.int32), ())
    record = Events(person, person * 0, none, none, words, np.zeros(len(rows)))
    return dict(deaths_by_disease({"sepsis", "cf"}, record, people))


def test_of_a_hazard_or_of_an_event() -> None:
    causes = ["cf: severe -> death", "cf.exacerbation: ended", "mortality: death", None, "cfx: death"]
    assert died(causes, []) == {"cf": 2}


def test_in_a_stay_for_which_the_disease_was_the_reason() -> None:
    rows = [
        (0, "ward: visit for cf.exacerbation"),
        (0, "ward: visit for sepsis.onset"),  # the latest counts
        (0, "ward.round1"),
        (1, "ward: visit for broken_leg.onset"),
        (2, "icu: visit for sepsis.onset"),  # another care
        (3, "ward: visit for sepsis.onset"),
        (3, "readmission: visit for ward.home"),
    ]
    stay = "ward: death in icu"
    assert died([stay, stay, stay, "readmission: death in ward"], rows) == {"sepsis": 2}


def test_a_circle_of_readmissions_ends() -> None:
    rows = [(0, "ward: visit for ward.home")] * 20
    assert died(["ward: death in icu"], rows) == {}
