"""How fast: one command, side by side, every peer checked. See `benchmarks/README.md`."""
