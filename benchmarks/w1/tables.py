"""Monthly probabilities of W1 by compartment and month of age, as every monthly peer needs them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.w1 import workload as w
from benchmarks.w1.exact import hazards


def monthly_probabilities() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Probability of leaving a compartment in a month of age, and of doing so by disease.

    Both have shape (7, 1200): healthy, (mild, moderate, severe) untreated, the same treated;
    months of age from 20 years on, hazards those at the middle of the month.
    """
    months = np.arange(12 * w.AGE_LOW, 12 * (w.AGE_HIGH + w.YEARS)) + 0.5
    disease, background = hazards(months / 12.0)
    of_compartment = np.array([disease[0] + disease[1], *disease[2:]])
    total = of_compartment + background
    hit = -np.expm1(-total / 12.0)
    return hit, hit * of_compartment / total
