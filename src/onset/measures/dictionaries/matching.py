"""Latents matched to true features: shared code of the dictionary measures.

Shapes are those of one run's dictionaries, all of the same width, on the examples of one split.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from onset.measures.answers.asking import kept
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.tasks.vectors import VectorDataset, VectorSplit

Cosines = Float[Tensor, "dictionaries features latents"]


@kept
def latents_of(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset
) -> dict[str, Float[Tensor, "dictionaries examples latents"]]:
    """Activations on every split, on the CPU."""
    device = parameters["decoder.bias"].device
    return {
        name: model.latents(parameters, inputs_of(split).to(device)).cpu()
        for name, split in dataset.splits.items()
    }


@lru_cache(maxsize=16)
def inputs_of(split: VectorSplit) -> Float[Tensor, "examples dimensions"]:
    return torch.from_numpy(split.inputs)


class Match(NamedTuple):
    """One latent for each feature, no latent for two, so that the cosines' sum is largest.

    Of more features than latents some have none: a cosine of 0.
    """

    latents: Int[Tensor, "dictionaries features"]
    """-1: none"""
    cosines: Float[Tensor, "dictionaries features"]


def one_to_one(cosines: Cosines) -> Match:
    """By the assignment with the largest sum (`scipy.optimize.linear_sum_assignment`)."""
    latents = torch.full(cosines.shape[:2], -1)
    for of_dictionary, its in zip(latents, cosines, strict=True):
        rows, columns = linear_sum_assignment(its.numpy(), maximize=True)
        of_dictionary[rows] = torch.from_numpy(columns)
    found = cosines.gather(2, latents.clamp(min=0)[:, :, None])[..., 0]
    return Match(latents, found * (latents >= 0))


def cosines_between(
    features: Float[Tensor, "features dimensions"],
    directions: Float[Tensor, "dictionaries latents dimensions"],
) -> Cosines:
    return F.normalize(features, dim=-1) @ F.normalize(directions, dim=-1).mT


class Detection(NamedTuple):
    """How well one thing's being active tells that another is."""

    precision: Tensor
    recall: Tensor

    @property
    def f1(self) -> Tensor:
        """Harmonic mean of precision and recall; 0 where one of them is."""
        return 2 * self.precision * self.recall / (self.precision + self.recall).clamp(min=1e-12)


def detection(
    true: Bool[Tensor, "examples columns"], found: Bool[Tensor, "examples columns"]
) -> Detection:
    """Of what is found, column by column: which part is true, and which part of what is true is found.

    0 where there is nothing of which to take a part.
    """
    both = (true & found).sum(0).float()
    return Detection(both / found.sum(0).clamp(min=1), both / true.sum(0).clamp(min=1))


def detection_by_all(
    true: Bool[Tensor, "examples features"], found: Bool[Tensor, "examples latents"]
) -> Detection:
    """The same for every pair, shape (features, latents)."""
    of_true, of_found = true.float(), found.float()
    both = of_true.T @ of_found
    return Detection(
        both / of_found.sum(0).clamp(min=1), both / of_true.sum(0)[:, None].clamp(min=1)
    )
