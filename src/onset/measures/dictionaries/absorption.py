"""Do children's latents take over their parent feature where they are active?

A dictionary that is rewarded for having few active latents may leave a parent's latent silent on examples
with a child, and put the parent's direction into the child's latent (Chanin et al. 2024,
arXiv:2409.14507). Here everything is known: the child's latent is a sum of true directions, and how much
of the parent it writes on an example can be compared with how much of the parent is there.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from onset.measures.dictionaries.matching import latents_of
from onset.measures.dictionaries.recovery import of_features
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.tasks.vectors import VectorDataset

NEEDS = ("amounts", "families", "dictionary")
QUANTITIES = {
    "pairs_with_latents": {"kind": "share", "label": "parent–child pairs with latents"},
    "missed_with_child": {"kind": "share", "label": "parent missed, child present"},
    "missed_alone": {"kind": "share", "label": "parent missed, child absent"},
    "parent_in_child": {
        "kind": "real",
        "label": "parent's / child's direction in the child's latent",
    },
    "absorption": {"kind": "share", "label": "absorption"},
}

_HAS_A_LATENT = 0.6  # the least cosine; random latents come as near as a half
_WRITTEN = 0.4  # of the parent's amount, by the child's latent, for an example to be absorbed


def measure(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset
) -> Iterator[Measurement]:
    """Per split and dictionary (`component`), means over all pairs of a parent and a child of it that
    have latents by the one-to-one matching (with cosines of more than .6) and are active together in
    some example:

    * `pairs_with_latents`: how many of all pairs these are;
    * `missed_with_child`: fraction of the examples with both in which the parent's latent is silent, and
      `missed_alone`: fraction of those with the parent and no child of it;
    * `parent_in_child`: how much of the parent's direction the child's latent has, per how much of the
      child's: coefficients of least squares on these two directions;
    * `absorption`: fraction of the examples with both in which the parent's latent is silent and the
      child's writes at least two fifths of the parent that is there.
    """
    parents = torch.from_numpy(dataset.truth["parents"])
    truth = torch.from_numpy(dataset.truth["directions"])
    children = (parents >= 0).nonzero().ravel()
    found = of_features(model, parameters, dataset)
    matched = found.latents.where(found.cosine > _HAS_A_LATENT, -1)
    directions = model.directions(parameters).cpu()
    for name, split in dataset.splits.items():
        amounts = torch.from_numpy(split.truth["amounts"]).float()
        of_family = torch.stack(
            [(amounts[:, parents == p] > 0).any(1) for p in range(len(parents))], 1
        )
        latents = latents_of(model, parameters, dataset)[name]
        for dictionary, (its, of_it) in enumerate(zip(latents, matched, strict=True)):
            rows = [
                _of_pair(
                    its[:, of_it[[parent, child]]],
                    amounts[:, [parent, child]],
                    of_family[:, parent],
                    coefficients(directions[dictionary, of_it[child]], truth[[parent, child]]),
                )
                for parent, child in zip(parents[children].tolist(), children.tolist(), strict=True)
                if (of_it[[parent, child]] >= 0).all()
            ]
            n = max(len(children), 1)
            share = len(rows) / n
            yield Measurement("pairs_with_latents", share, name, component=dictionary, n_examples=n)
            if rows := [row for row in rows if row is not None]:
                means = torch.tensor(rows).nanmean(0)
                for measure_name, value in zip(_NAMES, means.tolist(), strict=True):
                    yield Measurement(measure_name, value, name, component=dictionary)


_NAMES = ("missed_with_child", "missed_alone", "parent_in_child", "absorption")


def coefficients(
    direction: Float[Tensor, " dimensions"], features: Float[Tensor, "features dimensions"]
) -> Float[Tensor, " features"]:
    """Of least squares: how much of each feature a direction is."""
    return torch.linalg.lstsq(features.T, direction[:, None]).solution[:, 0]


def _of_pair(
    latents: Float[Tensor, "examples 2"],
    amounts: Float[Tensor, "examples 2"],
    any_child: Bool[Tensor, " examples"],
    written: Float[Tensor, " 2"],
) -> tuple[float, ...] | None:
    """Of a parent (first) and a child (second), whose latent writes so much of both."""
    both, silent = (amounts > 0).all(1), latents[:, 0] <= 0
    alone = (amounts[:, 0] > 0) & ~any_child
    if not both.any():
        return None
    in_its_place = latents[:, 1] * written[0] >= _WRITTEN * amounts[:, 0]
    return (
        silent[both].float().mean().item(),
        silent[alone].float().mean().item(),
        (written[0] / written[1]).item(),
        (silent & in_its_place)[both].float().mean().item(),
    )
