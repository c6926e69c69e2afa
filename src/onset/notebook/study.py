"""A study as its notebook sees it: rows of its measurements, figures, tables, verdicts, models to ask."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from onset.figures import learning, panels
from onset.figures.heat import value_of
from onset.figures.style import Styles, styles
from onset.latex import tabular
from onset.notebook.summary_table import MeanOf, summary_cells
from onset.runs.reference import Found
from onset.runs.run import Run
from onset.runs.study import Study
from onset.statistics.rows import at_last_step, rows_of, where
from onset.statistics.seeds import over_seeds

Of = Mapping[str, str] | Iterable[str] | None
"""whose rows or curves are drawn: conditions (None: all), or names of other things with their labels"""


@dataclass(frozen=True)
class NotebookStudy(Study):
    """All runs of a study, and what a notebook makes of them."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """what figures call each condition"""
    reference: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """what the literature says: name → quantity, published, source"""

    # ---- what was run -----------------------------------------------------------------------

    @cached_property
    def first(self) -> dict[str, Run]:
        """A run of each condition, with the first seed."""
        return {name: self.run(name, self.seeds[0]) for name in self.conditions}

    @cached_property
    def settings(self) -> dict[str, dict[str, Any]]:
        """Of each condition's runs, by section."""
        return {name: run.settings for name, run in self.first.items()}

    def setting(self, path: str, condition: str | None = None) -> Any:
        """`section.key` of a condition, by default of the first; None where there is no such key."""
        return value_of(self.settings[condition or self.conditions[0]], path)

    @property
    def from_scratch(self) -> list[str]:
        """The conditions that begin with random parameters: the others are trained at their step 0."""
        return [name for name, its in self.settings.items() if not its["parent"]]

    @property
    def decay_start(self) -> int:
        """The step from which the learning rate of the first condition falls."""
        steps, decaying = (self.setting(f"training.{key}") for key in ("steps", "decay_fraction"))
        return round(steps * (1 - decaying))

    @property
    def n(self) -> str:
        """How many seeds the conditions have, as axes say it: `n = 3 seeds`, `n = 3 or 23 seeds`."""
        numbers = {
            len({*self.seeds, *self.extra_seeds.get(name, ())}) for name in self.conditions
        }
        return f"n = {' or '.join(map(str, sorted(numbers)))} seeds"

    def what_was_run(
        self, settings: Mapping[str, str], sizes: Mapping[str, str] | Iterable[str] = ()
    ) -> pd.DataFrame:
        """A row per condition: where they differ.

        Args:
            settings: heading → `section.key`, or `section.key.key` for a part of a setting.
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
            for name, run in self.first.items()
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

    def measured(self, measure: str, **wanted: Any) -> pd.DataFrame:
        """The rows of a measure at all checkpoints, e.g. `measured("accuracy", split=["id", "oo"])`.

        Raises:
            ValueError: no run has it.
        """
        return where(rows_of(self.measures, measure), **wanted)

    def at_end(
        self, measure: str, by: Sequence[str] = ("condition", "split"), **wanted: Any
    ) -> pd.DataFrame:
        """Over seeds at the last checkpoint: the columns `by`, n_seeds, mean, low, high, seed_0, …"""
        return over_seeds(at_last_step(self.measured(measure, **wanted)), list(by))

    def over_seeds_at_end(self, rows: pd.DataFrame, *by: str) -> pd.DataFrame:
        """The same of rows that were chosen otherwise: over seeds per condition and `by`."""
        return over_seeds(at_last_step(rows), ["condition", *by])

    def along(
        self, measure: str, by: Sequence[str] = ("condition", "split", "step"), **wanted: Any
    ) -> pd.DataFrame:
        """Over seeds at all checkpoints, in the columns of `at_end`, and step."""
        return over_seeds(self.measured(measure, **wanted), list(by))

    def with_controls(self, rows: pd.DataFrame, **controls: pd.DataFrame) -> pd.DataFrame:
        """Rows over seeds with a column per control: its mean at the same condition and split.

        Args:
            rows: of `at_end`.
            controls: measurements of one checkpoint of each run, e.g. of `untrained`.
        """
        by = ["condition", "split"]
        for name, measured in controls.items():
            means = over_seeds(measured, by)[[*by, "mean"]].rename(columns={"mean": name})
            rows = rows.merge(means, on=by, how="left")
        return rows

    def untrained(self, measure: str, **wanted: Any) -> pd.DataFrame:
        """The measurements of models before training, where they begin with random parameters."""
        began = where(self.measured(measure, **wanted), step=0)
        return began[began["condition"].isin(self.from_scratch)]

    # ---- figures ----------------------------------------------------------------------------

    @cached_property
    def styles(self) -> Styles:
        """Of the conditions, the same in all figures."""
        return styles(self.conditions)

    def _drawn(self, of: Of) -> tuple[Styles, Mapping[str, str]]:
        if isinstance(of, Mapping):
            return styles(of), of
        names = self.conditions if of is None else of
        return Styles({name: self.styles[name] for name in names}), self.labels

    def styles_of(self, conditions: Iterable[str]) -> Styles:
        """Of some conditions, each in the style that it has everywhere."""
        return self._drawn(list(conditions))[0]

    def draw_rows(self, shown: panels.Panels, xlabel: str, of: Of = None, **how: Any) -> Figure:
        """`figures.panels.draw_rows`: a row per condition, with the number of seeds on the axis."""
        return panels.draw_rows(shown, *self._drawn(of), f"{xlabel} ({self.n})", **how)

    def draw_curves(self, shown: panels.Panels, ylabel: str, of: Of = None, **how: Any) -> Figure:
        """`figures.panels.draw_curves`: a curve per condition, with the number of seeds on the axis."""
        return panels.draw_curves(shown, *self._drawn(of), f"{ylabel} ({self.n})", **how)

    def draw_learning(
        self, splits: Mapping[str, str], of: Of = None, **how: Any
    ) -> tuple[Figure, pd.DataFrame]:
        """Losses above, accuracies below, a column per split; the figure, and what it shows.

        Args:
            splits: the title of each, by name.
            of: the conditions.
            how: further arguments of `figures.learning.plot_learning`.
        """
        styles, labels = self._drawn(of)
        rows = where(self.measures, split=splits, condition=styles)
        curves = learning.learning_curves(rows)
        return learning.plot_learning(curves, splits, styles, labels, **how), curves

    # ---- tables, verdicts, models -----------------------------------------------------------

    def table(self, name: str, table: pd.DataFrame, alignment: str | None = None) -> pd.DataFrame:
        """Keep a table of texts for the paper, and show it.

        Args:
            name: of the table.
            table: texts; its columns are the headings.
            alignment: of the columns, in LaTeX's letters; by default all to the left.
        """
        rows, columns = table.to_numpy().tolist(), list(table)
        self.save_table(table, name, tabular(columns, rows, alignment or "l" * len(columns)))
        return table

    def summary_table(
        self, name: str, columns: Mapping[str, MeanOf], of: Of = None
    ) -> pd.DataFrame:
        """A table with a row per condition and means at the end of training, from `summary.csv`.

        Args:
            name: of the table.
            columns: heading → which mean.
            of: the conditions.
        """
        rows, labels = self._drawn(of)
        return self.table(name, summary_cells(self.summary, columns, {n: labels[n] for n in rows}))

    def verdict(self, ours: Mapping[str, Found | None]) -> pd.DataFrame:
        """Set what we find beside what the literature says, and keep it as `reference.csv`.

        Args:
            ours: by the names under `reference` in the study's file; None where it wasn't run.
        """
        found = {n: its for n, its in ours.items() if its is not None and n in self.reference}
        return self.save_reference({name: self.reference[name] for name in found}, found)

    def stands(
        self, measure: str, condition: str, split: str | None = None, **borders: float
    ) -> Found | None:
        """`Found.of` a mean of `summary.csv`; None where the condition isn't run.

        Args:
            measure: full name.
            condition: of the mean.
            split: of the mean.
            borders: `above`, `below`.
        """
        rows = where(self.summary, measure=measure, condition=condition)
        rows = rows[rows["split"].isna()] if split is None else where(rows, split=split)
        return next((Found.of(row, **borders) for row in rows.itertuples()), None)

    def ask(
        self, text: str, condition: str | None = None, step: int | None = None
    ) -> pd.DataFrame:
        """What a model answers to a sequence of the task's names: `answer` and `probability`.

        Args:
            text: names (`run.dataset.vocabulary`) with spaces between.
            condition: by default the first; the run is that with the first seed.
            step: of the checkpoint, by default the last.
        """
        run = self.first[condition or self.conditions[0]]
        logits = run.bridge(step=step)(run.tokens(text))
        return run.likeliest(logits[0, -1]).round(3)

    def quoted_settings(self, *paths: str, condition: str | None = None) -> dict[str, str]:
        """Settings (`section.key`) of a condition, by default the first, as numbers called `key`."""
        return {
            path.split(".")[-1]: f"{self.setting(path, condition):g}" for path in paths
        }


def _at(settings: Mapping[str, Any], path: str) -> Any:
    found: Any = settings
    for key in path.split("."):
        found = found.get(key, "") if isinstance(found, Mapping) else ""
    return "" if found is None or (isinstance(found, float) and math.isnan(found)) else found
