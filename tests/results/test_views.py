"""The views of a smoke run: one of each condition with heads, whole, small, and saying what models say."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import torch

from onset.config import load_project
from onset.config.yaml_file import read_yaml
from onset.results import open_run
from onset.views.chosen import MOST_CHECKPOINTS, MOST_EXAMPLES
from onset.views.packing import cells, unpack_numbers, unpack_shares
from onset.views.watching import TOP_TOKENS
from onset.workflow.jobs import Jobs
from tests.results.conftest import smoke_command

pytestmark = pytest.mark.smoke

PROJECT = load_project(
    {**read_yaml(Path("config/config.yaml")), **read_yaml(Path("config/smoke.yaml"))}, Path()
)
PATHS = [path for study in PROJECT.studies for path in Jobs(PROJECT).views.of(study)]


@pytest.fixture(scope="module")
def views(smoke: Path) -> list[dict]:
    done = subprocess.run([*smoke_command(), "--", *PATHS], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return [json.loads(Path(path).read_text(encoding="utf-8")) for path in PATHS]


def test_every_condition_with_heads_has_one(views):
    found = [(view["study"], view["condition"]) for view in views]
    assert found == [
        (study.name, name)
        for study in PROJECT.studies.values()
        for name, its in study.conditions.items()
        if its.has_heads
    ]
    assert max(Path(path).stat().st_size for path in PATHS) < 1_000_000


def test_each_follows_its_run_from_the_first_checkpoint_to_the_last(views, smoke: Path):
    for view in views:
        run = open_run(view["study"], view["condition"], view["seed"], smoke)
        assert view["seed"] == PROJECT.runs(view["study"])[view["condition"]][0]
        assert view["steps"] == sorted(set(view["steps"]) & set(run.scheduled_steps))
        assert len(view["steps"]) == min(len(run.scheduled_steps), MOST_CHECKPOINTS)
        assert (view["steps"][0], view["steps"][-1]) == (run.steps[0], run.steps[-1])
        trained = set(run.settings["training"]["mixture"])
        assert 1 <= len(view["examples"]) <= MOST_EXAMPLES
        for example in view["examples"]:
            assert example["held_out"] == (example["split"] not in trained)


def test_the_last_layer_says_what_the_model_says(views, smoke: Path):
    for view in views:
        run = open_run(view["study"], view["condition"], view["seed"], smoke)
        for example in view["examples"]:
            steps, layers, length = len(view["steps"]), example["n_layers"], len(example["tokens"])
            shape = (steps, layers + 1, length, TOP_TOKENS)
            top = unpack_numbers(example["lens"], shape)[-1, -1, example["scored"][-1], 0]
            share = unpack_shares(example["lens_shares"], shape)[-1, -1, example["scored"][-1], 0]
            names = [view["vocabulary"][token] for token in example["tokens"]]
            asked = torch.tensor([[run.dataset.vocabulary.index(name) for name in names]])
            split = run.dataset.splits[example["split"]]
            assert layers == run.model.depth(split.hops)
            states = run.model.residual_stream(run.parameters(), asked)[layers, 0]
            said = run.model.unembed(run.parameters(), states[example["scored"][-1]]).softmax(-1)
            assert share == pytest.approx(said.max().item(), abs=0.51 / 255 + 1e-4)
            best = said[run.dataset.vocabulary.index(view["vocabulary"][top])]
            torch.testing.assert_close(best, said.max(), atol=1e-5, rtol=1e-4)
            attention = (steps, layers, view["n_heads"], cells(length))
            first = unpack_shares(example["attention"], attention)[..., 0]
            assert (first == 1).all()  # the first token sees itself alone
