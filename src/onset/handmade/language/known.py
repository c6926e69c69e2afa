"""Whether somebody or something is new in a story: what is told of them is new then, and else it isn't.

A single layer can't know whose surname is whose, but it can know whether there is one to be known.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool

from onset.handmade.blueprint import Blueprint, Head, Neuron, Reading
from onset.handmade.language.often import Often
from onset.handmade.language.told import NEVER, OPEN, share_of
from onset.handmade.language.topics import POSITION
from onset.tasks.language.frames import Refers
from onset.tasks.language.lexicon import Kind

_SAME = 30.0
"""score of the same token; of others, 0"""
_MEAN = "mean place of the same"
_VALUES = {
    Kind.SURNAME: Kind.NAME,
    Kind.WHEREABOUTS: Kind.THING,
    Kind.SYLLABLE: Kind.SYLLABLE,
}
"""kind of value → kind of key"""


def add_known(blueprint: Blueprint, often: Often) -> None:
    """Of a key that is new, no value that has been told comes, and of one that is known no other.

    A head looks at all tokens that are the same as the last one, itself among them, and carries their
    places: if their mean is less than the last one's own place, it has been here before. Right after a key,
    three things are added to its values' logits:

    * what takes all values away, always, by the key's own direction;
    * what gives those back that have been told (two neurons per value), and of a new key takes them away
      again, twice (two more);
    * what gives all of them back if the key is new (one neuron).
    """
    g = often.grammar
    keys = np.flatnonzero(np.isin(g.kind, list(_VALUES.values())))
    each = np.eye(len(g.kind))
    blueprint.at.setdefault(POSITION, np.arange(blueprint.length, dtype=float))
    blueprint.heads.append(
        Head(
            "the same token",
            asks=[Reading(_SAME * each[key]) for key in keys],
            offers=[Reading(each[key]) for key in keys],
            carries={_MEAN: Reading(named={POSITION: 1.0})},
        )
    )
    for kind, of in _VALUES.items():
        is_key, values = g.kind == of, g.kind == kind
        settled = is_key | _always_told(often, kind)
        blueprint.after[np.ix_(settled, values)] -= NEVER
        _add_neurons(blueprint, often, kind, is_key, settled)


def _add_neurons(
    blueprint: Blueprint,
    often: Often,
    kind: Kind,
    is_key: Bool[np.ndarray, " tokens"],
    settled: Bool[np.ndarray, " tokens"],
) -> None:
    g = often.grammar
    # More than any neuron reads of what was told: without its condition, a neuron is silent.
    most = OPEN * (blueprint.length + 1)
    away = {POSITION: -2 * most, _MEAN: 2 * most}  # at least a half where there is an earlier one
    name = kind.name.lower()
    back = f"{name} of somebody new"
    blueprint.raises[back] = (g.kind == kind).astype(float)
    blueprint.neurons.append(
        Neuron(f"new, so is its {name}", _after(is_key, most, NEVER, away), {back: 1.0})
    )
    for token in g.members(kind):
        word = g.vocabulary[token]
        told = {share_of(word): OPEN * blueprint.length}
        again = f"{word} was told"
        for said, where, more, named, writes in (
            ("known, so may be", settled, NEVER, told, 1.0),
            ("new, so isn't", is_key, 2 * NEVER, {**told, **away}, -1.0),
        ):
            blueprint.neurons += [
                Neuron(f"{said} {word}", _after(where, most, more - OPEN, named), {again: writes}),
                Neuron(
                    f"{said} {word}, taken back",
                    _after(where, most, -OPEN, named),
                    {again: -writes},
                ),
            ]


def _after(
    tokens: Bool[np.ndarray, " tokens"], most: float, constant: float, named: dict[str, float]
) -> Reading:
    """What is read right after some tokens; after others too little for a neuron."""
    return Reading(most * tokens.astype(float), named, constant - most)


def _always_told(often: Often, kind: Kind) -> Bool[np.ndarray, " tokens"]:
    """The tokens right before a value that has always been told."""
    g = often.grammar.symbols
    before = np.zeros(len(often.grammar.vocabulary), bool)
    if kind == Kind.WHEREABOUTS:
        refers = often.grammar.refers[g]
        for symbol in g[:, :-1][refers[:, 1:] == Refers.TOLD_WHEREABOUTS]:
            before |= often.spoken[:, symbol].sum(1) > 0
    return before
