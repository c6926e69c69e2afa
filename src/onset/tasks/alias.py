"""Aliases: if a model is told what a name stands for, does it apply what it knows about that?

The world has N bases and N aliases, each base with one alias, and A attributes with V values of their
own, drawn for each base; an alias has the values of its base. Four kinds of facts can be trained:

    definitions   `[a, IS] → b`        for every alias
    base_facts    `[b, attr] → value`  for every base and attribute
    alias_facts   `[a, attr] → value`  for some aliases, but for a few attributes of each
    self_naming   `[b, COPY] → b`      for every base; it tells nothing about any alias

The held-out questions ask for attributes of aliases, or a base for its own name as if it were an alias:

    id            attributes held out of aliases that have trained facts
    ood           all attributes of the others, which are known by their definition alone
    naming_id     `[b, IS] → b` for the bases of the aliases with trained facts
    naming_ood    the same for the bases of the others

Definitions and facts are those of Krasheninnikov et al. 2023 (arXiv:2310.15047), as small as they can be.
"""

from __future__ import annotations

from typing import Literal, Self

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import Field, model_validator

from onset.settings import Fraction
from onset.settings import Settings as BaseSettings
from onset.tasks.dataset import VALIDATION, Dataset, Split

HELD_OUT = ("id", "ood")
NAMING = ("naming_id", "naming_ood")

A_CHILD_MAY_CHANGE = ("definitions",)


class Settings(BaseSettings):
    """The size of the world and which part of it is trained."""

    name: Literal["alias"]
    n_bases: int = Field(400, ge=2)
    """bases, and as many aliases"""
    n_attributes: int = Field(8, ge=2)
    n_values: int = Field(20, ge=2)
    """of each attribute; no two attributes share any"""
    with_facts: Fraction = 0.8
    """fraction of the aliases with trained attribute facts"""
    id_held_out: int = Field(2, ge=1)
    """attributes of each of those aliases that are held out"""
    validation: Fraction = 0.25
    """fraction of each held-out split that is set apart for choosing settings"""
    definitions: Literal["true", "shuffled"] = "true"
    """`shuffled` is a null control: the definitions of all aliases are shuffled"""

    @property
    def n_tokens(self) -> int:
        return 2 * self.n_bases + self.n_attributes * (1 + self.n_values) + 2

    @property
    def length(self) -> int:
        return 2

    @property
    def max_hops(self) -> int:
        return 1

    @property
    def splits(self) -> tuple[str, ...]:
        validation = (name + VALIDATION for name in HELD_OUT)
        return (*self.trained, *HELD_OUT, *NAMING, *validation)

    @property
    def trained(self) -> tuple[str, ...]:
        return ("definitions", "base_facts", "alias_facts", "self_naming")

    @property
    def truth(self) -> tuple[str, ...]:
        return ("bridge", "named")

    def truth_of(self, split: str) -> tuple[str, ...]:
        return () if split in ("base_facts", "self_naming", *NAMING) else self.truth

    @property
    def n_with_facts(self) -> int:
        return round(self.with_facts * self.n_bases)

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return 8 * self.n_bases * self.n_attributes + self.n_tokens

    @model_validator(mode="after")
    def _no_split_is_empty(self) -> Self:
        sizes = {
            "alias_facts": self.n_with_facts * (self.n_attributes - self.id_held_out),
            "id": self.n_with_facts * self.id_held_out,
            "ood": (self.n_bases - self.n_with_facts) * self.n_attributes,
        }
        for name in HELD_OUT:
            sizes[name + VALIDATION] = round(self.validation * sizes[name])
            sizes[name] -= sizes[name + VALIDATION]
        empty = [name for name, size in sizes.items() if size < 1]
        if empty:
            raise ValueError(
                f"these sizes leave splits empty: {', '.join(empty)}; change n_bases, "
                "n_attributes, with_facts, id_held_out or validation"
            )
        return self


def generate(settings: Settings, seed: int) -> Dataset:
    """The world of one seed, all splits.

    Worlds that differ in `with_facts` alone have the same facts, and aliases with facts stay such
    when there are more of them. Ground truth of questions about aliases: `bridge`, the base whose values
    the answers are, and `named`, the base that the definition names, which is another only in the null
    control.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    n, n_attributes, n_values = settings.n_bases, settings.n_attributes, settings.n_values
    # Tokens: bases, aliases, attributes, IS, COPY, values.
    of_alias, of_attribute = n + np.arange(n), 2 * n + np.arange(n_attributes)
    is_, copy = 2 * n + n_attributes, 2 * n + n_attributes + 1
    first_value = copy + 1 + n_values * np.arange(n_attributes)

    value = first_value + rng.integers(n_values, size=(n, n_attributes))
    base = rng.permutation(n)
    has_facts = rng.permutation(n) < settings.n_with_facts
    place = rng.random((n, n_attributes)).argsort(1)
    draws = rng.random((n, n_attributes))
    named = rng.permutation(base) if settings.definitions == "shuffled" else base  # drawn last

    def asked(mask: Bool[np.ndarray, "aliases attributes"]) -> Split:
        alias, attribute = np.nonzero(mask)
        return Split(
            tokens=np.stack([of_alias[alias], of_attribute[attribute]], axis=1),
            targets=value[base[alias], attribute][:, None],
            scored=(1,),
            truth={"bridge": base[alias], "named": named[alias]},
        )

    def naming(its_bases: Int[np.ndarray, " bases"], word: int) -> Split:
        tokens = np.stack([its_bases, np.full(len(its_bases), word)], axis=1)
        return Split(tokens=tokens, targets=its_bases[:, None], scored=(1,))

    b, attribute = (axis.ravel() for axis in np.indices((n, n_attributes)))
    trained = has_facts[:, None] & (place >= settings.id_held_out)
    splits = {
        "definitions": Split(
            tokens=np.stack([of_alias, np.full(n, is_)], axis=1),
            targets=named[:, None],
            scored=(1,),
            truth={"bridge": base, "named": named},
        ),
        "base_facts": Split(
            tokens=np.stack([b, of_attribute[attribute]], axis=1),
            targets=value[b, attribute][:, None],
            scored=(1,),
        ),
        "alias_facts": asked(trained),
        "self_naming": naming(np.arange(n), copy),
    }
    masks = {
        "id": has_facts[:, None] & ~trained,
        "ood": np.broadcast_to(~has_facts[:, None], trained.shape),
    }
    validation = {name: _lowest(mask, draws, settings.validation) for name, mask in masks.items()}
    splits |= {name: asked(mask & ~validation[name]) for name, mask in masks.items()}
    splits |= {
        "naming_id": naming(base[has_facts], is_),
        "naming_ood": naming(base[~has_facts], is_),
    }
    splits |= {name + VALIDATION: asked(mask) for name, mask in validation.items()}
    return Dataset(splits, _vocabulary(settings))


def _vocabulary(settings: Settings) -> tuple[str, ...]:
    attributes, values = range(settings.n_attributes), range(settings.n_values)
    return (
        *(f"b{i}" for i in range(settings.n_bases)),
        *(f"a{i}" for i in range(settings.n_bases)),
        *(f"attr{i}" for i in attributes),
        *("IS", "COPY"),
        *(f"v{i}.{j}" for i in attributes for j in values),
    )


def _lowest(
    mask: Bool[np.ndarray, "aliases attributes"],
    draws: Float[np.ndarray, "aliases attributes"],
    fraction: float,
) -> Bool[np.ndarray, "aliases attributes"]:
    """The fraction of the masked questions with the lowest draws."""
    members = np.flatnonzero(mask)
    chosen = np.zeros(mask.size, bool)
    chosen[members[draws.ravel()[members].argsort()[: round(fraction * len(members))]]] = True
    return chosen.reshape(mask.shape)
