"""Scenarios: reading YAML with positions into a typed, positioned `Scenario`."""

from simulator.scenario.load import load_scenario, parse_scenario
from simulator.scenario.model import Scenario

__all__ = ["Scenario", "load_scenario", "parse_scenario"]
