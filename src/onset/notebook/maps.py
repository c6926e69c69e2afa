"""The maps of a study with a sweep: grids over two settings through a base point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from onset.figures.dose import Settings, differences, doses_of
from onset.figures.heat import Map, Pair, cells_of, draw_maps, grids_of, said, value_of
from onset.notebook.study import NotebookStudy
from onset.statistics.windows import Window, window


@dataclass(frozen=True)
class Maps:
    """All maps of a study."""

    study: NotebookStudy
    base: str
    """the condition through which all maps go"""
    dose: str
    """the setting (`section.key`) that is across where a map has it"""
    names: Mapping[str, str]
    """of settings; others are called by their keys"""

    @property
    def settings(self) -> Mapping[str, Settings]:
        return self.study.settings

    @cached_property
    def grids(self) -> dict[Pair, dict]:
        return grids_of(self.settings, self.base)

    def name(self, path: str) -> str:
        return self.names.get(path, path.split(".")[1].replace("_", " "))

    def axes(self, pair: Pair) -> Pair:
        """What goes up, and what goes across."""
        return pair[::-1] if pair[0] == self.dose else pair

    @property
    def along_dose(self) -> list[Pair]:
        return [pair for pair in self.grids if self.dose in pair]

    def cells(self, pair: Pair, numbers: pd.DataFrame) -> pd.DataFrame:
        """A map's cells (`figures.heat.cells_of`)."""
        return cells_of(pair, self.grids[pair], numbers)

    def what_was_run(self) -> pd.DataFrame:
        """A row per map: its points, and the values of its settings."""
        rows = {}
        for pair, points in self.grids.items():
            up, across = self.axes(pair)
            values = {
                end: ", ".join(
                    map(said, sorted({point[pair.index(path)] for point in points.values()}))
                )
                for end, path in (("up", up), ("across", across))
            }
            rows[f"{self.name(up)} × {self.name(across)}"] = {"points": len(points), **values}
        return pd.DataFrame(rows).T

    def heat_figure(
        self, name: str, shown: Sequence[tuple[str, Pair, pd.DataFrame]], level: float, scale: str
    ) -> None:
        """Draw and keep maps.

        Args:
            name: of the figure.
            shown: title, which map, and the numbers in its cells.
            level: cells of which every seed reaches it are framed.
            scale: what the colours say; the number of seeds is put behind it.
        """
        maps = [
            Map(title, self.cells(pair, numbers), *self.axes(pair)[::-1])
            for title, pair, numbers in shown
        ]
        figure = draw_maps(maps, self.name, level, f"{scale} ({self.study.n})")
        cells = [its.cells if its.title else _of_map(its) for its in maps]
        self.study.save_figure(figure, name, pd.concat(cells))

    def windows(self, numbers: pd.DataFrame, validated: pd.DataFrame, level: float) -> list[Window]:
        """Of each row of each map along the dose; the base point's own row once."""
        best = validated.set_index("condition")["mean"]
        found = []
        for pair in self.along_dose:
            up, _ = self.axes(pair)
            for value, row in self.cells(pair, numbers).groupby(up):
                again = (
                    found
                    and found[0].setting != up
                    and value == value_of(self.settings[self.base], up)
                )
                if len(row) > 1 and not again:
                    found.append(window(row, best, self.dose, up, level))
        return found

    def in_words(self, paths_without: str = "task.") -> dict[str, str]:
        """What sets each condition apart from the base, of those that differ in no such setting."""
        apart = {
            n: sorted(differences(self.settings[self.base], its))
            for n, its in self.settings.items()
        }
        return {
            name: ", ".join(
                f"{self.name(p)} {said(value_of(self.settings[name], p))}" for p in paths
            )
            or self.study.labels[self.base]
            for name, paths in apart.items()
            if not any(path.startswith(paths_without) for path in paths)
        }

    def extremes(self, numbers: pd.DataFrame) -> pd.DataFrame:
        """Where one setting alone is changed at the base point: its lowest and its highest value.

        Returns:
            key (of the setting), end (lowest, highest), at (the value, in words), and the columns of
            `numbers`.
        """
        paths = sorted({*self.names, *(path for pair in self.grids for path in pair)})
        rows = []
        for path in paths:
            doses = doses_of(self.settings, self.base, *path.split("."))
            for end, name in (
                ("lowest", min(doses, key=doses.get)),
                ("highest", max(doses, key=doses.get)),
            ):
                at = said(value_of(self.settings[name], path))
                rows.append({"key": path.split(".")[1], "end": end, "at": at, "condition": name})
        return pd.DataFrame(rows).merge(numbers, on="condition")


def _of_map(its: Map) -> pd.DataFrame:
    """Its cells, with the column `map` in front: no title tells them from those of others."""
    cells = its.cells.copy()
    cells.insert(0, "map", f"{its.up} × {its.across}")
    return cells
