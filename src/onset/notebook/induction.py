"""The induction heads of a study's runs: which they are, how they come, and what is known before."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from onset.figures.apart import SHARES, Panel
from onset.figures.learning import learning_curves
from onset.notebook.copied import formed_and_put
from onset.notebook.study import NotebookStudy
from onset.statistics import chosen, induction_pair, order
from onset.statistics.milestones import again, least_after, levels, value_at
from onset.statistics.named import stacked
from onset.statistics.rows import at_last_step, strongest, where
from onset.statistics.seeds import over_seeds
from onset.statistics.times import Times, as_drawn, relative

KNOWN = {
    "context_share": "probability on tokens seen",
    "context_evenness": "its evenness",
    "accuracy": "accuracy",
}
"""what may be known of a sequence, and how figures call it"""

NUMBERS = {
    "q_composition": "Q-composition",
    "k_composition": "K-composition",
    "v_composition": "V-composition",
    "previous_token_score": "first head: previous tokens",
    "induction_score": "second head: after duplicates",
}
"""of a pair of heads (`induction_pair.numbers_of_pairs`)"""

_READ = {"position_explained": "linear", "position_explained_by_kernel": "kernel"}
_LEVELS = (0.1, 0.5, 0.9)


@dataclass(frozen=True)
class InductionHeads:
    """Of all runs; where it is said so, of one condition's with two layers."""

    study: NotebookStudy
    base: str
    """that condition"""

    # ---- when -------------------------------------------------------------------------------

    @cached_property
    def accuracy(self) -> pd.DataFrame:
        """Where it repeats."""
        return self.study.measured("accuracy", split="repeats")

    @cached_property
    def when(self) -> dict[float | str, Times]:
        """When runs first answer a tenth, half and nine tenths of it, and the `width` in steps."""
        return levels(self.accuracy, _LEVELS)

    @property
    def half(self) -> Times:
        """When the transition is."""
        return self.when[0.5]

    @cached_property
    def known(self) -> pd.DataFrame:
        """What is known (`KNOWN`) in the base's runs, along training."""
        return self.study.measured(KNOWN, split="repeats", condition=self.base)

    def before(self, measure: str) -> pd.Series:
        """What is known when a tenth is answered, by run of the base; NaN where it never is."""
        return value_at(where(self.known, measure=measure), self.when[0.1]["at"])

    # ---- which heads ------------------------------------------------------------------------

    @cached_property
    def pairs(self) -> pd.DataFrame:
        """Of each run (`induction_pair.pairs_of`)."""
        return induction_pair.pairs_of(self.study.final)

    @property
    def n_looking(self) -> pd.Series:
        """How many heads look after duplicates, by run of the base."""
        return self.pairs.loc[self.base, "looking"]

    @cached_property
    def parts(self) -> pd.DataFrame:
        """What the pair of each of the base's runs does along training (`induction_pair.parts_along`)."""
        return induction_pair.parts_along(
            where(self.study.measures, condition=self.base), self.pairs
        )

    @cached_property
    def on_the_way(self) -> pd.DataFrame:
        """The same as parts of the way from first to last checkpoint."""
        return order.parts_of_the_way(self.parts)

    def parts_panels(self) -> dict[str, Panel]:
        """What the pair does, and the same as parts of the way; curves are told apart by `shown`."""
        by = ["condition", "shown", "step"]
        way = over_seeds(self.on_the_way, by)
        return {
            "score": Panel(over_seeds(self.parts, by), "score"),
            "way": Panel(way, "part of the way", (-0.3, 1.3)),
        }

    @cached_property
    def lead(self) -> dict[str, Times]:
        """By how many steps each part goes half its way after the answers do."""
        return order.behind(self.on_the_way, induction_pair.ANSWERS)

    def drawn_lead(self) -> pd.DataFrame:
        """The same as figures take it: shown, mean, low, high, seed_0, …"""
        return as_drawn(self.lead, "shown", signed=True)

    def looks_at_previous(self, at_half: bool = False) -> pd.Series:
        """How much the first head of each of the base's pairs looks at previous tokens, in the end.

        Args:
            at_half: or at the step of the transition; NaN where there is none.
        """
        its = where(self.parts, shown="looks at previous tokens")
        if at_half:
            return value_at(its, self.half["at"])
        return at_last_step(its)["value"]

    # ---- what is known at the start ---------------------------------------------------------

    @cached_property
    def told(self) -> dict[str, chosen.OneOfMany]:
        """How well initial numbers (`NUMBERS`) tell the pair of the base's runs from others."""
        formed = self.pairs.loc[self.base]
        numbers = induction_pair.numbers_of_pairs(
            where(self.study.measures, condition=self.base, step=0)
        )
        became = induction_pair.places_of(formed, numbers["k_composition"])
        return {its: chosen.one_of_many(numbers[its].loc[formed.index], became) for its in NUMBERS}

    @cached_property
    def areas(self) -> pd.DataFrame:
        """The same as areas under the ROC curve, over seeds, by their names (`shown`)."""
        return over_seeds(stacked({name: its.rows() for name, its in self.told.items()}), ["shown"])

    # ---- surgery ----------------------------------------------------------------------------

    @property
    def operated_at_start(self) -> list[str]:
        """The conditions with surgery before training."""
        return [name for name, step in self.study.operated_at.items() if not step]

    @cached_property
    def delays(self) -> Times:
        """The step of the transition over that without surgery, for surgery before training."""
        return relative(self.half, self.base, self.operated_at_start)

    @property
    def removed_at(self) -> dict[str, int]:
        """When heads are taken away, of those conditions in which it is done late."""
        return {name: step for name, step in self.study.operated_at.items() if step}

    @property
    def least(self) -> pd.Series:
        """How low accuracy falls when heads are taken away late, by run."""
        return least_after(self.accuracy, self.removed_at)

    def again(self, level: float) -> Times:
        """How many steps later it is at a level."""
        return again(self.accuracy, self.removed_at, level)

    def copied(self, copied: str, other: str) -> pd.DataFrame:
        """Which pairs form where heads of the base's runs were put (`formed_and_put`)."""
        seeds = [run.seed for run in self.study.runs if run.condition == self.base]
        n_heads = self.study.setting("model.n_heads", self.base)
        return formed_and_put(self.pairs, self.base, copied, other, seeds, n_heads)

    def plateau(self, conditions: list[str]) -> dict[str, Panel]:
        """Panels: loss and accuracy where it repeats."""
        its = where(self.study.measures, condition=conditions, split="repeats")
        curves = learning_curves(its)
        loss, right = (where(curves, measure=of) for of in ("loss", "accuracy"))
        return {
            "loss": Panel(loss, "loss where it repeats (nats)", factors=True),
            "accuracy": Panel(right, "accuracy where it repeats"),
        }

    # ---- the circuit ------------------------------------------------------------------------

    @cached_property
    def ranked(self) -> pd.DataFrame:
        """How much of the known circuit, and of what it does, is among the first connections."""
        its = where(self.study.closer, condition=self.base, measure=["known_found", "recovered"])
        return over_seeds(its, ["condition", "measure", "component"])

    @cached_property
    def circuits(self) -> pd.DataFrame:
        """A row per run of the base, a column per number of its circuit (`circuit_edges`)."""
        its = where(self.study.closer, condition=self.base)
        return its.pivot_table("value", "seed", "measure", sort=False)

    @cached_property
    def worst_losses(self) -> pd.DataFrame:
        """Without the head of each layer that the base needs most (`induction_pair.worst_losses`)."""
        return induction_pair.worst_losses(
            where(self.study.closer, condition=self.base, split="repeats")
        )

    def without_main(self, conditions: list[str]) -> pd.DataFrame:
        """What other heads write without the strongest (`induction_pair.without_main`)."""
        its = where(self.study.closer, condition=conditions, split="repeats")
        return induction_pair.without_main(its)

    # ---- other worlds -----------------------------------------------------------------------

    @cached_property
    def read(self) -> pd.DataFrame:
        """How well positions are read off the first layer's output, over seeds: `how`, step, …"""
        rows = self.study.measured(_READ, layer=1)
        rows = rows.assign(how=rows["measure"].map(_READ))
        return over_seeds(rows, ["condition", "how", "step"])

    @cached_property
    def _offsets(self) -> pd.DataFrame:
        """How much heads of the second layer look at each distance after duplicates."""
        found = where(self.study.closer, measure="attention_after_duplicate", split="repeats")
        return where(found, layer=1)

    @cached_property
    def farthest(self) -> pd.DataFrame:
        """The head of each run that looks most at a single distance (`component`), and there."""
        return strongest(self._offsets)

    def worlds(self, conditions: list[str]) -> dict[str, Panel]:
        """Panels: accuracy, positions that are read (dotted: before training), distances."""
        right = over_seeds(where(self.accuracy, condition=conditions), ["condition", "step"])
        read = where(self.read, how="kernel")
        untrained = where(read, step=0).set_index("condition")["mean"].to_dict()
        looking = induction_pair.same_heads(self._offsets, self.farthest)
        looking = over_seeds(looking, ["condition", "component"])
        across = {"along": "component", "xlabel": "distance (positions)"}
        return {
            "accuracy": Panel(right, "accuracy where it repeats"),
            "position": Panel(read, "R² of the position", SHARES, levels=untrained),
            "distance": Panel(looking, "attention", SHARES, **across),
        }
