"""A study whose runs hold several dictionaries each: which of them rows are of, and what they learn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from onset.measures.dictionaries.recovery import RECOVERED
from onset.notebook.study import NotebookStudy
from onset.statistics.logistic import Regression
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

OF_DICTIONARIES = [
    "l0", "explained_variance", "dead", "dense", "mean_max_cosine", "matched_cosine", "recovered",
    "precision", "recall", "latents_per_feature", "agreement", "agreement_by_chance",
    "pairs_with_latents", "missed_with_child", "missed_alone", "parent_in_child", "absorption",
    "bridge_f1", "token_before_f1", "token_f1", "answer_f1", "bridge_f1_by_chance",
    "token_before_f1_by_chance", "token_f1_by_chance", "answer_f1_by_chance",
]  # fmt: skip
"""what is measured of a dictionary as a whole"""
OF_EXPLANATIONS = [
    "explained", "believed", "false_negatives", "false_negatives_large", "false_negatives_by_chance",
    "false_negatives_of_parents", "false_negatives_with_child",
]  # fmt: skip
"""what a closer look finds of a dictionary's explanations"""
KNOWN = ("frequencies", "magnitudes", "log_width")
"""what is known of a feature and the dictionary that may learn it, in logarithms"""
REGRESSIONS = {
    "frequency": Regression(KNOWN[:1]),
    "magnitude": Regression(KNOWN[1:2]),
    "width": Regression(KNOWN[2:]),
    "all three": Regression(KNOWN),
    "and their products": Regression(KNOWN, degree=3),
    "null: shuffled": Regression(KNOWN, degree=3, shuffled=True),
}
"""from which it is foretold whether a feature is learnt"""
_MOVED = r"^moved_(?P<move>\w+)_(?P<dose>\d+|natural)_follows$"


@dataclass(frozen=True)
class Dictionaries:
    """All dictionaries of a study; `component` is their place in a run."""

    study: NotebookStudy

    @cached_property
    def sparsities(self) -> Mapping[str, Sequence[float]]:
        """Of each condition's dictionaries."""
        return {name: its["model"]["sparsities"] for name, its in self.study.settings.items()}

    @cached_property
    def main(self) -> Mapping[str, int]:
        """The place of the dictionary that has a twin, whose sparsity comes twice; else of the first."""
        return {name: its.index(max(its, key=its.count)) for name, its in self.sparsities.items()}

    def of_main(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows of one dictionary of each run: the main one."""
        return rows[rows["component"] == rows["condition"].map(self.main)]

    def without_twins(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows of dictionaries that differ in more than their initial values."""
        return rows[rows["component"] != rows["condition"].map(self.main) + 1]

    # ---- known features -----------------------------------------------------------------------

    def against_active(self, conditions: Iterable[str], measures: Iterable[str]) -> pd.DataFrame:
        """Over seeds at the end, with how many latents are active.

        Returns:
            condition, component, measure, n_seeds, mean, low, high, seed_0, …, dose (the mean of `l0`).
        """
        rows = where(self.study.final, condition=conditions, measure=["l0", *measures])
        by = ["condition", "component"]
        found = over_seeds(self.without_twins(rows), [*by, "measure"])
        active = where(found, measure="l0")[[*by, "mean"]].rename(columns={"mean": "dose"})
        return found.merge(active, on=by)

    def f1(self, condition: str, place: int) -> pd.DataFrame:
        """How well a dictionary's latents detect features: F1 of each one's own, mean over features.

        Args:
            condition: whose dictionary.
            place: of the dictionary.

        Returns:
            condition, seed, kind, value; the latent that is never right has 0.
        """
        rows = where(self.study.closer, condition=condition, split="test")
        n_features = self.study.setting("task.n_features", condition)
        its = rows[rows["component"] // n_features == place]
        each = its.pivot(
            index=["condition", "seed", "component"], columns="measure", values="value"
        )
        precision, recall = each["feature_precision"], each["feature_recall"]
        both = (2 * precision * recall / (precision + recall)).fillna(0.0)
        means = both.groupby(["condition", "seed"], observed=True).mean()
        return means.rename("value").reset_index().assign(kind="share")

    def baselines(self, condition: str, names: Iterable[str]) -> pd.DataFrame:
        """What needs no trained dictionary.

        Returns:
            name, measure, component (directions for each example), value; a row per seed.
        """
        rows = where(self.study.closer, condition=condition)
        parts = rows["measure"].str.extract(rf"^(?P<name>{'|'.join(names)})_(?P<of>\w+)$")
        found = rows.join(parts)[parts["name"].notna()]
        return found.assign(measure=found["of"])[["name", "measure", "seed", "component", "value"]]

    def along_hierarchy(self, dictionaries: Iterable[str], measures: Iterable[str]) -> pd.DataFrame:
        """Dictionaries trained with no, half and the whole hierarchy, all with as many active latents.

        Returns:
            Rows of the last checkpoints with the columns dictionary and dose (the hierarchy).
        """
        found = []
        for dictionary in dictionaries:
            members = [f"{dictionary}_none", f"{dictionary}_half", dictionary]
            members = [name for name in members if name in self.study.conditions]
            (wanted,) = self.sparsities[members[0]]
            rows = where(self.study.final, measure=measures, condition=members)
            place = {name: self.sparsities[name].index(wanted) for name in members}
            dose = {name: float(self.study.setting("task.hierarchy", name)) for name in members}
            its = rows[rows["component"] == rows["condition"].map(place)]
            found.append(its.assign(dictionary=dictionary, dose=its["condition"].map(dose)))
        return pd.concat(found)

    def widths(self, condition: str) -> dict[str, int]:
        """The conditions that differ from one in how many latents there are, the narrowest first."""
        names = [name for name in self.study.conditions if name.startswith("width_")]
        latents = {
            name: self.study.setting("model.n_latents", name) for name in [*names, condition]
        }
        return dict(sorted(latents.items(), key=lambda item: item[1]))

    def features(self, conditions: Mapping[str, int]) -> pd.DataFrame:
        """Of each true feature whether dictionaries have learnt it, and what is known of it.

        Args:
            conditions: their widths; of each it is the dictionary as sparse as the first one's first.

        Returns:
            frequencies, magnitudes, log_width (all logarithms), cosine, seed, width, learnt.
        """
        wanted = self.sparsities[next(iter(conditions))][0]
        rows, found = where(self.study.closer, measure="feature_cosine", condition=conditions), []
        places = [(name, seed) for name in conditions for seed in self.study.seeds]
        for name, seed in places:
            its = where(rows, condition=name, seed=seed)
            truth = self.study.run(name, seed).dataset.truth
            known = {key: np.log(truth[key]) for key in ("frequencies", "magnitudes")}
            place = self.sparsities[name].index(wanted)
            of_dictionary = its["component"] // len(truth["frequencies"]) == place
            cosines = its.loc[of_dictionary, "value"].to_numpy()
            table = pd.DataFrame({**known, "cosine": cosines})
            found.append(table.assign(seed=seed, width=conditions[name]))
        features = pd.concat(found, ignore_index=True)
        return features.assign(
            learnt=features["cosine"] > RECOVERED, log_width=np.log(features["width"])
        )

    # ---- states of models ---------------------------------------------------------------------

    def facts(self, facts: Iterable[tuple[str, str]]) -> pd.DataFrame:
        """How well the best latent tells of a fact, on states that weren't trained on.

        Args:
            facts: which study's model, and what its task knows.

        Returns:
            condition (`model/fact`), split, n_seeds, mean, low, high, seed_0, …, untrained, chance.
        """
        final = self.of_main(self.study.final)
        found: dict[str, list[pd.DataFrame]] = {"trained": [], "untrained": [], "chance": []}
        for model, fact in facts:
            for which, condition, measure in (
                ("trained", model, f"{fact}_f1"),
                ("untrained", f"{model}_untrained", f"{fact}_f1"),
                ("chance", model, f"{fact}_f1_by_chance"),
            ):
                rows = where(final, condition=condition, measure=measure)
                found[which].append(rows.assign(condition=f"{model}/{fact}"))
        rows = {which: pd.concat(its) for which, its in found.items()}
        trained = over_seeds(rows.pop("trained"), ["condition", "split"])
        return self.study.with_controls(trained, **rows)

    def moves(self) -> pd.DataFrame:
        """How often moved states are answered as those are towards which they were moved.

        Returns:
            Rows of the last checkpoints with the columns move and dose (percent, or `natural`).
        """
        rows = self.of_main(self.study.closer)
        parts = rows["measure"].str.extract(_MOVED)
        return rows.join(parts)[parts["move"].notna()]
