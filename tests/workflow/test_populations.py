"""Where the device is a GPU, the runs of a condition are one job that leaves each run's own files."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from onset.results import open_run
from tests.workflow.conftest import Project

pytestmark = pytest.mark.slow

SEEDS = (0, 1)
CONDITIONS = ("plain", "fast", "child")


def test_a_gpu_trains_conditions(fresh):
    fresh.set(fresh.config, "seeds", list(SEEDS))
    planned = fresh.plan("--config", "device=cuda")
    trained = {f"train_tiny_{condition}" for condition in CONDITIONS}
    assert {job for job in planned if job.startswith("train")} == trained
    parents = {f"results/tiny/plain/seed_{seed}/checkpoints/index.json" for seed in SEEDS}
    assert parents <= set(planned["train_tiny_child"])
    assert f"evaluate tiny/plain/{SEEDS[1]}" in planned


def test_a_hundred_seeds_are_one_key(fresh):
    """A hundred jobs on a CPU, one on a GPU; of everything else of the study as much as before."""
    fresh.set(fresh.study, "conditions.fast.extra_seeds", ["1-99"])
    for device, jobs in {"cpu": 100, "cuda": 1}.items():
        planned = fresh.plan("--config", f"device={device}")
        of_rule = Counter(job.split()[0] for job in planned)
        trained = [job for job in planned if "train" in job.split()[0] and "fast" in job]
        assert len(trained) == jobs
        assert of_rule["evaluate"] == 100 + 2
        assert of_rule["summarise"] == 1
        measured = "results/tiny/fast/seed_99/measures.parquet"
        assert measured in planned["summarise tiny"]
        assert sum(its.startswith("notebook") for its in of_rule) <= 2  # the atlas has one, too


def make(project: Project, folder: str) -> str:
    """All runs into a folder of results, and no pages; what is said meanwhile."""
    run = f"results/{folder}/tiny/{{}}/seed_{{}}/{{}}.parquet"
    tables = [
        run.format(*its) for its in product(CONDITIONS, SEEDS, ("training", "measures", "analyses"))
    ]
    done = project.snakemake("--cores", "2", "--config", f"results=results/{folder}", "--", *tables)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stderr


def test_what_it_leaves_is_what_single_jobs_leave(fresh, tmp_path_factory):
    """On the CPU, taken for a GPU: the same files, and the same numbers but for rounding."""
    fresh.set(fresh.config, "seeds", list(SEEDS))
    make(fresh, "single")
    for jobs in ("runs", "populations"):
        source = f"src/onset/workflow/jobs/{jobs}.py"
        fresh.replace(source, 'device.startswith("cuda")', 'device.startswith("cpu")')
    assert "one after the other" not in make(fresh, "together")

    results = fresh.root / "results"
    files = {
        kind: sorted(
            str(path.relative_to(results / kind)) for path in (results / kind).glob("tiny/**/*.*")
        )
        for kind in ("single", "together")
    }
    assert files["single"] == files["together"]
    for condition in CONDITIONS:
        for seed in SEEDS:
            alone, member = (open_run("tiny", condition, seed, results / kind) for kind in files)
            assert member.settings == alone.settings
            assert member.steps == alone.steps
            table: pd.DataFrame = member.measures
            assert_frame_equal(table, alone.measures, atol=1e-2, rtol=1e-3)
            assert_frame_equal(member.training_log, alone.training_log, atol=1e-4, rtol=1e-3)
