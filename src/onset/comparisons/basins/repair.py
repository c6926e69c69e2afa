"""The statistics of hidden neurons, restored between two models.

A neuron that is the mean of two others varies less than either, the more so the less they are alike.
REPAIR (Jordan et al. 2022, arXiv:2211.08403) brings mean and deviation of what each neuron is before its
activation back to where they would be on the straight line between the two, layer by layer.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from onset.models.batch import AnyModel, Parameters, Questions
from onset.models.symmetries import entries_first, of_family, put_back

_VARIES = 1e-6


def repaired(
    model: AnyModel,
    mixed: Mapping[str, Tensor],
    ends: tuple[Parameters, Parameters],
    way: float,
    questions: Questions,
) -> Parameters:
    """A model between two, with rescaled and shifted neurons.

    Args:
        model: of all three.
        mixed: its parameters, so far along the way.
        ends: those of the two models, with their units moved where they belong.
        way: from the first (0) to the second (1).
        questions: on which means and deviations are taken.
    """
    family, found = of_family(model.settings.name), dict(mixed)
    for layer, read in enumerate(family.repaired(model)):
        means, deviations = [], []
        for its in (*ends, found):
            values = family.before_activation(model, its, questions, layer)
            means.append(values.mean(0))
            deviations.append(values.std(0, correction=0))
        wanted_mean = (1 - way) * means[0] + way * means[1]
        wanted = (1 - way) * deviations[0] + way * deviations[1]
        scale = (wanted / deviations[2].clamp(min=_VARIES)).where(deviations[2] > _VARIES, 1.0)
        for axis in read.weights:
            rows = entries_first(found[axis.parameter], axis)
            scaled = rows * scale.view(-1, *[1] * (rows.ndim - 1))
            found[axis.parameter] = put_back(scaled, axis, found[axis.parameter])
        found[read.bias] = (found[read.bias] - means[2]) * scale + wanted_mean
    return found
