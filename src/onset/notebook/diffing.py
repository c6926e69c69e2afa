"""What the notebook of model diffing makes of the judgements of its tools."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from onset.comparisons.changes.component_swaps import PARTS
from onset.comparisons.changes.steering import DOSES
from onset.notebook.say import interval
from onset.statistics.rows import at_last_step, named_parts, where
from onset.statistics.seeds import over_seeds

WHATS = {
    "recall": "among the k first", "found": "above the null", "flagged": "kept, flagged",
}  # fmt: skip
"""what is told of a tool for a condition in which something is changed"""


def judgements(compared: pd.DataFrame) -> pd.DataFrame:
    """What tools are worth, with the columns `tool` and `what` (recall, auc, found, flagged).

    Args:
        compared: as `Study.comparisons`, of `find_change` and `crosscoder`.
    """
    of_tools = where(compared, comparison=["find_change", "crosscoder"])
    return named_parts(of_tools, "measure", r"(?P<tool>[a-z]+)_(?P<what>recall|auc|found|flagged)")


def at_end(rows: pd.DataFrame) -> pd.DataFrame:
    """Those of each run's last checkpoint; of what was looked at only there, all."""
    return pd.concat([at_last_step(its) for _, its in _by_comparison(rows)], ignore_index=True)


def _by_comparison(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    filled = rows.assign(step=rows["step"].fillna(0))
    return list(filled.groupby("comparison", sort=False))


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


def by_dose(compared: pd.DataFrame) -> pd.DataFrame:
    """What steering does over seeds, by condition, `curve` (tool and effect) and `dose`."""
    pattern = r"(?P<tool>means|pca|random)_(?P<effect>gives|takes|disturbs)"
    rows = named_parts(compared, "measure", pattern)
    rows = rows.assign(
        dose=rows["component"].astype(int).map(dict(enumerate(DOSES))),
        curve=rows["tool"] + " " + rows["effect"],
    )
    return over_seeds(rows, ["condition", "curve", "dose"])


def hills(compared: pd.DataFrame, labels: Mapping[str, str], split: str) -> pd.DataFrame:
    """Barriers between two models over seeds, by their labels (`pair`)."""
    rows = where(compared, measure="barrier", split=split)
    other = rows["other_condition"].map(labels).fillna("its parent")
    rows = rows.assign(pair=rows["condition"].map(labels) + " and " + other)
    return over_seeds(rows, ["pair"])


def ranked(judged: pd.DataFrame, compared: pd.DataFrame) -> pd.DataFrame:
    """Recall at the end over seeds, by condition and tool, with what k at random would have (`chance`)."""
    rows = over_seeds(at_end(where(judged, what="recall")), ["condition", "tool"])
    chance = at_end(where(compared, measure="recall_by_chance"))
    means = over_seeds(chance, ["condition"])[["condition", "mean"]]
    return rows.merge(means.rename(columns={"mean": "chance"}), on="condition", how="left")


def league(
    judged: pd.DataFrame,
    tools: Mapping[str, str],
    needs: Mapping[str, str],
    condition: str,
    null: str,
) -> pd.DataFrame:
    """A row per tool, as texts: what it finds in a condition, and its false alarms in a null.

    Args:
        judged: as `judgements` gives it.
        tools: name → label.
        needs: name → what it takes to use it.
        condition: in which something is changed.
        null: in which nothing is.
    """
    rows = over_seeds(at_end(judged), ["condition", "tool", "what"])
    said = {
        (its.condition, its.tool, its.what): interval(its) for its in rows.itertuples(index=False)
    }
    found = []
    for name, label in tools.items():
        own = [said.get((condition, name, what), "") for what in WHATS]
        if any(own):
            found.append([label, *own, said.get((null, name, "flagged"), ""), needs[name]])
    return pd.DataFrame(found, columns=["tool", *WHATS.values(), "null, flagged", "needs"])
