"""Numbers and their intervals put into words, here and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

UNDEFINED = "undefined"
"""in place of a mean that there isn't, e.g. of a correlation where nothing varies"""
VERDICTS = {False: "no", None: "undecided", True: "yes"}
"""whether ours agrees with what is published: what disagrees comes first"""


class _Interval(Protocol):
    @property
    def mean(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def high(self) -> float: ...


def format_interval(numbers: _Interval, digits: int = 2) -> str:
    """`0.97 [0.95, 0.99]`, or the mean alone where there is no interval."""
    return _in_words(
        (numbers.mean, numbers.low, numbers.high), lambda number: _rounded(number, digits)
    )


def format_found(ours: str, low: str, high: str) -> str:
    """What is found of a published quantity, from the cells of `reference.csv`; empty cells are NaN.

    No digits are declared of it: it has three significant ones, or all of those before the point.
    """
    return _in_words(
        [float(cell or "nan") for cell in (ours, low, high)],
        lambda number: f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}",
    )


def disagreeing_first(rows: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Rows of `reference.csv`: what disagrees, what is undecided, what agrees, each in the order it had."""
    order = list(VERDICTS.values())
    return sorted(rows, key=lambda row: order.index(row["agrees"]))


def _in_words(numbers: Iterable[float], one: Callable[[float], str]) -> str:
    mean, low, high = numbers
    if math.isnan(mean):
        return UNDEFINED
    said = [one(its).replace("-", "−").replace("inf", "∞") for its in (mean, low, high)]
    return said[0] if math.isnan(low) else f"{said[0]} [{said[1]}, {said[2]}]"


def _rounded(number: float, digits: int) -> str:
    # Adding zero makes a rounded -0.0 positive.
    return f"{round(number, digits) + 0.0:.{digits}f}".replace("-", "−")


class _Counted(Protocol):
    @property
    def n_runs(self) -> int: ...
    @property
    def n_there(self) -> int: ...


class _Estimate(_Interval, _Counted, Protocol):
    """`statistics.times.Estimate`, or a row with its columns."""

    @property
    def below(self) -> float: ...
    @property
    def beyond(self) -> float: ...


def format_time(its: _Estimate) -> str:
    """When runs get somewhere, as it follows the words "at step", with those that don't.

    `617 [560, 690]`; of runs that don't all get there, the median: `1770 [1550, > 3000] (median; 2 of 3
    runs by step 3000)`; where half of them don't, `> 3000 (1 of 3 runs by then)`.
    """
    if its.n_there == its.n_runs or math.isnan(its.beyond):
        return format_censored(its)
    by = "then" if math.isinf(its.mean) else f"step {its.beyond:.0f}"
    count = f"{format_count(its)} runs by {by}"
    if math.isinf(its.mean):
        return f"{format_bound(its)} ({count})"
    return f"{format_estimate(its, 0)} (median; {count})"


def format_censored(its: _Estimate, digits: int = 0) -> str:
    """The same of a difference or a ratio of such times: `0.32 [0.11, 0.75] (median; known in 2 of 3)`.

    Of the other runs it is known that it lies beyond something, or below: `> 64` if that is so of most.
    """
    if its.n_there == its.n_runs or math.isnan(its.mean):
        return format_estimate(its, digits)
    if not its.n_there:
        return format_bound(its, digits)
    return f"{format_estimate(its, digits)} (median; known in {format_count(its)})"


def format_bound(its: _Estimate, digits: int = 0) -> str:
    """The mean or median alone: `617`, or `> 3000` where it lies beyond what is known."""
    return _bound(its.mean, its, digits)


def format_count(its: _Counted) -> str:
    """`2 of 3` runs get there."""
    return f"{its.n_there} of {its.n_runs}"


def format_n_seeds(numbers: Iterable[int]) -> str:
    """How many seeds there are of each of several things: `n = 3 seeds`, `n = 3 to 23 seeds`."""
    ends = sorted(numbers)
    said = " to ".join(f"{number:d}" for number in dict.fromkeys((ends[0], ends[-1])))
    return f"n = {said} seed" + ("" if ends[-1] == 1 else "s")


def format_seeds(seeds: Sequence[int]) -> str:
    """0, 1, 2, 5 → `0–2, 5`"""
    runs: list[list[int]] = []
    for seed in sorted(seeds):
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ", ".join(f"{its[0]:d}–{its[-1]:d}" if len(its) > 1 else f"{its[0]:d}" for its in runs)


def format_of_those(said: str, n_there: int, n_runs: int) -> str:
    """What is said of the runs that have a number, with how many these are if not all do."""
    return said if n_there == n_runs else f"{said} ({n_there} of {n_runs} runs)"


def format_estimate(its: _Estimate, digits: int) -> str:
    """`0.32 [0.11, > 2]`, without saying in how many runs it is known."""
    if math.isnan(its.mean):
        return UNDEFINED
    mean, low, high = (_bound(number, its, digits) for number in (its.mean, its.low, its.high))
    return mean if math.isnan(its.low) else f"{mean} [{low}, {high}]"


def _bound(number: float, its: _Estimate, digits: int) -> str:
    if math.isfinite(number):
        return _rounded(number, digits)
    known, sign = (its.beyond, ">") if number > 0 else (its.below, "<")
    if not math.isnan(known):
        return f"{sign} {_rounded(known, 0 if known.is_integer() else digits)}"
    return UNDEFINED if math.isnan(number) else "∞" if number > 0 else "−∞"


def format_values(values: Iterable[float], digits: int = 2, kind: str = "real") -> str:
    """Mean and interval of one value per seed, of this kind."""
    # Pages and the paper only read means: they needn't wait for SciPy.
    from onset.statistics.seeds import Summary, interval

    return format_interval(Summary(*interval(list(values), kind)), digits)


def format_with_error(mean: float, error: float, digits: int = 1) -> str:
    """`70.1 ± 7.2`, or the mean alone where no standard error is known."""
    said = _rounded(mean, digits)
    return said if math.isnan(error) else f"{said} ± {_rounded(error, digits)}"


def format_small(number: float) -> str:
    """What may span orders of magnitude: two digits after the point, or a power of ten."""
    return f"{number:.1e}" if 0 < abs(number) < 0.01 else f"{number:.2f}"
