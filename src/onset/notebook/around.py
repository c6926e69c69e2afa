"""One setting at a time around conditions that are compared: which there are, and how they do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from onset.figures.around import draw_around
from onset.figures.dose import differences
from onset.figures.heat import said, value_of
from onset.figures.style import styles
from onset.notebook.study import NotebookStudy
from onset.statistics.wording import format_interval

Paths = str | Sequence[str]
"""settings (`section.key`) that change together; the first one's value is said"""
Doses = Mapping[str, Paths | Mapping[str, Paths]]
"""what a setting is called → the setting; or, where sides differ in another one, that of each side"""
Others = Mapping[str, Mapping[str, Mapping[str, str]]]
"""the same for what is no number: what it is called → value, in words → condition by side"""


@dataclass(frozen=True)
class Around:
    """The conditions that differ from a base in one setting, on each of two or more sides."""

    study: NotebookStudy
    bases: Mapping[str, str]
    """side → the condition around which its others are"""
    doses: Doses
    others: Others

    @property
    def conditions(self) -> pd.DataFrame:
        """A row per condition: group (the setting), row (its value, in words), side, condition, base.

        Values are in order; a base stands among them unless another condition has its value.
        """
        found = []
        for group, doses in self.doses.items():
            rows = [its for side in self.bases for its in self._of_side(group, side, doses)]
            found += sorted(rows, key=lambda its: its.pop("value"))
        for group, rows in self.others.items():
            found += [
                self._row(group, row, side, name)
                for row, of_sides in rows.items()
                for side, name in of_sides.items()
                if self.study.there(name)
            ]
        return pd.DataFrame(found)

    def _of_side(
        self, group: str, side: str, doses: Paths | Mapping[str, Paths]
    ) -> list[dict[str, Any]]:
        its = doses[side] if isinstance(doses, Mapping) else doses
        paths = [its] if isinstance(its, str) else list(its)
        settings, base = self.study.settings, self.bases[side]
        apart = {name: differences(settings[base], of) for name, of in settings.items()}
        varied = {
            name: value_of(settings[name], paths[0])
            for name, keys in apart.items()
            if keys and keys <= set(paths)
        }
        own = value_of(settings[base], paths[0])
        here = varied if own in varied.values() else {base: own, **varied}
        if not varied:
            return []
        return [
            self._row(group, said(value), side, name) | {"value": value}
            for name, value in here.items()
        ]

    def _row(self, group: str, row: str, side: str, name: str) -> dict[str, Any]:
        base = name in self.bases.values()
        return {"group": group, "row": row, "side": side, "condition": name, "base": base}

    def in_nothing_but(self, side: str, settings: Mapping[str, str]) -> pd.DataFrame:
        """The base of a side, and what differs from it in some of these settings and in nothing else.

        Args:
            side: whose base.
            settings: what each is called → its path.

        Returns:
            Columns condition, changed (`width`, `entities and width`; empty for the base), and the value
            of each setting under its name.
        """
        base = self.study.settings[self.bases[side]]
        found = []
        for name, its in self.study.settings.items():
            keys = differences(base, its)
            if keys <= set(settings.values()):
                changed = " and ".join(word for word, path in settings.items() if path in keys)
                values = {word: value_of(its, path) for word, path in settings.items()}
                found.append({"condition": name, "changed": changed, **values})
        return pd.DataFrame(found)

    def rows(self, numbers: pd.DataFrame) -> pd.DataFrame:
        """Those of `conditions` with what was measured: question, mean, low, high, `seed_N`.

        Args:
            numbers: over seeds, by condition and question.
        """
        return self.conditions.merge(numbers, on="condition")

    def map_figure(
        self, name: str, rows: pd.DataFrame, questions: Mapping[str, str], labels: Mapping[str, str],
        xlabel: str,
    ) -> None:  # fmt: skip
        """Draw and keep them (`figures.around`).

        Args:
            name: of the figure.
            rows: of `rows`.
            questions: the splits, with what they are called.
            labels: of the sides.
            xlabel: of all panels; the number of seeds is put behind it.
        """
        figure = draw_around(
            rows, questions, styles(self.bases), labels, f"{xlabel} ({self.study.n})"
        )
        self.study.save_figure(figure, name, rows)

    @staticmethod
    def cells(
        rows: pd.DataFrame, questions: Sequence[str], labels: Mapping[str, str]
    ) -> pd.DataFrame:
        """A line per setting and value, a column per side and question: mean and interval."""
        cells = rows.assign(
            said=[format_interval(its) for its in rows.itertuples()],
            at=rows["side"].map(labels) + ", " + rows["question"],
        )
        wide = cells.pivot(index=["group", "row"], columns="at", values="said").fillna("")
        order = list(dict.fromkeys(zip(rows["group"], rows["row"], strict=True)))
        columns = [f"{label}, {question}" for label in labels.values() for question in questions]
        wide = wide.loc[order, [its for its in columns if its in wide]].reset_index()
        return wide.rename(columns={"group": "setting", "row": "value"})

    def sides_of(self, rows: pd.DataFrame, level: float) -> pd.DataFrame:
        """On which side of a level the interval of each lies, in words: bases left out.

        Args:
            rows: of one question.
            level: above it, below it, or open, where it lies within the interval.

        Returns:
            Columns side, end (`above`, `below`, `open`), n, of, said: `entities 50, 200; width 32`.
        """
        tried = rows[~rows["base"]].drop_duplicates(["side", "condition"])
        found = []
        for side in self.bases:
            its = tried[tried["side"] == side]
            ends = {
                "above": its["low"] > level,
                "below": its["high"] < level,
                "open": (its["low"] <= level) & (its["high"] >= level),
            }
            found += [
                {"side": side, "end": end, "n": str(chosen.sum()), "of": str(len(its)),
                 "said": _said(its[chosen])}
                for end, chosen in ends.items()
            ]  # fmt: skip
        return pd.DataFrame(found)


def _said(rows: pd.DataFrame) -> str:
    groups = rows.groupby("group", sort=False)["row"]
    return "; ".join(f"{group}: {', '.join(its)}" for group, its in groups) or "none"
