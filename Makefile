# Needs Python 3.10 to 3.13, git and make; everything else is set up in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
STAMP := $(VENV)/.installed
DEV_STAMP := $(VENV)/.installed-dev
DEMO := demo-run

.PHONY: help demo test check format bench clean

help:
	@echo "make demo   inspect a drawn data set and write a report"
	@echo "make test   run the tests"
	@echo "make check  ruff, mypy --strict, import contract"
	@echo "make bench  measure speed against plain library calls"
	@echo "make clean  remove what these commands made"

INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e

$(STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) (a minute the first time)"
	@$(INSTALL) .
	@touch $@

# The tests run the published architectures too, tiny and random: they need torch.
$(DEV_STAMP): pyproject.toml constraints.txt
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Setting up $(VENV) with torch and the tools (some minutes and 6 GB the first time)"
	@$(INSTALL) '.[dev,foundation,cluster,export]'
	@touch $@ $(STAMP)

demo: $(STAMP)
	@$(BIN)/saa demo -o $(DEMO) --overwrite

test: $(DEV_STAMP)
	@$(BIN)/python -m pytest

check: $(DEV_STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(DEV_STAMP)
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(DEV_STAMP)
	@$(BIN)/python -c 'import faiss' 2>/dev/null || $(INSTALL) '.[bench]' \
		|| echo 'FAISS does not install here: measured without it'
	@$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) $(DEMO) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
