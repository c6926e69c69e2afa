"""Whom a sentence may be about: a head that finds who was last named, and how many they were."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float

from onset.handmade.blueprint import Blueprint, Head, Neuron, Reading
from onset.handmade.language.places import coming, log_chances
from onset.handmade.language.topics import POSITION
from onset.handmade.language.windows import Windows
from onset.tasks.language.frames import Refers, Subject

_RECENCY = 6.0
"""score per place: nothing but the latest counts"""


def add_subjects(
    blueprint: Blueprint, windows: Windows, after_group: Float[np.ndarray, "groups groups"]
) -> None:
    """After the end of a sentence, a neuron for each of those whom the next one may be about.

    A head looks for the latest word that tells: a name or a pronoun, or a word that only sentences about
    several have, such as `they`. It may be wrong: a sentence about several may name one at its end. What
    follows is what follows on average where the latest word is of this kind.
    """
    often = windows.often
    ends = np.flatnonzero(often.grammar.ends)
    told = _tells(windows)
    far = _RECENCY * (blueprint.length + 4)
    blueprint.at.setdefault(POSITION, np.arange(blueprint.length, dtype=float))
    names = [*(often.grammar.vocabulary[its] for its in often.pronouns), "several"]
    carries = {
        f"last about {name}": Reading(told[:, i].astype(float)) for i, name in enumerate(names)
    }
    offers = [Reading(far * told.any(1), {POSITION: _RECENCY})]
    blueprint.heads.append(Head("who was last named", [Reading(constant=1.0)], offers, carries))
    sizes = np.bincount(windows.group).astype(float)
    usual = log_chances(after_group, sizes)
    following = _following(windows, told)
    for token in ends:
        for i, direction in enumerate(carries):
            if not (its := following[token, i]).any():
                continue
            differs = log_chances(its, sizes) - usual[windows.group[token]]
            blueprint.neurons.append(
                Neuron(
                    f"after {often.grammar.vocabulary[token]}; {direction}",
                    Reading(np.eye(len(told))[token], {direction: 1.0}, constant=-1.0),
                    {coming(group): float(more) for group, more in enumerate(differs)},
                )
            )


def _tells(windows: Windows) -> Bool[np.ndarray, "tokens subjects"]:
    """Which tokens tell of whom: of each pronoun, the names that it stands for and itself; of several, what
    only sentences about several have."""
    often = windows.often
    g, symbols = often.grammar, often.grammar.symbols
    several = _about_several(windows)
    spoken = often.spoken.sum(2) > 0

    def said(frames: np.ndarray) -> Bool[np.ndarray, " tokens"]:
        its = np.unique(symbols[frames])
        return spoken[:, its[its < spoken.shape[1]]].any(1)

    of_one = [(g.pronoun == its) | (np.arange(len(spoken)) == its) for its in often.pronouns]
    return np.stack([*of_one, said(several) & ~said(~several)], 1)


def _about_several(windows: Windows) -> Bool[np.ndarray, " frames"]:
    """Those that leave several, or begin with `they`: no other can come only after several."""
    shares = windows.often.grammar.shares.sum((1, 3))  # subjects, frames
    only = (shares[Subject.SEVERAL] > 0) & (shares[Subject.NOBODY] + shares[Subject.ONE] == 0)
    return (windows.often.grammar.leaves == Subject.SEVERAL) | only


def _following(
    windows: Windows, told: Bool[np.ndarray, "tokens subjects"]
) -> Float[np.ndarray, "tokens subjects groups"]:
    """How often a group comes after each end of a sentence, by who was last named in it."""
    often = windows.often
    g = often.grammar
    pairs, topics = often.pairs.sum((1, 3)), often.sentences / often.sentences.sum(1, keepdims=True)
    of_group = np.eye(windows.n_groups)[windows.group]
    found = np.zeros((len(told), told.shape[1], windows.n_groups))

    @lru_cache
    def begins(frame: int, pronoun: int) -> Float[np.ndarray, " groups"]:
        """The first groups of a frame; a pronoun is that of the sentence before."""
        first = g.symbols[frame, 0]
        alike = g.refers[first] == Refers.EARLIER_SUBJECT
        said = often.says[pronoun] if alike else often.spoken
        return said[:, first] @ topics[frame] @ of_group

    for frame in range(len(topics)):
        row = g.symbols[frame, : g.lengths[frame]]
        for pronoun, share in enumerate(often.of_pronoun):
            said = often.says[pronoun][:, row] @ topics[frame]  # tokens, places
            last, left = np.zeros(told.shape[1]), 1.0
            for its in said.T[::-1]:
                last += left * (its @ told)
                left *= 1 - its[told.any(1)].sum()
            after = sum(pairs[frame, two] * begins(two, pronoun) for two in range(len(topics)))
            found += np.einsum("t,s,g->tsg", said[:, -1] * share, last, after)
    return found
