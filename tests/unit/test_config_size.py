"""What is too large is told with its sum, at once, before anything is made."""

from __future__ import annotations

import shutil
import time

import pytest

from onset import models, tasks
from onset.config import size
from onset.config.size import Size, in_bytes, size_of
from onset.training.settings import CheckpointSettings, FinerSettings
from onset.workflow.call import Call
from tests.config_files import CONFIG, STUDY, Files, bad


@pytest.fixture
def files(tmp_path):
    files = Files.copied(tmp_path)
    files.set(CONFIG, "studies", ["composition"])
    return files


T12, T9 = 10**12, 10**9
TOO_LARGE = [
    bad("a world", STUDY, "task.n_entities", T12, "a run needs 8.1 PiB of memory (task 5.4 PiB, "),
    bad("a model", STUDY, "model.d_model", T9, "of memory (", "model "),
    bad("an MLP", STUDY, "model.d_mlp", T12, "of memory ("),
    bad("layers", STUDY, "model.n_layers", T9, "less than or equal to 1000"),
    bad("a batch", STUDY, "training.batch_size", T12, "training ", "no run may need more than 4.0 TiB"),
    bad("steps", STUDY, "training.steps", T12, "training 116.4 TiB"),
    bad("checkpoints", STUDY, "checkpoints.count", T12, "less than or equal to 100000"),
    bad("a number of hundreds of digits", STUDY, "task.n_entities", 10**400,
        "more than can be computed with; at most 9007199254740992"),
    bad("a rate of hundreds of digits", STUDY, "training.learning_rate", 1e300, "more than can be"),
    bad("a seed", CONFIG, "seeds", [2**64], "less than 4294967296", key="seeds.0"),
]  # fmt: skip


@pytest.mark.parametrize("case", TOO_LARGE, ids=lambda case: case.name)
def test_it_is_refused_with_its_sum_and_at_once(files, case):
    files.set(case.file, case.path, case.value)
    if case.path == "training.steps":
        files.set(STUDY, "conditions", {"one": {}})
        files.quote_nothing(STUDY)
        for key in ("comparisons", "smoke.comparisons"):
            files.remove(STUDY, key)
    began = time.process_time()
    problems = files.problems()
    assert time.process_time() - began < 5
    assert list(problems) == [(case.file, case.key)]
    for fragment in case.says:
        assert fragment in problems[case.file, case.key]


@pytest.mark.parametrize(
    ("task", "changes"),
    [
        ("modular_addition", {"p": 1_000_001}),
        ("chains", {"n_relations": 10**5}),
        ("alias", {"n_bases": 10**12}),
        ("definitions", {"n_bases": 10**12}),
        ("finetuning", {"n_entities": 10**11}),
        ("induction", {"n_train": 10**12}),
        ("reversal", {"n_pairs": 10**12}),
        ("features", {"n_dimensions": 10**12}),
        ("superposition", {"densities": [0.5], "restarts": 10**12}),
        ("superposition", {"densities": [0.5], "n_features": 10**9, "target": "and"}),
    ],
)
def test_every_world_says_how_large_it_would_be(task, changes):
    """Without making anything."""
    settings = tasks.load(task).Settings(name=task, **changes)
    assert 8 * settings.n_numbers > size.MOST_MEMORY
    assert settings.n_tokens > 1 if hasattr(settings, "n_tokens") else settings.d_in > 1


@pytest.mark.parametrize("name", [n for n in models.names() if n != "pretrained"])
def test_every_family_says_what_it_keeps_of_an_example(name):
    assert callable(models.load_planning(name).activations)
    assert callable(models.load_settings(name).shapes)


def test_a_message_of_heads_does_not_list_a_billion(files):
    files.set(STUDY, "model.d_model", 10**9)
    files.set(STUDY, "model.n_heads", 3)
    assert len(files.problems()[STUDY, "model"]) < 1000


@pytest.mark.parametrize("schedule", ["log", "linear"])
def test_how_many_checkpoints_there_are_is_known_beforehand(schedule):
    for steps in (1, 5, 1000):
        its = CheckpointSettings(schedule=schedule, count=40)
        assert len(its.at(steps)) <= its.at_most(steps)
        stretches = FinerSettings(every=7, since=3, until=900), FinerSettings(every=2, since=800)
        finer = its.model_copy(update={"finer": stretches})
        assert len(finer.at(steps)) <= finer.at_most(steps)
    explicit = CheckpointSettings(schedule="explicit", steps=(3, 9))
    assert explicit.at_most(10) >= len(explicit.at(10))


def test_parameters_count_four_times(files):
    condition = next(iter(files.load().studies["composition"].conditions.values()))
    its = models.load_settings("transformer").shapes(condition.model, 108, 3)
    numbers = sum(a * (b[0] if b else 1) for a, *b in its.values())
    assert size_of(condition).memory["model"] == 16 * numbers


class TestThisMachine:
    """What another might do: refused before the first job, where jobs run here."""

    @pytest.fixture
    def call(self, files, tmp_path, monkeypatch):
        files.set(STUDY, "training.batch_size", 10**8)
        project = files.load()
        monkeypatch.chdir(tmp_path)
        return Call(project)

    def test_memory(self, call, monkeypatch):
        monkeypatch.setattr(size, "_memory", lambda: 2**34)
        said = call.obstacle(jobs_run_here=True)
        assert said.startswith("a run of composition/shared_per_hop needs 1.")
        assert said.endswith("TiB of memory; this machine has 16.0 GiB")
        assert call.obstacle(jobs_run_here=False) is None

    def test_disk(self, call, monkeypatch):
        monkeypatch.setattr(size, "_memory", lambda: None)
        usage = shutil.disk_usage(".")._replace(free=2**20)
        monkeypatch.setattr(size.shutil, "disk_usage", lambda folder: usage)
        said = call.obstacle(jobs_run_here=True)
        assert "MiB; . has 1.0 MiB left" in said

    def test_what_is_made_already_needs_nothing(self, call, monkeypatch):
        monkeypatch.setattr(size, "_memory", lambda: 2**30)
        for name, seeds in call._project.runs("composition").items():
            for seed in seeds:
                path = call._project.results + f"/composition/{name}/seed_{seed}/checkpoints"
                (files_at := size.Path(path)).mkdir(parents=True)
                (files_at / "index.json").touch()
        assert call.obstacle(jobs_run_here=True) is None


@pytest.mark.parametrize(
    ("n", "said"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (2**10, "1.0 KiB"), (8026 * 2**30, "7.8 TiB"),
     (10**400, "more than a million EiB")],
)  # fmt: skip
def test_bytes_as_people_say_them(n, said):
    assert in_bytes(n) == said


def test_time_is_too_much_where_memory_is_not(files):
    condition = next(iter(files.load().studies["composition"].conditions.values()))
    large = condition.model.model_copy(update={"d_model": 2**14, "n_heads": 1, "d_mlp": 2**16})
    longer = condition.training.model_copy(update={"steps": 10**10, "batch_size": 2**18})
    its = Size.of(condition.task, large, longer, condition.checkpoints)
    (said,) = its.too_much()
    assert "years on the fastest of machines" in said
