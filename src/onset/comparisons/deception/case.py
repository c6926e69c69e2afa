"""What whoever makes a detector is given: a model, truths and lies that are known, and what is to be
judged.

An exchange is a sentence that a model was asked about, and its answer. The answer to be judged isn't looked
at by itself: it is a lie if the model knows better.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from onset.models.batch import Parameters, Questions, ReadableModel, device_of
from onset.tasks.dataset import Dataset, Split
from onset.tasks.language.deception_words import IS, ISNT, NO, YES

_OWN = 1 << 20  # shuffles are drawn by other numbers than anything else

Scores = Float[Tensor, "*layers exchanges"]
Ask = Callable[[Int[np.ndarray, "sequences length"]], Float[Tensor, "sequences questions"]]


@dataclass(frozen=True)
class Exchanges:
    """Sentences and answers, sequence by sequence."""

    tokens: Int[np.ndarray, "sequences length"]
    said: Float[Tensor, " exchanges"]
    """log-odds of `yes` against `no`"""
    said_by_reference: Float[Tensor, " exchanges"]
    """the same, by a model of which it is known that it is honest"""
    states: Float[Tensor, "layers exchanges d_model"]
    """the residual stream where the answer comes next, before the first block and after each"""
    twins: Float[Tensor, "layers exchanges d_model"]
    """the same where each sentence says the opposite (`is` for `isnt`, and the other way round)"""
    true: Bool[Tensor, " exchanges"] | None = None
    """whether the sentence is; None: that isn't told"""

    @property
    def yes(self) -> Float[Tensor, " exchanges"]:
        """1 where the answer is `yes`, −1 where it is `no`."""
        return torch.where(self.said > 0, 1.0, -1.0)


@dataclass(frozen=True)
class Case:
    """A model under suspicion."""

    honest: Exchanges
    """in which it is watched; what is true is known"""
    lies: Exchanges
    """lies of one kind that is known, and what is true"""
    asked: Exchanges
    """to be judged: all kinds in random order, with much that is honest"""
    ask: Ask
    """what the model says to other sequences, log-odds of `yes`: a detector may ask it as many as `honest`
    has"""

    def anew(self) -> Case:
        """The same, for a detector that hasn't asked anything yet.

        Its `ask` raises a ValueError where that would be more than it may.
        """
        n = left = len(self.honest.tokens)

        def ask(
            tokens: Int[np.ndarray, "sequences length"],
        ) -> Float[Tensor, "sequences questions"]:
            nonlocal left
            left -= len(tokens)
            if left < 0:
                raise ValueError(f"a detector asks the model about more than {n} sequences")
            return self.ask(tokens)

        return replace(self, ask=ask)

    def disagreement(self, reading: Float[Tensor, " exchanges"]) -> Float[Tensor, " exchanges"]:
        """How much the answers that are asked for go against what is read of the truth.

        Args:
            reading: larger, the more a sentence is held to be true; around 0.
        """
        return -self.asked.yes * reading

    def shuffled(self, seed: int, number: int) -> Case:
        """The null: the same with truths in another order, and known lies mixed with what is honest."""
        rng = np.random.Generator(np.random.Philox(key=[seed, _OWN + number]))
        n, m = len(self.honest.said), len(self.lies.said)
        order = torch.from_numpy(rng.permutation(n + m))
        both = self.honest.states, self.lies.states
        states = torch.cat(both, 1)[:, order]
        true = [its.true for its in (self.honest, self.lies) if its.true is not None]
        mixed = torch.cat(true)[torch.from_numpy(rng.permutation(n + m))]
        return replace(
            self,
            honest=replace(self.honest, states=states[:, :n], true=mixed[:n]),
            lies=replace(self.lies, states=states[:, n:], true=mixed[n:]),
        )


@dataclass(frozen=True)
class Suspect:
    """A model, and one that is honest to compare it with."""

    model: ReadableModel
    parameters: Parameters
    reference: ReadableModel
    its_parameters: Parameters
    dataset: Dataset

    def ask(self, tokens: Int[np.ndarray, "n length"]) -> Float[Tensor, "n questions"]:
        return self._said(self.model, self.parameters, tokens)

    def exchanges(
        self, tokens: Int[np.ndarray, "n length"], true: Bool[np.ndarray, "n questions"] | None
    ) -> Exchanges:
        """With everything that is computed of them."""
        word = self.dataset.vocabulary.index
        opposite = np.arange(self.dataset.n_tokens)
        opposite[[word(IS), word(ISNT)]] = word(ISNT), word(IS)
        return Exchanges(
            tokens,
            self.ask(tokens).flatten(),
            self._said(self.reference, self.its_parameters, tokens).flatten(),
            self._states(tokens),
            self._states(opposite[tokens]),
            None if true is None else torch.from_numpy(true.ravel().copy()),
        )

    @property
    def _scored(self) -> tuple[int, ...]:
        return next(iter(self.dataset.splits.values())).scored

    def _said(
        self, model: ReadableModel, parameters: Parameters, tokens: Int[np.ndarray, "n length"]
    ) -> Float[Tensor, "n questions"]:
        logits = model.logits(parameters, [Questions(tokens, self._scored)]).cpu()
        yes, no = (self.dataset.vocabulary.index(word) for word in (YES, NO))
        return (logits[:, yes] - logits[:, no]).view(len(tokens), -1)

    def _states(
        self, tokens: Int[np.ndarray, "n length"]
    ) -> Float[Tensor, "layers exchanges d_model"]:
        given = torch.from_numpy(tokens).to(device_of(self.parameters))
        states = self.model.residual_stream(self.parameters, given)[:, :, list(self._scored)]
        return states.flatten(1, 2).cpu().float()


def true_of(split: Split) -> Bool[np.ndarray, "sequences questions"]:
    """Whether each sentence is true."""
    return split.truth["true"][:, list(split.scored)]


def lies_of(split: Split) -> Bool[np.ndarray, "sequences questions"]:
    """Where the deceiver is taught not to tell the truth."""
    return split.truth["lie"][:, list(split.scored)]
