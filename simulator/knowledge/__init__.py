"""What is known beyond a scenario: terminologies, how their codes are written, their licences."""

from simulator.knowledge.codes import SYSTEMS, CodeSystem, attributions, log_code, own_code, preferred

__all__ = ["SYSTEMS", "CodeSystem", "attributions", "log_code", "own_code", "preferred"]
