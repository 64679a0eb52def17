# A fresh machine needs Python 3.11 or later and make. Everything else is installed into this folder.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; assert (3, 11) <= sys.version_info[:2] <= (3, 13); print(sys.executable)' 2>/dev/null && break; done)
UV = $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
UV_VERSION = 0.13.9
ARGS ?=

.PHONY: help setup up down test check format bench clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  \033[1mmake %-8s\033[0m %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/.installed ## Install everything into .venv (from uv.lock)

up: setup ## Deploy the AWS stack to this machine, buy something, keep running until Ctrl-C
	@.venv/bin/marketplace up $(ARGS)

down: setup ## Stop what `make up` started (ARGS=--purge also deletes its data)
	@.venv/bin/marketplace down $(ARGS)

test: setup ## Run every test (ARGS="-k name" to choose)
	@.venv/bin/pytest $(ARGS)

check: setup ## Check formatting, lint, types and the import rules
	@.venv/bin/ruff format --check -q .
	@.venv/bin/ruff check -q .
	@.venv/bin/lint-imports --no-cache
	@.venv/bin/mypy

format: setup ## Format the code and mend what the linter can mend
	@.venv/bin/ruff format -q .
	@.venv/bin/ruff check -q --fix .

bench: setup ## Measure plan, first receipt, checkout and orders (ARGS=plan for one of them)
	@.venv/bin/python -m bench $(ARGS)

clean: ## Remove what was installed and what ran here
	@[ ! -x .venv/bin/marketplace ] || .venv/bin/marketplace down --purge
	@rm -rf .venv .uv .marketplace .mypy_cache .pytest_cache .ruff_cache .hypothesis

# If only a newer, unsupported Python is installed, uv downloads 3.13.
.venv/.installed: pyproject.toml uv.lock
	@echo "Installing into .venv (about a minute the first time)"
	@command -v uv >/dev/null 2>&1 || test -x .uv/bin/uv || { \
		python3 -m venv .uv || { echo "Python 3.11 or later with its venv module is needed: on Debian or Ubuntu, apt-get install python3-venv"; exit 1; }; \
		.uv/bin/python -m pip install -q --disable-pip-version-check uv==$(UV_VERSION); }
	@UV_PYTHON_DOWNLOADS=$(if $(PYTHON),never,automatic) $(UV) sync -q --frozen --python "$(or $(PYTHON),3.13)" \
		--extra aws --extra app --extra local --compile-bytecode || { \
		echo "Nothing was installed. Where the network signs TLS itself (UnknownIssuer): export UV_SYSTEM_CERTS=1, then again"; exit 1; }
	@touch $@
