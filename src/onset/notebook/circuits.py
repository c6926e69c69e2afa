"""Circuits that were found in a study's models: how good they are, how they look, and the true ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from onset.circuits.form import Circuit, known
from onset.figures.circuit_graph import edge_rows
from onset.models.transformer.wiring import LOGITS, Edge, Wiring
from onset.notebook.study import NotebookStudy
from onset.statistics.rows import named_parts, where
from onset.statistics.seeds import over_seeds, within_seeds
from onset.statistics.wording import format_interval

METHODS = {
    "exhaustive": "every edge by itself",
    "acdc": "ACDC",
    "edge_pruning": "edge pruning",
    "eap_ig": "EAP-IG",
    "eap": "EAP",
    "node_patching": "attribution by parts",
    "magnitude": "null: magnitude",
    "chance": "null: chance",
}
"""what figures call them; others are called as their modules are"""
GRADES = {
    "cpr": "CPR",
    "cmd": "CMD",
    "circuit_precision": "precision",
    "circuit_recall": "recall",
    "edges_auc": "AUC",
    "circuit_size": "edges",
    "model_runs": "runs",
}
COMPILED = "compiled"
"""all programs together, in place of a condition"""
GRADED = {
    COMPILED: "compiled (six programs)",
    "trained_induction": "trained: induction",
    "shuffled_induction": "null: shuffled induction",
    "three_layers": "three layers",
    "two_layers": "two layers",
    "untrained": "null: untrained",
}
"""whose circuits methods are graded on, and how tables call these models"""
ON_LISTS = {COMPILED, "trained_induction", "shuffled_induction"}
"""those of them that are asked about lists"""
SHOWN = {"cmd": "CMD", "circuit_precision": "precision", "circuit_recall": "recall"}
"""the grades that have a figure"""
COMPLETE = {
    "incomplete_at_random": "apart: half knocked out",
    "incomplete_at_most": "apart: at worst",
    "incomplete_elsewhere": "null: others knocked out",
    "needed_in_circuit": "edges needed",
    "needed_outside": "null: edges outside",
}
"""whether a circuit misses anything, and whether all of it is needed"""
SEARCHED = {"program_ioi": "compiled", "three_layers": "trained"}
"""where one subspace is looked for, and how figures call these models"""
FOLLOWED = {
    "aligned": "learnt",
    "aligned_placebo": "null: random subspace",
    "aligned_arbitrary": "null: arbitrary answers",
    "aligned_untrained": "null: untrained",
}
"""whose answers follow an exchanged subspace"""
WAYS = {
    "circuit": "its circuit",
    "top_examples": "its top examples",
    "all_examples": "all its examples",
    "chance": "null: shuffled circuit",
}
"""to tell where the description of a latent fails"""
_PROGRAM = "program_"  # with which the names of such conditions begin
_TRUE = "exhaustive"
_OF_METHOD = rf"(?P<method>[a-z_]+?)_(?P<quantity>{'|'.join(GRADES)})"


@dataclass(frozen=True)
class Circuits:
    """Of all runs whose edges were scored."""

    study: NotebookStudy

    # ---- grades -----------------------------------------------------------------------------

    @property
    def programs(self) -> list[str]:
        """The conditions whose models are compiled."""
        return [name for name in self.study.conditions if name.startswith(_PROGRAM)]

    @cached_property
    def methods(self) -> dict[str, str]:
        """Those that were graded, the ones that figures have a name for first, and what they are called."""
        there = set(self._graded["method"])
        return {
            **{name: its for name, its in METHODS.items() if name in there},
            **{name: name for name in sorted(there - METHODS.keys())},
        }

    @cached_property
    def _graded(self) -> pd.DataFrame:
        rows = self.study.closer
        return named_parts(rows[rows["component"].isna()], "measure", _OF_METHOD)

    def grades(self) -> pd.DataFrame:
        """Over seeds, of those in `GRADED` that were run: model (a condition, or `COMPILED`: the mean over
        programs), method, quantity, mean, low, high, …"""
        found = []
        for model in GRADED:
            split = "test" if model in ON_LISTS else "ioi"
            of = self.programs if model == COMPILED else [model]
            rows = where(self._graded, condition=of, split=split)
            if len(rows):
                each = within_seeds(rows, ["method", "quantity"])
                found.append(over_seeds(each, ["method", "quantity"]).assign(model=model))
        return pd.concat(found, ignore_index=True)

    @staticmethod
    def panels(*models: str) -> dict[tuple[str, str], str]:
        """Grade and model → title: a panel for each grade in `SHOWN`, model by model."""
        return {
            (grade, model): f"{title}: {GRADED[model].split(' (')[0]}"
            for model in models
            for grade, title in SHOWN.items()
        }

    def graded(self, quantity: str, method: str, condition: str, split: str) -> pd.Series:
        """A grade of a method, by seed."""
        told = {"method": method, "quantity": quantity}
        rows = where(self._graded, condition=condition, split=split, **told)
        return rows.set_index("seed")["value"]

    def graded_more(
        self, quantity: str, one: str, other: str, condition: str, split: str
    ) -> pd.Series:
        """By how much a grade of one method is larger than another's, by seed."""
        both = (self.graded(quantity, method, condition, split) for method in (one, other))
        return next(both) - next(both)

    def kept_by(self, method: str, share: float, condition: str, split: str) -> pd.Series:
        """The share of the lead that is kept by so much of all edges, those with the largest scores first,
        by seed."""
        rows = where(self.study.closer, condition=condition, split=split)
        n = where(rows, measure="edges_of_model")["value"].iloc[0]
        its = where(rows, measure=f"{method}_share_kept", component=round(share * n))
        return its.set_index("seed")["value"]

    def recall_on_compiled(self, method: str) -> pd.Series:
        """Of the edges that matter in compiled models, the share in a method's circuits, by seed."""
        rows = where(
            self._graded, condition=self.programs, method=method, quantity="circuit_recall"
        )  # fmt: skip
        return rows.groupby("seed")["value"].mean()

    def graded_table(self) -> pd.DataFrame:
        """The same as texts: a row per model and method, a column per grade."""
        grades = self.grades()
        digits = {"circuit_size": 0, "model_runs": 0}
        said = {
            (row.model, row.method, row.quantity): format_interval(row, digits.get(row.quantity, 2))
            for row in grades.itertuples(index=False)
        }
        rows = [
            [
                GRADED[model],
                title,
                *(said.get((model, method, quantity), "") for quantity in GRADES),
            ]
            for model in grades["model"].unique()
            for method, title in self.methods.items()
        ]
        return pd.DataFrame(rows, columns=["model", "method", *GRADES.values()])

    # ---- stability --------------------------------------------------------------------------

    def same_edges(self) -> pd.DataFrame:
        """Edges that matter both ways to ask: condition, way, mean, low, high, …"""
        rows = named_parts(self.study.closer, "measure", r"same_edges_by_(?P<way>[a-z_]+)")
        return over_seeds(rows, ["condition", "way"])

    # ---- completeness -----------------------------------------------------------------------

    def completed(self) -> pd.DataFrame:
        """How complete and how minimal EAP-IG's circuits are: condition, measure, mean, low, high, …"""
        rows = where(self.study.closer, measure=list(COMPLETE), split=["test", "ioi"])
        return over_seeds(rows, ["condition", "measure"])

    # ---- graphs -----------------------------------------------------------------------------

    def parts(self, condition: str) -> list[str]:
        """All of the model, the logits last."""
        return [*self._wiring(condition).writers, LOGITS]

    def found(self, condition: str, split: str, method: str) -> pd.DataFrame:
        """The edges of the smallest circuit tried that keeps nine tenths of the lead, with their scores, in
        the run with the first seed, as graphs take them."""
        rows = where(self.study.closer, condition=condition, split=split, seed=self._seed)
        size = where(rows, measure=f"{method}_circuit_size")["value"].iloc[0]
        its = where(rows, measure=f"{method}_edge_score")
        its = its.sort_values("value", key=abs, ascending=False, kind="stable").head(int(size))
        edges = self._wiring(condition).edges
        return edge_rows([edges[int(i)] for i in its["component"]], its["value"])

    def found_by(
        self, methods: Iterable[str], condition: str, split: str
    ) -> dict[str, pd.DataFrame]:
        """The same by several methods, by what figures call these; and of a program, the `known` one."""
        found = {self.methods[its]: self.found(condition, split, its) for its in methods}
        return found | (
            {"known": self.true(condition, split)} if condition in self.programs else {}
        )

    def true(self, condition: str, split: str) -> pd.DataFrame:
        """The edges of a program's known circuit, with what each is needed for by itself."""
        edges = self._wiring(condition).edges
        rows = where(
            self.study.closer, condition=condition, split=split, seed=self._seed,
            measure=f"{_TRUE}_edge_score",
        )  # fmt: skip
        needed = dict(zip(rows["component"].astype(int), rows["value"], strict=True))
        its = self.circuit(condition).all_edges
        chosen = [i for i, edge in enumerate(edges) if edge in its]
        return edge_rows([edges[i] for i in chosen], [needed.get(i, 0.0) for i in chosen])

    def edges(self, condition: str, numbers: Iterable[float]) -> Iterator[Edge]:
        """Those of a condition's models that measures call by number."""
        its = self._wiring(condition).edges
        return (its[int(i)] for i in numbers)

    @staticmethod
    def circuit(condition: str) -> Circuit:
        """That a program's model has."""
        return known(condition.removeprefix(_PROGRAM))

    @property
    def _seed(self) -> int:
        return self.study.seeds[0]

    def _wiring(self, condition: str) -> Wiring:
        run = self.study.first[condition]
        return Wiring.of(run.model, run.parameters())

    # ---- subspaces --------------------------------------------------------------------------

    @staticmethod
    def subspaces(ranks: Iterable[int]) -> dict[tuple[str, int], str]:
        """Model and dimensions → title: a panel for each number of dimensions, model by model."""
        return {
            (name, n): f"{title}: {n} dimension{'s' if n > 1 else ''}"
            for name, title in SEARCHED.items()
            for n in ranks
        }

    def followed(self, rank: int, layer: int, condition: str, split: str) -> pd.Series:
        """Answers that follow a learnt subspace of so many dimensions of the state before a block, by
        seed."""
        told = {"measure": "aligned", "component": rank, "layer": layer}
        its = where(self.study.closer, condition=condition, split=split, **told)
        return its.set_index("seed")["value"]

    def aligned(self) -> pd.DataFrame:
        """Answers that follow an exchanged subspace, of the models in `SEARCHED`: condition, rank, layer,
        measure, mean, low, …"""
        rows = where(self.study.closer, condition=list(SEARCHED), split=["test", "ioi"])
        rows = rows[rows["measure"].str.startswith("aligned")]
        rows = rows.assign(rank=rows["component"].astype(int))
        return over_seeds(rows, ["condition", "rank", "layer", "measure"])

    # ---- descriptions -----------------------------------------------------------------------

    def failures(self) -> pd.DataFrame:
        """How well each way tells where descriptions of latents fail, mean over latents: way, mean, …"""
        rows = named_parts(self.study.closer, "measure", r"failures_told_by_(?P<way>[a-z_]+)")
        return over_seeds(within_seeds(rows, ["condition", "way"]), ["condition", "way"])
