# Two commands on a fresh machine with Python 3.11, make and a package registry: `make demo` and
# `make test`. Everything they need they install themselves.

SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
export UV_PYTHON_DOWNLOADS := never
export NO_MKDOCS_2_WARNING := 1

.PHONY: help
help: ## List the targets.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## Install everything the product needs into .venv, from the lock files.
	@scripts/setup product

.PHONY: setup-test
setup-test: ## Install what the tests need as well (Chromium, Java and PostgreSQL where possible).
	@scripts/setup test

.PHONY: demo
demo: setup ## Build a seeded book of 20,000 loans, run a year of end of days, open the web page.
	@.venv/bin/daihou demo

.PHONY: serve
serve: setup ## Serve the web page of the installation under DAIHOU_HOME.
	@.venv/bin/daihou serve

.PHONY: test
test: setup-test ## Check, then run every test: embedded server, system PostgreSQL, browser.
	@scripts/test

.PHONY: test-long
test-long: setup-test ## Run the long tests: a thousand kills, ten million loans.
	@$(PYTHON) -m pytest -m long

.PHONY: check
check: ## Style, types, import contracts, tidy tests, documentation that builds.
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-logo
	@$(PYTHON) -m pytest -q tests/tidy
	@$(PYTHON) -m mkdocs build --strict --quiet

.PHONY: fmt
fmt: ## Format the code and mend what can be mended by itself.
	@$(PYTHON) -m ruff check --fix-only --quiet . || true
	@$(PYTHON) -m ruff format .

.PHONY: bench
bench: ## Measure, beside DuckDB and Polars; figures as JSON on standard output.
	@scripts/setup bench
	@.venv/bin/daihou bench --json

.PHONY: docs
docs: ## Build the documentation into site/, strictly.
	@$(PYTHON) -m mkdocs build --strict --quiet
	@echo "site/index.html"
