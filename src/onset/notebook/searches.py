"""Rows about searches that are written down, and about paths that are known before."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from onset.statistics import paired
from onset.statistics.named import stacked
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

# What figures call what measures and analyses yield.
FORKS = {"nearest_taken": "nearest to the goal", "told_first_taken": "told first"}
ORDERS = {
    "true_order": "true distance", "guessed_order": "distance without walls",
    "told_order": "order of telling",
}  # fmt: skip
REACHED = {"first_right": "first step right", "search_reached": "goal reached"}
STEERED = {"steered_reached": "difference of means", "random_reached": "random direction"}
LATENT = ("dead_end_latent_auc", "dead_end_latent_auc_by_chance", "dead_end_means_auc",
          "dead_end_latent_f1", "dead_end_means_f1")  # fmt: skip
"""of a dictionary of states in which walks are written"""
PLACES = {
    "ahead_read": "ahead on the path", "aside_read": "as far on another way",
    "behind_read": "back from the goal",
}  # fmt: skip
_EXCHANGED = {
    "exchanged_frontier": "frontier", "exchanged_answer": "answer", "exchanged_own": "own",
    "moved_frontier": "moved",
}  # fmt: skip
HELD = {
    "frontier_0": "the goal alone", "frontier_1": "1 step from it", "frontier_2": "2 steps from it",
    "answer": "the answer there", "own": "as without an exchange", "moved_0": "goal, moved at random",
}  # fmt: skip
"""what a first step follows (`exchanged`) → what figures call it"""
_CHANCES = {
    "nearest_by_chance": "nearest_taken", "told_first_by_chance": "told_first_taken",
    "first_by_chance": "first_right",
}  # fmt: skip


def by_chance(final: pd.DataFrame) -> pd.DataFrame:
    """What a random choice would give, named as what it is the chance of."""
    its = where(final, measure=_CHANCES, split="test")
    its = its[its["component"].isna()]
    return its.assign(measure=its["measure"].astype(str).map(_CHANCES))


def over_all(rows: pd.DataFrame) -> pd.DataFrame:
    """Those that are of mazes of any size."""
    return rows[rows["component"].isna()]


def by_steps(
    final: pd.DataFrame, measures: Iterable[str], conditions: Iterable[str]
) -> pd.DataFrame:
    """By the number of steps from start to goal, over seeds: condition, measure, apart, ….

    Args:
        final: as `Study.final`, with what `searches` measured.
        measures: which.
        conditions: whose.
    """
    rows = where(final, measure=measures, split="test", condition=conditions)
    far = rows[rows["component"].notna()].rename(columns={"component": "apart"})
    return over_seeds(far, ["condition", "measure", "apart"])


def read_ahead(closer: pd.DataFrame, conditions: Iterable[str]) -> pd.DataFrame:
    """What probes read before a walk begins, over seeds: condition, measure (`PLACES`), read, steps, ….

    `read` says from what: how many blocks were applied, or `ends`, start and goal alone.

    Args:
        closer: as `Study.closer`, with what `path_ahead` found.
        conditions: whose.
    """
    its = where(closer, condition=conditions)
    states = where(its, measure=PLACES)
    ends = where(its, measure=["ahead_by_ends", "behind_by_ends"])
    called = ends["measure"].astype(str).str.replace("by_ends", "read")
    rows = stacked(
        {
            "states": states.assign(read=states["layer"].astype(int).astype(str)),
            "ends": ends.assign(read="ends", measure=called),
        },
        "of",
    )
    return over_seeds(
        rows.rename(columns={"component": "steps"}), ["condition", "measure", "read", "steps"]
    )


def blocks(read: pd.DataFrame) -> dict[str, str]:
    """What figures call what probes read from (`read_ahead`), in order."""
    layers = sorted({*read["read"]} - {"ends"}, key=int)
    return {**{its: f"after {its}" for its in layers}, "ends": "start and goal alone"}


def distances(closer: pd.DataFrame, conditions: Iterable[str]) -> pd.DataFrame:
    """How well probes read how many steps it is to the goal, over seeds: condition, read (as of
    `read_ahead`), …."""
    its = where(closer, condition=conditions)
    states, ends = (where(its, measure=f"distance_{kind}") for kind in ("read", "by_ends"))
    of = {
        "states": states.assign(read=states["layer"].map("{:.0f}".format)),
        "ends": ends.assign(read="ends"),
    }
    return over_seeds(stacked(of, "of"), ["condition", "read"])


def exchanged(closer: pd.DataFrame, conditions: Iterable[str]) -> pd.DataFrame:
    """First steps after an exchange with another maze, over seeds: condition, follows (`HELD`), layer, ….

    Args:
        closer: as `Study.closer`, with what `frontier_exchange` found.
        conditions: whose.
    """
    rows = where(closer, measure=_EXCHANGED, condition=conditions)
    steps = ["" if pd.isna(its) else f"_{its:.0f}" for its in rows["component"]]
    names = [_EXCHANGED[its] for its in rows["measure"]]
    rows = rows.assign(follows=[f"{name}{its}" for name, its in zip(names, steps, strict=True)])
    return over_seeds(where(rows, follows=HELD), ["condition", "follows", "layer"])


def one_step_or_none(closer: pd.DataFrame, condition: str) -> pd.DataFrame:
    """By how much more first steps follow a search that has come one step, after the first block, than the
    goal alone: a row per run, as `paired.difference`."""
    rows = where(closer, measure="exchanged_frontier", condition=condition, layer=1)
    steps = rows.assign(steps=rows["component"].map("{:.0f}".format))
    return paired.difference(steps, "1", "0", of="steps")


def steered(closer: pd.DataFrame, measures: Iterable[str]) -> pd.DataFrame:
    """What `steering` measured, with the dose in multiples of the difference of means, and in quarters."""
    rows = where(closer, measure=measures)
    return rows.assign(quarters=rows["component"].astype(int), dose=rows["component"] / 4)
