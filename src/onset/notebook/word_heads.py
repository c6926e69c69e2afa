"""The heads that write most for short tasks in words, chosen on other questions than are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from onset.notebook.study import NotebookStudy
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds
from onset.statistics.wording import format_interval

_SHUFFLED = "_shuffled"
"""behind the name of a split: the same prompts with the answers of others"""
_HEAD = ["layer", "head"]
_WRITES = {
    "right": "writes (nats)",
    "others": "with others' answers",
    "untrained": "untrained",
}
"""towards which answer, or in which model; and the heading"""


@dataclass(frozen=True)
class WordHeads:
    """In the runs of two conditions that ask the same."""

    study: NotebookStudy
    trained: str
    untrained: str

    @cached_property
    def best(self) -> pd.DataFrame:
        """The head that writes most of each split, by its mean over all seeds: split, layer, head, …"""
        means = over_seeds(self._effects(self.trained), ["split", *_HEAD])
        means = means[~means["split"].str.endswith(_SHUFFLED)]
        return means.loc[means.groupby("split", sort=False)["mean"].idxmax()]

    @cached_property
    def written(self) -> pd.DataFrame:
        """What heads `chosen_elsewhere` write, over seeds, by split and `answers`: with the `right` ones
        and with those of `others` in the trained model, and with the right ones in the `untrained` one."""
        untrained = where(chosen_elsewhere(self._effects(self.untrained)), answers="right")
        found = [
            chosen_elsewhere(self._effects(self.trained)),
            untrained.assign(answers="untrained"),
        ]
        return over_seeds(pd.concat(found), ["split", "answers"])

    def in_words(self, tasks: Mapping[str, str]) -> pd.DataFrame:
        """Texts, a row per task.

        Args:
            tasks: what splits are called; those that aren't asked here have no row.
        """
        said = {(row.split, row.answers): format_interval(row) for row in self.written.itertuples()}
        heads = {row.split: f"L{int(row.layer)}H{int(row.head)}" for row in self.best.itertuples()}
        rows = [
            {"task": called, "head": heads[split]}
            | {heading: said[split, answers] for answers, heading in _WRITES.items()}
            for split, called in tasks.items()
            if split in heads
        ]
        return pd.DataFrame(rows)

    def _effects(self, condition: str) -> pd.DataFrame:
        return where(self.study.closer, condition=condition, measure="head_effect")


def chosen_elsewhere(effects: pd.DataFrame) -> pd.DataFrame:
    """Per split and seed, what the head writes that writes most on the other seeds' questions.

    Args:
        effects: `head_effect` of one condition, of splits and of the same with `_shuffled` behind the name.

    Returns:
        Rows of `effects`, with the split's name alone, and `answers`: `right`, or `others`, the same head
        where the answers are those of other prompts (null). One seed has no others: its head is chosen on
        its own questions.
    """
    rows = effects.assign(
        split=effects["split"].str.removesuffix(_SHUFFLED),
        answers=effects["split"].str.endswith(_SHUFFLED).map({True: "others", False: "right"}),
    )
    found = []
    for (split, seed), own in where(rows, answers="right").groupby(["split", "seed"], sort=False):
        asked = where(rows, answers="right", split=split)
        others = asked[asked["seed"] != seed]
        means = (own if others.empty else others).groupby(_HEAD)["value"].mean()
        layer, head = means.idxmax()
        found.append(where(rows, split=split, seed=seed, layer=layer, head=head))
    return pd.concat(found)
