"""What the notebook of model diffing makes of its tools: which of them find the change?"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from onset.comparisons.changes.steering import DOSES
from onset.notebook import diffing_words as words
from onset.notebook.say import interval
from onset.statistics.rows import at_last_step, named_parts, where
from onset.statistics.seeds import over_seeds


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


def ranked(judged: pd.DataFrame, compared: pd.DataFrame) -> pd.DataFrame:
    """Recall at the end over seeds, by condition and tool, with what k at random would have (`chance`)."""
    rows = over_seeds(at_end(where(judged, what="recall")), ["condition", "tool"])
    chance = at_end(where(compared, measure="recall_by_chance"))
    means = over_seeds(chance, ["condition"])[["condition", "mean"]]
    return rows.merge(means.rename(columns={"mean": "chance"}), on="condition", how="left")


def on_the_way(judged: pd.DataFrame) -> pd.DataFrame:
    """Recall over seeds at each step that `find_change` looked at, by condition, tool and step."""
    recall = where(judged, what="recall", comparison="find_change")
    return over_seeds(recall, ["condition", "tool", "step"])


def alarms(judged: pd.DataFrame) -> pd.DataFrame:
    """What is flagged of what is kept, at the end, over seeds, by condition and tool."""
    return over_seeds(at_end(where(judged, what="flagged")), ["condition", "tool"])


def tokens(compared: pd.DataFrame) -> pd.DataFrame:
    """Tokens that mean the change at the end, over seeds, by condition and measure (`NAMED`)."""
    named = at_end(where(compared, measure=words.NAMED))
    return over_seeds(named, ["condition", "measure"])


def league(
    judged: pd.DataFrame,
    tools: Mapping[str, str],
    needs: Mapping[str, str],
    conditions: Mapping[str, str],
    null: str,
) -> pd.DataFrame:
    """A row per tool, as texts: recall in some conditions, and the false alarms in a null.

    Args:
        judged: as `judgements` gives it.
        tools: name → label.
        needs: name → what it takes to use it.
        conditions: in which something is changed, name → label.
        null: in which nothing is.
    """
    rows = over_seeds(at_end(judged), ["condition", "tool", "what"])
    said = {
        (its.condition, its.tool, its.what): interval(its) for its in rows.itertuples(index=False)
    }
    found = []
    for name, label in tools.items():
        own = [said.get((condition, name, "recall"), "") for condition in conditions]
        if any(own):
            found.append([label, *own, said.get((null, name, "flagged"), ""), needs[name]])
    return pd.DataFrame(found, columns=["tool", *conditions.values(), "null, flagged", "needs"])


def by_dose(compared: pd.DataFrame) -> pd.DataFrame:
    """What steering does over seeds, by condition, `tool`, `effect` and `dose`."""
    pattern = r"(?P<tool>means|pca|random)_(?P<effect>gives|takes|disturbs)"
    rows = named_parts(where(compared, comparison="steered"), "measure", pattern)
    rows = rows.assign(dose=rows["component"].astype(int).map(dict(enumerate(DOSES))))
    return over_seeds(rows, ["condition", "tool", "effect", "dose"])


def of_dictionaries(
    compared: pd.DataFrame, comparison: str, measures: Mapping[str, str]
) -> pd.DataFrame:
    """What a comparison by dictionaries yields over seeds, by condition and measure.

    Args:
        compared: as `Study.comparisons`.
        comparison: its name in the study's file.
        measures: by name (`LATENTS`, `STAGES`).
    """
    rows = where(compared, comparison=comparison, measure=measures)
    return over_seeds(rows, ["condition", "measure"])
