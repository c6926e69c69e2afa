"""How much of a reproduction is start-up: interpreters, imports, and Snakemake's own time.

Reads the logs of the last reproduction (each job says how long it started up and worked) and times a
nothing-to-do call. Usage: python -m benchmarks.startup results results/benchmarks/startup.csv
"""

from __future__ import annotations

import csv
import io
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from benchmarks.logs import jobs_in
from onset.store.atomic import write_text


def main(results: Path, target: Path) -> None:
    jobs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for job in jobs_in(results / "logs"):
        jobs[job.stage].append((job.work, job.start_up))
    if not jobs:
        sys.exit(f"no logs of a reproduction in {results}/logs: run `make reproduce` first")

    rows = [
        (stage, len(times), sum(s for _, s in times), sum(w for w, _ in times))
        for stage, times in jobs.items()
    ]
    rows.append(("snakemake", 1, _seconds_to_plan(), 0.0))
    rows.append(("all", sum(r[1] for r in rows), sum(r[2] for r in rows), sum(r[3] for r in rows)))
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(["stage", "jobs", "startup_s", "work_s", "share"])
    for stage, n_jobs, start_up, work in rows:
        share = start_up / (start_up + work)
        writer.writerow([stage, n_jobs, f"{start_up:.1f}", f"{work:.1f}", f"{share:.3f}"])
    write_text(target, table.getvalue())
    print(table.getvalue())


def _seconds_to_plan() -> float:
    """Of Snakemake to start, read the config and find out what there is to do."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "snakemake", "-n"], capture_output=True, check=True)
    return time.perf_counter() - began


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
