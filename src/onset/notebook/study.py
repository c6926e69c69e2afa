"""A study as used in its notebook: rows of measurements, figures, tables, verdicts, models to ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

import pandas as pd

from onset.latex import tabular
from onset.notebook.figures import Of, StudyFigures
from onset.notebook.predictions import Predicted, predictions_cells
from onset.notebook.summary_table import MeanOf, summary_cells
from onset.statistics.claims import ClaimError, failures
from onset.statistics.means import Means
from onset.statistics.seeds import Summary, summary_of_rows, summary_of_seeds
from onset.statistics.times import estimate

_Found = Summary | pd.Series | pd.DataFrame | None


@dataclass(frozen=True)
class NotebookStudy(StudyFigures):
    """All runs of a study, and what a notebook makes of them."""

    smoke: bool = False
    """whether its numbers are those of a smoke run, which mean nothing"""

    quoted: tuple[str, ...] = ()
    """other studies whose means may be set beside its own: those under `quotes` that are run, too"""

    saved: dict[str, str] = field(default_factory=dict)
    """the numbers, from when on they are saved"""

    def save_numbers(self, numbers: Mapping[str, str]) -> None:
        super().save_numbers(numbers)
        self.saved.update(numbers)

    def holds(self, *claims: str) -> None:
        """What the text above claims: nothing is shown while it is so, and a line for what isn't.

        Args:
            claims: as `onset.statistics.claims` has them, of means in the summary and of saved numbers; one
                may be of a condition that isn't run.
        """
        if self.smoke:
            return
        for claim in claims:
            try:
                for said in failures([claim], self.saved, self._means, self.folder.name):
                    print(f"The text above doesn't hold with these settings: {said}")
            except ClaimError as error:
                print(f"The text above can't be checked with these settings: {claim}: {error}")

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
        self,
        name: str,
        columns: Mapping[str, MeanOf],
        of: Of = None,
        more: Mapping[str, pd.DataFrame] | None = None,
    ) -> pd.DataFrame:
        """A table with a row per condition and means at the end of training, from `summary.csv`.

        Args:
            name: of the table.
            columns: heading → which mean.
            of: the conditions; their variants follow them.
            more: heading → means that the summary hasn't (condition, mean, low, high), such as differences.
        """
        drawn, labels = self._drawn(of)
        rows = {name: labels[name] for name in (*drawn, *self.variants_of(drawn))}
        return self.table(name, summary_cells(self.summary, columns, rows, more))

    def predictions_table(
        self,
        name: str,
        rows: pd.DataFrame,
        splits: Iterable[str],
        predicted: Iterable[Predicted],
    ) -> pd.DataFrame:
        """A table of what was predicted of a replaced state, beside what it does.

        Args:
            name: of the table.
            rows: of `mechanism.follows_donor`, with the columns that predictions name.
            splits: of the questions.
            predicted: the predictions, in the order of the rows.
        """
        return self.table(name, predictions_cells(rows, splits, predicted, self.labels))

    def verdict(self, ours: Mapping[str, _Found] = MappingProxyType({})) -> pd.DataFrame:
        """Set what we find beside what the literature says, and keep it as `reference.csv`.

        Args:
            ours: by the names under `reference` in the study's file, mean and interval, or what they are
                of: one value per seed, rows of one measurement per seed, or times. None, or nothing, where
                it wasn't run. What names a mean under `ours` there is looked up.

        Raises:
            ValueError: there is no such name.
        """
        if lost := [name for name in ours if name not in self.reference]:
            there = ", ".join(self.reference) or "none"
            raise ValueError(
                f"nothing published is called {lost[0]!r} under `reference` in the study's file "
                f"(there are: {there})"
            )
        found = {
            name: self._mean(told["ours"]) if told["ours"] else _summary(ours.get(name))
            for name, told in self.reference.items()
        }
        found = {name: its for name, its in found.items() if its is not None}
        return self.save_reference({name: self.reference[name] for name in found}, found)

    def next_to(self, study: str, rows: Mapping[str, tuple[str, str]]) -> pd.DataFrame:
        """Means of another study and its own, one next to the other.

        Args:
            study: the other one, under `quotes` in the study's file.
            rows: what is compared → the other's mean and its own, `condition/split/quantity`.

        Returns:
            The columns `finding`, the other study's name and its own name: texts, empty where there is no
            such mean, as there is none of a study that isn't run.
        """
        path = self.folder.parent / study / "summary.csv"
        other = Means.of_summary(path) if study in self.quoted else {}
        means = [(other.get(its), self._means.get(own)) for its, own in rows.values()]
        said = [[its.in_words if its else "" for its in both] for both in means]
        table = pd.DataFrame(said, columns=[study, self.folder.name])
        table.insert(0, "finding", list(rows))
        return table

    def _mean(self, name: str) -> Summary | None:
        """Of `summary.csv`; None where the condition isn't run."""
        its = self._means.get(name)
        return Summary(its.mean, its.low, its.high) if its else None

    @cached_property
    def _means(self) -> Means:
        return Means.of_summary(self.folder / "summary.csv")

    def ask(self, text: str, condition: str | None = None, step: int | None = None) -> pd.DataFrame:
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
        return {path.split(".")[-1]: f"{self.setting(path, condition):g}" for path in paths}


def _summary(found: _Found) -> Summary | None:
    if isinstance(found, pd.DataFrame) and "before" in found:
        return estimate(found).summary if len(found) else None
    if isinstance(found, pd.DataFrame):
        return summary_of_rows(found)
    if isinstance(found, pd.Series):
        return summary_of_seeds(found) if len(found) else None
    return found
