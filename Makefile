# Everything a fresh Debian or Ubuntu with Python 3.11 needs is done here: `make demo`, `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# What the bpy wheel links against and slim systems lack.
SYSTEM_LIBRARIES := libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libgl1
DEMO := demo

.PHONY: help setup demo prior test test-all lint extension benchmark clean

help:
	@echo "make demo            24 labelled zebra pictures and their report in $(DEMO)/zebra"
	@echo "make test            lint, types and the tests (minutes)"
	@echo "make test-all        the same with the long proofs"
	@echo "make extension       the Blender extension as a zip in dist/"
	@echo "make prior           train the default pose prior anew (half an hour)"
	@echo "make benchmark       speed and memory against a bare Blender loop"

setup: $(STAMP)

$(STAMP): pyproject.toml
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info[:2] != (3, 11))" 2>/dev/null || { echo "Python 3.11 is needed (the bpy wheel is built for it): make PYTHON=/path/to/python3.11"; exit 1; }
	@missing=""; for library in $(SYSTEM_LIBRARIES); do \
	  dpkg -s $$library >/dev/null 2>&1 || missing="$$missing $$library"; done; \
	$(PYTHON) -c "import ensurepip" 2>/dev/null || missing="$$missing python3-venv"; \
	if [ -n "$$missing" ] && command -v apt-get >/dev/null; then \
	  if [ "$$(id -u)" = 0 ]; then apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	  else echo "Blender needs system libraries. Run this, then try again:"; echo "  sudo apt-get install$$missing"; exit 1; fi; fi
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev,networks]"
	@touch $@

demo: setup
	$(BIN)/pasyn run render_jobs/zebra.yaml --out $(DEMO)/zebra

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest -m "not slow"

test-all: lint
	$(BIN)/pytest

extension: setup
	$(BIN)/python build_extension.py

# The prior that comes with the program, from the project's own animals alone.
ANIMALS := $(basename $(notdir $(wildcard assets/species/*.yaml)))
prior: setup
	$(BIN)/pasyn prior corpus $(sort $(ANIMALS)) --individuals 0 --rate 20 -o build/animals.npz \
	  --licence "GPL-3.0-or-later; motions made by this project's built-in animals"
	$(BIN)/pasyn prior train build/animals.npz --components 1000 -o assets/priors/quadruped.npz

benchmark: setup
	$(BIN)/python benchmarks/render_overhead.py

clean:
	rm -rf build dist $(DEMO)
