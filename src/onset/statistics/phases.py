"""The phases of a training that is answered late, by rule: memorised, formed, generalised."""

from __future__ import annotations

import pandas as pd

from onset.statistics.milestones import fallen, reached, value_at
from onset.statistics.named import stacked
from onset.statistics.per_run import per_condition
from onset.statistics.rows import select
from onset.statistics.wording import format_small


def phase_ends(
    measures: pd.DataFrame, memorised_at: float, formed_at: float, generalised_at: float
) -> pd.DataFrame:
    """The steps at which each run's phases end, on straight lines between checkpoints.

    Args:
        measures: accuracy and loss on the splits train and test.
        memorised_at: the accuracy on trained questions that is first reached.
        formed_at: the fraction of its maximum that the loss on held-out ones falls to.
        generalised_at: the accuracy on held-out questions that is first reached.

    Returns:
        memorised, formed, generalised by condition and seed; NaN where a run doesn't get there.
    """
    return pd.DataFrame(
        {
            "memorised": reached(select(measures, "accuracy", "train"), memorised_at),
            "formed": fallen(select(measures, "loss", "test"), formed_at),
            "generalised": reached(select(measures, "accuracy", "test"), generalised_at),
        }
    )


def values_at_ends(watched: pd.DataFrame, ends: pd.DataFrame) -> pd.DataFrame:
    """What each thing that is watched is at the start, at the ends of the phases, and at the end.

    Args:
        watched: shown (its name), condition, seed, step, kind, value.
        ends: of the phases, by condition and seed.

    Returns:
        shown, place, condition, n_runs, n_there, mean, low, high.
    """
    last = watched.groupby(["condition", "seed"], observed=True)["step"].max().astype(float)
    places = pd.concat([0 * last.rename("start"), ends.loc[last.index], last.rename("end")], axis=1)
    return stacked(
        {
            shown: stacked(
                {
                    place: per_condition(value_at(its, steps), its["kind"].iloc[0])
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
        usually: the step by condition and seed, in those runs whose mean is the usual value.

    Returns:
        The usual value, and by condition and seed the curve's; NaN where the signal never has it.
    """
    usual = value_at(signal, usually).mean()
    return usual, value_at(curve, reached(signal, usual))


def in_words(values: pd.DataFrame, ends: pd.DataFrame) -> pd.DataFrame:
    """A row per thing that is watched, a column per place, and the steps of the places above them.

    Args:
        values: of `values_at_ends`, of one condition.
        ends: of the phases, of the runs of that condition.
    """
    said = values.assign(said=[format_small(mean) for mean in values["mean"]])
    table = said.pivot(index="shown", columns="place", values="said")
    table = table.loc[said["shown"].unique(), said["place"].unique()]
    steps = {
        mark: f"{per_condition(its, geometric=True)['mean'].item():.0f}"
        for mark, its in ends.items()
    }
    first = pd.DataFrame(steps, index=["step"]).reindex(columns=table.columns, fill_value="")
    return pd.concat([first, table]).rename_axis(columns=None).reset_index(names="")
