"""When models of stories learn what, and whether in one go, as the notebook asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from onset.notebook.story_neurons import DESCRIBED
from onset.notebook.study import NotebookStudy
from onset.statistics.digit_order import agreement
from onset.statistics.milestones import reached
from onset.statistics.order import parts_of_the_way
from onset.statistics.seeds import over_seeds


def learnt(falling: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """When losses have fallen half of their way from the first checkpoint to the last.

    Args:
        falling: component (the number of what the loss is of), condition, seed, step, value.
        names: of what has a number.

    Returns:
        condition, shown (the name), seed, value: the step, on the straight line between two checkpoints;
        kind.
    """
    ways = parts_of_the_way(falling.assign(shown=falling["component"].map(dict(enumerate(names)))))
    found = [
        reached(its, 0.5)["at"].rename("value").reset_index().assign(shown=name)
        for name, its in ways.groupby("shown", sort=False)
    ]
    return pd.concat(found, ignore_index=True).assign(kind="steps")


def rules_learnt(study: NotebookStudy, conditions: Iterable[str]) -> pd.DataFrame:
    """When the losses at tokens that rules determine have fallen half of their way, over seeds by condition
    and rule (`shown`); `none`: at tokens that no rule determines."""
    falling = study.measured("rule_loss", split="test", condition=list(conditions))
    names = next(iter(study.first.values())).dataset.names["rule"]
    return over_seeds(learnt(falling, names), ["condition", "shown"])


def sudden(neurons: pd.DataFrame, conditions: Sequence[str]) -> pd.DataFrame:
    """Over seeds, of neurons whose clean description came to fit: condition, what (`sharper`: the share
    that rose more between two checkpoints than the loss fell; `later`: that was half way after the loss),
    n_seeds, mean, low, high, …

    Args:
        neurons: rows of the library, with condition, seed and `described`.
        conditions: whose.
    """
    clean = neurons["condition"].isin(conditions) & neurons["described"].isin(DESCRIBED)
    judged = neurons[clean].dropna(subset=["sharpness", "loss_sharpness"])
    told = {
        "sharper": judged["sharpness"] > judged["loss_sharpness"],
        "later": judged["formed"] > judged["loss_formed"],
    }
    rows = [
        judged.assign(value=so.astype(float), what=what)
        .groupby(["condition", "seed", "what"], sort=False)["value"]
        .mean()
        .reset_index()
        for what, so in told.items()
    ]
    return over_seeds(pd.concat(rows), ["condition", "what"], "share")


def same_order(**times: pd.DataFrame) -> pd.DataFrame:
    """Do things come in the same order in all seeds?

    Args:
        times: by what they are times of: shown (whose), seed, value (when); what some seed lacks is left
            out.

    Returns:
        what, n_names, mean (Spearman's correlation, over pairs of seeds), p (of as large a one by chance),
        n_runs. Nothing where there is a single seed.
    """
    found = []
    for what, its in times.items():
        at = its.pivot(index="seed", columns="shown", values="value").dropna(axis=1)
        index = pd.MultiIndex.from_product([[what], at.index], names=["condition", "seed"])
        agreed = agreement(at.set_axis(index), np.random.Generator(np.random.Philox(0)))
        found.append(agreed.rename(columns={"condition": "what"}).assign(n_names=at.shape[1]))
    return pd.concat(found, ignore_index=True)
