"""How far has a search inside a model come? Its state is exchanged with one of a search in another maze.

What a model has made of a question in one maze, after so many blocks, is put into another maze with the
same start, and it goes on there (interchange intervention, Geiger et al. 2021, arXiv:2106.02997). If it
searches breadth first from the goal (Brinkmann et al. 2024, arXiv:2402.11917: a model goes back from the
goal, a step with each layer), its state holds a frontier: all cells up to so many steps from the goal, in
the maze that it comes from. Then its answer is the first step towards the nearest of these cells, in the
maze in which it goes on: for each number of steps that the search may have come, another one. A state that
holds the goal alone has come 0 steps; one that holds the answer gives the first step of the other maze,
whatever the maze in which it goes on. Null: the state is moved as far at random.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformer_lens.model_bridge import TransformerBridge

from onset.measures.measurement import Measurement
from onset.models import inspection
from onset.models.batch import Parameters, ReadableModel
from onset.runs.token_names import numbers
from onset.tasks.dataset import Dataset
from onset.tasks.reasoning import mazes
from onset.tasks.reasoning.reading import read

NEEDS = ("written", "left", "apart", "heads")
SPLITS = ("test",)
QUANTITIES = {
    "exchanged_frontier": {"kind": "share", "label": "first steps from the other's frontier"},
    "exchanged_answer": {"kind": "share", "label": "first steps that are the other's"},
    "exchanged_own": {"kind": "share", "label": "first steps that stay"},
    "moved_frontier": {"kind": "share", "label": "from its frontier: as far at random"},
    "moved_answer": {"kind": "share", "label": "the other's: as far at random"},
    "moved_own": {"kind": "share", "label": "that stay: as far at random"},
    "exchanged_pairs": {
        "kind": "share",
        "label": "pairs of mazes that are answered right",
    },
}

_N_OTHERS = 32  # to each maze
_FARTHEST = 3  # steps of the search
_FEWEST = 10  # pairs
_QUESTION = 2  # tokens from the goal on: none before it knows the goal
_NONE = -1


class Pairs(NamedTuple):
    """Mazes, each with another one that has the same start."""

    one: Int[np.ndarray, "pairs given"]
    other: Int[np.ndarray, "pairs given"]
    own: Int[np.ndarray, " pairs"]
    """first step of the one to its goal"""
    answer: Int[np.ndarray, " pairs"]
    """of the other to its goal"""
    frontier: Int[np.ndarray, "pairs steps"]
    """in the one, towards the nearest of the cells up to so many steps from the other's goal, from 0; −1
    where there are several first steps, or the search has come to the start"""

    def told_apart(self) -> dict[tuple[str, int | None], Int[np.ndarray, " pairs"]]:
        """First steps by what is held and steps of a search; −1 where something else leads to them, too."""
        goal = self.frontier[:, 0]
        wanted: dict[tuple[str, int | None], Int[np.ndarray, " pairs"]] = {
            ("own", None): np.where(
                (self.own != goal) & (self.own != self.answer), self.own, _NONE
            ),
            ("answer", None): np.where(self.answer != goal, self.answer, _NONE),
        }
        for steps, its in enumerate(self.frontier.T):
            apart = (its != self.answer) & ((steps == 0) | (its != goal))
            wanted["frontier", steps] = np.where(apart, its, _NONE)
        return {
            key: its if key[0] == "own" else np.where(its != self.own, its, _NONE)
            for key, its in wanted.items()
        }


def analyse(
    model: ReadableModel, parameters: Parameters, dataset: Dataset, seed: int
) -> Iterator[Measurement]:
    """On pairs of mazes of `test` in which it makes a difference how far a search has come
    (`exchanged_pairs`: fraction in which first steps are right in both, and in the one to the other's goal,
    too: only these count), by number of block applications done (`layer`), from 0; each where no other of
    goal, answer and own answer leads to the same first step, and where there are ten pairs or more:

    * `exchanged_frontier` by `component`, steps that the search has come from the goal, from 0: fraction of
      the first steps that are those towards that frontier;
    * `exchanged_answer`: fraction that are those of the other maze;
    * `exchanged_own`: fraction that are the same as without an exchange;
    * `moved_frontier`, `moved_answer`, `moved_own`: where states are moved as far in a random direction.
    """
    # Not by the seed alone, whose numbers have drawn the dataset.
    rng = np.random.Generator(np.random.Philox(key=[seed, 1]))
    split = dataset.splits[SPLITS[0]]
    n_given = int(split.truth["written"][0].argmax())
    pairs = telling(paired(split.tokens[:, :n_given], dataset.n_tokens, rng))
    bridge = inspection.open_bridge(model, parameters, model.depth(split.hops))
    one, other = (_tensor(model, bridge, its) for its in (pairs.one, pairs.other))
    right = (_said(bridge, one) == pairs.own) & (_said(bridge, other) == pairs.answer)
    asked = torch.cat([one[:, :-_QUESTION], other[:, -_QUESTION:]], 1)
    right &= _said(bridge, asked) == pairs.frontier[:, 0]
    yield Measurement("exchanged_pairs", float(right.mean()), SPLITS[0], n_examples=len(right))
    if right.sum() < _FEWEST:
        return
    chosen = torch.from_numpy(right).to(one.device)
    one, other = one[chosen], other[chosen]
    wanted = Pairs(*(its[right] for its in pairs)).told_apart()
    for done in range(bridge.cfg.n_layers):
        name = f"blocks.{done}.hook_resid_pre"
        its, by = (_question(bridge, tokens, name) for tokens in (one, other))
        # Not by PyTorch's generator, whose first numbers are the model's initial embeddings.
        noise = torch.from_numpy(rng.normal(size=its.shape)).to(its)
        moved = its + noise * ((by - its).norm() / noise.norm())
        for kind, state in (("exchanged", by), ("moved", moved)):
            said = _said(bridge, one, [(name, partial(_put, state=state))])
            for (held, steps), first in wanted.items():
                known = first != _NONE
                if (n := int(known.sum())) >= _FEWEST:
                    value = float((said == first)[known].mean())
                    of = {"layer": done, "component": steps, "n_examples": n}
                    yield Measurement(f"{kind}_{held}", value, SPLITS[0], **of)


def paired(
    tokens: Int[np.ndarray, "mazes given"], n_tokens: int, rng: np.random.Generator
) -> Pairs:
    """Each maze with several others, which are asked from its start to a goal as far as any in these."""
    n = len(tokens)
    shifts = 1 + rng.permutation(n - 1)[:_N_OTHERS]
    one_of, other_of = (
        np.tile(np.arange(n), len(shifts)),
        (np.arange(n) + shifts[:, None]).ravel() % n,
    )
    one, other, every = tokens[one_of], tokens[other_of], _between(tokens, n_tokens)
    rows, start = np.arange(len(one)), one[:, -3]
    steps, other_steps = every[one_of], every[other_of]
    least = steps[rows, start, one[:, -2]].min()
    possible = other_steps[rows, start] >= least
    other[:, -3], other[:, -2] = start, (rng.random(possible.shape) * possible).argmax(1)
    left = other_steps[rows, other[:, -2]]
    beside, other_beside = (its[rows, start] == 1 for its in (steps, other_steps))
    frontier = []
    for come in range(_FARTHEST + 1):
        # Steps in the one from each cell to the nearest of those that the search has come to.
        far = np.where(((left <= come) & (left >= 0))[:, None], steps, n_tokens).min(2)
        first, alone = _nearest(far, beside)
        frontier.append(np.where(alone & (left[rows, start] > come), first, _NONE))
    own, answer = _nearest(steps[rows, :, one[:, -2]], beside)[0], _nearest(left, other_beside)[0]
    return Pairs(one, other, own, answer, np.stack(frontier, 1))


def telling(pairs: Pairs) -> Pairs:
    """Those in which goal or frontier lead to a first step that nothing else does."""
    apart = [its for (held, _), its in pairs.told_apart().items() if held == "frontier"]
    chosen = (np.stack(apart) != _NONE).any(0) & (pairs.frontier[:, 0] != _NONE)
    return Pairs(*(its[chosen] for its in pairs))


def _between(
    given: Int[np.ndarray, "mazes given"], n_tokens: int
) -> Int[np.ndarray, "mazes cells cells"]:
    """Steps from each cell to each; −1 where there is no way."""
    following = mazes.next_of(np.array([read(n_tokens, its).edges for its in given]), n_tokens)
    goals = (np.full(len(given), cell) for cell in range(n_tokens))
    return np.stack([mazes.distances(following, goal) for goal in goals], 2)


def _nearest(
    far: Int[np.ndarray, "mazes cells"], beside: np.ndarray
) -> tuple[Int[np.ndarray, " mazes"], np.ndarray]:
    """Of the cells beside the start the one that is least far, and whether there is one alone."""
    its = np.where(beside, far, np.iinfo(far.dtype).max)
    return its.argmin(1), (its == its.min(1, keepdims=True)).sum(1) == 1


def _tensor(
    model: ReadableModel, bridge: TransformerBridge, tokens: Int[np.ndarray, "pairs given"]
) -> Int[Tensor, "pairs given"]:
    return torch.from_numpy(numbers(model, tokens)).to(bridge.W_E.device)


def _said(
    bridge: TransformerBridge, tokens: Int[Tensor, "pairs given"], hooks: list | None = None
) -> Int[np.ndarray, " pairs"]:
    logits = bridge.run_with_hooks(tokens, fwd_hooks=hooks or [])
    return logits[:, -1].argmax(-1).numpy(force=True)


def _question(
    bridge: TransformerBridge, tokens: Int[Tensor, "pairs given"], name: str
) -> Float[Tensor, "pairs question d_model"]:
    """What is made of it at a hook."""
    _, kept = bridge.run_with_cache(tokens, names_filter=[name])
    return kept[name][:, -_QUESTION:]


def _put(value: Tensor, hook: object, state: Tensor) -> Tensor:
    value = value.clone()
    value[:, -_QUESTION:] = state
    return value
