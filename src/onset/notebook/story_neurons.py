"""The neurons of a study's models, as its notebook asks: what they are described by, and which count.

What the neuron library knows of all studies (docs/neurons.md), of some conditions of one study.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int

from onset.collections.neurons.activity import Opened
from onset.collections.neurons.kinds import NO_KIND, SILENT
from onset.collections.neurons.look import look
from onset.collections.neurons.rows import TRAINED
from onset.collections.neurons.shown import NEXT, Names, groups_of, places_of
from onset.collections.subject import Subject
from onset.models.transformer.midway import logits_at_all
from onset.notebook.study import NotebookStudy
from onset.runs.run import Run

TOPIC, SLOT, BOTH, TOKEN = "topic", "slot", "topic and slot", "token or place"
DESCRIBED = (TOPIC, SLOT, BOTH, TOKEN)
"""what clean descriptions go by"""
_GRAMMAR = {"slot", "rule"}
SPLIT = "test"


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
        """A row per neuron that should have no clean description: condition, seed, `null`, `described`."""
        its = self.rows[self.rows["source"] != TRAINED]
        each = its[["condition", "seed", "source", "kinds"]].explode("kinds", ignore_index=True)
        named = each.rename(columns={"source": "null"})
        return named.assign(described=named["kinds"].map(described_by))

    def shares(self) -> pd.DataFrame:
        """Condition, seed, described, value: the share of its neurons, n_examples of them; a row per kind
        in any case."""
        return _shares(self.neurons, ["condition", "seed"])

    def shares_of_nulls(self) -> pd.DataFrame:
        """The same of each null: condition, seed, null, described, value, n_examples."""
        return _shares(self.nulls, ["condition", "seed", "null"])

    def means(self, values: pd.Series) -> pd.DataFrame:
        """A number of each neuron, mean by condition, seed and what clean ones are described by."""
        its = self.neurons.assign(value=values)
        its = its[its["described"].isin(DESCRIBED)].dropna(subset=["value"])
        by = ["condition", "seed", "described"]
        return its.groupby(by, sort=False)["value"].mean().reset_index()

    def borne(self) -> pd.DataFrame:
        """Who carries the loss: condition, seed, described, value, number: the share of what ablations of
        single neurons cost that is borne by neurons with such a description, and their share of all. Of
        the others (`none`), what their best descriptions go by is said as `none: …`.
        """
        its, by = self.neurons, ["condition", "seed"]
        best = its["facts"].map(
            lambda facts: described_by(" × ".join(facts)) if facts is not None else NO_KIND
        )
        clean = its["described"].isin([*DESCRIBED, SILENT])
        group = its["described"].where(clean, NO_KIND + ": " + best)
        each = its.assign(group=group, cost=its["added"].clip(lower=0), one=1.0)
        sums = each.groupby([*by, "group"], sort=False)[["cost", "one"]].sum()
        shares = sums / sums.groupby(by).transform("sum")
        named = shares.rename(columns={"cost": "value", "one": "number"}).reset_index()
        return named.rename(columns={"group": "described"})

    def when(self, condition: str) -> pd.DataFrame:
        """When a condition's clean descriptions began to fit: name (the description), seed, value: the
        step, mean over the neurons that it is the description of."""
        its = self.neurons[self.neurons["condition"].eq(condition)]
        its = its[its["described"].isin(DESCRIBED)].dropna(subset=["formed"])
        found = its.groupby(["description", "seed"], sort=False)["formed"].mean()
        return found.rename_axis(index={"description": "name"}).rename("value").reset_index()

    def kept(self, condition: str, counts: Sequence[int]) -> pd.DataFrame:
        """How much of the loss is back with some neurons alone, all others at their mean.

        Args:
            condition: with one layer.
            counts: how many are kept.

        Returns:
            seed, order (`cost`, `cleanliness`, `random`), count, value: the part of the difference between
            the loss with no neuron and with all.
        """
        found = []
        for run in self.study.runs_of([condition]):
            its = self.neurons[self.neurons["condition"].eq(condition)]
            its = its[its["seed"].eq(run.seed)].sort_values("neuron")
            rng = np.random.Generator(np.random.Philox(run.seed))
            orders = {
                "cost": np.argsort(-its["added"].to_numpy(), kind="stable"),
                "cleanliness": np.argsort(-its["cleanliness"].to_numpy(), kind="stable"),
                "random": rng.permutation(len(its)),
            }
            split = run.dataset.splits[SPLIT]
            groups = groups_of(run.model, SPLIT, split, np.arange(len(split)))
            seen = places_of(groups, Names.of(run.dataset))
            opened = Opened.of(run.model, run.parameters(), seen)
            found += [{"seed": run.seed, **row} for row in parts_kept(opened, orders, counts)]
        return pd.DataFrame(found)


def _look(run: Run) -> Iterator[dict[str, Any]]:
    trained_on = tuple(run.settings["training"]["mixture"])
    return look(Subject(run.folder, trained_on=trained_on))


def _shares(neurons: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    counts = neurons.groupby([*by, "described"], sort=False).size().unstack(fill_value=0)
    n = counts.sum(axis=1).rename("n_examples")
    shares = counts.div(n, axis=0).reindex(columns=[*DESCRIBED], fill_value=0.0)
    return shares.stack().rename("value").reset_index().join(n, on=by)


def parts_kept(
    opened: Opened, orders: Mapping[str, Int[np.ndarray, " neurons"]], counts: Sequence[int]
) -> Iterator[dict[str, Any]]:
    """How much of the loss is back with the first neurons of each order: order, count, value.

    Args:
        opened: a model of one layer, shown one group of sequences.
        orders: of its neurons.
        counts: how many are kept.
    """
    with torch.inference_mode():
        (values,) = opened.neurons(0)
        (stream,) = opened.streams
        away = values - values.mean(0)
        written = opened.out_of(0).T
        # All at their mean; then some are put back.
        without = stream[1] - away @ written
        none = _loss(opened, without)
        whole = none - _loss(opened, stream[1])
        for name, order in orders.items():
            for count in counts:
                some = torch.from_numpy(order[:count].copy())
                back = without + away[..., some] @ written[some]
                value = float((none - _loss(opened, back)) / whole)
                yield {"order": name, "count": count, "value": value}


def _loss(opened: Opened, states: Float[torch.Tensor, "sequences length d_model"]) -> float:
    """Of the whole split, given the states after the only layer."""
    (group,) = opened.seen.groups
    tokens, scored = torch.from_numpy(group.tokens), list(group.questions.scored)
    logits = logits_at_all(opened.model, opened.parameters, states, tokens, 1, 1, scored)
    targets = torch.from_numpy(group.targets).flatten()
    return F.cross_entropy(logits.flatten(0, 1), targets).item()
