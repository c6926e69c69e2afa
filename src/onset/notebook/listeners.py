"""Rows about attributes of a listener, by attribute and by who reads them."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from onset.statistics import paired
from onset.statistics.rows import named_parts, where
from onset.statistics.seeds import over_seeds, within_seeds

SHOWN = {"age": "age", "dialect": "dialect", "knowledge": "knowledge", "mood": "mood"}
"""attributes that replies depend on → their names in figures; likewise below"""
ALL = {**SHOWN, "pet": "null: pet"}
SUITS = {"suits": "the model's replies", "could_suit": "the best reader's"}
BY_TOKEN = {"read": "probe", "ideal": "the best reader", "untrained": "probe, before training"}
BY_LAYER = {
    "read": "probe", "means_read": "nearest mean", "shuffled_read": "null: shuffled",
    "untrained": "probe, before training",
}  # fmt: skip
COURSE = {"suits": "replies that suit", "read": "probe"}
COMPOSED = {
    ("suits", "test"): "replies, combinations met", ("suits", "composed"): "replies, never met",
    ("read", "test"): "probe, combinations met", ("read", "composed"): "probe, never met",
}  # fmt: skip
NOTICED = {"ideal": "the best reader", "said": "what is said", "read": "probe"}
DIRECTIONS = {"other_said": "difference of means", "randomly_said": "random direction"}
EFFECTS = {
    "rest_changed": "other attributes change", "place_said": "place stays", "grammar_kept": "grammar",
}  # fmt: skip
PROBES = {
    "belief_read": "believed", "truth_read": "true", "shuffled_belief_read": "null: shuffled beliefs",
}  # fmt: skip
EXCHANGED = {
    "belief": "the believed place", "truth": "the true place", "random": "random direction",
}  # fmt: skip
NAMED = {"place": "where: named as true", "belief": "where: put right", "sought": "seek: named"}
BELIEFS = (
    r"(?P<way>(?:shuffled_)?(?:belief|truth)_read|shared_reads_(?:belief|truth))_(?P<question>\w+)"
)
"""of measures: who reads a place, in replies to which question"""
SWAPS = r"(?P<named>place|belief|sought)_(?P<how>follows|stays)_(?P<what>\w+)"


def by_attribute(rows: pd.DataFrame, ways: Iterable[str], layer: int | None = None) -> pd.DataFrame:
    """The rows of measures that are called WAY_ATTRIBUTE, with both as columns; of those that are of a
    layer, only this one's.

    Args:
        rows: of measures or analyses.
        ways: who reads it, or what is measured.
        layer: block applications done; None: all.
    """
    longest_first = sorted(ways, key=len, reverse=True)
    found = named_parts(
        rows, "measure", rf"(?P<way>{'|'.join(longest_first)})_(?P<attribute>{'|'.join(ALL)})"
    )
    return found if layer is None else found[found["layer"].isna() | (found["layer"] == layer)]


def at_end_and_before(rows: pd.DataFrame, way: str = "read") -> pd.DataFrame:
    """The rows of the last checkpoint, and those of one way before training, which is then `untrained`."""
    began = rows[(rows["step"] == 0) & (rows["way"] == way)].assign(way="untrained")
    return pd.concat([rows[rows["step"] == rows["step"].max()], began])


def moods(rows: pd.DataFrame, layer: int) -> pd.DataFrame:
    """Who takes a new mood for the present one (`what`: new_mood) and after how many turns (mood_lag), by
    `way`, probes in one layer; `world` is the condition."""
    found = named_parts(rows, "measure", r"(?P<what>new_mood|mood_lag)_(?P<way>\w+)")
    found = found[found["layer"].isna() | (found["layer"] == layer)]
    return found.assign(world=found["condition"])


def doses(closer: pd.DataFrame, layer: int) -> pd.DataFrame:
    """Over seeds, the share of words for the other listener by attribute, direction (`way`) and dose, with
    what is said to listeners who are such (`to_other`)."""
    its = by_attribute(closer, [*DIRECTIONS, "said_to_other"], layer)
    to_other = over_seeds(where(its, way="said_to_other"), ["attribute"])[["attribute", "mean"]]
    steered = where(its, way=DIRECTIONS)
    steered = steered.assign(dose=steered["component"] / 2)
    found = over_seeds(steered, ["attribute", "way", "dose"])
    return found.merge(to_other.rename(columns={"mean": "to_other"}), on="attribute")


def side_effects(closer: pd.DataFrame, layer: int) -> pd.DataFrame:
    """Over seeds, what the whole difference changes besides, by attribute and `way`, with the mean of a
    random direction in a column, where there is one."""
    by = ["attribute", "way"]
    its = by_attribute(where(closer, component=2), [*EFFECTS, "rest_randomly_changed"], layer)
    randomly = where(its, way="rest_randomly_changed").assign(way="rest_changed")
    randomly = over_seeds(randomly, by)[[*by, "mean"]].rename(columns={"mean": "random"})
    return over_seeds(where(its, way=EFFECTS), by).merge(randomly, on=by, how="left")


def moved(closer: pd.DataFrame, attribute: str, layer: int) -> pd.DataFrame:
    """Of each run, the share of words for the other listener at the whole difference, less that in a random
    direction."""
    its = by_attribute(where(closer, component=2), DIRECTIONS, layer)
    whole = where(its, attribute=attribute)
    return paired.difference(whole, "other_said", "randomly_said", of="way")


def missed(rows: pd.DataFrame, split: str) -> pd.DataFrame:
    """Of each run, how many more of the best reader's replies suit than of the model's, mean over the
    attributes of which combinations are held out."""
    its = rows[rows["component"].isna() & (rows["split"] == split)]
    its = where(by_attribute(its, SUITS), attribute=["age", "dialect", "knowledge"])
    return paired.difference(
        within_seeds(its, ["condition", "way"]), "could_suit", "suits", of="way"
    )
