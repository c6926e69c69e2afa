# The whole of Onset on one page. Data flow from config to paper.pdf in the order of the includes:
#
#   dataset ─► train ─► evaluate, analyse, compare ─► summarise ─► notebook ─► gallery, paper
#                 └───► collect ─► combine ─► notebook ────────────────┘
#
# Everything generated is in results/, settings are in config/, code in src/onset/. A job is rerun when the
# settings that affect it, the code that it uses, or its inputs change.

import sys
from pathlib import Path
from shlex import quote

from snakemake.exceptions import WorkflowError

# Use the code next to this file, whatever else is installed, and no stray `random.py` in this folder.
here = Path(workflow.basedir)
sys.path[:] = [f"{here}/src", *(path for path in sys.path if path != str(here))]
# The config may already have been read by the code of another folder, whose environment this runs in.
loaded = [name for name in sys.modules if name.partition(".")[0] == "onset"]
own = here / "src/onset"
if loaded and own.is_dir() and not own.samefile(sys.modules["onset"].__path__[0]):
    for name in loaded:
        del sys.modules[name]

from onset.config import ConfigError, project_of
from onset.config.problems import Layer
from onset.config.sources import read_sources
from onset.stages import surroundings
from onset.workflow.call import Call
from onset.workflow.commands.snakemake import forced, repeated
from onset.workflow.devices import distrust
from onset.workflow.durations import Durations
from onset.workflow.fork_server import start_server
from onset.workflow.jobs import Jobs, code_of
from onset.workflow.places import obstacles, unrecorded


configfile: "config/config.yaml"


report: "workflow/report/overview.rst"


if workflow.is_main_process and (lost := repeated(sys.argv)):
    raise WorkflowError(lost)
given = workflow.config_settings
try:
    sources = read_sources(
        Path(workflow.basedir),
        given.configfiles,
        given.config_args or (),
        base=not given.replace_workflow_config,
    )
    project = project_of(sources, here)
    if doubt := distrust(project.settings.device):
        if workflow.is_main_process:
            logger.warning(f"{doubt}; computing on the CPU instead")
        project = project_of([*sources, Layer("", "", {"device": "cpu"})], here)
except ConfigError as error:
    raise WorkflowError(str(error)) from None
if workflow.is_main_process and (
    in_the_way := obstacles(Path(project.results), project.all_runs, project.collections)
):
    raise WorkflowError("\n".join(in_the_way))
if workflow.is_main_process:
    for study, why in project.left_out.items():
        logger.warning(f"the study {study} is left out: {why}")
call = Call(project)
if workflow.is_main_process and "--unlock" not in sys.argv and (lock := call.lock()):
    logger.warning(lock)
jobs = Jobs(project)
if workflow.is_main_process and (
    strange := unrecorded(Path(project.results), jobs.everything, forced(sys.argv))
):
    raise WorkflowError(strange)
surroundings.settle()
# Jobs run in the environment that Snakemake itself runs in, activated or not.
shell.prefix(f"export PATH={quote(str(Path(sys.executable).parent))}:$PATH; ")


# Constraints stand in the paths themselves: as `wildcard_constraints` they don't hold through pathvars.
NAME = "[a-z][a-z0-9_]*"


pathvars:
    study=f"{project.results}/{{study,{NAME}}}",
    run=f"{project.results}/{{study,{NAME}}}/{{condition,{NAME}}}/seed_{{seed,[0-9]+}}",
    log=f"{project.results}/logs",
    paper=f"{project.results}/paper",


rule all:
    default_target: True
    input:
        f"{project.results}/index.html",
        jobs.studies.summaries,
        jobs.paper.file,
        jobs.missing,


onstart:
    # In Snakemake 9.27 each pass of the scheduler starts a timer that releases another pass, so that passes
    # and their threads multiply with the jobs that have ended, until no thread can be started any more.
    # The limiter, of 100 jobs a second, is what asks for them; jobs here take longer than that.
    workflow.scheduler.job_rate_limiter = None
    if obstacle := call.obstacle(jobs_run_here=not workflow.non_local_exec):
        raise WorkflowError(obstacle)
    if workflow.is_main_process and not workflow.non_local_exec:
        start_server(project.settings.threads)
    planned = list(workflow.dag.needrun_jobs())
    expected = Durations(project).expected(planned)
    # For the progress that profiles/default asks for; by itself it prints nothing.
    logger.info("", extra={"expected": expected})
    if not workflow.non_local_exec and (
        outlook := call.outlook(planned, expected.values(), workflow.cores)
    ):
        logger.info(outlook)


onerror:
    ended = workflow.scheduler
    if said := call.failures(ended.failed, ended.running):
        logger.error("\n".join(said))


include: "workflow/rules/settings.smk"
include: "workflow/rules/weights.smk"
include: "workflow/rules/dataset.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/analyse.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/notebook.smk"
include: "workflow/rules/collections.smk"
include: "workflow/rules/views.smk"
include: "workflow/rules/gallery.smk"
include: "workflow/rules/paper.smk"
include: "workflow/rules/benchmark.smk"
