"""Whom a sentence may be about: a head that finds who was last named, and how many they were."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from onset.handmade.blueprint import Blueprint, Head, Neuron, Reading
from onset.handmade.language.contexts import LEAST_GAIN, Condition, alike, information
from onset.handmade.language.places import coming, holds, in_words, log_chances
from onset.handmade.language.topics import POSITION
from onset.handmade.language.windows import MOST_BACK, Windows
from onset.tasks.language.frames import Refers, Subject

_RECENCY = 6.0
"""score per place: nothing but the latest counts"""


class Ended(NamedTuple):
    """A sentence has ended."""

    token: int
    """its mark"""
    subject: int
    """a pronoun's number, or the last: several"""
    condition: Condition | None
    """what else has to be so"""
    following: Float[np.ndarray, " groups"]
    """how often each group comes then"""


def ended(windows: Windows, divided: bool) -> list[Ended]:
    """All ends of sentences, by their mark and by who was last named.

    Args:
        windows: of the grammar's stories.
        divided: whether what stood one more place before makes a difference.
    """
    joints = _joints(windows)
    marks = np.flatnonzero(windows.often.grammar.ends)
    found = []
    for place, subject in np.ndindex(*joints.shape[1:3]):
        its = joints[:, place, subject]
        if not its.any():
            continue
        gains = [information(joint) for joint in its]
        back = int(np.argmax(gains))
        parts: list[tuple[Condition | None, np.ndarray]] = [(None, its[0].sum(0))]
        if divided and gains[back] > LEAST_GAIN:
            parts = [((back + 1, of), its[back][list(of)].sum(0)) for of in alike(its[back])]
        found += [Ended(int(marks[place]), subject, *part) for part in parts]
    return found


def add_subjects(
    blueprint: Blueprint,
    windows: Windows,
    found: list[Ended],
    after_group: Float[np.ndarray, "groups groups"],
) -> None:
    """After the end of a sentence, a neuron for each of those whom the next one may be about.

    A head looks for the latest word that tells: a name or a pronoun, or a word that only sentences about
    several have, such as `they`. It may be wrong: a sentence about several may name one at its end. What
    follows is what follows on average where the latest word is of this kind.
    """
    often, group = windows.often, windows.group
    vocabulary, told = often.grammar.vocabulary, _tells(windows)
    far = _RECENCY * (blueprint.length + 4)
    blueprint.at.setdefault(POSITION, np.arange(blueprint.length, dtype=float))
    names = [*(vocabulary[its] for its in often.pronouns), "several"]
    carries = {
        f"last about {name}": Reading(told[:, i].astype(float)) for i, name in enumerate(names)
    }
    offers = [Reading(far * told.any(1), {POSITION: _RECENCY})]
    blueprint.heads.append(Head("who was last named", [Reading(constant=1.0)], offers, carries))
    sizes = np.bincount(group).astype(float)
    usual = log_chances(after_group, sizes)
    for its in found:
        direction = [*carries][its.subject]
        named, said = {direction: 1.0}, f"after {vocabulary[its.token]}; {direction}"
        if its.condition:
            back, groups = its.condition
            named[holds(back, groups)] = 1.0
            said = f"{said}; {back} back {in_words(group, groups, vocabulary)}"
        differs = log_chances(its.following, sizes) - usual[group[its.token]]
        writes = {coming(one): float(more) for one, more in enumerate(differs)}
        reads = Reading(np.eye(len(told))[its.token], named, constant=-float(len(named)))
        blueprint.neurons.append(Neuron(said, reads, writes))


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


def _joints(windows: Windows) -> Float[np.ndarray, "back marks subjects groups following"]:
    """How often each end of a sentence comes, by its mark, by who was last named in it, by what stood some
    places back (from 1 on), and by the group of the first token of the next sentence."""
    often, told = windows.often, _tells(windows)
    g = often.grammar
    pairs, topics = often.pairs.sum((1, 3)), often.sentences / often.sentences.sum(1, keepdims=True)
    of_group, marks = np.eye(windows.n_groups)[windows.group], np.flatnonzero(g.ends)
    n = windows.n_groups
    found = np.zeros((MOST_BACK, len(marks), told.shape[1], n, n))

    @lru_cache
    def begins(frame: int, pronoun: int) -> Float[np.ndarray, " groups"]:
        """The first groups of a frame; a pronoun is that of the sentence before."""
        first = g.symbols[frame, 0]
        alike_ = g.refers[first] == Refers.EARLIER_SUBJECT
        said = often.says[pronoun] if alike_ else often.spoken
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
            for back in range(1, min(MOST_BACK, len(row) - 1) + 1):
                before = of_group.T @ said[:, -1 - back]
                parts = (said[marks, -1] * share, last, before, after)
                found[back - 1] += np.einsum("m,s,b,a->msba", *parts)
    return found
