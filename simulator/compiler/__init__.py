"""From the author's scenario to the one mechanism the engine runs.

`lower` turns a Scenario into a Machine, adding findings; `check_file` and `compile_file` begin
with a file. `flatten` (in its own module, since it needs NumPy) lays a Machine out as arrays.
"""

from simulator.compiler.lower import check_file, compile_file, lower

__all__ = ["check_file", "compile_file", "lower"]
