"""The library in rows as figures take them: a row per study, over seeds."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from onset.collections.neurons.kinds import CLEAN
from onset.statistics.seeds import over_seeds


def by_study(models: pd.DataFrame, column: str, controls: Mapping[str, str]) -> pd.DataFrame:
    """A share of each study's models, and of their nulls.

    Each seed counts once: with the mean over all conditions, of those seeds that every condition has.

    Args:
        models: of the library.
        column: the share.
        controls: name of a column of the result → the column whose mean it is.

    Returns:
        condition (the study, as figures with rows want it), n_seeds, mean, low, high, `seed_N` per seed,
        and the controls. A seed, or a study, in which no model has the share is left out.
    """
    known = models.groupby(["study", "seed"], sort=False)["condition"].transform("size")
    whole = models[known == known.groupby(models["study"], sort=False).transform("max")]
    wanted = [column, *controls.values()]
    of_seeds = whole.groupby(["study", "seed"], sort=False)[[*dict.fromkeys(wanted)]].mean()
    values = of_seeds[column].dropna().rename("value").reset_index()
    values = values.rename(columns={"study": "condition"})
    found = over_seeds(values, ["condition"], "share")
    of_study = of_seeds.groupby(level="study", sort=False).mean()
    for name, its in controls.items():
        found[name] = found["condition"].map(of_study[its])
    return found


def beyond(rows: pd.DataFrame, controls: list[str]) -> int:
    """In how many rows the whole interval is above all controls; undefined ones are none."""
    return int((rows["low"] > rows[controls].max(axis=1)).sum())


def clean_of(nulls: pd.DataFrame, null: str) -> float:
    """The share of a null's neurons that have a clean description."""
    return float((nulls.loc[nulls["null"] == null, "cleanliness"] >= CLEAN).mean())


def percent(share: float) -> str:
    """As it is typeset."""
    return "none" if math.isnan(share) else f"{100 * share:.0f}\\,\\%"
