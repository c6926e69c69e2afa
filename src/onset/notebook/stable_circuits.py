"""How stable a circuit is: over ways to ask, and from one seed's model to another's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from onset.models.transformer.wiring import INPUTS, Edge
from onset.notebook.circuits import Circuits
from onset.statistics.compared import per_seed
from onset.statistics.named import stacked
from onset.statistics.rows import where
from onset.statistics.seeds import over_seeds

ASKED_OTHERWISE = {
    "mean": "mean values instead",
    "nothing": "nothing instead",
    "other_twins": "other twins",
    "likeness": "by divergence",
}
OTHER_SEEDS = {
    "seeds": "another seed",
    "seeds_by_chance": "null: random edges",
    "layers": "seed, by layer",
    "layers_by_chance": "null: by layer",
}
"""the same edge; any that leads from a layer into such an input of a layer; and of random edges"""
STABLE = ASKED_OTHERWISE | OTHER_SEEDS
"""ways in which edges that matter may be the same, and how figures call them"""
_TRUE, _RANDOM = "exhaustive", "chance"

Told = Callable[[Edge], Hashable]
"""what must be the same of an edge"""


@dataclass(frozen=True)
class StableCircuits:
    """The edges that matter by themselves, of all runs in which that is asked in several ways."""

    circuits: Circuits

    def same(self, *also: str) -> pd.DataFrame:
        """Edges that matter both ways, or to both seeds' models, of all that matter in one of them:
        condition, way, mean, low, high, …

        Args:
            also: conditions in which it isn't asked in several ways, and seeds are compared.
        """
        ways = self.circuits.same_edges()
        conditions = dict.fromkeys([*ways["condition"], *also])
        found = {condition: self._of_seeds(condition) for condition in conditions}
        seeds = stacked(found, "condition")
        if seeds.empty:
            return ways
        means = over_seeds(seeds, ["condition", "way"], "real")
        return pd.concat([ways, means], ignore_index=True)

    def _of_seeds(self, condition: str) -> pd.DataFrame:
        """A row per seed and way, by the jackknife over pairs of seeds: seed, way, value."""
        split = "test" if condition in self.circuits.programs else "ioi"
        scored = where(self.circuits.study.closer, condition=condition, split=split)
        matter = where(scored, measure="edges_that_matter").set_index("seed")["value"]
        rows = [
            {"way": way, "seed": one, "other_seed": other, "value": shared(*edges, told)}
            for one, other in combinations(sorted(matter.index), 2)
            for way, method, told in _WAYS
            for edges in [[self._first(scored, its, method, matter[its]) for its in (one, other)]]
        ]
        pairs = pd.DataFrame(rows, columns=["way", "seed", "other_seed", "value"])
        of_ways = [per_seed(its) for _, its in pairs.groupby("way", sort=False)]
        return pd.concat(of_ways, ignore_index=True) if of_ways else pairs

    def _first(self, scored: pd.DataFrame, seed: int, method: str, n: float) -> list[Edge]:
        """So many edges with a method's largest scores, as far as those are kept."""
        its = where(scored, seed=seed, measure=f"{method}_edge_score")
        its = its.sort_values("value", key=abs, ascending=False, kind="stable").head(int(n))
        return list(self.circuits.edges(its["condition"].iloc[0], its["component"]))


def shared(one: list[Edge], other: list[Edge], told: Told) -> float:
    """The share of two circuits' edges that are in both, if edges of which the same is told are the same:
    0 to 1. Several of them count as often as both have them."""
    first, second = (Counter(map(told, its)) for its in (one, other))
    return (first & second).total() / max((first | second).total(), 1)


def by_layer(edge: Edge) -> tuple[str, str]:
    """An edge without the numbers of its heads, which mean nothing from one model to the next."""
    return _layer(edge.writer), _layer(edge.reader)


def _layer(name: str) -> str:
    """`head 1.0 query` → `head 1 query`."""
    part, _, by = name.rpartition(" ")
    of = part if by in INPUTS else name
    return f"{of.partition('.')[0]} {by}" if by in INPUTS else of.partition(".")[0]


def _itself(edge: Edge) -> Edge:
    return edge


_WAYS = (
    ("seeds", _TRUE, _itself),
    ("seeds_by_chance", _RANDOM, _itself),
    ("layers", _TRUE, by_layer),
    ("layers_by_chance", _RANDOM, by_layer),
)
