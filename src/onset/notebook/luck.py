"""What runs of one world that differ in luck have in common: solutions, answers, hills between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from onset.notebook.study import NotebookStudy
from onset.statistics import chosen, logistic, paired
from onset.statistics.compared import as_measures
from onset.statistics.logistic import Regression
from onset.statistics.rows import at_last_step, where
from onset.statistics.seeds import over_seeds, within_seeds

START = 0
"""the step at which children part that have nothing but the initial weights in common"""
_SHUFFLES = 5
"""draws of a null"""


@dataclass(frozen=True)
class Luck:
    """A study's comparisons of runs that differ in luck, by which luck it is.

    Comparisons are called LOOK_SOURCE (`solution_order`), where the source is a kind of luck, or the step
    from which on luck is another (`solution_40`).
    """

    study: NotebookStudy
    trunk: str
    """the condition that all others are compared with"""
    asked: tuple[str, ...]
    """it and those whose answers are compared half-way"""

    # ---- solutions and hills, at the end --------------------------------------------------------

    def by_source(self, look: str, sources: Sequence[str], **wanted: object) -> pd.DataFrame:
        """What one look finds at the end, in every world: source, measure, split, seed, kind, value."""
        names = {f"{look}_{source}": source for source in sources}
        found = where(self.study.comparisons, comparison=list(names), **wanted)
        kinds = found.drop_duplicates("measure").set_index("measure")["kind"]
        rows = as_measures(found)
        source = rows["condition"].astype(str).str.split(":").str[0].map(names)
        rows = rows.assign(source=source, kind=rows["measure"].map(kinds))
        return rows.astype({"seed": int})

    def beyond(self, look: str, source: str, measure: str, null: str) -> pd.Series:
        """By seed, how much more there is of one measure than of its null."""
        its = self.by_source(look, [source], measure=[measure, null])
        values = its.pivot_table("value", "seed", "measure", observed=True)
        values = values.reindex(columns=[measure, null])  # smoke runs have no solution
        return (values[measure] - values[null]).dropna()

    def more(self, look: str, source: str, other: str, measure: str, **wanted: object) -> pd.Series:
        """By seed, how much more there is of one measure with one source than with another."""
        rows = self.by_source(look, [source, other], measure=measure, **wanted)
        values = rows.pivot_table("value", "seed", "source", observed=True)
        values = values.reindex(columns=[source, other])
        return (values[source] - values[other]).dropna()

    def over_worlds(self, look: str, sources: Sequence[str], **wanted: object) -> pd.DataFrame:
        """The same over seeds, by source and measure, with the mean of its null beside it (`by_chance`)."""
        rows = self.by_source(look, sources, **wanted)
        found = over_seeds(rows, ["source", "measure"])
        return with_chance(found, ["source"])

    def parting(
        self, measures: Mapping[str, str], steps: Sequence[int], at_start: str, null: str
    ) -> pd.DataFrame:
        """What children have in common, by the step at which they part.

        Args:
            measures: measure → the look that finds it.
            steps: the later ones.
            at_start: the source of those that part at the start.
            null: the source of runs that have nothing in common; its number stands at every step.

        Returns:
            measure, curve (`children`, `strangers`), since, n_seeds, mean, low, high, seed_0, …
        """
        tables = []
        for measure, look in measures.items():
            split = {} if look == "solution" else {"split": "test"}
            sources = {at_start: START, **{str(step): step for step in steps}}
            rows = self.by_source(look, [*sources, null], measure=measure, **split)
            rows = rows.assign(since=rows["source"].map(sources))
            children = over_seeds(rows[rows["since"].notna()], ["measure", "since"])
            strangers = over_seeds(where(rows, source=null), ["measure"])
            everywhere = strangers.merge(pd.DataFrame({"since": sorted(sources.values())}), "cross")
            tables += [children.assign(curve="children"), everywhere.assign(curve="strangers")]
        return pd.concat(tables, ignore_index=True)

    # ---- answers, half-way ----------------------------------------------------------------------

    @cached_property
    def halfway(self) -> pd.Series:
        """By seed, the checkpoint at which their mean accuracy on held-out pairs is nearest to a half."""
        its = where(self.study.comparisons, measure="alike")
        asked = its[["seed", "step"]].drop_duplicates()
        rows = where(self.study.measures, condition=self.asked, measure="accuracy", split="test")
        means = rows.merge(asked).groupby(["seed", "step"])["value"].mean().reset_index()
        nearest = (means["value"] - 0.5).abs().groupby(means["seed"]).idxmin()
        return means.loc[nearest].set_index("seed")["step"]

    def _halfway(self, rows: pd.DataFrame) -> pd.DataFrame:
        return rows[rows["step"] == rows["seed"].map(self.halfway)]

    def answers(self, sources: Sequence[str]) -> pd.DataFrame:
        """Answers alike, half-way, and wrong answers alike: source, measure, mean, …, by_chance."""
        names = {f"answers_{source}": source for source in sources}
        rows = self._halfway(where(self.study.comparisons, comparison=list(names)))
        rows = rows[rows["component"].isna()].assign(source=rows["comparison"].map(names))
        return with_chance(over_seeds(rows, ["source", "measure"]), ["source"])

    def by_ease(self, comparison: str) -> pd.DataFrame:
        """Answers alike, half-way, by the share of the other runs that know (`known`), and by how
        much more than by chance (`beyond`): measure, known, mean, …"""
        rows = self._halfway(where(self.study.comparisons, comparison=comparison))
        rows = rows[rows["component"].notna()].assign(condition=comparison)
        rows["known"] = rows["component"] / rows["component"].max()
        pair = ("alike_of_class", "alike_of_class_by_chance")
        beyond = [
            paired.difference(its.drop(columns="n_examples"), *pair, called="beyond").assign(
                known=known
            )
            for known, its in rows.groupby("known")
        ]
        return over_seeds(pd.concat([rows, *beyond]), ["measure", "known"])

    def spread(self, splits: tuple[str, str]) -> pd.Series:
        """By seed, by how much more accuracy ranges over runs half-way on one split than on another."""
        its = where(self.study.measures, measure="accuracy", condition=self.asked)
        values = self._halfway(its).groupby(["seed", "split"], observed=True)["value"]
        ranges = (values.max() - values.min()).unstack("split")
        return ranges[splits[0]] - ranges[splits[1]]

    # ---- frequencies ----------------------------------------------------------------------------

    @cached_property
    def frequencies(self) -> pd.DataFrame:
        """Of the trunk's runs, frequency by frequency and step by step: what is known of it, and its fate.

        Returns:
            seed, step, component, embedding_norm, readout_norm, wins (whether it is a key in the end).
        """
        norms = where(
            self.study.measures, condition=self.trunk, measure=["embedding_norm", "readout_norm"]
        )
        table = norms.pivot_table(
            "value", ["seed", "step", "component"], "measure", observed=True
        ).reset_index()
        keys = self.keys
        wins = [
            component in keys.get((self.trunk, seed), ())
            for seed, component in zip(table["seed"], table["component"], strict=True)
        ]
        return table.assign(wins=wins)

    @cached_property
    def keys(self) -> dict[chosen.Run, list[int]]:
        """The frequencies that each of the trunk's runs comes to use."""
        final = where(at_last_step(self.study.measures), measure="key_frequency")
        return chosen.chosen_of(where(final, condition=self.trunk))

    def areas(self, regressions: Mapping[str, Regression]) -> pd.DataFrame:
        """How well the fate of frequencies is foretold in unseen seeds, from what is known at each step.

        Returns:
            told_by (the regression), step, seed, value (area under the ROC curve), kind. Of one that is
            shuffled, the mean over several draws.
        """
        found = [
            logistic.areas(its, "wins", {name: of}, seed=draw).assign(step=step)
            for step, its in self.frequencies.groupby("step")
            for name, of in regressions.items()
            for draw in range(_SHUFFLES if of.shuffled else 1)
        ]
        areas = pd.concat(found, ignore_index=True)
        known = areas[areas["value"].notna()].rename(columns={"condition": "told_by"})
        return within_seeds(known, ["told_by", "step"])

    @property
    def winners(self) -> pd.DataFrame:
        """In how many of the trunk's runs each frequency wins (component, mean, …), and by chance."""
        wins = where(self.frequencies, step=self.frequencies["step"].min())
        rows = wins.assign(value=wins["wins"].astype(float), kind="share", n_examples=1)
        found = over_seeds(
            rows[["seed", "component", "value", "kind", "n_examples"]], ["component"]
        )
        return found.assign(by_chance=rows["value"].mean())

    def most_often(self, draws: int = 2000) -> tuple[int, float]:
        """In how many runs the frequency wins that wins most often, and how probable that is by chance, if
        runs chose as many each, any of them alike."""
        wins = where(self.frequencies, step=self.frequencies["step"].min())
        table = wins.pivot(index="seed", columns="component", values="wins").to_numpy(int)
        most = table.sum(0).max()
        rng = np.random.default_rng(0)
        drawn = [rng.permuted(table, axis=1).sum(0).max() for _ in range(draws)]
        return int(most), float(np.mean(np.array(drawn) >= most))


def with_chance(found: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Rows over seeds, with the mean of what each is by chance (`MEASURE_by_chance`, or of its first word)
    as a column; NaN where there is no such row."""
    means = found.set_index([*by, "measure"])["mean"]

    def chance(row: pd.Series) -> float:
        about = tuple(row[its] for its in by)
        for name in (row["measure"], row["measure"].partition("_")[0]):
            if (*about, f"{name}_by_chance") in means.index:
                return means[(*about, f"{name}_by_chance")]
        return np.nan

    return found.assign(by_chance=[chance(row) for _, row in found.iterrows()])
