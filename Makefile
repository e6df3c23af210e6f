.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
UV := .tools/bin/uv
# -P everywhere: from the repository root, `import gateway` would otherwise find the folder and succeed emptily.
export PYTHONSAFEPATH := 1
BIN := .venv/bin

.PHONY: help
help: ## Show what can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

$(UV):
	@echo "Fetching uv into .tools (once)" >&2
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .tools uv==0.13.9

.venv/.synced: $(UV) uv.lock pyproject.toml $(wildcard */pyproject.toml)
	@echo "Installing what uv.lock pins into .venv (once)" >&2
	@$(UV) sync --locked --quiet
	@touch $@

.PHONY: setup
setup: .venv/.synced ## Fetch uv and everything this project needs, into this folder

.PHONY: proto
proto: setup ## Write the gRPC stubs again from proto/
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python proto/generate.py

.PHONY: lint
lint: setup ## Check style, types, layers, contracts and stubs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

.PHONY: test
test: setup ## Prove every guarantee (15 minutes at most)
	@$(BIN)/pytest -m "not long"
