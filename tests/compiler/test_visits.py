"""Orders whose result is drawn, or shows what is true of the patient."""

from __future__ import annotations

import pytest

from simulator.engine import reference
from tests.compiler.lowered import codes_of, machine_of

TUMOUR = """
attributes:
  her2: {draw: {positive: 30%, negative: 70%}}
  size: {value: "normal(3, 1)", unit: cm}
care:
  clinic:
    class: ambulatory
    every: 1 year
    orders:
      her2_stain: {codes: {loinc: 85319-2}, SHOWS}
"""


def results(text: str, patient: int) -> set[str | None]:
    """What the stains of a patient found."""
    machine = machine_of(text)
    life = reference.run_patient(machine, 3, patient)
    rows = [machine.codes[event.code] for event in life.events]
    return {row.text for row in rows if row.code == "LOINC//85319-2"}


def test_an_order_shows_the_same_each_time_because_it_is_true() -> None:
    found = [results(TUMOUR.replace("SHOWS", "shows: her2"), patient) for patient in range(20)]
    assert all(len(each) <= 1 for each in found)
    assert {word for each in found for word in each} == {"positive", "negative"}


def test_a_drawn_result_changes() -> None:
    drawn = TUMOUR.replace("SHOWS", "result: {positive: 50%, negative: 50%}")
    assert any(len(results(drawn, patient)) == 2 for patient in range(20))


@pytest.mark.parametrize(
    ("shows", "code"),
    [
        ("shows: her3", "E501"),  # there is no such attribute
        ("shows: size", "E502"),  # a number, not a word
    ],
)
def test_what_is_shown_is_an_attribute_with_categories(shows: str, code: str) -> None:
    assert code in codes_of(TUMOUR.replace("SHOWS", shows))
