# From Noise to Image. `make` lists what there is; `make book` is the one to start with.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.SUFFIXES:

VENV   := .venv
PY     := $(VENV)/bin/python
# The first Python here that runs and that the pins are proven on; PYTHON=/path/to/python3 chooses.
FITS   := -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))'
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p $(FITS) 2>/dev/null && command -v $$p && exit; done; command -v python3)
PROFILE ?= quick
PORT   ?= 8000
# --require-live lets a site without live figures (npm was not reached) fail.
SITE   ?=
# `make pins`: which pins may rise, and the systems that each must have a wheel for.
UPGRADE ?=
RAISE  := $(if $(filter 1,$(UPGRADE)),--upgrade,$(addprefix --upgrade-package=,$(UPGRADE)))
SYSTEMS := x86_64-unknown-linux-gnu aarch64-unknown-linux-gnu aarch64-apple-darwin
# The written chapters, in the order in which their weights need each other.
ORDER   = $(shell $(PY) -m book.chapters)

.PHONY: help book pdf test full lab serve chapter tidy pages board new retold release mutants tinker types bench clean \
        lint unit notebooks-test site-test browser pins nbdime test-colab test-newest \
        test-engines

help:  ## list the commands
	@echo "From Noise to Image"
	@echo
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make chapter N=04 PROFILE=full   runs one chapter for real, and stores its outputs and weights"

# The tests of the helpers alone: they need none of the tools that build the site.
HELPERS_TESTS := tests/helpers tests/checks
# A warning is an error on the book's own pins alone: on others it may be a library's.

# ---- the environment --------------------------------------------------------------

$(VENV)/.made: requirements.txt requirements-encoder.txt pyproject.toml
	@test -n "$(PYTHON)" || { echo "No python3 was found: install Python 3.11, 3.12 or 3.13, or say make PYTHON=/path/to/python3."; exit 1; }
	@"$(PYTHON)" $(FITS) || \
	  { echo "$$("$(PYTHON)" --version) does not do: the book needs Python 3.11, 3.12 or 3.13 (make PYTHON=/path/to/python3)."; exit 1; }
	@test -x $(PY) || "$(PYTHON)" -m venv $(VENV) || \
	  { echo "$(PYTHON) cannot make a virtual environment; on Debian and Ubuntu: apt-get install python3-venv."; exit 1; }
	@echo "Installing what requirements.txt pins into $(VENV) (the first time some minutes; the largest wheel is 274 MB) .."
	$(PY) -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-encoder.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# ---- read -------------------------------------------------------------------------

book: $(VENV)/.made  ## build the site from the stored outputs, and say where it is
	@$(PY) -m tools.site $(SITE)
	@echo "The book is in _build/html; make serve shows it at http://127.0.0.1:$(PORT)/"

pdf: $(VENV)/.made browser  ## print the whole book to _build/from-noise-to-image.pdf
	@$(PY) -m tools.make_pdf

serve: $(VENV)/.made  ## show the built site at http://127.0.0.1:8000/ (PORT= another)
	@$(PY) -m tools.serve $(PORT)

lab: $(VENV)/.made  ## open the chapters in JupyterLab
	cd notebooks && ../$(VENV)/bin/jupyter lab

# ---- run --------------------------------------------------------------------------

chapter: $(VENV)/.made  ## run one chapter: N=04, PROFILE=quick (proves it) or full (stores it)
	@test -n "$(N)" || { echo "Which chapter? make chapter N=04 PROFILE=$(PROFILE)"; exit 1; }
	$(PY) -m tools.chapter $(N) --profile $(PROFILE)

full: $(VENV)/.made  ## run every chapter for real, in the order their weights need; resumes
	@for n in $(ORDER); do $(PY) -m tools.chapter $$n --profile full --resume || exit 1; done
	@for n in $(ORDER); do $(PY) -m tools.chapter $$n --profile quick || exit 1; done

tidy: $(VENV)/.made  ## tidy what Jupyter or VS Code saved, without a run: N=04, else all
	@$(PY) -m tools.tidy $(N)

pages: $(VENV)/.made  ## make the generated parts anew: menu, README, map, results, board, licences
	$(PY) -m tools.make_pages

board: $(VENV)/.made  ## check and measure entries of the board: E=ada-small-shifts, else all
	@$(PY) -m tools.board $(if $(CHANGED),--changed "$(CHANGED)",$(E))

new: $(VENV)/.made  ## begin a chapter: N=03 (TITLE=".." where none is planned): notebook, checks, test, contents
	@test -n "$(N)" || { echo 'Which chapter? make new N=03 TITLE="Losses and optimizers"'; exit 1; }
	@$(PY) -m tools.new $(N) --title "$(TITLE)"

retold: $(VENV)/.made  ## say why a changed text alters no result: WHY=".."; without it, list them
	@$(PY) -m tools.retold $(if $(WHY),--why "$(WHY)",--check)

release: $(VENV)/.made  ## make a release: V=0.2.0 writes every place, the change log, a tag
	@test -n "$(V)" || { echo "Which release? make release V=0.2.0"; exit 1; }
	@$(PY) -m tools.release $(V)

bench: $(VENV)/.made  ## measure the helpers' speed and memory on this machine
	@for file in benchmarks/*.py; do echo "$$file"; $(PY) $$file || exit 1; done

# ---- prove ------------------------------------------------------------------------

test: lint unit notebooks-test site-test  ## prove every line: lint, unit tests, chapters, site in a browser

lint: $(VENV)/.made types  ## ruff on code, tests and notebooks; `ruff format .` mends the form
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .

types: $(VENV)/.made  ## mypy on the types that the helpers tell
	$(VENV)/bin/mypy

unit: $(VENV)/.made  ## the helpers' tests, the house's and the notebooks' form
	$(PY) -m pytest tests -m "not site" -n auto

notebooks-test: $(VENV)/.made  ## each chapter in quick by nbval, alone, without network and caches
	$(PY) -m tools.prove_notebooks

site-test: $(VENV)/.made browser  ## strict build, then the site and its live figures in a real browser
	$(PY) -m tools.site --require-live
	$(PY) -m pytest tests/site tests/live -m site -n auto --dist loadscope

test-engines: $(VENV)/.made  ## the live figures in Firefox and WebKitGTK, where these are installed
	$(PY) -m pytest tests/live/test_engines.py

tinker: $(VENV)/.made  ## try the changes that the chapters propose, and print a table: N=04, else all
	@$(PY) -m tools.tinker $(N)

mutants: $(VENV)/.made  ## break the code on purpose, one place at a time: does a test notice?
	@$(PY) -m tools.mutants

browser:  ## find chromium, or install Debian's when this user may
	@tools/browser.sh

pins: $(VENV)/.made  ## resolve requirements.in into requirements.txt; UPGRADE=1 raises all, UPGRADE="keras scipy" those
	@$(VENV)/bin/uv pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --no-build \
	  --no-annotate --custom-compile-command "make pins" $(RAISE) requirements.in pyproject.toml -o requirements.txt > /dev/null
	@for v in 3.11 3.12 3.13; do for on in $(SYSTEMS); do \
	  $(VENV)/bin/uv pip compile --quiet --no-build --python-version $$v --python-platform $$on requirements.txt > /dev/null \
	    && echo "Python $$v, $$on: every pin has a wheel" || exit 1; done; done

nbdime: $(VENV)/.made  ## let git show and join notebooks cell by cell, in this clone
	@git config diff.jupyternotebook.command '"$(abspath $(VENV))/bin/git-nbdiffdriver" diff'
	@git config merge.jupyternotebook.driver '"$(abspath $(VENV))/bin/git-nbmergedriver" merge %O %A %B %L %P'
	@git config merge.jupyternotebook.name "notebooks by their cells (nbdime)"
	@echo "git diff and git merge know notebooks now; git diff --no-ext-diff shows one as text."

test-colab:  ## the helpers' tests and every chapter in quick on Colab's versions, in .venv-colab
	test -x .venv-colab/bin/python || "$(PYTHON)" -m venv .venv-colab
	.venv-colab/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-colab.txt
	.venv-colab/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-encoder.txt
	.venv-colab/bin/python -m pytest $(HELPERS_TESTS) -W default
	.venv-colab/bin/python -m tools.prove_notebooks $$(.venv-colab/bin/python -m book.chapters)

test-newest:  ## the helpers' tests in .venv-newest on the newest releases that pyproject.toml admits or not yet
	test -x .venv-newest/bin/python || "$(PYTHON)" -m venv .venv-newest
	.venv-newest/bin/python -m pip install --quiet --upgrade tensorflow-cpu keras numpy scipy scikit-image scikit-learn \
	  matplotlib pillow h5py joblib safetensors ipykernel ipywidgets tensorboard pytest hypothesis pyyaml nbformat nbclient
	.venv-newest/bin/python -m pytest $(HELPERS_TESTS) -W default

clean:  ## remove what can be made again: the site and caches (runs/ and .venv stay)
	rm -rf _build .pytest_cache .ruff_cache .mypy_cache .hypothesis helpers.egg-info
	find . -name __pycache__ -not -path './.venv*' -prune -exec rm -rf {} +
