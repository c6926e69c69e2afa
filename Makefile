#: Onset on a bare machine. Every target sets up first what it needs; the second time costs nothing.
#:
#:   make reproduce   every number, figure, notebook and the paper, from raw config, into results/
#:   make test        all tests                             ARGS="-k name" goes to pytest
#:   make test-slurm  the DAG through a SLURM of its own    as root; three minutes
#:   make test-faults the fault harness with 20 kills in place of 5
#:   make figure NAME=STUDY/NAME   one figure or table and all it needs, nothing else; without NAME: lists them
#:   make smoke       the same workflow on small settings   a few minutes
#:   make arxiv       the paper's sources as arXiv takes them, results/paper/arxiv.tar.gz
#:   make report      Snakemake's report of finished results in one file, results/report.html
#:   make bench       how fast it is
#:   make orphans     what lies in results/ though the config no longer asks for it; deletes nothing
#:
#:   make setup       LaTeX and the locked environment in .venv, nothing else
#:   make lint        ruff, snakefmt, import-linter, snakemake --lint
#:   make schema      config/schema/*.json, for editors, from the settings classes
#:   make lock        requirements/*.lock from pyproject.toml   UPGRADE=1 takes the newest versions
#:   make unlock      after a killed run: free the folder for the next
#:   make clean-env   remove .venv
#:
#: Switches, after any target:
#:   PAPER=no              everything but the PDF, and no LaTeX needed
#:   BROWSER=no            all tests but those that look at the gallery in a browser
#:   ONSET_TORCH=cuda      torch for an NVIDIA GPU (Linux); remembered until ONSET_TORCH=cpu
#:   PYTHON=/path/python   the Python 3.11 to build .venv with
#:   CORES=4               instead of all
#:   PROGRESS=no           Snakemake's own lines about each job in place of progress and time left
#:   ARGS="..."            more for snakemake or pytest

.DEFAULT_GOAL := help
.PHONY: help reproduce figure test test-slurm test-faults smoke arxiv report bench setup environment lint lock unlock schema orphans clean-env
# The steps of a set-up follow one another, whatever -j says; Snakemake runs the jobs.
.NOTPARALLEL:

PAPER ?= yes
BROWSER ?= yes
PROGRESS ?= yes
CORES ?= all
export ONSET_PAPER = $(PAPER)
export ONSET_BROWSER = $(BROWSER)

# The first that is a Python 3.11; else any Python 3, which then says in one line what is wrong.
PYTHON ?= $(shell for python in python3.11 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
	&& echo $$python && exit; done; echo python3)

# First on the PATH, so that what a rule calls by name is the environment's too.
run = PATH="$(CURDIR)/.venv/bin:$$PATH"
plain = $(if $(filter no,$(PROGRESS)),--logger-onset-plain)
snakemake = $(run) snakemake --cores $(CORES) $(plain) $(ARGS)
no_paper = $(if $(filter no,$(PAPER)),--config paper=false)

help:
	@sed -n 's/^#: \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

reproduce: setup
	$(snakemake) $(no_paper)

smoke: setup
	$(snakemake) --configfile config/smoke.yaml $(no_paper)

# Targets go first: behind some options of ARGS they would be taken for values.
figure: environment
	@files=$$($(run) python -m onset.commands.figure $(NAME) $(ARGS)) && \
	$(run) snakemake $$files --cores $(CORES) $(plain) $(ARGS)

test: setup
	@$(PYTHON) -m setup browser
	$(run) pytest --numprocesses 2 --dist loadfile $(ARGS)

test-faults: setup
	$(run) ONSET_KILLS=20 pytest tests/faults $(ARGS)

test-slurm: environment
	@$(PYTHON) -m setup slurm
	$(run) ONSET_TEST_SLURM=1 pytest tests/slurm $(ARGS)

arxiv: setup
	$(snakemake) -- results/paper/arxiv.tar.gz

report: setup
	$(snakemake) $(no_paper) --report results/report.html

bench: environment
	$(snakemake) --forcerun benchmark_training_step benchmark_instances benchmark_startup benchmark_planning -- benchmarks

lint: environment
	$(run) ruff check
	$(run) ruff format --check
	$(run) snakefmt --check Snakefile workflow/rules
	$(run) lint-imports
	$(run) pytest -q tests/workflow/test_lint.py

orphans: environment
	@$(run) python -m onset.commands.orphans $(ARGS)

unlock: environment
	$(run) snakemake --cores 1 --unlock

setup:
	@$(PYTHON) -m setup system environment

environment:
	@ONSET_PAPER=no $(PYTHON) -m setup system environment

schema: environment
	$(run) python -m onset.config.schema

lock:
	@$(PYTHON) -m setup lock

clean-env:
	rm -rf .venv .venv.lock
