"""Heads that were put into other initialisations: do those form there that formed where they came from?"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from onset.interventions.heads import others
from onset.measures.heads.circuit import Head


def formed_and_put(
    pairs: pd.DataFrame, base: str, copied: str, other: str, seeds: Sequence[int], n_heads: int
) -> pd.DataFrame:
    """The pair that formed in each run of two conditions, and what was put there before training.

    Args:
        pairs: previous and induction, by condition and seed (`statistics.induction_pair`).
        base: the condition from whose runs heads were taken, always from the next seed.
        copied: the condition into whose runs the next seed's pair was put.
        other: its null, into whose runs others of the next seed were put.
        seeds: of the base, in their order.
        n_heads: of a layer.

    Returns:
        condition, seed, and pairs of numbers of heads: formed, put, without (what the base forms).
    """
    formed = {run: (int(its["previous"]), int(its["induction"])) for run, its in pairs.iterrows()}
    following = dict(zip(seeds, [*seeds[1:], *seeds[:1]], strict=True))

    def put(condition: str, seed: int) -> tuple[int, ...]:
        theirs = [Head(*its) for its in enumerate(formed[base, following[seed]])]
        heads = theirs if condition == copied else others(theirs, n_heads, seed)
        return tuple(head.number for head in heads)

    rows = [
        (condition, seed, its, put(condition, seed), formed[base, seed])
        for (condition, seed), its in formed.items()
        if condition in (copied, other)
    ]
    return pd.DataFrame(rows, columns=["condition", "seed", "formed", "put", "without"])


def n_same(formed: pd.DataFrame, column: str) -> pd.DataFrame:
    """In how many runs the pair that formed is that of another column: condition, n_there, n_runs."""
    same = formed.assign(same=formed["formed"] == formed[column])
    by = same.groupby("condition", sort=False)["same"]
    return by.agg(n_there="sum", n_runs="size").reset_index()
