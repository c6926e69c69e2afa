"""Many seeds in three numbers: mean and interval."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

from onset.statistics.intervals import Sample, intervals
from onset.statistics.kinds import KINDS
from onset.statistics.rows import at_last_step, full_name

_SAMPLE = ["mean", "var", "size", "n_examples"]
"""columns of `Sample`'s parts"""


def interval(
    values: np.ndarray | list[float], kind: str = "real", n_examples: float = np.nan
) -> tuple[float, float, float]:
    """Mean over seeds and its 95 % confidence interval: (mean, low, high).

    Args:
        values: one per seed, shape (seeds,).
        kind: of quantity, which says how the interval is made (`onset.statistics.intervals`).
        n_examples: that each seed's value is a mean over; NaN: not known.

    Returns:
        The bounds are NaN for fewer than two seeds, the mean, too, for none.
    """
    values = np.asarray(values, dtype=float)
    if not len(values):
        return np.nan, np.nan, np.nan
    # Equal values don't vary, whatever their mean is rounded to.
    variance = values.var(ddof=1) if np.ptp(values) > 0 else 0.0
    sample = Sample(*np.array([[values.mean()], [variance], [len(values)], [n_examples]], float))
    low, high = intervals(sample, KINDS[kind])
    return float(values.mean()), float(low[0]), float(high[0])


def summarise(measures: pd.DataFrame) -> pd.DataFrame:
    """Mean and interval over seeds at each run's last checkpoint.

    Args:
        measures: of all runs of a study, with the columns condition, seed, kind and digits.

    Returns:
        One row per condition, split and measure: condition, split, measure, kind, digits, n_seeds, mean,
        low, high.
    """
    last = at_last_step(measures)
    final = last.assign(measure=full_name(last))
    return _means(final, ["condition", "split", "measure", "kind", "digits"], final["kind"])


def over_seeds(measures: pd.DataFrame, by: list[str], kind: str | None = None) -> pd.DataFrame:
    """Mean and interval over seeds per combination of the columns `by`, and each seed's value.

    Args:
        measures: one measure or several, with the columns seed, value, `by`, and the kind of each value;
            n_examples where it is known.
        by: what to keep apart.
        kind: of all values, in place of the column: for what isn't what was measured any more, such as its
            logarithm or a difference.

    Returns:
        One row per combination, with the columns `by`, n_seeds, mean, low, high, seed_0, seed_1, …

    Raises:
        ValueError: it isn't said of which kind values are, or those to be averaged are of several; or a
            seed has several rows in one combination, which would count as more seeds (`within_seeds`).
    """
    if kind is None and "kind" not in measures:
        raise ValueError(f"say of which kind the values are: one of {', '.join(KINDS)}")
    means = _means(measures, by, measures["kind"] if kind is None else kind)
    if means.empty:
        return means
    seeds = measures.pivot_table("value", index=by, columns="seed", observed=True)
    return means.merge(seeds.add_prefix("seed_").reset_index(), on=by)


def within_seeds(measures: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Several rows of a seed as one, their mean, for a question that is about all of them together.

    Args:
        measures: as of `over_seeds`.
        by: what to keep apart, besides seeds.

    Returns:
        A row per combination and seed: the columns `by`, seed, value, kind and n_examples where there are
        any. The mean counts as over no more examples than one of its rows, since they may be the same ones.

    Raises:
        ValueError: rows to be averaged are of several kinds.
    """
    wanted = {"value": "mean", "kind": _only, "n_examples": "min"}
    of_each = measures.groupby([*by, "seed"], sort=False, dropna=False, observed=True)
    return of_each.agg({its: how for its, how in wanted.items() if its in measures}).reset_index()


def _means(measures: pd.DataFrame, by: list[str], kind: pd.Series | str) -> pd.DataFrame:
    """`by`, n_seeds, mean, low, high; undefined where a seed's value is."""
    known = measures.assign(_kind=kind)
    if "n_examples" not in known:
        known["n_examples"] = np.nan
    groups = known.groupby(by, sort=False, dropna=False, observed=True)
    means = groups["value"].agg(["size", "count", "mean", "var", "min", "max"])
    # Equal values don't vary, whatever their mean is rounded to.
    means["var"] = means["var"].where(means["min"] < means["max"], 0.0)
    means["mean"] = means["mean"].where(means["count"] == means["size"])
    means["n_examples"] = groups["n_examples"].min()
    kinds = groups["_kind"].agg(_only)
    _check_one_per_seed(measures, by)
    for name in kinds.unique():
        sample = Sample(*means.loc[kinds == name, _SAMPLE].to_numpy(float).T)
        means.loc[kinds == name, ["low", "high"]] = np.transpose(intervals(sample, KINDS[name]))
    means = means.rename(columns={"size": "n_seeds"})
    return means.reindex(columns=["n_seeds", "mean", "low", "high"]).reset_index()


def _check_one_per_seed(measures: pd.DataFrame, by: list[str]) -> None:
    """What a seed says twice is no second seed.

    Raises:
        ValueError: a seed has several rows in one combination of `by`.
    """
    cell = [*by, "seed"]
    if not (again := measures.duplicated(cell)).any():
        return
    first = measures.loc[again, cell].iloc[:1]
    rows = measures.merge(first, on=cell)
    apart = [its for its in rows if its != "value" and rows[its].nunique(dropna=False) > 1]
    place = ", ".join(f"{name} {its}" for name, its in first.iloc[0].items())
    raise ValueError(
        f"{len(rows)} rows of one seed would count as so many seeds ({place}; they differ in "
        f"{', '.join(apart) or 'no other column'}): choose one, tell them apart in `by`, or average them "
        "with `within_seeds` before"
    )


def _only(kinds: pd.Series) -> str:
    there = kinds.unique().tolist()
    if len(there) > 1:
        raise ValueError(f"values of several kinds can't be averaged: {', '.join(there)}")
    if there[0] not in KINDS:
        raise ValueError(f"{there[0]!r} is no kind of quantity (allowed: {', '.join(KINDS)})")
    return there[0]


def from_logarithms(curves: pd.DataFrame) -> pd.DataFrame:
    """What `over_seeds` says of common logarithms, as the numbers themselves: means are geometric."""
    drawn = ["mean", "low", "high", *curves.filter(regex=r"^seed_\d+$")]
    return curves.assign(**{column: 10 ** curves[column] for column in drawn})


class Summary(NamedTuple):
    """Many seeds in three numbers."""

    mean: float
    low: float
    high: float


def summary_of_seeds(values: pd.Series, kind: str = "real", n_examples: float = np.nan) -> Summary:
    """Mean and interval of one value per seed, of this kind; over so many examples each, if it is known.

    Raises:
        ValueError: a seed has several values, as far as the index says which seed they are of.
    """
    if "seed" in values.index.names:
        _check_one_per_seed(values.index.to_frame(index=False), [])
    return Summary(*interval(values.to_numpy(dtype=float), kind, n_examples))


def summary_of_rows(rows: pd.DataFrame) -> Summary | None:
    """Mean and interval of one row per seed: seed, value, kind, n_examples where it is known; None of none.

    Raises:
        ValueError: they are of several kinds, or a seed has several.
    """
    if rows.empty:
        return None
    _check_one_per_seed(rows, [])
    values, kind = rows["value"].to_numpy(float), _only(rows["kind"])
    return Summary(*interval(values, kind, fewest_examples(rows)))


def fewest_examples(rows: pd.DataFrame) -> float:
    """That each row's value is a mean over, at least; NaN: not known."""
    return float(rows["n_examples"].min()) if "n_examples" in rows else np.nan
