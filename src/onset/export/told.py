"""What the cards of models and data say about a study, a condition and a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import yaml

from onset.runs.run import Run
from onset.runs.study import Study
from onset.statistics.means import Means, name_of
from onset.statistics.rows import COUNTED_BY
from onset.store.reading import read_json

LICENCE = "mit"


@dataclass(frozen=True)
class Told:
    """A finished run, among those of its study."""

    run: Run
    study: Study
    described: Mapping[str, Any]
    """the condition, as pages have it: `label`, `differences`, `seeds`"""

    @cached_property
    def card(self) -> Mapping[str, Any]:
        """`title`, `question` and `answer` of the study."""
        return read_json(self.study.folder / "card.json")

    @property
    def name(self) -> str:
        """A name for a repository on the hub."""
        return f"onset-{self.study.folder.name}-{self.run.condition}-seed{self.run.seed}".replace(
            "_", "-"
        )

    @property
    def place(self) -> dict[str, Any]:
        return {
            "study": self.study.folder.name,
            "condition": self.run.condition,
            "seed": self.run.seed,
        }

    @property
    def settings(self) -> str:
        """All of them, as YAML."""
        return yaml.safe_dump(self.run.settings, sort_keys=False, allow_unicode=True)

    @property
    def task(self) -> str:
        """Those of the world, as YAML."""
        return yaml.safe_dump(self.run.settings["task"], sort_keys=False, allow_unicode=True)

    @property
    def mixture(self) -> Mapping[str, float]:
        """The share of each split, or stream, in the training's batches."""
        return self.run.settings["training"]["mixture"]

    @property
    def splits(self) -> list[dict[str, Any]]:
        """What there is to say of each split of the dataset."""
        return [
            {
                "name": name,
                "n_examples": len(split),
                "trained": self.mixture.get(name, 0.0),
                "hops": getattr(split, "hops", None),
            }
            for name, split in self.run.dataset.splits.items()
        ]

    @property
    def streams(self) -> dict[str, float]:
        """The share of each stream: training data that are drawn afresh for every batch."""
        return {n: its for n, its in self.mixture.items() if n not in self.run.dataset.splits}

    def measured(self, step: int) -> list[dict[str, Any]]:
        """The measurements of the model as a whole at a step.

        Returns:
            `split`, `measure`, `label`, `value`, and the value as text (`said`); at the last step also
            `mean`: the mean over seeds with its interval, as text.
        """
        rows = self._of_the_whole[self._of_the_whole["step"] == step]
        last = step == self.run.steps[-1]
        return [self._told(its, last) for its in rows.to_dict("records")]

    @cached_property
    def _of_the_whole(self) -> pd.DataFrame:
        """Finite measurements that aren't of a layer, a head, a position or a component."""
        table = self.run.measures
        whole = table[[its for its in COUNTED_BY if its in table]].isna().all(axis=1)
        return table[whole & np.isfinite(table["value"])]

    @cached_property
    def _means(self) -> Means:
        return Means.of_summary(self.study.folder / "summary.csv")

    def _told(self, its: Mapping[str, Any], last: bool) -> dict[str, Any]:
        split = "" if pd.isna(its["split"]) else its["split"]
        quantity = self.study.quantities[its["measure"]]
        mean = self._means.get(name_of(self.run.condition, split, its["measure"]))
        return {
            "split": split,
            "measure": its["measure"],
            "label": quantity.label,
            "value": its["value"],
            "said": f"{its['value']:.{quantity.digits}f}",
            "mean": mean.in_words if last and mean else None,
        }
