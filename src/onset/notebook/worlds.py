"""A study whose runs hold many networks at once: what was measured of each, and in which world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from onset.measures.superposition import one_by_one
from onset.measures.superposition.features import REPRESENTED
from onset.notebook.study import NotebookStudy
from onset.statistics.feature_swaps import Courses
from onset.statistics.rows import where
from onset.tasks.superposition import Settings

_OF_FEATURES = ("feature_norm", "dimensionality", "interference")


@dataclass(frozen=True)
class Worlds:
    """All networks of a study: instances of runs, each in a world with a density and an importance."""

    study: NotebookStudy

    @cached_property
    def tasks(self) -> Mapping[str, Settings]:
        """Of each condition."""
        return {
            name: Settings.model_validate(its["task"]) for name, its in self.study.settings.items()
        }

    @cached_property
    def grids(self) -> pd.DataFrame:
        """condition, instance, density, importance."""
        grids = {
            name: pd.DataFrame(task.grid, columns=["density", "importance"])
            for name, task in self.tasks.items()
        }
        return pd.concat(grids, names=["condition", "instance"]).reset_index()

    @property
    def n_networks(self) -> int:
        """Trained, over all conditions and seeds."""
        return len(self.grids) * len(self.study.seeds)

    def what_was_run(self) -> pd.DataFrame:
        """A row per condition."""
        rows = {
            self.study.labels[name]: {
                "features": task.n_features,
                "hidden": self.study.setting("model.d_hidden", name),
                "networks a seed": len(task.grid),
                "densities": f"{min(task.densities)} to {max(task.densities)}",
            }
            for name, task in self.tasks.items()
        }
        return pd.DataFrame(rows).T

    def titles(self, measure: str) -> dict[str, str]:
        """How large the worlds are of which a measure is taken, by condition: `10 in 3, no ReLU`."""
        return {
            name: f"{task.n_features} in {self.study.setting('model.d_hidden', name)}"
            + ("" if self.has_relu(name) else ", no ReLU")
            for name, task in self.tasks.items()
            if measure in self.study.settings[name]["measures"]
        }

    def has_relu(self, condition: str) -> bool:
        """Whether there is one behind the outputs."""
        return self.study.setting("model.output_activation", condition) == "relu"

    # ---- measurements -------------------------------------------------------------------------

    @cached_property
    def instances(self) -> pd.DataFrame:
        """condition, seed, step, instance, a column per measure, density, importance."""
        measures = self.study.measures
        wide = _wide(measures[~measures["measure"].isin(_OF_FEATURES)])
        wide = wide.rename(columns={"component": "instance"})
        return wide.merge(self.grids, on=["condition", "instance"])

    @cached_property
    def features(self) -> pd.DataFrame:
        """condition, seed, step, component, a column per measure, instance, feature, density, …"""
        wide = _wide(where(self.study.measures, measure=_OF_FEATURES))
        n_features = {name: its.n_features for name, its in self.tasks.items()}
        instance, feature = divmod(
            wide["component"].astype(int), wide["condition"].map(n_features).astype(int)
        )
        wide = wide.assign(instance=instance, feature=feature)
        return wide.merge(self.grids, on=["condition", "instance"])

    def represented(self, conditions: Iterable[str]) -> pd.DataFrame:
        """The features that are represented at the last checkpoint."""
        its = where(_last(self.features), condition=conditions)
        return its[its["feature_norm"] > REPRESENTED]

    def figures(self, conditions: Iterable[str], kinds: Sequence[str]) -> pd.DataFrame:
        """Which share of an instance's features is in which figure at the last checkpoint.

        Returns:
            condition, seed, instance, density, which (`in`; `random_in`: of random directions), figure,
            value.
        """
        its = where(_last(self.instances), condition=conditions)
        index = ["condition", "seed", "instance", "density"]
        names = {
            f"{which}_{kind}": (which, kind) for which in ("in", "random_in") for kind in kinds
        }
        long = its.melt(index, list(names), var_name="name")
        n = long["condition"].map({name: task.n_features for name, task in self.tasks.items()})
        which, figure = zip(*long["name"].map(names), strict=True)
        found = long.assign(which=which, figure=figure, value=long["value"] / n.astype(int))
        return found.drop(columns="name")

    def in_dimensions(self, condition: str) -> pd.DataFrame:
        """How many features networks hold, and in how much room, at the last checkpoint.

        Returns:
            seed, instance, density, held (the squared norm of the weights: about how many features are
            represented), per_feature (dimensions over these), capacity (the sum of the features'
            dimensionalities over the dimensions).
        """
        its = where(_last(self.features), condition=condition)
        squares = its.assign(held=its["feature_norm"] ** 2)
        of_instances = squares.groupby(["seed", "instance", "density"], sort=False)
        sums = of_instances[["held", "dimensionality"]].sum().reset_index()
        n = self.study.setting("model.d_hidden", condition)
        sums = sums.assign(per_feature=n / sums["held"], capacity=sums["dimensionality"] / n)
        return sums.drop(columns="dimensionality")

    # ---- over training ------------------------------------------------------------------------

    def courses(self, condition: str) -> Courses:
        """Of each seed the losses of its instances, and the dimensionalities of their features."""
        losses = where(self.instances, condition=condition).pivot(
            index=["seed", "instance"], columns="step", values="loss"
        )
        places = where(self.features, condition=condition).pivot(
            index=["seed", "instance"], columns=["step", "feature"], values="dimensionality"
        )
        places = places.sort_index(axis="columns")
        shape = (-1, losses.shape[1], self.tasks[condition].n_features)
        return {
            seed: (its.droplevel("seed"), places.loc[[seed]].to_numpy().reshape(shape))
            for seed, its in losses.groupby(level="seed")
        }

    # ---- computed functions -------------------------------------------------------------------

    def relative_losses(self, conditions: Sequence[str]) -> pd.DataFrame:
        """The best restart's loss over that of saying the mean, at the last checkpoint.

        Args:
            conditions: the first says what is lost by a layer that computes its functions one by one.

        Returns:
            Columns of `instances`, value, one_by_one.
        """
        its = where(_last(self.instances), condition=conditions)
        its = its.assign(value=its["loss"] / its["loss_of_means"])
        best = its.loc[its.groupby(["condition", "seed", "density"])["loss"].idxmin()]
        return best.assign(one_by_one=best["density"].map(self._one_by_one(conditions[0])))

    def _one_by_one(self, condition: str) -> dict[float, float]:
        task, run = self.tasks[condition], self.study.first[condition]
        weights = run.dataset.weights[: task.n_outputs]
        neurons = run.model.settings.d_hidden
        return {
            p: one_by_one.loss(task.target, p, weights, neurons)
            / (weights.sum() * one_by_one.variance(task.target, p))
            for p in task.densities
        }


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """A row per component and checkpoint, a column per measure."""
    index = ["condition", "seed", "step", "component"]
    return rows.pivot(index=index, columns="measure", values="value").reset_index()


def _last(rows: pd.DataFrame) -> pd.DataFrame:
    """Those of each condition's last checkpoint."""
    return rows[rows["step"] == rows.groupby("condition")["step"].transform("max")]


def by_density(figures: pd.DataFrame, kinds: Sequence[str]) -> pd.DataFrame:
    """Mean over seeds and restarts of `Worlds.figures`: a row per density, a column per kind."""
    table = figures.pivot_table("value", "density", "figure", observed=True)
    return table[list(kinds)]


def of_seeds(figures: pd.DataFrame) -> pd.DataFrame:
    """Mean over each seed's instances: condition, which, figure, seed, value, n_examples (them), kind."""
    by = ["condition", "which", "figure", "seed"]
    of_seed = figures.groupby(by, sort=False, observed=True)["value"]
    means = of_seed.agg(value="mean", n_examples="size")
    return means.reset_index().assign(kind="share")
