"""Indirect objects: "When Mary and John went to the shop, John gave a drink to", and the answer is Mary.

After Wang et al. 2022 (arXiv:2211.00593). Of the two names in a first clause one comes again, as the
*subject* of a second, and the sentence goes on with the other, the *indirect object*. The name that comes
again is as often the first (BABA) as the second (ABBA). Names are single tokens of the model's tokenizer.

    ioi            the sentences
    three_names    the same, with a third name as the subject of the second clause: nobody is named twice,
                   and both names of the first clause would do. Row by row the counterpart of `ioi`, to take
                   states from

Validation parts have templates, places and things of their own, so that what is chosen on them, such as
which heads matter, is tested on sentences of another kind. The order of names, and which they are, is drawn
anew in each split.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from pydantic import Field

from onset.settings import PositiveInt
from onset.tasks.dataset import VALIDATION, Dataset, Split
from onset.tasks.texts import TextSettings, Tokenizer, places_of, single_tokens, split_of

_FEWEST_NAMES = 8
_NAMES = """
Mary John Tom James Dan Sarah Emma Jack Laura Anna Paul Mark Alice Kate Peter Simon Martin Robert David
Michael Richard Thomas Charles Daniel Matthew George Edward Brian Kevin Jason Jeff Frank Scott Eric Adam
Ryan Jacob Linda Susan Karen Lisa Nancy Helen Maria Carol Ruth Sharon Michelle Amanda Melissa Rebecca
Rachel Amy Julia Jennifer Elizabeth Christopher William Joseph Anthony Andrew Joshua Kenneth Steven
"""
_TEMPLATES = {
    "": (
        "When {a} and {b} went to the {place}, {s} gave a {thing} to",
        "Then {a} and {b} had a long talk at the {place}, and {s} gave a {thing} to",
        "After {a} and {b} met at the {place}, {s} decided to give a {thing} to",
        "While {a} and {b} were waiting at the {place}, {s} handed a {thing} to",
    ),
    VALIDATION: (
        "One day {a} and {b} walked into the {place}. Later {s} offered a {thing} to",
        "Because {a} and {b} were tired of the {place}, {s} brought a {thing} to",
        "Last week {a} and {b} found the {place}, where {s} showed a {thing} to",
    ),
}
_PLACES = {
    "": ("school", "station", "hospital", "house", "shop", "park"),
    VALIDATION: ("office", "garden", "museum", "market", "restaurant", "library"),
}
_THINGS = {
    "": ("drink", "book", "letter", "ring", "ticket", "phone"),
    VALIDATION: ("key", "picture", "box", "flower", "computer", "knife"),
}
_SPLITS = tuple(name + part for name in ("ioi", "three_names") for part in _TEMPLATES)


class Settings(TextSettings):
    """How many sentences there are."""

    name: Literal["ioi"]
    n_examples: int = Field(200, ge=4)
    """in each split"""
    length: PositiveInt = 28
    """tokens of the longest sentence, at most"""

    @property
    def splits(self) -> tuple[str, ...]:
        return _SPLITS

    @property
    def truth(self) -> tuple[str, ...]:
        return (
            "rival",
            "rival_place",
            "right_place",
            "repeat_place",
            "first_is_right",
            "candidates",
        )

    @property
    def n_numbers(self) -> int:
        """That making the dataset holds, about."""
        return len(_SPLITS) * self.n_examples * self.length


def generate(settings: Settings, seed: int, tokenizer: Tokenizer) -> Dataset:
    """The sentences of one seed, as the tokenizer has them.

    Ground truth: the *rival* is the other name of the first clause; `right_place` and `rival_place` are the
    positions of both there, and `repeat_place` that of the second clause's subject; `first_is_right` is 1
    where the answer is named before the rival (ABBA). Candidates are all names.

    Raises:
        ValueError: too few names are single tokens, or a sentence is longer than the settings say.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    words = _NAMES.split()
    names = single_tokens(words, tokenizer)
    if len(names) < _FEWEST_NAMES:
        raise ValueError(
            f"only {len(names)} of its {len(words)} names are single tokens of this model's tokenizer, "
            f"and {_FEWEST_NAMES} are needed"
        )
    splits: dict[str, Split] = {}
    for part in _TEMPLATES:
        splits |= {
            f"{kind}{part}": s for kind, s in _both(settings, part, names, tokenizer, rng).items()
        }
    return Dataset({name: splits[name] for name in settings.splits}, tokenizer.names)


def _both(
    settings: Settings,
    part: str,
    names: dict[str, int],
    tokenizer: Tokenizer,
    rng: np.random.Generator,
) -> dict[str, Split]:
    """The sentences of one part, and their counterparts."""
    words, tokens = list(names), np.array(list(names.values()))
    n = settings.n_examples
    # Of a random permutation of all names the beginning: different names.
    right, rival, third = rng.random((n, len(words))).argsort(1)[:, :3].T
    first_is_right = rng.permutation(np.arange(n) % 2)
    asked: dict[str, list[str]] = {"ioi": [], "three_names": []}
    for i in range(n):
        template, place, thing = (
            str(rng.choice(its[part])) for its in (_TEMPLATES, _PLACES, _THINGS)
        )
        pair = (right[i], rival[i]) if first_is_right[i] else (rival[i], right[i])
        for kind, subject in (("ioi", rival[i]), ("three_names", third[i])):
            a, b, s = (words[name] for name in (*pair, subject))
            asked[kind].append(template.format(a=a, b=b, s=s, place=place, thing=thing))
    found = {}
    for kind, subject in (("ioi", rival), ("three_names", third)):
        split = split_of(asked[kind], tokens[right], tokenizer, settings.length, candidates=tokens)
        truth = {
            "rival": tokens[rival],
            "first_is_right": first_is_right,
            **places_of(split, {"right_place": tokens[right], "rival_place": tokens[rival]}),
            **places_of(split, {"repeat_place": tokens[subject]}, last=True),
        }
        found[kind] = replace(split, truth=truth)
    return found
