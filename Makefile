# make demo    install into .venv and run the demo scenario into out/demo
# make test    install what the tests need and run the quick tests
# make check   everything that must hold before a change lands (this is what CI runs)
# make help    the other targets
#
# Needs Python 3.11 or newer, make, and a package index. PYTHON=python3.12 picks another one.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(JOBS) --dist worksteal
# compiles the kernels once, before several test processes would each do it
WARM := $(BIN)/simulator run scenarios/community-influenza.yaml --size 100 --out out/warm --force >/dev/null

.DEFAULT_GOAL := help
.PHONY: help demo test check style types layers coverage format golden reference bench bench-peers meds-reader clean

help:
	@sed -n 's/^## //p' $(firstword $(MAKEFILE_LIST))

# --- set-up: each stamp is made once, and again when pyproject.toml changes -----------------

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "make: Python 3.11 or newer is needed; say PYTHON=/path/to/python3" >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $@ $(VENV)/.run

# --- what people run -------------------------------------------------------------------------

## make demo         install, then run scenarios/demo.yaml into out/demo
demo: $(VENV)/.run
	$(BIN)/simulator run scenarios/demo.yaml --out out/demo --force

## make test         install, then the quick tests
test: $(VENV)/.dev
	$(WARM)
	$(PYTEST) -m "not slow" -q

## make check        format, lint, types, layers, and all tests with coverage
check: style types layers coverage

style: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/mypy

layers: $(VENV)/.dev
	$(BIN)/lint-imports --no-logo

coverage: $(VENV)/.dev
	$(WARM)
	$(PYTEST) -q --cov --cov-report=term

## make format       put the code into the house format
format: $(VENV)/.dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

## make golden       write the golden files anew; look at the difference before committing it
golden: $(VENV)/.dev
	SIMULATOR_REGENERATE=1 $(PYTEST) -q -k "golden or broken"

## make reference    write docs/reference.md anew from the model
reference: $(VENV)/.run
	$(BIN)/simulator schema --reference --out docs/reference.md --force

## make bench        benchmarks side by side; writes benchmarks/results/latest.json
bench: $(VENV)/.run
	$(BIN)/python -m benchmarks.run all $(BENCH)

## make bench-peers  the same with the optional peers, which get an environment of their own
bench-peers: $(VENV)/.run
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[bench-peers]'
	$(BIN)/python -m benchmarks.run all --peer-python .venv-peers/bin/python $(BENCH)

## make meds-reader  optional: another tool reads a dataset of ours (its own environment)
meds-reader: $(VENV)/.run
	test -x .venv-meds-reader/bin/python || $(PYTHON) -m venv .venv-meds-reader
	.venv-meds-reader/bin/python -m pip install --quiet --disable-pip-version-check meds-reader
	rm -rf out/meds-reader out/meds-reader-db
	$(BIN)/simulator run scenarios/demo.yaml --size 1000 --out out/meds-reader --force
	.venv-meds-reader/bin/meds_reader_convert out/meds-reader out/meds-reader-db --num_threads 2
	.venv-meds-reader/bin/meds_reader_verify out/meds-reader out/meds-reader-db

## make clean        remove what make made
clean:
	rm -rf $(VENV) .venv-* out dist build .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache \
		.hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
