# The project's commands; `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
BIN := .venv/bin
PIP_EXTRA ?= cpu
PORT ?= 8000
PYTEST := $(BIN)/python -m pytest
WEB := annotator/web/index.html
EMOJI := demo/node_modules/emoji-datasource-google
FRONTEND_SOURCES := $(shell find frontend/src frontend/public frontend/*.html frontend/*.ts frontend/tsconfig*.json -type f 2>/dev/null)
# Checks need settings but no data of anyone's.
CHECK := ANNOTATOR_DATA_DIR=$$(mktemp -d) ANNOTATOR_SECRET_KEY=check $(BIN)/python

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 15

.PHONY: setup
setup: .venv/.installed frontend/node_modules/.installed $(WEB) ## Python environment, npm packages, frontend build

.venv/.installed: pyproject.toml scripts/debian-packages
	scripts/debian-packages venv
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[$(PIP_EXTRA),dev]'
	touch $@

frontend/node_modules/.installed: frontend/package-lock.json
	npm ci --prefix frontend --no-audit --no-fund
	touch $@

$(WEB): $(FRONTEND_SOURCES) | frontend/node_modules/.installed
	npm run --prefix frontend build
	touch $@

$(EMOJI)/package.json: demo/package-lock.json
	npm ci --prefix demo --no-audit --no-fund
	touch $@

.PHONY: packages
packages: ## Debian packages that the tests need (a browser, PostgreSQL), when run as root
	scripts/debian-packages chromium postgresql fonts

.PHONY: demo
demo: setup $(EMOJI)/package.json ## the product with a project on real pictures
	exec $(BIN)/annotator demo --port $(PORT) --emoji $(EMOJI)

.PHONY: dev
dev: setup ## the product with debugging on, and the frontend rebuilt at every change
	trap 'kill $$(jobs -p)' EXIT; ANNOTATOR_DEBUG=1 $(BIN)/annotator up & npm run --prefix frontend dev

.PHONY: test
test: packages setup check test-sqlite test-postgres test-e2e ## install what the tests need, then all of them

.PHONY: check
check: check-python check-frontend ## linters, types, import rules, migration and schema drift

.PHONY: check-python
check-python: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(CHECK) manage.py makemigrations --check --dry-run
	scripts/schema --check

.PHONY: check-frontend
check-frontend: setup
	npm run --prefix frontend check
	npm run --prefix frontend test
	$(BIN)/python -m tests.bundle

.PHONY: test-sqlite
test-sqlite: setup
	$(PYTEST) -n 2 -m 'not e2e and not accept'

# What speaks to the database in its own way is tested on both.
ON_POSTGRES := tests/annotator tests/worker/management/test_backup.py tests/worker/management/test_restore.py \
  tests/worker/handlers/test_delete_project.py tests/worker/handlers/test_collect_garbage.py

.PHONY: test-postgres
test-postgres: setup
	scripts/with-postgres $(PYTEST) -n 2 -m 'not e2e and not accept' $(ON_POSTGRES)

.PHONY: test-e2e
test-e2e: setup
	$(PYTEST) -n 2 --dist loadfile -m 'e2e and not accept' tests/e2e

.PHONY: accept
accept: packages setup ## acceptance on ANNOTATOR_SHARED_DATA (default ../shared/data) and the long tests
	$(PYTEST) -m accept -s --timeout 7200

.PHONY: bench
bench: setup ## measure heads, refreshes and annotations, idle and under load
	$(BIN)/python -m tests.bench.bench_head
	$(BIN)/python -m tests.bench.bench_refresh

.PHONY: bench-ui
bench-ui: packages setup ## measure in a browser how long a labeler waits for the next picture, and the next page
	$(BIN)/python -m tests.bench.bench_ui

DATA ?= $(or $(ANNOTATOR_SHARED_DATA),../shared/data)
SETS := $(foreach set,clothing10 neu_steel6 cifar10n_6k plankton121,$(DATA)/$(set).tar)

.PHONY: bench-al
bench-al: setup ## compare the default selection strategy with five others on the sets in DATA
	$(BIN)/python -m tests.bench.bench_al $(SETS)

.PHONY: bench-al-full
bench-al-full: setup ## compare all strategies, and scikit-activeml's
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python -m tests.bench.bench_al $(SETS) --full

.PHONY: schema
schema: setup ## write the OpenAPI schema and the frontend's types from it
	scripts/schema

.PHONY: screenshots
screenshots: packages setup $(EMOJI)/package.json ## take the README's pictures of every page
	ANNOTATOR_EMOJI=$(EMOJI) $(BIN)/python -m tests.e2e.screenshots docs/screenshots

.PHONY: format
format: setup ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	npm run --prefix frontend format
