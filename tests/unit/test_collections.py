"""What a collection's file may say, and how its tables are read."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from onset.collections.reading import open_collection
from onset.config import ConfigError
from onset.config.collection import collection_names
from onset.config.traits import has_all
from onset.config.yaml_file import read_yaml
from onset.models import load_settings
from onset.stages.combine import values_of
from onset.store.atomic import write_text
from onset.store.origin import Origin
from onset.store.tables import load_table, save_table
from tests.config_files import CONFIG, ROOT, STUDY, Files
from tests.files import put_on_record

ATLAS = "config/collections/atlas.yaml"
NOTEBOOK = "workflow/notebooks/atlas.py"


@pytest.fixture
def files(tmp_path) -> Files:
    for folder in ("config", "workflow/notebooks"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    files = Files(tmp_path)
    files.set(CONFIG, "studies", ["composition"])
    files.set(CONFIG, "paper", False)
    return files


def test_the_shipped_ones_are_valid(files):
    every = collection_names(ROOT)
    files.set(CONFIG, "collections", every)
    assert list(files.load().collections) == every


def test_one_on_request_is_made_when_the_config_names_it(files):
    files.set(CONFIG, "collections", [])
    assert list(files.load().collections) == ["atlas"]
    files.set(CONFIG, "collections", ["neurons"])
    assert list(files.load().collections) == ["atlas", "neurons"]
    files.set(CONFIG, "collections", ["neurns"])
    said = "there is no collection 'neurns'; did you mean neurons?"
    assert files.problems()[CONFIG, "collections.0"].startswith(said)


def test_one_that_is_not_made_keeps_its_name(files):
    files.set(CONFIG, "collections", [])
    shutil.copy2(files.root / STUDY, files.root / "config/studies/neurons.yaml")
    files.set(CONFIG, "studies", ["composition", "neurons"])
    assert "neurons can't be a study's name" in files.problems()[CONFIG, "studies"]


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("wnats", ["heads"], "unknown key; did you mean wants?"),
        ("wants", ["head"], "nothing in a model is called 'head'; did you mean heads?"),
        ("wants", [], "must not be empty"),
        ("makes", ["Heads"], "names are lower-case letters"),
        ("makes", ["heads", "untraind", "ablations"], "makes no untraind; did you mean untrained?"),
        ("makes", ["heads", "untrained"], "combine.py makes ablations, which isn't declared here"),
        ("title", "", "must not be empty"),
        ("title", "a $ sign", "$ begins mathematics"),
        ("figures", {"mosiac": "A caption."}, "draws no such figure; did you mean mosaic?"),
        ("tables", {"kinds": "A caption."}, "makes no such table"),
        ("answer", "Of {heads} heads", "saves no number 'heads'"),
        ("answer", "Of {n_heads heads", "has no counterpart"),
        ("pages", {"heads": "All heads."}, "src/onset/collections/atlas/pages.py with a function pages"),
    ],
)  # fmt: skip
def test_a_mistake_is_named(files, key, value, says):
    files.set(ATLAS, key, value)
    problems = files.problems()
    assert {file for file, _ in problems} == {ATLAS}
    assert says in str(problems)


def test_its_notebook_knows_what_it_is_told(files):
    text = (files.root / NOTEBOOK).read_text()
    files.write(NOTEBOOK, text.replace('code = "by hand"', 'cod = "by hand"'))
    said = f"the parameters of {NOTEBOOK} must be results and code"
    assert files.problems() == {(ATLAS, ""): said}
    files.write(NOTEBOOK, "def (:")
    assert f"its notebook can't be read: {files.root / NOTEBOOK}: line 1" in str(files.problems())
    (files.root / NOTEBOOK).unlink()
    assert files.problems() == {(ATLAS, ""): f"its notebook {NOTEBOOK} is missing"}


@pytest.mark.parametrize(
    ("name", "end"), [("paper", "to all studies"), ("smoke", "of the smoke run")]
)
def test_it_takes_no_folder_of_something_else(files, name, end):
    shutil.copy2(files.root / ATLAS, files.root / f"config/collections/{name}.yaml")
    (said,) = [its for its in every_problem(files) if "can't be a collection's name" in its]
    assert said.startswith(f"config/collections/{name}.yaml: {name} can't be a collection's name: ")
    assert said.endswith(end)


def test_a_study_says_whose_models_are_gathered(files):
    study = "config/studies/annealing.yaml"
    files.set(CONFIG, "studies", ["composition", "annealing"])
    of = files.load().studies
    assert list(of["annealing"].gathered) == ["trunk"]
    assert of["composition"].gathered == of["composition"].conditions
    files.set(study, "gathered", ["trunk", "from_2000_*"])
    found = files.load().studies["annealing"].gathered
    assert list(found) == ["trunk", *(f"from_2000_in_{n}" for n in (100, 300, 1000))]
    files.set(study, "gathered", ["trunc"])
    (said,) = files.problems().items()
    assert said[0] == (study, "gathered")
    assert said[1].startswith("there is no condition 'trunc'; did you mean trunk?")


def test_a_study_says_what_its_world_declares(files):
    files.set(STUDY, "meanings", {"bridge": "the entity between two hops", "oo": "never composed"})
    of_study = files.load().studies["composition"].file.meanings
    assert list(of_study) == ["bridge", "oo"]
    files.set(STUDY, "meanings", {"brigde": "the entity between two hops"})
    ((place, said),) = files.problems().items()
    assert place == (STUDY, "meanings.brigde")
    assert said.startswith("its world has no such truth or split; did you mean bridge?")


def every_problem(files) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        files.load()
    return [str(problem) for problem in refused.value.problems]


def test_one_without_code_is_told_where_it_should_be(files):
    shutil.copy2(files.root / ATLAS, files.root / "config/collections/atlsa.yaml")
    said = " ".join(every_problem(files))
    assert "its code is missing: src/onset/collections/atlsa/look.py with a function look" in said
    assert "its notebook workflow/notebooks/atlsa.py is missing" in said


def test_a_study_and_a_collection_have_no_folder_in_common(files):
    shutil.copy2(files.root / STUDY, files.root / "config/studies/atlas.yaml")
    files.set(CONFIG, "studies", ["composition", "atlas"])
    said = "atlas can't be a study's name: results/atlas holds what is gathered over all studies"
    assert files.problems()[CONFIG, "studies"] == said
    files.set(CONFIG, "studies", ["composition"])
    files.set(CONFIG, "results", "mine/atlas")
    assert "a folder atlas holds what is gathered" in files.problems()[CONFIG, "results"]


def model(name: str, **settings):
    return load_settings(name).Settings.model_validate({"name": name, **settings})


def test_what_models_have():
    width = {"d_model": 8, "n_heads": 2}
    with_mlp, without = (model("transformer", **width, d_mlp=n) for n in (8, 0))
    vectors = model("bottleneck", n_inputs=4, d_hidden=2)
    assert has_all(["heads", "neurons"], with_mlp)
    assert has_all(["heads"], without)
    assert not has_all(["neurons"], without)
    assert not has_all(["heads"], vectors)


@pytest.fixture
def results(tmp_path) -> Path:
    folder = tmp_path / "library"
    for name in ("neurons", "examples"):
        save_table(folder / f"{name}.parquet", {"n": [1, 2]}, Origin("library", "s", "c"))
    names = '[{"name": "one", "title": "One", "labels": {"plain": "as it is"}}]'
    write_text(folder / "names.json", names)
    put_on_record(folder)
    return tmp_path


def test_its_tables_are_read_by_name(results):
    library = open_collection("library", results)
    assert library.tables == ["examples", "neurons"]
    assert library.rows("neurons")["n"].tolist() == [1, 2]
    assert library.titles == {"one": "One"}
    assert library.labels == {"one": {"plain": "as it is"}}
    with pytest.raises(ValueError, match=r"no table 'neuron' in .*: \['examples', 'neurons'\]"):
        library.rows("neuron")
    with pytest.raises(FileNotFoundError, match=r"no libary in .*: `snakemake --cores all` makes"):
        open_collection("libary", results)


def test_the_schema_for_editors_knows_its_keys():
    declared = read_yaml(ROOT / ATLAS)
    schema = yaml.safe_load((ROOT / "config/schema/collection.json").read_text())
    assert set(declared) <= set(schema["properties"])


class TestTables:
    def test_a_text_or_a_list_that_is_missing_is_none_and_not_nan(self, tmp_path):
        """As where a study of whose heads nothing is known without them stands beside others."""
        rows = pd.DataFrame(
            {"needed_on": ["oo", np.nan], "shape": [[2, 3], np.nan], "lost": [0.5, np.nan]}
        )
        columns = {name: values_of(rows[name]) for name in rows}
        assert columns["needed_on"] == ["oo", None]
        assert columns["shape"] == [[2, 3], None]
        path = tmp_path / "heads.parquet"
        save_table(path, columns, Origin("atlas", "", ""))
        assert load_table(path)[0].isna().to_numpy().tolist() == [[False] * 3, [True] * 3]
