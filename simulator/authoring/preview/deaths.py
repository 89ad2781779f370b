"""Who died of which disease: of its own hazard, of its events, or in a stay in hospital that it led to."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

import numpy as np

from simulator.authoring.preview.people import People
from simulator.authoring.statistics.tables import Events

_FOR = re.compile(r"([^:]+): visit for (.+)")
_MOST = 8  # admissions after one another that are followed back


def deaths_by_disease(diseases: Collection[str], record: Events, people: People) -> Counter[str]:
    """Deaths by disease.

    Whoever dies during a stay counts under the disease for which they were admitted: the visit says so
    in its cause (`ward: visit for sepsis.onset`), and a readmission (`visit for ward.home`) leads back to
    the stay before.

    Args:
        diseases: names.
        record: what was recorded, with times.
        people: who was observed.
    """
    found = Counter[str]()
    for person, cause in enumerate(people.cause):
        owner = "" if cause is None else _owner(cause)
        if owner in diseases:
            found[owner] += 1
        elif ": death" in (cause or ""):
            begin, end = np.searchsorted(record.person, [person, person + 1])
            causes = [record.cause.words[place] for place in record.cause.places[begin:end] if place >= 0]
            reason = _admitted_for(owner, causes, diseases)
            found.update([reason] if reason else [])
    return found


def _owner(process: str) -> str:
    """What a process or event belongs to: ``cf`` of ``cf.exacerbation: ended``."""
    return re.split(r"[.:]", process, maxsplit=1)[0]


def _admitted_for(care: str, causes: list[str], diseases: Collection[str]) -> str:
    """The disease that led to a person's latest visit of `care`, by what caused each row; "" if none did."""
    visits = [found for cause in causes if (found := _FOR.fullmatch(cause))]
    place = len(visits)
    for _ in range(_MOST):
        place = next((i for i in reversed(range(place)) if visits[i][1] == care), -1)
        if place < 0:
            return ""
        owner = _owner(visits[place][2])
        if owner in diseases:
            return owner
        care = owner
    return ""
