"""What can stand at the places before a token: groups of tokens, by the grammar's rules alone.

Tokens that the same symbols become are a *group*: nothing but topics, and what a story has told, tells
them apart. Names are grouped by their pronoun, too, and each pronoun is by itself. A *window* is a place in
one of two sentences in a row: which groups stand there, at each of the places before, and at the next one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float, Int

from onset.handmade.language.often import Often
from onset.tasks.language.frames import Refers

MOST_BACK = 5
"""places before a token that are looked at: as far as the longest rule of the grammar within a sentence"""

_NEVER = 1e-12


@dataclass(frozen=True, eq=False)
class Windows:
    """All windows of a grammar's stories, and how often they come."""

    often: Often

    @cached_property
    def group(self) -> Int[np.ndarray, " tokens"]:
        """The number of each token's group."""
        g, spoken = self.often.grammar, self.often.spoken.sum(2) > 0
        pronouns = self.often.pronouns
        numbers: dict[tuple[int, ...], int] = {}
        found = []
        for token in range(len(g.vocabulary)):
            own = token if token in pronouns else -1
            key = (*np.flatnonzero(spoken[token]).tolist(), int(g.pronoun[token]), own)
            found.append(numbers.setdefault(key, len(numbers)))
        return np.array(found)

    @property
    def n_groups(self) -> int:
        return int(self.group.max()) + 1

    @cached_property
    def within(self) -> Float[np.ndarray, " tokens"]:
        """The share of its group that each token has."""
        its = self.often.by_topic.sum(1) + _NEVER  # a word of the vocabulary may be in no frame
        return its / np.bincount(self.group, its)[self.group]

    @cached_property
    def _spoken(self) -> Float[np.ndarray, "pronouns frames places groups"]:
        """How often a place of a frame is filled by each group; zero behind its end."""
        g, n_frames = self.often.grammar, len(self.often.sentences)
        topics = self.often.sentences / self.often.sentences.sum(1, keepdims=True)
        found = np.zeros((len(self.often.pronouns), n_frames, g.symbols.shape[1], self.n_groups))
        of_group = np.eye(self.n_groups)[self.group]
        for frame in range(n_frames):
            row = g.symbols[frame, : g.lengths[frame]]
            its = self.often.says[:, :, row] @ topics[frame]  # pronouns, tokens, places
            found[:, frame, : len(row)] = np.einsum("ptl,tg->plg", its, of_group)
        return found

    @cached_property
    def _all(
        self,
    ) -> tuple[Float[np.ndarray, " windows"], Float[np.ndarray, "windows back_and_next groups"]]:
        g, pairs = self.often.grammar, self.often.pairs.sum((1, 3))
        n_pronouns, share = len(self.often.pronouns), self.often.of_pronoun
        ends = np.stack([self._end(frame) for frame in range(len(pairs))], 1)
        weights, groups = [], []
        for frame, length in enumerate(g.lengths):
            same = g.refers[g.symbols[frame, 0]] == Refers.EARLIER_SUBJECT
            for pronoun in range(n_pronouns):
                after = np.full(n_pronouns, share[pronoun])
                if same:  # who was the subject before still is
                    after = (np.arange(n_pronouns) == pronoun).astype(float)
                its = (share * after)[:, None] * pairs[:, frame]
                said = np.broadcast_to(
                    self._spoken[pronoun, frame, :length], (*its.shape, length, self.n_groups)
                )
                whole = np.concatenate([ends, said], 2)
                for place in range(length):
                    window = whole[:, :, place : place + MOST_BACK + 2][:, :, ::-1]
                    weights.append(its[its > 0])
                    groups.append(window[its > 0])
        found = np.concatenate(weights)
        return found / found.sum(), np.concatenate(groups)

    def _end(self, frame: int) -> Float[np.ndarray, "pronouns places groups"]:
        """The last places of a sentence; zero before its beginning."""
        length = self.often.grammar.lengths[frame]
        padded = np.pad(self._spoken[:, frame, :length], ((0, 0), (MOST_BACK + 1, 0), (0, 0)))
        return padded[:, -(MOST_BACK + 1) :]

    @property
    def weights(self) -> Float[np.ndarray, " windows"]:
        """How often each comes, as parts of 1."""
        return self._all[0]

    @property
    def following(self) -> Float[np.ndarray, "windows groups"]:
        """The groups of the next token."""
        return self._all[1][:, 0]

    def back(self, n: int) -> Float[np.ndarray, "windows groups"]:
        """The groups of the token so many places before; 0: of the last one. Zero where the window ends."""
        return self._all[1][:, 1 + n]
