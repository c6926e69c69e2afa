"""What analyses of texts with topics share: which words tell a topic, and what the first block is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.models.batch import Parameters, Questions
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

SPLIT = "test"
_FEWEST = 5
"""times that a word must have come in a slot"""
_NEARLY_ALL = 0.9
"""of these, in one topic"""


@dataclass(frozen=True)
class Told:
    """Words that only one topic has, as the texts of a dataset show, and the places of one split."""

    tokens: Int[np.ndarray, "texts length"]
    topic: Int[np.ndarray, "texts length_less_one"]
    """of the token that comes next, at each place; likewise its slot"""
    slot: Int[np.ndarray, "texts length_less_one"]
    words: Bool[np.ndarray, "slots topics tokens"]
    """which words of a slot only this topic has"""

    @property
    def content(self) -> Int[np.ndarray, " slots"]:
        """The slots in which at least half of the topics have words of their own."""
        return np.flatnonzero(self.words.any(2).mean(1) >= 0.5)

    @property
    def at_content(self) -> Bool[np.ndarray, "texts length_less_one"]:
        """The places at which a word of such a slot comes next, and the topic has some."""
        has = self.words.any(2)[self.slot, self.topic]
        return np.isin(self.slot, self.content) & has


def told(dataset: Dataset) -> Told:
    """Of a dataset's `test` split; words are judged by the texts of all splits."""
    n_topics, n_slots = (len(dataset.names[fact]) for fact in ("topic", "slot"))
    counts = np.zeros((n_slots, n_topics, dataset.n_tokens))
    for split in dataset.splits.values():
        np.add.at(counts, (split.truth["slot"], split.truth["topic"], split.tokens), 1)
    total = counts.sum(1, keepdims=True)
    words = (counts >= _NEARLY_ALL * total) & (total >= _FEWEST) & (counts > 0)
    test = dataset.splits[SPLIT]
    topic, slot = (test.truth_of_next(fact).astype(np.int64) for fact in ("topic", "slot"))
    return Told(test.tokens, topic, slot, words)


def by_mlps(
    model: Transformer, parameters: Parameters, tokens: Int[np.ndarray, "texts length"]
) -> Float[Tensor, "applications texts length d_model"]:
    """What the MLP of each block application writes."""
    everywhere = Questions(tokens, tuple(range(tokens.shape[1])))
    found = []
    for layer in range(model.settings.n_applications):
        prefix = f"layers.{layer % model.settings.n_layers}.mlp.fc_out"
        neurons = model.neurons(parameters, everywhere, layer)
        written = F.linear(neurons, parameters[f"{prefix}.weight"], parameters[f"{prefix}.bias"])
        found.append(written.unflatten(0, tokens.shape))
    return torch.stack(found)


def moved(
    model: Transformer, parameters: Parameters, tokens: Int[np.ndarray, "texts length"]
) -> Float[Tensor, "texts length d_model"]:
    """What the attention of the first block writes."""
    stream = model.residual_stream(parameters, torch.from_numpy(tokens))
    return stream[1] - stream[0] - by_mlps(model, parameters, tokens)[0]
