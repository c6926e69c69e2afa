"""A study as its notebook asks it: what was run, and rows of measurements, over seeds or not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd

from onset.figures import dose
from onset.figures.heat import value_of
from onset.runs.run import Run
from onset.runs.study import Study
from onset.statistics.milestones import last_changes
from onset.statistics.rows import at_last_step, rows_of, where
from onset.statistics.seeds import over_seeds
from onset.statistics.wording import format_n_seeds


@dataclass(frozen=True)
class StudyRows(Study):
    """All runs of a study: what they were run with, and rows of what they measured."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """what figures call each condition"""
    reference: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """what the literature says, by name: `onset.config.published.PublishedSettings.told`"""
    variants: Mapping[str, str] = field(default_factory=dict)
    """more conditions, each with the one that it is a variant of: in tables, and in no row or figure"""

    # ---- what was run -----------------------------------------------------------------------

    @cached_property
    def first(self) -> dict[str, Run]:
        """A run of each condition, with the first seed."""
        return {name: self.run(name, self.seeds[0]) for name in self.conditions}

    @cached_property
    def settings(self) -> dict[str, dict[str, Any]]:
        """Of each condition's runs, by section."""
        return {name: run.settings for name, run in self.first.items()}

    @cached_property
    def with_variants(self) -> Self:
        """The same study, its variants being conditions like any other."""
        return replace(self, conditions=(*self.conditions, *self.variants), variants={})

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Of variants as well, since tables have them."""
        return self.with_variants.provenance if self.variants else super().provenance

    def variants_of(self, conditions: Iterable[str]) -> list[str]:
        """The variants of some conditions."""
        of = set(conditions)
        return [name for name, its in self.variants.items() if its in of]

    def trained_longest(self, condition: str) -> str:
        """A condition, or that of its variants that is trained for more steps than it and the others."""
        every = [condition, *self.variants_of([condition])]
        steps = [self.with_variants.setting("training.steps", name) for name in every]
        return every[steps.index(max(steps))]

    def setting(self, path: str, condition: str | None = None) -> Any:
        """`section.key` of a condition, by default of the first; None where there is no such key."""
        return value_of(self.settings[condition or self.conditions[0]], path)

    def setting_of_all(self, path: str) -> dict[str, Any]:
        """The same of every condition, by its name."""
        return {name: self.setting(path, name) for name in self.conditions}

    def having(self, path: str) -> list[str]:
        """The conditions in which this setting is anything but nothing."""
        return [name for name, its in self.setting_of_all(path).items() if its]

    @property
    def from_scratch(self) -> list[str]:
        """The conditions that begin with random parameters: the others are trained at their step 0."""
        begun = {name for name, its in self.settings.items() if its.get("handmade")}
        return [name for name in self.conditions if name not in {*begun, *self.continued}]

    @property
    def continued(self) -> list[str]:
        """The conditions that go on from another run: their step 0 is what that one had learnt."""
        return [name for name, its in self.settings.items() if its["parent"]]

    @property
    def decay_start(self) -> int:
        """The step from which the learning rate of the first condition falls."""
        steps, decaying = (self.setting(f"training.{key}") for key in ("steps", "decay_fraction"))
        return round(steps * (1 - decaying))

    def without_doses(self, paths: Iterable[str]) -> list[str]:
        """The conditions that don't differ from the first in one of these settings alone."""
        reference = self.conditions[0]
        dosed = [dose.doses_of(self.settings, reference, *path.split(".")) for path in paths]
        off = {name for its in dosed for name in its} - {reference}
        return [name for name in self.conditions if name not in off]

    def differing_only_in(self, path: str, reference: str) -> list[str]:
        """The conditions that differ from another in this setting (`section.key`) and in no other."""
        its = self.settings[reference]
        return [name for name, of in self.settings.items() if dose.differences(its, of) == {path}]

    def there(self, *names: str) -> list[str]:
        """Those of some conditions that the study has."""
        return [name for name in names if name in self.conditions]

    def alike(self, condition: str, *sections: str) -> list[str]:
        """The other conditions that have the same settings in these sections."""
        its = self.settings[condition]
        same = [n for n, of in self.settings.items() if all(of[s] == its[s] for s in sections)]
        return [name for name in same if name != condition]

    def runs_of(self, conditions: Iterable[str]) -> list[Run]:
        """Of some conditions, with the seeds that all conditions have."""
        return [self.run(name, seed) for name in conditions for seed in self.seeds]

    @cached_property
    def n_runs(self) -> pd.Series:
        """How many runs there are of each condition."""
        return pd.Series([run.condition for run in self.runs]).value_counts(sort=False)

    @cached_property
    def operated_at(self) -> dict[str, int]:
        """The step before which each condition's first intervention is made, of those that have any."""
        made = {name: its.get("interventions") for name, its in self.settings.items()}
        return {name: its[0].get("before_step", 0) for name, its in made.items() if its}

    def n_parameters(self, condition: str) -> int:
        """Of a condition's model."""
        return sum(math.prod(shape) for shape in self.first[condition].model.shapes().values())

    @property
    def n(self) -> str:
        """How many seeds the conditions have, as axes say it: `n = 3 seeds`, `n = 3 to 23 seeds`."""
        return self.n_of(*self.conditions)

    def n_of(self, *conditions: str) -> str:
        """The same of some of them."""
        return format_n_seeds(
            len({*self.seeds, *self.extra_seeds.get(name, ())}) for name in conditions
        )

    def settings_of(self, conditions: Iterable[str], *paths: str) -> pd.DataFrame:
        """Settings (`section.key`) of several conditions, a row each: condition, key, said."""
        rows = [
            (name, path.split(".")[-1], f"{self.setting(path, name):g}")
            for name in conditions
            for path in paths
        ]
        return pd.DataFrame(rows, columns=["condition", "key", "said"])

    def what_was_run(
        self, settings: Mapping[str, str], sizes: Mapping[str, str] | Iterable[str] = ()
    ) -> pd.DataFrame:
        """A row per condition, variants too: where they differ.

        Args:
            settings: heading → `section.key`, or `section.key.key` for a part of a setting. Of one that
                is a mapping, such as a mixture, the keys are shown.
            sizes: heading → the split whose questions are counted; or the splits.
        """
        sizes = sizes if isinstance(sizes, Mapping) else {its: its for its in sizes}
        rows = {
            self.labels[name]: {
                **{heading: _at(run.settings, path) for heading, path in settings.items()},
                **{
                    heading: len(run.dataset.splits[split]) if split in run.dataset.splits else ""
                    for heading, split in sizes.items()
                },
            }
            for name, run in self.with_variants.first.items()
        }
        return pd.DataFrame(rows).T

    # ---- rows of measurements ---------------------------------------------------------------

    @cached_property
    def final(self) -> pd.DataFrame:
        """The measurements of each run's last checkpoint."""
        return at_last_step(self.measures)

    @cached_property
    def closer(self) -> pd.DataFrame:
        """What the closer looks found at each run's last checkpoint."""
        return at_last_step(self.analyses)

    def measured(self, measure: str | Iterable[str], **wanted: Any) -> pd.DataFrame:
        """The rows of measures at all checkpoints, e.g. `measured("accuracy", split=["id", "oo"])`.

        Raises:
            ValueError: no run has one of them.
        """
        return where(rows_of(self.measures, measure), **wanted)

    def at_end(
        self,
        measure: str | Iterable[str],
        by: Sequence[str] = ("condition", "split"),
        **wanted: Any,
    ) -> pd.DataFrame:
        """Over seeds at the last checkpoint: the columns `by`, n_seeds, mean, low, high, seed_0, …"""
        return over_seeds(at_last_step(self.measured(measure, **wanted)), list(by))

    def over_seeds_at_end(self, rows: pd.DataFrame, *by: str) -> pd.DataFrame:
        """The same of rows that were chosen otherwise: over seeds per condition and `by`."""
        last = at_last_step(rows) if "step" in rows else rows
        return over_seeds(last, ["condition", *by])

    def along(
        self,
        measure: str | Iterable[str],
        by: Sequence[str] = ("condition", "split", "step"),
        **wanted: Any,
    ) -> pd.DataFrame:
        """Over seeds at all checkpoints, in the columns of `at_end`, and step."""
        return over_seeds(self.measured(measure, **wanted), list(by))

    def with_controls(
        self,
        rows: pd.DataFrame,
        by: Sequence[str] = ("condition", "split"),
        **controls: pd.DataFrame,
    ) -> pd.DataFrame:
        """Rows over seeds with a column per control: its mean at the same condition and split.

        Args:
            rows: of `at_end`.
            by: the columns in which a control has to be the same.
            controls: measurements of one checkpoint of each run, e.g. of `untrained`.
        """
        columns = list(by)
        for name, measured in controls.items():
            means = over_seeds(measured, columns)[[*columns, "mean"]]
            rows = rows.merge(means.rename(columns={"mean": name}), on=columns, how="left")
        return rows

    def with_settings(self, rows: pd.DataFrame, **columns: str) -> pd.DataFrame:
        """Rows with what their conditions were run with.

        Args:
            rows: with the column condition.
            columns: `section.key` of the setting by the name of its column.
        """
        told = {
            name: rows["condition"].map({its: self.setting(path, its) for its in self.conditions})
            for name, path in columns.items()
        }
        return rows.assign(**told)

    def logged_losses(self, conditions: Iterable[str], n: int = 60) -> pd.DataFrame:
        """The losses that training itself saw, at about n steps, as rows of the split `train`."""
        logs = []
        for run in self.runs_of(conditions):
            log = run.training_log
            its = log.iloc[np.unique(np.geomspace(1, len(log), n).astype(int)) - 1]
            logs.append(its.assign(condition=run.condition, seed=run.seed))
        of_all = pd.concat(logs, ignore_index=True).rename(columns={"loss": "value"})
        return of_all.assign(split="train", measure="loss", kind="nats")

    def untrained(self, measure: str | Iterable[str], **wanted: Any) -> pd.DataFrame:
        """The measurements of models before training, where they begin with random parameters."""
        began = where(self.measured(measure, **wanted), step=0)
        return began[began["condition"].isin(self.from_scratch)]

    @staticmethod
    def still_rising(curves: pd.DataFrame) -> pd.DataFrame:
        """What the last stretch of training changes, over seeds, by condition and split."""
        return over_seeds(last_changes(curves), ["condition", "split"])


def _at(settings: Mapping[str, Any], path: str) -> Any:
    found: Any = settings
    for key in path.split("."):
        found = found.get(key, "") if isinstance(found, Mapping) else ""
    if isinstance(found, Mapping):
        return ", ".join(found)
    return "" if found is None or (isinstance(found, float) and math.isnan(found)) else found
