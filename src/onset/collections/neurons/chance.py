"""How often neurons that should have no clean description have one that is as clean."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Float

from onset.collections.neurons.combine import RUN
from onset.collections.neurons.rows import NULLS

_WHERE = [*RUN, "layer"]


def as_clean(neurons: pd.DataFrame, nulls: pd.DataFrame) -> pd.DataFrame:
    """Of each neuron and null, the share of the null's neurons, of the same model and layer, whose best
    description is at least as clean; NaN where the model has no such null.

    Args:
        neurons: study, condition, seed, layer, cleanliness.
        nulls: of the library.

    Returns:
        A column per null, with the index of the neurons.
    """
    found = pd.DataFrame(np.nan, index=neurons.index, columns=[*NULLS])
    of_layers = {
        where: {
            null: np.sort(of_null["cleanliness"].to_numpy())
            for null, of_null in its.groupby("null")
        }
        for where, its in nulls.groupby(_WHERE)
    }
    for where, its in neurons.groupby(_WHERE):
        for null, reached in of_layers.get(where, {}).items():
            found.loc[its.index, null] = _at_least(its["cleanliness"].to_numpy(), reached)
    return found


def _at_least(
    values: Float[np.ndarray, " neurons"], rising: Float[np.ndarray, " of_null"]
) -> Float[np.ndarray, " neurons"]:
    """The share of the rising numbers that are no less than each value."""
    return 1 - np.searchsorted(rising, values) / len(rising)
