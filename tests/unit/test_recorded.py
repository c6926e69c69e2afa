"""A training that others have done, its checkpoints in folders, is followed like one of ours."""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path

import pytest
import torch
import yaml
from pydantic import ValidationError
from transformers import AutoModelForCausalLM

from onset.config import ConfigError, load_project
from onset.models.pretrained.settings import Settings
from onset.results import Run
from onset.stages import dataset as dataset_stage
from onset.stages import evaluate as evaluate_stage
from onset.stages import train as train_stage
from onset.stages.command import StageError
from onset.training.settings import TrainingSettings
from tests import checkpoints

STEPS = (0, 2, 8)
TASK = {"name": "composition", "n_entities": 20, "n_relations": 4, "id_trained": 0.7}
NOTEBOOK = '# %% tags=["parameters"]\nstudy_name = "theirs"\nresults = "results"\n'
STUDY = {
    "title": "Another's training",
    "question": "What does it know?",
    "task": TASK,
    "training": {"steps": 8, "recorded": True},
    "checkpoints": {"schedule": "explicit", "steps": [0, 2, 8]},
    "measures": ["prediction"],
    "conditions": {"base": {}},
}


@pytest.fixture(params=["pythia"])
def steps(request, tmp_path) -> str:
    """Three checkpoints of different weights, by their name."""
    for step in STEPS:
        checkpoints.save(request.param, tmp_path / f"its/step{step}", seed=step)
    return f"{tmp_path}/its/step{{step}}"


of_every_kind = pytest.mark.parametrize("steps", checkpoints.KINDS, indirect=True)


def settings(checkpoint: str, **changes) -> Settings:
    return Settings(name="pretrained", checkpoint=checkpoint, first_token=5, **changes)


def test_one_step_is_a_checkpoint_like_any_other(steps):
    its = settings(steps)
    assert its.recorded
    assert its.at_step(2) == settings(steps.replace("{step}", "2"))
    hub = Settings(name="pretrained", checkpoint="a/b", revision="step{step}")
    assert hub.at_step(143000).revision == "step143000"


def test_other_weights_at_one_step_are_another_setting(steps):
    before = settings(steps).checksum
    checkpoints.save("pythia", Path(steps.replace("{step}", "2")), seed=9)
    assert settings(steps).checksum != before


class TestRun:
    @pytest.fixture
    def run(self, tmp_path) -> Run:
        return Run(tmp_path / "results/study/condition/seed_0")

    @staticmethod
    def stage(work, run: Run, told: dict) -> None:
        no_others = {"parents": [], "sources": []}
        given = {"run": run.path, "runs": [run.path], **no_others, "settings": told, "code": "none"}
        work(argparse.Namespace(**given))

    def train(self, run: Run, checkpoint: str) -> dict:
        on = {
            "model": settings(checkpoint).model_dump(mode="json"),
            "device": "cpu",
            "threads": 1,
        }
        told = {**on, "training": STUDY["training"], "checkpoints": STUDY["checkpoints"]}
        self.stage(dataset_stage.work, run, {"task": TASK})
        self.stage(train_stage.work, run, told)
        return on

    @of_every_kind
    def test_its_checkpoints_are_the_others_and_take_no_room(self, run, steps):
        self.train(run, steps)
        assert run.steps == [*STEPS]
        for step in STEPS:
            folder = steps.replace("{step}", str(step))
            theirs = dict(AutoModelForCausalLM.from_pretrained(folder).float().named_parameters())
            ours = run.parameters(step)
            assert ours.keys() == theirs.keys()
            assert all(torch.equal(p, theirs[name]) for name, p in ours.items())
            assert run.folder.checkpoint(step).stat().st_size < 4000

    def test_measures_follow_it(self, run, steps):
        on = self.train(run, steps)
        self.stage(evaluate_stage.work, run, {**on, "measures": ["prediction"]})
        split = run.dataset.splits["oo"]
        for step in STEPS:
            bridge = run.bridge(step)
            logits = bridge(torch.from_numpy(run.model.in_vocabulary(split.tokens)))[:, -1]
            right = logits.argmax(1).numpy() == run.model.in_vocabulary(split.targets[:, 0])
            asked = f"step == {step} and split == 'oo' and measure == 'accuracy'"
            assert run.measures.query(asked)["value"].item() == pytest.approx(right.mean())

    def test_it_has_no_batches(self, run, steps):
        self.train(run, steps)
        with pytest.raises(ValueError, match="no update starts from step 0: training has none"):
            run.batch(0)

    def test_what_is_no_model_is_refused_in_a_line(self, run, steps):
        broken = Path(steps.replace("{step}", "2"))
        config = (broken / "config.json").read_text()
        wider = config.replace('"hidden_size": 16', '"hidden_size": 32')
        (broken / "config.json").write_text(wider)
        with pytest.raises(StageError, match=r"study/condition/seed_0: \S+step2: .*has the shape"):
            self.train(run, steps)


class TestConfig:
    @staticmethod
    def load(root: Path, checkpoint: str, **changes):
        model = {"name": "pretrained", "checkpoint": checkpoint, "first_token": 5}
        study = {**STUDY, "model": {**model, **changes.pop("model", {})}, **changes}
        for folder in ("config/studies", "workflow/notebooks"):
            (root / folder).mkdir(parents=True, exist_ok=True)
        (root / "config/studies/theirs.yaml").write_text(yaml.safe_dump(study))
        (root / "workflow/notebooks/theirs.py").write_text(NOTEBOOK)
        whole = {"studies": ["theirs"], "seeds": [0], "device": "cpu", "threads": 1, "paper": False}
        return load_project(whole, root).studies["theirs"]

    def test_it_is_planned(self, tmp_path, steps):
        condition = self.load(tmp_path, steps).conditions["base"]
        assert condition.from_scratch
        assert condition.checkpoints.at(condition.training.steps) == [*STEPS]

    def test_a_step_that_is_not_there_is_said(self, tmp_path, steps):
        shutil.rmtree(steps.replace("{step}", "2"))
        with pytest.raises(ConfigError, match=r"checkpoint \S+step2 can't be read"):
            self.load(tmp_path, steps)

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"training": {"steps": 0}}, "say recorded: true"),
            ({"model": {"weights": "random"}}, "random ones aren't those of {step}"),
            (
                {"training": {"steps": 8, "recorded": True, "learning_rate": 0.1}},
                "recorded: true trains nothing; leave out learning_rate",
            ),
            ({"checkpoints": {"schedule": "explicit", "steps": [0, 9]}}, "9 is after the last"),
            (
                {"conditions": {"base": {}, "next": {"parent": {"condition": "base"}}}},
                "what others have trained has no parent here",
            ),
        ],
    )
    def test_a_mistake_is_named(self, tmp_path, steps, changes, said):
        with pytest.raises(ConfigError, match=re.escape(said)):
            self.load(tmp_path, steps, **changes)

    def test_one_checkpoint_is_no_training(self, tmp_path, steps):
        with pytest.raises(ConfigError, match="this model is one checkpoint"):
            self.load(tmp_path, steps.replace("{step}", "2"))


def test_a_recorded_training_has_steps():
    with pytest.raises(ValidationError, match="a recorded training has some"):
        TrainingSettings(steps=0, recorded=True)
