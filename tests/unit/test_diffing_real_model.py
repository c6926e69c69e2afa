"""The tools of model diffing on a pretrained model and its fine-tuned checkpoints, by config alone."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import yaml

from onset.comparisons.changes.versions import Version
from onset.comparisons.member import Member
from onset.config import load_project
from onset.config.yaml_file import read_yaml
from onset.models.pretrained.adapters import is_adapter
from onset.results import Run
from onset.stages import compare, dataset, train
from onset.workflow.jobs import Jobs
from tests import checkpoints
from tests.config_files import CONFIG, Files

pytestmark = pytest.mark.filterwarnings("ignore")

ROOT = Path(__file__).parents[2]
EXAMPLE = re.search(
    r"`real.yaml`.*?```yaml\n(.*?)```", (ROOT / "docs/python.md").read_text(), re.S
)[1]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The example of docs/python.md, to the letter, beside a tiny model, with smoke's small world."""
    folder = tmp_path_factory.mktemp("real")
    base = checkpoints.save("llama", folder / "base", rows=1100, positions=16)
    files = Files.copied(folder / "project")
    told = yaml.safe_load(EXAMPLE.replace("./base", str(base)))
    small = {"smoke": True, "results": "results/smoke", "seeds": [0]}
    return load_project({**read_yaml(files.root / CONFIG), **told, **small}, files.root)


@pytest.fixture(scope="module")
def results(project, tmp_path_factory):
    """The folder with its runs, trained as their jobs say."""
    folder = tmp_path_factory.mktemp("results")
    for name in ("real", "real_nothing", "real_entities"):
        its = project.condition("diffing", name)
        run = folder / f"diffing/{name}/seed_0"
        parents = [folder / "diffing/real/seed_0"] if its.parent else []
        given = {"run": run, "runs": [run], "sources": [], "code": "none"}
        for stage, job, of in ((dataset, its.dataset_job, []), (train, its.train_job, parents)):
            stage.work(argparse.Namespace(**given, parents=of, settings=json.loads(job)))
    return folder


def added(project) -> list[str]:
    return [name for name in project.studies["diffing"].comparisons if name.startswith("real_")]


def test_the_study_is_what_it_was_beside_it(project):
    plain = load_project(
        {**read_yaml(ROOT / CONFIG), "studies": ["finetuning", "diffing"], "smoke": True,
         "results": "results/smoke", "seeds": [0]},
        ROOT,
    )  # fmt: skip
    for study in plain.studies:
        before, now = plain.studies[study], project.studies[study]
        for name, its in before.conditions.items():
            assert now.conditions[name].train_job == its.train_job
        of_both = {name: now.comparisons[name] for name in before.comparisons}
        assert of_both == dict(before.comparisons)


def test_every_tool_has_something_to_say(project, results):
    jobs = Jobs(project).comparisons
    found = {}
    for name in added(project):
        for table in jobs.groups_in("diffing", name):
            path = results / "diffing/comparisons" / name / Path(table).name
            wildcards = SimpleNamespace(study="diffing", comparison=name, group=path.stem)
            settings = json.loads(jobs.settings(wildcards))
            if "updates" in (options := settings["options"]) or name == "real_crosscoder":
                settings["options"] = {**options, "latents": 32, "active": 2, "updates": 10}
            path.parent.mkdir(parents=True, exist_ok=True)
            compare.work(
                argparse.Namespace(results=results, table=path, settings=settings, code="none")
            )
            found.setdefault(name, []).append(pd.read_parquet(path))
    assert set(found) == set(added(project))
    tables = {name: pd.concat(its) for name, its in found.items()}
    assert (tables["real_places"].query("measure == 'divergence'")["value"] > 0).any()
    assert (tables["real_harm"]["measure"] == "harm_by_gradient").any()
    assert {"kl_recall", "means_recall"} <= set(tables["real_change"]["measure"])
    assert {"crosscoder_recall"} <= set(tables["real_crosscoder"]["measure"])
    assert {"turned_recall"} <= set(tables["real_stages"]["measure"])
    assert {"read", "said"} <= set(tables["real_hidden"]["measure"])
    assert (tables["real_hill"].query("measure == 'distance'")["value"] > 0).all()


def test_its_adapters_count_as_merged(results):
    run = Run(results / "diffing/real_entities/seed_0")
    its = Version.of(Member(run.folder, "real_entities", 3), run.steps[-1])
    assert not any(map(is_adapter, its.parameters))
    assert its.model.settings.adapter is None
    base = its.model.initial_parameters(0)
    changed = {name for name, now in its.parameters.items() if not now.equal(base[name])}
    assert changed == {f"{name.rpartition('.')[0]}.weight" for name in run.parameters()
                       if is_adapter(name)}  # fmt: skip
