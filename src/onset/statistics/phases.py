"""The phases of a training that is answered late, by rule: memorised, formed, generalised."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from onset.statistics.milestones import fallen, reached, value_at
from onset.statistics.named import stacked
from onset.statistics.per_run import of_conditions, per_condition
from onset.statistics.rows import select
from onset.statistics.seeds import fewest_examples
from onset.statistics.times import Times, estimate
from onset.statistics.wording import format_bound, format_count, format_small


def phase_ends(
    measures: pd.DataFrame, memorised_at: float, formed_at: float, generalised_at: float
) -> dict[str, Times]:
    """When each run's phases end.

    Args:
        measures: accuracy and loss on the splits train and test.
        memorised_at: the accuracy on trained questions that is first reached.
        formed_at: the fraction of its maximum that the loss on held-out ones falls to.
        generalised_at: the accuracy on held-out questions that is first reached.

    Returns:
        Of memorised, formed and generalised.
    """
    return {
        "memorised": reached(select(measures, "accuracy", "train"), memorised_at),
        "formed": fallen(select(measures, "loss", "test"), formed_at),
        "generalised": reached(select(measures, "accuracy", "test"), generalised_at),
    }


def values_at_ends(watched: pd.DataFrame, ends: Mapping[str, Times]) -> pd.DataFrame:
    """What each thing that is watched is at the start, at the ends of the phases, and at the end.

    Args:
        watched: shown (its name), condition, seed, step, kind, value; n_examples where it is known.
        ends: of the phases.

    Returns:
        shown, place, condition, n_runs, n_there (those that get to the place, over which the rest is),
        mean, low, high.
    """
    last = watched.groupby(["condition", "seed"], observed=True)["step"].max().astype(float)
    of_ends = {name: its["at"].reindex(last.index) for name, its in ends.items()}
    places = {"start": 0 * last, **of_ends, "end": last}
    return stacked(
        {
            shown: stacked(
                {
                    place: per_condition(
                        value_at(its, steps), its["kind"].iloc[0], fewest_examples(its)
                    )
                    for place, steps in places.items()
                },
                "place",
            )
            for shown, its in watched.groupby("shown", sort=False)
        }
    )


def when_usual(
    signal: pd.DataFrame, curve: pd.DataFrame, usually: pd.Series
) -> tuple[float, pd.Series]:
    """What a curve is in each run when a signal first has the value that it has elsewhere at some step.

    Args:
        signal: condition, seed, step, value.
        curve: the same of the other.
        usually: the step by condition and seed, in those runs whose mean is the usual value; NaN in
            those that don't count.

    Returns:
        The usual value, and by condition and seed the curve's; NaN where the signal never has it.
    """
    usual = value_at(signal, usually).mean()
    return usual, value_at(curve, reached(signal, usual)["at"])


def in_words(values: pd.DataFrame, ends: Mapping[str, Times]) -> pd.DataFrame:
    """A row per thing that is watched, a column per place; above, its step and how many runs get there.

    Args:
        values: of `values_at_ends`, of one condition.
        ends: of the phases.
    """
    of_condition = values["condition"].unique()
    said = values.assign(said=[format_small(mean) for mean in values["mean"]])
    table = said.pivot(index="shown", columns="place", values="said")
    table = table.loc[said["shown"].unique(), said["place"].unique()]
    found = {name: estimate(of_conditions(its, of_condition)) for name, its in ends.items()}
    heads = {
        "step": {name: format_bound(its) for name, its in found.items()},
        "runs": {name: format_count(its) for name, its in found.items()},
    }
    first = pd.DataFrame(heads).T.reindex(columns=table.columns, fill_value="")
    return pd.concat([first, table]).rename_axis(columns=None).reset_index(names="")
