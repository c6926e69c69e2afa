"""The reversal curse: does a model that has seen `a → b` know `b → a`?

The world has two kinds of entities, A and B, paired one to one. All facts are of two tokens:

    forward         `[a, r] → b`, for every pair; always trained
    reversed_train  `[b, r_inverse] → a`, for a part of the pairs; trained
    reversed        the same for the other pairs; never trained
    copy_a, copy_b  `[a, copy] → a` and `[b, copy] → b`, for all entities; trained where the mixture
                    says so

In a held-out pair, a is otherwise only ever a question and b only ever an answer; copying lets an
entity be both. After Berglund et al. 2023, "The Reversal Curse" (arXiv:2309.12288), experiment 1, in
which a part of the facts is trained in both orders, too.
"""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from jaxtyping import Bool, Int
from pydantic import Field, model_validator

from onset.settings import Fraction
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.parts import SMALLEST_SPLIT

A_CHILD_MAY_CHANGE = ("reversed_answers",)


class Settings(BaseSettings):
    """The size of the world and how much of it is trained both ways."""

    name: Literal["reversal"]
    n_pairs: int = Field(300, ge=2)
    trained_both_ways: Fraction = 0.5
    """fraction of the pairs whose reversed fact is trained"""
    validation: Fraction = 0.25
    """fraction of the held-out reversed facts that is set apart for choosing settings"""
    reversed_answers: Literal["true", "shuffled"] = "true"
    """`shuffled` is a null control: the reversed answers, trained and held out, are shuffled"""

    @property
    def n_tokens(self) -> int:
        return 2 * self.n_pairs + 3

    @property
    def length(self) -> int:
        return 2

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def splits(self) -> tuple[str, ...]:
        return (*self.trained, "reversed", "reversed" + VALIDATION)

    @property
    def trained(self) -> tuple[str, ...]:
        return ("forward", "reversed_train", "copy_a", "copy_b")

    @property
    def truth(self) -> tuple[str, ...]:
        return ("candidates", "familiar")

    def truth_of(self, split: str) -> tuple[str, ...]:
        return self.truth if split.startswith("reversed") else ("candidates",)

    @property
    def sizes(self) -> dict[str, int]:
        """How many pairs each split of reversed facts has; together, all."""
        trained = round(self.trained_both_ways * self.n_pairs)
        validation = round(self.validation * (self.n_pairs - trained))
        held_out = self.n_pairs - trained - validation
        return {
            "reversed_train": trained,
            "reversed": held_out,
            "reversed" + VALIDATION: validation,
        }

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return 8 * self.n_pairs

    @model_validator(mode="after")
    def _no_split_is_empty(self) -> Self:
        small = [f"{split} ({n})" for split, n in self.sizes.items() if n < SMALLEST_SPLIT]
        if small:
            raise ValueError(
                f"these sizes leave splits (nearly) empty, at least {SMALLEST_SPLIT} pairs are "
                f"wanted: {', '.join(small)}; change n_pairs, trained_both_ways or validation"
            )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The world of one seed, all splits. Tokens: A, then B, then `r`, `r_inverse` and `copy`."""
    rng = np.random.Generator(np.random.Philox(seed))
    n = settings.n_pairs
    a, b = np.arange(n), np.arange(n, 2 * n)
    r, r_inverse, copy = range(2 * n, 2 * n + 3)
    partner = n + rng.permutation(n)  # of each a
    sizes = settings.sizes
    parts = np.split(rng.permutation(n), np.cumsum(list(sizes.values()))[:-1])
    answer = a
    if settings.reversed_answers == "shuffled":
        # Drawn last: the forward facts, and who is asked in which split, are those of the true world.
        answer = rng.permutation(a)

    splits = {
        "forward": _facts(a, r, partner, candidates=b),
        "copy_a": _facts(a, copy, a, candidates=a),
        "copy_b": _facts(b, copy, b, candidates=b),
    }
    familiar = np.isin(a, answer[parts[0]])
    for name, part in zip(sizes, map(np.sort, parts), strict=True):
        splits[name] = _facts(partner[part], r_inverse, answer[part], a, familiar)
    vocabulary = (
        *(f"{kind}{i}" for kind in "ab" for i in range(n)), "r", "r_inverse", "copy",
    )  # fmt: skip
    return Dataset({name: splits[name] for name in settings.splits}, vocabulary)


def _facts(
    entities: Int[np.ndarray, " examples"],
    relation: int,
    answers: Int[np.ndarray, " examples"],
    candidates: Int[np.ndarray, " candidates"],
    familiar: Bool[np.ndarray, " candidates"] | None = None,
) -> Split:
    return Split(
        tokens=np.stack([entities, np.full_like(entities, relation)], axis=1),
        targets=answers[:, None],
        scored=(1,),
        candidates=candidates,
        familiar=familiar,
    )
