"""What a plain call would do if one file of finished results were gone: each in turn, in one process.

Run in a project's folder; writes JSON: file → whether the job that makes it would run.
"""

from __future__ import annotations

import json
from pathlib import Path

from snakemake.api import DAGSettings, OutputSettings, ResourceSettings, SnakemakeApi
from snakemake.dag import DAG
from snakemake.settings.enums import Quietness


def planned() -> DAG:
    """All jobs there are, and those that would run."""
    with SnakemakeApi(OutputSettings(quiet={Quietness.ALL})) as snakemake:
        resources = ResourceSettings(cores=1)
        call = snakemake.workflow(resource_settings=resources, snakefile=Path("Snakefile"))
        call.dag(DAGSettings()).execute_workflow(executor="dryrun")
        return call._workflow.dag


def would_run(path: Path) -> bool:
    hidden = path.with_name(f"{path.name}.hidden")
    path.rename(hidden)
    needed = {
        str(output)
        for job in planned().needrun_jobs(exclude_finished=False)
        for output in job.output
    }
    hidden.rename(path)
    return str(path) in needed


if __name__ == "__main__":
    outputs = sorted({str(output) for job in planned().jobs for output in job.output})
    print(json.dumps({path: would_run(Path(path)) for path in outputs}))
