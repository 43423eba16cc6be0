# One command each; the first two do all the set-up on a fresh machine. See README.md.
#
#   make run NOTEBOOK=m3dfel                      another chapter than RDFER's
#   make run PARAMS="-p fold 2 -p fresh True"     other parameters for the notebook
#   make test ARGS="-k twins -x"                  options for pytest
#   make results DATASET=dfew ROOT=DIR PRESET=paper    all folds of every paper, instead of what is declared
#   make results DATASET=… ROOT=… DROP_MISSING=1       and DROP_BROKEN, ZERO_BASED, SCENES: how that dataset is read
#   make results DATASET=… ROOT=… NUMBERING=alphabetical-0    the order in which its lists number the classes
#   make results DISCARD=1                        throw the frames of a draw away as soon as its runs are done
#   make run PYTHON=/opt/python3.12/bin/python3   another Python for .venv (delete .venv first)

MAKEFLAGS += --no-print-directory
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
HALF := $(VENV)/.half-installed
NOTEBOOK := rdfer
PARAMS :=
ARGS :=
choice = $(if $(DATASET),'$(1)dataset=$(DATASET)') $(if $(ROOT),'$(1)root=$(ROOT)') \
	$(if $(PRESET),'$(1)preset=$(PRESET)') $(if $(DEVICE),'$(1)device=$(DEVICE)')
# 1 is yes, as in DISCARD=1; whatever else is no truth value is refused by name
truth = $(if $(filter 1,$($(1))),true,$(if $(filter 0,$($(1))),false,$($(1))))
reading = $(foreach each,DROP_MISSING DROP_BROKEN ZERO_BASED SCENES,$(if $($(each)),\
	'$(call $(1),$(each))=$(call truth,$(each))')) $(if $(NUMBERING),'$(call $(1),NUMBERING)=$(NUMBERING)')
key = $(shell echo $(1) | tr A-Z a-z)
option = --$(subst _,-,$(call key,$(1)))
asked = $(call choice) $(call reading,key) $(if $(DISCARD),discard=1)

# The first Python that is new enough; empty where there is none.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	if $$p -c '$(NEW_ENOUGH)' 2>/dev/null; then echo $$p; break; fi; done)

# One tested set of versions, made on Linux x86-64; other systems resolve requirements.txt themselves.
ifeq ($(shell uname -sm),Linux x86_64)
CONSTRAINTS := constraints.txt
endif

.PHONY: help run test book notebooks twins results lint clean

help:
	@echo "make run        set up, then run notebooks/rdfer.ipynb (or NOTEBOOK=m3dfel) into out.ipynb"
	@echo "make test       set up, then run all tests, the notebooks among them"
	@echo "make book       set up, then build the book into _build/html"
	@echo "make notebooks  re-execute the notebooks, store outputs, twins and run records"
	@echo "make twins      take edits of notebooks/text/*.py into the notebooks"
	@echo "make results    train what the chapters compare, as far as it is missing, and print the main tables"
	@echo "make lint       ruff"
	@echo "make clean      remove what make made, but not .venv, data/ and runs/"

run: $(INSTALLED)
	@if [ ! -e "notebooks/$(NOTEBOOK).ipynb" ]; then \
		echo "There is no notebook notebooks/$(NOTEBOOK).ipynb."; \
		echo "  what to do: choose one of: $(basename $(notdir $(filter-out notebooks/out%,$(wildcard notebooks/*.ipynb))))"; \
		exit 1; fi
	@$(BIN)/python -m papermill "notebooks/$(NOTEBOOK).ipynb" out.ipynb \
		$(if $(filter-out facsimile foundations results,$(NOTEBOOK)),-p fold 1) $(PARAMS)
	@echo "The executed notebook is out.ipynb. To look at it: $(BIN)/jupyter lab out.ipynb"

test: $(INSTALLED)
	@$(BIN)/python -m pytest --nbval $(ARGS)

book: $(INSTALLED)
	@$(BIN)/jupyter-book build . -W -n --keep-going
	@echo "The book is _build/html/index.html"

notebooks: $(INSTALLED)
	@$(BIN)/python notebooks/store.py

twins: $(INSTALLED)
	@$(BIN)/python notebooks/store.py --from-text

# The second line says what came of it, also after runs that failed: those do not stop the others. What a kill kept from
# being put into results/ it puts there.
results: $(INSTALLED)
	-@$(BIN)/python -m snakemake --cores all --keep-going --nolock --rerun-incomplete --rerun-triggers mtime \
		--scheduler greedy $(if $(strip $(asked)),--config $(asked)) $(ARGS) --quiet rules
	@$(BIN)/python -m dfer_nb.sweep --table $(call choice,--) $(call reading,option)

lint: $(INSTALLED)
	@$(BIN)/python -m ruff check .

clean:
	@rm -rf _build out.ipynb notebooks/out.ipynb .pytest_cache .ruff_cache
	@find . -name __pycache__ -not -path "./$(VENV)/*" -prune -exec rm -rf {} +

# The installation is whole when .installed is there: it is written last, and a marker says while pip is at work.
# pip can be killed between a package's metadata and its files, and would then take the package for installed:
# an environment that still has the marker is therefore made anew.
$(INSTALLED): requirements.txt pyproject.toml $(CONSTRAINTS)
	@if ! $(or $(PYTHON),false) -c '$(NEW_ENOUGH)' 2>/dev/null; then \
		echo "Python 3.11 or newer is needed; '$(or $(PYTHON),python3)' is not it, or is missing."; \
		echo "  what to do: install it, or name it: make run PYTHON=/path/to/python3.11"; exit 1; fi
	@if [ -e $(HALF) ] || ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		echo "Making $(VENV) with $(PYTHON) ..."; \
		$(PYTHON) -m venv --clear $(VENV) || { \
			echo "  what to do: on Debian and Ubuntu, apt install python3-venv"; exit 1; }; fi
	@touch $(HALF)
	@echo "Installing into $(VENV): some minutes and 7 GB the first time ..."
	@$(BIN)/python -m pip install --disable-pip-version-check -r requirements.txt $(CONSTRAINTS:%=-c %) || { \
		echo "The installation failed; the next 'make' starts it again."; \
		echo "  what to do: read pip's last lines above. To let pip choose the versions: make run CONSTRAINTS="; exit 1; }
	@rm -f $(HALF)
	@touch $(INSTALLED)
