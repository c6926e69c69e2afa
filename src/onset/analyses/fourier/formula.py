"""A model of modular addition as an executable hypothesis: its parts replaced by a few waves.

The hypothesis (Nanda et al. 2023, arXiv:2301.05217, section 4): of the embedding only waves of the key
frequencies matter; a neuron is a polynomial of degree two in the waves of a and of b of one key
frequency; the logits are Σ u cos(w(a + b − c)) over key frequencies. Amplitudes are fitted on trained
pairs alone, so that what a formula says of other pairs is a prediction. The null is the same with as
many other frequencies, chosen at random.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from onset.measures.answers.asking import is_right
from onset.measures.fourier import spectrum
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.transformer.model import Transformer
from onset.tasks.dataset import Dataset

NEEDS = ("numbers", "embeddings", "neurons")

_EMBEDDING = "tok_embed.weight"
SPLITS = ("train", "test")
QUANTITIES = {
    "*_formula_accuracy": {"kind": "share", "label": "accuracy with a formula: *"},
    "*_formula_loss": {"kind": "nats", "label": "loss with a formula (nats): *"},
    "*_formula_explained": {"kind": "explained", "label": "variance explained by a formula: *"},
    "*_null_accuracy": {"kind": "share", "label": "accuracy with other frequencies: *"},
    "*_null_loss": {"kind": "nats", "label": "loss with other frequencies (nats): *"},
    "*_null_explained": {
        "kind": "explained",
        "label": "variance explained by other frequencies: *",
    },
}


def analyse(
    model: Transformer, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """Of the model with one part replaced (`embedding`, `neurons`, `logits`), per split:

    * `PART_formula_accuracy`, `PART_formula_loss`;
    * `PART_formula_explained`: share of the variance of the neurons, or the centred logits, over the
      split's pairs that the formula accounts for; not of the embedding, which knows no pairs;
    * `PART_null_…`: the same with as many random frequencies that aren't keys.
    """
    true = spectrum.logits_of_pairs(model, parameters, dataset)
    keys = spectrum.key_frequencies(true)
    others = [k for k in range(1, len(spectrum.waves(len(true))) + 1) if k not in keys]
    drawn = np.random.Generator(np.random.Philox(seed)).permutation(others)[: len(keys)].tolist()
    masks = {split: spectrum.pairs_of(dataset, split) for split in SPLITS}
    answers = spectrum.answers_of(dataset)
    for kind, frequencies in (("formula", keys), ("null", drawn)):
        if not frequencies:
            continue
        for part, replace in _PARTS.items():
            logits, explained = replace(model, parameters, dataset, frequencies, masks)
            for split, pairs in masks.items():
                its, right = logits[pairs].double(), answers[pairs]
                name = f"{part}_{kind}"
                accuracy = is_right(its, right).mean().item()
                yield Measurement(f"{name}_accuracy", accuracy, split)
                yield Measurement(f"{name}_loss", F.cross_entropy(its, right).item(), split)
                if split in explained:
                    yield Measurement(f"{name}_explained", explained[split], split)


Replaced = tuple[Float[Tensor, "p p answers"], dict[str, float]]
Masks = dict[str, Bool[Tensor, "p p"]]


def _embedding(
    model: Transformer, parameters: Parameters, dataset: Dataset, keys: list[int], masks: Masks
) -> Replaced:
    embedding = parameters[_EMBEDDING]
    numbers = embedding[:-1].cpu()
    waves = numbers.mean(0, keepdim=True) + spectrum.part_of(numbers, keys)
    replaced = torch.cat([waves.to(embedding), embedding[-1:]])
    return spectrum.logits_of_pairs(model, {**parameters, _EMBEDDING: replaced}, dataset), {}


def _neurons(
    model: Transformer, parameters: Parameters, dataset: Dataset, keys: list[int], masks: Masks
) -> Replaced:
    p, last = spectrum.modulus(dataset), model.settings.n_applications - 1
    pairs = spectrum.all_pairs(p)
    neurons = model.neurons(parameters, pairs, last)
    formula = polynomials(neurons.cpu().view(p, p, -1), keys, masks["train"])
    layer = last % model.settings.n_layers
    change = formula.flatten(0, 1).to(neurons) - neurons
    tokens = torch.from_numpy(pairs.tokens).to(neurons.device)
    states = model.residual_stream(parameters, tokens)[-1, :, -1]
    states = states + F.linear(change, parameters[f"layers.{layer}.mlp.fc_out.weight"])
    logits = model.unembed(parameters, states)[:, :p].view(p, p, p).cpu()
    return logits, _explained(neurons.cpu().view(p, p, -1), formula, masks)


def _logits(
    model: Transformer, parameters: Parameters, dataset: Dataset, keys: list[int], masks: Masks
) -> Replaced:
    true = spectrum.logits_of_pairs(model, parameters, dataset)
    centred = true - true.mean(-1, keepdim=True)
    formula = cosines(centred, keys, masks["train"])
    return formula, _explained(centred, formula, masks)


_PARTS = {"embedding": _embedding, "neurons": _neurons, "logits": _logits}


def polynomials(
    neurons: Float[Tensor, "p p neurons"], keys: list[int], fitted: Bool[Tensor, "p p"]
) -> Float[Tensor, "p p neurons"]:
    """Each neuron by 1, cos and sin of w a and of w b, and the products of one of each.

    The frequency of a neuron is the key that fits it best; frequency and amplitudes are by least squares
    on the pairs to be `fitted`.
    """
    p = len(neurons)
    best = torch.full(neurons.shape[-1:], torch.inf)
    found = torch.zeros_like(neurons)
    one = torch.full((1, p), p**-0.5)
    for k in keys:
        waves = torch.cat([one, spectrum.waves(p)[k - 1]])
        terms = torch.einsum("ia,jb->abij", waves, waves).flatten(2)
        amplitudes = torch.linalg.lstsq(terms[fitted], neurons[fitted]).solution
        its = terms @ amplitudes
        error = (its - neurons)[fitted].square().sum(0)
        found = torch.where(error < best, its, found)
        best = torch.minimum(error, best)
    return found


def cosines(
    logits: Float[Tensor, "p p answers"], keys: list[int], fitted: Bool[Tensor, "p p"]
) -> Float[Tensor, "p p answers"]:
    """Σ u cos(w(a + b − c)) over keys, u by least squares on the pairs to be `fitted`."""
    p = len(logits)
    s, c = torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij")
    angles = 2 * torch.pi * torch.tensor(keys)[:, None, None] * (s - c) / p
    terms = torch.stack([spectrum.by_sum(wave) for wave in angles.cos()], -1)
    u = torch.linalg.lstsq(terms[fitted].flatten(0, 1), logits[fitted].flatten()[:, None])
    return (terms @ u.solution)[..., 0]


def _explained(
    values: Float[Tensor, "p p n"], formula: Float[Tensor, "p p n"], masks: Masks
) -> dict[str, float]:
    found = {}
    for split, pairs in masks.items():
        its = values[pairs]
        left = (its - formula[pairs]).square().sum()
        found[split] = (1 - left / (its - its.mean(0)).square().sum()).item()
    return found
