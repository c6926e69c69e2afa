#: Onset on a bare machine. Every target first sets up what it needs; after the first time, that costs nothing.
#:
#:   make reproduce   every number, figure, notebook and the paper, from raw config, into results/
#:   make first       a first look: one study, small, in two minutes, and what it found
#:   make test        all tests                             ARGS="-k name" goes to pytest
#:   make test-slurm  the DAG on a SLURM set up for the test   as root; three minutes
#:   make test-faults the fault harness with 20 kills instead of 5
#:   make figure NAME=STUDY/NAME   only this figure or table and what it needs; without NAME: lists them
#:   make study NAME=mine   write the files of a new, small study that runs at once: docs/add.md
#:   make smoke       the same workflow with small settings   a few minutes
#:   make full        all studies overnight: ten seeds, other schedules, published set-ups   docs/full.md
#:   make arxiv       the paper's sources for arXiv, results/paper/arxiv.tar.gz
#:   make report      Snakemake's report of finished results in one file, results/report.html
#:   make export NAME=STUDY   its runs and data for Hugging Face, in results/export; or STUDY/CONDITION/SEED
#:   make crate       the finished results with their workflow as an RO-Crate for an archive, results/crate
#:   make site        the gallery for any static host, results/site: docs/export.md has more on all three
#:   make bench       how fast it is, and what each study costs
#:   make verify      check every file of results/ against its record   ARGS=--mend rebuilds what is wrong
#:   make orphans     list what is in results/ but no longer in the config; deletes nothing
#:
#:   make info        what a bug report needs: versions, machine, config, last failure
#:   make setup       LaTeX and the locked environment in .venv, nothing else
#:   make weights     the pretrained model of smollm and smollm_facts, 93 MB; `make reproduce` gets it too
#:   make lint        ruff, snakefmt, import-linter, snakemake --lint; actionlint where it is installed
#:   make schema      config/schema/*.json, for editors, from the settings classes
#:   make lock        requirements/*.lock from pyproject.toml   UPGRADE=1 takes the newest versions
#:   make unlock      after a killed run: free the folder for the next
#:   make clean-env   remove .venv, and .weights with what was made from that model
#:
#: Switches, after any target (shell variables of the same names are ignored):
#:   PAPER=no              everything but the PDF, and no LaTeX needed
#:   WEIGHTS=no            everything but smollm and smollm_facts, whose model is a download of 93 MB
#:   BROWSER=no            all tests except those that open the gallery in a browser
#:   ONSET_TORCH=cuda      torch for an NVIDIA GPU (Linux); remembered until ONSET_TORCH=cpu
#:   PYTHON=/path/python   the Python, 3.11 to 3.14, to build .venv with; remembered
#:   CORES=4               instead of all
#:   PROGRESS=no           Snakemake's own lines about each job instead of progress and time left
#:   ARGS="..."            further arguments for snakemake or pytest

.DEFAULT_GOAL := help
.PHONY: help reproduce first figure study test test-slurm test-faults smoke full arxiv report export crate site bench setup environment weights lint lock unlock schema verify orphans info clean-env
# The steps of a set-up follow one another, whatever -j says; Snakemake runs the jobs.
.NOTPARALLEL:

# Switches are what stands on make's command line. What a shell exports under such a name is meant for
# something else: BROWSER=firefox, PYTHON=python2.
PAPER = yes
WEIGHTS = yes
BROWSER = yes
PROGRESS = yes
CORES = all
ARGS =
NAME =
UPGRADE =
ONSET_TORCH =
# The first that is supported: .venv's own, so that a newer Python on the machine doesn't rebuild it; then the newest,
# but 3.14 last, as it lacks a wheel (setup/interpreter.py). Failing that, any Python 3: it says what is wrong.
PYTHON = $(shell for python in .venv/bin/python python3.13 python3.12 python3.11 python3.14 python3; do \
	$$python -I -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null \
	&& echo $$python && exit; done; command -v python3)
switches = PAPER WEIGHTS BROWSER PROGRESS CORES ARGS NAME UPGRADE ONSET_TORCH PYTHON

# $(call choose,SWITCH,values): stops where a switch has none of them.
choose = $(if $(and $(filter 1,$(words $($1))),$(filter $2,$($1))),,$(error $1=$($1): choose $(call either,$2)))
either = $(subst $(space),$(space)or$(space),$(strip $1))
space = $(subst ,, )
# Without its digits, a number is empty.
without_digits = $(if $2,$(call without_digits,$(subst $(firstword $2),,$1),$(wordlist 2,10,$2)),$1)

$(call choose,PAPER,yes no)
$(call choose,WEIGHTS,yes no)
$(call choose,BROWSER,yes no)
$(call choose,PROGRESS,yes no)
$(if $(ONSET_TORCH),$(call choose,ONSET_TORCH,cpu cuda))
$(if $(UPGRADE),$(call choose,UPGRADE,1))
ifneq ($(CORES),all)
ifneq ($(words $(CORES))$(filter 0,$(CORES))$(call without_digits,$(CORES),0 1 2 3 4 5 6 7 8 9),1)
$(error CORES=$(CORES): choose all or a number)
endif
endif
ifneq ($(filter arxiv,$(MAKECMDGOALS)),)
$(if $(filter no,$(PAPER)),$(error PAPER=no: there is no arxiv without the paper))
endif
# A make that calls this one hands on all of its own.
ifeq ($(MAKELEVEL),0)
given = $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
unknown := $(filter-out $(switches) ONSET_% MAKE% SHELL -%,$(given))
$(if $(unknown),$(error $(firstword $(unknown)) is no switch; there are: $(switches)))
endif

export ONSET_PAPER = $(PAPER)
export ONSET_WEIGHTS = $(WEIGHTS)
export ONSET_BROWSER = $(BROWSER)
export ONSET_TORCH UPGRADE
# Of Python's own variables none: they would bring in other modules, start-up files, another Python's library.
unexport $(filter-out %DONTWRITEBYTECODE %PYCACHEPREFIX,$(filter PYTHON%,$(.VARIABLES)))

# First on the PATH, so that what a rule calls by name is the environment's too.
run = PATH="$$PWD/.venv/bin:$$PATH"
# No module from this folder.
python = $(run) python -P -m
plain = $(if $(filter no,$(PROGRESS)),--logger-onset-plain)
# $(call snakemake,options): in front, as ARGS may end with what is to be made.
snakemake = $(python) onset.workflow.commands.snakemake $1 --cores $(CORES) $(plain) $(ARGS)
no_paper = $(if $(filter no,$(PAPER)),--config paper=false)
# In quotes, as a path or a name may have blanks; ~ as the shell would have it.
setup = '$(subst ','\'',$(patsubst ~/%,$(HOME)/%,$(or $(PYTHON),$(error $(no_python)))))' -I setup
no_python = there is no Python 3 here; Onset needs 3.11 to 3.14. Debian, Ubuntu: sudo apt-get install python3 \
	python3-venv. Fedora: sudo dnf install python3.13. macOS with Homebrew: brew install python@3.13. Conda: conda \
	create -n onset-python -c conda-forge python=3.13, then activate it. Or uv: uv python install 3.13
name = '$(subst ','\'',$(NAME))'

help:
	@sed -n 's/^#: \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

reproduce: setup
	@$(setup) weights
	$(call snakemake,$(no_paper))

# Its config makes no paper, so it needs no LaTeX.
first: environment
	$(call snakemake,--configfile config/first.yaml)
	@$(python) onset.workflow.commands.found --configfile config/first.yaml

smoke: setup
	$(call snakemake,--configfile config/smoke.yaml $(no_paper))

full: setup
	$(call snakemake,--configfile config/full.yaml $(no_paper))

figure: environment
	@files=$$($(python) onset.workflow.commands.figure $(name) $(ARGS)) && \
	$(call snakemake) -- $$files

study: environment
	@$(python) onset.workflow.commands.new_study $(name) $(ARGS)

test: setup
	@$(setup) browser
	$(python) pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

test-faults: setup
	ONSET_KILLS=20 $(python) pytest tests/faults $(ARGS)

test-slurm: environment
	@$(setup) slurm
	ONSET_TEST_SLURM=1 $(python) pytest tests/slurm $(ARGS)

arxiv: setup
	$(call snakemake) -- results/paper/arxiv.tar.gz

report: setup
	$(call snakemake,$(no_paper) --report results/report.html)

export: environment
	@$(python) onset.workflow.commands.export $(name) $(ARGS)

crate: environment
	@$(python) onset.workflow.commands.crate $(ARGS)

site: environment
	@$(python) onset.workflow.commands.site $(ARGS)

bench: environment
	$(call snakemake,--forcerun $(addprefix benchmark_,training_step instances tools startup planning costs)) -- benchmarks

lint: environment
	$(run) ruff check
	$(run) ruff format --check
	$(run) snakefmt --check Snakefile workflow/rules
	$(run) lint-imports
	@! command -v actionlint > /dev/null || { echo actionlint && actionlint; }
	$(python) pytest -q tests/workflow/test_lint.py

verify: environment
	@$(python) onset.workflow.commands.verify $(ARGS)

orphans: environment
	@$(python) onset.workflow.commands.orphans $(ARGS)

# Sets up nothing, because people run it when set-up has failed.
info:
	@$(setup) info
	@test ! -f .venv/project.stamp || $(python) onset.workflow.commands.info $(ARGS)

unlock: environment
	$(python) snakemake --cores 1 --unlock

setup:
	@$(setup) system environment

environment:
	@ONSET_PAPER=no $(setup) system environment

weights: environment
	@$(setup) weights

schema: environment
	$(python) onset.config.schema

lock:
	@$(setup) lock

clean-env:
	rm -rf .venv .venv.lock .weights
