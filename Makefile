# Everything a person does with a checkout. `make` alone lists it.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.SHELLFLAGS := -euc
.PHONY: help setup run app demo-feeds test lint bench soak clean dev desktop

# Each stamp says that a step was done after the files it depends on were last changed.
PY := .venv/bin/python
PIP := $(PY) -m pip install --quiet --disable-pip-version-check
STAMPS := .venv/.stamps
WEB := server/web
# Workers of the test run, one per core: browsers and windows without a GPU take a core each.
WORKERS ?= 2
BUNDLE :=
ifneq ($(wildcard $(WEB)/package.json),)
BUNDLE := $(WEB)/dist/.built
endif
WEB_SOURCES = $(shell find $(WEB) \( -name node_modules -o -name dist \) -prune -o -type f ! -name '*.tsbuildinfo' -print)

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMPS)/base $(BUNDLE) ## install everything the server needs into .venv, build the browser bundle, start nothing

run: setup ## start the server with the demo exercise (LAGEBILD_PORT, default 8080; LAGEBILD_DATA, default data)
	@exec .venv/bin/lagebild serve --host 127.0.0.1 --port "$${LAGEBILD_PORT:-8080}" --data "$${LAGEBILD_DATA:-data}" --demo hausbrand

app: setup desktop ## start the crew app against the running server (or LINK=... against another)
	@link="$${LINK:-}"; file="$${LAGEBILD_DATA:-data}/app-link"; \
	if [ -z "$$link" ]; then \
	    [ -s "$$file" ] || { echo "No sign-in link in $$file: start the server first (make run), or give LINK=..." >&2; exit 1; }; \
	    link=$$(cat "$$file"); \
	fi; \
	exec .venv/bin/lagebild-app "$$link"

demo-feeds: setup ## real senders speak into an exercise: a panel, MQTT, a drone, a dispatch centre (needs mosquitto)
	@exec $(PY) -m fixtures.demo_feeds

test: setup desktop dev ## set up and run every check and test
	@.ci/system-packages
	@failed=; \
	$(MAKE) --no-print-directory lint || failed="$$failed lint"; \
	.venv/bin/pytest --cov -n $(WORKERS) || failed="$$failed pytest"; \
	[ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }

lint: setup desktop dev ## style, types and the arrows between the packages
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports
ifneq ($(BUNDLE),)
	.ci/node npm run --silent check --if-present
endif

bench: setup desktop dev ## measure: throughput, latency, bytes, start time
	.venv/bin/pytest -m bench tests/bench

soak: setup desktop dev ## run for long, under load and with failures
	.venv/bin/pytest -m soak tests/soak

clean: ## remove what the other targets made; the data folder stays
	rm -rf .venv $(WEB)/dist $(WEB)/node_modules .cache .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find layers server mobile fixtures tests -name __pycache__ -type d -prune -exec rm -rf {} +

desktop: $(STAMPS)/app

dev: $(STAMPS)/dev $(STAMPS)/peers

# Programs of others that the tests speak with; they ask for other versions than we do, so they live apart.
$(STAMPS)/peers: Makefile | $(STAMPS)/base
	@echo "Installing programs of others for the tests into .venv/peers"
	@$(PY) -m venv .venv/peers && .venv/peers/bin/python -m pip install --quiet --disable-pip-version-check "taky>=0.10" "pytak>=7.6.1" "minio>=7.2.20"
	@touch $@

.venv/bin/python: | .ci/find-python
	@python=$$(.ci/find-python); echo "Making .venv with $$python ($$($$python -V))"; $$python -m venv .venv

$(STAMPS)/base: pyproject.toml | .venv/bin/python
	@echo "Installing Lagebild into .venv"
	@$(PIP) -e .
	@mkdir -p $(@D) && touch $@

$(STAMPS)/app $(STAMPS)/dev: $(STAMPS)/base
	@echo "Installing the extra '$(@F)' into .venv"
	@$(PIP) -e '.[$(@F)]'
	@touch $@

ifneq ($(BUNDLE),)
$(WEB)/node_modules/.installed: $(WEB)/package.json $(WEB)/package-lock.json | $(STAMPS)/base
	@echo "Installing the packages of the browser bundle"
	@.ci/node npm ci --include=dev --no-audit --no-fund --loglevel=error
	@touch $@

$(WEB)/dist/.built: $(WEB)/node_modules/.installed $(WEB_SOURCES)
	@echo "Building the browser bundle"
	@.ci/node npm run --silent build
	@touch $@
endif
