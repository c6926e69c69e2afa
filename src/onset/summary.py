"""Many seeds in three numbers: mean and interval."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    import pandas as pd

CONFIDENCE = 0.95
_PROPORTIONS = (
    "accuracy",
    "top1",
    "follows",
    "keeps",
)  # ends of names of what lies between 0 and 1


def interval(
    values: np.ndarray | list[float], proportion: bool = False
) -> tuple[float, float, float]:
    """Mean over seeds and its 95 % confidence interval by Student's t: (mean, low, high).

    Args:
        values: one per seed, shape (seeds,).
        proportion: cut the interval at 0 and 1.

    Returns:
        The bounds are NaN for fewer than two seeds, the mean, too, for none.
    """
    values = np.asarray(values, dtype=float)
    if not len(values):
        return np.nan, np.nan, np.nan
    mean = values.mean()
    if len(values) < 2:
        return mean, np.nan, np.nan
    half = (
        stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)
        * values.std(ddof=1)
        / np.sqrt(len(values))
    )
    low, high = mean - half, mean + half
    return (mean, max(low, 0.0), min(high, 1.0)) if proportion else (mean, low, high)


def is_proportion(measure: str) -> bool:
    name = measure.split(".")[0]
    return name == "attention" or name.endswith(_PROPORTIONS)


def full_name(measures: pd.DataFrame) -> pd.Series:
    """The measure with the layer, head, … that it was taken of, e.g. `bridge_rank.layer_1`."""
    name = measures["measure"].astype(str)
    for column in ("layer", "head", "position", "component"):
        there = measures[column].notna()
        where = measures.loc[there, column].astype(int).astype(str)
        name = name.where(~there, name + f".{column}_" + where.reindex(name.index, fill_value=""))
    return name


def at_last_step(measures: pd.DataFrame) -> pd.DataFrame:
    """The rows of each run's last checkpoint, by the columns condition, seed and step."""
    last = measures.groupby(["condition", "seed"])["step"].transform("max")
    return measures[measures["step"] == last]


def summarise(measures: pd.DataFrame) -> pd.DataFrame:
    """Mean and interval over seeds at each run's last checkpoint.

    Args:
        measures: of all runs of a study, with the columns condition and seed (`Study.measures`).

    Returns:
        One row per condition, split and measure: condition, split, measure, n_seeds, mean, low, high.
    """
    last = at_last_step(measures)
    final = last.assign(measure=full_name(last))
    rows = []
    keys = ["condition", "split", "measure"]
    for key, group in final.groupby(keys, sort=False, dropna=False, observed=True):
        numbers = interval(group["value"].to_numpy(), is_proportion(key[2]))
        rows.append((*key, len(group), *numbers))
    columns = [*keys, "n_seeds", "mean", "low", "high"]
    return type(measures)(rows, columns=columns)


def over_seeds(measures: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """Mean and interval over seeds per combination of the columns `by`, and each seed's value.

    Args:
        measures: one measure or several, with the columns measure, seed, value and `by`.
        by: what to keep apart.

    Returns:
        One row per combination, with the columns `by`, n_seeds, mean, low, high, seed_0, seed_1, …
    """
    rows = []
    for key, group in measures.groupby(by, sort=False):
        numbers = interval(group["value"].to_numpy(), is_proportion(group["measure"].iloc[0]))
        rows.append((*key, len(group), *numbers))
    means = type(measures)(rows, columns=[*by, "n_seeds", "mean", "low", "high"])
    seeds = measures.pivot_table("value", index=by, columns="seed", observed=True)
    return means.merge(seeds.add_prefix("seed_").reset_index(), on=by)


def from_logarithms(curves: pd.DataFrame) -> pd.DataFrame:
    """What `over_seeds` says of common logarithms, as the numbers themselves: means are geometric."""
    drawn = ["mean", "low", "high", *curves.filter(regex=r"^seed_\d+$")]
    return curves.assign(**{column: 10 ** curves[column] for column in drawn})


class Summary(NamedTuple):
    """Many seeds in three numbers."""

    mean: float
    low: float
    high: float


def summary_of_seeds(values: pd.Series) -> Summary:
    """Mean and interval of one value per seed."""
    return Summary(*interval(values.to_numpy(dtype=float)))


class _Interval(Protocol):
    mean: float
    low: float
    high: float


def format_interval(numbers: _Interval, digits: int = 2) -> str:
    """`0.97 [0.95, 0.99]`, or the mean alone where there is no interval."""
    # Adding zero makes a rounded -0.0 positive.
    mean, low, high = (
        f"{round(number, digits) + 0.0:.{digits}f}"
        for number in (numbers.mean, numbers.low, numbers.high)
    )
    return mean if np.isnan(numbers.low) else f"{mean} [{low}, {high}]"


def select(
    measures: pd.DataFrame, measure: str, split: str | None = None, condition: str | None = None
) -> pd.DataFrame:
    """The rows of one measure that is not of a component; of a split or a condition, if one is named."""
    chosen = (measures["measure"] == measure) & measures["component"].isna()
    for column, wanted in (("split", split), ("condition", condition)):
        if wanted is not None:
            chosen &= measures[column] == wanted
    return measures[chosen]


def rows_of(measures: pd.DataFrame, measure: str) -> pd.DataFrame:
    """All rows of a measure that can't be done without.

    Raises:
        ValueError: there are none.
    """
    chosen = measures[measures["measure"] == measure]
    if chosen.empty:
        there = ", ".join(sorted(set(measures["measure"])))
        raise ValueError(
            f"no run has the measure {measure!r}, which is drawn here: list what measures it under "
            f"`measures` in the study's file (there are: {there or 'none'})"
        )
    return chosen


def by_component(measures: pd.DataFrame, measure: str, condition: str) -> dict[int, pd.DataFrame]:
    """A measure of components, e.g. frequencies: seed → a row per step, a column per component."""
    its = measures[(measures["measure"] == measure) & (measures["condition"] == condition)]
    return {
        seed: of_seed.pivot(index="step", columns="component", values="value")
        for seed, of_seed in its.groupby("seed")
    }


def geometric_mean(values: Iterable[float]) -> Summary:
    """Of what varies by factors, such as steps: the mean of logarithms and its interval."""
    return Summary(*(10 ** np.array(interval(np.log10(list(values))))))


def format_values(values: Iterable[float], digits: int = 2, proportion: bool = False) -> str:
    """Mean and interval of one value per seed."""
    return format_interval(Summary(*interval(list(values), proportion)), digits)


def format_small(number: float) -> str:
    """What may span orders of magnitude: two digits after the point, or a power of ten."""
    return f"{number:.1e}" if 0 < abs(number) < 0.01 else f"{number:.2f}"


def first_half(curves: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """When each curve first reaches half its final value, on straight lines between shared steps.

    Args:
        curves: name → step, seed, value.

    Returns:
        A row per seed, a column per curve: the step.
    """
    common = set.intersection(*(set(curve["step"]) for curve in curves.values()))
    columns: dict[str, pd.Series] = {}
    for name, curve in curves.items():
        its = curve[curve["step"].isin(common)].sort_values("step")
        by_seed = its.groupby("seed")[["step", "value"]]
        columns[name] = by_seed.apply(
            lambda of_seed: _first_reached(
                *of_seed.to_numpy(float).T, wanted=of_seed["value"].iloc[-1] / 2
            )
        )
    return type(next(iter(curves.values())))(columns)


def _first_reached(steps: np.ndarray, values: np.ndarray, wanted: float) -> float:
    place = int(np.argmax(values >= wanted))
    if place == 0:
        return steps[0]
    last = slice(place - 1, place + 1)
    return float(np.interp(wanted, values[last], steps[last]))


def predicted_from_other_groups(
    x: np.ndarray, y: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What the other groups (e.g. seeds) let expect of y: by a line in x, and without x.

    Args:
        x: known before, shape (points,); or several numbers, each with a line of its own, shape (points,
            numbers).
        y: found out later, shape (points,).
        groups: which group each point is of, shape (points,).

    Returns:
        Per point: the least-squares line of the other groups' points at its x, shaped like x, and their
        mean y. NaN where there is no other group.
    """
    line, mean = np.full(x.shape, np.nan), np.full(len(y), np.nan)
    for its in (groups == group for group in np.unique(groups)):
        if its.all():
            continue
        centre, middle = x[~its].mean(0), y[~its].mean()
        away = x[~its] - centre
        squares = np.square(away).sum(0)
        slope = y[~its] @ away / np.where(squares > 0, squares, np.inf)
        line[its], mean[its] = middle + slope * (x[its] - centre), middle
    return line, mean
