"""All runs of a study, and what is made from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from onset.figures.save import save_figure, save_table
from onset.latex.markup import check_table, numbers_json
from onset.runs.artefacts import checksum
from onset.runs.run import Run
from onset.statistics.agreement import agrees
from onset.statistics.compared import as_measures, stacked
from onset.statistics.quantities import Quantity, described, quantities_in
from onset.statistics.seeds import Summary
from onset.statistics.wording import VERDICTS
from onset.store.atomic import write_text
from onset.store.records import check, damaged
from onset.store.tables import load_table

_SAID = ("quantity", "published", "source", "set_up", "value", "border")
"""columns of `reference.csv` that are the literature's"""


@dataclass(frozen=True)
class Study:
    """All runs of a study."""

    folder: Path
    conditions: Sequence[str]
    seeds: Sequence[int]
    code: str = "by hand"
    """fingerprint of the code that reads the study, for the provenance of figures"""
    analysed: Sequence[str] = ()
    """the conditions that are looked at more closely"""
    extra_seeds: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """seeds that single conditions are run with beside"""
    compared: Sequence[str] = ()
    """the comparisons"""

    def run(self, condition: str, seed: int) -> Run:
        return Run(self.folder / condition / f"seed_{seed}")

    @property
    def runs(self) -> list[Run]:
        return [
            self.run(condition, seed)
            for condition in self.conditions
            for seed in dict.fromkeys((*self.seeds, *self.extra_seeds.get(condition, ())))
        ]

    @cached_property
    def measures(self) -> pd.DataFrame:
        """The measurements of all runs: condition and seed in front, kind of quantity at the end."""
        return self._of_known_kinds(self._gathered({run: run.measures for run in self.runs}))

    @cached_property
    def analyses(self) -> pd.DataFrame:
        """What the closer looks found, in the columns of `measures`."""
        return self._of_known_kinds(self._gathered(self._looked_at))

    @property
    def measurements(self) -> pd.DataFrame:
        """All that measures, analyses and comparisons found, as runs have it, condition and seed in front.

        Of comparisons what can be averaged over seeds (`onset.statistics.compared.as_measures`).
        """
        measured = self._gathered({run: run.measures for run in self.runs})
        looked_at = self._gathered(self._looked_at)
        return stacked([measured, looked_at, as_measures(self._set_beside)])

    @property
    def compared_quantities(self) -> set[str]:
        """Names of all that comparisons found, of any checkpoint."""
        return set(self._set_beside["measure"]) if self._compared else set()

    @cached_property
    def quantities(self) -> Mapping[str, Quantity]:
        """What all that measures yields, by name: its kind, its label, and digits after the point.

        Raises:
            FileNotFoundError: not yet, for the study's runs haven't been summarised.
        """
        path = self.folder / "quantities.json"
        if not path.exists():
            raise FileNotFoundError(
                f"no {path}: to make it, when all runs have been evaluated: "
                f"snakemake --cores all {self.folder / 'summary.csv'}"
            )
        return quantities_in(path)

    def _of_known_kinds(self, table: pd.DataFrame) -> pd.DataFrame:
        return described(table, self.quantities).drop(columns="digits", errors="ignore")

    @property
    def _looked_at(self) -> dict[Run, pd.DataFrame]:
        return {run: run.analyses for run in self.runs if run.condition in self.analysed}

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        """What was found of several runs together, or of several checkpoints of one.

        `comparison`; of whom it is (`condition`, `seed`) and what it is set beside (`other_condition`,
        `other_seed`); the checkpoints, where there are several (`step`, `other_step`); and the other
        columns of `measures`. Missing is what a number isn't about.
        """
        return self._of_known_kinds(self._set_beside)

    @cached_property
    def _set_beside(self) -> pd.DataFrame:
        found = []
        for name, path in self._compared.items():
            table, origin = load_table(path)
            if origin.run != f"{self.folder.name}/comparisons/{name}":
                raise damaged(path, f"belongs to {origin.run}")
            table.insert(0, "comparison", name)
            found.append(table)
        return stacked(found)

    @property
    def _compared(self) -> dict[str, Path]:
        return {name: self.folder / "comparisons" / f"{name}.parquet" for name in self.compared}

    @property
    def _tables(self) -> list[Path]:
        """The files that measurements are read from."""
        analysed = [run for run in self.runs if run.condition in self.analysed]
        return [
            *(run.folder.measures for run in self.runs),
            *(run.folder.analyses for run in analysed),
            *self._compared.values(),
        ]

    @staticmethod
    def _gathered(tables: Mapping[Run, pd.DataFrame]) -> pd.DataFrame:
        named = []
        for run, of_run in tables.items():
            table = of_run.copy()
            table.insert(0, "condition", run.condition)
            table.insert(1, "seed", run.seed)
            named.append(table)
        return pd.concat(named, ignore_index=True) if named else pd.DataFrame()

    @cached_property
    def summary(self) -> pd.DataFrame:
        """condition, split, measure, kind, digits, n_seeds, mean, low, high at the last checkpoint."""
        path = self.folder / "summary.csv"
        check(path)
        return pd.read_csv(path, keep_default_na=False, na_values=[""])

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """What a figure of this study came from: settings, code, and inputs with their checksums."""
        first = self.seeds[0]
        return {
            "study": self.folder.name,
            "seeds": list(self.seeds),
            **({"extra_seeds": dict(self.extra_seeds)} if self.extra_seeds else {}),
            "settings": {name: self.run(name, first).settings for name in self.conditions},
            "code": self.code,
            "inputs": {str(path.relative_to(self.folder)): checksum(path) for path in self._tables},
        }

    def save_figure(self, figure: Figure, name: str, data: pd.DataFrame) -> None:
        """Save a figure of this study, with exactly the data it shows."""
        save_figure(figure, self.folder / "figures" / name, data, self.provenance)

    def save_table(self, table: pd.DataFrame, name: str, latex: str) -> None:
        """Save a table of this study, as data and as it is to be typeset.

        Raises:
            ValueError: the LaTeX is more than a tabular (`onset.latex.markup`).
        """
        check_table(latex)
        save_table(table, self.folder / "tables" / name, latex, self.provenance)

    def save_reference(
        self, published: Mapping[str, Mapping[str, Any]], ours: Mapping[str, Summary]
    ) -> pd.DataFrame:
        """Save `reference.csv`: what the literature says, what we find, and whether both agree.

        Args:
            published: name → quantity, published, source, set_up, value, border, allowed, from the study's
                file.
            ours: name → what we find of it.

        Returns:
            The table: quantity, published, source, set_up, value, border, ours, low, high, agrees.

        Raises:
            ValueError: something published has no counterpart, or the other way round.
        """
        if published.keys() != ours.keys():
            odd = sorted(published.keys() ^ ours.keys())
            raise ValueError(f"published or found, but not both: {', '.join(odd)}")
        rows = [
            (
                *(published[name][column] for column in _SAID),
                *its,
                VERDICTS[agrees(its, *published[name]["allowed"])],
            )
            for name, its in ours.items()
        ]
        table = pd.DataFrame(rows, columns=[*_SAID, "ours", "low", "high", "agrees"])
        text = table.to_csv(index=False, float_format="%.4g")
        write_text(self.folder / "reference.csv", text)
        return table

    def save_numbers(self, numbers: Mapping[str, str]) -> None:
        """Save the numbers that the paper's text quotes, as they are to be typeset.

        Raises:
            ValueError: a number, or its name, holds more of TeX than one may (`onset.latex.markup`).
        """
        write_text(self.folder / "numbers.json", numbers_json(numbers))
