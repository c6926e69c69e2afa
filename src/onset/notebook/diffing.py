"""What the notebook of model diffing makes of the judgements of its tools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import log

import pandas as pd

from onset.comparisons.changes.component_swaps import PARTS
from onset.comparisons.changes.steering import DOSES
from onset.notebook.say import interval
from onset.statistics.rows import at_last_step, named_parts, where
from onset.statistics.seeds import over_seeds

GRADUAL = log(3) / log(2)
"""from .1 to .7, over the time until .5, of pieces learnt each by itself at a constant rate, 1 - exp(-t)"""

# What figures call what comparisons yield.
TOOLS = {
    "kl": "divergence of answers", "norm": "distance of states", "means": "difference of means",
    "pca": "first component", "swap": "one part swapped", "crosscoder": "crosscoder: exclusive",
    "halves": "crosscoder: halves apart", "dictionary": "dictionary of the new model",
    "random": "null: random direction",
}  # fmt: skip
NEEDS = {
    "kl": "answers", "norm": "states", "means": "states", "pca": "states", "random": "states",
    "swap": "weights", "crosscoder": "a dictionary", "halves": "a dictionary",
    "dictionary": "a dictionary",
}  # fmt: skip
"""of both models"""
PLACES = {
    "changed_asked 2": "changed, at the end", "changed_asked 1": "changed, before the end",
    "kept_asked 2": "kept, at the end", "kept_asked 1": "kept, before the end",
    "unknown_facts 1": "never taught",
}  # fmt: skip
NAMED = {"tokens_named": "largest divergence", "tokens_named_by_chance": "null: at random"}
SWAPPED = {
    "embedding": "embeddings", "positions": "positions", "norms": "norms", "attention": "attention",
    "mlp": "MLP",
}  # fmt: skip
GIVEN = {"new": "new in old", "old": "old in new"}
STATES = {
    "0 0": "entity, embedded", "0 1": "first relation, embedded", "0 2": "second, embedded",
    "1 0": "entity, 1 block", "1 1": "first relation, 1 block", "1 2": "second, 1 block",
    "2 2": "second, 2 blocks",
}  # fmt: skip
FORETOLD = {
    "harm_by_gradient": "gradient", "harm_by_margin": "margin", "harm_by_similarity": "similarity",
    "harm_by_overlap": "shared tokens", "harm_by_chance": "null: at random",
}  # fmt: skip
UNSEEN = {
    "unseen_harm": "rank correlation", "unseen_harm_shuffled": "null: shuffled harm",
    "worst_foretold": "worst tenth found", "worst_by_chance": "null: at random",
}  # fmt: skip
WHAT_IS_READ = {"facts": "facts", "composed": "two hops"}
READ = {
    "said": "own answers", "read": "probe", "read_of_forgotten": "probe, forgotten",
    "read_shuffled": "null: shuffled",
}  # fmt: skip
REWIRED = {
    "attention_cosine": "attention: cosine", "mlp_cosine": "MLP: cosine", "mlp_scale": "MLP: norm",
    "same_places": "neurons' places", "intruders": "intruders",
}  # fmt: skip
EFFECTS = {
    "attention_for_old": "attention: old, before", "attention_for_new": "attention: new, after",
    "mlp_for_old": "MLP: old, before", "mlp_for_new": "MLP: new, after",
}  # fmt: skip
LATENTS = {
    "exclusive_latents": "new model's alone", "confirmed_latents": "confirmed by scaling",
    "lost_latents": "old model's alone",
}  # fmt: skip
STRENGTHS = {"strength_then": "kept", "strength_of_changed": "changed"}
STAGES = {
    "turned_recall": "latents that turn", "turned_recall_random": "null: others",
    "turned_by_chance": "null: at random", "latent_places": "places kept",
    "latent_places_by_chance": "null: of another",
}  # fmt: skip
STEERED = {"means": "difference of means", "pca": "first component", "random": "null: random"}
STEERING = {"gives": "new in old", "takes": "old in new", "disturbs": "others changed"}


def in_order(conditions: Iterable[str], compared: pd.DataFrame, measure: str) -> list[str]:
    """Those conditions of which a comparison yields a quantity."""
    there = set(where(compared, measure=measure)["condition"])
    return [name for name in conditions if name in there]


def crossed(ones: Mapping[str, str], others: Mapping[str, str]) -> dict[tuple[str, str], str]:
    """Titles of panels by two columns: every value of one with every value of another."""
    return {
        (one, other): f"{title}: {more}"
        for one, title in ones.items()
        for other, more in others.items()
    }


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


def at_first(rows: pd.DataFrame) -> pd.DataFrame:
    """Those of the first step looked at after the beginning, over seeds by condition and measure."""
    return over_seeds(rows[rows["step"] == rows["step"].min()], ["condition", "measure"])


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
    and `given` (whose state it is); with that of another question, its own model's, as `null`."""
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


def probed(compared: pd.DataFrame) -> pd.DataFrame:
    """What probes and models answer, with the column `what`: facts, or composed ones."""
    rows = where(compared, measure=READ)
    return rows.assign(what=rows["split"].str.rsplit("_", n=1).str[-1])


def lost_more(rows: pd.DataFrame, one: str, other: str) -> pd.Series:
    """By how much more one measure falls from the first step to the last than another, by condition and
    seed."""
    ends = rows[rows["step"].isin([rows["step"].min(), rows["step"].max()])]
    its = ends.pivot_table("value", ["condition", "seed"], ["measure", "step"])
    first, last = ends["step"].min(), ends["step"].max()
    falls = {name: its[name, first] - its[name, last] for name in (one, other)}
    return falls[one] - falls[other]


def written(compared: pd.DataFrame) -> pd.DataFrame:
    """Direct effects of the last block application over seeds; on others' answers, as `null`."""
    rows = last_application(where(compared, comparison="effects"))
    over = over_seeds(rows, ["condition", "measure"])
    over = over.assign(part=over["measure"].str.split("_").str[0])
    is_null = over["measure"].str.endswith("_by_chance")
    nulls = over[is_null][["condition", "part", "mean"]].rename(columns={"mean": "null"})
    return over[~is_null].merge(nulls, on=["condition", "part"], how="left")


def by_dose(compared: pd.DataFrame) -> pd.DataFrame:
    """What steering does over seeds, by condition, `tool`, `effect` and `dose`."""
    pattern = r"(?P<tool>means|pca|random)_(?P<effect>gives|takes|disturbs)"
    rows = named_parts(where(compared, comparison="steered"), "measure", pattern)
    rows = rows.assign(dose=rows["component"].astype(int).map(dict(enumerate(DOSES))))
    return over_seeds(rows, ["condition", "tool", "effect", "dose"])


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
