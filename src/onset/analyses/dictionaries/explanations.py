"""Does what a latent's top examples have in common predict when it is active?

A latent is explained as people and their models do it: from the examples on which it is most active. The
explanation is a predicate of the true world, "feature i is present": the one that most distinguishes
these examples. It is then tested on examples made for it: others from the same distribution, to which the
feature is added (with its parent, if it has one). If the latent is silent on such an example, the
explanation was too general; top examples can't show that (the interpretability illusion, Bolukbasi et al.
2021, arXiv:2104.07143).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.tasks.vectors import VectorDataset

NEEDS = ("amounts", "dictionary")
QUANTITIES = {
    "explained": {"kind": "share", "label": "latents explained"},
    "believed": {"kind": "share", "label": "latents with an accepted explanation"},
    "false_negatives": {"kind": "share", "label": "false negatives of explanations"},
    "false_negatives_large": {"kind": "share", "label": "false negatives, large features"},
    "false_negatives_by_chance": {"kind": "share", "label": "false negatives of other latents"},
    "false_negatives_of_parents": {"kind": "share", "label": "false negatives, parents"},
    "false_negatives_with_child": {
        "kind": "share",
        "label": "false negatives, parents with a child",
    },
}

_N_TOP = 10
_N_MADE = 64
_LEAST_ACTIVE = 2 * _N_TOP  # examples on which a latent must be active to be explained
_BELIEVED = 0.9  # of the top examples
_LEAST, _MOST = 0.5, 1.5  # of a feature's magnitude, as where it is active by nature


def analyse(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset, seed: int
) -> Iterator[Measurement]:
    """Per split and dictionary (`component`). Latents that are active often enough are explained on the
    first half of the examples; an explanation that is true of nine tenths of the top examples is believed:

    * `explained`, `believed`: fractions of the latents;
    * `false_negatives`: of believed latents, the mean fraction of the examples made for their
      explanation, out of the second half, on which they are silent; `false_negatives_large`: where the
      feature is larger than usual; `false_negatives_by_chance`: of all other explained latents on the
      same examples;
    * `false_negatives_of_parents`, `false_negatives_with_child`: of believed latents of parents, as it
      is and with a child of the parent added, too.
    """
    generator = torch.Generator().manual_seed(seed)
    for name, split in dataset.splits.items():
        half = len(split) // 2
        inputs = torch.from_numpy(split.inputs)
        active = torch.from_numpy(split.truth["amounts"]) > 0
        latents = model.latents(parameters, inputs[:half])
        often = (latents > 0).sum(1) >= _LEAST_ACTIVE
        said = [explain(its, active[:half]) for its in latents]
        feature = torch.stack([its.feature for its in said])
        believed = (torch.stack([its.share for its in said]) >= _BELIEVED) & often
        rows: list[dict[str, list[float]]] = [{} for _ in latents]
        for i in feature[believed].unique().tolist():
            made = _Made(dataset, inputs[half:], active[half:], i, generator)
            silent = model.latents(parameters, made.inputs) <= 0
            with_child = made.with_child(generator)
            then = None if with_child is None else model.latents(parameters, with_child) <= 0
            for dictionary, its in enumerate(rows):
                chosen = believed[dictionary] & (feature[dictionary] == i)
                of_chosen, others = silent[dictionary][:, chosen], often[dictionary] & ~chosen
                found = {"": of_chosen, "_large": of_chosen[made.scale > 1]}
                if then is not None:
                    found |= {"_of_parents": of_chosen, "_with_child": then[dictionary][:, chosen]}
                for which, values in found.items():
                    its.setdefault(which, []).extend(values.float().mean(0).tolist())
                if chosen.any():
                    by_chance = silent[dictionary][:, others].float().mean().item()
                    its.setdefault("_by_chance", []).append(by_chance)
        for dictionary, its in enumerate(rows):
            of_one = {"explained": often, "believed": believed}
            for measure_name, values in of_one.items():
                value, n = values[dictionary].float().mean().item(), values.shape[1]
                yield Measurement(measure_name, value, name, component=dictionary, n_examples=n)
            for which, values in its.items():
                if values:
                    value = sum(values) / len(values)
                    yield Measurement(f"false_negatives{which}", value, name, component=dictionary)


class Explanation(NamedTuple):
    """What the top examples of each latent have in common."""

    feature: Int[Tensor, " latents"]
    share: Float[Tensor, " latents"]
    """of the top examples that have it"""


def explain(
    latents: Float[Tensor, "examples latents"], active: Bool[Tensor, "examples features"]
) -> Explanation:
    """Of each latent the feature that is most often in its top examples, beyond how often it is there."""
    top = latents.topk(min(_N_TOP, len(latents)), dim=0).indices
    share = active[top].float().mean(0)
    feature = (share - active.float().mean(0)).argmax(1)
    return Explanation(feature, share.gather(1, feature[:, None])[:, 0])


class _Made:
    """Examples with a feature, made from others without it."""

    def __init__(
        self,
        dataset: VectorDataset,
        inputs: Float[Tensor, "examples dimensions"],
        active: Bool[Tensor, "examples features"],
        feature: int,
        generator: torch.Generator,
    ) -> None:
        self._directions = torch.from_numpy(dataset.truth["directions"])
        self._magnitudes = torch.from_numpy(dataset.truth["magnitudes"])
        self._children = (torch.from_numpy(dataset.truth["parents"]) == feature).nonzero().ravel()
        without = (~active[:, feature]).nonzero().ravel()
        rows = without[torch.randint(len(without), (_N_MADE,), generator=generator)]
        self.scale = self._scale(generator)
        self.inputs = inputs[rows] + self._amount(feature, self.scale)
        parent = int(dataset.truth["parents"][feature])
        if parent >= 0:
            lacking = (~active[rows, parent])[:, None]
            self.inputs = self.inputs + lacking * self._amount(parent, self._scale(generator))

    def with_child(self, generator: torch.Generator) -> Tensor | None:
        """The same with one of its children each; None if there are none."""
        if not len(self._children):
            return None
        which = self._children[torch.randint(len(self._children), (_N_MADE,), generator=generator)]
        amounts = self._scale(generator) * self._magnitudes[which]
        return self.inputs + amounts[:, None] * self._directions[which]

    @staticmethod
    def _scale(generator: torch.Generator) -> Float[Tensor, " examples"]:
        return _LEAST + (_MOST - _LEAST) * torch.rand(_N_MADE, generator=generator)

    def _amount(
        self, feature: int, scale: Float[Tensor, " examples"]
    ) -> Float[Tensor, "examples dimensions"]:
        return scale[:, None] * self._magnitudes[feature] * self._directions[feature]
