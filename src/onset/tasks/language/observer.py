"""The best reader of dialogues: what can be known of a speaker from the words that have been heard.

Given the attributes of a speaker, the words that show them don't depend on each other. The reader keeps the
probability of each combination of values. A word multiplies it by how often the combination says this word,
and what results is divided by its sum; before each turn, the mood may have changed (forward filtering:
Rabiner 1989, "A tutorial on hidden Markov models and selected applications in speech recognition",
equations 19 and 20).
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from onset.tasks.language.listener_words import ATTRIBUTES, VALUES

SIZES = tuple(len(VALUES[attribute]) for attribute in ATTRIBUTES)


class Observer:
    """Reads many dialogues side by side."""

    def __init__(
        self,
        prior: Float[np.ndarray, "age dialect knowledge pet mood"],
        emissions: dict[str, Float[np.ndarray, "_values _words"]],
        moody: float,
        n: int,
    ) -> None:
        """
        Args:
            prior: how frequent each combination of values is at the beginning.
            emissions: of each attribute, how often each value says each of the attribute's words.
            moody: how often the mood has changed from one turn to the next.
            n: how many dialogues.
        """
        self.emissions = emissions
        self.beliefs = np.broadcast_to(prior / prior.sum(), (n, *prior.shape)).copy()
        n_moods = prior.shape[-1]
        self.turn = np.full((n_moods, n_moods), moody / (n_moods - 1))
        np.fill_diagonal(self.turn, 1 - moody)

    def begin_turn(self) -> None:
        """The mood may have changed."""
        self.beliefs = self.beliefs @ self.turn

    def hear(self, attribute: str, words: Int[np.ndarray, " dialogues"]) -> None:
        """A word of each dialogue, as a number among those of the attribute."""
        likelihood = self.emissions[attribute][:, words].T
        axis = ATTRIBUTES.index(attribute) + 1
        shape = [len(words)] + [1] * len(ATTRIBUTES)
        shape[axis] = likelihood.shape[1]
        joint = self.beliefs * likelihood.reshape(shape)
        self.beliefs = joint / joint.sum(tuple(range(1, joint.ndim)), keepdims=True)

    def of(self, attribute: str) -> Float[np.ndarray, "dialogues values"]:
        """The probability of each value of an attribute."""
        axis = ATTRIBUTES.index(attribute) + 1
        others = tuple(its for its in range(1, len(ATTRIBUTES) + 1) if its != axis)
        return self.beliefs.sum(others)
