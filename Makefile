# Two commands matter: `make demo` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# A file stays in one worker, which has servers of its own (see also tests/conftest.py);
# the long ones come first. A run takes some 3 GB. What kills its worker ends the tests: it would
# be tried again, and kill the next one.
PARALLEL ?= -n 2 --dist loadscope --no-loadscope-reorder --max-worker-restart 0

# What is installed beside casegraph itself: `cluster` is enough for a node of a Ray cluster.
EXTRAS ?= dev

# How many faults `make chaos` makes, and how many of another kind on a cluster of three nodes.
FAULTS ?= 200
ON_NODES ?= 100

# Which language model `make test-llm` asks, 0.5B (491 MB) or 1.5B (1.1 GB). It is fetched into the
# folder LLM_MODELS, by default ~/.cache/casegraph/models.
LLM ?= 0.5B

.PHONY: demo test test-slow test-all test-llm chaos lint setup notebook clean

demo: $(STAMP) ## Set up, then turn examples/corpus into a graph; also what an earlier version made.
	$(BIN)/casegraph run examples/corpus --project demo --reconfigure

test: $(STAMP) ## Set up, then check the house and run the tests.
	$(MAKE) --no-print-directory lint
	$(BIN)/pytest $(PARALLEL) -m "not long and not slow"

test-slow: $(STAMP) ## What CI runs beside `make test`: more faults, more ways to the same.
	$(BIN)/pytest $(PARALLEL) -m "slow and not long"

test-all: $(STAMP) ## All tests, the long ones too.
	LAW_EXAMPLES=1000 $(BIN)/pytest $(PARALLEL)

test-llm: $(STAMP) ## Fetch a real language model, and its server, and test with them (some 10 minutes).
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r tests/llm/server.txt
	$(BIN)/python tests/llm/fetching.py $(LLM)
	LLM=$(LLM) $(BIN)/pytest tests/llm

chaos: $(STAMP) ## Harm runs at random moments (under an hour), then plant bugs that the tests must catch.
	PYTHONPATH=.:tests $(BIN)/python -m faults.chaos --faults $(FAULTS)
	PYTHONPATH=.:tests $(BIN)/python -m faults.chaos --nodes 3 --faults $(ON_NODES)
	PYTHONPATH=.:tests $(BIN)/python -m faults.planted

lint: $(STAMP) ## Style, types and architecture.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

setup: $(STAMP) ## Set up only; EXTRAS=cluster for a node of a Ray cluster.

notebook: demo ## Execute the notebook anew on the demo, and keep what it shows.
	cd notebooks && ../$(BIN)/jupyter-execute --inplace 01_explore.ipynb

# Order matters: torch first and pinned, because an unpinned one brings gigabytes of CUDA; the
# stand-in for PyICU before what asks for it; the models by hash, because they are re-uploads.
$(STAMP): pyproject.toml constraints.txt models.txt packaging/pyicu/pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "casegraph needs Python 3.11 or later; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt ./packaging/pyicu
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r models.txt
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[$(EXTRAS)]'
	touch $@

clean: ## Remove the environment and caches; the graph in CASEGRAPH_HOME stays.
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build *.egg-info
