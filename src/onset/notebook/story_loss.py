"""Which neurons of models of stories carry the loss, as the notebook asks.

Both ways: what ablations of single neurons cost, and how much is back with some neurons alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from jaxtyping import Float, Int

from onset.collections.neurons.activity import Opened
from onset.collections.neurons.kinds import NO_KIND, SILENT
from onset.collections.neurons.shown import Names, groups_of, places_of
from onset.models.transformer.midway import logits_at_all
from onset.notebook.story_neurons import DESCRIBED, StoryNeurons, described_by
from onset.notebook.study import NotebookStudy
from onset.runs.run import Run
from onset.statistics.seeds import over_seeds

SPLIT = "test"
ORDERS = {"cost": "by cost", "cleanliness": "by cleanliness", "random": "at random (null)"}
"""in which neurons are kept, and what figures call it"""


def borne(neurons: pd.DataFrame) -> pd.DataFrame:
    """Who bears what ablations of single neurons cost.

    Args:
        neurons: rows of the library, with condition, seed and `described`.

    Returns:
        condition, seed, described, value (the share of all costs that is borne by neurons with such a
        description), number (their share of all neurons), kind. Of those without a clean one, what the best
        goes by is said as `none: …`.
    """
    by = ["condition", "seed"]
    best = neurons["facts"].map(
        lambda facts: described_by(" × ".join(facts)) if facts is not None else NO_KIND
    )
    clean = neurons["described"].isin([*DESCRIBED, SILENT])
    group = neurons["described"].where(clean, NO_KIND + ": " + best)
    each = neurons.assign(group=group, cost=neurons["added"].clip(lower=0), one=1.0)
    sums = each.groupby([*by, "group"], sort=False)[["cost", "one"]].sum()
    shares = sums / sums.groupby(by).transform("sum")
    named = shares.rename(columns={"cost": "value", "one": "number"}).reset_index()
    return named.rename(columns={"group": "described"}).assign(kind="share")


def carried(study: NotebookStudy, of_all: pd.DataFrame) -> pd.DataFrame:
    """The same over seeds by condition and described, with the number's mean as the column `number`.

    Args:
        study: whose models.
        of_all: as `borne` has them.
    """
    by = ["condition", "described"]
    number = of_all.assign(value=of_all["number"])
    return study.with_controls(over_seeds(of_all, by), by, number=number)


def borne_by_clean(of_all: pd.DataFrame) -> pd.DataFrame:
    """The same of all clean neurons together, over seeds: what (`cost`, or `number`), mean, low, high, …

    Args:
        of_all: as `borne` has them, of one condition.
    """
    clean = of_all[of_all["described"].isin(DESCRIBED)]
    sums = clean.groupby("seed")[["value", "number"]].sum().reset_index()
    each = sums.rename(columns={"value": "cost"}).melt("seed", var_name="what")
    return over_seeds(each, ["what"], "share")


def loss_back(
    library: StoryNeurons, conditions: Iterable[str], counts: Sequence[int]
) -> pd.DataFrame:
    """What `kept` finds, over seeds by condition, order and count."""
    return over_seeds(kept(library, conditions, counts), ["condition", "order", "count"])


def parts_of(n: int) -> list[int]:
    """How many neurons are an eighth of n, a quarter, half, all: one at least, and each number once."""
    return sorted({max(1, n // part) for part in (8, 4, 2, 1)})


def kept(library: StoryNeurons, conditions: Iterable[str], counts: Sequence[int]) -> pd.DataFrame:
    """How much of the loss is back with some neurons alone, all others at their mean.

    Args:
        library: of all neurons.
        conditions: with one layer.
        counts: how many are kept.

    Returns:
        condition, seed, order (of `ORDERS`), count, value: the part of the difference between the loss with
        no neuron and with all; kind.
    """
    found = []
    for run in library.study.runs_of(conditions):
        its = library.neurons
        its = its[its["condition"].eq(run.condition) & its["seed"].eq(run.seed)]
        told = {"condition": run.condition, "seed": run.seed}
        found += [{**told, **row} for row in _kept(run, its.sort_values("neuron"), counts)]
    return pd.DataFrame(found).assign(kind="explained")


def _kept(run: Run, neurons: pd.DataFrame, counts: Sequence[int]) -> Iterator[dict[str, Any]]:
    rng = np.random.Generator(np.random.Philox(run.seed))
    orders = {
        "cost": np.argsort(-neurons["added"].to_numpy(), kind="stable"),
        "cleanliness": np.argsort(-neurons["cleanliness"].to_numpy(), kind="stable"),
        "random": rng.permutation(len(neurons)),
    }
    split = run.dataset.splits[SPLIT]
    groups = groups_of(run.model, SPLIT, split, np.arange(len(split)))
    seen = places_of(groups, Names.of(run.dataset))
    yield from parts_kept(Opened.of(run.model, run.parameters(), seen), orders, counts)


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
