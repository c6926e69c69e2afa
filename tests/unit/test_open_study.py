"""Which runs a study on disk has."""

from __future__ import annotations

import argparse
import shutil

import pytest

from onset.collections.atlas.reading import open_atlas
from onset.measures.measurement import Measurement
from onset.results import open_run, open_study
from onset.stages import summarise
from onset.stages.command import StageError
from onset.statistics.seeds import over_seeds
from onset.store.files import checksum
from onset.store.layout import RunFolder
from onset.store.origin import Origin
from onset.store.tables import save_table


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


def test_a_copy_that_somebody_made_is_no_run(results):
    for copy in ("seed_x", "seed_0 copy", "seed_0_old"):
        shutil.copytree(results / "study/one/seed_0", results / "study/one" / copy)
    assert names(open_study("study", results, ["one"])) == [("one", 0), ("one", 1)]


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


class TestSummarised:
    """What the stage leaves, and how a study reads it."""

    DECLARED = {
        "accuracy": {"kind": "share", "label": "accuracy"},
        "*_loss": {"kind": "nats", "label": "loss: * (nats)", "digits": 3},
    }

    @pytest.fixture
    def measured(self, tmp_path):
        """A study of one condition and two seeds."""
        for seed, accuracy in enumerate((1.0, 0.9)):
            folder = RunFolder(tmp_path / f"study/one/seed_{seed}")
            folder.checkpoints.mkdir(parents=True)
            folder.checkpoint_index.write_text("{}")
            columns = {
                "step": [5, 5],
                "measure": ["accuracy", "key_loss"],
                "value": [accuracy, 0.01 * seed],
                **{name: [None, None] for name in Measurement._fields[2:]},
            }
            source = checksum(folder.checkpoint_index)
            save_table(folder.measures, columns, Origin(folder.run, "settings", "code", source))
        return tmp_path

    def summarise(self, results, quantities):
        settings = {
            "conditions": ["one"],
            "seeds": [0, 1],
            "analysed": [],
            "quantities": quantities,
        }
        given = argparse.Namespace(study=results / "study", settings=settings, code="code")
        summarise.work(given)

    def test_every_mean_has_its_kind_and_digits(self, measured):
        self.summarise(measured, self.DECLARED)
        study = open_study("study", measured)
        rows = study.summary.set_index("measure")
        assert rows.loc["accuracy", ["kind", "digits", "n_seeds"]].tolist() == ["share", 2, 2]
        assert rows.loc["key_loss", ["kind", "digits", "n_seeds"]].tolist() == ["nats", 3, 2]
        assert 0 < rows.loc["key_loss", "low"] < rows.loc["key_loss", "mean"]
        assert study.quantities["key_loss"].label == "loss: key (nats)"
        assert set(study.quantities) == {"accuracy", "key_loss"}

    def test_measurements_know_their_kind(self, measured):
        self.summarise(measured, self.DECLARED)
        measures = open_study("study", measured).measures
        assert measures["kind"].tolist() == ["share", "nats"] * 2
        assert over_seeds(measures, ["measure"])["high"].tolist()[0] == 1

    def test_what_is_not_declared_stops_it(self, measured):
        said = "key_loss is measured, but in no QUANTITIES of what measures it; there are: accuracy"
        with pytest.raises(StageError, match=said):
            self.summarise(measured, {"accuracy": self.DECLARED["accuracy"]})
        assert not (measured / "study/summary.csv").exists()

    def test_before_that_it_says_what_to_do(self, measured):
        with pytest.raises(FileNotFoundError, match=r"no .*quantities\.json: to make it, when all"):
            _ = open_study("study", measured).measures
