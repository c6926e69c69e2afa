"""Is there a hill between two models on the straight way from one's weights to the other's?

Linear mode connectivity (Frankle et al. 2020, arXiv:1912.05671): between two trainings that went the same
way at first, the loss on the straight line between their weights is no higher than at its ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from onset.comparisons.changes.straight_way import along, asked_on, between, rise
from onset.comparisons.changes.versions import Version
from onset.comparisons.member import Compared, Member
from onset.comparisons.pairs import of_pairs
from onset.measures.measurement import Measurement
from onset.models.batch import Model
from onset.tasks.dataset import Dataset

TOGETHER = "runs"
NEEDS = ("residual_stream",)
OPTIONS = {"points": 11}
QUANTITIES = {
    "barrier": {"kind": "logits", "label": "loss above the straight line, at most (nats)"},
    "accuracy_between": {"kind": "share", "label": "lowest accuracy between two models"},
    "instability": {"kind": "signed_share", "label": "by which accuracy falls between, at most"},
    "distance": {"kind": "ratio", "label": "distance of weights, over the norm of the second"},
}


def compare(members: Sequence[Member[Model, Dataset]], points: int) -> Iterator[Compared]:
    """Of each two runs with one architecture (`onset.comparisons.pairs`), on the questions of the first, at
    so many points in between, both ends among them; per split:

    * `barrier`: how far the loss rises above the straight line between its values at the ends, at most;
    * `accuracy_between`: the lowest accuracy at any of the points; `instability`: how far below the mean
      of both ends that is (Frankle et al., section 2);

    and `distance`: of the two models' weights, in multiples of the norm of the second's.
    """
    return of_pairs(members, partial(_on_the_way, np.linspace(0, 1, points).tolist()))


def _on_the_way(
    ways: Sequence[float], one: Member[Model, Dataset], other: Member[Model, Dataset]
) -> Iterator[Compared]:
    here, there = (Version.of(its, its.steps[-1]) for its in (one, other))
    asked = asked_on(one.dataset)
    found = along(here.model, partial(between, here.parameters, there.parameters), ways, asked)
    for name in asked.splits:
        right = found["accuracy", name]
        of_split = {
            "barrier": rise(found["loss", name], ways),
            "accuracy_between": right.min().item(),
            "instability": (right[[0, -1]].mean() - right.min()).item(),
        }
        for measure, value in of_split.items():
            yield Compared(Measurement(measure, value, name), one, other)
    yield Compared(Measurement("distance", _distance(here, there)), one, other)


def _distance(here: Version, there: Version) -> float:
    apart = sum(
        (its - there.parameters[name].to(its)).double().square().sum().item()
        for name, its in here.parameters.items()
    )
    norm = sum(its.double().square().sum().item() for its in there.parameters.values())
    return (apart / norm) ** 0.5
