"""The author's tools: see a scenario, explain a patient, test against targets, start, migrate, compare.

A module per tool; each is also a command of `simulator`. Nothing here is needed to run a scenario.
"""
