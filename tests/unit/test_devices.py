"""A device is tried before it is trusted; Apple's GPU, which no test has, is played by the CPU."""

from __future__ import annotations

import json
import math

import pytest
import torch

from onset.config import project_of
from onset.config.devices import device_of_looks
from onset.config.problems import Layer
from onset.config.sources import read_sources
from onset.workflow import devices, trial
from onset.workflow.jobs import Jobs
from setup.packages import ROOT


@pytest.fixture
def other(monkeypatch):
    """A device called `mps`: what it returns says what becomes of a training there."""
    train_on = trial.train_on

    def becomes(change) -> None:
        def train(device: str, loss: str) -> trial.Trained:
            trained = train_on("cpu", loss)
            return trained if device == "cpu" else change(trained)

        monkeypatch.setattr(trial, "train_on", train)
        monkeypatch.setattr(devices, "lacking", lambda device: None)

    return becomes


def test_one_that_agrees_is_trusted(other):
    other(lambda trained: trained)
    assert devices.distrust("mps") is None


def test_rounding_is_no_disagreement(other):
    def rounded(trained):
        moved = {name: by * (1 + 1e-4) for name, by in trained.moved.items()}
        numbers = {name: [x * (1 + 1e-5) for x in its] for name, its in trained.numbers.items()}
        return trial.Trained(numbers, moved)

    other(rounded)
    assert devices.distrust("mps") is None


@pytest.mark.parametrize("wrong", [0.97, math.nan])
def test_another_loss_is_one(other, wrong):
    def changed(trained):
        return trained._replace(
            numbers={**trained.numbers, "loss": [x * wrong for x in trained.numbers["loss"]]}
        )

    other(changed)
    said = "a short training run on mps doesn't agree with the CPU"
    assert devices.distrust("mps").startswith(said)
    assert "loss" in devices.distrust("mps")


@pytest.mark.parametrize("parameter", ["tok_embed.weight", "layers.1.mlp.fc_in.bias"])
def test_a_parameter_that_an_operation_left_as_it_was_is_one(other, parameter):
    """As `addcmul_` on tensors that aren't contiguous did, without a word."""

    def changed(trained):
        still = torch.zeros_like(trained.moved[parameter])
        return trained._replace(moved={**trained.moved, parameter: still})

    other(changed)
    assert f"the change of {parameter} is off by 100%" in devices.distrust("mps")


def test_an_operation_that_is_not_there_is_told_in_a_line(other):
    def fail(trained):
        raise NotImplementedError("The operator isn't implemented for MPS.\nSecond line")

    other(fail)
    said = devices.distrust("mps")
    assert said == "a short training run on mps fails (The operator isn't implemented for MPS.)"


def test_others_cost_nothing(monkeypatch):
    monkeypatch.setattr(trial, "train_on", lambda *_: pytest.fail("it was tried"))
    assert devices.distrust("cpu") is None
    assert devices.distrust("cuda:1") is None


def test_what_is_not_there_is_told_elsewhere(monkeypatch):
    monkeypatch.setattr(devices, "lacking", lambda device: "it isn't there")
    monkeypatch.setattr(trial, "train_on", lambda *_: pytest.fail("it was tried"))
    assert devices.distrust("mps") is None


def test_the_trial_trains():
    """Every parameter moves: there is something to compare."""
    moved = trial.train_on("cpu", "cross_entropy").moved
    assert {"tok_embed.weight", "pos.weight", "layers.0.attn.q.weight", "ln_out.bias"} <= set(moved)
    assert all(by.norm() > 0.01 for by in moved.values())


def project_on(device: str):
    layers = [*read_sources(ROOT, [], (), base=True), Layer("", "", {"device": device})]
    return project_of(layers, ROOT)


def test_models_are_looked_into_where_there_is_double_precision():
    assert [device_of_looks(its) for its in ("cpu", "cuda:1", "mps")] == ["cpu", "cuda:1", "cpu"]
    on = project_on("mps")
    condition = on.condition("composition", "shared_per_hop")
    assert json.loads(condition.train_job)["device"] == "mps"
    for job in (
        condition.evaluate_job,
        condition.analyse_job,
        Jobs(on).views.settings("composition"),
    ):
        assert json.loads(job)["device"] == "cpu"


def test_the_last_layer_decides_the_device():
    """As the Snakefile adds one where a device isn't trusted."""
    layers = [Layer("", "", {"device": "mps"}), Layer("", "", {"device": "cpu"})]
    base = read_sources(ROOT, [], (), base=True)
    assert project_of([*base, *layers], ROOT).settings.device == "cpu"
