# sluis: what can be done here. `make` alone prints the list.

PYTHON ?= python3
UV     ?= uv
BIN    := .venv/bin

# Pass options on to what a target starts: make test ARGS="-k deadline -x"
ARGS ?=

# A virtual environment does not survive being moved: its scripts hold the absolute path. Make it anew then.
ifneq ($(shell cat .venv/place 2>/dev/null),$(CURDIR))
REMADE := remake
endif

.DEFAULT_GOAL := help
.PHONY: help setup system run test lint format bench faults pictures lock clean remake

help: ## print this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1|\2/p' Makefile | while IFS='|' read -r what why; do printf '%-14s %s\n' "$$what" "$$why"; done

setup: .venv/sluis.stamp web/static/built/sluis.css .venv/system.stamp ## install everything into .venv (again only when the requirements changed)

run: setup ## start sluis: web pages, Prefect server, worker and pump; Ctrl-C stops them all
	@exec $(BIN)/sluis up $(ARGS)

test: lint system ## linters, type check, layering, then the tests (the last line is pytest's)
	@exec $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lint: setup ## ruff, mypy and import-linter
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

format: setup ## let ruff put the code in order
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

pictures: system ## screenshots of every page per role, in build/pictures/
	@exec $(BIN)/python -m tools.pictures $(ARGS)

bench: setup ## measure sluis beside its peers; the table is kept in bench/results/
	@exec $(BIN)/python -m bench $(ARGS)

faults: setup ## only the tests that kill, cut and delay things
	@exec $(BIN)/python -m pytest tests/faults $(ARGS)

# Neither file may name a package index or a folder of this machine: the options below keep them out.
COMPILE = $(UV) pip compile pyproject.toml --quiet --no-config --universal --python-version 3.11 --generate-hashes \
	--no-strip-extras --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(ARGS)

lock: ## pin the requirements anew (needs uv; ARGS=--upgrade takes newer versions within pyproject.toml)
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: $(PYTHON) -m pip install uv" >&2; exit 1; }
	@$(COMPILE) --extra build --output-file requirements.txt >/dev/null
	@$(COMPILE) --extra build --extra test --constraint requirements.txt --output-file requirements-dev.txt >/dev/null

clean: ## remove .venv and what the tools left behind
	rm -rf .venv node_modules web/static/built build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -not -path './node_modules/*' -prune -exec rm -rf {} +

# --no-deps: the file lists every package there is, so pip has nothing to resolve, and each one is checked by its hash.
PIP = $(BIN)/python -m pip install --disable-pip-version-check --no-input --no-deps $$([ -t 1 ] || echo --quiet)

.venv/place: $(REMADE)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "sluis needs Python 3.11 or newer ($(PYTHON) is $$($(PYTHON) --version 2>&1)); try: make $(MAKECMDGOALS) PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "This Python cannot make virtual environments. On Debian and Ubuntu, install that with:" >&2; \
		echo "  apt-get install python3-venv" >&2; exit 1; }
	@rm -rf .venv
	@$(PYTHON) -m venv .venv
	@printf '%s' '$(CURDIR)' > $@

.venv/requirements.stamp: .venv/place requirements-dev.txt
	@echo "Installing the requirements into .venv (a minute or two, once)"
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

# Editable, and without build isolation: setuptools is among the locked requirements, so nothing else is fetched.
.venv/sluis.stamp: .venv/requirements.stamp pyproject.toml
	@$(PIP) --no-build-isolation --editable .
	@touch $@

# The front-end's packages, from npm's registry, each checked by the hash in package-lock.json.
node_modules/sluis.stamp: .venv/requirements.stamp package.json package-lock.json
	@echo "Installing the front-end's packages into node_modules"
	@$(BIN)/python -m tools.frontend install
	@touch $@

# Stylesheet, typeface and script of the pages.
web/static/built/sluis.css: node_modules/sluis.stamp $(wildcard web/frontend/*) tools/frontend.py
	@$(BIN)/python -m tools.frontend build

# What only the system can give, for PDF files; the tests want a browser too, and stop without it.
.venv/system.stamp: .venv/requirements.stamp tools/system.py
	@$(BIN)/python -m tools.system
	@touch $@

system: setup
	@$(BIN)/python -m tools.system --tests
