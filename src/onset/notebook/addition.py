"""What notebooks watch in runs of modular addition, and how its frequencies come to be used."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from onset.figures.apart import Panel
from onset.figures.learning import learning_curves
from onset.notebook.formulas import Formulas
from onset.notebook.study import NotebookStudy
from onset.statistics import chosen
from onset.statistics.milestones import value_at
from onset.statistics.named import called, stacked, summed
from onset.statistics.per_run import of_conditions
from onset.statistics.prediction import Foresight, foresight, known_at, rank_correlations
from onset.statistics.rows import at_last_step, where
from onset.statistics.times import Times, side_by_side

PROGRESS = {
    "loss, trained": ("loss", "train"),
    "loss, held out": ("loss", "test"),
    "restricted loss, held out": ("restricted_loss", "test"),
    "excluded loss, trained": ("excluded_loss", "train"),
    "accuracy, held out": ("accuracy", "test"),
    "share of key waves in logits": ("key_circle_share", None),
    "Gini of embedding": ("embedding_gini", None),
    "Gini of readout": ("readout_gini", None),
    "neurons of one frequency": ("single_frequency_top1", None),
    "norm of all weights": ("weight_norm", None),
}
"""what is followed through the phases: name → measure and split"""

PHASES = {
    "panels": {
        "loss (nats)": list(PROGRESS)[:4],
        "0 to 1": list(PROGRESS)[4:9],
        "norm": list(PROGRESS)[9:],
    },
    "factors": {"loss (nats)": (1e-8, 60)},
}
"""how it is drawn (`figures.phases.draw_phases`)"""

FORMULAS: Formulas = {
    "nothing": ("free_attention", None),
    "attention by its mean": ("frozen_attention", None),
    "embedding by key waves": ("embedding_formula", "embedding_null"),
    "neurons by degree two in a key": ("neurons_formula", "neurons_null"),
    "logits by a sum of key waves": ("logits_formula", "logits_null"),
}

SAY_NOTHING = [f"logits_{kind}_{of}" for kind in ("formula", "null") for of in ("accuracy", "loss")]
"""a sum of waves with positive amplitudes is largest at the right answer whatever the frequencies"""

_EARLY_LOSSES = ["loss, trained", "loss, held out"]
_EARLY = [
    "embedding_gini",
    "readout_gini",
    "single_frequency_share",
    "weight_norm",
    "gradient_symmetricity",
    "distance_irrelevance",
]
_PASSING = 0.01  # of the logits' variance


class Early(NamedTuple):
    """Runs of one condition, before they generalise."""

    features: pd.DataFrame
    """a row per run, a column per number that is known then"""
    outcome: pd.Series
    """common logarithm of the step at which a run generalises, or of its last, if it doesn't"""
    there: pd.Series
    """whether it does"""

    def ranks(self) -> pd.Series:
        """The rank correlation of each number with the outcome."""
        return rank_correlations(self.features, self.outcome)

    def foreseen(self, only_there: bool = False) -> Foresight:
        """How well the numbers foretell the outcome; of those runs alone that generalise, if asked."""
        runs = self.there.index[self.there] if only_there else self.there.index
        return foresight(self.features.loc[runs], self.outcome.loc[runs], seed=0)


def guessing(p: int) -> float:
    """The loss of guessing among p answers, in nats."""
    return math.log(p)


def early(study: NotebookStudy, condition: str, generalised: Times, step: int) -> Early:
    """Numbers that need no knowledge of the end.

    Args:
        study: of modular addition.
        condition: whose runs.
        generalised: when runs do.
        step: at which the numbers are known.
    """
    measures = where(study.measures, condition=condition)
    names = {name: PROGRESS[name] for name in (*_EARLY_LOSSES, "accuracy, held out")}
    names |= {name.replace("_", " "): (name, None) for name in _EARLY}
    waves = summed(where(measures, measure="circle_share")).assign(shown="share of all waves")
    watched = pd.concat([called(measures, names), waves], ignore_index=True)
    its = of_conditions(generalised, [condition])
    outcome = np.log10(its["at"].fillna(its["after"]))
    features = known_at(watched, step, outcome.index, by_factors=_EARLY_LOSSES)
    return Early(features, outcome, its["at"].notna())


def losses_and_norms(study: NotebookStudy, conditions: list[str]) -> dict[str, Panel]:
    """Panels: the loss as training itself saw it, and the norm of all weights."""
    its = {"condition": conditions, "seed": study.seeds}
    norms = study.along("weight_norm", ["condition", "step"], **its)
    losses = learning_curves(study.logged_losses(conditions))
    said = "loss on trained pairs (nats)"
    return {
        "loss": Panel(losses, said, (1e-10, 30), factors=True, logarithmic=True),
        "norm": Panel(norms, "norm of all weights", (0, None), logarithmic=True),
    }


@dataclass(frozen=True)
class Frequencies:
    """Which frequencies runs come to use, when, and how early that can be told."""

    study: NotebookStudy
    conditions: tuple[str, str]
    """the one that is drawn run by run, and the one with many runs, of which statistics are made"""
    when: Mapping[str, Times]
    """`phase_ends`"""

    @cached_property
    def keys(self) -> dict[chosen.Run, list[int]]:
        """The key frequencies of every run."""
        return chosen.chosen_of(where(self.study.final, measure="key_frequency"))

    @cached_property
    def norms(self) -> pd.DataFrame:
        """Of the embedding's waves, in both conditions."""
        return self.study.measured("embedding_norm", condition=self.conditions)

    @property
    def embedded(self) -> pd.DataFrame:
        """The share of the embedding's variance over numbers at key frequencies, at the end.

        Returns:
            condition, seed, kind, value.
        """
        its = at_last_step(self.norms)
        squares = its.assign(value=its["value"] ** 2)
        found = [
            (
                *run,
                "share",
                where(waves, component=self.keys[run])["value"].sum() / waves["value"].sum(),
            )
            for run, waves in squares.groupby(["condition", "seed"], sort=False, observed=True)
        ]
        return pd.DataFrame(found, columns=["condition", "seed", "kind", "value"])

    @cached_property
    def _norms_of_many(self) -> pd.DataFrame:
        return where(self.norms, condition=self.conditions[1])

    @cached_property
    def areas(self) -> pd.DataFrame:
        """How well norms tell keys, in each of the many runs at each step."""
        return chosen.areas(self._norms_of_many, self.keys)

    @cached_property
    def by_chance(self) -> np.ndarray:
        """Means of such areas at the start, with keys permuted."""
        return chosen.areas_by_chance(where(self._norms_of_many, step=0), self.keys)

    @cached_property
    def initial(self) -> pd.Series:
        """The areas at the start."""
        return where(self.areas, step=0)["value"]

    @property
    def initial_p(self) -> float:
        return chosen.p_value(self.initial.mean(), self.by_chance)

    @cached_property
    def memorised(self) -> pd.Series:
        """The areas when runs have memorised; NaN where they haven't."""
        return value_at(self.areas, self.when["memorised"]["at"])

    @cached_property
    def _waves(self) -> pd.DataFrame:
        return self.study.measured("circle_share", condition=self.conditions)

    @cached_property
    def locked(self) -> Times:
        """From when on keys lead in the logits."""
        return chosen.locked(self._waves, self.keys)

    @cached_property
    def n_passing(self) -> pd.Series:
        """How many other frequencies had their time after memorisation."""
        return chosen.n_passing(self._waves, self.keys, self.when["memorised"]["at"], _PASSING)

    @cached_property
    def overlap(self) -> pd.DataFrame:
        """Of the many with runs of the same task and model that generalise (`chosen.overlap`)."""
        many, seeds = self.conditions[1], self.study.seeds
        alike = self.study.alike(many, "task", "model")
        there = of_conditions(self.when["generalised"].dropna(subset="at"), alike).index
        others = [(name, seed) for name, seed in there if seed in seeds]
        return chosen.overlap(self.keys, [(many, seed) for seed in seeds], others)

    @property
    def shown(self) -> pd.DataFrame:
        """What the figure draws: areas over seeds, locking, norms."""
        norms = where(self.norms, condition=self.conditions[0])
        return stacked(
            {
                "auc": chosen.over_runs(self.areas),
                "locking": side_by_side({"locked": self.locked, **self.when}).reset_index(),
                "norm": norms[["step", "component", "value", "seed"]],
            }
        )
