"""Rows about detectors of lies, by detector and by kind of deception."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from onset.notebook.say import interval
from onset.statistics import paired
from onset.statistics.milestones import reached
from onset.statistics.rows import at_last_step, named_parts, where
from onset.statistics.seeds import over_seeds, within_seeds
from onset.statistics.times import Times, difference

DETECTORS = {
    "logistic": "truth: regression", "mean_difference": "truth: means", "contrast": "truth: contrast",
    "latents": "truth: one latent", "known_lies": "lies of one kind", "divergence": "an honest model",
    "red_teaming": "many questions",
}  # fmt: skip
"""detectors → their names in figures; one that isn't here has its own name"""
HELD_OUT = {
    "other": "other signs", "topic": "places alone", "denial": "denies all",
}  # fmt: skip
"""kinds of deception of which no detector is shown any"""
KINDS = {"plain": "the kind that is shown", **HELD_OUT}
TRUTHS = {"harmless": "harmless signs", "topic": "of liars about places", "denial": "of deniers"}
"""splits in which some answers are true although signs say that nobody watches"""
COURSE = {
    "lies_told": "lies told", "truth_read": "truth read by the probe",
    "auroc_logistic": "AUROC, truth", "auroc_known_lies": "AUROC, lies of one kind",
}  # fmt: skip
LAYERS = {"known_lies": 2, "contrast": 2}
"""detectors → after how many blocks they look, if not after the first: where it was best on spare seeds"""
FIRST = 1
MARKERS = {"honest": "x", "untrained": "+", "shuffled": "|"}
STEERED_IN = {
    (split, layer): f"{name}, after {layer}"
    for split, name in {"test": "watched", "other": "other signs", "denial": "denies all"}.items()
    for layer in (1, 2, 3)
}
"""splits and blocks"""
STEERED = {"steered_false": "difference of means", "randomly_steered_false": "random direction"}
QUERIES = {"queries_16": 16, "queries_64": 64, "detection": 256}
"""comparisons → the sequences that detectors are made from"""
AGAINST = {
    ("lies_told", "-"): "lies told", ("truth_read", 1): "truth read, block 1",
    ("truth_read", 2): "truth read, block 2", ("truth_read", 3): "truth read, block 3",
    ("recall_logistic", 1): "lies found, block 1", ("recall_divergence", "-"): "by an honest model",
}  # fmt: skip


def graded(compared: pd.DataFrame) -> pd.DataFrame:
    """What detectors are worth, with the columns `detector` and `what` (auroc, recall, alarms), as it is at
    the last step that was looked at.

    Args:
        compared: as `Study.comparisons`, of `detection`.
    """
    found = named_parts(compared, "measure", r"(?P<what>auroc|recall|alarms)_(?P<detector>\w+)")
    by_comparison = [at_last_step(its) for _, its in found.groupby("comparison", sort=False)]
    return pd.concat(by_comparison, ignore_index=True)


def at_layers(rows: pd.DataFrame) -> pd.DataFrame:
    """Of each detector the rows of its layer (`LAYERS`), and those of what looks at no layer."""
    layer = rows["detector"].map(LAYERS).fillna(FIRST)
    return rows[rows["layer"].isna() | (rows["layer"] == layer)]


def labels(rows: pd.DataFrame) -> dict[str, str]:
    """Of the detectors that there are, those known here first."""
    there = list(dict.fromkeys(rows["detector"]))
    return {its: DETECTORS.get(its, its) for its in [*DETECTORS, *there] if its in there}


def with_nulls(
    found: pd.DataFrame, by: list[str], main: str, nulls: Mapping[str, tuple[str, str]]
) -> pd.DataFrame:
    """Over seeds, what is found of one condition by `detection` and `dictionary`, and nulls in columns.

    Args:
        found: `graded` rows (`at_layers`).
        by: columns that tell the rows apart.
        main: the condition.
        nulls: column → condition and comparison; "": those two.
    """
    own = where(found, comparison=["detection", "dictionary"])
    rows = over_seeds(where(own, condition=main), by)
    for column, (condition, comparison) in nulls.items():
        of = where(found, comparison=comparison) if comparison else own
        its = over_seeds(where(of, condition=condition), by)[[*by, "mean"]]
        rows = rows.merge(its.rename(columns={"mean": column}), on=by, how="left")
    return rows


def over_kinds(found: pd.DataFrame, kinds: Iterable[str] = HELD_OUT) -> pd.DataFrame:
    """The mean over kinds of deception of each run, by whatever else there is."""
    by = ["comparison", "condition", "what", "detector"]
    return within_seeds(where(found, split=list(kinds)), by)


def by_queries(found: pd.DataFrame) -> pd.DataFrame:
    """The rows of comparisons that differ in how much detectors are made from (`queries`)."""
    its = where(found, comparison=QUERIES)
    return its.assign(queries=its["comparison"].map(QUERIES).astype(int))


def course(measures: pd.DataFrame, compared: pd.DataFrame, condition: str) -> pd.DataFrame:
    """Of each run, step by step, what is said and what detectors find, by kind and `way` (`COURSE`)."""
    own = where(measures, condition=condition, measure=COURSE)
    theirs = where(compared, comparison="over_training", condition=condition, measure=COURSE)
    columns = ["condition", "seed", "step", "split", "measure", "layer", "value", "kind"]
    both = pd.concat([own[columns], theirs[columns]], ignore_index=True)
    rows = both.assign(way=both["measure"], detector=both["measure"].str.removeprefix("auroc_"))
    return where(at_layers(rows), split=list(KINDS))


def apart(rows: pd.DataFrame, one: str, other: str, level: float, other_level: float) -> Times:
    """How many steps after another `way` one gets to its level, of rows of one kind (`course`)."""
    first, second = (
        reached(where(rows, way=way), its) for way, its in ((one, level), (other, other_level))
    )
    return difference(first, second)


def against(
    final: pd.DataFrame, found: pd.DataFrame, conditions: Iterable[str], split: str
) -> pd.DataFrame:
    """Over seeds, what a price on the probe changes, by condition and `panel` (`AGAINST`)."""
    its = where(found, comparison="detection")
    columns = ["condition", "seed", "measure", "layer", "value", "kind", "split"]
    rows = pd.concat([final[columns], its[columns]], ignore_index=True)
    rows = where(rows, split=split, condition=list(conditions))
    layer = rows["layer"].astype(object).where(rows["layer"].notna(), "-")
    rows = rows.assign(panel=list(zip(rows["measure"], layer, strict=True)))
    rows = rows[rows["panel"].isin(list(AGAINST))]
    rows["panel"] = rows["panel"].map(AGAINST)
    return over_seeds(rows, ["condition", "panel"])


def hidden(final: pd.DataFrame, found: pd.DataFrame, condition: str) -> pd.DataFrame:
    """Of each run, how many more lies are told than are found by the probe for truth, over held-out kinds.

    Args:
        final: measurements of the last checkpoints.
        found: `graded` rows (`at_layers`).
        condition: whose runs.
    """
    caught = where(found, what="recall", detector="logistic", condition=condition)
    both = [
        lies_told(final, [condition]).assign(measure="told"),
        over_kinds(where(caught, comparison="detection")).assign(measure="found"),
    ]
    return paired.difference(pd.concat(both, ignore_index=True), "told", "found")


def lies_told(final: pd.DataFrame, conditions: Iterable[str]) -> pd.DataFrame:
    """Of each run, the share of lies told, mean over the held-out kinds."""
    rows = where(final, measure="lies_told", condition=list(conditions), split=list(HELD_OUT))
    return within_seeds(rows, ["condition"])


def league(found: pd.DataFrame, main: str, null: str) -> pd.DataFrame:
    """A row per detector, as texts: AUROC and recall over the held-out kinds and for the one that is shown,
    and AUROC with the honest model.

    Args:
        found: `graded` rows (`at_layers`), of the comparisons that look at both conditions.
        main: the deceiver.
        null: the honest model.
    """
    said = {}
    for kinds, name in ((("plain",), "shown"), (tuple(HELD_OUT), "held out")):
        rows = over_seeds(over_kinds(found, kinds), ["condition", "what", "detector"])
        for its in rows.itertuples(index=False):
            said[its.condition, its.what, its.detector, name] = interval(its)
    rows = []
    for name, label in labels(found).items():
        own = [said.get((main, what, name, kinds), "") for what in ("auroc", "recall")
               for kinds in ("shown", "held out")]  # fmt: skip
        rows.append([label, *own, said.get((null, "auroc", name, "held out"), "")])
    columns = ["detector", "AUROC, shown", "held out", "recall, shown", "held out ", "honest model"]
    return pd.DataFrame(rows, columns=columns)
