"""Models by size: up to which none succeeds in any seed, and the smallest that does in every one.

Where runs are near the level, last digits of sums decide which model is the smallest. What doesn't hang on
them is that it lies between these two.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


def by_size(
    ends: pd.DataFrame, validated: pd.DataFrame, parameters: Mapping[str, int], level: float
) -> pd.DataFrame:
    """Models, the smallest first.

    Args:
        ends: over seeds on the part that is shown: condition, mean, low, high, seed_0, …
        validated: the same on the part that the choice is made on.
        parameters: how many a condition's model has; of those that are compared.
        level: to be reached by every seed.

    Returns:
        By condition: the columns of `ends`, parameters, worst and best (of the seeds, on the part that the
        choice is made on), passes (whether every seed is at the level there), fails (whether none is),
        seeds_at_level (on the part that is shown).
    """
    names = list(parameters)
    models = ends.set_index("condition").loc[names].copy()
    seeds = list(models.filter(regex=r"^seed_\d+$"))
    chosen_on = validated.set_index("condition").loc[names, seeds]
    models["parameters"] = list(parameters.values())
    models["worst"], models["best"] = chosen_on.min(axis=1), chosen_on.max(axis=1)
    models["passes"], models["fails"] = models["worst"] >= level, models["best"] < level
    models["seeds_at_level"] = (models[seeds] >= level).sum(axis=1)
    return models.sort_values("parameters", kind="stable")


def smallest(models: pd.DataFrame) -> str | None:
    """The first model of `by_size` that passes."""
    passing = models.index[models["passes"]]
    return passing[0] if len(passing) else None


def too_small(models: pd.DataFrame) -> pd.DataFrame:
    """The first models of `by_size`: those up to the largest size up to which all fail."""
    least = models.loc[~models["fails"], "parameters"].min()
    return models[~(models["parameters"] >= least)]


def around(models: pd.DataFrame, name: str | None, before: int = 4, after: int = 4) -> pd.DataFrame:
    """The models next to one in size; next to the largest, if none is named."""
    place = models.index.get_loc(name) if name else len(models) - 1
    return models.iloc[max(0, place - before) : place + after]
