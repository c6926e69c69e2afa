"""Are features of two dimensions found in a dictionary, and told from pairs of features of one?

The published way (Engels et al. 2024, arXiv:2405.14860, section 4) groups latents whose directions are
alike, keeps what each group writes, and tests that for what two features of one dimension can't do
(`statistics.irreducible`). Here the features are known, so that each step can be judged by itself.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from onset.measures.dictionaries.matching import inputs_of, latents_of
from onset.measures.measurement import Measurement
from onset.models.batch import Parameters
from onset.models.dictionary.model import Dictionary
from onset.statistics.irreducible import irreducible, mixture, separability
from onset.statistics.prediction import auc
from onset.tasks.geometry import IRREDUCIBLE, SHAPES
from onset.tasks.vectors import VectorDataset

NEEDS = ("coordinates", "dictionary")
QUANTITIES = {
    "separability_*": {"kind": "bits", "label": "what one axis says of the other (bits): *"},
    "mixture_*": {"kind": "share", "label": "points within a narrow band: *"},
    "told_apart": {"kind": "share", "label": "circles told from the rest (AUC), in true planes"},
    "latents_*": {"kind": "count", "label": "latents in the feature's plane: *"},
    "circles_by_*": {"kind": "share", "label": "circles that a group of latents writes: grouped by *"},
    "told_apart_by_*": {"kind": "share", "label": "circles told from the rest (AUC): grouped by *"},
}  # fmt: skip

_IN_PLANE = 0.8
"""share of a direction, or of a plane, that lies in a feature's plane, from which on it counts as in it"""
_LEAST_POINTS = 64
_ALIVE = 8  # examples
_ALIKE = 0.4
"""cosine from which on two latents are of one group"""
_TOGETHER = 0.1
"""the same of the examples on which both are active, over those on which one of them is"""


def analyse(
    model: Dictionary, parameters: Parameters, dataset: VectorDataset, seed: int
) -> Iterator[Measurement]:
    """Per split; of features that are there in at least 64 examples, in the planes that they truly have:

    * `separability_SHAPE`, `mixture_SHAPE`: means over the features of a shape, of states as they are, with
      what other features add; `told_apart`: the probability that a circle is ranked above another shape.

    And per dictionary (`component`):

    * `latents_SHAPE`: latents of which .8 lie in the feature's plane, mean over features;
    * `circles_by_WAY`: share of the circles in whose plane .8 of what some group of latents writes
      lies; groups are latents whose directions are `alike`, latents that are active `together`, and as
      many groups of the same sizes at `random`, a null;
    * `told_apart_by_WAY`: the probability that a group of a circle is ranked above one of another shape;
      missing where there are no groups of both.
    """
    planes = torch.from_numpy(dataset.truth["planes"])
    shapes = dataset.truth["shapes"]
    rng = np.random.Generator(np.random.Philox([seed, len(shapes)]))
    for name, split in dataset.splits.items():
        yield from _in_true_planes(name, split.inputs, split.truth["coordinates"], planes, shapes)
        x = inputs_of(split)
        directions = model.directions(parameters).cpu()
        for dictionary, latents in enumerate(latents_of(model, parameters, dataset)[name]):
            its = _Written(x, latents, directions[dictionary], planes, shapes)
            for measure_name, value in {**its.latents_per_feature, **its.by_ways(rng)}.items():
                yield Measurement(measure_name, value, name, component=dictionary)


def _in_true_planes(
    split: str,
    inputs: Float[np.ndarray, "examples dimensions"],
    coordinates: Float[np.ndarray, "examples features 2"],
    planes: Float[Tensor, "features 2 dimensions"],
    shapes: Int[np.ndarray, " features"],
) -> Iterator[Measurement]:
    found = []
    for feature, plane in enumerate(planes.numpy()):
        there = coordinates[:, feature].any(1)
        if there.sum() >= _LEAST_POINTS:
            points = inputs[there] @ plane.T
            found.append((shapes[feature], separability(points), mixture(points)))
    if not found:
        return
    of_shape, apart, mixed = np.array(found).T
    for number, shape in enumerate(SHAPES):
        if (its := of_shape == number).any():
            yield Measurement(f"separability_{shape}", float(apart[its].mean()), split)
            yield Measurement(f"mixture_{shape}", float(mixed[its].mean()), split)
    yield from _ranked("told_apart", of_shape == IRREDUCIBLE, apart * (1 - mixed), split)


def _ranked(
    name: str, circles: np.ndarray, scores: np.ndarray, split: str
) -> Iterator[Measurement]:
    if 0 < circles.sum() < len(circles):
        yield Measurement(name, float(auc(scores, circles)), split)


class _Written:
    """What groups of a dictionary's latents write, set beside the features."""

    def __init__(
        self,
        x: Float[Tensor, "examples dimensions"],
        latents: Float[Tensor, "examples latents"],
        directions: Float[Tensor, "latents dimensions"],
        planes: Float[Tensor, "features 2 dimensions"],
        shapes: Int[np.ndarray, " features"],
    ) -> None:
        alive = (latents > 0).sum(0) >= _ALIVE
        self._latents, self._directions = latents[:, alive], directions[alive]
        self._planes, self._shapes = planes, shapes

    @property
    def latents_per_feature(self) -> dict[str, float]:
        inside = torch.einsum("fad,ld->fal", self._planes, self._directions).square().sum(1)
        counted = (inside > _IN_PLANE).sum(1).numpy()
        return {
            f"latents_{shape}": float(counted[self._shapes == number].mean())
            for number, shape in enumerate(SHAPES)
        }

    def by_ways(self, rng: np.random.Generator) -> dict[str, float]:
        """How many circles groups write, and how well they are told apart."""
        on = (self._latents > 0).float()
        both = on.T @ on
        either = on.sum(0)[:, None] + on.sum(0) - both
        together = _groups(both / either.clamp(min=1) > _TOGETHER)
        ways = {
            "alike": _groups(self._directions @ self._directions.T > _ALIKE),
            "together": together,
            "random": _shuffled(together, len(self._directions), rng),
        }
        found = {}
        for way, groups in ways.items():
            written = [its for group in groups if (its := self._of(group)) is not None]
            circles = {feature for feature, _, of_circle in written if of_circle}
            n_circles = (self._shapes == IRREDUCIBLE).sum()
            found[f"circles_by_{way}"] = len(circles) / n_circles
            of_circles = np.array([of_circle for *_, of_circle in written], dtype=bool)
            scores = np.array([score for _, score, _ in written])
            for its in _ranked(f"told_apart_by_{way}", of_circles, scores, ""):
                found[its.measure] = its.value
        return found

    def _of(self, group: Int[np.ndarray, " _members"]) -> tuple[int, float, bool] | None:
        """The feature that a group is nearest to, its score, and whether that is a circle it has found."""
        latents = self._latents[:, group]
        active = (latents > 0).any(1)
        if active.sum() < _LEAST_POINTS:
            return None
        written = latents[active] @ self._directions[group]
        written = written - written.mean(0)
        axes = torch.linalg.svd(written, full_matrices=False).Vh[:2]
        inside = torch.einsum("fad,bd->fab", self._planes, axes).square().sum((1, 2)) / 2
        feature = int(inside.argmax())
        found = bool(inside[feature] > _IN_PLANE) and self._shapes[feature] == IRREDUCIBLE
        return feature, irreducible((written @ axes.T).numpy()), bool(found)


def _groups(linked: Bool[Tensor, "latents latents"]) -> list[Int[np.ndarray, " _members"]]:
    """Latents that are linked, directly or through others, where there are at least two."""
    n, group = connected_components(linked.numpy(), directed=False)
    found = [np.flatnonzero(group == its) for its in range(n)]
    return [its for its in found if len(its) > 1]


def _shuffled(
    groups: list[Int[np.ndarray, " _members"]], n: int, rng: np.random.Generator
) -> list[Int[np.ndarray, " _members"]]:
    """As many groups of the same sizes, of any latents."""
    return [rng.choice(n, len(its), replace=False) for its in groups]
