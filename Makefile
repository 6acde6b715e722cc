# All commands for working with Cairn. `make` alone lists them.
# Needs make, and Python 3.11 or newer with venv and pip. Everything else is installed into .venv.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

VENV := .venv
PY := $(VENV)/bin/python
PORT ?= 8000
# HOST counts only on the command line, because the environment's HOST is often the machine's name.
LISTEN := --port "$(PORT)"$(if $(filter command,$(firstword $(origin HOST))), --host $(HOST))

# The first Python that is new enough. `make PYTHON=/path/to/python3.12 …` selects another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# Locks are compared by content, so that newer file times of a fresh checkout reinstall nothing.
digest = $(shell cat $(1) | (sha256sum 2>/dev/null || shasum -a 256) | cut -c1-16)
UV_STAMP := $(VENV)/.uv-$(call digest,requirements-uv.txt)
RUNTIME_STAMP := $(VENV)/.runtime-$(call digest,requirements.txt)
DEV_STAMP := $(VENV)/.dev-$(call digest,requirements-dev.txt)
NODE_STAMP := tests/node/node_modules/.installed-$(call digest,tests/node/package-lock.json)
ENV_STAMP := $(VENV)/.env-is-read-by-cairn

UV := $(PY) -m uv
UV_INSTALL := $(UV) pip install --quiet --python $(PY) --require-hashes --compile-bytecode
UV_COMPILE := $(UV) pip compile --quiet --python-version 3.11 --universal --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade)

# Built from scratch each time, because Sphinx repeats no warnings for unchanged pages.
SITE = $(PY) -m sphinx --builder html --fresh-env --quiet --fail-on-warning --keep-going docs instance/docs

# Never download a browser or an interpreter implicitly.
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD := 1
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: install
install: $(RUNTIME_STAMP) ## install Cairn into .venv
	@$(PY) -m roadmap.compile

.PHONY: run
run: $(RUNTIME_STAMP) ## serve on http://127.0.0.1:8000 (PORT= changes it)
	@exec $(PY) -m roadmap.serve $(LISTEN)

.PHONY: demo
demo: $(RUNTIME_STAMP) ## serve a demo team from a separate database
	@exec $(PY) -m roadmap.serve --demo $(LISTEN)

.PHONY: test
test: $(DEV_STAMP) $(NODE_STAMP) ## run all tests: unit, web and browser, on SQLite and PostgreSQL
	@$(PY) -m tests.support.chromium
	@PYTHON=$(PY) tests/run

.PHONY: faults
faults: $(DEV_STAMP) ## run the slow fault tests: failover, nodes, kills, power cuts (needs pgbouncer, nginx, strace)
	@$(PY) -m pytest -m faults

.PHONY: coverage
coverage: $(DEV_STAMP) $(NODE_STAMP) ## run the tests on SQLite and list untested branches
	@$(PY) -m pytest -n auto -m "not browser and not postgres and not faults" --cov --cov-report=term

.PHONY: check
check: $(DEV_STAMP) ## check format, lint, types, templates, architecture, documentation, dependencies
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m djlint --lint --quiet templates
	$(PY) -m pytest -q tests/test_architecture.py
	$(SITE)
	$(PY) -m tools.audit requirements-dev.txt

.PHONY: bench
bench: $(DEV_STAMP) ## benchmark against the smallest Flask application
	@$(PY) -m bench

.PHONY: bench-scale
bench-scale: $(DEV_STAMP) ## benchmark with 100,000 people against 1,000
	@$(PY) -m bench.scale

.PHONY: screenshots
screenshots: $(DEV_STAMP) ## take screenshots of every page into docs/screenshots
	@$(PY) -m tests.support.chromium
	@$(PY) -m tools.screenshots

.PHONY: docs
docs: $(DEV_STAMP) ## build the documentation site in instance/docs
	@$(SITE)
	@echo "Open instance/docs/index.html"

.PHONY: schema
schema: $(DEV_STAMP) ## write the JSON Schema of content files
	@$(PY) -m tools.roadmap_schema

.PHONY: format
format: $(DEV_STAMP) ## format the code
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

.PHONY: lock
lock: $(UV_STAMP) ## lock the dependencies (UPGRADE=1 for newer versions)
	$(UV_COMPILE) requirements.in -o requirements.txt
	$(UV_COMPILE) requirements-dev.in -o requirements-dev.txt
	echo uv | $(UV_COMPILE) - -o requirements-uv.txt

# An existing .venv keeps its Python, so report an error if PYTHON asks for another.
WHICH := -c 'import os, sys; print(sys.version.split()[0], "in", os.path.realpath(sys.base_prefix))'
.PHONY: python-of-venv
python-of-venv:
ifneq ($(origin PYTHON),file)
	@if [ -x $(PY) ] && [ "$$($(PY) $(WHICH))" != "$$($(PYTHON) $(WHICH))" ]; then \
		echo "$(VENV) has Python $$($(PY) $(WHICH)), and PYTHON=$(PYTHON) is $$($(PYTHON) $(WHICH))." \
			"Delete $(VENV), then run this again: rm -rf $(VENV)" >&2; exit 1; fi
endif

$(UV_STAMP): | python-of-venv
	@if [ -z "$(PYTHON)" ]; then \
		echo "Cairn needs Python 3.11 or newer; found: $$(python3 --version 2>&1)" >&2; exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Cairn needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo "$(PYTHON) has no venv and pip; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PY) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo "Creating $(VENV)"; $(PYTHON) -m venv --clear $(VENV); }
	@$(PY) -m pip install --quiet --require-hashes -r requirements-uv.txt
	@rm -f $(VENV)/.uv-* && touch $@

# Cairn reads .env itself instead of `flask`, and reports errors in it in one line.
$(ENV_STAMP): | $(UV_STAMP)
	@echo 'import os; os.environ.setdefault("FLASK_SKIP_DOTENV", "1")' \
		> "$$($(PY) -c 'import site; print(site.getsitepackages()[0])')/cairn.pth"
	@touch $@

$(RUNTIME_STAMP): | $(UV_STAMP) $(ENV_STAMP)
	@echo "Installing Cairn's dependencies"
	@$(UV_INSTALL) -r requirements.txt
	@rm -f $(VENV)/.runtime-* && touch $@

# The development lock includes the same versions as the runtime lock.
$(DEV_STAMP): | $(UV_STAMP) $(ENV_STAMP)
	@echo "Installing the dependencies of the tests and checks"
	@$(UV_INSTALL) -r requirements-dev.txt
	@rm -f $(VENV)/.dev-* $(VENV)/.runtime-* && touch $@ $(RUNTIME_STAMP)

# Third-party readers of exported files, for the Node.js from the development lock.
$(NODE_STAMP): | $(DEV_STAMP)
	@$(PY) -m tests.support.node
	@touch $@
