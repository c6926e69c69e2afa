"""Can the answer be read before the thought is written? Probes by layer and position, with a control task.

A ridge regression from the residual stream to a state's one-hot vector is fitted on some questions and
scored on others. As a control task (Hewitt & Liang 2019, arXiv:1909.03368) it is fitted to what the state
would be if the functions were others: that takes as much work, from the same tokens, and no model has
learnt it, so what the probe reads of it needs no knowledge in the model.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Int

from onset.measures.measurement import Measurement
from onset.measures.residual.reading_off import read_off
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.tasks.dataset import Dataset

NEEDS = ("state", "control", "residual_stream")
SPLITS = ("train", "test")
QUANTITIES = {
    "state_read": {"kind": "share", "label": "accuracy of the probe, state"},
    "state_read_control": {"kind": "share", "label": "accuracy of the control probe, state"},
    "answer_read": {"kind": "share", "label": "accuracy of the probe, answer"},
    "answer_read_control": {"kind": "share", "label": "accuracy of the control probe, answer"},
}

_MOST_FITTED = 2048  # questions


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """By number of block applications done (`layer`) and position but the last, fitted on `train` and
    scored on `test`:

    * `state_read`, `answer_read`: the state after as many functions as the token at this position stands
      for; the state after all;
    * `state_read_control`, `answer_read_control`: the same for the control.
    """
    trained, tested = (dataset.splits[name] for name in SPLITS)
    n = min(len(trained), _MOST_FITTED)
    tokens = np.concatenate([trained.tokens[:n], tested.tokens])[:, :-1]
    fitted, scored = torch.arange(len(tokens)).split([n, len(tested)])
    states = model.residual_stream(parameters, torch.from_numpy(tokens).to(device_of(parameters)))
    for fact, suffix in (("state", ""), ("control", "_control")):
        its = np.concatenate([trained.truth[fact][:n], tested.truth[fact]])
        for layer, of_layer in enumerate(states.cpu()):
            for place in range(tokens.shape[1]):
                for name, labels in (("state", its[:, place]), ("answer", its[:, -1])):
                    yield Measurement(
                        f"{name}_read{suffix}",
                        _accuracy(of_layer[:, place], labels, fitted, scored),
                        SPLITS[1],
                        layer=layer,
                        position=place,
                    )


def _accuracy(
    states: torch.Tensor,
    labels: Int[np.ndarray, " questions"],
    fitted: torch.Tensor,
    scored: torch.Tensor,
) -> float:
    right = torch.from_numpy(labels)
    said = read_off(states, F.one_hot(right).double(), fitted, scored)
    return (said.argmax(-1) == right[scored]).double().mean().item()
