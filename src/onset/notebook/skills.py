"""The skills of a study's networks: when each is learnt, and the powers with which their mean falls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from onset.notebook.study import NotebookStudy
from onset.statistics import factors
from onset.statistics.per_run import by_run
from onset.statistics.power_laws import exponent, exponents
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

_RUN = ["condition", "seed"]
MEAN = "mean"


@dataclass(frozen=True)
class Skills:
    """All conditions in which a network learns many skills."""

    study: NotebookStudy

    @cached_property
    def conditions(self) -> list[str]:
        return [
            n for n, its in self.study.settings.items() if its["task"]["name"] == "sparse_parities"
        ]

    def frequencies(self, condition: str) -> np.ndarray:
        """Of its skills."""
        n, zipf = (self.study.setting(f"task.{key}", condition) for key in ("n_skills", "zipf"))
        its = np.arange(1, n + 1) ** -float(zipf)
        return its / its.sum()

    @cached_property
    def losses(self) -> pd.DataFrame:
        """Of each skill (`component`) of each run, along training."""
        return self.study.measured("skill_loss", split="test", condition=self.conditions)

    @cached_property
    def whole(self) -> pd.DataFrame:
        """condition, seed, step, loss, known: of all skills, as they are asked for."""
        names = {"asked_loss": "loss", "skills_known": "known"}
        rows = self.study.measured(names, split="test", condition=self.conditions)
        wide = rows.pivot_table("value", [*_RUN, "step"], "measure", observed=True).reset_index()
        return wide.rename(columns=names).sort_values(["condition", "seed", "step"])

    @cached_property
    def falls(self) -> pd.DataFrame:
        """When each skill's loss falls, and how sharply."""
        return factors.falls(self.losses, (*_RUN, "component"), start=1.0)

    def curves(self, conditions: Iterable[str], shown: Iterable[int]) -> pd.DataFrame:
        """Some skills, from 1 on, and the mean (column `skill`), over seeds."""
        skill = where(self.losses, component=[number - 1 for number in shown])
        named = skill.assign(skill=(skill["component"].astype(int) + 1).astype(str))
        mean = self.study.measured("asked_loss", split="test", condition=self.conditions)
        rows = pd.concat([named, mean.assign(skill=MEAN)])
        return over_seeds(where(rows, condition=list(conditions)), ["condition", "skill", "step"])

    def sharpness(self) -> pd.DataFrame:
        """condition, seed, value: the median over the skills that are learnt; NaN where none is."""
        return (
            self.falls.groupby(_RUN, observed=True)["sharpness"]
            .median()
            .rename("value")
            .reset_index()
        )

    def learnt(self) -> pd.DataFrame:
        """condition, seed, value: how many fall to a tenth."""
        return self.falls.groupby(_RUN, observed=True)["over"].count().rename("value").reset_index()

    def sharpness_of_mean(self, condition: str) -> pd.Series:
        """Of the loss of all skills, by run."""
        rows = where(self.whole, condition=condition).rename(columns={"loss": "value"})
        return factors.falls(rows, _RUN, start=1.0).set_index(_RUN)["sharpness"]

    def convergence(self, condition: str) -> pd.Series:
        """The power of 1/frequency that the steps to half the loss go with, by run.

        Of the most frequent skills, up to the first that isn't learnt: of later ones, those that are would
        be the lucky ones alone.
        """
        rarity, found = 1 / self.frequencies(condition), {}
        for run, its in where(self.falls, condition=condition).groupby(_RUN, observed=True):
            half = its.sort_values("component")["half"].to_numpy(float)
            n = int(np.argmax(np.isnan(half))) if np.isnan(half).any() else len(half)
            found[run] = -exponent(rarity[:n], half[:n]) if n > 2 else np.nan
        return by_run(found)

    def along_steps(self, conditions: Iterable[str]) -> pd.DataFrame:
        """Powers over steps: `_powers` of each condition, called `steps`, and all but the first by name."""
        its = where(self.whole, condition=list(conditions))
        its, found = its[its["step"] > 0].rename(columns={"step": "across"}), []
        for place, name in enumerate(conditions):
            power = 1 / self.study.setting("task.zipf", name)
            called = f"steps, {name}" if place else "steps"
            rows = self._powers(where(its, condition=name), name, power)
            found.append(rows.assign(against=called))
        return pd.concat(found)

    def amounts(self, path: str, *conditions: str) -> dict[str, int]:
        """How much of a setting each of some conditions has, of those that there are."""
        return {name: self.study.setting(path, name) for name in self.study.there(*conditions)}

    def across(
        self, against: str, conditions: Mapping[str, int], base: str, power: float
    ) -> pd.DataFrame:
        """Powers over a row of conditions, each at its checkpoint with the lowest loss.

        Args:
            against: what differs.
            conditions: how much of it each has, the smallest first.
            base: the condition with the same frequencies, by which they are called.
            power: with which of it skills are known, if they need so much of it each.
        """
        its = where(self.whole, condition=list(conditions))
        best = its.loc[its.groupby(_RUN, observed=True)["loss"].idxmin()]
        points = best.assign(across=best["condition"].map(conditions).astype(float), condition=base)
        return self._powers(points.sort_values("across"), base, power).assign(against=against)

    def _powers(self, points: pd.DataFrame, condition: str, power: float) -> pd.DataFrame:
        """condition, seed, of (`measured`, `foreseen`), value."""
        its = self.frequencies(condition)
        runs = points[_RUN].drop_duplicates().itertuples(index=False, name=None)
        found = exponents(points, dict.fromkeys(runs, its), power)
        rows = pd.concat({of: values.rename("value") for of, values in found.items()}, names=["of"])
        return rows.reset_index()
