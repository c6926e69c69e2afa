"""A plain call makes again whatever it has made and is gone."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.files import put_on_record
from tests.workflow import missing
from tests.workflow.planned import jobs

pytestmark = pytest.mark.slow

EVERY_KIND = {
    "results/index.html",
    "results/atlas/names.json",
    "results/atlas/notebook.ipynb",
    "results/atlas/studies/tiny.parquet",
    "results/atlas/untrained.parquet",
    "results/logs/times.js",
    "results/paper/paper.pdf",
    "results/tiny/card.json",
    "results/tiny/figures/one.html",
    *(f"results/tiny/figures/one.{its}" for its in ("pdf", "png", "csv", "json")),
    "results/tiny/index.html",
    "results/tiny/notebook.ipynb",
    "results/tiny/numbers.json",
    "results/tiny/quantities.json",
    "results/tiny/plain/index.html",
    "results/tiny/plain/seed_0/analyses.parquet",
    "results/tiny/plain/seed_0/checkpoints/index.json",
    "results/tiny/plain/seed_0/dataset.safetensors",
    "results/tiny/plain/seed_0/measures.parquet",
    "results/tiny/plain/seed_0/training.parquet",
    "results/tiny/plain/views.json",
    "results/tiny/reference.csv",
    "results/tiny/settings/pages.json",
    "results/tiny/summary.csv",
    *(f"results/tiny/tables/two.{its}" for its in ("tex", "csv", "json")),
}


@pytest.fixture
def complete(finished):
    """With a figure, a table, published values and a paper, of which the files are empty."""
    finished.set(finished.config, "paper", True)
    finished.set(finished.study, "figures", {"one": "A figure."})
    finished.set(finished.study, "tables", {"two": "A table."})
    published = {"quantity": "accuracy", "published": "1", "source": "somebody", "above": 0}
    finished.set(finished.study, "reference", {"one": published})
    finished.name_in_notebook(finished.notebook, ["one"], ["two"])
    beside = 'study.verdict({"one": None})\n'
    finished.edit(finished.notebook, lambda text: text + beside)
    _, *lines = finished.snakemake("--summary").stdout.splitlines()
    for line in lines:
        path = finished.root / line.partition("\t")[0]
        path.parent.mkdir(exist_ok=True)
        path.touch()
    for folder in ("tiny", "paper"):
        put_on_record(finished.root / "results" / folder)
    finished.take_for_done()
    return finished


def test_each_file(complete):
    done = complete.python(missing.__file__)
    assert done.returncode == 0, done.stderr
    noticed = json.loads(done.stdout)
    assert set(noticed) >= EVERY_KIND
    assert [path for path, its in noticed.items() if not its] == []
    assert complete.plan() == {}


def test_a_whole_run(finished):
    shutil.rmtree(finished.root / "results/tiny/fast/seed_0")
    planned = set(finished.plan())
    assert jobs("dataset train evaluate analyse", ("fast",)) <= planned
    assert not planned & jobs("dataset train evaluate analyse", ("plain", "child"))


def test_who_asks_for_one_figure_is_not_told_of_others(finished):
    (finished.root / "results/tiny/child/seed_0/training.parquet").unlink()
    assert finished.plan("--", "results/tiny/summary.csv") == {}
