"""The neurons of a study's models, as its notebook asks: what they are described by, beside nulls.

What the neuron library knows of all studies (docs/neurons.md), of some conditions of one study.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd
import torch

from onset.collections.neurons.kinds import NO_KIND, SILENT
from onset.collections.neurons.look import look
from onset.collections.neurons.rows import TRAINED
from onset.collections.neurons.shown import NEXT
from onset.collections.subject import Subject
from onset.notebook.study import NotebookStudy
from onset.runs.run import Run
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

TOPIC, SLOT, BOTH, TOKEN = "topic", "slot", "topic and slot", "token or place"
DESCRIBED = (TOPIC, SLOT, BOTH, TOKEN)
"""what clean descriptions go by"""
NULLS = {"untrained": "x", "random": "|", "shuffled": "+"}
"""neurons before training, neurons that read random directions, descriptions of other places: how they are
drawn"""
_GRAMMAR = {"slot", "rule"}
_BY = ["condition", "described"]


def described_by(kind: str) -> str:
    """What a neuron of a kind of the library is described by: of `DESCRIBED`, or `none`, or `silent`."""
    if kind in (NO_KIND, SILENT):
        return kind
    facts = {its.removeprefix(NEXT) for its in kind.split(" × ")}
    if TOPIC in facts:
        return TOPIC if facts == {TOPIC} else BOTH if facts <= {TOPIC, *_GRAMMAR} else TOKEN
    return SLOT if facts <= _GRAMMAR else TOKEN


@dataclass(frozen=True, eq=False)
class StoryNeurons:
    """Those of some conditions whose models begin with random parameters."""

    study: NotebookStudy
    conditions: tuple[str, ...]

    @cached_property
    def rows(self) -> pd.DataFrame:
        """A row per neuron, and one per null of each layer: condition, seed, and the library's columns."""
        found = []
        for run in self.study.runs_of(self.conditions):
            with torch.inference_mode():
                its = [{"condition": run.condition, "seed": run.seed, **row} for row in _look(run)]
            found += its
        return pd.DataFrame(found)

    @cached_property
    def neurons(self) -> pd.DataFrame:
        """A row per neuron at the end of training, with `described`."""
        its = self.rows[self.rows["source"] == TRAINED]
        return its.assign(described=its["kind"].map(described_by)).reset_index(drop=True)

    @cached_property
    def nulls(self) -> pd.DataFrame:
        """A row per neuron that should have no clean description: condition, seed, `null` (of `NULLS`),
        `described`."""
        its = self.rows[self.rows["source"] != TRAINED]
        each = its[["condition", "seed", "source", "kinds"]].explode("kinds", ignore_index=True)
        named = each.rename(columns={"source": "null"})
        return named.assign(described=named["kinds"].map(described_by))

    @cached_property
    def shares(self) -> pd.DataFrame:
        """Condition, seed, described, value: the share of its neurons, n_examples of them; kind; a row per
        kind of description in any case."""
        return _shares(self.neurons, ["condition", "seed"])

    @cached_property
    def shares_of_nulls(self) -> pd.DataFrame:
        """The same of each null: condition, seed, null, described, value, n_examples, kind."""
        return _shares(self.nulls, ["condition", "seed", "null"])

    def shares_beside_nulls(self) -> pd.DataFrame:
        """Shares over seeds by condition and `described`, with a column per null: its mean."""
        nulls = {its: where(self.shares_of_nulls, null=its) for its in NULLS}
        return self.study.with_controls(over_seeds(self.shares, _BY), _BY, **nulls)

    def described(self, condition: str) -> pd.DataFrame:
        """The share of neurons with any clean description over seeds, by condition; `random` is that of
        neurons that read random directions of this condition's models."""
        of_null = where(self.shares_of_nulls, condition=condition, null="random")
        every = pd.concat([self.shares, of_null.assign(condition="random")])
        of_seeds = every.groupby(["condition", "seed"], sort=False)
        sums = of_seeds.agg(value=("value", "sum"), n_examples=("n_examples", "first"))
        return over_seeds(sums.reset_index(), ["condition"], "share")

    def means(self, values: pd.Series, kind: str = "real") -> pd.DataFrame:
        """A number of each neuron, of some kind of quantity: mean by condition, seed and what clean neurons
        are described by."""
        its = self.neurons.assign(value=values)
        its = its[its["described"].isin(DESCRIBED)].dropna(subset=["value"])
        by = ["condition", "seed", "described"]
        return its.groupby(by, sort=False)["value"].mean().reset_index().assign(kind=kind)

    def congruence(self) -> pd.DataFrame:
        """How much more neurons raise the answers of the places that their descriptions name than those of
        all places, over seeds by condition and `described`; `another`: of what another neuron writes."""
        own, another = (self.means(self.neurons[f"congruence{null}"]) for null in ("", "_null"))
        return self.study.with_controls(over_seeds(own, _BY), _BY, another=another)

    def formed(self) -> pd.DataFrame:
        """When descriptions began to fit, as a part of the step at which the loss had fallen by half, over
        seeds by condition and `described`."""
        ratio = self.neurons["formed"] / self.neurons["loss_formed"]
        return over_seeds(self.means(ratio, "ratio"), _BY)

    def kinds_figure(self, name: str, rows: pd.DataFrame, xlabel: str, **how: Any) -> None:
        """Draw and keep a figure with a panel per kind of description and a row per condition.

        Args:
            name: of the figure.
            rows: over seeds by condition and `described`.
            xlabel: of all panels.
            how: further arguments of `StudyFigures.rows_figure`.
        """
        self.study.rows_figure(
            name, rows, DESCRIBED, xlabel, by="described", of=self.conditions, n_lines=2, **how
        )

    def when(self, condition: str) -> pd.DataFrame:
        """When a condition's clean descriptions began to fit: shown (the description), seed, value: the
        step, mean over the neurons that it is the description of."""
        its = self.neurons[self.neurons["condition"].eq(condition)]
        its = its[its["described"].isin(DESCRIBED)].dropna(subset=["formed"])
        found = its.groupby(["description", "seed"], sort=False)["formed"].mean()
        return found.rename_axis(index={"description": "shown"}).rename("value").reset_index()


def _look(run: Run) -> Iterator[dict[str, Any]]:
    trained_on = tuple(run.settings["training"]["mixture"])
    return look(Subject(run.folder, trained_on=trained_on))


def _shares(neurons: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    counts = neurons.groupby([*by, "described"], sort=False).size().unstack(fill_value=0)
    n = counts.sum(axis=1).rename("n_examples")
    shares = counts.div(n, axis=0).reindex(columns=[*DESCRIBED], fill_value=0.0)
    long = shares.stack().rename("value").reset_index().join(n, on=by)
    return long.assign(kind="share")
