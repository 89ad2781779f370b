"""The kernel equals the reference on courses of care: pathways, stays, referrals, procedures, care plans."""

from __future__ import annotations

import pytest

from tests.engine.compare import assert_same
from tests.engine.course_texts import TEXTS
from tests.engine.test_kernel_machines import machine_of

PATIENTS = range(12)


@pytest.mark.parametrize("name", TEXTS)
def test_courses_of_care(name: str) -> None:
    assert assert_same(machine_of(TEXTS[name]), 11, PATIENTS) > 100


def test_the_courses_hold_what_they_are_to_show() -> None:
    """Steps, states and rows that the comparison above would otherwise pass over in silence."""
    seen = {name: _codes(name) for name in TEXTS}
    assert {"ICD10CM//T81.49XA", "ICD10CM//L76.22", "DISCHARGE//home"} & seen["chemotherapy"]
    assert {"ICD10CM//D12.6", "ICD10CM//K63.5"} <= seen["colonoscopy"]
    assert {"TRANSFER_TO//icu", "DISCHARGE//skilled_nursing", "ICD10CM//R65.21"} <= seen["sepsis"]
    assert {"ICD10PCS//0TY00Z0", "SIM//biopsy_rejection", "REFERRAL//second_opinion"} <= seen["transplant"]
    assert {"RxNorm//284635", "CARE_PLAN_GOAL//asthma_plan"} <= seen["asthma"]
    assert {"NOTE//taper", "RxNorm//7052"} <= seen["opioids"]


def _codes(name: str) -> set[str]:
    from simulator.engine.reference import run_patient

    machine = machine_of(TEXTS[name])
    return {machine.codes[row.code].code for i in range(25) for row in run_patient(machine, 11, i).events}
