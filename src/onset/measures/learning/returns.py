"""How often a model that walks in dark rooms itself comes to where it is light, episode by episode.

Beside it the learner whose histories it has seen, at that learner's own pace and at the pace at which it
was shown, and a random walk.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float, Int

from onset.measures.measurement import Measurement
from onset.models.batch import Model, Parameters
from onset.models.rollouts import rollout
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.learning.dark_room import answers, room_of, walks_of
from onset.tasks.learning.rooms import MOVES, Room, Walks, walked

NEEDS = ("written", "goal")
QUANTITIES = {
    "return": {"kind": "share", "label": "steps in the light"},
    "source_return": {"kind": "share", "label": "steps in the light, Q-learning"},
    "shown_return": {"kind": "share", "label": "steps in the light, as shown"},
    "random_return": {"kind": "share", "label": "steps in the light, random walk"},
    "after_found": {
        "kind": "share",
        "label": "steps in the light, the episode after the first light",
    },
    "no_move": {"kind": "share", "label": "moves that there aren't"},
}

_SEED = 0  # of the draws


def measure(model: Model, parameters: Parameters, dataset: Dataset) -> Iterator[Measurement]:
    """Per held-out split but for validation parts, of rooms in which the model walks, each move drawn from
    what it says at temperature 1:

    * `return`: steps that end at the goal, over the most that there can be, mean over episodes; also by
      episode (`component`, from 0). What is no move leads nowhere;
    * `source_return`: the same for Q-learning, of its first episodes, as many as the model has;
      `shown_return`: for the split's own histories; `random_return`: for a random walk, by its expected
      value;
    * `after_found`: of the model, in the episode after the first that came to the light;
    * `no_move`: fraction of moves that there aren't.
    """
    for name, split in dataset.splits.items():
        if name == "train" or name.endswith(VALIDATION):
            continue
        room, n_steps = room_of(split, dataset.n_tokens)
        goals = split.truth["goal"]
        walks = walks_of_model(model, parameters, split, room, n_steps)
        shown = walks_of(split.tokens, goals, n_steps)
        n_episodes = shown.moves.shape[1]
        rng = np.random.Generator(np.random.Philox(_SEED))
        source = walked("q", room, goals, n_episodes, n_steps, rng)
        random = np.tile(room.random_return(goals, n_steps)[:, None], n_episodes)
        found = returns(walks, goals, room)
        for who, its in (
            ("", found),
            ("source_", returns(source, goals, room)),
            ("shown_", returns(shown, goals, room)),
            ("random_", random),
        ):
            yield Measurement(f"{who}return", float(its.mean()), name)
            for episode, value in enumerate(its.mean(0)):
                yield Measurement(f"{who}return", float(value), name, component=episode)
        after = found[:, 1:][_after_the_first(found > 0)]
        if len(after):
            n = len(after)
            yield Measurement("after_found", float(after.mean()), name, n_examples=n)
        yield Measurement("no_move", float((walks.moves >= len(MOVES)).mean()), name)


def walks_of_model(
    model: Model, parameters: Parameters, split: Split, room: Room, n_steps: int
) -> Walks:
    """Histories as a model makes them."""
    goals = split.truth["goal"]

    def world(
        numbers: Int[np.ndarray, " rooms"], said: Int[np.ndarray, "rooms read"]
    ) -> Int[np.ndarray, " rooms"]:
        return answers(room, n_steps, goals[numbers], said)

    found = rollout(
        model, parameters, split.tokens, split.truth["written"],
        hops=split.hops, temperature=1.0, seed=_SEED, world=world,
    )  # fmt: skip
    return walks_of(found, goals, n_steps)


def returns(
    walks: Walks, goals: Int[np.ndarray, " rooms"], room: Room
) -> Float[np.ndarray, "rooms episodes"]:
    """Steps that end at the goal, over the most that there can be."""
    lit = (walks.places == goals[:, None, None]).sum(2)
    return lit / room.most_lit(goals, walks.places.shape[2])[:, None]


def _after_the_first(lit: Bool[np.ndarray, "rooms episodes"]) -> Bool[np.ndarray, "rooms later"]:
    """Of the episodes but the first, those before which exactly one had light."""
    first = lit & (lit.cumsum(1) == 1)
    return first[:, :-1]
