"""Rollouts: a model goes on with sequences by itself, and what it writes is what it reads next.

The questions of a training are asked in one pass, with the right tokens before each position, whatever the
model would have said. In a rollout it is given the beginning alone. Which tokens are given and which it
writes is said position by position, so that a thought can be begun for it, or changed in the middle; and
what is given may depend on what it has written, as the rewards of a game do.

Everything is determined by parameters, tokens and seed. What is drawn for a sequence depends neither on the
others' tokens nor on how many are read side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.models.batch import Model, Questions, device_of
from onset.models.transformer.continuing import Added, Reading
from onset.models.transformer.model import Transformer

World = Callable[
    [Int[np.ndarray, " sequences"], Int[np.ndarray, "sequences read"]],
    Int[np.ndarray, " sequences"],
]
"""what is given next: of the numbers of some sequences, and all that has been said in each of them"""
_AT_ONCE = 512  # sequences
_NONE = -1  # of the tokens


def rollout(
    model: Model,
    parameters: Mapping[str, Tensor],
    tokens: Int[np.ndarray, "sequences length"],
    written: Bool[np.ndarray, "sequences length"],
    *,
    hops: int = 1,
    temperature: float = 0.0,
    seed: int = 0,
    end: int | None = None,
    world: World | None = None,
    added: Added | None = None,
) -> Int[np.ndarray, "sequences length"]:
    """Sequences as a model goes on with them: what is given, and what it has written.

    Args:
        model: of any family that takes sequences.
        parameters: of the model.
        tokens: what is given; where the model writes, they don't matter.
        written: where it writes; not the first position.
        hops: of the questions (`onset.tasks.dataset.Split.hops`).
        temperature: what logits are divided by before a token is drawn; 0: the largest is said.
        seed: of what is drawn.
        end: a token after which nothing else is said.
        world: says what is given, instead of `tokens`, once some model has begun to write.
        added: to the residual stream, where the model writes next: vectors that steer it. Only of
            transformers that can be read on (`Reading`).

    Raises:
        ValueError: the first position is to be written, or the model can't be steered.
    """
    if written[:, 0].any():
        raise ValueError("a model can't write the first token: give it one to read")
    # Drawn for all at once: the same for a sequence, however they are divided.
    chances = np.random.Generator(np.random.Philox(seed)).random(tokens.shape)
    found = tokens.copy()
    for first in range(0, len(tokens), _AT_ONCE):
        its = slice(first, first + _AT_ONCE)
        say = _saying(model, parameters, hops, added)
        choice = _Choice(temperature, chances[its])
        part = _Part(np.arange(first, first + len(found[its])), found[its], written[its])
        _go_on(part, say, choice, _NONE if end is None else end, world)
    return found


@dataclass(frozen=True)
class _Choice:
    """Which token is said."""

    temperature: float
    chances: Float[np.ndarray, "sequences length"]

    def of(
        self, logits: Float[np.ndarray, "sequences tokens"], place: int
    ) -> Int[np.ndarray, " sequences"]:
        if not self.temperature:
            return logits.argmax(1)
        scaled = logits.astype(np.float64) / self.temperature
        upto = np.exp(scaled - scaled.max(1, keepdims=True)).cumsum(1)
        chance = self.chances[:, place, None] * upto[:, -1:]
        return np.minimum((upto <= chance).sum(1), logits.shape[1] - 1)


_Say = Callable[[Int[np.ndarray, "sequences read"]], Float[np.ndarray, "sequences tokens"]]
"""logits of the next token, given all before it: each time more of the same sequences"""


class _Part(NamedTuple):
    """Sequences that are read side by side."""

    numbers: Int[np.ndarray, " sequences"]
    tokens: Int[np.ndarray, "sequences length"]
    written: Bool[np.ndarray, "sequences length"]


def _go_on(part: _Part, say: _Say, choice: _Choice, end: int, world: World | None) -> None:
    """In place."""
    numbers, tokens, written = part
    begun = False
    for place in range(1, tokens.shape[1]):
        here = written[:, place]
        begun |= bool(here.any())
        if world and begun and not here.all():
            tokens[~here, place] = world(numbers, tokens[:, :place])[~here]
        over = tokens[:, place - 1] == end
        tokens[here & over, place] = end
        if (here & ~over).any():
            said = choice.of(say(tokens[:, :place]), place)
            tokens[here & ~over, place] = said[here & ~over]


def _saying(model: Model, parameters: Mapping[str, Tensor], hops: int, added: Added | None) -> _Say:
    if isinstance(model, Transformer) and not model.settings.only_ours:
        return _ReadingOn(Reading(model, parameters, hops), device_of(parameters), added or {})
    if added:
        raise ValueError("only a transformer that can be read on can be steered")
    return lambda tokens: _asked_anew(model, parameters, hops, tokens)


def _asked_anew(
    model: Model,
    parameters: Mapping[str, Tensor],
    hops: int,
    tokens: Int[np.ndarray, "sequences read"],
) -> Float[np.ndarray, "sequences tokens"]:
    """Of any model: each token takes a pass through all before it."""
    asked = Questions(np.ascontiguousarray(tokens), (tokens.shape[1] - 1,), hops)
    return model.logits(parameters, [asked]).numpy(force=True)


@dataclass(frozen=True, eq=False)
class _ReadingOn:
    """What has been read is kept."""

    reading: Reading
    device: torch.device
    added: Added

    def __call__(
        self, tokens: Int[np.ndarray, "sequences read"]
    ) -> Float[np.ndarray, "sequences tokens"]:
        new = torch.from_numpy(tokens[:, self.reading.n_read :]).to(self.device)
        if self.added and new.shape[1] > 1:
            self.reading.read(new[:, :-1])  # as it is
        return self.reading.read(new[:, -1:] if self.added else new, self.added).numpy(force=True)
