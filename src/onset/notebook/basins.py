"""Pairs of trainings that were joined: barriers between them, and what their neurons are matched to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from onset.notebook.study import NotebookStudy
from onset.statistics.power_laws import exponent
from onset.statistics.rows import named_parts, where
from onset.statistics.seeds import over_seeds

WAYS = {
    "unmoved": "where they are", "at_random": "null: at random", "untrained": "null: matched untrained",
    "by_activations": "by activations", "by_weights": "by weights", "repaired": "by weights, repaired",
}  # fmt: skip
"""where the units of the second model are put → in figures; likewise below"""
TURNED = {
    "unmoved": "where they are", "in_order": "by weights, none turned", "by_weights": "by weights",
    "repaired": "by weights, repaired",
}  # fmt: skip
"""of models that can be turned"""
ALONG = {way: WAYS[way] for way in ("unmoved", "by_weights", "repaired")}
MATCHED = {
    "same_frequency": "same frequency",
    "tuning": "cosine of tunings",
    "phase": "cosine of phases",
}
NULLS = {"at_random": "x", "in_frequency": "|", "untrained": "+"}
MIDDLE = {
    "middle_accuracy": "accuracy in the middle", "without_first": "without the first's waves",
    "without_second": "without the second's", "without_others": "null: without others",
}  # fmt: skip
CIRCLES = {
    "circle_at_ends": "at the ends", "circle_between": "in the middle", "circle_unmoved": "null: unmoved",
}  # fmt: skip


@dataclass(frozen=True)
class Pairs:
    """Each two trainings of a study that stand side by side, called by the condition of the first."""

    study: NotebookStudy

    @cached_property
    def found(self) -> pd.DataFrame:
        """Every number of every pair, on held-out questions where it is of questions."""
        rows = self.study.comparisons
        return rows[rows["split"].isna() | (rows["split"] == "test")]

    @cached_property
    def barriers(self) -> pd.DataFrame:
        """With the column `way`, of `WAYS` or `TURNED`."""
        ways = "|".join(WAYS | TURNED)
        rows = self.found.replace({"measure": {"repaired_by_weights": "barrier_repaired"}})
        return named_parts(rows, "measure", rf"barrier_(?P<way>{ways})")

    def barrier(self, pairs: Iterable[str], ways: Iterable[str] = tuple(WAYS)) -> pd.DataFrame:
        """Over seeds, by pair (`condition`) and way."""
        its = where(self.barriers, condition=list(pairs), way=list(ways))
        return over_seeds(its, ["condition", "way"])

    def against(self, numbers: Mapping[str, float]) -> pd.DataFrame:
        """The same along a number that each pair has (`step`), over seeds, by way."""
        its = self.barrier(numbers)
        return its.assign(step=its["condition"].map(numbers).astype(float))

    def along(self, pairs: Iterable[str]) -> pd.DataFrame:
        """Losses over the way (`step`) from the first training (0) to the second (1), over seeds."""
        its = where(self.found, condition=list(pairs))
        its = named_parts(its, "measure", rf"loss_(?P<way>{'|'.join(ALONG)})")
        last = its.groupby("condition", observed=True)["component"].transform("max")
        return over_seeds(its.assign(step=its["component"] / last), ["condition", "way", "step"])

    def measured(self, pairs: Iterable[str], measures: Iterable[str]) -> pd.DataFrame:
        """Other numbers, over seeds, by pair and measure."""
        its = where(self.found, condition=list(pairs), measure=list(measures))
        return over_seeds(its, ["condition", "measure"])

    def matched(self, pairs: Iterable[str]) -> pd.DataFrame:
        """What neurons are matched to, with a column for each null. Phases are told where at least a tenth
        of the pairs has one frequency."""
        rows = self.measured(pairs, MATCHED)
        seldom = where(rows, measure="same_frequency")
        seldom = seldom[seldom["mean"] < 0.1]["condition"]
        rows = rows[(rows["measure"] != "phase") | ~rows["condition"].isin(seldom)]
        for null in NULLS:
            names = {f"{name}_{null}": name for name in MATCHED}
            its = self.measured(pairs, names).replace({"measure": names})
            its = its.reindex(columns=["condition", "measure", "mean"])
            rows = rows.merge(its.rename(columns={"mean": null}), "left", ["condition", "measure"])
        return rows

    def values(self, pair: str, way: str) -> pd.Series:
        """Barriers of one pair, by seed."""
        return where(self.barriers, condition=pair, way=way).set_index("seed")["value"]

    def ratio(self, one: tuple[str, str], other: tuple[str, str]) -> pd.Series:
        """A barrier (pair, way) over another, by seed."""
        return (self.values(*one) / self.values(*other)).dropna()

    def less(self, pair: str, way: str, than: str) -> pd.Series:
        """Which part of a barrier is gone in one way of matching that is there in another, by seed."""
        return 1 - self.ratio((pair, way), (pair, than))

    def power(self, pairs: Sequence[str], numbers: Sequence[float], way: str) -> pd.Series:
        """With which power of a number barriers fall, by seed."""
        its = pd.concat([self.values(pair, way).rename(pair) for pair in pairs], axis=1).dropna()
        found = {
            seed: exponent(np.array(numbers, float), row.to_numpy(float))
            for seed, row in its.iterrows()
        }
        return pd.Series(found, dtype=float)
