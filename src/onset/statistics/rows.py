"""Rows of measurement tables: those of one measure, those of the last checkpoint."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


COUNTED_BY = ("layer", "head", "position", "component")
"""columns of numbers that become part of a measure's name, in this order"""


def full_name(measures: pd.DataFrame) -> pd.Series:
    """The measure with the layer, head, … that it was taken of, e.g. `bridge_rank.layer_1`."""
    name = measures["measure"].astype(str)
    for column in COUNTED_BY:
        there = measures[column].notna()
        where = measures.loc[there, column].astype(int).astype(str)
        name = name.where(~there, name + f".{column}_" + where.reindex(name.index, fill_value=""))
    return name


def at_last_step(measures: pd.DataFrame) -> pd.DataFrame:
    """The rows of each run's last checkpoint, by the columns condition, seed and step."""
    last = measures.groupby(["condition", "seed"])["step"].transform("max")
    return measures[measures["step"] == last]


def select(
    measures: pd.DataFrame, measure: str, split: str | None = None, condition: str | None = None
) -> pd.DataFrame:
    """The rows of one measure that is not of a component; of a split or a condition, if one is named."""
    chosen = (measures["measure"] == measure) & measures["component"].isna()
    for column, wanted in (("split", split), ("condition", condition)):
        if wanted is not None:
            chosen &= measures[column] == wanted
    return measures[chosen]


def where(rows: pd.DataFrame, **wanted: object) -> pd.DataFrame:
    """The rows whose columns have these values, or one of them where several are given.

    >>> where(measures, measure="accuracy", split=["id", "oo"], layer=1)
    """
    chosen = rows.index == rows.index
    for column, its in wanted.items():
        one = isinstance(its, str) or not isinstance(its, Iterable)
        chosen &= rows[column].isin([its] if one else list(its))
    return rows[chosen]


def named_parts(rows: pd.DataFrame, column: str, pattern: str) -> pd.DataFrame:
    r"""The rows whose name in a column is put together so, with a column per part of the name.

    >>> named_parts(measures, "split", r"hops(?P<hops>\d+)_(?P<edges>seen|unseen)")

    Args:
        rows: with the column.
        column: of the names.
        pattern: of a whole name, with groups that have names; those that match figures alone are numbers.
    """
    parts = rows[column].astype(str).str.extract(f"^{pattern}$").dropna()
    whole = {name: its.astype(int) for name, its in parts.items() if its.str.isdigit().all()}
    return rows.loc[parts.index].assign(**parts.assign(**whole))


def complete(rows: pd.DataFrame, **wanted: Iterable) -> pd.DataFrame:
    """A row for each combination of these columns' values; the other columns are empty where there is none.

    >>> complete(over_seeds(rows, ["kind", "dose"]), kind=["one", "other"], dose=[0, 0.5, 1])
    """
    columns = {name: list(values) for name, values in wanted.items()}
    asked = type(rows)(list(product(*columns.values())), columns=list(columns))
    return asked.merge(rows, on=list(columns), how="left")


def rows_of(measures: pd.DataFrame, wanted: str | Iterable[str]) -> pd.DataFrame:
    """All rows of one measure that can't be done without, or of several.

    Raises:
        ValueError: there are none of one of them.
    """
    names = [wanted] if isinstance(wanted, str) else list(wanted)
    found = where(measures, measure=names)
    if lacking := [name for name in names if name not in set(found["measure"])]:
        there = ", ".join(sorted(set(measures["measure"])))
        raise ValueError(
            f"no run has the measure {lacking[0]!r}, which is drawn here: list what measures it under "
            f"`measures` in the study's file (there are: {there or 'none'})"
        )
    return found


def by_component(measures: pd.DataFrame, measure: str, condition: str) -> dict[int, pd.DataFrame]:
    """A measure of components, e.g. frequencies: seed → a row per step, a column per component."""
    its = measures[(measures["measure"] == measure) & (measures["condition"] == condition)]
    return {
        seed: of_seed.pivot(index="step", columns="component", values="value")
        for seed, of_seed in its.groupby("seed")
    }


def strongest(rows: pd.DataFrame) -> pd.DataFrame:
    """Of each run (condition, seed) the row with the largest value."""
    return rows.loc[rows.groupby(["condition", "seed"], observed=True)["value"].idxmax()]
