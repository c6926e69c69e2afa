"""The products of factors of a study: how long each waits, how sharply it falls, what is foreseen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from onset.models.factors.settings import Settings
from onset.notebook.study import NotebookStudy
from onset.statistics import factors
from onset.statistics.per_run import by_run
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds


@dataclass(frozen=True)
class Ladder:
    """All conditions whose runs hold products of factors."""

    study: NotebookStudy

    @cached_property
    def settings(self) -> dict[str, Settings]:
        """Of the models, by condition."""
        its = {name: of["model"] for name, of in self.study.settings.items()}
        return {
            name: Settings.model_validate(model)
            for name, model in its.items()
            if model["name"] == "factors"
        }

    @cached_property
    def networks(self) -> pd.DataFrame:
        """When each falls, and how sharply: `onset.statistics.factors.falls`."""
        rows = self.study.measured("factor_loss", split="train", condition=self.settings)
        nets = pd.concat(
            {
                name: pd.DataFrame(its.nets, columns=["factors", "scale"]).assign(
                    restart=lambda found, n=its.restarts: found.index % n
                )
                for name, its in self.settings.items()
            },
            names=["condition", "component"],
        ).reset_index()
        return factors.falls(rows.merge(nets, on=["condition", "component"]))

    def numbers(self, names: Iterable[str]) -> list[str]:
        """Of some conditions, those whose networks begin alike, so that they are foreseen."""
        return [name for name in names if name in self.settings and self._foreseen(name)]

    def _foreseen(self, name: str) -> bool:
        its = self.settings[name]
        return its.start == "alike" and not (its.attention or its.norm)

    def plateaus(self, condition: str) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The time to half the loss of networks that begin alike: measured, and in closed form."""
        rate = self.study.setting("training.learning_rate", condition)
        its = where(self.networks, condition=condition)
        half = _typical(its, "half", ["factors", "scale"])
        half["value"] *= rate
        return over_seeds(half, ["factors", "scale"], "real"), self.foreseen(condition)

    def foreseen(self, condition: str) -> pd.DataFrame:
        """factors, scale, time to half the loss, sharpness: in closed form."""
        its = self.settings[condition]
        rows = [
            (
                k,
                scale,
                factors.time_to(0.5, k, scale, its.given),
                factors.sharpness(k, scale, its.given),
            )
            for k in its.factors
            for scale in its.scales
        ]
        return pd.DataFrame(rows, columns=["factors", "scale", "time", "sharpness"])

    def farthest_off(self, conditions: Iterable[str]) -> float:
        """By which part a time is at most longer or shorter than in closed form, where there is any."""
        found = [0.0]
        for name in conditions:
            measured, foreseen = self.plateaus(name)
            both = measured.merge(foreseen, on=["factors", "scale"])
            found += (both["mean"] / both["time"] - 1).abs().dropna().tolist()
        return max(found)

    def sharpness(self) -> pd.DataFrame:
        """Over seeds, by condition and factors: median of the networks with the smallest scale."""
        found = _typical(self._smallest, "sharpness", ["factors"])
        return over_seeds(found, ["condition", "factors"], "ratio")

    def halves(self, conditions: Iterable[str]) -> pd.DataFrame:
        """Over seeds, by condition and factors: the step of half the loss, median as in `sharpness`."""
        its = where(self._smallest, condition=list(conditions))
        found = _typical(its, "half", ["factors"])
        return over_seeds(found, ["condition", "factors"], "steps")

    @property
    def _smallest(self) -> pd.DataFrame:
        """The networks with the smallest scale of their condition."""
        scales = self.networks.groupby("condition", observed=True)["scale"]
        return self.networks[self.networks["scale"] == scales.transform("min")]

    def waiting(self) -> pd.DataFrame:
        """How many times later the half comes with the smallest scale than with the largest."""
        half = _typical(self.networks, "half", ["factors", "scale"]).sort_values("scale")
        by = half.groupby(["condition", "seed", "factors"], sort=False, observed=True)["value"]
        ratio = by.agg(lambda its: its.iloc[0] / its.iloc[-1])
        return over_seeds(ratio.reset_index(), ["condition", "factors"], "ratio")

    def sharper(self, condition: str, k: int, than: int) -> pd.Series:
        """The sharpness with k factors over that with so many others, by run."""
        its = where(self._smallest, condition=condition)
        wide = _typical(its, "sharpness", ["factors"])
        found = wide.pivot(index=["condition", "seed"], columns="factors", values="value")
        return by_run((found[k] / found[than]).to_dict())


def _typical(networks: pd.DataFrame, what: str, by: list[str]) -> pd.DataFrame:
    """`factors.typical`, NaN where most networks don't get there: a mean over seeds isn't known then."""
    return factors.typical(networks, what, by).replace(np.inf, np.nan)
