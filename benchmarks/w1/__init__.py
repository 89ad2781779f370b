"""W1, the neutral workload: one progressive disease with background mortality, 40 years.

`workload` defines it, `exact` solves it, every other module is one program that runs it.
"""
