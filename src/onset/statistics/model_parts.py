"""What single parts of a model do and are needed for, one number per seed."""

from __future__ import annotations

import pandas as pd

from onset.statistics.rows import where


def attention_to(analyses: pd.DataFrame, layer: float, position: int) -> pd.Series:
    """The attention that a position gets in one block application, mean over its heads, by seed."""
    rows = where(analyses, measure="attention", layer=layer, position=position)
    return rows.groupby("seed")["value"].mean()


def share_written(analyses: pd.DataFrame, part: str, layer: float) -> pd.Series:
    """The share of the logit difference that one part of a block application writes, by seed.

    Args:
        analyses: of one condition and split, one checkpoint each.
        part: `attention` or `mlp`.
        layer: its block application, from 0.
    """
    of_parts = analyses[analyses["measure"].str.startswith("direct_effect_")]
    own = where(of_parts, measure=f"direct_effect_{part}", layer=layer)
    return own.set_index("seed")["value"] / of_parts.groupby("seed")["value"].sum()


def without_a_head(left: pd.DataFrame) -> pd.DataFrame:
    """Between what the accuracy lies without one head of a block application, over heads and seeds.

    Seeds aren't averaged: heads of the same number in different seeds have nothing in common.

    Args:
        left: rows of one split and replacement: condition, layer, head, seed_0, seed_1, …

    Returns:
        condition, application (from 1), lowest, highest.
    """
    heads = left[left["head"].notna()].set_index(["condition", "layer"])
    each = heads.filter(regex=r"^seed_\d+$").melt(ignore_index=False)["value"]
    found = each.groupby(level=[0, 1], observed=True).agg(lowest="min", highest="max").reset_index()
    return found.assign(application=found["layer"].astype(int) + 1)
