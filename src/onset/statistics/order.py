"""The order in which signs appear: when each is halfway, and how long before the last."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from onset.statistics.milestones import first_half, reached
from onset.statistics.named import stacked
from onset.statistics.per_run import as_rows
from onset.statistics.seeds import over_seeds, summary_of_seeds
from onset.statistics.wording import format_interval

Curves = Mapping[str, pd.DataFrame]
"""sign → its values: measure, seed, step, value"""


def together(curves: Curves) -> pd.DataFrame:
    """All signs over seeds: sign, step, n_seeds, mean, low, high, seed_0, …"""
    named = pd.concat([rows.assign(sign=sign) for sign, rows in curves.items()])
    return over_seeds(named, ["sign", "step"])


def halves(curves: Curves, last: str) -> pd.DataFrame:
    """When each sign first reaches half its final value, and how long before another one does.

    Args:
        curves: the signs.
        last: the sign that the others are compared with, seed by seed.

    Returns:
        sign, name (without blanks), what (`half`: the step; `lag`: the steps from there to that of
        `last`), mean, low, high.
    """
    steps = first_half(curves)
    rows = [
        (sign, sign.replace(" ", "_").replace("'", ""), what, *summary_of_seeds(its))
        for sign in curves
        for what, its in (("half", steps[sign]), ("lag", steps[last] - steps[sign]))
    ]
    return pd.DataFrame(rows, columns=["sign", "name", "what", "mean", "low", "high"])


def parts_of_the_way(watched: pd.DataFrame) -> pd.DataFrame:
    """Each curve as parts of the way from its run's first checkpoint (0) to its last (1).

    Args:
        watched: shown (its name), condition, seed, step, value.
    """
    in_order = watched.sort_values("step", kind="stable")
    values = in_order.groupby(["shown", "condition", "seed"], observed=True)["value"]
    start, end = values.transform("first"), values.transform("last")
    return watched.assign(value=(watched["value"] - start) / (end - start), kind="real")


def behind(ways: pd.DataFrame, first: str, level: float = 0.5) -> pd.DataFrame:
    """By how many steps each sign reaches a level later than another does in the same run.

    Args:
        ways: shown (the sign), condition, seed, step, value, e.g. of `parts_of_the_way`.
        first: the sign that the others are compared with.
        level: to be reached, on straight lines between checkpoints.

    Returns:
        shown, condition, seed, kind, value (negative: earlier); no rows where one of the two isn't reached.
    """
    steps = {name: reached(its, level) for name, its in ways.groupby("shown", sort=False)}
    others = [name for name in steps if name != first]
    return stacked({name: as_rows(steps[name] - steps[first]) for name in others})


def in_words(found: pd.DataFrame, half: str, lag: str) -> pd.DataFrame:
    """A row per sign of what `halves` found, as texts, under these headings."""
    said = found.assign(said=[format_interval(row, digits=0) for row in found.itertuples()])
    table = said.pivot(index="sign", columns="what", values="said").loc[found["sign"].unique()]
    return (
        table[["half", "lag"]].set_axis([half, lag], axis=1).rename_axis(None, axis=1).reset_index()
    )
