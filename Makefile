# Everything a person or CI does with this repository. `make help` lists it.
#
# Needs make and Python >= 3.11. Everything else goes into .venv, pinned by constraints.txt.

PORT ?= 8080
ARGS ?=
# Extras of the demo. `make install EXTRAS=emulator,develop` leaves out the natural voice (500 MB, partly GPL).
EXTRAS ?= emulator,speech,develop
# Three test processes, also on two cores: outside the browsers the suite waits for media more than it
# computes (half of two cores stood idle with two). `make test JOBS=0` for one.
# Byte code is written: the processes that tests start would all compile everything anew.
# In the order of the folders, so that what takes longest is not left for the end.
JOBS ?= 3

VENV := .venv
BIN := $(VENV)/bin
INPUTS := pyproject.toml constraints.txt
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --no-input --constraint constraints.txt

CHECKS := format lint types imports spelling shell docs deploy wheel audit sbom

.PHONY: help run install dev test test-hostile check bench sbom $(CHECKS:%=check-%)
.DEFAULT_GOAL := help

help:
	@echo "make run [PORT=8080]   install, then the demo: server, emulator and one screen; prints the URLs"
	@echo "make install           .venv with everything the demo needs; safe to repeat"
	@echo "make test [ARGS=...]   every test, after installing what they need; ARGS goes to pytest"
	@echo "make test-hostile      every way a plugin can break in every hook; takes minutes"
	@echo "make check             format, lint, types, import contracts, docs, deploy files, wheel, known holes, SBOM"
	@echo "make check-NAME        one of: $(CHECKS)"
	@echo "make sbom              dist/avatar-kiosk.cdx.json: what a production install consists of"
	@echo "make bench [ARGS=...]  the benchmarks; ARGS such as '--only NAME --json FILE'"

run: install
	@$(BIN)/kiosk demo --port $(PORT)

install: $(VENV)/.installed-demo

dev: $(VENV)/.installed-dev

# A half-made environment would look finished to the next call, so a failure takes it away again.
$(BIN)/python:
	@python=; for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	  if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$candidate; break; fi; \
	done; \
	if [ -z "$$python" ]; then echo "No Python >= 3.11 was found; install one (Debian: apt install python3 python3-venv)." >&2; exit 1; fi; \
	echo "Making $(VENV) with $$($$python --version)."; \
	$$python -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is incomplete; install it (Debian: apt install python3-venv) and repeat." >&2; exit 1; }

$(VENV)/.installed-demo: $(INPUTS) | $(BIN)/python
	@echo "Installing the demo into $(VENV): once, about 500 MB with the natural voice."
	@if $(PIP_INSTALL) --editable '.[$(EXTRAS)]'; then :; \
	elif [ '$(EXTRAS)' = emulator,develop ]; then exit 1; \
	else \
	  echo "The extras '$(EXTRAS)' could not be installed (the reason is above)."; \
	  echo "Installing the light voice instead: the demo works, but sounds synthetic and understands set phrases."; \
	  $(PIP_INSTALL) --editable '.[emulator,develop]' && \
	  echo "The light voice is installed. To try the natural one again: rm $@ && make install"; \
	fi
	@touch $@

$(VENV)/.installed-dev: $(INPUTS) | $(BIN)/python
	@echo "Installing what tests and checks need into $(VENV)."
	@$(PIP_INSTALL) --editable '.[dev]'
	@touch $@ $(VENV)/.installed-demo

test: dev
	@.ci/system-packages
	@.ci/node-packages
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

# One file, so its cases are shared out one by one. The soak part blocks for longer when it runs alone.
test-hostile: dev
	@.ci/system-packages
	@for part in 'not soak' soak; do \
	  env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n $(JOBS) --dist load -m "$$part" tests/functional/test_hostile.py $(ARGS) \
	  || exit; \
	done

bench: dev
	@$(BIN)/python -m benchmarks $(ARGS)

# All of them run even when one fails, so that one call shows everything there is to mend.
check: dev
	@failed=; for name in $(CHECKS); do \
	  echo "== $$name"; $(MAKE) --no-print-directory check-$$name || failed="$$failed $$name"; \
	done; \
	if [ -n "$$failed" ]; then echo "make check: failed:$$failed" >&2; exit 1; fi; \
	echo "make check: none of $(CHECKS) failed; what was skipped says so above"

check-format: dev
	@$(BIN)/ruff format --check .

check-lint: dev
	@$(BIN)/ruff check .

check-types: dev
	@$(BIN)/mypy kiosk plugins tests docs deploy $(wildcard benchmarks/*.py)

check-imports: dev
	@$(BIN)/lint-imports

check-spelling: dev
	@$(BIN)/codespell

check-shell: dev
	@$(BIN)/shellcheck .ci/run .ci/system-packages .ci/node-packages && echo "Shell scripts are clean."

check-docs: dev
	@$(BIN)/python docs/generate.py --check

check-deploy: dev
	@$(BIN)/python deploy/check.py

check-wheel: dev
	@$(BIN)/python deploy/wheel.py

check-audit: dev
	@$(BIN)/python deploy/audit.py

check-sbom: dev
	@$(BIN)/python deploy/sbom.py

sbom: dev
	@$(BIN)/python deploy/sbom.py --output dist/avatar-kiosk.cdx.json
