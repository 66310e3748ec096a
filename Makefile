# Needs only make and a python3 with venv. Everything else is installed into .tools/ and .venv/, including Python 3.13 if it
# is missing.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# The first one that runs and has venv: a version manager's python3.13 may only print that it is not selected.
PYTHON ?= $(shell for it in python3.13 python3; do "$$it" -c 'import ensurepip, venv' 2>/dev/null && command -v "$$it" && exit; done; echo python3)
UV := .tools/bin/uv
BIN := .venv/bin

# Each installs its dependency groups, and reinstalls when uv.lock has changed.
LOCAL := .venv/.local-installed
TEST := .venv/.test-installed
CHECK := .venv/.check-installed

export SAM_CLI_TELEMETRY := 0
# Where uv puts a Python that it has to download.
export UV_PYTHON_INSTALL_DIR := $(CURDIR)/.tools/python

##@ On this machine

.PHONY: run
run: $(LOCAL) ## Archive Spotify, or seven days of a sample library, and copy it into archive/
	@exec $(BIN)/python -m tools.local run

.PHONY: open
open: $(LOCAL) ## Show the archive's site in the browser, from this machine's archive or with your AWS credentials
	@exec $(BIN)/playlist-archive open $(ARGS)

.PHONY: register
register: $(LOCAL) ## Archive one more playlist: ID=<playlist id> [ALIAS=<name>]
	@exec $(BIN)/python -m tools.local register "$(ID)" --alias "$(ALIAS)"

.PHONY: history
history: $(LOCAL) ## Archive the last days of a history file and measure it: FILE=<file> [DAYS=30]
	@exec $(BIN)/python -m tools.local history "$(FILE)" $(if $(DAYS),--days $(DAYS))

.PHONY: login
login: $(LOCAL) ## Ask for your consent in the browser and store the credentials; ARGS=--local prints them instead
	@exec $(BIN)/playlist-archive login $(ARGS)

.PHONY: env
env: $(LOCAL) ## Write .local/env.json, for `sam local invoke` against the local stack
	@exec $(BIN)/python -m tools.local env

.PHONY: stop
stop: ## Stop everything that `make run` started
	@if [ -x $(BIN)/python ]; then exec $(BIN)/python -m tools.local stop; fi

##@ In AWS

.PHONY: deploy
deploy: $(LOCAL) ## Deploy to your AWS account; asks questions on first use; ARGS="--stack <name>" passes options
	@exec $(BIN)/playlist-archive deploy $(ARGS)

.PHONY: destroy
destroy: $(LOCAL) ## Delete the stack in AWS; the archive stays, unless ARGS=--erase
	@exec $(BIN)/playlist-archive destroy $(ARGS)

.PHONY: dead-letters
dead-letters: $(LOCAL) ## List the dead letters; REDRIVE=<lister|fetch|render|outcome> redrives them; ARGS=--local for `make run`
	@exec $(BIN)/playlist-archive dead-letters $(if $(REDRIVE),--redrive "$(REDRIVE)") $(ARGS)

##@ On the code

.PHONY: test
test: $(TEST) ## Run all tests
	@$(BIN)/python -m pytest --numprocesses=auto $(ARGS)

.PHONY: check
check: format-check lint types template requirements-check audit test $(if $(COVERAGE),coverage) ## Run all checks of CI; COVERAGE=1 measures coverage too

.PHONY: fmt
fmt: $(CHECK) ## Format the code and apply automatic fixes
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

.PHONY: coverage
coverage: $(TEST) ## Measure branch coverage of the package by unit and contract tests; fails below the minimum
	@$(BIN)/python -m pytest --quiet --hypothesis-profile=coverage --cov --cov-report=term tests/unit tests/contract

.PHONY: golden
golden: $(TEST) ## Render the sample library into archive/pages/, update the pages in the repository, and show the diff
	@$(BIN)/python -m tests.golden
	@git --no-pager diff --stat --patch -- README.md docs/pages.md docs/command.md tests/golden
	@echo "All pages of the sample library: archive/pages/playlists/index.md"

.PHONY: pictures
pictures: $(TEST) ## Update the screenshots of the site in docs/images/; needs Chromium
	@$(BIN)/python -m tests.golden.pictures

.PHONY: chaos
chaos: $(TEST) ## Archive a history file with many simulated faults, and verify: FILE=<file> [DAYS=30] [SEED=1]
	@exec $(BIN)/python -m tools.chaos "$(FILE)" $(if $(DAYS),--days $(DAYS)) $(if $(SEED),--seed $(SEED))

.PHONY: bench
bench: $(TEST) ## Count requests over a history file, and measure renders: FILE=<file>
	@$(BIN)/python -m tools.measure.count_requests "$(FILE)"
	@$(BIN)/python -m tools.measure.render_run
	@$(BIN)/python -m tools.measure.render "$(FILE)"
	@$(BIN)/python -m tools.measure.years

.PHONY: scale
scale: $(TEST) ## Compute what many playlists need and cost; FILE=<history file> counts everything anew
	@$(if $(FILE),$(BIN)/python -m tools.measure.count_calls "$(FILE)")
	@$(BIN)/python -m tools.measure

.PHONY: requirements
requirements: $(UV) ## Export what the dependencies layer installs from uv.lock
	@$(EXPORT) --output-file $(REQUIREMENTS) >/dev/null

.PHONY: licences
licences: $(LOCAL) ## List the licences of what the dependencies layer contains
	@$(BIN)/python -m tools.licences

.PHONY: budget
budget: $(LOCAL) ## Measure the layers and each function's cold start
	@$(BIN)/python -m tools.measure.budget

.PHONY: clean
clean: stop ## Remove what was built and installed, and sample data; data from Spotify stays
	rm -rf .aws-sam .local/build* .local/sample .local/history .local/chaos .venv .tools .mypy_cache .pytest_cache .ruff_cache .hypothesis

.PHONY: help
help: ## List the commands
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The parts of `make check`.

.PHONY: format-check lint types template requirements-check audit
format-check: $(CHECK)
	$(BIN)/ruff format --check .

lint: $(CHECK)
	$(BIN)/ruff check .
	$(BIN)/lint-imports --no-cache

types: $(CHECK)
	$(BIN)/mypy

# cfn-lint and checkov both check the template as written and as transformed by SAM; neither finds everything in only one.
template: $(CHECK) $(TEST)
	$(BIN)/python -m tools.template > .venv/transformed.json
	AWS_DEFAULT_REGION=us-east-1 $(BIN)/cfn-lint --include-checks I -- template.yaml .venv/transformed.json
	$(UV) tool run --quiet checkov==3.3.30 --skip-download --compact --quiet --framework cloudformation \
		--file template.yaml .venv/transformed.json

requirements-check: $(UV)
	@diff <($(EXPORT)) $(REQUIREMENTS) || { echo "run: make requirements" >&2; exit 1; }

audit: $(CHECK)
	@$(BIN)/python -m tools.audit

REQUIREMENTS := layers/dependencies/requirements.txt
# Without boto3 and its dependencies: the runtime has them, and they are larger than all the rest.
EXPORT := $(UV) export --quiet --locked --only-group layer --no-annotate --no-header --prune boto3

# Installing the tools and dependencies.

# PYTHON itself if it is 3.13; otherwise uv looks for one, and downloads it if there is none.
export CHOOSE_PYTHON := import sys; print(sys.executable if sys.version_info[:2] == (3, 13) else 3.13)

$(UV):
	@echo "Installing uv into .tools/"
	@"$(PYTHON)" -m venv .tools \
		|| { echo "This needs a Python 3 with venv, and $(PYTHON) is none. Say: make PYTHON=<path of one>" >&2; exit 1; }
	@.tools/bin/python -m pip install --quiet --disable-pip-version-check uv==0.13.9

$(LOCAL): GROUPS := --group local
$(TEST): GROUPS := --group local --group test
$(CHECK): GROUPS := --group local --group test --group check
$(LOCAL) $(TEST) $(CHECK): $(UV) pyproject.toml uv.lock
	@echo "Installing what is needed into .venv/"
	@[ -x $(BIN)/python ] || $(UV) venv --quiet --allow-existing --python "$$("$(PYTHON)" -c "$$CHOOSE_PYTHON")"
	@$(UV) sync --locked --inexact $(GROUPS) 2>&1 | awk '!/^ [-+~] / { print; fflush() }'
	@touch $@
