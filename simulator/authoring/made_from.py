"""The scenario that a run was made from, read again from its manifest."""

from __future__ import annotations

from simulator.errors import DatasetError, Findings
from simulator.scenario.load import parse_scenario
from simulator.scenario.model import Scenario
from simulator.store.log import EventLog


def made_from(log: EventLog) -> tuple[Scenario | None, Findings]:
    """The scenario as it was run, its size and step apart: with the parameters and the arm of the run.

    Returns: the scenario, None where this version cannot read it; and what was found in it.

    Raises: DatasetError if the log does not hold its scenario.
    """
    made = log.manifest.get("provenance", {})
    files = dict(made.get("scenario", {}).get("files", {}))
    main = made.get("scenario", {}).get("main", "")
    if main not in files:
        raise DatasetError(
            f"{getattr(log, 'path', None) or repr(log)} does not hold the scenario it was made from",
            remedy="Only a run of a scenario file keeps it.",
        )
    options = made.get("options", {})
    return parse_scenario(files[main], main, files, settings=options.get("set"), arm=options.get("arm"))
