"""What each study costs: core-minutes of each study and stage, and a comparison of the last reproductions.

Reads the logs of the last reproduction, in which each job says how long it took, and keeps the costs in
`costs/`, one file per reproduction, named after the time at which its last job ended. Times are wall-clock
times, so everything costs more on a busy machine. An interrupted training counts only from where it
resumed.
Usage: python -m benchmarks.costs results THREADS results/benchmarks/costs.csv
"""

from __future__ import annotations

import platform
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from benchmarks.logs import Job, jobs_in
from onset.store.atomic import write_text

OF_ALL = "all studies"
"""in place of a study, for jobs that belong to no single one: front page, paper"""
COMPUTING = frozenset({"dataset", "train", "evaluate", "analyse", "compare", "collect", "views"})
"""stages whose jobs have as many cores as the config's `threads`; others have one"""
_SHOWN = 4  # reproductions that are compared
# A rise is reported from this ratio per job on, and this many core-minutes in all.
_DEARER, _NOTEWORTHY = 1.25, 0.5
_PLACE = ["study", "stage"]


def main(results: Path, threads: int, target: Path) -> None:
    logs = results / "logs"
    jobs = list(jobs_in(logs))
    if not jobs:
        sys.exit(f"no logs of a reproduction in {logs}: run `make reproduce` first")
    ended = max((logs / job.log).stat().st_mtime for job in jobs)
    name = time.strftime("%Y-%m-%dT%H%M%SZ", time.gmtime(ended))
    kept = target.parent / target.stem
    found = costs(jobs, threads).assign(commit=_commit(), machine=machine())
    write_text(kept / f"{name}.csv", found.to_csv(index=False, float_format="%.3f"))
    table = beside({path.stem: pd.read_csv(path) for path in sorted(kept.glob("*.csv"))[-_SHOWN:]})
    write_text(target, table.to_csv(index=False, float_format="%.2f"))
    print(f"Core-minutes of the reproduction that ended at {name}:", matrix(found), sep="\n")
    sums = table[(table[_PLACE] == "all").any(axis=1)].to_string(index=False, float_format="%.2f")
    print(
        "",
        f"The last reproductions compared ({target} has each stage of each study):",
        sep="\n",
    )
    print(sums, *dearer(table), sep="\n")


def costs(jobs: Iterable[Job], threads: int) -> pd.DataFrame:
    """`study`, `stage`, `jobs` and `core_minutes`, in the order of the logs.

    Args:
        jobs: all that ended well.
        threads: the cores of a job of a computing stage.
    """
    jobs = list(jobs)
    studies = {job.log.parts[0] for job in jobs if len(job.log.parts) > 1}
    rows = [
        (
            study_of(job, studies),
            job.stage,
            (job.work + job.start_up) * (threads if job.stage in COMPUTING else 1) / 60,
        )
        for job in jobs
    ]
    table = pd.DataFrame(rows, columns=[*_PLACE, "core_minutes"])
    grouped = table.groupby(_PLACE, sort=False)["core_minutes"]
    return grouped.agg(jobs="size", core_minutes="sum").reset_index()


def study_of(job: Job, studies: Iterable[str]) -> str:
    """The study or collection that a job belongs to, judging by the path of its log."""
    if len(job.log.parts) > 1:
        return job.log.parts[0]
    # Of a collection: NAME, NAME_notebook. Of several runs trained together: STAGE_STUDY_CONDITION.
    whole = job.log.stem
    about = (whole, whole.removeprefix(f"{job.stage}_"))
    whose = [its for its in studies if any(f"{text}_".startswith(f"{its}_") for text in about)]
    return max(whose, key=len, default=OF_ALL)


def beside(reproductions: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A column of core-minutes for each reproduction; study by study, with sums.

    `ratio` is the cost per job in the last reproduction divided by that in the one before; it is missing if
    one of them has no such jobs, or if they ran on different machines.

    Args:
        reproductions: `costs` with `machine`, by name, oldest first.
    """
    summed = {name: _with_sums(table).set_index(_PLACE) for name, table in reproductions.items()}
    last, *before = reversed(summed.values())
    columns = {name: its["core_minutes"] for name, its in summed.items()}
    table = pd.DataFrame(columns).reindex(_in_order(summed.values()))
    table.insert(0, "jobs", last["jobs"].reindex(table.index).fillna(0).astype(int))
    machines = [table["machine"].iloc[0] for table in reproductions.values()]
    table["ratio"] = float("nan")
    if before and machines[-1] == machines[-2]:
        each = [its["core_minutes"] / its["jobs"] for its in (last, before[0])]
        table["ratio"] = each[0] / each[1]
    return table.reset_index()


def _with_sums(table: pd.DataFrame) -> pd.DataFrame:
    """The table with sums for each study, for each stage, and over everything."""
    numbers = ["jobs", "core_minutes"]
    by_study = table.groupby("study", sort=False)[numbers].sum().reset_index().assign(stage="all")
    by_stage = table.groupby("stage", sort=False)[numbers].sum().reset_index().assign(study="all")
    whole = pd.DataFrame([{"study": "all", "stage": "all", **table[numbers].sum()}])
    return pd.concat([table[[*_PLACE, *numbers]], by_study, by_stage, whole], ignore_index=True)


def _in_order(tables: Iterable[pd.DataFrame]) -> pd.MultiIndex:
    """The rows of all tables, study by study, sums last."""
    places = dict.fromkeys(place for table in reversed(list(tables)) for place in table.index)
    studies = list(dict.fromkeys(study for study, _ in places))
    studies = [its for its in studies if its != "all"] + ["all"]
    stages = list(dict.fromkeys(stage for _, stage in places))
    ordered = sorted(
        places,
        key=lambda its: (studies.index(its[0]), its[1] == "all", stages.index(its[1])),
    )
    return pd.MultiIndex.from_tuples(ordered, names=_PLACE)


def matrix(costs: pd.DataFrame) -> str:
    """A row per study and a column per stage, with sums, the most expensive study first."""
    wide = costs.pivot(index="study", columns="stage", values="core_minutes").fillna(0.0)
    wide = wide[list(dict.fromkeys(costs["stage"]))]
    wide["all"] = wide.sum(axis=1)
    wide = wide.sort_values("all", ascending=False)
    wide.loc["all"] = wide.sum()
    return wide.to_string(float_format="%.1f", index_names=False)


def dearer(table: pd.DataFrame) -> list[str]:
    """A line for each study and stage whose jobs cost clearly more than in the reproduction before."""
    *_, earlier, last, _ = [None, *table.columns]
    lines = []
    for _, row in table[table["ratio"] >= _DEARER].iterrows():
        more = row[last] * (1 - 1 / row["ratio"])
        if more >= _NOTEWORTHY and "all" not in (row["study"], row["stage"]):
            lines.append(
                f"dearer than in {earlier}: {row['study']}, {row['stage']}: "
                f"{row['ratio']:.2f} times, {more:.1f} core-minutes more"
            )
    return lines


def _commit() -> str:
    """The commit of the checkout, marked if files differ from it; empty if git can't tell."""
    command = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return ""
    return done.stdout.strip()


def machine() -> str:
    """The processor, as far as the system names it."""
    told = Path("/proc/cpuinfo")
    text = told.read_text(encoding="utf-8") if told.exists() else ""
    named = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    return named[1] if named else f"{platform.system()} {platform.machine()}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
