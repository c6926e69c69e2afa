"""What comparisons found, brought to one number per seed, or per pair of seeds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

_ABOUT = ("comparison", "condition", "other_condition", "other_seed", "seed")


def called(compared: pd.DataFrame) -> pd.Series:
    """What summaries call whom a row is about: `COMPARISON:CONDITION`, or `COMPARISON:ONE:OTHER`.

    The comparison alone where a number is of all that stand together, of several conditions.
    """
    name = compared["comparison"].astype(str)
    one, other = compared["condition"], compared["other_condition"]
    name = name.where(one.isna(), name + ":" + one.astype(str))
    apart = other.notna() & (other != one)
    return name.where(~apart, name + ":" + other.astype(str).str.replace("/", ":"))


def at_their_ends(compared: pd.DataFrame) -> pd.DataFrame:
    """The rows about the last of the checkpoints that were looked at, and those that are about none.

    Without what is set beside itself, a checkpoint beside the same.
    """
    by = [compared[column].astype(object).fillna("") for column in _ABOUT]
    kept = np.ones(len(compared), bool)
    for column in ("step", "other_step"):
        steps = compared[column].astype(float)
        last = steps.groupby(by).transform("max")
        kept &= (steps.isna() | (steps == last)).to_numpy()
    other = compared["other_condition"].isna() | (
        compared["other_condition"] == compared["condition"]
    )
    other &= compared["other_seed"].isna() | (compared["other_seed"] == compared["seed"])
    itself = other & (compared["step"] == compared["other_step"])
    return compared[kept & ~itself.to_numpy()]


def as_measures(compared: pd.DataFrame) -> pd.DataFrame:
    """Rows that can be averaged over seeds as those of measures are, at the ends.

    A condition is what `called` says; a step is 0. Of pairs of seeds there is a number per seed instead
    (`per_seed`).

    Args:
        compared: as `Study.comparisons`.
    """
    if compared.empty:
        return compared
    last = at_their_ends(compared)
    rows = last.assign(condition=called(last), step=0)
    paired = rows["other_seed"].notna() & (rows["other_seed"] != rows["seed"])
    names = ["condition", "measure", "split", "layer", "head", "position", "component", "n_examples"]
    kept = [*names, "seed", "step", "value"]
    of_pairs = [
        per_seed(its)[kept]
        for _, its in rows[paired].groupby(names, sort=False, dropna=False, observed=True)
    ]
    return stacked([_once_per_seed(rows.loc[~paired, kept]), *of_pairs])


def _once_per_seed(rows: pd.DataFrame) -> pd.DataFrame:
    """What is said of a run in several groups counts once, as its mean over them."""
    one = [column for column in rows if column != "value"]
    return rows.groupby(one, sort=False, dropna=False, observed=True, as_index=False)[
        "value"
    ].mean()


def per_seed(pairs: pd.DataFrame) -> pd.DataFrame:
    """Of one number per pair of seeds, one per seed, with the same mean, from which its interval follows.

    Pairs that share a seed aren't independent, and an interval over them would be too narrow. These are the
    jackknife's pseudo-values (Tukey 1958): n times the mean over all pairs less n − 1 times that over the
    pairs without the seed, for n seeds. Of one pair that is the pair itself.

    Args:
        pairs: seed, other_seed, value, and whatever else, the same in all rows.

    Returns:
        A row per seed, with the columns of `pairs`.
    """
    one, other = pairs["seed"].to_numpy(), pairs["other_seed"].to_numpy()
    values = pairs["value"].to_numpy(float)
    seeds = np.unique(np.concatenate([one, other]))
    n = len(seeds)
    if n == 2:
        return pairs.head(1).assign(value=values.mean())
    rows = type(pairs)([pairs.iloc[0]] * n).reset_index(drop=True)
    without = [values[(one != seed) & (other != seed)].mean() for seed in seeds]
    return rows.assign(seed=seeds, value=n * values.mean() - (n - 1) * np.array(without))


def stacked(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Tables with the same columns, one upon the other; those without rows have no say in types."""
    import pandas as pd

    tables = list(tables)
    full = [its for its in tables if len(its)]
    return pd.concat(full, ignore_index=True) if full else (tables or [pd.DataFrame()])[0]
