"""Numbers of a neuron as its pages write them."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import pandas as pd


def number(value: Any, digits: int = 2) -> str:
    """`0.97`, `−0.03`; empty where there is none."""
    if value is None or math.isnan(value):
        return ""
    return f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "−")


def short(value: Any) -> str:
    """In three significant digits; empty where there is none."""
    if value is None or math.isnan(value):
        return ""
    return f"{value:.3g}".replace("-", "−")


def steps(after: Any, before: Any) -> str:
    """`500–600`: between which checkpoints; empty where that isn't known."""
    if any(its is None or not math.isfinite(its) for its in (after, before)):
        return ""
    return f"{after:,.0f}–{before:,.0f}"


def percent(share: float) -> str:
    """`2 %`; empty where there is none."""
    return "" if math.isnan(share) else f"{100 * share:.0f} %"


class Context(NamedTuple):
    """A place where a neuron is active, or isn't."""

    value: str
    before: str
    token: str
    after: str


def contexts(lines: str | None) -> list[Context]:
    """Of the lines that `contexts.listed` makes."""
    found = []
    for line in (lines or "").splitlines():
        value, _, text = line.partition("\t")
        before, _, rest = text.partition("«")
        token, _, after = rest.partition("»")
        found.append(Context(value.replace("-", "−"), before, token, after))
    return found


def called(row: pd.Series) -> str:
    """`seed 0, layer 1, neuron 23`"""
    return f"seed {row['seed']}, layer {row['layer']}, neuron {row['neuron']}"
