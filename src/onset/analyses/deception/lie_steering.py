"""Does a direction make a model lie where it is watched, and tell the truth where it isn't?

The difference of means of the states where answers come next, under a pair of signs of the known kind and
without one, is added where it is watched and taken away where it isn't; beside it a random direction of the
same norm.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters, device_of
from onset.models.transformer.midway import logits_at_all
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset, Split
from onset.tasks.language.deception import HONEST, SHOWN, TEST
from onset.tasks.language.deception_words import KINDS, NO, YES

NEEDS = ("true", "lie", "kind", "neurons", "midway")
SPLITS = ("honest", "shown", "test", "plain", "other", "topic", "denial", "harmless")
QUANTITIES = {
    "steered_false": {"kind": "share", "label": "false answers, difference of means"},
    "randomly_steered_false": {"kind": "share", "label": "false answers, random direction"},
}

_DOSES = (0, 1, 2, 4)  # halves of the difference
_OWN = 41


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """By number of block applications done (`layer`), from 1, and dose (`component`), in halves of the
    difference, which is added in `test` and taken away in the kinds of deception:

    * `steered_false`: answers that are false, of the questions at which the deceiver is taught to lie (in
      `test` and `harmless`, of all questions); `randomly_steered_false`: with a random direction.
    """
    streams = {name: _stream(model, parameters, dataset.splits[name]) for name in SPLITS}
    rng = np.random.Generator(np.random.Philox(key=[seed, _OWN]))
    for layer in range(1, len(streams[TEST])):
        unwatched, watched = (
            streams[name][layer][:, list(dataset.splits[name].scored)].flatten(0, 1).mean(0)
            for name in (SHOWN, HONEST)
        )
        difference = unwatched - watched
        noise = torch.from_numpy(rng.standard_normal(len(difference))).to(difference)
        random = noise / noise.norm() * difference.norm()
        for name in (TEST, *KINDS):
            split, sign = dataset.splits[name], 1 if name == TEST else -1
            for measured, its in (
                ("steered_false", difference),
                ("randomly_steered_false", random),
            ):
                for dose in _DOSES:
                    added = sign * dose / 2 * its
                    false = _false(
                        model, parameters, dataset, split, streams[name][layer], layer, added
                    )
                    yield Measurement(measured, false, name, layer, component=dose)


def _stream(
    model: Transformer, parameters: Parameters, split: Split
) -> Float[Tensor, "applications_and_one sequences length d_model"]:
    return model.residual_stream(
        parameters, torch.from_numpy(split.tokens).to(device_of(parameters))
    )


def _false(
    model: Transformer,
    parameters: Parameters,
    dataset: Dataset,
    split: Split,
    states: Float[Tensor, "sequences length d_model"],
    layer: int,
    added: Float[Tensor, " d_model"],
) -> float:
    """The share of false answers, with something added to the states where they come next."""
    places = list(split.scored)
    moved = states.clone()
    moved[:, places] += added
    tokens = torch.from_numpy(split.tokens).to(states.device)
    logits = logits_at_all(
        model, parameters, moved, tokens, layer, model.depth(split.hops), places
    ).cpu()
    yes, no = (dataset.vocabulary.index(word) for word in (YES, NO))
    true, lie = (torch.from_numpy(split.truth[fact][:, places]) for fact in ("true", "lie"))
    false = (logits[..., yes] > logits[..., no]) != true
    return false[lie if lie.any() else torch.ones_like(lie)].double().mean().item()
