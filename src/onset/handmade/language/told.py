"""What a story has told: whoever and whatever has come before comes again."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from onset.handmade.blueprint import Blueprint, Head, Neuron, Reading
from onset.handmade.language.often import Often
from onset.handmade.language.places import looking_back
from onset.tasks.language.lexicon import Kind

OPEN = 30.0
"""larger than what a neuron has to write"""
_LOOKED_AT = 30.0
"""score of a token that a story tells; of others, 0"""
NEVER = 12.0
"""what is taken from a logit that is as good as impossible"""


def add_told(blueprint: Blueprint, often: Often) -> None:
    """Raises what has been told, and lowers what hasn't, the more the later it is in the story.

    A head looks at all names, surnames, things, places and syllables so far, evenly. Whether a token is
    among them, two neurons say together: of a token that is, the head carries at least 1 / length.
    """
    g, length = often.grammar, blueprint.length
    kinds = [kind for kind in Kind if kind != Kind.OTHER and often.grammar.n_of_kind[kind]]
    is_told = np.isin(g.kind, kinds)
    blueprint.heads.append(
        Head(
            "all that is told",
            asks=[Reading(constant=1.0)],
            offers=[Reading(_LOOKED_AT * is_told)],
            carries={
                share_of(g.vocabulary[token]): Reading(np.eye(len(is_told))[token])
                for token in np.flatnonzero(is_told)
            },
        )
    )
    for kind in kinds:
        n, of = _cast(often, kind), len(g.members(kind))
        untold = _untold(often, kind, length)
        unknown = f"{kind.name.lower()} not yet told"
        blueprint.at[unknown] = np.log(untold * of / (of - n * (1 - untold)))
        blueprint.raises[unknown] = (g.kind == kind).astype(float)
        for token in g.members(kind):
            word = g.vocabulary[token]
            written = f"{word} was told"
            blueprint.raises[written] = np.eye(len(is_told))[token]
            among = {share_of(word): OPEN * length}
            whole = np.log(of / n)
            blueprint.neurons += [
                Neuron(
                    f"{word} told, by its logit",
                    Reading(named={**among, unknown: -1.0}, constant=whole - OPEN),
                    {written: 1.0},
                ),
                Neuron(
                    f"{word} told, taken back",
                    Reading(named=among, constant=-OPEN),
                    {written: -1.0},
                ),
            ]


def add_sung(blueprint: Blueprint, often: Often) -> None:
    """Lowers the syllables of the song that is being sung: none comes twice in it.

    The heads that look back carry which syllable they see. No neuron is needed: after the end of a song the
    same syllables are lowered, but a song is as long as these heads look back, so that its first isn't.
    """
    g = often.grammar
    for token in g.members(Kind.SYLLABLE):
        its = np.eye(len(g.kind))[token]
        blueprint.after[token, token] -= NEVER
        written = f"{g.vocabulary[token]} was just sung"
        blueprint.raises[written] = -NEVER * its
        for head in looking_back(blueprint, g.song_length - 1):
            head.carries[written] = Reading(its)


def _cast(often: Often, kind: Kind) -> int:
    """How many of a kind a story has."""
    laws = often.laws
    return {
        Kind.NAME: laws.n_persons,
        Kind.SURNAME: laws.n_persons,
        Kind.SYLLABLE: often.grammar.song_length,
    }.get(kind, laws.n_things)


def _untold(often: Often, kind: Kind, length: int) -> Float[np.ndarray, " length"]:
    """The share of a kind that, on average, hasn't been told after each position; never quite none."""
    tokens = np.arange(1, length + 1)
    if kind == Kind.SYLLABLE:
        return np.maximum(np.exp(-often.songs * tokens), _RARELY)
    one = 1 / _cast(often, kind)
    return np.maximum((1 - one) ** (often.mentions(kind) * tokens), _RARELY)


_RARELY = 1e-3


def share_of(word: str) -> str:
    """The direction that says how much of what was told it is."""
    return f"share of {word}"
