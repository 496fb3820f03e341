SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
PIP_FLAGS := --disable-pip-version-check --no-input --progress-bar off
LOCKER := .cache/lock/bin/uv
COMPILE = --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-header --all-extras $(UPGRADE) pyproject.toml

# $(call venv,FOLDER): make FOLDER a virtual environment unless it is one that runs.
define venv
if ! $(1)/bin/python -c '' 2>/dev/null; then \
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'setup: Python 3.11 or newer is needed; name one: make setup PYTHON=python3.11' >&2; \
		exit 1; }; \
	rm -rf $(1); \
	if $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then $(PYTHON) -m venv $(1); \
	elif uv --version >/dev/null 2>&1; then uv venv --quiet --python $(PYTHON) $(1); \
	else echo 'setup: $(PYTHON) cannot make virtual environments; install the package' \
		'python3-venv (Debian, Ubuntu), then run this again' >&2; exit 1; fi; \
fi
endef

# $(call install,FOLDER,LOCK): install exactly what LOCK names, by uv if it works here, else by pip.
define install
started=$$SECONDS; total=$$(grep -c == $(2)); \
if uv --version >/dev/null 2>&1 && echo "setup: $$total packages of $(2) by uv" \
	&& uv pip install --quiet --python $(1)/bin/python --require-hashes --no-deps \
		--compile-bytecode -r $(2); \
then :; else \
	$(1)/bin/python -m pip --version >/dev/null 2>&1 || { \
		echo 'setup: $(1) has no pip; install the package python3-venv, remove $(1), try again' >&2; \
		exit 1; }; \
	echo "setup: $$total packages into $(1), a minute or two"; failed=; \
	$(1)/bin/python -m pip install $(PIP_FLAGS) --require-hashes --no-deps -r $(2) 2>&1 \
	| while IFS= read -r said; do case "$$failed$$said" in \
		ERROR*) failed=ERROR; printf '%s\n' "$$said" >&2;; \
		Collecting*|Installing*) [ ! -t 1 ] || printf '\r\033[Ksetup: %s' "$${said:0:60}";; \
	esac; done; \
	[ ! -t 1 ] || printf '\r\033[K'; \
fi; \
echo "setup: $(1) ready after $$((SECONDS - started)) s"
endef

.PHONY: help setup demo test test-slow test-search test-llm test-model torture fmt bench bench-triage bench-peers lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

setup: .venv/.installed ## make .venv with the locked versions

.venv/.locked: requirements/dev.txt
	@$(call venv,.venv)
	@$(call install,.venv,requirements/dev.txt)
	@touch $@

.venv/.installed: .venv/.locked pyproject.toml
	@if $(BIN)/python -m pip --version >/dev/null 2>&1; \
	then $(BIN)/python -m pip install -q $(PIP_FLAGS) --no-deps --no-build-isolation -e .; \
	else uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .; fi
	@touch $@

demo: setup ## a fresh demo workspace with tickets arriving
	@$(BIN)/handrail demo

test: setup ## lint, format, types, import contracts, tests
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . \
		|| { echo 'test: not formatted; run: make fmt' >&2; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-cache >.cache/contracts.txt 2>&1 \
		|| { cat .cache/contracts.txt; exit 1; }
	@$(BIN)/python -P -m pytest -n 3 --dist worksteal -q -m "not slow" || { \
		echo 'test: what failed runs once more, alone' >&2; \
		$(BIN)/python -P -m pytest -n 0 -q -m "not slow" --last-failed --last-failed-no-failures none; }

test-slow: setup ## the tests that take long, which make test leaves out
	@$(BIN)/python -P -m pytest -n 3 --dist worksteal -q -m slow

test-search: setup ## the property tests, on examples not tried before
	@$(BIN)/python -P -m pytest -n 3 --dist worksteal -q -m hypothesis --hypothesis-profile searching

test-llm: setup .venv/.local-model ## the tests that need a real language model, on this computer
	@$(BIN)/python -P -m pytest -n 0 -q -rs -m local_model tests/engine/test_local_model.py

.venv/.local-model: requirements/local-model.txt
	@$(call install,.venv,requirements/local-model.txt)
	@touch $@

test-model: setup ## every scenario with a scripted model in every role
	@HANDRAIL_TEST_SCENARIOS=all $(BIN)/python -P -m pytest -n 2 -q tests/e2e/test_model_scenarios.py

torture: setup ## 500 killed workers, full disks, a failing back office, anything in any order
	@HANDRAIL_TORTURE=1 $(BIN)/python -P -m pytest -n 2 -q tests/engine/test_kill.py \
		tests/engine/test_interleavings.py tests/engine/test_forking.py
	@HANDRAIL_TORTURE=1 $(BIN)/python -P -m pytest -n 0 -q -s -rs tests/torture

fmt: setup ## format, and mend what the linter can
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format .

bench: setup ## the benchmarks
	@$(BIN)/python -P tests/bench/run.py

bench-triage: setup ## triage on the texts of other companies (HANDRAIL_CORPORA)
	@$(BIN)/python -P tests/bench/corpora.py

bench-peers: setup .venv-bench/.installed ## the benchmarks, beside other projects
	@.venv-bench/bin/python -P tests/bench/run.py

.venv-bench/.installed: requirements/bench.txt
	@$(call venv,.venv-bench)
	@$(call install,.venv-bench,requirements/bench.txt)
	@.venv-bench/bin/python -m pip install -q $(PIP_FLAGS) --no-deps --no-build-isolation -e .
	@touch $@

lock: $(LOCKER) ## renew the lock files; UPGRADE=--upgrade takes newer versions
	@$(LOCKER) pip compile $(COMPILE) -o requirements/runtime.txt >/dev/null
	@$(LOCKER) pip compile $(COMPILE) --group dev -c requirements/runtime.txt \
		--no-annotate -o requirements/dev.txt >/dev/null
	@$(LOCKER) pip compile $(COMPILE) --group dev --group bench \
		--no-annotate -o requirements/bench.txt >/dev/null
	@$(LOCKER) pip compile $(filter-out --all-extras pyproject.toml,$(COMPILE)) --no-deps \
		--group local-model --no-annotate -o requirements/local-model.txt >/dev/null

$(LOCKER):
	@$(call venv,.cache/lock)
	@.cache/lock/bin/python -m pip install -q $(PIP_FLAGS) uv

clean: ## remove environments, caches and build products
	@rm -rf .venv .venv-bench .cache .ruff_cache build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
