"""How far the logits of modular addition are a sum of waves in a + b − c, and its accuracy alone.

Key frequencies are those of the last checkpoint's logits (`fourier.key_frequencies`), so that all
checkpoints are asked about the same ones. After Nanda et al. 2023 (arXiv:2301.05217), section 5 and
appendix: restricted and excluded loss as in their code, with the constant kept in the first.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from onset.measures.fourier import spectrum
from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset
from onset.training.losses import exact_cross_entropy

NEEDS = ("numbers",)
QUANTITIES = {
    "circle_share": {"kind": "share", "label": "share of the logits' variance at the frequency"},
    "key_circle_share": {
        "kind": "share",
        "label": "share of the logits' variance at key frequencies",
    },
    "restricted_loss": {"kind": "nats", "label": "restricted loss (nats)"},
    "excluded_loss": {"kind": "nats", "label": "excluded loss (nats)"},
    "trig_loss": {"kind": "nats", "label": "trigonometric loss (nats)"},
    "key_frequency": {"kind": "share", "label": "is a key frequency"},
}

_SPLITS = ("train", "test")


def at_end(model: Model, parameters: Parameters, dataset: Dataset) -> list[int]:
    """The key frequencies."""
    return spectrum.key_frequencies(spectrum.logits_of_pairs(model, parameters, dataset))


def measure(
    model: Model, parameters: Parameters, dataset: Dataset, keys: list[int]
) -> Iterator[Measurement]:
    """Of the logits for all p² pairs:

    * `circle_share`: share of their variance that cos and sin of w(a + b − c) explain, by frequency
      (`component`); `key_circle_share`: of all key frequencies together;
    * `restricted_loss` per split: of what is left when all but the mean and the key frequencies of a + b
      is removed;
    * `excluded_loss` per split: when the key frequencies of a + b are removed;
    * `trig_loss` per split: of Σ u cos(w(a + b − c)) over key frequencies, u being the logits' own
      coefficients;
    * `key_frequency`: 1 for each key frequency (`component`).
    """
    logits = spectrum.logits_of_pairs(model, parameters, dataset)
    shares = spectrum.shares_on_the_circle(logits)
    for k, share in enumerate(shares.tolist(), start=1):
        yield Measurement("circle_share", share, component=k)
    yield Measurement("key_circle_share", sum(shares[k - 1].item() for k in keys))
    for k in keys:
        yield Measurement("key_frequency", 1.0, component=k)

    table = spectrum.mean_by_sum(logits)
    of_keys = spectrum.part_of(table, keys)
    functions_of_sums = {"restricted": of_keys + table.mean(0), "trig": _cosines(table, keys)}
    for name in _SPLITS:
        pairs = spectrum.places_of(dataset, name)
        answers = spectrum.answers_of(dataset).ravel()[pairs]
        sums = spectrum.sums_of_pairs(len(table))[pairs]
        excluded = F.embedding(pairs, logits.flatten(0, 1)) - F.embedding(sums, of_keys)
        yield Measurement("excluded_loss", exact_cross_entropy(excluded, answers).item(), name)
        for kind, its in functions_of_sums.items():
            losses = -its.double().log_softmax(-1)[sums, answers]
            yield Measurement(f"{kind}_loss", losses.mean().item(), name)


def _cosines(table: Float[Tensor, "p answers"], keys: list[int]) -> Float[Tensor, "p answers"]:
    """The part of a function of (sum, answer) along cos(w(sum − answer)), of some frequencies."""
    p = len(table)
    s, c = torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij")
    found = torch.zeros_like(table)
    for k in keys:
        wave = torch.cos(2 * torch.pi * k * (s - c) / p)
        found += (table * wave).sum() / wave.square().sum() * wave
    return found
