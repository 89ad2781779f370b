"""Every way a dataset may be wrong, planted one at a time, with the rules that must find it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from tests.quality.planting import Copy

Plant = Callable[[Copy], None]
#: name: (rules that must be broken, and no others; whether the manifest is made to fit; the damage)
CORRUPTIONS: dict[str, tuple[tuple[str, ...], bool, Plant]] = {}

DAY = pd.Timedelta(days=1)
METFORMIN = "RXNORM//6809"
HBA1C = "LOINC//4548-4"
T2D = "ICD10CM//E11.9"


def planted(*codes: str, repaired: bool = True) -> Callable[[Plant], Plant]:
    """Registers a corruption under its function's name."""

    def register(plant: Plant) -> Plant:
        assert plant.__name__ not in CORRUPTIONS
        CORRUPTIONS[plant.__name__] = (codes, repaired, plant)
        return plant

    return register


def moment(instant: int) -> pd.Timestamp:
    return pd.Timestamp(instant, unit="us").as_unit("us")
