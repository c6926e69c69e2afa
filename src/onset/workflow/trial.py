"""A few steps of training on a device and on the CPU, which must give the same results."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from onset.models.batch import Batch, Questions
from onset.models.transformer.model import build
from onset.models.transformer.settings import Settings
from onset.training.losses import LOSSES, loss_on
from onset.training.settings import TrainingSettings
from onset.training.updater import Updater

_N_TOKENS, _LENGTH, _STEPS = 24, 6, 4
_OF_NUMBERS = 1e-3
"""relative tolerance; rounding in single precision causes less than a tenth of it"""
_OF_UPDATES = 0.05
"""tolerance as a share of the change: AdamW turns a tiny gradient into a full step of either sign"""


class Trained(NamedTuple):
    """The outcome of such a training run."""

    numbers: dict[str, list[float]]
    """the loss, and the norm of the gradient, at each step"""
    moved: dict[str, Tensor]
    """by how much each parameter has changed, on the CPU"""


def disagreement(device: str) -> str | None:
    """In a line, what is different on a device; None if nothing is."""
    for loss in LOSSES:
        expected = train_on("cpu", loss)
        try:
            found = train_on(device, loss)
        except (RuntimeError, TypeError, ValueError) as error:
            said = (str(error) or type(error).__name__).splitlines()[0]
            return f"a short training run on {device} fails ({said})"
        if said := _difference(expected, found):
            return f"a short training run on {device} doesn't agree with the CPU ({said})"
    return None


def _difference(expected: Trained, found: Trained) -> str | None:
    for name, numbers in expected.numbers.items():
        for step, (here, there) in enumerate(zip(numbers, found.numbers[name], strict=True)):
            if not math.isclose(here, there, rel_tol=_OF_NUMBERS):
                return f"{name} is {there:.6g} instead of {here:.6g} at step {step}"
    for name, moved in expected.moved.items():
        off = (found.moved[name] - moved).norm() / moved.norm()
        if not off < _OF_UPDATES:  # NaN isn't
            return f"the change of {name} is off by {off:.0%}"
    return None


def train_on(device: str, loss: str) -> Trained:
    """Train a transformer of two layers on questions of two lengths with random answers."""
    settings = TrainingSettings(
        steps=_STEPS,
        batch_size=32,
        mixture={"questions": 1.0},
        learning_rate=1e-2,
        weight_decay=0.1,
        gradient_clip=1.0,
        loss=loss,
    )
    shape = Settings(
        name="transformer",
        **{"d_model": 32, "n_heads": 4, "d_mlp": 64, "n_layers": 2},
        attention_biases=False,  # the gradient of a key's bias is 0, and its steps are those of rounding
    )
    model = build(shape, _N_TOKENS, _LENGTH)
    initial = model.initial_parameters(seed=0)
    parameters = {name: p.to(device).clone() for name, p in initial.items()}
    updater = Updater(parameters, model, settings)
    numbers: dict[str, list[float]] = {"loss": [], "norm of the gradient": []}
    for step in range(_STEPS):
        its = loss_on(_batch(step, settings.batch_size), model, parameters, loss)
        _, norm = updater.step(its, step)
        for name, number in zip(numbers, (its.item(), norm.item()), strict=True):
            numbers[name].append(number)
    return Trained(numbers, _moved(initial, parameters))


def _moved(initial: Mapping[str, Tensor], parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    now = {name: parameter.detach().cpu() for name, parameter in parameters.items()}
    moved = {name: now[name] - before for name, before in initial.items()}
    return {name: by for name, by in moved.items() if torch.any(by)}


def _batch(step: int, n: int) -> Batch:
    chance = np.random.default_rng(step)
    groups = []
    for length, scored in ((_LENGTH, (_LENGTH - 1,)), (_LENGTH - 2, (1, _LENGTH - 3))):
        tokens = chance.integers(_N_TOKENS, size=(n, length))
        answers = chance.integers(_N_TOKENS, size=(n, len(scored)))
        groups.append((Questions(tokens, scored), answers))
    return Batch.of(groups)
