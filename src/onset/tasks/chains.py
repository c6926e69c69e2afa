"""Chains: does a model that has composed two facts compose three and four?

The world is that of `composition`: N entities and R relations, each relation a random function from
entities to entities. An atomic fact is `[a, r] → r(a)`; a *chain* of k hops is the question
`[a, r1, ..., rk] → rk(...r1(a))`. An *edge* is a pair (a, r).

Every atomic fact is trained, and of each length up to `longest_trained` some chains are (`hopsK_train`).
A fraction of the edges (`never_composed`) is in no chain that is ever trained. Held out, of each length
up to `longest_tested`:

    hopsK_seen    the first edge is the first of some two-hop chain drawn for training, every later one
                  the second of some; the chain itself isn't among those drawn
    hopsK_unseen  no edge is ever composed

Chains of each length are drawn for training whether or not that length is trained: worlds that differ
only in `longest_trained` hold out the same questions. The number of chains drawn of each length, per
atomic fact, is the ratio of inferred to atomic facts of Wang et al. 2024 (arXiv:2405.15071), there of
two hops.
"""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from jaxtyping import Bool, Int
from pydantic import Field, model_validator

from onset.settings import Fraction, PositiveFloat
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.parts import SMALLEST_SPLIT

KINDS = ("seen", "unseen")
"""of held-out chains, by whether their edges are composed in training"""

Edges = Bool[np.ndarray, "entities relations"]

A_CHILD_MAY_CHANGE = ("longest_trained", "chain_answers")


class Settings(BaseSettings):
    """The size of the world, which part of it is trained, and up to which length it is tested."""

    name: Literal["chains"]
    n_entities: int = Field(40, ge=2)
    n_relations: int = Field(16, ge=1)
    never_composed: Fraction = 0.3
    """fraction of the edges that appear in no trained chain"""
    inferred_ratio: PositiveFloat = 2.4
    """chains drawn for training, of each length, per atomic fact"""
    longest_trained: int = Field(2, ge=1, le=4)
    """hops of the longest chains that may be trained on; 1: atomic facts alone"""
    longest_tested: int = Field(4, ge=2, le=4)
    """hops of the longest chains held out"""
    most_questions: int = Field(1000, ge=SMALLEST_SPLIT)
    """most questions held out for each length and kind, including the validation part"""
    validation: Fraction = 0.25
    """fraction of the held-out chains that is set apart for choosing settings"""
    chain_answers: Literal["true", "shuffled"] = "true"
    """`shuffled` is a null control: the answers of trained chains of a length are shuffled; what is
    held out keeps its true answers"""

    @property
    def n_tokens(self) -> int:
        return self.n_entities + self.n_relations

    @property
    def length(self) -> int:
        return self.longest_tested + 1

    @property
    def max_hops(self) -> int:
        return self.longest_tested

    @property
    def lengths(self) -> range:
        """Hops of the chains held out."""
        return range(2, self.longest_tested + 1)

    @property
    def splits(self) -> tuple[str, ...]:
        held_out = [f"hops{hops}_{kind}" for hops in self.lengths for kind in KINDS]
        return (*self.trained, *held_out, *(name + VALIDATION for name in held_out))

    @property
    def trained(self) -> tuple[str, ...]:
        return ("atomic", *(f"hops{k}_train" for k in self.lengths if k <= self.longest_trained))

    @property
    def truth(self) -> tuple[str, ...]:
        """`bridge` is the entity before the last hop."""
        return ("bridge",)

    def truth_of(self, split: str) -> tuple[str, ...]:
        return () if split == "atomic" else self.truth

    def length_of(self, split: str) -> int:
        hops = (k for k in self.lengths if split.startswith(f"hops{k}_"))
        return next(hops, 1) + 1

    @property
    def n_drawn(self) -> int:
        """Chains drawn for training, of each length."""
        return round(self.inferred_ratio * self.n_entities * self.n_relations)

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return 3 * self.n_entities * self.n_relations**self.longest_tested

    @model_validator(mode="after")
    def _no_split_is_empty(self) -> Self:
        if self.longest_trained > self.longest_tested:
            raise ValueError(
                f"longest_trained ({self.longest_trained}) exceeds longest_tested "
                f"({self.longest_tested})"
            )
        smaller_part = min(self.validation, 1 - self.validation)
        out, sizes = self.never_composed, {}
        for hops in self.lengths:
            n_chains = self.n_entities * self.n_relations**hops
            sizes[f"hops{hops}_seen"] = n_chains * (1 - out) ** hops - self.n_drawn
            sizes[f"hops{hops}_unseen"] = n_chains * out**hops
        small = [
            f"{split} ({size:.1f})"
            for split, size in sizes.items()
            if size * smaller_part < SMALLEST_SPLIT
        ]
        if small:
            raise ValueError(
                "of these held-out chains, those drawn for training left out, too few are to be "
                f"expected for two parts of at least {SMALLEST_SPLIT}: {', '.join(small)}; change "
                "n_entities, n_relations, never_composed, inferred_ratio or validation"
            )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The world of one seed, all splits.

    Raises:
        ValueError: there are fewer chains than are to be drawn, which only very small worlds have.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    s = settings
    answer = rng.integers(s.n_entities, size=(s.n_entities, s.n_relations))
    out = np.zeros(answer.size, bool)
    out[rng.permutation(answer.size)[: round(s.never_composed * answer.size)]] = True
    out = out.reshape(answer.shape)

    # What no other setting than never_composed should change is drawn first.
    held_out, drawn = {}, {}
    for hops in s.lengths:
        unseen = _chains(answer, hops, first=out, later=out)
        held_out[hops, "unseen"] = _draw(unseen, min(s.most_questions, len(unseen)), rng)
    for hops in s.lengths:
        drawn[hops] = _draw(_chains(answer, hops, first=~out, later=~out), s.n_drawn, rng)
    # Some free edges are composed nowhere, by chance. Chains of such edges belong to no split.
    seen_first, seen_later = _edges_of_two_hops(answer, drawn[2])
    for hops in s.lengths:
        seen = np.setdiff1d(_chains(answer, hops, seen_first, seen_later), drawn[hops])
        held_out[hops, "seen"] = _draw(seen, min(s.most_questions, len(seen)), rng)

    splits = {"atomic": _split(answer, np.arange(answer.size), 1)}
    for hops in (k for k in s.lengths if k <= s.longest_trained):
        trained = _split(answer, drawn[hops], hops)
        if s.chain_answers == "shuffled":
            shuffled = rng.permutation(trained.targets)
            trained = Split(trained.tokens, shuffled, trained.scored, hops, trained.truth)
        splits[f"hops{hops}_train"] = trained
    for part in ("", VALIDATION):
        for hops in s.lengths:
            for kind in KINDS:
                codes = held_out[hops, kind]  # in random order
                n_validation = round(s.validation * len(codes))
                its = codes[:n_validation] if part else codes[n_validation:]
                if not len(its):
                    raise ValueError(f"seed {seed} leaves hops{hops}_{kind}{part} empty")
                splits[f"hops{hops}_{kind}{part}"] = _split(answer, its, hops)
    vocabulary = (*(f"e{i}" for i in range(s.n_entities)), *(f"r{i}" for i in range(s.n_relations)))
    return Dataset(splits, vocabulary)


def _chains(
    answer: Int[np.ndarray, "entities relations"], hops: int, first: Edges, later: Edges
) -> Int[np.ndarray, " chains"]:
    """All chains whose first and whose later edges are among those given.

    Chains of a length are numbered: their digits are the entity and then, to base R, the relations.
    """
    n, r = answer.shape
    codes, ends = np.arange(n), np.arange(n)
    for hop in range(hops):
        entity, relation = np.nonzero((later if hop else first)[ends])
        codes, ends = codes[entity] * r + relation, answer[ends[entity], relation]
    return codes


def _digits(
    codes: Int[np.ndarray, " chains"], hops: int, n_relations: int
) -> Int[np.ndarray, "chains tokens"]:
    """Entity and relations, each counted from 0, of chains by number."""
    powers = n_relations ** np.arange(hops, -1, -1)
    digits = codes[:, None] // powers
    digits[:, 1:] %= n_relations
    return digits


def _edges_of_two_hops(
    answer: Int[np.ndarray, "entities relations"], codes: Int[np.ndarray, " chains"]
) -> tuple[Edges, Edges]:
    """The edges that are first in one of these two-hop chains, and those that are second."""
    entity, r1, r2 = _digits(codes, 2, answer.shape[1]).T
    first, second = np.zeros(answer.shape, bool), np.zeros(answer.shape, bool)
    first[entity, r1] = second[answer[entity, r1], r2] = True
    return first, second


def _draw(
    codes: Int[np.ndarray, " chains"], n: int, rng: np.random.Generator
) -> Int[np.ndarray, " drawn"]:
    """So many of the chains, in random order."""
    if n > len(codes):
        raise ValueError(f"{n} chains are to be drawn and there are {len(codes)}: change the world")
    return rng.choice(codes, n, replace=False)


def _split(
    answer: Int[np.ndarray, "entities relations"], codes: Int[np.ndarray, " chains"], hops: int
) -> Split:
    n, r = answer.shape
    digits = _digits(codes, hops, r)
    before = end = digits[:, 0]
    for relation in digits[:, 1:].T:
        before, end = end, answer[end, relation]
    return Split(
        tokens=digits + n * (np.arange(hops + 1) > 0),
        targets=end[:, None],
        scored=(hops,),
        hops=hops,
        truth={"bridge": before} if hops > 1 else {},
    )
