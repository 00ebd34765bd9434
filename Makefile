# make run       makes .venv, installs requirements.txt, starts the app
# make test      the same with requirements-dev.txt, then lint, types and the tests
# make test-all  the same and the heavy tests: whole data sets ($CAE_DATA_DIR), an installed wheel
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# One more than there are cores: the worker with the browser mostly waits.
WORKERS ?= $(shell $(PYTHON) -c "import os; print(os.cpu_count() + 1)")
PYTEST = $(BIN)/python -m pytest -n $(WORKERS)

# Lint takes a minute, in which the tests run too.
MAKEFLAGS += --jobs=2

.PHONY: run test test-all quick all-tests lint venv dev bench clean

run: venv
	$(BIN)/streamlit run app.py

test: lint quick

test-all: lint all-tests

quick: dev
	$(PYTEST)

all-tests: dev
	$(PYTEST) -m "heavy or not heavy"

lint: dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: dev
	$(BIN)/python benchmarks/spine.py

venv: $(VENV)/.installed

dev: $(VENV)/.installed-dev

$(VENV)/.installed: requirements.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check -r requirements.txt -r requirements-dev.txt
	touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
