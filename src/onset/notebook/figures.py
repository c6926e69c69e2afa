"""The figures that studies share: a call draws one and keeps it with its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from onset.figures import apart, dose, learning, panels, parts
from onset.figures.moments import draw_moments
from onset.figures.points import draw_points
from onset.figures.steps import draw_patching
from onset.figures.style import Styles, styles
from onset.notebook.rows import StudyRows
from onset.statistics.named import stacked
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds
from onset.statistics.times import Times

Of = Mapping[str, str] | Iterable[str] | None
"""whose rows or curves are drawn: conditions (None: all), or names of other things with their labels"""
Titles = Mapping[Any, str] | Iterable[str]


@dataclass(frozen=True)
class StudyFigures(StudyRows):
    """All runs of a study, and the figures that are drawn of them."""

    @cached_property
    def styles(self) -> Styles:
        """Of the conditions, the same in all figures."""
        return styles(self.conditions)

    def _drawn(self, of: Of) -> tuple[Styles, Mapping[str, str]]:
        if isinstance(of, Mapping):
            return styles(of), of
        names = self.there(*(self.conditions if of is None else of))
        return Styles({name: self.styles[name] for name in names}), self.labels

    def styles_of(self, conditions: Iterable[str]) -> Styles:
        """Of some conditions, each in the style that it has everywhere."""
        return self._drawn(list(conditions))[0]

    @staticmethod
    def crossed(ones: Iterable[str], others: Mapping[str, str]) -> dict[tuple[str, str], str]:
        """Titles of panels by two columns: every value of one with every value of another."""
        return {(one, other): f"{one}: {title}" for one in ones for other, title in others.items()}

    def rows_figure(
        self,
        name: str,
        rows: pd.DataFrame,
        titles: Titles | None,
        xlabel: str,
        *,
        by: str | Sequence[str] = "split",
        row: str = "condition",
        of: Of = None,
        **how: Any,
    ) -> None:
        """Draw and keep a figure with a row per condition: where it stands at the end of training.

        Args:
            name: of the figure.
            rows: over seeds (`at_end`); all of them are kept as the figure's data.
            titles: of the panels, by the values of `by`; or the values; None: one panel shows all.
            xlabel: of all panels; the number of seeds is put behind it.
            by: the column that divides the rows among panels, or several.
            row: the column that says which row of the figure it is.
            of: whose rows.
            how: further arguments of `figures.panels.draw_rows`.
        """
        shown = _shown(rows, titles, by, row)
        figure = panels.draw_rows(shown, *self._drawn(of), f"{xlabel} ({self.n})", **how)
        self.save_figure(figure, name, rows)

    def curves_figure(
        self,
        name: str,
        rows: pd.DataFrame,
        titles: Titles | None,
        ylabel: str,
        *,
        by: str | Sequence[str] = "split",
        curve: str = "condition",
        of: Of = None,
        null: str | None = None,
        **how: Any,
    ) -> None:
        """Draw and keep a figure of curves over training.

        Args:
            name: of the figure.
            rows: over seeds (`along`): condition, step, …; all of them are kept as the figure's data.
            titles: of the panels, by the values of `by`; or the values; None: one panel shows all.
            ylabel: of all panels; the number of seeds is put behind it.
            by: the column that divides the rows among panels, or several.
            curve: the column that says which curve a row is of.
            of: whose curves.
            null: the measure of those rows of which only the means are drawn, in grey.
            how: further arguments of `figures.panels.draw_curves`.
        """
        curves = rows
        if null is not None:
            how["nulls"] = panels.panels_of(where(rows, measure=null), titles, by)
            curves = rows[rows["measure"] != null]
        shown = _shown(curves, titles, by, curve)
        figure = panels.draw_curves(shown, *self._drawn(of), f"{ylabel} ({self.n})", **how)
        self.save_figure(figure, name, rows)

    def points_figure(
        self,
        name: str,
        rows: pd.DataFrame,
        titles: Titles,
        xlabel: str | Sequence[str],
        ylabel: str,
        *,
        at: str,
        by: str | Sequence[str] = "condition",
        curve: str = "split",
        of: Of = None,
        **how: Any,
    ) -> None:
        """Draw and keep a figure of values against a number of which there are few, such as a length.

        Args:
            name: of the figure.
            rows: over seeds; all of them are kept as the figure's data.
            titles: of the panels, by the values of `by`; or the values.
            xlabel: of all panels, or one for each column of them.
            ylabel: of all panels; the number of seeds is put behind it.
            at: the column of the number that goes across.
            by: the column that divides the rows among panels, or several.
            curve: the column that says which curve a row is of.
            of: whose curves.
            how: further arguments of `figures.points.draw_points`.
        """
        shown = _shown(rows, titles, by, curve)
        figure = draw_points(shown, *self._drawn(of), xlabel, f"{ylabel} ({self.n})", at=at, **how)
        self.save_figure(figure, name, rows)

    def apart_figure(
        self,
        name: str,
        panels: Mapping[str, apart.Panel],
        *,
        curve: str = "condition",
        of: Of = None,
        **how: Any,
    ) -> None:
        """Draw and keep a figure of panels that each have axes of their own.

        Args:
            name: of the figure.
            panels: by what they show, which the column `panel` of the figure's data says.
            curve: the column that says which curve a row is of.
            of: whose curves.
            how: further arguments of `figures.apart.draw_apart`.
        """
        figure = apart.draw_apart(panels, *self._drawn(of), curve=curve, **how)
        kept = stacked({panel: its.curves for panel, its in panels.items()}, "panel")
        self.save_figure(figure, name, kept)

    def moments_figure(
        self,
        name: str,
        moments: Times,
        xlabel: str,
        *,
        of: Of = None,
        kept: pd.DataFrame | None = None,
        **how: Any,
    ) -> None:
        """Draw and keep when something happens in the runs of each condition, a row per condition.

        Args:
            name: of the figure.
            moments: times, or ratios of times.
            xlabel: of the axis.
            of: whose rows.
            kept: the figure's data by condition and seed, if they are more than the moments.
            how: further arguments of `figures.moments.draw_moments`.
        """
        figure = draw_moments(moments, *self._drawn(of), xlabel, **how)
        data = moments if kept is None else kept
        self.save_figure(figure, name, data.reset_index())

    def learning_figure(
        self, name: str, titles: Mapping[str, str], of: Of = None, **how: Any
    ) -> None:
        """Draw and keep losses (above) and accuracies (below) along training, a column per split.

        Args:
            name: of the figure.
            titles: of the splits.
            of: the conditions.
            how: further arguments of `figures.learning.plot_learning`.
        """
        drawn, labels = self._drawn(of)
        rows = where(self.measures, split=titles, condition=drawn)
        curves = learning.learning_curves(rows)
        figure = learning.plot_learning(curves, titles, drawn, labels, **how)
        self.save_figure(figure, name, curves)

    def doses_figure(
        self,
        name: str,
        rows: pd.DataFrame,
        panels: Mapping[str, str],
        curves: Mapping[str, str],
        ylabel: str,
        **how: Any,
    ) -> None:
        """Draw and keep conditions that differ from the first in one setting alone, against it.

        Args:
            name: of the figure.
            rows: over seeds (`at_end`), of all conditions.
            panels: the label of each dose's axis, by its path, `section.key`.
            curves: the name of each curve, by the split.
            ylabel: of all panels; the number of seeds is put behind it.
            how: further arguments of `figures.dose.draw_doses`.
        """
        reference = self.conditions[0]
        points = dose.over_doses(rows, self.settings, reference, panels)
        how = {"reference": reference, **how}
        figure = dose.draw_doses(points, panels, curves, f"{ylabel} ({self.n})", **how)
        self.save_figure(figure, name, points)

    def attention_figure(self, name: str, attention: pd.DataFrame, of: Of = None) -> None:
        """Draw and keep where heads look, a panel per block application, a bar per condition."""
        drawn, labels = self._drawn(of)
        figure = parts.draw_attention(where(attention, condition=drawn), drawn, labels)
        columns = ["condition", "seed", "layer", "head", "position", "value"]
        self.save_figure(figure, name, attention[columns])

    def effects_figure(
        self,
        name: str,
        effects: pd.DataFrame,
        titles: Titles,
        of: Of = None,
        attention: pd.DataFrame | None = None,
    ) -> None:
        """Draw and keep what parts write towards the right answer, a panel per split.

        With the attention of models of one block application it is drawn beside it, on the left.
        """
        shown = panels.panels_of(effects, titles, "split")
        figure = parts.draw_direct_effects(shown, *self._drawn(of), self.n, attention)
        self.save_figure(figure, name, effects)

    def parts_figure(
        self, name: str, left: pd.DataFrame, places: Iterable[tuple[str, str]]
    ) -> None:
        """Draw and keep the accuracy without each head and MLP, a panel per condition and split."""
        places = list(places)
        of_one_split = len({split for _, split in places}) == 1
        titles = {
            (condition, split): self.labels[condition] + ("" if of_one_split else f": {split}")
            for condition, split in places
        }
        shown = panels.panels_of(left, titles, ("condition", "split"))
        self.save_figure(parts.draw_without_parts(shown, self.n), name, left)

    def early_states_figure(
        self, name: str, condition: str, split: str, positions: Sequence[str]
    ) -> None:
        """Draw and keep the accuracy with states of other checkpoints, of the comparison of that name.

        Args:
            name: of the comparison and the figure.
            condition: whose runs.
            split: of the questions.
            positions: what each is called, from 0 on.
        """
        rows = where(
            self.comparisons,
            comparison=name, measure="patched_accuracy", condition=condition, split=split,
        )  # fmt: skip
        cells = over_seeds(rows, ["layer", "position", "step", "other_step"])
        label = f"accuracy ({self.n_of(condition)})"
        self.save_figure(draw_patching(cells, positions, label), name, cells)


def _shown(
    rows: pd.DataFrame, titles: Titles | None, by: str | Sequence[str], drawn: str
) -> dict[str, pd.DataFrame]:
    """The rows of each panel, in whose column `condition` stands what is drawn as one."""
    shown = {"": rows} if titles is None else panels.panels_of(rows, titles, by)
    return {title: its.assign(condition=its[drawn]) for title, its in shown.items()}
