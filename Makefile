# The front door. `make demo` and `make test` are all a newcomer needs; both install what they need into .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
DEMO   ?= demo
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

.PHONY: help demo test check bench lock clean install

help:
	@echo "make demo   from nothing to a signed validation dossier on real data (in $(DEMO)/)"
	@echo "make test   the whole test suite"
	@echo "make check  ruff, mypy --strict, import contracts"
	@echo "make bench  speed and memory against the peers"

# One stamp file: installed again only when the lock or the project file changed. Only hashes that stand in the lock are accepted.
$(VENV)/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "radaudit needs Python 3.11 or newer; set PYTHON=python3.11")'
	@echo "installing into $(VENV) (about a minute) ..."
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv failed: on Debian, apt-get install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

install: $(VENV)/installed

demo: install
	@$(BIN)/python -m radaudit.cli demo $(DEMO) --again; code=$$?; \
	 case $$code in 0|1|5) echo "(exit code $$code: the verdict, whatever it is, is the honest one)"; exit 0;; *) exit $$code;; esac

test: install chromium
	@$(BIN)/python -m pytest -n 2 --dist worksteal

check: install
	@$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

# The packages we are compared with have environments of their own in .peers/ (made once, some minutes).
bench: install
	@failed=""; for script in $(filter-out benchmarks/peers.py,$(wildcard benchmarks/*.py)); do \
	  echo; echo "== $$script"; $(BIN)/python $$script || failed="$$failed $$script"; done; \
	 if [ -n "$$failed" ]; then echo; echo "did not end well:$$failed"; exit 1; fi

# The page is looked at in a real browser by the tests. Debian only; elsewhere those tests say why they skip.
.PHONY: chromium
chromium:
	@command -v chromium >/dev/null 2>&1 || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
	    apt-get update -qq >/dev/null && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	  else echo "note: chromium is not installed; the page tests in a browser will be skipped (apt-get install chromium)"; fi; }

lock:
	@uv pip compile pyproject.toml --extra dask --extra kernel --group dev --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock
	@for peer in benchmarks/peers/*.in; do \
	  uv pip compile $$peer --python-version 3.11 --universal --generate-hashes --no-emit-index-url --no-header --quiet -o $${peer%.in}.txt || exit 1; done

clean:
	rm -rf $(VENV) .peers $(DEMO) build dist .mypy_cache .ruff_cache .hypothesis
