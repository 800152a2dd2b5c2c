# The project's commands; `make help` lists them.
PYTHON ?= python3
BIN := .venv/bin
TYPESCRIPT := tests/e2e/clients/typescript
# Tests run in two processes, each file in one of them; BESIDE= runs them one after the other.
BESIDE ?= --numprocesses 2 --dist loadfile --no-loadscope-reorder
# A floor for the lines that tests run through (pyproject.toml); `.venv/bin/coverage report -m` lists the others then.
# It takes a tenth longer; COVERAGE= measures nothing.
COVERAGE ?= --cov --cov-report=

.DEFAULT_GOAL := help
.PHONY: help env serve test check lint layout types imports duplicates own audit resilience bench docs format lock clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

env: .venv/.complete $(TYPESCRIPT)/node_modules ## make the environment in .venv from the locked, hashed requirements

.venv/.complete: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.12 env")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

# For the test of a TypeScript client, which is skipped without it.
$(TYPESCRIPT)/node_modules: $(TYPESCRIPT)/package-lock.json
	@if command -v npm >/dev/null; then cd $(TYPESCRIPT) && { npm ci --silent && touch node_modules || \
		{ rm -rf node_modules; echo "npm could not install: the test of a TypeScript client is skipped"; }; }; fi

serve: .venv/.complete ## train a starter model if there is none, then serve (PORT=9000 HOST=… for another address)
	@PATH="$(CURDIR)/$(BIN):$$PATH" exec ./start.sh

test: env check ## everything that CI runs
	$(BIN)/python -m pytest $(BESIDE) $(COVERAGE)

check: lint layout types imports duplicates own ## lint, format, types, directions of import, duplicates, and our own checks

lint: env
	$(BIN)/ruff check .

layout: env
	$(BIN)/ruff format --check .

types: env
	$(BIN)/mypy models training service client testkit checks tests benchmarks notebooks docs

imports: env
	$(BIN)/lint-imports
	PYTHONPATH=client $(BIN)/lint-imports --config client/pyproject.toml

duplicates: env
	$(BIN)/pylint models training service client testkit checks tests benchmarks notebooks docs

own: env
	$(BIN)/python -m checks

# Both have an environment of their own: what they need need not fit what the service needs.
.venv-trust/.complete: requirements-trust.txt
	$(PYTHON) -m venv .venv-trust
	.venv-trust/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-trust.txt
	@touch $@

audit: .venv-trust/.complete ## look the locked dependencies up among known vulnerabilities
	.venv-trust/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.txt
	.venv-trust/bin/pip-audit --strict --disable-pip --require-hashes -r requirements-dev.txt

resilience: env .venv-trust/.complete ## an hour and a half of everything that the service must survive (docs/reliability.md)
	$(BIN)/python -m benchmarks.resilience $(STEPS)

bench: env ## measure speed into benchmarks/RESULTS.md: scoring, serving, writes, training (all sizes: FULL=--full)
	$(BIN)/python -m benchmarks $(FULL)

docs: env ## write the generated documents anew
	$(BIN)/python -m docs.generate

format: env ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# uv resolves for all platforms and Pythons at once; no index's address gets into the files.
LOCK := uv pip compile --quiet --universal --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock"
lock: export PATH := $(CURDIR)/$(BIN):$(PATH)
lock: ## resolve the dependencies anew; locked versions stay where they fit (all anew: UPGRADE=--upgrade)
	@command -v uv >/dev/null || { test -x $(BIN)/python || $(PYTHON) -m venv .venv; $(BIN)/python -m pip install --quiet uv; }
	$(LOCK) $(UPGRADE) pyproject.toml -o requirements.txt
	$(LOCK) $(UPGRADE) pyproject.toml --extra dev -c requirements.txt -o requirements-dev.txt
	$(LOCK) $(UPGRADE) pyproject.toml --extra dev --extra peers -c requirements-dev.txt -o requirements-peers.txt
	$(LOCK) $(UPGRADE) --python-version 3.11 requirements-trust.in -o requirements-trust.txt

clean: ## remove the environment and caches (models and data stay)
	rm -rf .venv .venv-trust $(TYPESCRIPT)/node_modules .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage .import_linter_cache build dist *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
