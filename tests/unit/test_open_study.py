"""Which runs a study on disk has."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

from onset.collections.atlas.reading import open_atlas
from onset.results import Found, open_run, open_study


@pytest.fixture
def results(tmp_path):
    """Two conditions; one of them has two seeds more."""
    for run in ("one/seed_0", "one/seed_1", "two/seed_0", "two/seed_1", "two/seed_5", "two/seed_7"):
        table = tmp_path / "study" / run / "measures.parquet"
        table.parent.mkdir(parents=True)
        table.touch()
    return tmp_path


def names(study) -> list[tuple[str, int]]:
    return [(run.condition, run.seed) for run in study.runs]


def test_seeds_that_all_have_and_seeds_of_one(results):
    study = open_study("study", results)
    assert study.seeds == (0, 1)
    assert study.extra_seeds == {"two": [5, 7]}
    assert names(study) == [("one", 0), ("one", 1), ("two", 0), ("two", 1), ("two", 5), ("two", 7)]


def test_exactly_those_asked_for(results):
    study = open_study("study", results, ["two"], [1], extra_seeds={"two": [7]})
    assert names(study) == [("two", 1), ("two", 7)]
    assert names(open_study("study", results, ["two"], [1])) == [("two", 1)]


class TestFromWhere:
    """A notebook lies in `results/STUDY`, and is run from there as well."""

    @pytest.fixture
    def project(self, results):
        """The results are a project's, and those of another lie above them."""
        (results / "Snakefile").touch()
        (results / "outer/Snakefile").parent.mkdir()
        project = results / "outer/inner"
        for place, study in (("outer", "other"), ("outer/inner", "study")):
            shutil.copytree(results / "study", results / place / "results" / study)
        (project / "Snakefile").touch()
        return project

    @pytest.mark.parametrize("below", ["", "results", "results/study", "results/study/one"])
    def test_below_the_project(self, project, monkeypatch, below):
        monkeypatch.chdir(project / below)
        study = open_study("study", "results")
        assert study.folder.resolve() == project / "results/study"
        assert open_run("study", "one", 0).path.resolve() == project / "results/study/one/seed_0"
        assert study.folder.is_absolute() == bool(below)

    def test_another_project_is_not_taken_for_it(self, project, monkeypatch):
        monkeypatch.chdir(project / "results/study")
        words = "no evaluated runs in results/other; run this in the project's folder"
        with pytest.raises(FileNotFoundError, match=words):
            open_study("other")
        with pytest.raises(FileNotFoundError, match=r"no run .* there are none; run this in the"):
            open_run("other", "one", 0)
        with pytest.raises(FileNotFoundError, match=r"no atlas in results: .* run this in the"):
            open_atlas()


@pytest.mark.parametrize(
    ("values", "border", "sign", "agrees"),
    [
        ([0.9, 1.0, 1.1], 0.5, 1, True),
        ([0.9, 1.0, 1.1], 0.5, -1, False),
        ([-1.1, -1.0, -0.9], 0.0, -1, True),
        ([0.0, 1.0, 2.0], 0.5, 1, None),  # the interval is on both sides
        ([0.9, 1.0, 1.1], np.nan, 1, None),
        ([1.0], 0.5, 1, None),
        ([], 0.5, 1, None),
    ],
)
def test_what_is_said_agrees_if_the_whole_interval_does(values, border, sign, agrees):
    assert Found.beyond(pd.Series(values, dtype=float), border, sign).agrees is agrees
