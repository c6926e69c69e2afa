"""The order in which signs appear: when each is halfway, and how long before the last."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from onset.statistics.milestones import by_checkpoint, half_its_end, reached
from onset.statistics.rows import at_last_step, where
from onset.statistics.seeds import over_seeds
from onset.statistics.times import Bracket, Estimate, Times, difference, estimate, times_of
from onset.statistics.wording import format_censored, format_time

Curves = Mapping[str, pd.DataFrame]
"""sign → its values: condition, measure, seed, step, value"""

_MATTERS = 0.1
"""fraction of answers that another question's state spoils, at least, where a place has a part in them"""


def together(curves: Curves) -> pd.DataFrame:
    """All signs over seeds: sign, step, n_seeds, mean, low, high, seed_0, …"""
    named = pd.concat([rows.assign(sign=sign) for sign, rows in curves.items()])
    return over_seeds(named, ["sign", "step"])


def halves(curves: Curves, last: str) -> pd.DataFrame:
    """When each sign first reaches half its final value, and how long before another one does.

    Args:
        curves: the signs.
        last: the sign that the others are compared with, run by run.

    Returns:
        sign, name (without blanks), what (`half`: the step; `lag`: the steps from there to that of
        `last`, which has none itself) and the columns of `times.Estimate`.
    """
    steps = half_its_end(curves)
    rows = [
        (sign, sign.replace(" ", "_").replace("'", ""), what, *found)
        for sign, its in steps.items()
        for what, found in (
            ("half", estimate(its)),
            ("lag", estimate(difference(steps[last], its), signed=True)),
        )
        if what == "half" or sign != last
    ]
    return pd.DataFrame(rows, columns=["sign", "name", "what", *Estimate._fields])


def parts_of_the_way(watched: pd.DataFrame) -> pd.DataFrame:
    """Each curve as parts of the way from its run's first checkpoint (0) to its last (1).

    Args:
        watched: shown (its name), condition, seed, step, value.
    """
    in_order = watched.sort_values("step", kind="stable")
    values = in_order.groupby(["shown", "condition", "seed"], observed=True)["value"]
    start, end = values.transform("first"), values.transform("last")
    return watched.assign(value=(watched["value"] - start) / (end - start), kind="real")


def behind(ways: pd.DataFrame, first: str, level: float = 0.5) -> dict[str, Times]:
    """By how many steps each sign reaches a level later than another does in the same run.

    Args:
        ways: shown (the sign), condition, seed, step, value, e.g. of `parts_of_the_way`.
        first: the sign that the others are compared with.
        level: to be reached.

    Returns:
        By sign; negative: earlier.
    """
    steps = {name: reached(its, level) for name, its in ways.groupby("shown", sort=False)}
    return {name: difference(its, steps[first]) for name, its in steps.items() if name != first}


def works_from(compared: pd.DataFrame) -> pd.DataFrame:
    """From when on, to the end, the last model works on states of earlier ones (`checkpoint_patching`).

    It does where its accuracy with them is at least half way from that with another question's state to its
    own. Only places count where these two are a tenth apart or more. When it begins to is known to lie
    between two of the checkpoints that were compared.

    Args:
        compared: of one condition and split: condition, seed, measure, layer, position, step, other_step,
            value.

    Returns:
        layer, position, n_compared (runs), and the columns of `times.Estimate`, over those runs in which
        the place has a part in the answers: there may be none.
    """
    places, runs = ["layer", "position"], ["condition", "seed"]
    with_early, with_others = (
        at_last_step(where(compared, measure=its))
        for its in ("patched_accuracy", "patched_other_accuracy")
    )
    least = with_others.set_index([*places, *runs])["value"]
    rows = []
    for place, of_place in with_early.groupby(places):
        brackets = {}
        for run, its in of_place.groupby(runs):
            right, null = its.set_index("other_step")["value"].sort_index(), least[(*place, *run)]
            if right.iloc[-1] - null >= _MATTERS:
                brackets[run] = _to_the_end(right, (right.iloc[-1] + null) / 2)
        n_compared = of_place["seed"].nunique()
        rows.append((*place, n_compared, *estimate(times_of(brackets))))
    return pd.DataFrame(rows, columns=[*places, "n_compared", *Estimate._fields])


def _to_the_end(values: pd.Series, level: float) -> Bracket:
    """From when on values, by step, aren't below a level any more; the last one isn't."""
    steps = values.index.to_numpy(float)
    below = np.flatnonzero(values < level)
    return by_checkpoint(steps, steps[below[-1] + 1 if len(below) else 0])


def in_words(found: pd.DataFrame, half: str, lag: str) -> pd.DataFrame:
    """A row per sign of what `halves` found, as texts, under these headings."""
    say = {"half": format_time, "lag": format_censored}
    said = found.assign(said=[say[row.what](row) for row in found.itertuples()])
    table = said.pivot(index="sign", columns="what", values="said").loc[found["sign"].unique()]
    table = table[["half", "lag"]].fillna("").set_axis([half, lag], axis=1)
    return table.rename_axis(None, axis=1).reset_index()
