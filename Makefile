# Everything a fresh Debian or Ubuntu with Python 3.11 needs is done here: `make demo`, `make test`.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# What the bpy wheel links against and slim systems lack.
SYSTEM_LIBRARIES := libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libgl1
DEMO := demo
# Two files of tests at once on two cores or more: most tests keep one core busy.
PARALLEL := --numprocesses=auto --maxprocesses=4 --dist=loadfile

# Blenders beside the one of the environment whose panel is tested: the oldest that has extensions, the newest.
OTHER_BLENDERS := 4.2 5.0

.PHONY: help setup demo prior test test-all test-gui test-blenders lint extension benchmark clean

help:
	@echo "make demo            24 labelled zebra pictures and their report in $(DEMO)/zebra"
	@echo "make test            lint, types and the tests (minutes)"
	@echo "make test-all        the same with the long proofs"
	@echo "make test-gui        the extension in a real window, on a virtual screen (root and debootstrap)"
	@echo "make test-blenders   the extension's tests under Blender $(OTHER_BLENDERS) as well"
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
	$(BIN)/pytest $(PARALLEL) -m "not slow and not gui"

test-all: lint
	$(BIN)/pytest $(PARALLEL) -m "not gui"

# Exit code 77 of the environment's builder: there is no such environment on this machine, and it has said why.
test-gui: setup
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && ! command -v debootstrap >/dev/null; then \
	  apt-get install -y -qq --no-install-recommends debootstrap >/dev/null 2>&1 || \
	  { apt-get update -qq && apt-get install -y -qq --no-install-recommends debootstrap; } >/dev/null 2>&1 || true; fi
	@$(BIN)/python tests/gui/environment.py; code=$$?; \
	if [ $$code = 77 ]; then exit 0; elif [ $$code != 0 ]; then exit $$code; fi; \
	$(BIN)/pytest --numprocesses=2 --dist=loadfile -m gui tests/gui

test-blenders: setup $(OTHER_BLENDERS:%=build/bpy-%/.installed)
	$(BIN)/pytest -m "not slow" tests/ui
	@for version in $(OTHER_BLENDERS); do echo "Blender $$version"; \
	  build/bpy-$$version/bin/python -m pytest -m "not slow" tests/ui || exit 1; done

build/bpy-%/.installed: pyproject.toml
	rm -rf $(@D)
	$(PYTHON) -m venv $(@D)
	$(PYTHON) -c "import tomllib; project = tomllib.load(open('pyproject.toml', 'rb'))['project']; \
	  print(*(line for line in project['dependencies'] if not line.startswith('bpy')), sep='\n')" >$(@D)/packages.txt
	$(@D)/bin/pip install --quiet --disable-pip-version-check -r $(@D)/packages.txt "bpy==$*.*" pytest pytest-timeout
	$(@D)/bin/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

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
