"""Fourier analysis over the numbers modulo p: shared code of the modular-addition measures.

Frequencies are k = 1 … (p − 1) / 2 with angles w = 2πk / p, p being odd. A model that adds on the circle
gives the answer c to `[a, b, =]` a logit that is a sum of cos(w(a + b − c)) over some of them. After
Nanda et al. 2023 (arXiv:2301.05217), sections 4 and 5.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.measures.answers.asking import kept, logits_of_splits
from onset.models.batch import Model, Parameters, Questions
from onset.tasks.dataset import Dataset

_KEY_SHARE = 0.01  # of the logits' variance


def modulus(dataset: Dataset) -> int:
    """p: all tokens but the last, which is `=`, are numbers."""
    return dataset.n_tokens - 1


@lru_cache(maxsize=4)
@torch.inference_mode(False)  # kept for trainings, too
def waves(p: int) -> Float[Tensor, "frequencies 2 p"]:
    """cos(w n) and sin(w n) over the numbers n, each of unit norm; the first frequency is 1."""
    k = torch.arange(1, (p - 1) // 2 + 1, dtype=torch.float64)
    angles = 2 * torch.pi * k[:, None] * torch.arange(p) / p
    return (torch.stack([angles.cos(), angles.sin()], 1) * (2 / p) ** 0.5).to(torch.float32)


@lru_cache(maxsize=4)
def all_pairs(p: int) -> Questions:
    """`[a, b, =]` for all a and b, a first. One object, so that what depends on it is computed once."""
    a, b = torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij")
    tokens = torch.stack([a.ravel(), b.ravel(), torch.full((p * p,), p)], 1)
    return Questions(tokens.numpy(), scored=(2,))


@kept
def logits_of_pairs(
    model: Model, parameters: Parameters, dataset: Dataset
) -> Float[Tensor, "p p answers"]:
    """Logits of [a, b, =] for the answers that are numbers, by a and b, on the CPU.

    Where the splits have all pairs, those that other measures ask for, too.
    """
    p = modulus(dataset)
    order = _order_in_splits(dataset)
    if order is None:
        found = model.logits(parameters, [all_pairs(p)])[:, :p].cpu()
    else:
        of_splits = logits_of_splits(model, parameters, dataset)[:, :p].cpu()
        found = F.embedding(order, of_splits)
    return found.reshape(p, p, p)


@lru_cache(maxsize=4)
def _order_in_splits(dataset: Dataset) -> Int[Tensor, " pairs"] | None:
    """Where each pair, a first, stands in the splits one after the other; None if some stand nowhere."""
    p = modulus(dataset)
    places = torch.cat([places_of(dataset, name) for name in dataset.splits])
    pairs, order = np.unique(places.numpy(), return_index=True)
    return torch.from_numpy(order) if len(pairs) == p * p else None


def pairs_of(dataset: Dataset, split: str) -> Bool[Tensor, "p p"]:
    """Which pairs are in a split."""
    p = modulus(dataset)
    mask = torch.zeros(p * p, dtype=torch.bool)
    mask[places_of(dataset, split)] = True
    return mask.view(p, p)


@lru_cache(maxsize=8)
@torch.inference_mode(False)
def places_of(dataset: Dataset, split: str) -> Int[Tensor, " pairs"]:
    """The place of each of a split's pairs among all pairs, a first."""
    tokens = dataset.splits[split].tokens
    return torch.from_numpy(tokens[:, 0] * modulus(dataset) + tokens[:, 1])


@lru_cache(maxsize=4)
@torch.inference_mode(False)
def answers_of(dataset: Dataset) -> Int[Tensor, "p p"]:
    """The right answer to every pair, as the splits have it."""
    p = modulus(dataset)
    answers = torch.zeros(p * p, dtype=torch.long)
    for name, split in dataset.splits.items():
        answers[places_of(dataset, name)] = torch.from_numpy(split.targets[:, 0])
    return answers.view(p, p)


def mean_by_sum(of_pairs: Float[Tensor, "p p n"]) -> Float[Tensor, "p n"]:
    """The mean over all pairs with the same sum modulo p, by that sum."""
    return F.embedding_bag(pairs_by(len(of_pairs), 1, 1), of_pairs.flatten(0, 1), mode="mean")


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def pairs_by(p: int, of_a: int, of_b: int) -> Int[Tensor, "p pairs"]:
    """The p pairs that have each value of `of_a` a + `of_b` b modulo p, by that value."""
    return sums_of_pairs(p, of_a, of_b).argsort(stable=True).view(p, p)


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def sums_of_pairs(p: int, of_a: int = 1, of_b: int = 1) -> Int[Tensor, " pairs"]:
    """`of_a` a + `of_b` b modulo p of all pairs, a first."""
    a, b = torch.meshgrid(torch.arange(p), torch.arange(p), indexing="ij")
    return ((of_a * a + of_b * b) % p).ravel()


def by_sum(table: Float[Tensor, "p answers"]) -> Float[Tensor, "p p answers"]:
    """The inverse: a function of the sum, as a function of the pair."""
    p = len(table)
    return F.embedding(sums_of_pairs(p), table).view(p, p, -1)


def part_of(
    table: Float[Tensor, "p answers"], frequencies: list[int]
) -> Float[Tensor, "p answers"]:
    """The part of a function of the sum that has one of these frequencies."""
    basis = waves(len(table))[[k - 1 for k in frequencies]].flatten(0, 1)
    return basis.T @ (basis @ table)


def shares_on_the_circle(logits: Float[Tensor, "p p answers"]) -> Float[Tensor, " frequencies"]:
    """Share of the logits' variance that cos and sin of w(a + b − c) explain, by frequency.

    Logits are taken relative to their mean over answers, which is all that a softmax sees of them.
    """
    p = len(logits)
    centred = logits - logits.mean(-1, keepdim=True)
    table = mean_by_sum(centred) * p  # the sum over pairs
    by_distance = F.embedding_bag(pairs_by(p, 1, -1), table.view(-1, 1), mode="sum")
    # Of unit norm over all p³ places: each distance has p² of them.
    along = waves(p) @ by_distance[:, 0] / p
    return along.square().sum(1) / torch.linalg.vector_norm(centred).square()


def key_frequencies(logits: Float[Tensor, "p p answers"]) -> list[int]:
    """Those that explain more than a hundredth of the variance.

    In a model that has generalised, a frequency that the circuit uses has some hundredths at least and any
    other less than a thousandth (seen on spare seeds).
    """
    shares = shares_on_the_circle(logits).tolist()
    return [k for k, share in enumerate(shares, start=1) if share > _KEY_SHARE]


def norms_by_frequency(rows: Float[Tensor, "p d"]) -> Float[Tensor, " frequencies"]:
    """Frobenius norm of the part of a function of a number that has each frequency."""
    return (waves(len(rows)).to(rows.device) @ rows).flatten(1).norm(dim=1)


def gini(values: Float[Tensor, " n"]) -> Float[Tensor, ""]:
    """Gini coefficient of non-negative numbers: 0 if all are equal, 1 − 1/n if one has everything."""
    ordered = values.double().sort().values
    n = len(ordered)
    ranks = torch.arange(1, n + 1, dtype=torch.float64)
    return (2 * ranks - n - 1) @ ordered / (n * ordered.sum())
