"""An agent-based patient population simulator.

    >>> import simulator as sim                                         # doctest: +SKIP
    >>> log = sim.run("scenarios/demo.yaml", size=1_000, seed=7)        # doctest: +SKIP
    >>> log.to_pandas("events")                                         # doctest: +SKIP

`import simulator` loads nothing heavy: each name below is fetched when it is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.api import check as check
    from simulator.api import compile as compile
    from simulator.api import diff as diff
    from simulator.api import explain as explain
    from simulator.api import graph as graph
    from simulator.api import json_schema as json_schema
    from simulator.api import open as open
    from simulator.api import preview as preview
    from simulator.api import regenerate as regenerate
    from simulator.api import run as run
    from simulator.api import statistic as statistic
    from simulator.api import sweep as sweep
    from simulator.api import test as test
    from simulator.api import verify as verify
    from simulator.api import why_not as why_not
    from simulator.authoring.statistic import Statistic as Statistic
    from simulator.authoring.targets import Outcome as Outcome
    from simulator.compiler.machine import Machine as Machine
    from simulator.engine.mesa_model import PopulationModel as PopulationModel
    from simulator.engine.run import Progress as Progress
    from simulator.errors import Finding as Finding
    from simulator.errors import Findings as Findings
    from simulator.errors import ScenarioError as ScenarioError
    from simulator.errors import SimulatorError as SimulatorError
    from simulator.quality.report import Report as Report
    from simulator.scenario.model import Scenario as Scenario
    from simulator.store import Dataset as Dataset
    from simulator.store import EventLog as EventLog
    from simulator.store import MemoryLog as MemoryLog
    from simulator.store import Patient as Patient

__version__ = "0.1.0"

__all__ = [
    "Dataset",
    "EventLog",
    "Finding",
    "Findings",
    "Machine",
    "MemoryLog",
    "Outcome",
    "Patient",
    "PopulationModel",
    "Progress",
    "Report",
    "Scenario",
    "ScenarioError",
    "SimulatorError",
    "Statistic",
    "__version__",
    "check",
    "compile",
    "diff",
    "explain",
    "graph",
    "json_schema",
    "open",
    "preview",
    "regenerate",
    "run",
    "statistic",
    "sweep",
    "test",
    "verify",
    "why_not",
]

#: where each public name lives
_HOMES = {
    "check": "simulator.api",
    "compile": "simulator.api",
    "diff": "simulator.api",
    "graph": "simulator.api",
    "explain": "simulator.api",
    "json_schema": "simulator.api",
    "open": "simulator.api",
    "preview": "simulator.api",
    "regenerate": "simulator.api",
    "run": "simulator.api",
    "statistic": "simulator.api",
    "sweep": "simulator.api",
    "test": "simulator.api",
    "verify": "simulator.api",
    "why_not": "simulator.api",
    "Outcome": "simulator.authoring.targets",
    "Statistic": "simulator.authoring.statistic",
    "Machine": "simulator.compiler.machine",
    "PopulationModel": "simulator.engine.mesa_model",
    "Progress": "simulator.engine.run",
    "Finding": "simulator.errors",
    "Findings": "simulator.errors",
    "ScenarioError": "simulator.errors",
    "SimulatorError": "simulator.errors",
    "Report": "simulator.quality.report",
    "Scenario": "simulator.scenario.model",
    "Dataset": "simulator.store",
    "EventLog": "simulator.store",
    "MemoryLog": "simulator.store",
    "Patient": "simulator.store",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'simulator' has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
