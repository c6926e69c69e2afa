"""Can a linear probe read the bridge entity, beyond what it could learn from any labels?

A ridge regression from the residual stream to the one-hot bridge entity is fitted on some of the subjects
and scored on others (a subject is everything in a question but its last token). As a control task (Hewitt
& Liang 2019, arXiv:1909.03368), the same probe is fitted to bridge entities that are shuffled between
subjects: any accuracy it then reaches needs no knowledge in the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.measures.residual.reading_off import read_off
from onset.models.batch import Parameters, ReadableModel, device_of
from onset.tasks.dataset import VALIDATION, Dataset, Split

NEEDS = ("bridge", "residual_stream")
QUANTITIES = {
    "probe_accuracy": {"kind": "share", "label": "accuracy of the probe"},
    "probe_control_accuracy": {"kind": "share", "label": "accuracy of the control probe"},
}

_FITTED_ON = 0.75


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """By number of block applications done (`layer`) and position, over the subjects of all splits, of
    each length of questions (`component`) where there are several:

    * `probe_accuracy`: on subjects that the probe wasn't fitted on;
    * `probe_control_accuracy`: the same with bridge entities that have been shuffled.
    """
    splits = [
        split
        for name, split in dataset.splits.items()
        if "bridge" in split.truth and not name.endswith(VALIDATION)
    ]
    lengths = sorted({split.tokens.shape[1] for split in splits})
    for length in lengths:
        alike = [split for split in splits if split.tokens.shape[1] == length]
        for row in _of_one_length(model, parameters, alike, seed):
            yield row._replace(component=length) if len(lengths) > 1 else row


def _of_one_length(
    model: ReadableModel, parameters: Parameters, splits: Sequence[Split], seed: int
) -> Iterator[Measurement]:
    tokens = np.concatenate([split.tokens for split in splits])
    bridges = np.concatenate([split.truth["bridge"] for split in splits])
    # One question per subject: the states before its last token are the same for all.
    subjects, rows = np.unique(tokens[:, :-1], axis=0, return_index=True)
    rng = np.random.Generator(np.random.Philox(seed))
    order = rng.permutation(len(subjects))
    n_fitted = round(_FITTED_ON * len(subjects))
    labels = bridges[rows]
    device = device_of(parameters)
    states = model.residual_stream(parameters, torch.from_numpy(tokens[rows]).to(device))
    for name, its in (("probe", labels), ("probe_control", rng.permutation(labels))):
        answers = torch.from_numpy(its).to(device)
        for layer, of_layer in enumerate(states):
            for position in range(subjects.shape[1]):
                value = _accuracy(
                    of_layer[:, position], answers, order[:n_fitted], order[n_fitted:]
                )
                yield Measurement(
                    f"{name}_accuracy",
                    value,
                    layer=layer,
                    position=position,
                    n_examples=len(subjects) - n_fitted,
                )


def _accuracy(
    states: Float[Tensor, "subjects d_model"],
    labels: Int[Tensor, " subjects"],
    fitted: Int[np.ndarray, " fitted"],
    tested: Int[np.ndarray, " tested"],
) -> float:
    """Of a ridge classifier fitted on some rows, on others."""
    said = read_off(
        states, F.one_hot(labels).double(), torch.from_numpy(fitted), torch.from_numpy(tested)
    )
    return (said.argmax(-1) == labels[tested]).double().mean().item()
