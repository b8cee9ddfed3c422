# Two commands set everything up: `make crawl` and `make test`. Needs Python 3.11 or newer, make and a compiler.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: crawl test check bench soak clean

# The demonstration: a small sample portal is served on loopback, collected, changed, collected again.
# With SOURCE=id a source of the catalogue is collected instead.
crawl: $(READY)
ifdef SOURCE
	$(BIN)/bantin init
	$(BIN)/bantin collect $(SOURCE)
else
	$(BIN)/python tests/site/demo.py
endif

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile

# Figures: cleaning and recleaning beside stock trafilatura, what is made of real pages beside it and news-please (which
# gets an environment of its own, .venv-bench), collecting beside a bare Scrapy spider, recleaning with two processes
# beside one, a simulated month of coming back. Needs the recorded portal; takes half an hour.
bench: $(READY)
	$(BIN)/python -m tests.bench.cleaning
	$(BIN)/python -m tests.bench.quality
	$(BIN)/python -m tests.bench.unknown
	$(BIN)/python -m tests.bench.collecting
	$(BIN)/python -m tests.bench.recleaning
	$(BIN)/python -m tests.bench.stages
	$(BIN)/python -m tests.bench.month

# Twenty kills in one collect, a hundred thousand broken pages; takes half an hour.
soak: $(READY)
	$(BIN)/python -m pytest -q -m soak tests/soak

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("bantin needs Python 3.11 or newer: make PYTHON=python3.11 …" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,postgres]'
	touch $@

clean:
	rm -rf $(VENV) .venv-bench build dist *.egg-info
