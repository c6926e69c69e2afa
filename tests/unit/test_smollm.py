"""Studies of a real model ask another one, if its folder is named: one key, as their files say, and all
jobs of a run."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from onset.gallery.answer import filled, names_in
from onset.latex import escape
from onset.models.pretrained.described import described
from onset.results import Run
from onset.stages import analyse, dataset, evaluate, train
from onset.statistics.means import Means
from onset.workflow.jobs import Jobs
from tests import checkpoints, packages
from tests.config_files import CONFIG, ROOT, Files
from tests.texts import all_pieces
from tests.unit.test_invented_facts import SMALL_WORLDS

STUDY = "config/studies/smollm.yaml"
FACTS = "config/studies/smollm_facts.yaml"
CHANGED = {
    "ioi": {"n_examples": 4},
    "word_tasks": {"n_examples": 4},
    "induction": {"n_symbols": 40, "n_test": 4},
    "invented_facts": SMALL_WORLDS[0],
}

OF_ONE_MODEL = re.compile(r"smollm2|135|\b(4|four)[- ]bits?\b", re.I)
"""what is true of the model that a package ships, and said of no other"""
_IF = re.compile(r"\\onsetifnumber\{(?P<name>[^{}]*)\}")
_NUMBER = re.compile(r"\\onsetnumber\{(?P<name>[^{}]*)\}")


def asking_of_another(root: Path, kind: str, study: str, **more: int) -> Files:
    """A project that runs a study with a tiny model of an architecture in place of the real one."""
    pieces = all_pieces()
    folder = checkpoints.save(kind, root / "own", rows=len(pieces) + 3, positions=64, pieces=pieces)
    files = Files.copied(root / "project")
    files.set(CONFIG, "studies", [study])
    own = {"checkpoint": str(folder), "revision": None, "checksum": None, **more}
    files.set(CONFIG, "overrides", {study: {"model": own}})
    files.set(f"config/studies/{study}.yaml", "quotes", [])
    return files


@pytest.fixture(scope="module", params=["llama", "gpt2"])
def project(request, tmp_path_factory):
    """The study of what is there already."""
    root = tmp_path_factory.mktemp(request.param)
    files = asking_of_another(root, request.param, "smollm", first_token=1)
    for name in ("repeated", "repeated_untrained"):
        files.set(STUDY, f"conditions.{name}.task.n_symbols", 40)
    return files.load()


def braced(text: str, start: int) -> tuple[str, int]:
    """What stands in the braces that open there, and where the text goes on."""
    depth = 0
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if not depth:
            return text[start + 1 : at], at + 1
    raise ValueError("braces that don't close")


def as_set(text: str, numbers: Mapping[str, str]) -> str:
    """LaTeX with its numbers, and of what depends on whether there is one, the one or the other."""
    while found := _IF.search(text):
        there, end = braced(text, found.end())
        otherwise, end = braced(text, end)
        chosen = there if found["name"] in numbers else otherwise
        text = text[: found.start()] + chosen + text[end:]
    return _NUMBER.sub(lambda its: numbers.get(its["name"], "1"), text)


def with_numbers(text: str, numbers: Mapping[str, str]) -> str:
    """An answer, whatever was measured."""
    return filled(text, dict.fromkeys(names_in(text), "0.5") | dict(numbers), Means())


def texts_of(project, study: str) -> dict[str, str]:
    """What readers of page, notebook and section are told, with the numbers that name the model."""
    its = project.studies[study]
    first = next(iter(its.conditions.values()))
    said = {f"model/{what}": escape(text) for what, text in described(first.model).items()}
    numbers = {f"{study}/{name}": text for name, text in said.items()}
    section = (ROOT / f"paper/sections/{study}.tex").read_text()
    return {
        **{key: getattr(its.file, key) for key in ("title", "question")},
        **{key: with_numbers(getattr(its.file, key), said) for key in ("answer", "abstract")},
        **{f"{key} {name}": text for key in ("figures", "tables")
           for name, text in getattr(its.file, key).items()},
        **{f"label of {name}": condition.label for name, condition in its.conditions.items()},
        "notebook": (ROOT / f"workflow/notebooks/{study}.py").read_text(),
        "section": as_set(section, numbers),
    }  # fmt: skip


def named_by_texts(project, study: str) -> None:
    """All texts name the model that was asked, and none says what is true of another."""
    texts = texts_of(project, study)
    for name in ("answer", "abstract", "section"):
        assert re.search(r"\bown\b", texts[name]), name
    wrong = {name: found[0] for name, its in texts.items() if (found := OF_ONE_MODEL.search(its))}
    assert not wrong


def work(stage, run: Path, told: str) -> None:
    settings = json.loads(told)
    if "task" in settings:
        settings["task"] |= CHANGED[settings["task"]["name"]]
    given = {"run": run, "runs": [run], "parents": [], "sources": [], "code": "none"}
    stage.work(argparse.Namespace(**given, settings=settings))


@pytest.mark.parametrize(
    "name", ["ioi", "ioi_untrained", "repeated", "repeated_untrained", "words", "words_untrained"]
)
def test_all_jobs_of_a_run(project, name, tmp_path):
    its = project.studies["smollm"].conditions[name]
    run = Run(tmp_path / f"results/smollm/{name}/seed_0")
    work(dataset, run.path, its.dataset_job)
    work(train, run.path, its.train_job)
    work(evaluate, run.path, its.evaluate_job)
    assert run.measures["value"].notna().all()
    assert set(run.measures["step"]) == {0}
    if its.analyses.names:
        work(analyse, run.path, its.analyse_job)
        found = set(run.analyses["measure"])
        expected = {
            "ioi": {"head_effect", "attention_to_right", "mean_by_norm", "all_paths_lost_lead"},
            "repeated": {"without_induction_heads_loss", "without_random_heads_loss"},
            "words": {"head_effect"},
            "words_untrained": {"head_effect"},
        }
        assert expected[name] <= found
        assert run.analyses["value"].notna().all()


def test_the_atlas_looks_at_the_model_once(project):
    """All conditions ask the same one; and what nobody has trained isn't gathered."""
    told = json.loads(Jobs(project).collections.collect_settings("atlas", "smollm"))
    assert [(its["name"], its["seeds"]) for its in told["conditions"]] == [("ioi", [0])]


def test_texts_name_another_model(project):
    named_by_texts(project, "smollm")


@pytest.mark.parametrize("study", ["smollm", "smollm_facts"])
def test_texts_say_how_the_model_is_rounded_that_a_package_ships(study, tmp_path, monkeypatch):
    """Without this, the test of another model could pass on texts that say nothing of either."""
    file = packages.installed(tmp_path / "site")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    files = Files.copied(tmp_path / "project")
    files.set(CONFIG, "studies", [study])
    own = {
        "checkpoint": packages.CHECKPOINT,
        "revision": packages.VERSION,
        "checksum": packages.checksum(file),
    }
    files.set(CONFIG, "overrides", {study: {"model": own}})
    files.set(f"config/studies/{study}.yaml", "quotes", [])
    texts = texts_of(files.load(), study)
    assert "tiny (weights rounded to 4 bits)" in texts["answer"]
    assert "rounded to\n4 bits" in texts["section"] or "rounded to 4 bits" in texts["section"]
    assert f"as the package\n{packages.NAME}" in texts["section"].replace("package ", "package\n")


@pytest.fixture(scope="module", params=["llama", "gpt2", "pythia"])
def facts(request, tmp_path_factory):
    """The study of invented facts, in a small world."""
    root = tmp_path_factory.mktemp(request.param)
    files = asking_of_another(root, request.param, "smollm_facts")
    for key, value in {"steps": 6, "warmup_steps": 2}.items():
        files.set(FACTS, f"training.{key}", value)
    files.set(FACTS, "checkpoints", {"schedule": "log", "count": 3, "first": 2})
    return files.load()


@pytest.mark.parametrize("name", ["facts", "half_composed"])
def test_all_jobs_of_a_run_that_is_told_facts(facts, name, tmp_path):
    its = facts.studies["smollm_facts"].conditions[name]
    run = Run(tmp_path / f"results/smollm_facts/{name}/seed_0")
    for stage, told in (
        (dataset, its.dataset_job),
        (train, its.train_job),
        (evaluate, its.evaluate_job),
        (analyse, its.analyse_job),
    ):
        work(stage, run.path, told)
    assert set(run.measures["step"]) == {0, 2, 6}
    assert {"right_among", "change", "state_cosine"} <= set(run.measures["measure"])
    assert {"hop_right", "probed_as_token"} <= set(run.analyses["measure"])
    assert ("recall_of_mlps" in set(run.analyses["measure"])) == (name == "facts")


def test_texts_about_facts_name_another_model(facts):
    named_by_texts(facts, "smollm_facts")
