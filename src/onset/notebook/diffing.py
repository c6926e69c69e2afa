"""What the notebook of model diffing makes of comparisons that look at what has changed inside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from onset.comparisons.changes.component_swaps import PARTS
from onset.notebook import diffing_words as words
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds


def in_order(conditions: Iterable[str], compared: pd.DataFrame, measure: str) -> list[str]:
    """Those conditions of which a comparison yields a quantity."""
    there = set(where(compared, measure=measure)["condition"])
    return [name for name in conditions if name in there]


def beside_null(rows: pd.DataFrame, null: str, by: list[str]) -> pd.DataFrame:
    """Rows over seeds, those of a null as a column `null` of the others.

    Args:
        rows: measure, condition, seed, value, kind and the columns `by`.
        null: what is behind the name of a measure, if it is the null of the measure of that name.
        by: what to keep apart, the measure among it.
    """
    over = over_seeds(rows, by)
    is_null = over["measure"].str.endswith(null)
    nulls = over[is_null].assign(measure=over["measure"].str.removesuffix(null))
    means = nulls[[*by, "mean"]].rename(columns={"mean": "null"})
    return over[~is_null].merge(means, on=by, how="left")


def parts_alone(compared: pd.DataFrame) -> pd.DataFrame:
    """What each part (`part`) brings into the old model over seeds, and its change shuffled (`null`)."""
    alone = where(compared, measure=["into_old", "into_old_shuffled"])
    alone = alone[alone["head"].isna() & alone["component"].notna()]
    named = alone.assign(part=alone["component"].astype(int).map(dict(enumerate(PARTS))))
    return beside_null(named, "_shuffled", ["condition", "part", "measure"])


def last_application(rows: pd.DataFrame) -> pd.DataFrame:
    """Those about the last block application that there is, and those about no layer."""
    return rows[rows["layer"].isna() | (rows["layer"] == rows["layer"].max())]


def by_place(compared: pd.DataFrame) -> pd.DataFrame:
    """Divergence over seeds, by condition, step and `place`: a split and a position in it."""
    rows = where(compared, measure="divergence")
    named = rows.assign(place=rows["split"] + " " + rows["position"].astype(int).astype(str))
    return over_seeds(named, ["condition", "place", "step"])


def patched(compared: pd.DataFrame, split: str) -> pd.DataFrame:
    """Accuracy with a state of the other model over seeds, by condition, `place` (blocks done and position)
    and `given` (whose state it is); with that of another question, its own model's, as `null`. A condition
    whose questions all have one answer, as those of the backdoor, has none: there is no such question."""
    rows = where(compared, comparison="states", split=split)
    rows = rows.assign(
        place=rows["layer"].astype(int).astype(str) + " " + rows["position"].astype(int).astype(str)
    )
    given = rows["step"].gt(0).map({False: "new", True: "old"})
    rows = rows.assign(given=given)  # to the model of step 0, the new one's
    of_other = where(rows, measure="patched_accuracy")
    of_other = of_other[of_other["step"] != of_other["other_step"]]
    by = ["condition", "given", "place"]
    nulls = over_seeds(where(rows, measure="patched_other_accuracy"), by)[[*by, "mean"]]
    return over_seeds(of_other, by).merge(nulls.rename(columns={"mean": "null"}), on=by, how="left")


def rewired(compared: pd.DataFrame) -> pd.DataFrame:
    """What `rewiring` says of the last block application over seeds; what chance would give, as `null`."""
    rows = last_application(where(compared, comparison="rewired"))
    return beside_null(rows, "_by_chance", ["condition", "measure"])


def written(compared: pd.DataFrame) -> pd.DataFrame:
    """Direct effects of the last block application over seeds; on others' answers, as `null`."""
    rows = last_application(where(compared, comparison="effects"))
    over = over_seeds(rows, ["condition", "measure"])
    over = over.assign(part=over["measure"].str.split("_").str[0])
    is_null = over["measure"].str.endswith("_by_chance")
    nulls = over[is_null][["condition", "part", "mean"]].rename(columns={"mean": "null"})
    return over[~is_null].merge(nulls, on=["condition", "part"], how="left")


def strengths(compared: pd.DataFrame) -> pd.DataFrame:
    """Sizes of latents of a dictionary of all checkpoints, over seeds, by condition, measure and step."""
    rows = where(compared, comparison="crosscoder_over_training", measure=words.STRENGTHS)
    return over_seeds(rows, ["condition", "measure", "step"])


def hills(compared: pd.DataFrame, labels: Mapping[str, str], split: str) -> pd.DataFrame:
    """Barriers between two models over seeds, by their labels (`pair`)."""
    rows = where(compared, measure="barrier", split=split)
    other = rows["other_condition"].map(labels).fillna("its parent")
    rows = rows.assign(pair=rows["condition"].map(labels) + " and " + other)
    return over_seeds(rows, ["pair"])
