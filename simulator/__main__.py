"""`python -m simulator` is the command line."""

from __future__ import annotations

from simulator.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
