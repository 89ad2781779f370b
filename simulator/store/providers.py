"""Who sees the patients: a fixed, made-up staff per community and class of encounter.

Every community has :data:`STAFF` providers of each class that the scenario uses. They are
numbered from 1, community by community, classes in alphabetical order. An encounter's
provider is the first of its community and class, plus ``subject_id % count``: a patient
always meets the same provider of a class.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.store.vocabulary import Vocabulary

STAFF: dict[str, int] = {"ambulatory": 12, "emergency": 4, "home": 3, "inpatient": 6, "virtual": 3}
OTHER_STAFF = 2  #: providers of a class that is not in STAFF

_GIVEN = (
    "Ada", "Bruno", "Carla", "Dario", "Edith", "Felix", "Greta", "Hugo", "Ines", "Jonas",
    "Klara", "Leon", "Mara", "Nils", "Olga", "Paul", "Quirin", "Rosa", "Simon", "Tessa",
)  # fmt: skip
_FAMILY = (
    "Abendroth", "Birkenfeld", "Castellan", "Dunmore", "Eschwald", "Fairwater", "Grünhof",
    "Hollowell", "Ivarsson", "Juniper", "Kestrel", "Lindqvist", "Marwood", "Nightingale",
    "Overbrook", "Pellworm", "Quist", "Rosenau", "Silverthorn",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Staff:
    """The providers of a run.

    Attributes:
        communities: number of communities.
        classes: classes of encounter, sorted.
        counts: int64[classes], providers of a class in each community.
        offsets: int64[classes], first provider of a class within its community, from 0.
    """

    communities: int
    classes: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]

    @classmethod
    def of(cls, vocabulary: Vocabulary, communities: int) -> Staff:
        classes = vocabulary.classes
        counts = np.array([STAFF.get(c, OTHER_STAFF) for c in classes], dtype=np.int64)
        offsets = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)[: len(classes)]
        return cls(communities, classes, counts, offsets)

    def __len__(self) -> int:
        return self.communities * int(self.counts.sum())

    def provider(
        self, community: npt.NDArray[Any], class_: npt.NDArray[Any], subject_id: npt.NDArray[Any]
    ) -> npt.NDArray[np.int32]:
        """Who sees these subjects in these encounters; `class_` indexes `classes`. int32, same shape."""
        per_community = int(self.counts.sum())
        first = 1 + community.astype(np.int64) * per_community + self.offsets[class_]
        return (first + subject_id % self.counts[class_]).astype(np.int32)

    def rows(self) -> dict[str, list[Any]]:
        """The providers table, column by column."""
        ids: list[int] = []
        names: list[str] = []
        classes: list[str] = []
        communities: list[int] = []
        for community in range(self.communities):
            for class_, count in zip(self.classes, self.counts.tolist(), strict=True):
                for _ in range(count):
                    n = len(ids)
                    ids.append(n + 1)
                    names.append(f"{_GIVEN[n % len(_GIVEN)]} {_FAMILY[n % len(_FAMILY)]}")
                    classes.append(class_)
                    communities.append(community)
        return {"provider_id": ids, "name": names, "class": classes, "community": communities}
