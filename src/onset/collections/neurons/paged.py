"""Which neurons have a page of their own."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Bool

from onset.collections.neurons.declared import best_of_each
from onset.collections.neurons.kinds import CLEAN

MOST_PAGES = 72
"""of a study"""
_MOST_NEEDED, _MOST_DECLARED = 8, 40
"""of them, those without which most is lost, and those that some value of what the world declares describes
best"""


def paged(neurons: pd.DataFrame, close: Bool[np.ndarray, " neurons"]) -> list[str]:
    """The name of each neuron's page; empty: it has none.

    Of each study, among neurons of all its models that were looked at more closely: those without which
    most is lost; of each value of what the world declares, such as a topic, the neuron that it describes
    best; and of each description the cleanest neuron, kind by kind.

    Args:
        neurons: study, condition, seed, layer, neuron, kind, description, facts, values, cleanliness,
            added.
        close: which were looked at more closely.
    """
    names = [""] * len(neurons)
    for study, its in neurons[close].groupby("study", sort=False):
        needed = its.sort_values("added", ascending=False, kind="stable").index[:_MOST_NEEDED]
        clean = its[its["cleanliness"] >= CLEAN]
        clean = clean.sort_values("cleanliness", ascending=False, kind="stable")
        clean = clean.drop_duplicates(["kind", "description"])
        in_turn = clean.assign(turn=clean.groupby("kind").cumcount()).sort_values(
            ["turn", "cleanliness"], ascending=[True, False], kind="stable"
        )
        declared = best_of_each(its).index.drop_duplicates()[:_MOST_DECLARED]
        for place in [*dict.fromkeys([*needed, *declared, *in_turn.index])][:MOST_PAGES]:
            row = neurons.loc[place]
            names[place] = (
                f"{study}-{row['condition']}-{row['seed']}-{row['layer']}-{row['neuron']}"
            )
    return names
