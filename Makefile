# make demo: see it work.  make test, make check: what CI runs.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo install test servers server-packages check conformance torture bench measured clean
.PHONY: test-browser browser-packages

demo: install
	$(BIN)/batcher demo

install: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(MAKE) --no-print-directory venv-package
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) …"
	@$(PIP) --editable '.[redis,zstd]'
	@touch $@

# Debian splits what venv needs into a package of its own.
.PHONY: venv-package
venv-package:
	@echo "Python's venv is missing; installing Debian's python3.11-venv (needs root) …"
	apt-get update -qq && apt-get install -y -qq python3.11-venv

$(VENV)/.installed-dev: $(VENV)/.installed
	@$(PIP) --editable '.[dev]'
	@touch $@

test: $(VENV)/.installed-dev servers
	$(BIN)/python -m pytest --numprocesses 4 --dist worksteal

# What the tests of queues, of the shared limiter and of the pages run against: redis-server,
# faketime, curl and jq of Debian, and a local SQS, whose dependencies would be at odds with ours.
servers: $(VENV)-ministack/.installed
	@for each in redis-server faketime curl jq; do \
		command -v $$each >/dev/null || missing=yes; done; \
		[ -z "$$missing" ] || $(MAKE) --no-print-directory server-packages

server-packages:
	@echo "redis-server, faketime, curl or jq is missing; installing Debian's (needs root) …"
	apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server faketime curl jq

$(VENV)-ministack/.installed:
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(MAKE) --no-print-directory venv-package
	@$(PYTHON) -m venv $(VENV)-ministack
	@$(VENV)-ministack/bin/python -m pip install --quiet --disable-pip-version-check \
		'ministack==1.5.33'
	@touch $@

# The pages as they are in a browser: about a minute.
AXE := tests/browser/node_modules/axe-core/axe.min.js

test-browser: $(VENV)/.installed-dev servers $(AXE)
	@command -v chromium >/dev/null || $(MAKE) --no-print-directory browser-packages
	$(BIN)/python -m pytest tests/browser/test_*.py

$(AXE): tests/browser/package-lock.json
	@command -v npm >/dev/null || $(MAKE) --no-print-directory npm-package
	cd tests/browser && npm ci --no-audit --no-fund --no-progress --silent
	@touch $@

# The pictures in docs/screenshots, anew.
.PHONY: screenshots
screenshots: $(VENV)/.installed-dev servers $(AXE)
	@command -v chromium >/dev/null || $(MAKE) --no-print-directory browser-packages
	$(BIN)/python -m tests.browser.screenshots

browser-packages:
	@echo "chromium is missing; installing Debian's, with a font (needs root) …"
	apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core

.PHONY: npm-package
npm-package:
	@echo "npm is missing; installing Debian's (needs root) …"
	apt-get update -qq && apt-get install -y -qq --no-install-recommends npm

check: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/vulture
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m pytest tests/laws tests/docs --ignore tests/docs/test_commands.py

# Opt-in: the emulator against the AWS SDK for JavaScript and the AWS CLI (needs node and npm).
conformance: $(VENV)/.installed-dev
	PYTHON="$(CURDIR)/$(BIN)/python" bash tests/conformance/run.sh

bench: $(VENV)/.installed-dev
	@for each in $(filter-out benchmarks/side_by_side.py,$(wildcard benchmarks/[a-z]*.py)); do \
		echo "== $$each"; $(BIN)/python $$each || exit 1; done

# The tables and the picture of docs/measured.md; an hour and a half on a machine that does nothing
# else.
measured: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.side_by_side

# What of docs/ is made of the code, anew: settings, commands, exit codes, log events, metrics,
# codes of lint.
.PHONY: reference
reference: $(VENV)/.installed-dev
	PYTHONPATH=. $(BIN)/python -m tests.docs.flag_values
	PYTHONPATH=. $(BIN)/python -m tests.docs.generated

# The site of docs/, README and CHANGELOG, below site/; a link that leads nowhere ends it.
.PHONY: docs
docs: $(VENV)/.installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet --strict

# What --help says of each command, for man.
.PHONY: man
man: $(VENV)/.installed
	$(BIN)/batcher man > batcher.1

clean:
	rm -rf $(VENV) $(VENV)-ministack site .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Anew from the ranges in pyproject.toml.
.PHONY: constraints
constraints:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	$(BIN)/python -m pip freeze --exclude-editable --exclude setuptools --exclude pip > constraints.txt

# Two hundred SIGKILLs at random instants, each followed by a resume. A subset is in the tests.
torture: $(VENV)/.installed-dev
	PYTHONPATH=. $(BIN)/python -m tests.torture --kills 200
