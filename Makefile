# Every target makes what it needs, so any of them works first in a fresh clone.
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help install demo test lint format docs bench chaos clean

help:  ## List the targets
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST) | while IFS='	' read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

install: $(INSTALLED)  ## Make .venv with the locked dependencies and this project, editable

$(INSTALLED): requirements-dev.lock pyproject.toml .ci/venv .ci/python
	@.ci/venv $(VENV)
	@touch $@

demo: $(INSTALLED)  ## Migrate a real Celery project while its workers run, and count every task
	@$(BIN)/python -m tests.demo $(ARGS)

test: $(INSTALLED)  ## Run the whole test suite (ARGS="-k name" is handed to pytest)
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal $(ARGS)

lint: $(INSTALLED)  ## Check style, types and who imports whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(INSTALLED)  ## Rewrite the code in the project's style
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

docs: $(INSTALLED)  ## Write docs/reference from the code
	@$(BIN)/python -m tests.docs

bench: .venv-bench/.installed  ## Measure the queue beside its peers, in six minutes (ARGS=--full: in an hour)
	@.venv-bench/bin/python -m tests.benchmarks $(ARGS)

.venv-bench/.installed: requirements-dev.lock pyproject.toml tests/benchmarks/requirements.txt .ci/venv .ci/python
	@.ci/venv .venv-bench "" -r tests/benchmarks/requirements.txt
	@touch $@

chaos: $(INSTALLED)  ## Kill 50 workers among 20 000 tasks and account for every one (ARGS=--help: what else can break)
	@$(BIN)/python -m tests.chaos $(ARGS)

clean:  ## Remove the virtualenvs, caches and build output
	rm -rf $(VENV) .venv-* build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
