"""The digits of a study's sums: their losses, when they are learnt, in which order, and what tells it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from onset.figures.apart import Panel
from onset.measures.answers.columns import columns_of
from onset.notebook.study import NotebookStudy
from onset.statistics import digit_order
from onset.statistics.milestones import down_to
from onset.statistics.named import stacked
from onset.statistics.per_run import by_run, of_conditions, per_condition
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds
from onset.statistics.times import Times, as_drawn, difference, of_several, ratio, relative
from onset.statistics.wording import format_bound
from onset.tasks.dataset import Split

PLACES = (
    "ones", "tens", "hundreds", "thousands", "ten thousands", "hundred thousands", "millions",
    "ten millions", "hundred millions",
)  # fmt: skip
CARRY_OUT = "carry-out"
EXPLANATIONS = {
    "place": "later in the answer",
    "depth": "more columns to look through",
    "asked": "asked more often",
    "gradient": "larger gradient over noise",
}
"""what may tell the order of the digits, and how figures call it"""
SKILLS = {"sum_loss": "loss but for the carry (nats)", "carry_loss": "loss of the carry (nats)"}
_KNOWING_NOTHING = {"sum_loss": np.log(5), "carry_loss": np.log(2)}
"""the loss of a model that does: it gives one of ten digits, and one that knows the sum, one of two"""
GRADIENTS = {"gradient_to_noise": "gradient over noise", "descent_share": "share in the descent"}
_LIMITS = {"gradient_to_noise": (0, 4), "descent_share": (-0.5, 1.5)}
_SEED = 0  # of null distributions
_RUN = ["condition", "seed"]


@dataclass(frozen=True)
class Digits:
    """Of all runs that are scored by digits."""

    study: NotebookStudy
    base: str
    """the condition that others are compared with"""
    begun: float
    """the loss at which a digit has begun to be learnt (nats)"""
    learnt: float
    """the loss at which it is (nats)"""

    @property
    def n(self) -> int:
        return self.study.setting("task.n_digits", self.base)

    @cached_property
    def numbers(self) -> list[str]:
        """The digits, but for the carry-out, from the ones."""
        return list(PLACES[: self.n])

    @cached_property
    def names(self) -> dict[str, str]:
        """Of all digits, as figures call them, the first of the usual answer first."""
        return {name: name for name in (CARRY_OUT, *reversed(self.numbers))}

    def named(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Measurements of columns (`component`) with the name of each (`digit`)."""
        names = dict(enumerate([*self.numbers, CARRY_OUT]))
        return rows.assign(digit=rows["component"].astype(int).map(names))

    def losses(self, measure: str = "digit_loss") -> pd.DataFrame:
        """Along training, on held-out questions."""
        return self.named(self.study.measured(measure, split="test"))

    def along(self, measure: str, conditions: Iterable[str]) -> pd.DataFrame:
        """The same over seeds."""
        rows = where(self.losses(measure), condition=list(conditions))
        return over_seeds(rows, ["condition", "digit", "step"]).assign(measure=measure)

    def skills(self) -> dict[str, Panel]:
        """The two parts of the loss, in the base's runs."""
        return {
            of: Panel(self.along(of, [self.base]), label, (0, 1.3 * _KNOWING_NOTHING[of]))
            for of, label in SKILLS.items()
        }

    def gradients(self) -> dict[str, Panel]:
        """How strongly the base's trainings are drawn to each digit."""
        found = {}
        for of, label in GRADIENTS.items():
            rows = self.named(self.study.measured(of, condition=self.base))
            found[of] = Panel(over_seeds(rows, ["digit", "step"]), label, _LIMITS[of])
        return found

    def trained_loss(self, conditions: Iterable[str], last: int = 50) -> pd.DataFrame:
        """The loss that training saw in its last steps, whatever it asked: condition, mean, low, high, …"""
        found = {
            (name, seed): self.study.run(name, seed).training_log["loss"].tail(last).mean()
            for name in conditions
            for seed in self.study.seeds
        }
        return per_condition(by_run(found), "nats")

    # ---- when -------------------------------------------------------------------------------

    @cached_property
    def times(self) -> dict[str, dict[str, Times]]:
        """When each digit of each run is `begun`, and `learnt`."""
        levels = {"begun": self.begun, "learnt": self.learnt}
        losses = self.losses()
        return {name: digit_order.falls(losses, level) for name, level in levels.items()}

    def told(self, when: str) -> pd.DataFrame:
        """Over the runs of each condition: digit, condition, and what `times.per_condition` says."""
        return of_several(self.times[when], "digit")

    def drawn(self, when: str, conditions: Iterable[str]) -> pd.DataFrame:
        """The same as figures take it: condition, digit, mean, low, high, seed_0, …"""
        return self._drawn(self.times[when], conditions)

    @staticmethod
    def _drawn(times: dict[str, Times], conditions: Iterable[str]) -> pd.DataFrame:
        found = {}
        for name in conditions:
            its = {digit: of_conditions(when, [name]) for digit, when in times.items()}
            there = {digit: when for digit, when in its.items() if len(when)}
            if there:
                found[name] = as_drawn(there, "digit")
        return stacked(found, "condition").replace([np.inf, -np.inf], np.nan)

    def sharpness(self) -> pd.DataFrame:
        """How sharply the sum of each pair and each carry are learnt in the base's runs: skill, digit, …"""
        found = {}
        for skill, start in _KNOWING_NOTHING.items():
            its = where(self.losses(skill), condition=self.base, digit=self.numbers)
            found[skill] = as_drawn(digit_order.sharpness(its, start), "digit")
        return stacked(found, "skill").replace([np.inf, -np.inf], np.nan)

    def ratio(self, when: str, one: str, other: str, condition: str | None = None) -> Times:
        """When one digit gets there over when another does, in each run of a condition."""
        both = (
            of_conditions(self.times[when][its], [condition or self.base]) for its in (one, other)
        )
        return ratio(*both)

    def later_with_a_carry(self, digit: str) -> Times:
        """By how many steps a digit's loss is later below 1 nat where one is carried than where none is.

        In the base's runs.
        """
        carried, uncarried = (
            down_to(where(self.losses(of), digit=digit, condition=self.base), 1.0)
            for of in ("carried_loss", "uncarried_loss")
        )
        return difference(carried, uncarried)

    def factors(self, when: str, conditions: Iterable[str]) -> dict[str, Times]:
        """By which factor each digit comes later than in the base's run with the same seed."""
        return {
            digit: its
            for digit, times in self.times[when].items()
            if len(its := relative(times, self.base, conditions))
        }

    def drawn_factors(self, when: str, conditions: Iterable[str]) -> pd.DataFrame:
        """The same as figures take it."""
        conditions = list(conditions)
        return self._drawn(self.factors(when, conditions), conditions)

    def times_cells(self, conditions: Iterable[str]) -> pd.DataFrame:
        """A table of texts: a row per condition, `begun / learnt` of each digit."""
        said = {
            when: {
                (row.condition, row.digit): format_bound(row)
                for row in self.told(when).itertuples()
            }
            for when in self.times
        }
        rows = [
            [
                self.study.labels[name],
                *(
                    f"{said['begun'][name, digit]} / {said['learnt'][name, digit]}"
                    if (name, digit) in said["begun"]
                    else ""
                    for digit in self.names
                ),
            ]
            for name in conditions
        ]
        return pd.DataFrame(rows, columns=["condition", *self.names])

    # ---- in which order ---------------------------------------------------------------------

    @cached_property
    def at(self) -> pd.DataFrame:
        """When the digits of each run are begun (`digit_order.ranked`), without the carry-out."""
        return digit_order.ranked({its: self.times["begun"][its] for its in self.numbers})

    def agreement(self, conditions: Iterable[str], but: Iterable[str] = ()) -> pd.DataFrame:
        """Whether runs of a condition begin their digits in the same order (`digit_order.agreement`).

        Args:
            conditions: whose runs.
            but: digits that are left out.
        """
        rng = np.random.default_rng(_SEED)
        at = self.at.drop(columns=list(but))
        return digit_order.agreement(of_conditions(at, conditions), rng)

    def first(self, conditions: Iterable[str]) -> pd.DataFrame:
        """In how many runs the highest digit is the first to begin: condition, n_there, n_runs."""
        its = digit_order.first_of(self.times["begun"], self.numbers, conditions)
        by = (its == self.numbers[-1]).groupby(level="condition", sort=False)
        return by.agg(n_there="sum", n_runs="size").reset_index()

    @cached_property
    def known(self) -> pd.DataFrame:
        """`known_of` the digits of all runs."""
        rows = [
            known_of(run.dataset.splits["cascades"], run.settings).assign(
                condition=run.condition, seed=run.seed
            )
            for run in self.study.runs
        ]
        return self.named(pd.concat(rows))

    def in_view(self, conditions: Iterable[str]) -> pd.DataFrame:
        """When the highest digit begins if the carry-out is written, before it or after it.

        Returns:
            carry_out (`before`, `after`), n_runs, earliest, latest: the steps between which all of them
            begin it; infinite if one doesn't.
        """
        places = self.known.pivot(index=_RUN, columns="digit", values="place")
        written = places.dropna(subset=[CARRY_OUT])
        before = written[CARRY_OUT] < written[self.numbers[-1]]
        times = of_conditions(self.times["begun"][self.numbers[-1]], conditions)
        its = times[times.index.isin(written.index)]
        side = before.reindex(its.index).map({True: "before", False: "after"}).rename("carry_out")
        found = its.groupby(side.to_numpy()).agg(
            n_runs=("before", "size"), earliest=("after", "min"), latest=("before", "max")
        )
        return found.rename_axis("carry_out").reset_index()

    @cached_property
    def features(self) -> pd.DataFrame:
        """What may tell when a digit is begun (`EXPLANATIONS`), by condition, seed and digit."""
        by = [*_RUN, "digit"]
        found = where(self.known, digit=self.numbers).set_index(by)
        signal = where(self.study.measures, measure="gradient_to_noise")
        if len(signal):
            times = self.times["begun"]
            its = digit_order.on_the_plateau(self.named(signal), times, self.numbers)
            found["gradient"] = its.set_index(by)["value"]
        return found.drop(columns="component")

    def explained(self, conditions: Iterable[str]) -> pd.DataFrame:
        """How each explanation and the order agree, over seeds: condition, explanation, mean, low, …"""
        its = digit_order.explained(of_conditions(self.at, conditions), self.features)
        return over_seeds(its, ["condition", "explanation"])

    def chance(self) -> dict[str, tuple[float, float]]:
        """What random orders let expect, for each explanation."""
        rng = np.random.default_rng(_SEED)
        band = digit_order.chance(self.n, len(self.study.seeds), rng)
        return dict.fromkeys(EXPLANATIONS, band)


def known_of(cascades: Split, settings: Mapping[str, Any]) -> pd.DataFrame:
    """What is known of each digit before training: component, place, depth, asked.

    Args:
        cascades: in which all depths occur.
        settings: of the run.
    """
    partly = settings["training"]["mixture"].get("partly", 0.0)
    untrained = settings["task"].get("untrained", ())
    rows = [
        (its.number, its.place, its.depths.max(), 1 - partly * (its.number in untrained))
        for its in columns_of(cascades)
    ]
    return pd.DataFrame(rows, columns=["component", "place", "depth", "asked"])
