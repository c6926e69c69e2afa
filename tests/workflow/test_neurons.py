"""The library is made when it is asked for, of runs as they lie on disk, and asks models what it shows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from onset.collections.neurons.reading import open_library
from onset.results import open_run
from tests import files
from tests.workflow.conftest import Project

pytestmark = pytest.mark.slow

JOBS = {"collect_neurons tiny", "combine_neurons", "notebook_neurons", "pages_neurons"}


@pytest.fixture(scope="session")
def _made(_finished, tmp_path_factory) -> Path:
    def with_library(folder: Path) -> None:
        project = Project.copied(_finished, folder / "project")
        project.set(project.config, "collections", ["neurons"])
        done = project.snakemake("--cores", "1")
        assert done.returncode == 0, done.stdout + done.stderr

    return files.made_once(tmp_path_factory, "with_library", with_library) / "project"


@pytest.fixture
def made(_made, tmp_path) -> Project:
    return Project.copied(_made, tmp_path / "project")


def test_it_is_made_on_request_alone(finished):
    assert finished.plan() == {}
    finished.set(finished.config, "collections", ["neurons"])
    planned = set(finished.plan())
    assert planned >= JOBS
    assert not [job for job in planned if job.startswith(("train", "evaluate", "collect_atlas"))]


def test_every_neuron_of_every_model_is_there_once(made):
    library = open_library(made.root / "results")
    found = library.neurons
    place = ["condition", "layer", "neuron"]
    assert len(found) == 3 * 2 * 32  # conditions, block applications, neurons
    assert not found.duplicated(place).any()
    assert found["condition"].unique().tolist() == ["plain", "fast", "child"]
    # A child begins where its parent ended: no control.
    untrained = library.nulls[library.nulls["null"] == "untrained"]
    assert set(untrained["condition"]) == {"plain", "fast"}
    assert set(library.models["n_neurons"]) == {64}


def test_its_numbers_are_the_models(made):
    results = made.root / "results"
    run, its = open_run("tiny", "fast", 0, results), open_library(results).neurons
    its = its[its["condition"] == "fast"]
    heard = its[its["kind"] != "silent"]
    assert len(heard) > 32
    first = heard.iloc[0]
    value, _, text = first["top"].split("\n")[0].partition("\t")
    sequence = text.partition("»")[0].replace("«", "")
    _, cache = run.bridge().run_with_cache(run.tokens(sequence))
    post = cache[f"blocks.{first['layer']}.mlp.hook_post"][0, -1, first["neuron"]]
    assert float(value) == pytest.approx(post.item(), rel=5e-3, abs=1e-4)


def test_a_reader_asks_a_neuron(made):
    library = open_library(made.root / "results")
    found = library.neurons
    its = found.loc[found["cleanliness"].idxmax()]
    which = {name: its[name] for name in ("study", "condition", "seed", "layer", "neuron")}
    sequence = its["top"].split("\n")[0].partition("\t")[2].partition("»")[0].replace("«", "")
    said = library.ask(sequence, **which)
    assert " ".join(said["token"]) == sequence
    assert said["active"].iloc[-1]
    unknown = library.ask("r1 r1", **which)  # no sequence of the dataset
    assert len(unknown) == 2
    assert np.isfinite(unknown["activation"]).all()
    with pytest.raises(ValueError, match="neurons are like this"):
        library.ask(sequence, condition="plain")
    with pytest.raises(ValueError, match="no token is called 'e99'"):
        library.ask("e99", **which)


def test_it_is_shown_as_other_collections_are(made):
    folder = made.root / "results/neurons"
    for name in ("clean", "cost", "forming"):
        assert (folder / f"figures/{name}.pdf").stat().st_size > 0
        page = (folder / f"figures/{name}.html").read_text()
        assert 'href="../pages/neurons.html"' in page
    text = (folder / "pages/neurons.html").read_text()
    assert 'href="../figures/clean.html"' in text
    entries = json.loads((folder / "card.json").read_text())["entries"]
    assert "neurons/pages/neurons.html" in {its["address"] for its in entries}
    front = (made.root / "results/index.html").read_text()
    assert "neurons of 3 trained models" in front


def test_a_study_more_asks_no_other_model(made):
    made.set(made.study, "conditions.wide", {"model": {"d_mlp": 16}})
    before = open_library(made.root / "results").neurons
    done = made.snakemake("--cores", "1", "results/neurons/neurons.parquet")
    assert done.returncode == 0, done.stdout + done.stderr
    after = open_library(made.root / "results").neurons
    assert len(after) == len(before) + 2 * 16
    same = after[after["condition"] != "wide"].reset_index(drop=True).drop(columns="page")
    pd.testing.assert_frame_equal(same, before.drop(columns="page"), check_exact=True)


def test_not_asked_for_any_more_it_is_left_over(made):
    made.set(made.config, "collections", [])
    assert "collect_neurons tiny" not in made.plan()
    said = made.python("-m", "onset.workflow.commands.orphans").stdout
    assert "results/neurons" in said
