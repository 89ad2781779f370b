"""A hospital's beds in one community, as a Mesa agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.engine.mesa_agent import ModelAgent

if TYPE_CHECKING:
    from simulator.engine.mesa_model import PopulationModel

#: classes of encounter that take a bed
BED_CLASSES = ("emergency", "inpatient")


class Facility(ModelAgent):
    """The beds of one class in one community; they fill and empty with the encounters of each window.

    It watches. A facility that is full turns nobody away, and what happens to patients does not
    depend on it; `overflow` counts those who would have found no bed.

    Attributes:
        index: place in `model.facilities`, from 0.
        name: e.g. ``inpatient 3``, class and community.
        class_: ``inpatient`` or ``emergency``.
        community: from 0.
        beds: how many there are, None if there is no limit. May be changed between steps.
        occupied: beds taken at the end of the latest window.
        admissions, discharges: stays that began and ended in the latest window.
        peak_occupied: most beds taken at any instant of the latest window.
        overflow: admissions of the latest window that found every bed taken.
    """

    def __init__(
        self, model: PopulationModel, index: int, class_: str, community: int, beds: int | None
    ) -> None:
        super().__init__(model)
        self.index = index
        self.class_ = class_
        self.community = community
        self.beds = beds
        self.admissions = self.discharges = self.overflow = 0
        self.occupied = self.peak_occupied = 0

    @property
    def name(self) -> str:
        return f"{self.class_} {self.community}"

    def step(self) -> None:
        """Take over what the latest window did to the beds."""
        use, i = self.model.bed_use, self.index
        self.occupied, self.peak_occupied = int(use.occupied[i]), int(use.peak_occupied[i])
        self.admissions, self.discharges = int(use.admissions[i]), int(use.discharges[i])
        self.overflow = int(use.overflow[i])

    def __repr__(self) -> str:
        beds = "" if self.beds is None else f" of {self.beds}"
        return f"<Facility {self.name}: {self.occupied}{beds} beds taken>"
