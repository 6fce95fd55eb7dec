# What a newcomer needs: make demo, make run, make quick, make test. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SAMPLE := .sample

.PHONY: demo run quick test blackbox test-all soak study-all real-check bench bench-quick browser bucket lint format docs screenshots wheel upgrade clean

demo: $(VENV)/installed
	rm -rf $(SAMPLE)/demo
	DISCERN_HOME=$(SAMPLE)/demo $(BIN)/discern demo --out dist/demo

run: $(VENV)/installed
	$(BIN)/discern run

# What one runs after every change: pure tests and SQLite, two minutes at most. tests/conftest.py says which.
quick: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n 2 -m quick tests

# A file at a time for each of three processes, which keep two processors busy while some wait for a browser; in
# the order of tests/conftest.py: the longest first.
PYTEST = $(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

test: $(VENV)/installed-dev browser
	$(PYTEST) -m "not slow"

# What docs/compatibility.md promises, from outside: commands, HTTP and files alone. Part of `make test`.
blackbox: $(VENV)/installed-dev
	$(BIN)/python -m pytest -n 2 --dist loadfile blackbox

test-all: $(VENV)/installed-dev browser
	$(PYTEST)

# Half an hour on two slow cores: seventy people, three power cuts and a full disk (for that it has to be
# root); then how long fifty readers and ten labellers wait, and what memory ten minutes of them take.
soak: $(VENV)/installed-dev
	$(BIN)/python -m pytest tests/end_to_end/test_soak.py

# A night: every way of the laboratory on every list of DISCERN_EVAL_DATA, then docs/methods.md. Run again after a
# stop it goes on.
study-all: $(VENV)/installed
	$(BIN)/python -m study.all_methods .study
	$(BIN)/python -m study.systems

# What nobody here could try: a real encoder, a real model and a GPU, on twenty pictures; ends in real-check.md.
real-check: $(VENV)/installed
	$(BIN)/python -m study.real_check --model "$(MODEL)" --endpoint "$(ENDPOINT)" --key "$(KEY)" \
		--encoder "$(or $(ENCODER),auto)" $(if $(PICTURES),--pictures "$(PICTURES)")

# At most a quarter of an hour, and two minutes: each row beside the least that could do it, in the same run.
bench: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.limits

bench-quick: $(VENV)/installed-dev
	$(BIN)/python -m benchmarks.limits --quick

# Where neither is to be had the tests that need one are skipped, and say so at the end.
browser: $(VENV)/installed-dev
	@command -v chromium || command -v chromium-browser || command -v google-chrome \
		|| $(BIN)/playwright install chromium \
		|| echo "There is no Chromium here, and playwright could not fetch one."

# moto's server, for what is tested against buckets: apart, as it asks for an older python-dateutil than we use.
bucket: $(VENV)/installed-dev
	$(BIN)/pip install -q --target .s3 --upgrade -r tools/s3_service.txt

lint: $(VENV)/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --num-workers auto
	$(BIN)/lint-imports
	$(BIN)/python -m tools.links

format: $(VENV)/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

screenshots: $(VENV)/installed-dev
	$(BIN)/python -m docs.first_result
	$(BIN)/python -m docs.screenshots

# References: docs/cli.md and docs/rest-calls.md, which git ignores, and docs/bundle.schema.json.
docs: $(VENV)/installed-dev
	$(BIN)/python -m docs.build

wheel: $(VENV)/installed
	$(BIN)/pip wheel -q --no-deps --no-build-isolation -w dist .

# pip, not python: where Python comes without venv's pip, python is left behind and the next make must try again.
$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Discern needs Python 3.11 or newer: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

# Modules are compiled as they are first imported: most of what comes along never is.
$(VENV)/installed: requirements-slim.txt constraints.txt pyproject.toml setup.py | $(BIN)/pip
	$(BIN)/pip install -q --no-compile -c constraints.txt -r requirements-slim.txt setuptools
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/installed-dev: requirements-dev.txt requirements.txt $(VENV)/installed
	$(BIN)/pip install -q --no-compile -c constraints.txt -r requirements-dev.txt
	touch $@

# The newest versions that the requirements allow, and what that changed. Run the tests before you commit it.
upgrade: $(VENV)/installed-dev
	$(BIN)/pip install -q --upgrade --upgrade-strategy eager -r requirements-dev.txt
	$(BIN)/python -m tools.constraints

clean:
	rm -rf $(VENV) $(SAMPLE) dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
