"""Whether a model's written search comes to the goal, and in which order it tries what it could try.

A walk is judged by what a walk can do, not by what the trained search would have done (as in Gandhi et al.
2024, arXiv:2404.03683). At each fork it takes one of several new neighbours: a search that is led by where
the goal is takes the nearest more often than by chance; one that reproduces the order in which the maze was
told takes the first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import rankdata

from onset.measures.measurement import Measurement
from onset.measures.thoughts.going_on import rollouts_of_splits
from onset.models.batch import Model, Parameters
from onset.tasks.dataset import Dataset
from onset.tasks.reasoning.judging import Judged, neighbours
from onset.tasks.reasoning.mazes import distances, next_of
from onset.tasks.reasoning.reading import judge, read

NEEDS = ("written", "left", "apart")
QUANTITIES = {
    "search_reached": {"kind": "share", "label": "mazes in which the goal is reached"},
    "search_illegal": {"kind": "share", "label": "mazes in which a step is illegal"},
    "search_backs": {"kind": "count", "label": "times that the search goes back"},
    "first_right": {"kind": "share", "label": "first steps that lead to the goal"},
    "first_by_chance": {"kind": "share", "label": "the same by chance"},
    "search_excess": {"kind": "ratio", "label": "tokens of the walk / steps needed"},
    "nearest_taken": {"kind": "share", "label": "forks at which the nearest is taken"},
    "nearest_by_chance": {"kind": "share", "label": "the same by chance"},
    "told_first_taken": {"kind": "share", "label": "forks at which the first told is taken"},
    "told_first_by_chance": {"kind": "share", "label": "the same by chance"},
    "true_order": {"kind": "cosine", "label": "choices at forks against true distances"},
    "guessed_order": {"kind": "cosine", "label": "choices at forks against guessed distances"},
    "told_order": {"kind": "cosine", "label": "choices at forks against the order of telling"},
}


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """In rollouts, per held-out split but for validation parts; a walk counts up to the goal, or up to the
    first token that no walk can have there:

    * `first_right`: of the mazes in which several cells are next to the start, the fraction in which the
      first step brings the walk nearer to the goal, and `first_by_chance`, what a random one of them would
      give; both also by the number of steps from start to goal (`component`). Missing where there are none;
      where no more than the first step is asked for, this is all;
    * `search_reached`: fraction of mazes in which the goal is reached; also by the number of steps;
    * `search_illegal`: fraction in which a token is illegal;
    * `search_backs`: how often a walk goes back, mean;
    * `search_excess`: tokens of a walk over the least number of steps, mean of those that reach the goal;
      missing where none does;
    * `nearest_taken`, `told_first_taken`: over all forks, fraction at which the walk takes a neighbour that
      is nearest to the goal, or the one that was told first; beside each, what a random choice would give.
      Missing where there are no forks;
    * `true_order`, `guessed_order`, `told_order`: over all neighbours that walks could take at their forks,
      correlation of whether one is taken with how near it is to the goal, as a rank within the fork, by
      true steps and by steps as if there were no walls; or with how early it was told. 0 for a random
      choice; missing where no two ranks differ.
    """
    for name, found in rollouts_of_splits(model, parameters, dataset).items():
        split = dataset.splits[name]
        if "left" not in split.truth:
            continue
        apart, length = split.truth["apart"], int(split.truth["written"][0].sum())
        left = _distances(dataset, found)
        several, right, by_chance = _first_steps(dataset, found, left)
        for measured, its in (("first_right", right), ("first_by_chance", by_chance)):
            yield from _by_steps(measured, name, its[several], apart[several])
        if length == 1:
            continue
        walks = walks_of(dataset, found)
        reached = np.array([its.reached for its in walks])
        legal = np.array([its.legal for its in walks])
        yield from _by_steps("search_reached", name, reached, apart)
        yield Measurement("search_illegal", float((~reached & (legal < length)).mean()), name)
        yield Measurement("search_backs", float(np.mean([its.n_back for its in walks])), name)
        if n := int(reached.sum()):
            excess = float((legal / apart)[reached].mean())
            yield Measurement("search_excess", excess, name, n_examples=n)
        yield from _at_forks(name, walks, left)
        steps = {"true": left}
        if "guessed" in split.truth:
            steps["guessed"] = split.truth["guessed"]
        yield from _orders(name, walks, steps)


def _by_steps(
    measured: str,
    name: str,
    of_mazes: Bool[np.ndarray, " mazes"] | Float[np.ndarray, " mazes"],
    apart: Int[np.ndarray, " mazes"],
) -> Iterator[Measurement]:
    """The mean over all mazes, and over those with start and goal so many steps apart."""
    if len(of_mazes):
        n = len(of_mazes)
        yield Measurement(measured, float(of_mazes.mean()), name, n_examples=n)
    for steps in np.unique(apart).tolist():
        its = of_mazes[apart == steps]
        yield Measurement(measured, float(its.mean()), name, component=steps, n_examples=len(its))


def _first_steps(
    dataset: Dataset, found: Int[np.ndarray, "mazes length"], left: Int[np.ndarray, "mazes cells"]
) -> tuple[Bool[np.ndarray, " mazes"], Bool[np.ndarray, " mazes"], Float[np.ndarray, " mazes"]]:
    """Whether there are several, whether the one taken brings nearer, and how often a random one would."""
    several, right, by_chance = [], [], []
    for tokens, its in zip(found, left, strict=True):
        asked = read(dataset.n_tokens, tokens)
        beside = np.array(neighbours(asked.edges, asked.start))
        nearer = its[beside] < its[asked.start]
        several.append(len(beside) > 1)
        right.append(asked.walk[0] in beside[nearer])
        by_chance.append(nearer.mean())
    return np.array(several), np.array(right), np.array(by_chance)


def walks_of(dataset: Dataset, found: Int[np.ndarray, "mazes length"]) -> list[Judged]:
    """What can be said of walks that a model has written."""
    return [judge(dataset.n_tokens, tokens) for tokens in found]


def _distances(
    dataset: Dataset, found: Int[np.ndarray, "mazes length"]
) -> Int[np.ndarray, "mazes cells"]:
    """From each cell to the goal."""
    asked = [read(dataset.n_tokens, tokens) for tokens in found]
    following = next_of(np.array([its.edges for its in asked]), dataset.n_tokens)
    return distances(following, np.array([its.goal for its in asked]))


def _at_forks(
    name: str, walks: Sequence[Judged], left: Int[np.ndarray, "mazes cells"]
) -> Iterator[Measurement]:
    taken: dict[str, list[bool]] = {"nearest": [], "told_first": []}
    by_chance: dict[str, list[float]] = {"nearest": [], "told_first": []}
    for walk, its in zip(walks, left, strict=True):
        for fork in walk.forks:
            cells = [*fork.cells]
            near = its[cells] == its[cells].min()
            taken["nearest"].append(bool(near[cells.index(fork.taken)]))
            by_chance["nearest"].append(float(near.mean()))
            taken["told_first"].append(fork.taken == cells[0])
            by_chance["told_first"].append(1 / len(cells))
    for measured, its in taken.items():
        if its:
            for kind, values in (("taken", its), ("by_chance", by_chance[measured])):
                value = float(np.mean(values))
                yield Measurement(f"{measured}_{kind}", value, name, n_examples=len(its))


def _orders(
    name: str, walks: Sequence[Judged], steps: Mapping[str, Int[np.ndarray, "mazes cells"]]
) -> Iterator[Measurement]:
    forks = [(maze, fork) for maze, walk in enumerate(walks) for fork in walk.forks]
    if not forks:
        return
    taken = np.concatenate([_ranks(np.equal(fork.cells, fork.taken)) for _, fork in forks])
    orders = {
        kind: [_ranks(-its[maze][[*fork.cells]]) for maze, fork in forks]
        for kind, its in steps.items()
    }
    orders["told"] = [_ranks(-np.arange(len(fork.cells))) for _, fork in forks]
    for kind, of_forks in orders.items():
        ranks = np.concatenate(of_forks)
        if ranks.any():
            value = float(np.corrcoef(ranks, taken)[0, 1])
            yield Measurement(f"{kind}_order", value, name, n_examples=len(forks))


def _ranks(values: np.ndarray) -> Float[np.ndarray, " cells"]:
    """Of one fork, around their mean."""
    found = rankdata(values)
    return found - found.mean()
