"""Definitions with tags: does a model come to believe the source that has been right so far?

The world has bases, entities whose attributes have values, and aliases of them. A fact is
`[b, attribute] → value`, of a base or of an alias; a definition says which base an alias stands for.
There are two tags, and each definition has one of them: `[a, DEF1] → b`, or `[b, DEF1] → a` where the
base comes first. The reliability of a tag is how often the facts of an alias agree with its definition.

Stage one trains on all facts of bases and old aliases, and on the definitions of old aliases. Stage
two trains on definitions of new aliases, of which no fact is ever trained. Then it is asked whether a
new alias has the values of the base that it was defined to be:

    reliable    defined with DEF1, by default the tag that was always right in stage one
    unreliable  defined with DEF2, by default the tag that was always wrong
    undefined   defined nowhere, and scored against a base drawn at random: a null control

Both stages are generated from one world: `stage` says which of its splits may be trained on. The
set-up is that of Krasheninnikov et al. 2023 (arXiv:2310.15047), there with sentences.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

import numpy as np
from jaxtyping import Int
from pydantic import Field, Strict, model_validator

from onset.settings import Fraction
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split

HELD_OUT = ("reliable", "unreliable", "undefined")
"""questions about new aliases, by how these are defined"""
_STAGE_ONE = ("facts", "alias_facts", "definitions_1", "definitions_2")
_STAGE_TWO = ("new_definitions_1", "new_definitions_2")
_FEWEST = 2  # aliases in each part: one says nothing of others

A_CHILD_MAY_CHANGE = ("stage",)


class Settings(BaseSettings):
    """The size of the world, how reliable its tags are, and which stage is trained."""

    name: Literal["definitions"]
    stage: Literal[1, 2] = 1
    """1: new definitions can't be trained on; 2: everything can"""
    n_bases: int = Field(300, ge=2)
    n_attributes: int = Field(6, ge=1)
    n_values: int = Field(20, ge=2)
    """of each attribute; no two attributes share a value"""
    n_aliases: int = Field(150, ge=1)
    """old aliases per tag"""
    n_new: int = Field(80, ge=1)
    """new aliases per tag; as many again are never defined"""
    reliability: Annotated[tuple[Fraction, Fraction], Strict(False)] = (1.0, 0.0)
    """of DEF1 and DEF2: the fraction of old aliases whose facts are those of the defined base"""
    order: Literal["alias_first", "base_first"] = "alias_first"
    """of a definition; the other entity is the answer"""
    validation: Fraction = 0.25
    """fraction of the new aliases whose questions are set apart for choosing settings"""

    @property
    def n_tokens(self) -> int:
        entities = self.n_bases + 2 * self.n_aliases + 3 * self.n_new
        return entities + 2 + self.n_attributes * (1 + self.n_values)

    @property
    def length(self) -> int:
        return 2

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def splits(self) -> tuple[str, ...]:
        return (*_STAGE_ONE, *_STAGE_TWO, *HELD_OUT, *(name + VALIDATION for name in HELD_OUT))

    @property
    def trained(self) -> tuple[str, ...]:
        return _STAGE_ONE if self.stage == 1 else (*_STAGE_ONE, *_STAGE_TWO)

    @property
    def truth(self) -> tuple[str, ...]:
        return ("alias", "base")

    def truth_of(self, split: str) -> tuple[str, ...]:
        return () if split == "facts" else self.truth

    @property
    def traits(self) -> tuple[str, ...]:
        return ("new_tokens",)

    @property
    def n_validation(self) -> int:
        """New aliases of each kind that are set apart."""
        return round(self.validation * self.n_new)

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return (
            4 * (self.n_bases + 2 * self.n_aliases + 3 * self.n_new) * self.n_attributes
            + self.n_tokens
        )

    @model_validator(mode="after")
    def _both_parts_have_aliases(self) -> Self:
        if not _FEWEST <= self.n_validation <= self.n_new - _FEWEST:
            raise ValueError(
                f"of n_new ({self.n_new}) new aliases, validation ({self.validation:g}) sets "
                f"{self.n_validation} apart; at least {_FEWEST} are wanted on either side"
            )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The world of one seed, all splits of both stages."""
    rng = np.random.Generator(np.random.Philox(seed))
    s = settings
    vocabulary, first = _vocabulary(s)
    values = rng.integers(s.n_values, size=(s.n_bases, s.n_attributes))
    values += first["value"] + s.n_values * np.arange(s.n_attributes)
    attributes = first["attribute"] + np.arange(s.n_attributes)

    def facts(alias: Int[np.ndarray, " aliases"], base: Int[np.ndarray, " aliases"]) -> Split:
        """All attributes of aliases that have the values of bases."""
        its, attribute = np.repeat(alias, s.n_attributes), np.tile(attributes, len(alias))
        truth = {"alias": its, "base": np.repeat(base, s.n_attributes)}
        tokens = np.stack([its, attribute], axis=1)
        return Split(tokens, values[base].reshape(-1, 1), scored=(1,), truth=truth)

    def definitions(
        tag: int, alias: Int[np.ndarray, " aliases"], base: Int[np.ndarray, " aliases"]
    ) -> Split:
        asked, answer = (alias, base) if s.order == "alias_first" else (base, alias)
        tokens = np.stack([asked, np.full(len(asked), first["tag"] + tag)], axis=1)
        truth = {"alias": alias, "base": base}
        return Split(tokens, answer[:, None], scored=(1,), truth=truth)

    bases = np.arange(s.n_bases)
    old = first["alias"] + np.arange(2 * s.n_aliases).reshape(2, -1)
    # Each base is defined equally often with either tag: what is never an answer is hard to answer with.
    defined = rng.permuted(np.resize(bases, old.shape[1]) + np.zeros_like(old), axis=1)
    another = (defined + rng.integers(1, s.n_bases, size=old.shape)) % s.n_bases
    n_right = np.round(np.array(s.reliability) * s.n_aliases)[:, None]
    right = rng.permuted(np.arange(s.n_aliases) < n_right, axis=1)
    true = np.where(right, defined, another)

    new = first["new"] + np.arange(3 * s.n_new).reshape(3, -1)
    meant = rng.integers(s.n_bases, size=new.shape)
    splits = {
        "facts": Split(
            np.stack([np.repeat(bases, s.n_attributes), np.tile(attributes, s.n_bases)], axis=1),
            values.reshape(-1, 1),
            scored=(1,),
        ),
        "alias_facts": facts(old.ravel(), true.ravel()),
        "definitions_1": definitions(0, old[0], defined[0]),
        "definitions_2": definitions(1, old[1], defined[1]),
        "new_definitions_1": definitions(0, new[0], meant[0]),
        "new_definitions_2": definitions(1, new[1], meant[1]),
    }
    # New aliases are alike but for the base that they got at random: any of them can be set apart.
    kept = s.n_new - s.n_validation
    for part, chosen in (("", slice(kept)), (VALIDATION, slice(kept, None))):
        for kind, name in enumerate(HELD_OUT):
            splits[name + part] = facts(new[kind, chosen], meant[kind, chosen])
    return Dataset(splits, vocabulary, new_tokens=tuple(new.ravel().tolist()))


def _vocabulary(s: Settings) -> tuple[tuple[str, ...], dict[str, int]]:
    """The names of all tokens, and the first token of each kind."""
    kinds = {
        "base": [f"b{i}" for i in range(s.n_bases)],
        "alias": [f"a{i}" for i in range(2 * s.n_aliases)],
        "new": [f"n{i}" for i in range(3 * s.n_new)],
        "tag": ["DEF1", "DEF2"],
        "attribute": [f"r{i}" for i in range(s.n_attributes)],
        "value": [f"r{i}={v}" for i in range(s.n_attributes) for v in range(s.n_values)],
    }
    starts = np.cumsum([0, *map(len, kinds.values())]).tolist()
    names = tuple(name for group in kinds.values() for name in group)
    return names, dict(zip(kinds, starts, strict=False))
