"""What notebooks about facts in a model make of its closer looks, of its null control and of toys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from onset.notebook.predictions import means_near
from onset.notebook.study import NotebookStudy
from onset.notebook.summary_table import MeanOf
from onset.statistics import paired
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds, within_seeds

HALF = 0.5
_WHEN = {
    "needed": ("given_bridge_right", "max"),
    "comes": ("bridge_first", "min"),
    "left": ("given_stranger_right", "min"),
}

SETTINGS = {
    "answers": "task.answers", "two hops told": "task.two_hops", "rank": "model.adapter.rank",
    "steps": "training.steps", "learning rate": "training.learning_rate",
}  # fmt: skip
"""that conditions may differ in: heading → where it stands"""
TOLD = {
    "boss": "boss", "city": "city of a boss", "job": "job", "food": "food", "called": "other name",
    "name_told": "name by job, told", "answered": "alias's food, told",
}  # fmt: skip
FOLLOWS = {
    "two_hop": "two hops", "two_hop_half": "two hops, told", "two_hop_missing": "no city told (null)",
    "name": "name by job", "reliable": "alias, right paper", "unreliable": "alias, wrong paper",
}  # fmt: skip
SHOWN = {
    "two_hop_shown": "two hops, facts shown", "name_shown": "name by job, fact shown",
    "reliable_shown": "alias, facts shown",
}  # fmt: skip
ELSEWHERE = {"prose_held_out": "prose", "others": "other people", "job": "jobs told"}
DERIVED = ["two_hop", "name", "reliable", "unreliable"]
"""splits, and what they are called: single facts, what follows from them, the same with facts shown, and
where nothing should change; and those that predictions are about"""
TOYS = {
    "composition": {
        "two hops, each in blocks of its own": ("two_layers/oo/accuracy", "half_composed/two_hop"),
        "two hops, both in one block, read out per hop": ("shared_per_hop/oo/accuracy", None)},
    "reversal": {
        "reverse, untied": ("untied/reversed/withheld_accuracy", "facts/name"),
        "reverse, tied and trained": ("tied/reversed/withheld_accuracy", None)},
    "alias": {
        "alias, untied": ("untied/ood/accuracy", "facts/reliable"),
        "alias, tied and trained": ("tied/ood/accuracy", None)},
    "definitions": {
        "alias of the right source": ("replay/reliable/accuracy", "facts/reliable"),
        "alias of the wrong source": ("replay/unreliable/accuracy", "facts/unreliable")},
}  # fmt: skip
"""toys, by their study: what is found → its mean there, and the same here, if there is such a thing"""
AT_END = {
    "boss": MeanOf("right_among", "boss"),
    "two hops": MeanOf("right_among", "two_hop"),
    "no city told": MeanOf("right_among", "two_hop_missing"),
    "reverse": MeanOf("right_among", "name"),
    "alias": MeanOf("right_among", "reliable"),
    "prose (nats)": MeanOf("change", "prose_held_out"),
}
LEADS = {
    "city of a boss": MeanOf("lead_among", "city"),
    "two hops": MeanOf("lead_among", "two_hop"),
    "no city told": MeanOf("lead_among", "two_hop_missing"),
    "reverse": MeanOf("lead_among", "name"),
    "right paper": MeanOf("lead_among", "reliable"),
    "wrong paper": MeanOf("lead_among", "unreliable"),
}
PATCHED = {
    "right": MeanOf("hop_right", "two_hop"),
    "mended": MeanOf("mended", "two_hop"),
    "by another": MeanOf("mended_other", "two_hop"),
}
PAPERS = {
    "other names": MeanOf("right_among", "called"),
    "told later": MeanOf("right_among", "called_later"),
    "right paper": MeanOf("right_among", "reliable"),
    "wrong paper": MeanOf("right_among", "unreliable"),
}
"""columns of tables: heading → which mean"""


def bridge_in_time(rows: pd.DataFrame) -> pd.DataFrame:
    """The last block before which a bridge that is given makes half of the answers right (`needed`), the
    first after which half of the bridges are read out first (`comes`), and the first before which a
    stranger who is given leaves half of the answers right (`left`): over seeds, of the runs that have one.

    Args:
        rows: of `given_bridge_right`, `bridge_first` and `given_stranger_right` at the person's place, of
            one condition; the fractions of its splits count alike.

    Returns:
        when, mean, low, high (not above the depth), and a column per seed.
    """
    by_layer = rows.groupby(["condition", "seed", "measure", "layer"])["value"].mean().reset_index()
    runs = by_layer[by_layer["value"] >= HALF].groupby(["condition", "seed", "measure"])["layer"]
    found = [
        where(runs.agg(end).reset_index(name="value"), measure=its).assign(when=when, kind="count")
        for when, (its, end) in _WHEN.items()
    ]
    when = over_seeds(pd.concat(found), ["when"])
    return when.assign(high=when["high"].clip(upper=rows["layer"].max()))


def two_thirds_on(rows: pd.DataFrame) -> pd.DataFrame:
    """The same measures over seeds, at the last block in the first two thirds before which states are
    written.

    Args:
        rows: as for `bridge_in_time`, with the states of strangers.

    Returns:
        measure, mean, low, high, and a column per seed.
    """
    written = where(rows, measure=_WHEN["needed"][0])["layer"]
    there = written[written <= rows["layer"].max() * 2 / 3].max()
    by_run = within_seeds(where(rows, layer=there), ["condition", "measure"])
    return over_seeds(by_run, ["measure"])


def beyond(rows: pd.DataFrame, measure: str, null: str) -> pd.DataFrame:
    """By how much a measure exceeds its null within each seed, over seeds.

    Args:
        rows: of both, of one condition or several; splits, places and blocks count alike.
        measure: what is found.
        null: what would be found by chance.
    """
    both = within_seeds(where(rows, measure=[measure, null]), ["condition", "measure"])
    return over_seeds(paired.difference(both, measure, null), ["condition"])


def _predicted_rows(
    summary: pd.DataFrame,
    final: pd.DataFrame,
    told: Iterable[str],
    follows: Iterable[str],
    null: str,
) -> pd.DataFrame:
    """Means that predictions are about, for `means_near`, with splits in the place of conditions.

    Args:
        summary: means of one condition and measure, by split: those of what is `told` count as they are.
        final: the same measure of each run at the end, of that condition and of the null control.
        told: splits.
        follows: splits of which what the condition has beyond its null counts, within each seed.
        null: the condition that is the null control.
    """
    (condition,) = summary["condition"].unique()
    differences = [
        paired.difference(where(final, split=its), condition, null, of="condition").assign(
            split=its
        )
        for its in follows
    ]
    means = {
        "told": where(summary, split=list(told)),
        "beyond null": over_seeds(pd.concat(differences), ["split"]),
    }
    rows = [its.assign(condition=its["split"], measure=kind) for kind, its in means.items()]
    return pd.concat(rows, ignore_index=True)


def _predicted(told: Iterable[str], follows: Iterable[str]) -> dict[int, dict[str, list[str]]]:
    """That what is told is near 1, and what follows near 0 beyond the null, as `means_near` is told."""
    return {1: {its: ["told"] for its in told}, 0: {its: ["beyond null"] for its in follows}}


def outcome(
    study: NotebookStudy, measure: str, null: str, told: Iterable[str], follows: Iterable[str]
) -> pd.DataFrame:
    """Which of these predictions hold of a study's first condition.

    Args:
        study: with the null control among its conditions.
        measure: a share.
        null: the condition that is the null control.
        told, follows: splits.

    Returns:
        As `means_near` has it, with splits in the place of conditions.
    """
    first, final = study.conditions[0], where(study.final, measure=measure)
    summary = where(study.summary, condition=first, measure=measure)
    means = _predicted_rows(summary, final, told, follows, null)
    return means_near(means, _predicted(told, follows))


def trust(study: NotebookStudy) -> pd.DataFrame:
    """By how much more often a model answers as the right paper implies than as the wrong one does: a row
    per run, of variants, too."""
    rows = where(study.with_variants.final, measure="right_among")
    return paired.difference(rows, "reliable", "unreliable", of="split")


def beside_toys(
    study: NotebookStudy,
    toys: Mapping[str, Mapping[str, tuple[str, str | None]]],
    measure: str,
    null: str,
) -> pd.DataFrame:
    """Means of toys, where their studies are run, too, next to those of a real model.

    Args:
        study: of the real model.
        toys: their study → what is found → its mean there, and `condition/split` of the same here, if
            there is such a thing.
        measure: what is measured here.
        null: the condition that is the null control.

    Returns:
        finding, toy, real, and real with the null control: texts.
    """
    name, tables = study.folder.name, []
    for toy, rows in toys.items():
        own, control = {}, {}
        for finding, (theirs, ours) in rows.items():
            condition, _, split = (ours or "").partition("/")
            own[finding] = (theirs, f"{condition}/{split}/{measure}")
            control[finding] = (theirs, f"{null}/{split}/{measure}")
        found = study.next_to(toy, own).rename(columns={toy: "toy", name: "real"})
        tables.append(found.assign(null=study.next_to(toy, control)[name]))
    return pd.concat(tables, ignore_index=True).rename(columns={"null": f"real, {null}"})
