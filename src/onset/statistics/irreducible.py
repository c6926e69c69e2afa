"""Is a feature of two dimensions more than two features of one?

Engels et al. 2024 (arXiv:2405.14860), section 2.1 and appendix B: a feature is reducible if after some
affine map it is separable (two parts that say nothing of each other) or a mixture (one of its parts is
without amount most of the time). A circle is neither.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from numpy.typing import ArrayLike

_N_ANGLES = 36
_N_BINS = 10
_WIDTH = 0.1
"""of the band, in parts of the root mean square (ε in the paper)"""
_N_OFFSETS = 41
_FARTHEST = 3.0
"""offset of a band from the mean, in parts of the points' root mean square"""

Points = Float[np.ndarray, "points 2"]


def separability(points: Points) -> float:
    """Bits that two coordinates at right angles say of each other, on the axes where these are fewest.

    Of ten bins each with as many points in each, less what as many points in random pairs seem to say.
    0 where the two are independent along some axes.

    Args:
        points: one for each example in which the feature is there.
    """
    rng = np.random.Generator(np.random.Philox(len(points)))
    said = []
    for angle in np.linspace(0, np.pi / 2, _N_ANGLES, endpoint=False):
        along, across = (_binned(its) for its in _turned(points, angle))
        said.append(_bits(along, across) - _bits(along, rng.permutation(across)))
    return max(min(said), 0.0)


def mixture(points: Points) -> float:
    """Share of the points within the narrow band, at any angle and place, that has most of them.

    Of one of two features at a time, each on an axis of its own, half are in a band; of a normal
    distribution about .1.
    """
    centred = points - points.mean(0)
    scaled = centred / max(float(np.sqrt(np.square(centred).sum(1).mean())), 1e-12)
    offsets = np.linspace(-_FARTHEST, _FARTHEST, _N_OFFSETS)
    most = 0.0
    for angle in np.linspace(0, np.pi, _N_ANGLES, endpoint=False):
        along = np.sort(_turned(scaled, angle)[0])
        width = _WIDTH * np.sqrt(np.square(along).mean() + offsets**2)  # the points' mean is 0
        inside = np.searchsorted(along, width - offsets) - np.searchsorted(along, -width - offsets)
        most = max(most, inside.max() / len(along))
    return float(most)


def irreducible(points: Points) -> float:
    """How far a feature is neither: `separability` (1 − `mixture`), as its authors rank features."""
    return separability(points) * (1 - mixture(points))


def _turned(points: Points, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """The coordinates along two axes at right angles, the first of them at this angle."""
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ [cos, sin], points @ [-sin, cos]


def _binned(values: ArrayLike) -> np.ndarray:
    """Numbers of bins with as many values each."""
    ranks = np.argsort(np.argsort(values, kind="stable"))
    return ranks * _N_BINS // len(ranks)


def _bits(one: np.ndarray, other: np.ndarray) -> float:
    """Mutual information of two rows of bins."""
    counts = np.zeros((_N_BINS, _N_BINS))
    np.add.at(counts, (one, other), 1)
    joint = counts / counts.sum()
    alone = joint.sum(1, keepdims=True) * joint.sum(0, keepdims=True)
    there = joint > 0
    return float((joint[there] * np.log2(joint[there] / alone[there])).sum())
