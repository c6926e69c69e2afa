"""The places of a layer, and what its neurons are described by there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.collections.neurons.activity import Opened
from onset.collections.neurons.descriptions import thresholds
from onset.collections.neurons.facts import Facts, Terms, terms_of
from onset.collections.neurons.shown import Shown


@dataclass(frozen=True, eq=False)
class Layer:
    """A block application, from 0."""

    number: int
    seen: Shown
    places: Int[np.ndarray, " places"]
    """their numbers"""
    other_half: Bool[Tensor, " places"]
    """those on which descriptions are scored"""
    facts: Facts
    terms: Terms

    @classmethod
    def of(cls, seen: Shown, facts: Facts, number: int) -> Layer:
        """The layer's part of what is known of all places."""
        places = seen.of_layer(number)
        half = seen.other_half[places]
        its = {name: values[places] for name, values in facts.items()}
        return cls(number, seen, places, torch.from_numpy(half), its, terms_of(its, half))

    @cached_property
    def splits(self) -> dict[str, Bool[np.ndarray, " places"]]:
        """By name of a split, the places on which descriptions are scored that are of it; a place that
        several have is of the first."""
        named = np.array([its.split for its in self.seen.groups])[self.seen.group[self.places]]
        half = self.other_half.numpy()
        return {name: half & (named == name) for name in dict.fromkeys(named[half].tolist())}

    def values(self, opened: Opened) -> Float[Tensor, "places neurons"]:
        """What a checkpoint's neurons are."""
        return opened.at_places(opened.neurons(self.number), self.number).cpu()

    def active(self, values: Float[Tensor, "places neurons"]) -> Bool[Tensor, "neurons places"]:
        """Where they are active."""
        return (values > thresholds(values, self.other_half)).T
