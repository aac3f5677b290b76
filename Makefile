# Everything a developer or CI does has one word here; `make` alone lists the words.
# Needs only make and Python >= 3.11: each target first sets up .venv from the hashed locks in requirements/.

PY := .venv/bin/python
CORE := .venv/.core-installed
DEV := .venv/.dev-installed
FUZZ := .fuzz/.installed
PIP := $(PY) -m pip --disable-pip-version-check --quiet install
LOCK := --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

# Floors 0-3, the ledger, the book and the signer are covered to the last branch; everything else nearly so.
COVERED := 95
FULL := src/upbit/errors/*,src/upbit/rules/*,src/upbit/models/*,src/upbit/wire/*,src/upbit/api/*,src/upbit/flow/*
FULL := $(FULL),src/upbit/paper/ledger.py,src/upbit/paper/book.py

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help demo test check format lint types coverage docs bench facts oracle crash kills harsh soak mutants witnesses fuzz lock clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(CORE) ## Trade on a paper exchange in this terminal (no keys, no network)
	@$(PY) -m upbit demo

test: $(DEV) ## Run the test suite
	$(PY) -m pytest

check: lint types coverage demo ## Everything CI runs: lint, types, tests with coverage, the demo

format: $(DEV) ## Rewrite the code as the linter wants it
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

lint: $(DEV) ## Check format and lint rules
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .

types: $(DEV) ## Check types: mypy and pyright, both strict
	$(PY) -m mypy
	$(PY) -m basedpyright

coverage: $(DEV) ## Run the test suite and hold it to the branch coverage we promise
	$(PY) -m pytest --cov --cov-report=
	$(PY) -m coverage report --fail-under=$(COVERED)
	$(PY) -m coverage report --fail-under=100 --include='$(FULL)'

docs: $(DEV) ## Write the reference pages, the tables of errors and docs/openapi.json from the code
	$(PY) -m tools.reference
	$(PY) -m tools.explanations
	$(PY) -m tools.openapi

bench: $(DEV) ## Measure against named peers in one run and print the ratios
	$(PY) -m benchmarks

facts: $(DEV) ## Report how real the simulated market looks, over 20 seeds of 2 h
	$(PY) -m tools.facts --seeds 20 --hours 2

oracle: $(DEV) ## Let a naive second engine judge the matching engine: a million random commands, minutes
	$(PY) -m tools.oracle --operations 1000000 --seed 1

crash: $(DEV) ## Kill a paper exchange 200 times in the middle of orders and look for what is lost (minutes)
	$(PY) -m tools.crash --times 200

kills: $(DEV) ## Kill a trader 1,000 times, at every step of its orders: is each resumed and none doubled? (minutes)
	$(PY) -m tools.kills

harsh: $(DEV) ## Place 100,000 orders while answers are lost, late and damaged: is each of them one? (minutes)
	$(PY) -m tools.harsh --orders 100000

soak: $(DEV) ## Let a feed live for 30 days of a paper exchange with faults: does it miss anything, or grow? (minutes)
	$(PY) -m tools.soak --days 30

mutants: $(DEV) ## Change the code that touches money, one step at a time: does a test notice? (half an hour)
	$(PY) -m tools.mutants

witnesses: $(DEV) ## Let other people's clients trade on the paper exchange, each in its own environment
	$(PY) -m tools.witnesses

fuzz: $(FUZZ) ## Ask a paper exchange whatever docs/openapi.json allows and forbids (minutes)
	.fuzz/bin/python -m tools.fuzz

lock: $(DEV) ## Pin the newest allowed versions, with hashes, in requirements/
	.venv/bin/uv pip compile $(LOCK) --group dev --upgrade -o requirements/dev.txt pyproject.toml
	.venv/bin/uv pip compile $(LOCK) --group build --constraints requirements/dev.txt -o requirements/core.txt pyproject.toml
	.venv/bin/uv pip compile $(LOCK) --group fuzz --constraints requirements/dev.txt -o requirements/fuzz.txt pyproject.toml

clean: ## Remove everything these targets made, .venv too
	rm -rf .venv .fuzz .witnesses .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- set-up: .venv holds exactly what a lock names, plus this project, editable; a changed lock installs again ---

.venv/bin/python:
	@for python in $(PYTHON) python3.14 python3.13 python3.12 python3.11 python3 python; do \
	    if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	        echo "Making .venv with $$($$python --version)"; exec $$python -m venv .venv; \
	    fi; \
	done; \
	echo "No Python >= 3.11 with venv was found. Install one (on Debian or Ubuntu also python3-venv)," >&2; \
	echo "or name yours: make PYTHON=/path/to/python3.12" >&2; exit 1

$(CORE): requirements/core.txt pyproject.toml | .venv/bin/python
	@echo "Installing requirements/core.txt"
	@$(PIP) --require-hashes -r requirements/core.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $(CORE)

$(DEV): requirements/dev.txt pyproject.toml | .venv/bin/python
	@echo "Installing requirements/dev.txt"
	@$(PIP) --require-hashes -r requirements/dev.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $(CORE) $(DEV)

# schemathesis brings more than all else together and a plugin into every pytest run: it lives apart.
$(FUZZ): requirements/fuzz.txt pyproject.toml | .venv/bin/python
	@echo "Installing requirements/fuzz.txt"
	@$(PY) -m venv .fuzz
	@.fuzz/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/fuzz.txt
	@.fuzz/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --no-build-isolation -e .
	@touch $(FUZZ)
