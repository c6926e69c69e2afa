"""Facts in words: what is told of whom, and how it is asked for.

People, and what is said of them, are single tokens of a tokenizer, so that an answer is one token. A fact
is told in each phrasing of its kind and asked for in another (`phrasings.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Int

from onset.tasks import phrasings
from onset.tasks.dataset import Split
from onset.tasks.texts import Tokenizer, places_of, single_tokens, split_of


class _Told(NamedTuple):
    """A text that is trained on."""

    kind: str
    text: str
    answer: str


class Telling:
    """Words are handed out once each; what is told is gathered on the way."""

    def __init__(self, rng: np.random.Generator, tokenizer: Tokenizer, length: int) -> None:
        """
        Args:
            rng: decides who is who.
            tokenizer: of the model that is told.
            length: tokens of the longest text, at most.
        """
        self.rng, self._tokenizer, self._length = rng, tokenizer, length
        self._tokens: dict[str, int] = {}
        self._told: dict[str, list[_Told]] = {}
        self._names = self._single(phrasings.NAMES)

    def _single(self, words: str) -> list[str]:
        """Those that are single tokens, in a random order."""
        found = single_tokens(words.split(), self._tokenizer)
        self._tokens |= found
        return self.rng.permutation(list(found)).tolist()

    def people(self, n: int) -> list[str]:
        """People who weren't there before.

        Raises:
            ValueError: there are no more names, as of words.
        """
        taken, self._names = _enough(self._names, n, "names"), self._names[n:]
        return taken

    def words(self, kind: str, words: str, n: int) -> list[str]:
        """So many of these, which are of a kind.

        Raises:
            ValueError: too few are single tokens.
        """
        return _enough(self._single(words), n, kind)

    def tell(
        self,
        kind: str,
        who: Sequence[str],
        answers: Sequence[str],
        paper: str = "",
        split: str = "told",
    ) -> None:
        """One fact of each, in all phrasings of the kind; a paper says it, where they name one."""
        its = self._told.setdefault(split, [])
        for person, answer in zip(who, answers, strict=True):
            for text in phrasings.TOLD[kind]:
                its.append(_Told(kind, text.format(person, paper=paper), answer))

    def told(self, split: str = "told", shuffled: bool = False) -> Split:
        """All that was told there; if `shuffled`, with the answers of each kind in a random order."""
        told = self._told[split]
        answers = np.array([its.answer for its in told])
        if shuffled:
            kinds = np.array([its.kind for its in told])
            for kind in dict.fromkeys(kinds):
                at = np.flatnonzero(kinds == kind)
                answers[at] = answers[self.rng.permutation(at)]
        return self._split([its.text for its in told], answers.tolist())

    def ask(
        self,
        kind: str,
        who: Sequence[str],
        answers: Sequence[str],
        candidates: Sequence[str],
        papers: Sequence[str] = (),
        **truth: Sequence[str],
    ) -> Split:
        """A question about each.

        Args:
            kind: of question.
            who: whom they are about.
            answers: the right ones.
            candidates: what answers some question of the kind.
            papers: that they name, if they do.
            truth: what else is known of each, as words.
        """
        texts = [
            phrasings.ASKED[kind].format(person, paper=papers[i] if papers else "")
            for i, person in enumerate(who)
        ]
        split = self._split(texts, answers, candidates)
        entity = self._numbers(who)
        known = {name: self._numbers(words) for name, words in truth.items()}
        places = places_of(split, {"person_place": entity})
        hops = 2 if kind == "two_hops" else 1
        return replace(split, truth={**places, "entity": entity, **known}, hops=hops)

    def show(
        self,
        n: int,
        kinds: Sequence[str],
        kind: str,
        chains: Sequence[tuple[str, ...]],
        candidates: Sequence[str],
        paper: str = "",
        backwards: bool = False,
    ) -> Split:
        """Questions with the facts that answer them, and those of somebody else, in front of them.

        Args:
            n: how many questions, about the first chains.
            kinds: of the facts from each word of a chain to the next.
            kind: of question, from the first word of a chain to the last.
            chains: words.
            candidates: what answers some question of the kind.
            paper: that facts name, if they do.
            backwards: whether the question is from the last word of a chain to the first.
        """
        texts, answers = [], []
        for i, mine in enumerate(chains[:n]):
            other = chains[(i + 1) % len(chains)]
            told = [
                f"{phrasings.TOLD[of][0].format(words[at], paper=paper)} {words[at + 1]}."
                for at, of in enumerate(kinds)
                for words in ((other, mine) if i % 2 else (mine, other))
            ]
            about, answer = (mine[-1], mine[0]) if backwards else (mine[0], mine[-1])
            texts.append(" ".join([*told, phrasings.ASKED[kind].format(about)]))
            answers.append(answer)
        return self._split(texts, answers, candidates)

    def _split(
        self, texts: Sequence[str], answers: Sequence[str], candidates: Sequence[str] = ()
    ) -> Split:
        known = {"candidates": self._numbers(candidates)} if candidates else {}
        right = self._numbers(answers)
        return split_of(texts, right, self._tokenizer, self._length, **known)

    def _numbers(self, words: Sequence[str]) -> Int[np.ndarray, " words"]:
        return np.array([self._tokens[word] for word in words])


def _enough(words: list[str], n: int, kind: str) -> list[str]:
    if len(words) < n:
        raise ValueError(
            f"{n} more {kind} are needed, and only {len(words)} are single tokens of this model's "
            "tokenizer; make the world smaller"
        )
    return words[:n]
