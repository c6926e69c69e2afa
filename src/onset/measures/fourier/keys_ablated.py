"""Modular addition with only the key frequencies in the embedding, or with all the others.

An intervention on what the model reads. Key frequencies are those of the last checkpoint's logits.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from onset.measures.answers.asking import is_right
from onset.measures.fourier import circle, spectrum
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset
from onset.training.batches import whole
from onset.training.losses import exact_cross_entropy

NEEDS = ("numbers", "embeddings")
QUANTITIES = {
    "keys_alone_loss": {"kind": "nats", "label": "loss with key frequencies alone (nats)"},
    "keys_alone_accuracy": {"kind": "share", "label": "accuracy with key frequencies alone"},
    "without_keys_loss": {"kind": "nats", "label": "loss without key frequencies (nats)"},
    "without_keys_accuracy": {"kind": "share", "label": "accuracy without key frequencies"},
    "as_many_alone_loss": {"kind": "nats", "label": "loss with as many other frequencies (nats)"},
    "as_many_alone_accuracy": {"kind": "share", "label": "accuracy with as many other frequencies"},
}

_EMBEDDING = "tok_embed.weight"
_SPLIT = "test"

at_end = circle.at_end


def measure(
    model: Transformer, parameters: Parameters, dataset: Dataset, keys: list[int]
) -> Iterator[Measurement]:
    """On held-out pairs, with an embedding of numbers that has its mean and

    * `keys_alone_loss`, `keys_alone_accuracy`: the key frequencies;
    * `without_keys_loss`, `without_keys_accuracy`: all others;
    * `as_many_alone_loss`, `as_many_alone_accuracy`: as many of the others, the strongest: a null control.
    """
    p = spectrum.modulus(dataset)
    embedding = parameters[_EMBEDDING].cpu()
    numbers = embedding[:p]
    mean = numbers.mean(0, keepdim=True)
    norms = spectrum.norms_by_frequency(numbers)
    others = [k for k in (norms.argsort(descending=True) + 1).tolist() if k not in keys]
    asked = whole(dataset.splits[_SPLIT])
    for name, kept in (
        ("keys_alone", keys),
        ("without_keys", others),
        ("as_many_alone", others[: len(keys)]),
    ):
        altered = torch.cat([mean + spectrum.part_of(numbers, kept), embedding[p:]])
        changed = {**parameters, _EMBEDDING: altered.to(parameters[_EMBEDDING].device)}
        logits = model.logits(changed, asked.questions)[:, :p].cpu()
        loss = exact_cross_entropy(logits, asked.targets).item()
        yield Measurement(f"{name}_loss", loss, _SPLIT)
        hits = is_right(logits, asked.targets).mean().item()
        yield Measurement(f"{name}_accuracy", hits, _SPLIT)
