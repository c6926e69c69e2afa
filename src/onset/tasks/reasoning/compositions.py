"""Permutations, one after the other: all questions of a world by number, and what follows from a step."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Int


class Questions(NamedTuple):
    """A first state with the functions that are applied to it, and all states that are reached."""

    functions: Int[np.ndarray, "questions steps"]
    states: Int[np.ndarray, "questions reached"]
    """from the first to the answer"""


class Compositions(NamedTuple):
    """All questions with so many functions."""

    n_states: int
    n_functions: int
    n_steps: int

    @property
    def table(self) -> Int[np.ndarray, "functions states"]:
        """What each function makes of each state."""
        return _permutations(self.n_states, self.n_functions, 0)

    @property
    def other_table(self) -> Int[np.ndarray, "functions states"]:
        """What each would make of it in a world that no model has seen."""
        return _permutations(self.n_states, self.n_functions, 1)

    @property
    def n_questions(self) -> int:
        """That there are."""
        return self.n_states * self.n_functions**self.n_steps

    def questions(self, numbers: Int[np.ndarray, " questions"]) -> Questions:
        """A number's digits are the first state and then, to the base of their number, the functions."""
        digits = numbers[:, None] // self._powers
        functions = digits[:, 1:] % self.n_functions
        return Questions(functions, self.followed(digits[:, 0], functions))

    def numbers(self, tokens: Int[np.ndarray, "questions length"]) -> Int[np.ndarray, " questions"]:
        """Of sequences that begin with a state and functions, as the vocabulary has them."""
        of_functions = np.arange(self.n_steps + 1) > 0
        return (tokens[:, : self.n_steps + 1] - self.n_states * of_functions) @ self._powers

    def followed(
        self,
        first: Int[np.ndarray, " questions"],
        functions: Int[np.ndarray, "questions steps"],
        table: Int[np.ndarray, "functions states"] | None = None,
    ) -> Int[np.ndarray, "questions reached"]:
        """A state, and all that are reached from it: by `table`, or else another."""
        table = self.table if table is None else table
        states = [first]
        for its in functions.T:
            states.append(table[its, states[-1]])
        return np.stack(states, 1)

    def wrong_from(
        self, its: Questions, step: Int[np.ndarray, " questions"], rng: np.random.Generator
    ) -> Int[np.ndarray, "questions reached"]:
        """The states with a wrong one at a step, from 1, and what follows from it; 0: all are right."""
        states = its.states.copy()
        for i in range(1, self.n_steps + 1):
            here = step == i
            wrong = other(states[here, i], self.n_states, rng)
            states[here, i:] = self.followed(wrong, its.functions[here, i:])
        return states

    @property
    def _powers(self) -> Int[np.ndarray, " digits"]:
        return self.n_functions ** np.arange(self.n_steps, -1, -1)


def other(
    than: Int[np.ndarray, " numbers"], n: int, rng: np.random.Generator
) -> Int[np.ndarray, " numbers"]:
    """For each number below n any other, all with the same probability."""
    return (than + rng.integers(1, n, size=than.shape)) % n


@cache
def _permutations(
    n_states: int, n_functions: int, number: int
) -> Int[np.ndarray, "functions states"]:
    """Of a world by number: drawn once, the same for all seeds."""
    rng = np.random.Generator(np.random.Philox(key=[n_states + (number << 32), n_functions]))
    return rng.permuted(np.tile(np.arange(n_states), (n_functions, 1)), axis=1)
