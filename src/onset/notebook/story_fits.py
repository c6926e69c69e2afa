"""What neurons of models of stories go with, by how much: correlations, where descriptions say yes or no.

A description asks whether a neuron is active; one that is the more active the surer the model is
of a topic would have none. So each neuron's value is also correlated with each fact: that the topic is a
certain one, the slot, both, or a token. The fact is chosen on one half of the held-out stories, as for
descriptions, and the correlation taken on the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from onset.collections.neurons.activity import Opened
from onset.collections.neurons.facts import Terms, facts_of
from onset.collections.neurons.layer import Layer
from onset.collections.neurons.shown import NEXT, shown
from onset.collections.subject import Subject
from onset.notebook.story_neurons import BOTH, DESCRIBED, SLOT, TOKEN, TOPIC, described_by
from onset.notebook.study import NotebookStudy
from onset.runs.run import Run
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

LEVEL = 0.5
"""correlation from which on a neuron goes with a fact"""
_BEST = 0.1
_KINDS = {"fitting": "share", "best_tenth": "cosine"}
_SMALL = 1e-6


def fits(runs: list[Run]) -> pd.DataFrame:
    """Of all neurons, and of nulls: condition, seed, source (`trained`, or the null: `untrained`, `random`
    directions), described (of `DESCRIBED`), measure, value: `fitting`, the share that have a correlation of
    at least .5 with some fact of the kind (`n_examples`: of so many neurons); `best_tenth`, mean
    correlation of the tenth that have the largest; kind. Mean over layers."""
    rows = []
    for run in runs:
        with torch.inference_mode():
            rows += [{"condition": run.condition, "seed": run.seed, **its} for its in _fits(run)]
    by = ["condition", "seed", "source", "described", "measure"]
    groups = pd.DataFrame(rows).groupby(by, sort=False)
    numbers = groups["n_examples"].sum(min_count=1)
    found = pd.DataFrame({"value": groups["value"].mean(), "n_examples": numbers}).reset_index()
    return found.assign(kind=found["measure"].map(_KINDS))


def beside_nulls(study: NotebookStudy, fitted: pd.DataFrame) -> pd.DataFrame:
    """What `fits` has of trained models over seeds, by condition, described and measure, with a column per
    null: its mean."""
    by = ["condition", "described", "measure"]
    nulls = {its: where(fitted, source=its) for its in ("random", "untrained")}
    return study.with_controls(over_seeds(where(fitted, source="trained"), by), by, **nulls)


def _fits(run: Run) -> Iterator[dict[str, Any]]:
    subject = Subject(run.folder, trained_on=tuple(run.settings["training"]["mixture"]))
    seen = shown(subject.model, subject.dataset, subject.trained_on, subject.seed)
    facts = facts_of(seen)
    last = Opened.of(subject.model, subject.parameters(), seen)
    first = Opened.of(subject.model, subject.parameters(subject.steps[0]), seen)
    for number in range(last.n_layers):
        layer = Layer.of(seen, facts, number)
        of_sources = {
            "trained": layer.values(last),
            "untrained": layer.values(first),
            "random": layer.values(last.in_random_directions(number, subject.seed)),
        }
        for kind, named in named_by_kind(layer.terms).items():
            for source, values in of_sources.items():
                found = correlations(values, named, layer.other_half)
                told = {"source": source, "described": kind}
                best = np.sort(found)[::-1][: max(1, round(_BEST * len(found)))].mean()
                share, n = float((found >= LEVEL).mean()), len(found)
                yield {**told, "measure": "fitting", "value": share, "n_examples": n}
                yield {**told, "measure": "best_tenth", "value": float(best), "n_examples": np.nan}


def named_by_kind(terms: Terms) -> Mapping[str, Float[Tensor, "_terms places"]]:
    """The places that each fact names, by what it is a fact of; a topic and a slot that come next count as
    one of both."""
    kinds = [described_by(its.fact) for its in terms.terms]
    found = {
        kind: terms.named[torch.tensor([its == kind for its in kinds])]
        for kind in DESCRIBED
        if kind in kinds
    }
    coming = {
        fact: [i for i, its in enumerate(terms.terms) if its.fact == f"{NEXT}{fact}"]
        for fact in ("topic", "slot")
    }
    pairs = list(product(*coming.values()))
    if pairs:
        found[BOTH] = torch.stack([terms.named[i] * terms.named[j] for i, j in pairs])
    return {kind: found[kind] for kind in (TOPIC, SLOT, BOTH, TOKEN) if kind in found}


def correlations(
    values: Float[Tensor, "places neurons"],
    named: Float[Tensor, "terms places"],
    other_half: Bool[Tensor, " places"],
) -> Float[np.ndarray, " neurons"]:
    """Of each neuron with the fact that it goes with most on one half, taken on the other; 0 of a neuron
    that never varies.

    Args:
        values: of the neurons.
        named: the places of each fact.
        other_half: the places on which the correlation is taken.
    """
    chosen = _correlations(values[~other_half], named[:, ~other_half]).argmax(1)
    found = _correlations(values[other_half], named[:, other_half])
    return found[torch.arange(len(chosen)), chosen].double().cpu().numpy()


def _correlations(
    values: Float[Tensor, "some neurons"], named: Float[Tensor, "terms some"]
) -> Float[Tensor, "neurons terms"]:
    one, other = _standardised(values.float().T), _standardised(named)
    return one @ other.T / len(values)


def _standardised(rows: Float[Tensor, "rows some"]) -> Float[Tensor, "rows some"]:
    away = rows - rows.mean(1, keepdim=True)
    spread = away.square().mean(1, keepdim=True).sqrt()
    return torch.where(spread > _SMALL, away / spread.clamp(min=_SMALL), 0.0)
