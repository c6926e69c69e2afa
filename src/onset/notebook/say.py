"""Numbers as `study.save_numbers` takes them: named, and put into words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pandas as pd

from onset.statistics.times import Sooner
from onset.statistics.wording import (
    UNDEFINED,
    format_censored,
    format_count,
    format_interval,
    format_of_those,
    format_time,
    format_values,
)


def interval(row: Any) -> str:
    """`0.97 [0.95, 0.99]`, of a row with mean, low and high.

    A row of `statistics.per_run.per_condition` also says how many runs have a number, if not all do.
    """
    return rounded(2)(row)


def named(rows: pd.DataFrame, name: str, say: Callable[[Any], str] = interval) -> dict[str, str]:
    """A number per row.

    Args:
        rows: the columns that the name and `say` ask for.
        name: of each number, with columns in braces: `{condition}/{split}`. It is written out where it
            is used, so that planning knows which numbers there will be.
        say: what the number is, of the row as a named tuple.
    """
    names = (
        name.format(**{k: _plain(its) for k, its in row.items()}) for _, row in rows.iterrows()
    )
    return dict(zip(names, map(say, rows.itertuples(index=False)), strict=True))


def _plain(value: Any) -> Any:
    """A layer or a head is a whole number, whatever the column holds beside it."""
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return int(value) if whole else value


def column(name: str, digits: int | None = None) -> Callable[[Any], str]:
    """What a column says already; or a number in it, with so many digits after the point."""
    if digits is None:
        return lambda row: str(getattr(row, name))
    return lambda row: f"{getattr(row, name):.{digits}f}"


def mean(row: Any) -> str:
    """Where the mean says enough."""
    return f"{row.mean:.2f}"


def time(row: Any) -> str:
    """When runs get somewhere, of a row of `statistics.times`: `617 [560, 690]`."""
    return format_time(row)


def censored(digits: int) -> Callable[[Any], str]:
    """The same of a difference or a ratio of such times, with so many digits after the point."""
    return lambda row: format_censored(row, digits)


def from_when(row: Any) -> str:
    """`from step 617 [560, 690] on`, of a row of `statistics.order.works_from`."""
    if not row.n_runs:
        return "at no step by this rule"
    return format_of_those(f"from step {format_time(row)} on", row.n_runs, row.n_compared)


def sooner(its: Sooner) -> str:
    """`sooner in 4 of 10 seeds, later in 5 (p = 1.000)`."""
    return (
        f"sooner in {its.n_sooner} of {its.n_seeds} seeds, later in {its.n_later} (p = {its.p:.3f})"
    )


def between(row: Any) -> str:
    """`0.12–0.34`, of a row with lowest and highest."""
    return f"{row.lowest:.2f}–{row.highest:.2f}"


def rounded(digits: int) -> Callable[[Any], str]:
    """`interval` with so many digits after the point."""

    def say(row: Any) -> str:
        n_runs = getattr(row, "n_runs", 0)
        return format_of_those(
            format_interval(row, digits), getattr(row, "n_there", n_runs), n_runs
        )

    return say


def otherwise(said: str, say: Callable[[Any], str] = interval) -> Callable[[Any], str]:
    """What stands in the place of a mean that there isn't."""
    return lambda row: said if np.isnan(row.mean) else say(row)


def small(row: Any) -> str:
    """A mean that may be of any order of magnitude: `1.2e-05`."""
    return f"{row.mean:.1e}"


def counted(row: Any) -> str:
    """`3 of 5`, of a row with n_there and n_runs."""
    return format_count(row)


def each(values: Iterable[float]) -> str:
    """Every value: `0.12, 0.34`."""
    return ", ".join(f"{value:.2f}" for value in values)


def seeds(
    values: Iterable[float], digits: int = 2, kind: str = "real", none: str = UNDEFINED
) -> str:
    """Mean and interval of one value per seed, of this kind; other words where there are none.

    If some are NaN, it also says how many aren't.
    """
    of_all = np.array(list(values), float)
    there = of_all[~np.isnan(of_all)]
    said = format_values(there, digits, kind) if len(there) else none
    return format_of_those(said, len(there), len(of_all))


def first(rows: pd.DataFrame, otherwise: str) -> str:
    """Mean and interval of the first row, if there is one."""
    return next(map(interval, rows.itertuples()), otherwise)


def factor(number: float) -> str:
    """A number that others are multiplied by; NaN is `not known`."""
    return "not known" if np.isnan(number) else f"{number:.2f}"


def most(values: pd.Series) -> str:
    """The largest of some means, rounded up: none is larger than it says."""
    return f"{math.ceil(round(100 * values.max(), 9)) / 100:.2f}"


def least(values: pd.Series) -> str:
    """The smallest of some means, rounded down: none is smaller than it says."""
    return f"{math.floor(round(100 * values.min(), 9)) / 100:.2f}"


def percent(fraction: float) -> str:
    """A share as a whole number of percent, as the paper prints it."""
    return f"{fraction:.0%}".replace("%", r"\,\%")


def thousands(number: int) -> str:
    """A whole number with its thousands apart, as the paper prints it."""
    return f"{number:,}".replace(",", r"\,")
