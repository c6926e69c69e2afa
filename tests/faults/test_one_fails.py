"""One run that fails stops neither the others nor passes for done."""

from __future__ import annotations

import os
import time

import pytest

from tests.faults.conftest import contents, said

pytestmark = pytest.mark.slow


def test_the_rest_finishes_and_nothing_is_made_of_a_part(fresh):
    fresh.set(fresh.study, "training.steps", 20)
    broken = {
        "training": {"learning_rate": 1.0},
        "model": {"norm": "none", "n_loops": 12},  # what is too large grows with each application
    }
    fresh.set(fresh.study, "conditions", {"broken": broken, "plain": None, "last": None})
    diary = fresh.root / "results/logs/tiny/diary.log"
    diary.parent.mkdir(parents=True)
    diary.write_text("A user's own.\n")
    later = time.time() + 3600  # as if written while the call runs
    os.utime(diary, (later, later))
    done = fresh.snakemake("--cores", "2", "--keep-going")
    assert done.returncode == 1

    log = "results/logs/tiny/broken/seed_0/train.log"
    assert "train: the " in said(done)
    assert "a step moves every weight by about 1: try a lower learning_rate" in said(done)
    assert "train of tiny/broken/seed_0: the loss is " in said(done)
    assert f"({log})" in said(done)
    assert "Not made because of it: summary, figures, tables and page of tiny;" in said(done)
    assert "try a lower learning_rate" in (fresh.root / log).read_text()
    assert "diary" not in said(done)

    made = contents(fresh, "results/tiny")
    for condition in ("plain", "last"):
        assert f"{condition}/seed_0/measures.parquet" in made
    assert "broken/seed_0/measures.parquet" not in made
    assert "broken/seed_0/checkpoints/index.json" not in made
    # Of the study as a whole there is nothing: no summary, notebook, figure, page.
    assert {name.split("/")[0] for name in made} == {
        *("broken", "plain", "last"),
        "settings",  # what its jobs would have been told
    }
    assert not (fresh.root / "results/index.html").exists()
    assert not (fresh.root / "results/paper/paper.pdf").exists()

    # Once the cause is gone, only what was missing runs.
    fresh.set(fresh.study, "conditions.broken.training.learning_rate", 1.0e-3)
    assert {"train tiny/broken/0", "evaluate tiny/broken/0"} == {
        job for job in fresh.plan() if job.startswith(("dataset", "train", "evaluate"))
    }
