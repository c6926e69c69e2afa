"""The topic: a head that finds the latest word that tells it, and neurons that know it by name."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from onset.handmade.blueprint import Blueprint, Head, Neuron, Reading
from onset.handmade.language.often import Often

_TELLING = 8.0
"""score of a word that only one topic has; of one that tells nothing, 0"""
_RECENCY = 0.3
"""score per place"""
_SINK = 2.9
"""by how much less than such a word an end mark is looked at: sentences that have ended since make the
topic less sure"""
_LEVELS = {0.0: 0.0, 0.45: 0.82, 0.95: 1.0}
"""what the head says of a topic, as a part of the way from chance to certainty, and how sure it then is, as
a part of the most that one can be: chosen, as the numbers above, on stories of spare seed 100"""
_DRIFTED = 0.75
"""sentences since the latest telling word, on average"""
_SUREST = 0.99
POSITION = "position"


def telling(often: Often) -> Float[np.ndarray, "tokens topics"]:
    """The probability of each topic, given one token; of one that never comes, by chance."""
    total = often.by_topic.sum(1, keepdims=True)
    chance = np.full_like(often.by_topic, 1 / often.by_topic.shape[1])
    return np.divide(often.by_topic, total, out=chance, where=total > 0)


def add_topics(blueprint: Blueprint, often: Often) -> None:
    """Looks back for the latest telling word and raises the words of its topic.

    The head carries, for each topic, its probability given the word that is looked at, less that by chance.
    Three neurons per topic make of it the logits of all tokens: what would be right if the topic had the
    probability of a level; in straight lines between levels, and the same beyond the last one.
    """
    g = often.grammar
    by_word, n = telling(often), len(g.topics)
    surprise = np.where(by_word > 0, by_word * np.log(np.maximum(by_word, 1e-300) * n), 0).sum(1)
    scores = _TELLING * surprise / np.log(n)
    scores[g.ends] = _TELLING - _SINK
    blueprint.at.setdefault(POSITION, np.arange(blueprint.length, dtype=float))
    values = by_word - 1 / n
    values[g.ends] = 0
    blueprint.heads.append(
        Head(
            "latest telling word",
            asks=[Reading(constant=1.0)],
            offers=[Reading(scores, {POSITION: _RECENCY})],
            carries={_told(name): Reading(values[:, i]) for i, name in enumerate(g.topics)},
        )
    )
    share = often.by_topic / often.by_topic.sum(0)
    usual, levels = share.mean(1), np.array([*_LEVELS])
    sure = min(_SUREST, 1 - _DRIFTED * often.laws.drift)
    probable = 1 / n + np.array([*_LEVELS.values()]) * sure * (1 - 1 / n)
    for i, name in enumerate(g.topics):
        others = np.delete(share, i, 1).mean(1)
        mixed = probable[:, None] * share[:, i] + (1 - probable[:, None]) * others
        raised = np.log(np.divide(mixed, usual, out=np.ones_like(mixed), where=usual > 0))
        slopes = np.diff(raised, axis=0) / np.diff(levels)[:, None]
        turns = np.diff([0 * usual, *slopes, 0 * usual], axis=0)
        for level, turn in zip(levels.tolist(), turns, strict=True):
            written = f"{name}, from {level} on"
            blueprint.raises[written] = turn
            blueprint.neurons.append(
                Neuron(
                    f"topic {name}, from {level} on",
                    Reading(named={_told(name): 1 / (1 - 1 / n)}, constant=-level),
                    {written: 1.0},
                )
            )


def _told(topic: str) -> str:
    return f"topic {topic}"
