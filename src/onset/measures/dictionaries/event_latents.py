"""Is there a latent that tells when something happens, and does it tell more than a difference of means?

The simplest rival of a dictionary is the direction from the mean of the other states to the mean of those
where it happens (Marks & Tegmark 2023, arXiv:2310.06824); it is given the labels, of which a dictionary
knows nothing until its best latent is chosen.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from onset.measures.dictionaries.matching import detection_by_all, inputs_of, latents_of
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.statistics.prediction import auc
from onset.tasks.vectors import VectorDataset

NEEDS = ("token", "dictionary")
QUANTITIES = {
    "*_latent_auc": {"kind": "share", "label": "AUC of the best latent: *"},
    "*_latent_auc_by_chance": {"kind": "share", "label": "AUC of a latent chosen by chance: *"},
    "*_means_auc": {"kind": "share", "label": "AUC of the difference of means: *"},
    "*_latent_f1": {"kind": "share", "label": "F1 of the best latent: *"},
    "*_means_f1": {"kind": "share", "label": "F1 of the difference of means: *"},
}


def measure(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset
) -> Iterator[Measurement]:
    """Of each fact that is true or false of a state, on `test`; all is chosen on `train`:

    * `FACT_means_auc`, `FACT_means_f1`: how well the difference of means tells states of which it is true
      from others, and the F1 of what lies above the border at which F1 on `train` is largest;

    and per dictionary (`component`):

    * `FACT_latent_auc`: the same of the latent that has the largest; `FACT_latent_auc_by_chance`: of the
      one that is chosen with values in random order;
    * `FACT_latent_f1`: F1 of the latent that has the largest when it is active.
    """
    train, test = (dataset.splits[name] for name in ("train", "test"))
    latents = latents_of(model, parameters, dataset)
    rng = np.random.Generator(np.random.Philox(0))
    for fact, of_train in train.truth.items():
        of_test = test.truth[fact]
        if of_train.dtype != bool or not (0 < of_train.mean() < 1 and 0 < of_test.mean() < 1):
            continue
        yield from _of_means(fact, [inputs_of(its) for its in (train, test)], of_train, of_test)
        shuffled = rng.permutation(of_train)
        for place, (on_train, on_test) in enumerate(
            zip(latents["train"], latents["test"], strict=True)
        ):
            for suffix, labels in (("", of_train), ("_by_chance", shuffled)):
                its = np.array([auc(latent, labels) for latent in on_train.T.numpy()]).argmax()
                value = float(auc(on_test[:, its].numpy(), of_test))
                yield Measurement(f"{fact}_latent_auc{suffix}", value, "test", component=place)
            f1 = detection_by_all(_column(of_train), on_train > 0).f1[0]
            found = detection_by_all(_column(of_test), on_test > 0).f1[0, int(f1.argmax())]
            yield Measurement(f"{fact}_latent_f1", found.item(), "test", component=place)


def _of_means(
    fact: str,
    states: list[Float[Tensor, "_states dimensions"]],
    of_train: Bool[np.ndarray, " train"],
    of_test: Bool[np.ndarray, " test"],
) -> Iterator[Measurement]:
    its = torch.from_numpy(of_train)
    direction = states[0][its].mean(0) - states[0][~its].mean(0)
    train, test = (along @ direction for along in states)
    yield Measurement(f"{fact}_means_auc", float(auc(test.numpy(), of_test)), "test")
    borders = train.quantile(torch.linspace(0, 1, 101))
    f1 = detection_by_all(_column(of_train), train[:, None] >= borders).f1[0]
    above = (test >= borders[int(f1.argmax())])[:, None]
    value = detection_by_all(_column(of_test), above).f1[0, 0].item()
    yield Measurement(f"{fact}_means_f1", value, "test")


def _column(values: Bool[np.ndarray, " examples"]) -> Bool[Tensor, "examples 1"]:
    return torch.from_numpy(values)[:, None]
