"""What models of stories lose beyond the best reader without composed rules, slot by slot of what comes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from onset.notebook.study import NotebookStudy
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

_UNIT = "beyond the best without composed rules (thousandths of a nat)"


@dataclass(frozen=True, eq=False)
class SlotParts:
    """Those of some conditions, at the end of training."""

    study: NotebookStudy
    conditions: Sequence[str]

    @cached_property
    def rows(self) -> pd.DataFrame:
        """condition, slot, n_seeds, mean, low, high, …, in thousandths of a nat; those of all slots add up
        to the whole."""
        its = where(self.study.final, measure="slot_part", split="test", condition=self.conditions)
        slots = dict(enumerate(self.study.first[self.conditions[0]].dataset.names["slot"]))
        named = its.assign(slot=its["component"].map(slots), value=1000 * its["value"])
        return over_seeds(named, ["condition", "slot"])

    @property
    def means(self) -> pd.DataFrame:
        """A row per slot and a column per condition."""
        wide = self.rows.pivot(index="slot", columns="condition", values="mean")
        return wide[list(self.conditions)]

    def largest(self, n: int) -> list[str]:
        """The slots at which some condition loses most, beginning with the largest."""
        return self.means.max(axis=1).nlargest(n).index.tolist()

    def first_behind(self, n: int) -> list[str]:
        """The slots at which the first condition loses most beyond the last one."""
        means = self.means
        return (means.iloc[:, 0] - means.iloc[:, -1]).nlargest(n).index.tolist()

    def slots_figure(self, name: str, slots: Iterable[str]) -> None:
        """Draw and keep a figure with a panel per slot, of these slots."""
        slots = list(slots)
        self.study.rows_figure(
            name, where(self.rows, slot=slots), slots, _UNIT,
            by="slot", of=self.conditions, marked=0, shares=False, n_lines=2,
        )  # fmt: skip
