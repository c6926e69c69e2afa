"""The local learning coefficient of a study's runs during training, beside what they have learnt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from onset.figures.apart import SHARES, Panel
from onset.figures.learning import learning_curves
from onset.notebook.study import NotebookStudy
from onset.statistics.changes import largest_share, share_between, steepest
from onset.statistics.milestones import highest, value_when_first
from onset.statistics.named import stacked
from onset.statistics.per_run import per_condition
from onset.statistics.rows import at_last_step, where
from onset.statistics.seeds import over_seeds
from onset.statistics.times import Times, difference, of_several
from onset.statistics.times import per_condition as when_per_condition
from onset.statistics.wording import format_n_seeds, format_with_error

_MEASURE = "learning_coefficient"
_CHOICES = {
    "": "as chosen",
    "less_pull": "half of the pull γ",
    "more_pull": "twice the pull γ",
    "slower": "half of the pace",
    "faster": "twice the pace",
    "longer": "chains twice as long",
    "smaller_batches": "batches half as large",
    "other_sampler": "the other sampler",
}
"""of `comparisons.weights.nearby.Choices.varied`"""
_RUN = ["condition", "seed"]


@dataclass(frozen=True)
class Coefficients:
    """Of the runs in a study's comparison `coefficient`."""

    study: NotebookStudy
    trained: str
    """the split whose loss is set beside it"""
    asked: str
    """the one whose accuracy shows that circuits work"""

    @cached_property
    def found(self) -> pd.DataFrame:
        """The coefficient of every run at each checkpoint that was looked at."""
        return where(self.study.comparisons, comparison="coefficient", measure=_MEASURE)

    @property
    def conditions(self) -> list[str]:
        return self.study.there(*self.found["condition"].unique())

    @cached_property
    def _measured(self) -> pd.DataFrame:
        """Loss and accuracy of the same runs, at all checkpoints."""
        both = {"loss": self.trained, "accuracy": self.asked}
        rows = [self.study.measured(name, split=split) for name, split in both.items()]
        return pd.concat(rows).merge(self.found[_RUN].drop_duplicates(), on=_RUN)

    def panels(self, logarithmic: bool = False) -> dict[str, Panel]:
        """The coefficient, the loss on what is trained, and the accuracy.

        Args:
            logarithmic: whether the axes of steps are.
        """
        its = over_seeds(self.found, ["condition", "step"])
        curves = learning_curves(self._measured)
        loss, right = (where(curves, measure=of) for of in ("loss", "accuracy"))
        return {
            "coefficient": Panel(
                its,
                f"learning coefficient ({format_n_seeds(its['n_seeds'])})",
                logarithmic=logarithmic,
            ),
            "loss": Panel(loss, "loss (nats)", factors=True, logarithmic=logarithmic),
            "accuracy": Panel(right, "accuracy", SHARES, logarithmic=logarithmic),
        }

    @cached_property
    def _signs(self) -> Mapping[str, pd.DataFrame]:
        """Coefficient, loss and accuracy, at the checkpoints at which all are known."""
        at = self.found[[*_RUN, "step"]]
        loss, right = (where(self._measured, measure=of) for of in ("loss", "accuracy"))
        return {
            "coefficient": self.found,
            "loss": loss.merge(at, on=list(at)),
            "accuracy": right.merge(at, on=list(at)),
        }

    @cached_property
    def _when(self) -> Mapping[str, Times]:
        """When each of the three changes most."""
        return {name: steepest(its) for name, its in self._signs.items()}

    @property
    def _when_others(self) -> dict[str, Times]:
        return {name: its for name, its in self._when.items() if name != "coefficient"}

    def steepest(self) -> pd.DataFrame:
        """When each of the three changes most: sign, and the columns of `times.per_condition`."""
        return of_several(self._when, "sign")

    def later(self) -> pd.DataFrame:
        """How many steps later than the coefficient the other two change most: as of `steepest`."""
        first = self._when["coefficient"]
        lags = {name: difference(its, first) for name, its in self._when_others.items()}
        return of_several(lags, "sign", signed=True)

    def shares(self) -> pd.DataFrame:
        """Which part of its ups and downs each of the three makes then: sign, condition, mean, …"""
        return stacked(
            {n: per_condition(largest_share(its), "share") for n, its in self._signs.items()},
            "sign",
        )

    def shares_meanwhile(self) -> pd.DataFrame:
        """Which part of the coefficient's ups and downs lies where the other two change most.

        Returns:
            sign (of the other two), condition, mean, low, high, …: below zero, the coefficient falls there.
        """
        shares = {n: share_between(self.found, its) for n, its in self._when_others.items()}
        return stacked({n: per_condition(its, "signed_share") for n, its in shares.items()}, "sign")

    def ends(self) -> pd.DataFrame:
        """Before training and at its end, over seeds: place, condition, mean, low, high, …"""
        places = {"start": where(self.found, step=0), "end": at_last_step(self.found)}
        return stacked({n: over_seeds(its, ["condition"]) for n, its in places.items()}, "place")

    def largest(self) -> pd.DataFrame:
        """The largest value of each run: condition, mean, low, high, …"""
        return per_condition(self.found.groupby(_RUN, sort=False, observed=True)["value"].max())

    def when_largest(self) -> pd.DataFrame:
        """When it has that value: the columns of `times.per_condition`."""
        return when_per_condition(highest(self.found))

    def since(self, split: str, level: float) -> pd.Series:
        """How much it changes from when a split is answered to the end, by condition and seed.

        Args:
            split: that is to be answered.
            level: the accuracy from which on it is, at the first checkpoint with it; NaN if none has it.
        """
        answered = self.study.measured("accuracy", split=split).merge(self.found[[*_RUN, "step"]])
        last = at_last_step(self.found).set_index(_RUN)["value"]
        return last - value_when_first(self.found, answered, level)

    def parts(self) -> dict[str, Panel]:
        """The coefficient of the attention and of the MLP of each block alone (`part`), by condition."""
        names = {f"attention_{_MEASURE}": "attention", f"mlp_{_MEASURE}": "MLP"}
        rows = where(self.study.comparisons, comparison="coefficient", measure=names)
        blocks = (rows["layer"] + 1).astype(int).astype(str)
        parts = rows["measure"].astype(str).map(names) + ", block " + blocks
        curves = over_seeds(rows.assign(part=parts), ["condition", "part", "step"])
        values = curves.filter(regex=r"^seed_\d+$")
        limits = values.min(axis=None) - 2, values.max(axis=None) + 2
        panels = {}
        for name in self.conditions:
            its = where(curves, condition=name)
            panels[name] = Panel(
                its, f"{self.study.labels[name]} ({format_n_seeds(its['n_seeds'])})", limits
            )
        return panels


def sensitivity_cells(study: NotebookStudy) -> pd.DataFrame:
    """How much the coefficient depends on what was chosen: a row per choice, a column per checkpoint.

    Of the comparison `sensitivity`, which looks at one run: with the standard error over chains.
    """
    rows = where(study.comparisons, comparison="sensitivity")
    names = rows["measure"].astype(str)
    cells = {}
    for choice, said in _CHOICES.items():
        name = "_".join(filter(None, (choice, _MEASURE)))
        values, errors = (
            rows[names == its].set_index("step")["value"] for its in (name, f"{name}_error")
        )
        if len(values):
            cells[said] = {
                f"step {step:.0f}": format_with_error(value, errors.get(step, math.nan))
                for step, value in values.items()
            }
    return pd.DataFrame(cells).T.rename_axis("estimated with").reset_index()
