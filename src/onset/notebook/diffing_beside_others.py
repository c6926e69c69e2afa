"""What model diffing finds of what others report of language models."""

from __future__ import annotations

import pandas as pd

from onset.notebook.diffing import last_application
from onset.notebook.diffing_knowledge import probed
from onset.statistics import paired
from onset.statistics.rows import at_last_step, where

OTHERS = (
    "intruders", "intruders_by_rank", "learns_less", "forgets_less", "probes_forget_less",
    "stage_wise_more", "strangers", "false_exclusive",
)  # fmt: skip
"""what `beside_others` has, as the study's file calls it"""


def lost_more(rows: pd.DataFrame, one: str, other: str) -> pd.Series:
    """By how much more one measure falls from the first step to the last than another, by condition and
    seed."""
    ends = rows[rows["step"].isin([rows["step"].min(), rows["step"].max()])]
    its = ends.pivot_table("value", ["condition", "seed"], ["measure", "step"])
    first, last = ends["step"].min(), ends["step"].max()
    falls = {name: its[name, first] - its[name, last] for name in (one, other)}
    return falls[one] - falls[other]


def beside_others(
    measures: pd.DataFrame, compared: pd.DataFrame
) -> dict[str, pd.DataFrame | pd.Series]:
    """A value per seed of each of `OTHERS`.

    Args:
        measures: of all runs at all checkpoints.
        compared: as `Study.comparisons`.
    """
    intruders = where(last_application(where(compared, comparison="rewired")), measure="intruders")
    harm = at_last_step(where(compared, comparison="harm", measure="harm"))
    learnt = at_last_step(where(measures, measure="accuracy", split="changed_asked"))
    facts = where(probed(compared), what="facts", condition="entities_forgetting")
    of_backdoor = where(
        compared, measure=["turned_recall", "crosscoder_recall"], condition="new_backdoor"
    )
    hills = where(compared, measure="barrier", split="kept_facts", condition="new_entities")
    of_null = where(compared, comparison="crosscoder", condition="nothing_again")
    latents = where(of_null, measure=["exclusive_latents", "live_latents"]).pivot_table(
        "value", ["condition", "seed"], "measure"
    )
    alone = ("rank_16_alone", "entities_alone")
    return {
        "intruders": paired.difference(intruders, "rank_1", "new_entities", of="condition"),
        "intruders_by_rank": paired.difference(intruders, "rank_1", "rank_16", of="condition"),
        "learns_less": paired.difference(learnt, *alone, of="condition"),
        "forgets_less": paired.difference(harm, *alone, of="condition"),
        "probes_forget_less": lost_more(facts, "said", "read"),
        "stage_wise_more": paired.difference(of_backdoor, "turned_recall", "crosscoder_recall"),
        "strangers": paired.difference(
            hills, "other_parent", "entities_again", of="other_condition"
        ),
        "false_exclusive": latents["exclusive_latents"] / latents["live_latents"],
    }
