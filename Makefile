# `make run` and `make test` need Python 3.11 or later and make, nothing else. The rest is for developers.

VENV ?= .venv
BIN := $(VENV)/bin
ROOMS := sim agents scenarios analysis
USABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

# With this set every start would parse every library again: 2 seconds each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run march claims gallery test soak bench lint install clean

run: install
	@$(BIN)/perpsim run march_2020 --seed 1 --out runs/march_2020-1 --force

# What the scenarios say to expect, each over sixteen seeds; docs/claims.md. Stopped, it goes on where it was.
claims: install
	@$(BIN)/perpsim claims --out runs/claims --doc docs/claims.md

# The study that docs/march_2020.md tells: half an hour on two cores. Stopped, it goes on where it was.
march: install
	@$(BIN)/perpsim march --out runs/march --doc docs/march_2020.md

# Every figure, from runs made for it, and a page that shows them: some minutes on two cores.
gallery: install
	@$(BIN)/perpsim gallery --out runs/gallery --force

test: install
	@$(BIN)/python -m pytest -m "not slow"

soak: install
	$(BIN)/python -m tests.soak --messages 10_000_000
	$(BIN)/python -m pytest -m slow || [ $$? -eq 5 ]

# What it costs, beside peers; those need a numpy older than ours, so they get an environment of their own. Where they
# cannot be installed they are left out, and the table says so.
bench: install
	@[ -x .venv-peers/bin/python ] || { echo "Installing peers into .venv-peers, once."; \
	    $(BIN)/python -m venv .venv-peers && .venv-peers/bin/python -m pip install -qq \
	    --disable-pip-version-check --only-binary :all: -r benchmarks/peers.txt || rm -rf .venv-peers; }
	$(BIN)/python -m benchmarks --json benchmarks/results.json --figure docs/benchmarks.png

lint: install
	$(BIN)/ruff check .

install: $(VENV)/installed

# The stamp makes a repeat instant; the install is editable, so only these two files can outdate it.
$(VENV)/installed: pyproject.toml constraints.txt
	@python=; for each in $(PYTHON) $(if $(PYTHON),,python3.13 python3.12 python3.11 python3); do \
	    if $$each -c "$(USABLE)" 2>/dev/null; then python=$$each; break; fi; done; \
	if [ -z "$$python" ]; then \
	    echo "perpsim needs Python 3.11 or later with venv$(if $(PYTHON), (tried $(PYTHON)));" \
	         "install one (on Debian: python3 and python3-venv) or name it: make PYTHON=/path/to/python" >&2; \
	    exit 1; fi; \
	echo "Installing perpsim into $(VENV) with $$($$python --version): about a minute, once."; \
	$$python -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --disable-pip-version-check \
	    --constraint constraints.txt --editable '.[dev]'
	@$(BIN)/python -m compileall -q $(ROOMS)
	@touch $@

clean:
	rm -rf .venv* .pytest_cache .ruff_cache .hypothesis
